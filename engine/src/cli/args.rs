//! The commands and options, and the names under which the program also answers.

use std::{ffi::OsString, path::PathBuf};

use clap::{
    Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind,
};
use tracing::level_filters::LevelFilter;

use super::{output::Out, refuse::failure_of, value};
use crate::{config::Home, error::Failure};

const EXAMPLES: &str = "\
Examples:
  algo-trader demo
  algo-trader doctor
  algo-trader backtest -s SPY --strategy ma_cross --report
  algo-trader runs list
  algo-trader completions bash \\
      > ~/.local/share/bash-completion/completions/algo-trader";

/// Keeps market data, runs trading strategies that are separate .so files, and measures them
#[derive(Debug, Parser)]
#[command(name = "algo-trader", version, after_help = EXAMPLES, max_term_width = 80)]
#[command(disable_help_subcommand = true, infer_long_args = false)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Folder that holds plugins/, strategies.toml, data/ and logs/ [default: the current folder]
    #[arg(long, global = true, value_name = "DIR", env = "ALGO_TRADER_HOME", hide_env = true)]
    home: Option<PathBuf>,
    /// Database; also read from DATABASE_URL [default: sqlite://HOME/data/algo-trader.db]
    #[arg(long, global = true, value_name = "URL", env = "DATABASE_URL", hide_env = true)]
    #[arg(hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// Further folder with plugins; may be given more than once
    #[arg(long = "plugins", global = true, value_name = "DIR")]
    pub(crate) plugins: Vec<PathBuf>,
    /// Print the result as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Say more on standard error; twice or three times for still more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Say nothing on standard error but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Colours; auto means on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = value::Color::Auto)]
    color: value::Color,
}

impl Global {
    /// The home folder.
    pub(crate) fn home(&self) -> Home {
        match &self.home {
            Some(folder) if !folder.as_os_str().is_empty() => Home::new(folder),
            _ => Home::new("."),
        }
    }

    /// Most detailed level of log lines for people.
    pub(crate) fn level(&self) -> LevelFilter {
        match (self.quiet, self.verbose) {
            (true, _) => LevelFilter::OFF,
            (false, 0) => LevelFilter::WARN,
            (false, 1) => LevelFilter::INFO,
            (false, 2) => LevelFilter::DEBUG,
            (false, _) => LevelFilter::TRACE,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Backtest(Box<super::backtest::BacktestArgs>),
    Ingest(Box<super::ingest::IngestArgs>),
    Db(super::db::DbArgs),
    Strategies(super::strategies::StrategiesArgs),
    Runs(super::runs::RunsArgs),
    Sweep(Box<super::sweep::SweepArgs>),
    Sweeps(super::sweeps::SweepsArgs),
    Demo(super::demo::DemoArgs),
    SimulateGateway(super::simulate_gateway::SimulateGatewayArgs),
    Doctor(super::doctor::DoctorArgs),
    Completions(super::shell::CompletionsArgs),
    Man(super::man::ManArgs),
    Help(super::shell::HelpArgs),
}

/// What the arguments ask for.
pub(crate) enum Parsed {
    /// A command.
    Run(Box<Cli>),
    /// Help or a version, already written.
    Show(String),
    /// Nothing that we know.
    Refused(Failure),
}

/// The definition of the command line, with examples below the help of every command.
pub(crate) fn command() -> clap::Command {
    with_examples(with_negative_numbers(Cli::command()), "", "")
}

/// Lets every option read a number below zero as its value, which says better than clap what is wrong.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|arg| {
        let is_number = arg.get_action().takes_values() && !arg.is_positional();
        if is_number { arg.allow_negative_numbers(true) } else { arg }
    });
    command.mut_subcommands(with_negative_numbers)
}

/// Gives a command that has no examples those that the commands above it have for it.
fn with_examples(command: clap::Command, before: &str, above: &str) -> clap::Command {
    let name = format!("{before}{}", command.get_name());
    let own = command.get_after_help().map(ToString::to_string);
    let examples = own.clone().unwrap_or_else(|| above.to_owned());
    let inner: Vec<String> =
        command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    let mut command = command;
    if own.is_none() {
        let lines = examples_of(&name, above);
        if !lines.is_empty() {
            command = command.after_help(format!("Examples:\n{}", lines.join("\n")));
        }
    }
    inner.into_iter().fold(command, |command, inner| {
        command.mut_subcommand(inner, |inner| with_examples(inner, &format!("{name} "), &examples))
    })
}

/// The lines of a list of examples that are of this command, with what goes on below them.
fn examples_of<'a>(name: &str, examples: &'a str) -> Vec<&'a str> {
    let mut takes = false;
    let of_command = |line: &&str| {
        if !line.starts_with("      ") {
            let mut words = line.trim_start().split(' ').skip_while(|word| word.contains('='));
            takes = name.split(' ').all(|word| words.next() == Some(word));
        }
        takes
    };
    examples.lines().filter(of_command).collect()
}

/// Reads the arguments.
pub(crate) fn parse(args: &[OsString], out: &Out) -> Parsed {
    let color = if out.color_stdout() { ColorChoice::Always } else { ColorChoice::Never };
    let matches = command().color(color).try_get_matches_from(args);
    match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => Parsed::Run(Box::new(cli)),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                let text = error.render();
                let styled = out.color_stdout();
                Parsed::Show(if styled { text.ansi().to_string() } else { text.to_string() })
            }
            _ => Parsed::Refused(failure_of(&error, &command_of(args))),
        },
    }
}

/// The command that the arguments begin with, with its parents, as one would write it.
fn command_of(args: &[OsString]) -> String {
    let mut command = command();
    let mut words = vec![command.get_name().to_owned()];
    for word in args.iter().skip(1).filter_map(|arg| arg.to_str()) {
        if let Some(inner) = command.find_subcommand(word) {
            words.push(word.to_owned());
            command = inner.clone();
        }
    }
    words.join(" ")
}

/// The arguments with the command that the program's own name stands for.
pub(crate) fn with_command_of_name(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.collect();
    let name = args.first().map(PathBuf::from);
    let name = name.as_deref().and_then(|path| path.file_name()?.to_str());
    let command: &[&str] = match name {
        Some("backtest") => &["backtest"],
        Some("ingest") => &["ingest"],
        Some("test_connection") => &["doctor", "connection"],
        Some("test_db_connection") => &["doctor", "database"],
        _ => &[],
    };
    let at = 1.min(args.len());
    args.splice(at..at, command.iter().map(OsString::from));
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_example_goes_to_its_command_with_the_lines_below_it() {
        let all = "Examples:\n  a b c x \\\n      --y\n  a b d\n  V=1 a b c z";
        assert_eq!(examples_of("a b c", all), ["  a b c x \\", "      --y", "  V=1 a b c z"]);
        assert_eq!(examples_of("a b e", all), [""; 0]);
    }

    #[test]
    fn the_name_of_the_program_stands_for_a_command() {
        let of = |words: &[&str]| with_command_of_name(words.iter().map(OsString::from));
        assert_eq!(
            of(&["/x/test_db_connection", "-v"]),
            ["/x/test_db_connection", "doctor", "database", "-v"]
        );
        assert_eq!(of(&["backtest", "-s", "SPY"]), ["backtest", "backtest", "-s", "SPY"]);
        assert_eq!(of(&["algo-trader", "doctor"]), ["algo-trader", "doctor"]);
        assert!(of(&[]).is_empty());
    }
}
