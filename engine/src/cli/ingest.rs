//! `ingest`: brings market data and events into the database.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::{ArgGroup, Args, ValueEnum};
use engine_core::calendar::{Calendar, utc_date};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use strategy_api::Resolution;

use super::{Done, Outcome, app::App, interrupt, table::table, value};
use crate::ingest::csv::{ColumnMap, Source};
use crate::{
    error::{Code, Failure},
    ingest::{
        CsvIngest, IngestReport, Prices, Progress,
        events::{EventsIngest, EventsReport, ingest_events},
        ingest_csv,
        time::DateOrder,
    },
    report::number::{count, plain},
    store::{OpenMode, Store},
};

const EXAMPLES: &str = "\
Examples:
  algo-trader ingest -s SPY --from-csv spy.csv
  algo-trader ingest -s AAPL -r 1m --from-csv a.csv --time-zone America/New_York
  algo-trader ingest -s BTCUSD -r 1m --calendar 24/7 --from-csv btc.csv
  algo-trader ingest -s X --from-csv x.csv --columns ts=Date,close=Last
  algo-trader ingest --events-from-csv signals.csv";

/// Bring bars or events from files into the database
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
#[command(group(ArgGroup::new("what").required(true).args(["from_csv", "events_from_csv"])))]
pub(crate) struct IngestArgs {
    /// Symbol of the bars
    #[arg(short, long, value_parser = value::symbol, required_unless_present = "events_from_csv")]
    symbol: Option<String>,
    /// Length of a bar
    #[arg(short, long, value_name = "LENGTH", default_value = "1d")]
    resolution: Resolution,
    /// Delimited text of bars: a header, then one bar a line
    #[arg(long, value_name = "FILE")]
    from_csv: Option<PathBuf>,
    /// Delimited text of events: kind, symbol, name, ts, known_at, value
    #[arg(long, value_name = "FILE", conflicts_with = "symbol")]
    events_from_csv: Option<PathBuf>,
    /// Where columns are, by name or position: ts=Date,close=5
    #[arg(long, value_name = "MAP")]
    columns: Option<ColumnMap>,
    /// Character between cells [default: found by itself]
    #[arg(long, value_name = "CHARACTER", value_parser = value::delimiter)]
    delimiter: Option<u8>,
    /// Zone of local times, such as America/New_York
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Order of day and month in dates that end with the year
    #[arg(long, value_name = "ORDER")]
    date_format: Option<DateFormat>,
    /// Session calendar: NYSE or 24/7 [default: that of the symbol, NYSE for a new one]
    #[arg(long, value_name = "NAME")]
    calendar: Option<Calendar>,
    /// Column of adjusted closes, by which prices and volume are scaled
    #[arg(long, value_name = "COLUMN", alias = "adjusted-close")]
    adjusted_close_column: Option<String>,
    /// How the prices are adjusted [default: raw, or adjusted with an adjusted close]
    #[arg(long, value_name = "KIND")]
    prices: Option<PricesArg>,
    /// Take nothing when a row is rejected
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DateFormat {
    Mdy,
    Dmy,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PricesArg {
    Raw,
    Split,
    Adjusted,
}

impl IngestArgs {
    fn date_order(&self) -> DateOrder {
        match self.date_format {
            None => DateOrder::Unknown,
            Some(DateFormat::Mdy) => DateOrder::MonthFirst,
            Some(DateFormat::Dmy) => DateOrder::DayFirst,
        }
    }

    fn bars(&self, file: &std::path::Path, symbol: &str) -> CsvIngest {
        CsvIngest {
            calendar: self.calendar,
            time_zone: self.time_zone.clone(),
            date_order: self.date_order(),
            columns: self.columns.clone(),
            delimiter: self.delimiter,
            adjusted_close_column: self.adjusted_close_column.clone(),
            prices: self.prices.map(|prices| match prices {
                PricesArg::Raw => Prices::Raw,
                PricesArg::Split => Prices::Split,
                PricesArg::Adjusted => Prices::Adjusted,
            }),
            strict: self.strict,
            ..CsvIngest::new(Source::File(file.to_owned()), symbol, self.resolution, now())
        }
    }
}

/// The clock, nanoseconds UTC.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

pub(super) async fn run(app: &App, args: &IngestArgs) -> Outcome {
    interrupt::hold();
    if let Some(file) = &args.events_from_csv {
        return events(app, args, Source::File(file.clone())).await;
    }
    let (Some(file), Some(symbol)) = (&args.from_csv, &args.symbol) else {
        return Err(Failure::new(Code::Bug, "neither bars nor events were asked for"));
    };
    let request = args.bars(file, symbol);
    let store = app.store(OpenMode::ReadWrite).await?;
    let mut progress = Bar::new(app);
    let result = ingest_csv(&*store, &request, &mut progress).await;
    progress.bar.finish_and_clear();
    close(store).await;
    let report = result?;
    tracing::info!(
        target: "algo_trader::ingest",
        symbol = report.symbol, resolution = report.resolution, file = report.file,
        new = report.new, changed = report.changed, rejected = report.rejected, "bars ingested"
    );
    if app.out.json() {
        app.out.value(&report)?;
    } else {
        app.out.text(&describe(&report))?;
    }
    Ok(Done::Well)
}

async fn close(store: Box<dyn Store>) {
    store.close().await;
}

async fn events(app: &App, args: &IngestArgs, source: Source) -> Outcome {
    let request = EventsIngest {
        time_zone: args.time_zone.clone(),
        date_order: args.date_order(),
        delimiter: args.delimiter,
        ..EventsIngest::new(source)
    };
    let store = app.store(OpenMode::ReadWrite).await?;
    let result = ingest_events(&*store, &request).await;
    close(store).await;
    let report = result?;
    tracing::info!(
        target: "algo_trader::ingest", file = report.file, new = report.new, "events ingested"
    );
    if app.out.json() {
        app.out.value(&report)?;
    } else {
        app.out.text(&describe_events(&report))?;
    }
    Ok(Done::Well)
}

/// A progress bar on standard error; invisible where that is no terminal.
struct Bar {
    bar: ProgressBar,
    has_length: bool,
}

impl Bar {
    fn new(app: &App) -> Self {
        let target = if app.out.quiet() {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr_with_hz(10)
        };
        Self { bar: ProgressBar::with_draw_target(None, target), has_length: false }
    }
}

impl Progress for Bar {
    fn advance(&mut self, done: u64, total: Option<u64>) {
        if let Some(total) = total.filter(|_| !self.has_length) {
            self.has_length = true;
            self.bar.set_length(total);
            let style = ProgressStyle::with_template(
                "{bar:30} {percent:>3} %  {bytes} of {total_bytes}  {eta} left",
            );
            self.bar.set_style(style.expect("the template is a constant"));
            self.bar.enable_steady_tick(Duration::from_millis(500));
        }
        self.bar.set_position(done);
    }

    fn is_cancelled(&self) -> bool {
        interrupt::requested()
    }
}

fn describe(report: &IngestReport) -> String {
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let day = |ts: i64| utc_date(ts).to_string();
    let mut rows = vec![
        row(
            "series",
            format!(
                "{} {} ({} prices, {})",
                report.symbol, report.resolution, report.adjustment, report.calendar
            ),
        ),
        row("input", report.file.clone()),
        row("period", format!("{} to {}", day(report.first_ts), day(report.last_ts))),
        row("rows", count(report.rows)),
        row(
            "bars",
            format!(
                "{} new, {} the same, {} changed",
                count(report.new),
                count(report.same),
                count(report.changed)
            ),
        ),
        row("rejected", count(report.rejected)),
    ];
    let notes = [
        ("repeated", report.duplicates),
        ("not final", report.partial),
        ("recomputed", report.recomputed),
    ];
    rows.extend(notes.iter().filter(|(_, n)| *n > 0).map(|(name, n)| row(name, count(*n))));
    rows.push(row("missing", gaps(report)));
    rows.push(row("held", count(u64::try_from(report.bars_held).unwrap_or_default())));
    if let Some(state) = &report.indicators {
        let figure = |value: Option<f64>| value.map_or("n/a".to_owned(), plain);
        rows.push(row(
            "indicators",
            format!(
                "MA20 {}, MA50 {}, all-time high {} at {}",
                figure(state.ma20),
                figure(state.ma50),
                figure(state.ath),
                day(state.ts)
            ),
        ));
    }
    let mut text = table(&rows);
    for reject in &report.rejects {
        text.push_str(&format!(
            "rejected line {}: {}: {}\n",
            reject.line, reject.reason, reject.raw
        ));
    }
    let unlisted = report.rejected.saturating_sub(report.rejects.len() as u64);
    if unlisted > 0 {
        text.push_str(&format!("and {} more rejected lines\n", count(unlisted)));
    }
    if let Some(hint) = &report.hint {
        text.push_str(&format!("help: {hint}\n"));
    }
    text
}

fn gaps(report: &IngestReport) -> String {
    let gaps = &report.gaps;
    if gaps.missing == 0 {
        return "0".to_owned();
    }
    let day = |ts: i64| utc_date(ts).to_string();
    let shown = gaps.first.iter().map(|gap| match (day(gap.from_ts), day(gap.to_ts)) {
        (from, to) if from == to => format!("{from} ({})", gap.missing),
        (from, to) => format!("{from} to {to} ({})", gap.missing),
    });
    let shown: Vec<String> = shown.collect();
    let more = if gaps.runs > shown.len() as u64 { ", ..." } else { "" };
    format!("{} bars in {} gaps: {}{more}", count(gaps.missing), count(gaps.runs), shown.join(", "))
}

fn describe_events(report: &EventsReport) -> String {
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    table(&[
        row("input", report.file.clone()),
        row("period", format!("{} to {}", utc_date(report.first_ts), utc_date(report.last_ts))),
        row(
            "events",
            format!(
                "{} ({} splits, {} dividends, {} signals)",
                count(report.events),
                report.splits,
                report.dividends,
                report.signals
            ),
        ),
        row("new", count(report.new)),
        row("repeated", count(report.duplicates)),
    ])
}
