//! `completions` and `help`: what a shell and a reader want to know of the command line.

use std::ffi::OsString;

use clap::Args;
use clap_complete::Shell;

use super::{
    Done, Outcome,
    app::App,
    args::{self, Parsed},
};

const COMPLETIONS: &str = "\
Examples:
  algo-trader completions bash \\
      > ~/.local/share/bash-completion/completions/algo-trader
  algo-trader completions zsh > ~/.zfunc/_algo-trader
  algo-trader completions fish > ~/.config/fish/completions/algo-trader.fish";

const HELP: &str = "\
Examples:
  algo-trader help
  algo-trader help backtest
  algo-trader help runs show";

/// Print the completions of a shell
#[derive(Args, Debug)]
#[command(after_help = COMPLETIONS)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Show the help of the program, or of a command
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct HelpArgs {
    /// The command
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

pub(super) fn completions(app: &App, asked: &CompletionsArgs) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(asked.shell, &mut args::command(), "algo-trader", &mut text);
    app.out.styled(&String::from_utf8_lossy(&text))?;
    Ok(Done::Well)
}

/// What the command says with `--help`.
pub(super) fn help(app: &App, asked: HelpArgs) -> Outcome {
    let words = ["algo-trader".to_owned()].into_iter().chain(asked.command);
    let words: Vec<OsString> = words.chain(["--help".to_owned()]).map(OsString::from).collect();
    match args::parse(&words, &app.out) {
        Parsed::Show(text) => app.out.styled(&text).map(|()| Done::Well),
        Parsed::Refused(failure) => Err(failure),
        // Only after `--`, behind which nothing is an option.
        Parsed::Run(_) => Ok(Done::Well),
    }
}
