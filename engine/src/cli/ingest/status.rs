//! `ingest --status`: what is held of each series, what is missing, and what its source revised.

use engine_core::calendar::utc_date;
use jiff::Timestamp;
use serde::Serialize;
use strategy_api::Resolution;

use super::{
    super::{Done, Outcome, app::App, table::table},
    IngestArgs, gap_text, now,
};
use crate::{
    error::{Code, Failure},
    ingest::fetch::{SeriesStatus, status},
    report::{number::count, text::fitted},
    store::{OpenMode, SeriesInfo, Store},
};

/// Columns that a symbol takes in the table.
const SYMBOL_WIDTH: usize = 12;
/// Gaps that are shown of a series.
const GAPS_SHOWN: usize = 3;

#[derive(Serialize)]
struct Shown {
    series: Vec<SeriesStatus>,
}

pub(super) async fn run(app: &App, args: &IngestArgs) -> Outcome {
    let symbols = args.symbols()?;
    let store = app.store(OpenMode::ReadWrite).await?;
    let found = find(&*store, &symbols, args.resolution()).await;
    store.close().await;
    let shown = Shown { series: found? };
    if let Some(failure) = none_held(&symbols).filter(|_| shown.series.is_empty()) {
        return Err(failure);
    }
    if app.out.json() {
        app.out.value(&shown)?;
    } else {
        app.out.text(&text(&shown.series))?;
    }
    Ok(Done::Well)
}

async fn find(
    store: &dyn Store,
    symbols: &[String],
    resolution: Option<Resolution>,
) -> Result<Vec<SeriesStatus>, Failure> {
    let mut found = Vec::new();
    for series in store.series_list().await? {
        if is_asked_for(&series, symbols, resolution) {
            found.push(status(store, series, now()).await?);
        }
    }
    Ok(found)
}

/// Whether a series is one of those that are named; no name, or `all`, stands for all.
pub(super) fn is_asked_for(
    series: &SeriesInfo,
    symbols: &[String],
    resolution: Option<Resolution>,
) -> bool {
    let is_all = symbols.is_empty() || matches!(symbols, [all] if all == "all");
    let is_named = is_all || symbols.contains(&series.symbol);
    is_named && resolution.is_none_or(|resolution| resolution.name() == series.resolution)
}

/// The failure of symbols that are named and of which nothing is held.
pub(super) fn none_held(symbols: &[String]) -> Option<Failure> {
    let first = symbols.first().filter(|first| *first != "all")?;
    let message = format!("nothing is held of {}", symbols.join(", "));
    Some(
        Failure::new(Code::Data, message).help(format!("algo-trader ingest -s {first} -d \"5 Y\"")),
    )
}

fn text(all: &[SeriesStatus]) -> String {
    if all.is_empty() {
        return "nothing is held yet".to_owned();
    }
    let words = ["symbol", "bar", "from", "to", "bars", "missing", "confirmed", "state"];
    let mut rows = vec![words.map(str::to_owned).to_vec()];
    rows.extend(all.iter().map(row));
    let mut text = table(&rows);
    all.iter().for_each(|status| details(status, &mut text));
    text
}

fn row(status: &SeriesStatus) -> Vec<String> {
    let series = &status.series;
    let date = |ts: Option<i64>| ts.map_or("n/a".to_owned(), |ts| utc_date(ts).to_string());
    vec![
        fitted(&series.symbol, SYMBOL_WIDTH),
        series.resolution.clone(),
        date(series.first_ts),
        date(series.last_ts),
        count(u64::try_from(series.bars).unwrap_or_default()),
        count(status.missing),
        count(status.confirmed_missing),
        if status.is_current { "current" } else { "stale" }.to_owned(),
    ]
}

fn details(status: &SeriesStatus, text: &mut String) {
    let series = &status.series;
    let name = format!("{} {}", series.symbol, series.resolution);
    let fetched = status.fetched_at.map_or("at a time not known".to_owned(), minute);
    text.push_str(&format!(
        "{name}: {}, {} prices, epoch {}, fetched {fetched}\n",
        series.source, series.adjustment, series.epoch
    ));
    let shown: Vec<String> = status.gaps.iter().take(GAPS_SHOWN).map(gap_text).collect();
    if !shown.is_empty() {
        let more = if status.gaps.len() > shown.len() { ", ..." } else { "" };
        text.push_str(&format!("{name}: missing {}{more}\n", shown.join(", ")));
    }
    if status.rejected > 0 {
        text.push_str(&format!("{name}: {} rejected so far\n", count(status.rejected as u64)));
    }
    for revision in &status.revisions {
        let at = minute(revision.at);
        text.push_str(&format!("{name}: epoch {} at {at}: {}\n", revision.epoch, revision.detail));
    }
}

/// An instant to the minute.
fn minute(ts: i64) -> String {
    let at = Timestamp::from_nanosecond(i128::from(ts)).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
