//! `strategies`: lists, shows, writes, watches, checks and pins strategies.

mod list;
mod show;
mod watch;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use strategy_api::Resolution;

use super::{Done, Outcome, app::App, bars, value};
use crate::{
    config,
    error::Code,
    registry::Retry,
    report::plural,
    store::OpenMode,
    worker::{self, Limits, Mode},
};

const EXAMPLES: &str = "\
Examples:
  algo-trader strategies list
  algo-trader strategies show ma_cross
  algo-trader strategies new my_idea --watch
  algo-trader strategies check my_idea
  algo-trader strategies pin my_idea";

/// List, show, write, watch, check or pin strategies
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StrategiesArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Every strategy, alias and plugin file, and why some cannot be used
    List,
    /// One strategy with its parameters
    Show {
        /// Strategy, alias or file.so:name
        #[arg(value_name = "NAME", value_parser = value::strategy)]
        name: String,
    },
    /// Write the package of a new strategy, with its own test
    New {
        /// Name of the strategy and of its package
        #[arg(value_name = "NAME")]
        name: String,
        /// Folder to write it into [default: plugins/ of this project, or the current folder]
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
        /// Then build and run it at every save, as `strategies watch` does
        #[arg(long)]
        watch: bool,
    },
    Watch(watch::WatchArgs),
    Check(CheckArgs),
    /// Write the sha256 of a strategy's file into strategies.toml: nothing else is loaded then
    Pin {
        /// Strategy, alias or file.so:name
        #[arg(value_name = "NAME", value_parser = value::strategy)]
        name: String,
    },
}

/// Run a strategy in several ways: no fault, the same result each time, no look into the future
#[derive(Args, Debug)]
struct CheckArgs {
    /// Strategy, alias or file.so:name
    #[arg(value_name = "NAME", value_parser = value::strategy)]
    name: String,
    /// Symbol to run it on
    #[arg(short, long, default_value = "SPY", value_parser = value::symbol)]
    symbol: String,
    /// Length of a bar
    #[arg(short, long, value_name = "LENGTH", default_value = "1d")]
    resolution: Resolution,
    /// Parameter of the strategy; may be given more than once
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = value::parameter)]
    param: Vec<(String, String)>,
    /// Places after which the bars are changed, to see whether anything before them changes too
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    cuts: usize,
}

pub(super) async fn run(app: &App, args: &StrategiesArgs) -> Outcome {
    match &args.action {
        Action::List => list::run(app),
        Action::Show { name } => show::run(app, name),
        Action::New { name, into, watch: false } => new(app, name, into.as_deref()),
        Action::New { name, into, watch: true } => {
            let created = app.registry(Retry::No)?.create(name, into.as_deref())?;
            app.out.note(&format!("wrote {}", created.folder.display()));
            watch::watch(app, name, &created.folder).await
        }
        Action::Watch(args) => watch::run(app, args).await,
        Action::Check(args) => check(app, args).await,
        Action::Pin { name } => pin(app, name),
    }
}

fn new(app: &App, name: &str, into: Option<&std::path::Path>) -> Outcome {
    let created = app.registry(Retry::No)?.create(name, into)?;
    let folder = created.folder.display();
    if app.out.json() {
        app.out.value(&json!({ "name": name, "folder": created.folder, "in_workspace": created.in_workspace }))?;
        return Ok(Done::Well);
    }
    let (manifest, target) = if created.in_workspace {
        (format!("-p {name}"), "target".to_owned())
    } else {
        (format!("--manifest-path {folder}/Cargo.toml"), format!("{folder}/target"))
    };
    let plugins = app.home.plugins();
    let make =
        if plugins.is_dir() { String::new() } else { format!("mkdir {} && ", plugins.display()) };
    app.out.text(&format!(
        "wrote {folder}\n\n\
         next:\n  \
         cargo test {manifest}\n  \
         cargo build --release {manifest}\n  \
         {make}cp {target}/release/lib{name}.so {}/\n  \
         algo-trader backtest -s SPY --strategy {name}",
        plugins.display()
    ))?;
    Ok(Done::Well)
}

async fn check(app: &App, args: &CheckArgs) -> Outcome {
    let strategy = app.registry(Retry::Yes)?.resolve(&args.name)?;
    let values = strategy.values(&args.param)?;
    let store = app.store(OpenMode::ReadWrite).await?;
    let bars = bars::obtain(app, &*store, &args.symbol, args.resolution).await;
    store.close().await;
    let bars = bars?.file;
    let findings =
        worker::check(&strategy, &bars, &values, args.cuts, &Limits::default(), &Mode::worker())?;
    if app.out.json() {
        let well = findings.is_empty();
        app.out.value(&json!({ "strategy": args.name, "well": well, "findings": findings }))?;
    } else if findings.is_empty() {
        app.out.text(&format!(
            "{} is well on {} of {} {}:\n  \
             no fault\n  \
             the same result each time and at every pace\n  \
             nothing before {} places changed when the bars after them did",
            args.name,
            plural(bars.info().bars, "bar"),
            args.symbol,
            args.resolution,
            args.cuts
        ))?;
    } else {
        app.out.text(&format!("{} is not well:\n  {}", args.name, findings.join("\n  ")))?;
    }
    Ok(if findings.is_empty() { Done::Well } else { Done::With(Code::PluginFaulted) })
}

fn pin(app: &App, name: &str) -> Outcome {
    let (file, sha256) = app.registry(Retry::Yes)?.pin(name)?;
    let sha256 = sha256.to_string();
    config::pin(&app.home, &file, &sha256)?;
    tracing::info!(target: "algo_trader::registry", file, sha256, "pinned");
    if app.out.json() {
        app.out.value(&json!({ "file": file, "sha256": sha256 }))?;
    } else {
        let path = app.home.strategies_toml();
        app.out.text(&format!("{}: {file} is pinned to {sha256}", path.display()))?;
    }
    Ok(Done::Well)
}
