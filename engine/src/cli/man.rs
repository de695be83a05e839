//! `man`: a manual page for every command, from the definition of the command line and from what all
//! commands share: exit codes, variables, files.

use std::{
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::{Args, Command};
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};
use engine_core::calendar::utc_date;

use super::{Done, Outcome, app::App, args};
use crate::{
    error::{Code, Failure},
    report::file::write_whole,
};

const EXAMPLES: &str = "\
Examples:
  algo-trader man | man -l -
  algo-trader man --dir ~/.local/share/man/man1";

/// Print the manual page, or write those of all commands
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ManArgs {
    /// Folder for the pages; made when it is missing
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// What the number of an exit code means.
const CODES: [(Code, &str); 10] = [
    (Code::Bug, "a fault of the program itself"),
    (Code::Usage, "the command line is wrong"),
    (Code::Config, "strategies.toml or the installation is wrong"),
    (Code::Data, "data is missing or was rejected"),
    (Code::Gateway, "the broker gateway failed"),
    (Code::Database, "the database failed"),
    (Code::PluginRefused, "a plugin was refused before it ran"),
    (Code::PluginFaulted, "a plugin broke while it ran"),
    (Code::Output, "a result could not be written"),
    (Code::Partial, "some of several symbols failed"),
];

const VARIABLES: [(&str, &str); 6] = [
    ("ALGO_TRADER_HOME", "The home folder, unless --home names one."),
    ("DATABASE_URL", "The database, unless --database names one."),
    ("ALGO_TRADER_GATEWAY", "Address of the broker gateway, unless --gateway names one."),
    ("ALGO_PLUGINS", "Further folders with plugins, with a colon between them."),
    ("NO_COLOR", "No colours, when it is not empty."),
    ("RUST_LOG", "What is logged to standard error, instead of --verbose."),
];

const FILES: [(&str, &str); 4] = [
    ("HOME/plugins/", "Strategies as .so files."),
    ("HOME/strategies.toml", "Names, parameters, switches, pins, defaults of backtests."),
    ("HOME/data/", "The database, plots, pages, what kept runs need, a cache."),
    ("HOME/logs/", "One JSON file a component and day."),
];

pub(super) fn run(app: &App, asked: &ManArgs) -> Outcome {
    let mut command = args::command();
    command.build();
    let Some(folder) = &asked.dir else {
        app.out.styled(&page("algo-trader", command)?)?;
        return Ok(Done::Well);
    };
    let mut pages = Vec::new();
    gather(command, "", &mut pages);
    for (name, command) in pages {
        let text = page(&name, command)?;
        let path = folder.join(format!("{name}.1"));
        write_whole(&path, |writer| writer.write_all(text.as_bytes()))?;
    }
    app.out.text(&folder.display().to_string())?;
    Ok(Done::Well)
}

/// A command and all that it holds, each under its whole name.
fn gather(command: Command, before: &str, pages: &mut Vec<(String, Command)>) {
    let name = format!("{before}{}", command.get_name());
    let inner: Vec<Command> =
        command.get_subcommands().filter(|inner| !inner.is_hide_set()).cloned().collect();
    pages.push((name.clone(), command));
    for command in inner {
        gather(command, &format!("{name}-"), pages);
    }
}

fn page(name: &str, mut command: Command) -> Result<String, Failure> {
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    // Every option with its value would fill a screen; the usage says what is needed.
    let usage = command.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim().to_owned();
    let has_inner = command.has_subcommands();
    let man = Man::new(command.override_usage(usage))
        .title(name)
        .date(date())
        .source(concat!("algo-trader ", env!("CARGO_PKG_VERSION")))
        .manual("algo-trader");
    let mut text = Vec::new();
    let written = (|| {
        man.render_title(&mut text)?;
        man.render_name_section(&mut text)?;
        man.render_synopsis_section(&mut text)?;
        man.render_description_section(&mut text)?;
        man.render_options_section(&mut text)?;
        if has_inner {
            man.render_subcommands_section(&mut text)?;
        }
        shared(&after, name).to_writer(&mut text)
    })();
    written.map_err(|error: std::io::Error| {
        Failure::new(Code::Bug, format!("a manual page fails: {error}"))
    })?;
    Ok(with_one_preamble(&String::from_utf8_lossy(&text)))
}

/// Each section begins with the lines that define an apostrophe; once is enough.
fn with_one_preamble(text: &str) -> String {
    let is_preamble = |line: &str| line.starts_with(".ie \\n(.g") || line.starts_with(".el .ds Aq");
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(at, line)| *at < 2 || !is_preamble(line));
    lines.map(|(_, line)| format!("{line}\n")).collect()
}

/// The sections that clap knows nothing of.
fn shared(after: &str, name: &str) -> Roff {
    let mut roff = Roff::new();
    let (notes, examples) = after.split_once("Examples:\n").unwrap_or((after, ""));
    for (heading, text) in [("NOTES", notes.trim()), ("EXAMPLES", examples)] {
        if !text.is_empty() {
            roff.control("SH", [heading]).control("nf", []);
            for line in text.lines() {
                roff.text([roman(line)]);
            }
            roff.control("fi", []);
        }
    }
    let well = (0.to_string(), "all is well".to_owned());
    let codes = CODES.map(|(code, meaning)| {
        ((code as u8).to_string(), format!("{meaning} (error[{}])", code.name()))
    });
    let signals = ("130, 143".to_owned(), "interrupted, terminated".to_owned());
    list(&mut roff, "EXIT STATUS", [well].into_iter().chain(codes).chain([signals]));
    let owned = |(term, meaning): (&str, &str)| (term.to_owned(), meaning.to_owned());
    list(&mut roff, "ENVIRONMENT", VARIABLES.into_iter().map(owned));
    list(&mut roff, "FILES", FILES.into_iter().map(owned));
    let other = if name == "algo-trader" { "algo-trader-backtest" } else { "algo-trader" };
    roff.control("SH", ["SEE ALSO"]).text([bold(other), roman("(1)")]);
    roff
}

fn list(roff: &mut Roff, heading: &str, entries: impl Iterator<Item = (String, String)>) {
    roff.control("SH", [heading]);
    for (term, meaning) in entries {
        roff.control("TP", []).text([bold(term)]).text([roman(meaning)]);
    }
}

/// The day that the page is of: what a reproducible build says, or else the day of this program's file.
fn date() -> String {
    let epoch = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|text| text.parse().ok());
    let of_file = || {
        let file = std::env::current_exe().ok()?;
        let time: SystemTime = std::fs::metadata(file).ok()?.modified().ok()?;
        i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
    };
    let seconds: Option<i64> = epoch.or_else(of_file);
    seconds.map_or(String::new(), |seconds| {
        utc_date(seconds.saturating_mul(1_000_000_000)).to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_a_whole_title_and_the_sections_that_a_reader_looks_for() {
        let mut command = args::command();
        command.build();
        let mut pages = Vec::new();
        gather(command, "", &mut pages);
        assert!(pages.len() > 20);
        for (name, command) in pages {
            let text = page(&name, command).unwrap();
            let title = text.lines().find(|line| line.starts_with(".TH")).unwrap();
            assert!(title.contains(env!("CARGO_PKG_VERSION")), "{title}");
            for section in ["SYNOPSIS", "EXAMPLES", "\"EXIT STATUS\"", "ENVIRONMENT", "FILES"] {
                assert!(text.contains(&format!("\n.SH {section}\n")), "{name}: {section}: {text}");
            }
            assert!(!text.contains("EXTRA") && text.matches(".ds Aq").count() == 2, "{name}");
        }
    }
}
