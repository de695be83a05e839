//! Bars and events from files.

use std::path::Path;

use engine_core::calendar::utc_date;
use indicatif::ProgressBar;

use super::{
    super::{Done, Outcome, app::App, interrupt, progress, table::table},
    IngestArgs, gap_text,
};
use crate::ingest::csv::Source;
use crate::{
    ingest::{
        IngestReport, Progress,
        events::{EventsIngest, EventsReport, ingest_events},
        ingest_csv,
    },
    report::{
        number::{count, plain},
        plural,
    },
    store::{OpenMode, Store},
};

/// Bars of one symbol.
pub(super) async fn bars(app: &App, args: &IngestArgs, file: &Path, symbol: &str) -> Outcome {
    let request = args.csv(file, symbol);
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

/// Events.
pub(super) async fn events(app: &App, args: &IngestArgs, file: &Path) -> Outcome {
    let source = Source::File(file.to_owned());
    let request = EventsIngest {
        time_zone: args.time_zone(),
        date_order: args.date_order(),
        delimiter: args.delimiter(),
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

/// How much of the file is read.
struct Bar {
    bar: ProgressBar,
}

impl Bar {
    fn new(app: &App) -> Self {
        let figures = "{bytes} of {total_bytes}  {bytes_per_sec}  {left} left";
        Self { bar: progress::bar(&app.out, None, "", figures) }
    }
}

impl Progress for Bar {
    fn advance(&mut self, done: u64, total: Option<u64>) {
        if let Some(total) = total.filter(|total| self.bar.length() != Some(*total)) {
            self.bar.set_length(total);
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
    let shown: Vec<String> = gaps.first.iter().map(gap_text).collect();
    let more = if gaps.runs > shown.len() as u64 { ", ..." } else { "" };
    let many =
        |number: u64, noun: &str| plural(usize::try_from(number).unwrap_or(usize::MAX), noun);
    let (bars, gaps) = (many(gaps.missing, "bar"), many(gaps.runs, "gap"));
    format!("{bars} in {gaps}: {}{more}", shown.join(", "))
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
