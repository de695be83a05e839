//! `strategies watch`: builds a strategy whenever its package is saved, runs its last backtest again,
//! and says what changed: inputs, figures, the first trade that is another one.
//!
//! What does not build or breaks while it runs is shown, and the next save is waited for.

mod build;
mod saved;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use serde_json::{Value, json};

use super::super::{Outcome, app::App, backtest, runs, value};
use crate::{
    error::{Code, Failure},
    store::{OpenMode, RunRecord},
};

const EXAMPLES: &str = "\
Examples:
  algo-trader strategies watch my_idea
  algo-trader strategies watch my_idea --package ../ideas/my_idea";

/// How often the files of the package are looked at.
const PAUSE: Duration = Duration::from_millis(200);
/// How long they must stay as they are before a build begins.
const REST: Duration = Duration::from_millis(60);
/// How many of the last runs are searched for one of the strategy.
const RUNS: u32 = 1000;

/// Build a strategy at every save, run its last backtest again and say what changed
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct WatchArgs {
    /// The strategy; one without a backtest is run on SPY by the day
    #[arg(value_name = "NAME", value_parser = value::strategy)]
    name: String,
    /// Folder of its package [default: plugins/NAME, or NAME]
    #[arg(long, value_name = "DIR")]
    package: Option<PathBuf>,
}

pub(super) async fn run(app: &App, args: &WatchArgs) -> Outcome {
    let places = match &args.package {
        Some(folder) => vec![folder.clone()],
        None => vec![app.home.plugins().join(&args.name), PathBuf::from(&args.name)],
    };
    match places.iter().find(|folder| folder.join("Cargo.toml").is_file()) {
        Some(folder) => watch(app, &args.name, folder).await,
        None => {
            let places: Vec<String> = places
                .iter()
                .map(|folder| folder.join("Cargo.toml").display().to_string())
                .collect();
            let message = format!(
                "no package of '{}' is there, nor is its folder named with --package: {}",
                args.name,
                places.join(", ")
            );
            Err(Failure::new(Code::Usage, message)
                .help(format!("algo-trader strategies new {} --watch", args.name)))
        }
    }
}

/// Watches a package until a signal comes.
///
/// # Errors
/// When cargo cannot be started; what is wrong with the strategy is shown instead.
pub(super) async fn watch(app: &App, name: &str, package: &Path) -> Outcome {
    let mut built = None;
    loop {
        let now = saved::state(package);
        if built.as_ref() != Some(&now) {
            tokio::time::sleep(REST).await;
            // An editor may still be writing.
            if saved::state(package) != now {
                continue;
            }
            round(app, name, package).await?;
            app.out
                .note(&format!("\nwatching {}: save to run again, Ctrl-C ends", package.display()));
            built = Some(now);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Builds, runs and compares once.
async fn round(app: &App, name: &str, package: &Path) -> Result<(), Failure> {
    let Some(library) = build::library(app, package).await? else {
        app.out.note("it does not build: the next save is tried again");
        return told(app, &json!({ "built": false }));
    };
    let shown = match build::place(app, &library) {
        Ok(()) => again(app, name).await,
        Err(failure) => Err(failure),
    };
    match shown {
        Ok(()) => Ok(()),
        Err(failure) if app.out.json() => told(
            app,
            &json!({ "built": true, "error": {
                "code": failure.code.name(), "message": failure.message, "help": failure.help,
            } }),
        ),
        Err(failure) => {
            app.out.failure(&failure);
            Ok(())
        }
    }
}

/// Runs the last backtest with the strategy as it is now.
async fn again(app: &App, name: &str) -> Result<(), Failure> {
    let Some(before) = last(app, name).await? else {
        return backtest::first(app, name).await.map(|_| ());
    };
    let after = backtest::again(app, name, &before).await?;
    if after.id == before.id {
        let text =
            format!("run {}: the strategy is what it was, and so is its result", short(&after));
        return if app.out.json() {
            told(app, &json!({ "built": true, "one": before.id, "other": after.id }))
        } else {
            app.out.text(&text)
        };
    }
    if app.out.json() {
        let mut line = runs::differences(&before, &after)?.json;
        line["built"] = json!(true);
        return told(app, &line);
    }
    let heading = format!(
        "{name} on {} {}: run {} -> {}",
        after.symbols,
        after.resolution,
        short(&before),
        short(&after)
    );
    app.out.text(&format!("{heading}\n\n{}", runs::differences(&before, &after)?.text))
}

/// The first digits of a run, as `runs list` shows them.
fn short(run: &RunRecord) -> &str {
    &run.id[..run.id.len().min(10)]
}

/// The last kept run of a strategy.
async fn last(app: &App, name: &str) -> Result<Option<RunRecord>, Failure> {
    let store = app.store(OpenMode::ReadWrite).await?;
    let found = async {
        let runs = store.runs(RUNS).await?;
        match runs.iter().find(|run| run.strategy == name) {
            Some(run) => store.run(&run.id).await.map(|mut found| found.pop()),
            None => Ok(None),
        }
    }
    .await;
    store.close().await;
    Ok(found?)
}

/// With `--json`, one line for each save.
fn told(app: &App, line: &Value) -> Result<(), Failure> {
    if app.out.json() { app.out.styled(&line.to_string()) } else { Ok(()) }
}
