//! `demo`: the whole way, in under half a minute and in a folder of its own: bars from a simulated
//! gateway, a backtest, a sweep, a page. Every command is shown as one would type it, and run as such.
//!
//! The gateway listens inside this process and ends with it; every other command is this program once
//! more, with nothing of the user's but the plugin.

mod folder;
mod steps;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use clap::Args;
use serde_json::json;

use folder::Folder;

use super::{Done, Outcome, app::App, bars::shell_word, table::table};
use crate::{
    config::Home,
    error::{Code, Failure},
    registry::Retry,
    report::file::write_whole,
    simulator::{Running, Settings, Simulator},
};

const EXAMPLES: &str = "\
Examples:
  algo-trader demo
  algo-trader demo --dir try-it";

/// The strategy that is shown.
const STRATEGY: &str = "ma_cross";
/// What the made-up prices follow from: the same story each time, but for the day on which it ends.
const SEED: u64 = 7;

/// Show it all in half a minute: ingest, backtest, sweep and report, on made-up prices
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DemoArgs {
    /// Folder for everything that it makes, new or empty [default: a new temporary one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) async fn run(app: &App, args: &DemoArgs) -> Outcome {
    let began = Instant::now();
    let strategy = app.registry(Retry::Yes)?.resolve(STRATEGY).map_err(without_plugin)?;
    let folder = folder::of(args.dir.as_deref())?;
    let home = Home::new(&folder.path);
    if let (Some(image), Some(file)) = (strategy.image(), strategy.path().and_then(Path::file_name))
    {
        write_whole(&home.plugins().join(file), |writer| writer.write_all(image.bytes()))?;
    }
    let gateway = Simulator::start(Settings { seed: SEED, ..Settings::default() }).await?;
    say(app, &opening(&folder.path, &gateway))?;
    let done = steps::run(app, &folder.path, &gateway.address().to_string()).await;
    gateway.stop().await;
    let done = done?;
    let files: Vec<(PathBuf, &str)> = made(&home);
    let seconds = began.elapsed().as_secs_f64();
    if app.out.json() {
        let files: Vec<&PathBuf> = files.iter().map(|(path, _)| path).collect();
        app.out.value(&json!({ "folder": folder.path, "steps": done, "files": files }))?;
    } else {
        app.out.text(&closing(&folder, &files, seconds))?;
    }
    Ok(Done::Well)
}

/// Prints for people; with `--json` everything comes at the end.
fn say(app: &App, text: &str) -> Result<(), Failure> {
    if app.out.json() { Ok(()) } else { app.out.text(text) }
}

fn without_plugin(error: crate::registry::RegistryError) -> Failure {
    let failure = Failure::from(error);
    let message = format!(
        "the demo needs the strategy {STRATEGY}, which --plugins can point to: {}",
        failure.message
    );
    Failure::new(failure.code, message).help("in the checkout: cargo build --release")
}

fn opening(folder: &Path, gateway: &Running) -> String {
    let address = gateway.address();
    format!(
        "$ export ALGO_TRADER_HOME={}\n\
         $ algo-trader simulate-gateway --port {} --seed {SEED} &\n\
         listening on {address} (simulated, seed {SEED})",
        shell_word(&folder.display().to_string()),
        address.port(),
    )
}

/// What the demo leaves, as far as it is there.
fn made(home: &Home) -> Vec<(PathBuf, &'static str)> {
    let all = [
        (home.reports().join("DEMO_1d.html"), "the run as a page: open it in a browser"),
        (home.plots().join("DEMO_1d.png"), "the run as a picture"),
        (home.plots().join("sweep_DEMO_1d.png"), "the sweep as a heatmap"),
        (home.data().join("algo-trader.db"), "bars, runs and trials"),
        (home.plugins().join(format!("lib{STRATEGY}.so")), "the strategy"),
    ];
    all.into_iter().filter(|(path, _)| path.exists()).collect()
}

fn closing(folder: &Folder, files: &[(PathBuf, &str)], seconds: f64) -> String {
    let Folder { path: folder, is_ours } = folder;
    let inside = |path: &PathBuf| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let rows: Vec<Vec<String>> = files
        .iter()
        .map(|(path, what)| vec![format!("  {}", inside(path)), (*what).to_owned()])
        .collect();
    let mut text = format!(
        "\nThat took {seconds:.1} s. The prices are made up. In {}:\n{}\
         Your own strategy: algo-trader strategies new my_idea --watch",
        folder.display(),
        table(&rows),
    );
    // What was there before the demo is not the demo's to take away.
    if *is_ours {
        text += &format!("\nTo clear up: rm -r {}", shell_word(&folder.display().to_string()));
    }
    text
}

/// A command of the demo that failed; it has said why itself.
fn failed(command: &str, code: Option<i32>) -> Failure {
    let ended = code.map_or("was killed".to_owned(), |code| format!("ended with exit code {code}"));
    Failure::new(
        Code::Bug,
        format!("the demo stops here, for the reason above: '{command}' {ended}"),
    )
    .help("algo-trader doctor")
}
