//! `completions` and `man`: what a shell and a manual want to know of the command line.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Done, Outcome, app::App, args};
use crate::{
    error::{Code, Failure},
    report::file::write_whole,
};

const COMPLETIONS: &str = "\
Examples:
  algo-trader completions bash > ~/.local/share/bash-completion/completions/algo-trader
  algo-trader completions zsh > ~/.zfunc/_algo-trader
  algo-trader completions fish > ~/.config/fish/completions/algo-trader.fish";

const PAGES: &str = "\
Examples:
  algo-trader man | man -l -
  algo-trader man --dir ~/.local/share/man/man1";

/// Print the completions of a shell
#[derive(Args, Debug)]
#[command(after_help = COMPLETIONS)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Print the manual page, or write those of all commands
#[derive(Args, Debug)]
#[command(after_help = PAGES)]
pub(crate) struct ManArgs {
    /// Folder for the pages; made when it is missing
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn completions(app: &App, asked: &CompletionsArgs) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(asked.shell, &mut args::command(), "algo-trader", &mut text);
    app.out.styled(&String::from_utf8_lossy(&text))?;
    Ok(Done::Well)
}

pub(super) fn man(app: &App, asked: &ManArgs) -> Outcome {
    let mut command = args::command();
    command.build();
    let Some(folder) = &asked.dir else {
        app.out.styled(&String::from_utf8_lossy(&page("algo-trader", command)?))?;
        return Ok(Done::Well);
    };
    let mut pages = Vec::new();
    gather(command, "", &mut pages);
    for (name, command) in pages {
        let text = page(&name, command)?;
        write_whole(&folder.join(format!("{name}.1")), |writer| writer.write_all(&text))?;
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

fn page(name: &str, command: Command) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    Man::new(command)
        .title(name)
        .render(&mut text)
        .map_err(|error| Failure::new(Code::Bug, format!("a manual page fails: {error}")))?;
    Ok(text)
}
