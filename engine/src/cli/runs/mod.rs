//! `runs`: the backtests that the database keeps: listed, shown, compared, exported, repeated.

mod compare;
mod diff;
mod export;
mod why;

pub(super) use diff::differences;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Done, Outcome, app::App, backtest};
use crate::{
    error::{Code, Failure},
    report::{self, Lists, Report, listing},
    store::{OpenMode, RunRecord, Store, StoreError},
};

const EXAMPLES: &str = "\
Examples:
  algo-trader runs list
  algo-trader runs list --limit 100 --json
  algo-trader runs show 3f2a --trades
  algo-trader runs show 3f2a --why 1
  algo-trader runs diff 3f2a 91c0
  algo-trader runs compare 3f2a 91c0 --report compare.html
  algo-trader runs rerun 3f2a --report
  algo-trader runs export 3f2a --csv results
  algo-trader runs export 3f2a --parquet results";

/// List, show, compare, export or repeat the backtests that were kept
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RunsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The last runs, newest first
    List {
        /// How many at most
        #[arg(long, value_name = "NUMBER", default_value_t = 20)]
        limit: u32,
    },
    /// One run with its figures
    Show {
        /// The run's id, or its beginning as far as it is unique
        #[arg(value_name = "ID", value_parser = id)]
        id: String,
        /// Its orders instead
        #[arg(long, group = "list")]
        orders: bool,
        /// Its fills instead
        #[arg(long, group = "list")]
        fills: bool,
        /// Its trades instead
        #[arg(long, group = "list")]
        trades: bool,
        /// Why a trade came about, from the bar that was seen to its profit; by its number, from 1
        #[arg(long, value_name = "TRADE", group = "list")]
        why: Option<u64>,
        /// Why an order came about and what became of it; by its number
        #[arg(long, value_name = "ORDER", group = "list")]
        why_order: Option<u64>,
    },
    /// What differs between two runs: inputs, figures, the first trade
    Diff {
        /// One run
        #[arg(value_name = "ID", value_parser = id)]
        one: String,
        /// The other
        #[arg(value_name = "OTHER", value_parser = id)]
        other: String,
    },
    /// Runs side by side, and their equity on one page
    Compare {
        /// The runs, two or more
        #[arg(value_name = "ID", value_parser = id, num_args = 2..=12, required = true)]
        ids: Vec<String>,
        /// Write them as one page for a browser [default file: data/reports/compare.html]
        #[arg(long, value_name = "FILE", value_parser = super::value::page())]
        report: Option<Option<PathBuf>>,
    },
    /// Repeat a run from its own bars, rules and plugin, and compare every byte
    Rerun {
        /// The run
        #[arg(value_name = "ID", value_parser = id)]
        id: String,
        /// Draw it, as FILE.png or FILE.svg
        #[arg(long, value_name = "FILE")]
        plot: Option<Option<PathBuf>>,
        /// Write it as one page for a browser
        #[arg(long, value_name = "FILE", value_parser = super::value::page())]
        report: Option<Option<PathBuf>>,
    },
    /// Write the lists of a run as files that pandas and polars read
    Export {
        /// The run
        #[arg(value_name = "ID", value_parser = id)]
        id: String,
        #[command(flatten)]
        to: export::Folders,
    },
}

/// An id or its beginning: hexadecimal digits.
pub(super) fn id(text: &str) -> Result<String, super::value::Invalid> {
    let is_hex =
        !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hex {
        return Ok(text.to_ascii_lowercase());
    }
    Err(super::value::Invalid {
        reason: "an id is 1 to 64 hexadecimal digits".to_owned(),
        help: "algo-trader runs list".to_owned(),
    })
}

pub(super) async fn run(app: &App, args: &RunsArgs) -> Outcome {
    match &args.action {
        Action::List { limit } => list(app, *limit).await,
        Action::Show { id, why: Some(trade), .. } => {
            why::run(app, &find(app, id).await?, why::Asked::Trade(*trade))
        }
        Action::Show { id, why_order: Some(order), .. } => {
            why::run(app, &find(app, id).await?, why::Asked::Order(*order))
        }
        Action::Show { id, orders, fills, trades, .. } => {
            let run = find(app, id).await?;
            let list = match (orders, fills, trades) {
                (true, ..) => Some(listing::Kind::Orders),
                (_, true, _) => Some(listing::Kind::Fills),
                (.., true) => Some(listing::Kind::Trades),
                _ => None,
            };
            show(app, &run, list)
        }
        Action::Diff { one, other } => {
            diff::run(app, &find(app, one).await?, &find(app, other).await?)
        }
        Action::Compare { ids, report } => {
            let mut runs = Vec::new();
            for id in ids {
                runs.push(find(app, id).await?);
            }
            compare::run(app, &runs, report.as_ref().map(Option::as_deref))
        }
        Action::Rerun { id, plot, report } => {
            let outputs = [output("--plot", plot.as_ref())?, output("--report", report.as_ref())?];
            let outputs: Vec<String> = outputs.into_iter().flatten().collect();
            backtest::rerun(app, &find(app, id).await?, &outputs)
        }
        Action::Export { id, to } => export::run(app, &find(app, id).await?, to),
    }
}

/// An option with an optional file, as it is written.
fn output(name: &str, file: Option<&Option<PathBuf>>) -> Result<Option<String>, Failure> {
    let Some(file) = file else { return Ok(None) };
    let Some(file) = file else { return Ok(Some(name.to_owned())) };
    let text = file
        .to_str()
        .ok_or_else(|| Failure::new(Code::Usage, format!("{name} is not UTF-8 text")))?;
    Ok(Some(format!("{name}={text}")))
}

/// What is kept; a database that was never made keeps nothing.
pub(super) async fn kept<T: Default>(
    app: &App,
    read: impl AsyncFnOnce(&dyn Store) -> Result<T, StoreError>,
) -> Result<T, Failure> {
    if app.sqlite_file().is_some_and(|path| !path.exists()) {
        return Ok(T::default());
    }
    let store = app.store(OpenMode::ReadOnly).await?;
    let found = read(&*store).await;
    store.close().await;
    Ok(found?)
}

async fn list(app: &App, limit: u32) -> Outcome {
    let runs = kept(app, async |store| store.runs(limit).await).await?;
    if app.out.json() {
        app.out.value(&report::runs::listed(&runs))?;
    } else {
        app.out.text(&report::runs::table(&runs))?;
    }
    Ok(Done::Well)
}

/// The one run whose id begins so.
async fn find(app: &App, id: &str) -> Result<RunRecord, Failure> {
    let mut found: Vec<RunRecord> = kept(app, async |store| store.run(id).await).await?;
    match (found.pop(), found.is_empty()) {
        (Some(run), true) => Ok(run),
        (Some(_), false) => {
            let message = format!("more than one run begins with {id}: more digits are needed");
            Err(Failure::new(Code::Usage, message).help("algo-trader runs list"))
        }
        (None, _) => Err(Failure::new(Code::Data, format!("no kept run begins with {id}"))
            .help("algo-trader runs list")),
    }
}

/// Report and lists of a kept run.
fn read(run: &RunRecord) -> Result<(Report, Lists<'static>), Failure> {
    Ok((report::runs::read(&run.id, &run.result)?, report::record::decode(&run.columns)?))
}

fn show(app: &App, run: &RunRecord, list: Option<listing::Kind>) -> Outcome {
    let (report, lists) = read(run)?;
    match list {
        Some(kind) if app.out.json() => app.out.value(&listing::rows(kind, &report, &lists))?,
        Some(kind) => app.out.text(&listing::table(kind, &report, &lists))?,
        None if app.out.json() => app.out.styled(&report::full(&report, &lists))?,
        None => app.out.summary(&report, &lists)?,
    }
    Ok(Done::Well)
}
