//! The command line: reads arguments, calls the rooms, prints. One file a command.
//!
//! Results go to standard output, everything else to standard error. Whatever happens ends as one of
//! the documented exit codes, and every failure as one `error[CODE]` line, or as an object with
//! `--json`. Only here are clap and printing known; nothing is decided here that a room could decide.

mod app;
mod args;
mod backtest;
mod bars;
mod child;
mod db;
mod demo;
mod doctor;
mod gateway_args;
mod ingest;
mod interrupt;
mod man;
mod output;
mod progress;
mod refuse;
mod runs;
mod shell;
mod simulate_gateway;
mod strategies;
mod sweep;
mod sweeps;
mod symbols;
mod table;
mod value;

use std::{
    ffi::OsString,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use app::App;
use args::{Cli, Command, Parsed};
use output::Out;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    config::Home,
    error::{Code, Failure},
    telemetry,
};

/// How a command ended that had its say: fine, or with results that call for an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// All is well.
    Well,
    /// The printed result itself says what is wrong.
    With(Code),
}

/// The signal of a file that grows beyond the limit of its process (`ulimit -f`).
const SIGXFSZ: i32 = 25;

type Outcome = Result<Done, Failure>;

/// Runs the program with the arguments of the process, the program's name first.
#[must_use]
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args = args::with_command_of_name(args);
    let out = Out::of(&args);
    let ended = match args::parse(&args, &out) {
        Parsed::Run(cli) => {
            let home = cli.global.home();
            guarded(&home, || act(*cli, &home, out))
        }
        Parsed::Show(text) => out.styled(&text).map(|()| Done::Well),
        Parsed::Refused(failure) => Err(failure),
    };
    if let Some(code) = interrupt::code() {
        match ended {
            Err(failure) if failure.code != Code::Bug => {
                out.note(&format!("interrupted: {}", failure.message));
            }
            _ => out.note("interrupted"),
        }
        return ExitCode::from(code);
    }
    match ended {
        Ok(Done::Well) => ExitCode::SUCCESS,
        Ok(Done::With(code)) => ExitCode::from(code as u8),
        Err(failure) => {
            out.failure(&failure);
            ExitCode::from(failure.code as u8)
        }
    }
}

fn act(cli: Cli, home: &Home, out: Out) -> Outcome {
    telemetry::init(&telemetry::Options {
        level: cli.global.level(),
        color: out.color_stderr(),
        logs: Some(home.logs()),
    });
    let app = App::new(&cli.global, home.clone(), out);
    interrupt::or(async {
        // A file that grows beyond a limit of the system is an error to report, not the end of us.
        let _limit = signal(SignalKind::from_raw(SIGXFSZ));
        match cli.command {
            Command::Backtest(args) => backtest::run(&app, &args).await,
            Command::Db(args) => db::run(&app, &args).await,
            Command::Demo(args) => demo::run(&app, &args).await,
            Command::Doctor(args) => doctor::run(&app, &args).await,
            Command::Completions(args) => shell::completions(&app, &args),
            Command::Man(args) => man::run(&app, &args),
            Command::Help(args) => shell::help(&app, args),
            Command::Ingest(args) => ingest::run(&app, &args).await,
            Command::Strategies(args) => strategies::run(&app, &args).await,
            Command::Runs(args) => runs::run(&app, &args).await,
            Command::Sweep(args) => sweep::run(&app, &args).await,
            Command::Sweeps(args) => sweeps::run(&app, &args).await,
            Command::SimulateGateway(args) => simulate_gateway::run(&app, &args).await,
        }
    })
}

/// Turns a panic of our own into a failure that says where the details are.
fn guarded(home: &Home, act: impl FnOnce() -> Outcome) -> Outcome {
    std::panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("no message");
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(target: "algo_trader::panic", place, message, "a check of our own failed");
    }));
    let ended = catch_unwind(AssertUnwindSafe(act));
    ended.unwrap_or_else(|_| {
        let logs = home.logs();
        Err(Failure::new(Code::Bug, "algo-trader failed one of its own checks; no result was made")
            .help(format!(
                "the details are in {}; please report them",
                logs.join("panic.*").display()
            )))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_our_own_is_a_bug_with_a_place_to_look() {
        let failure = guarded(&Home::new("h"), || panic!("secret detail")).unwrap_err();
        assert_eq!(failure.code, Code::Bug);
        assert!(!failure.to_string().contains("secret detail"));
        assert!(failure.help.unwrap().contains("h/logs/panic"));
    }
}
