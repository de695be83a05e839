//! `runs`: the backtests that the database keeps.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Done, Outcome, app::App, output::clip, table::table};
use crate::{
    error::{Code, Failure},
    store::{OpenMode, RunRecord, RunSummary, StoreError},
};

const EXAMPLES: &str = "\
Examples:
  algo-trader runs list
  algo-trader runs list --limit 100 --json
  algo-trader runs show 3f2a";

/// Length to which an id is cut in a list.
const SHORT_ID: usize = 12;

/// List or show the backtests that were kept
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
    },
}

/// An id or its beginning: hexadecimal digits.
fn id(text: &str) -> Result<String, super::value::Invalid> {
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
        Action::Show { id } => show(app, id).await,
    }
}

/// What is kept; a database that was never made keeps nothing.
async fn kept<T: Default>(
    app: &App,
    read: impl AsyncFnOnce(&dyn crate::store::Store) -> Result<T, StoreError>,
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
        app.out.value(&runs.iter().map(as_json).collect::<Vec<_>>())?;
    } else if runs.is_empty() {
        app.out.text("no run is kept yet; algo-trader backtest keeps each of its runs")?;
    } else {
        let titles =
            ["id", "when (UTC)", "strategy", "symbols", "length", "return", "Sharpe", "trades"];
        let mut rows = vec![titles.map(str::to_owned).to_vec()];
        rows.extend(runs.iter().map(line));
        app.out.text(&table(&rows))?;
    }
    Ok(Done::Well)
}

fn as_json(run: &RunSummary) -> Value {
    json!({
        "id": run.id,
        "created_at": when(run.created_at),
        "strategy": run.strategy,
        "symbols": run.symbols.split(',').collect::<Vec<_>>(),
        "resolution": run.resolution,
        "metrics": metrics_of(&run.result),
    })
}

fn metrics_of(result: &str) -> Value {
    let result: Value = serde_json::from_str(result).unwrap_or_default();
    result.get("metrics").cloned().unwrap_or_default()
}

fn line(run: &RunSummary) -> Vec<String> {
    let metrics = metrics_of(&run.result);
    let figure = |name: &str| metrics.get(name).and_then(Value::as_f64);
    let percent =
        |value: Option<f64>| value.map_or("n/a".to_owned(), |v| format!("{:.1} %", v * 100.0));
    vec![
        run.id.chars().take(SHORT_ID).collect(),
        when(run.created_at).replace('T', " ").chars().take(16).collect(),
        run.strategy.clone(),
        clip(&run.symbols),
        run.resolution.clone(),
        percent(figure("total_return")),
        figure("sharpe").map_or("n/a".to_owned(), |value| format!("{value:.2}")),
        figure("trades").map_or("n/a".to_owned(), |value| format!("{value:.0}")),
    ]
}

/// An instant as RFC 3339 UTC.
fn when(ts: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(ts))
        .map_or_else(|_| ts.to_string(), |instant| instant.to_string())
}

async fn show(app: &App, id: &str) -> Outcome {
    let mut found: Vec<RunRecord> = kept(app, async |store| store.run(id).await).await?;
    let run = match (found.pop(), found.is_empty()) {
        (Some(run), true) => run,
        (Some(_), false) => {
            return Err(Failure::new(Code::Usage, format!("more than one run begins with {id}"))
                .help("algo-trader runs list, then more digits of the id"));
        }
        (None, _) => {
            return Err(Failure::new(Code::Data, format!("no kept run begins with {id}"))
                .help("algo-trader runs list"));
        }
    };
    let result: Value = serde_json::from_str(&run.result).unwrap_or_default();
    if app.out.json() {
        app.out.value(&result)?;
        return Ok(Done::Well);
    }
    let row = |name: &str, value: &str| vec![name.to_owned(), value.to_owned()];
    let plugin = if run.plugin_sha256.is_empty() { "built in" } else { &run.plugin_sha256 };
    let rows = [
        row("run", &run.id),
        row("last run", &when(run.created_at)),
        row("strategy", &run.strategy),
        row("symbols", &run.symbols),
        row("length", &run.resolution),
        row("data digest", &run.data_digest),
        row("plugin sha256", plugin),
        row("engine", &run.engine_version),
        row("configuration", &run.config),
    ];
    app.out.text(&table(&rows))?;
    Ok(Done::Well)
}
