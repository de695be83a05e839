//! What an ingestion did, for people and for `--json`.

use super::{Gaps, IngestError, merge::Merged, request::Prepared, scan::Scanned};
use crate::store::{Reject, SeriesInfo, Store};
use serde::Serialize;

/// Rejected rows that a report lists.
const REJECTS_LISTED: usize = 20;

/// What an ingestion did. Bars are those of the input, each time once.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IngestReport {
    /// Symbol of the instrument.
    pub symbol: String,
    /// Name of the resolution.
    pub resolution: String,
    /// Session calendar.
    pub calendar: String,
    /// The input.
    pub file: String,
    /// How the prices are adjusted.
    pub adjustment: String,
    /// Rows read.
    pub rows: u64,
    /// Bars that were not held before.
    pub new: u64,
    /// Bars that were held with the same values.
    pub same: u64,
    /// Bars that were held with other values.
    pub changed: u64,
    /// Held bars before or between or after them that got new indicators.
    pub recomputed: u64,
    /// Rows rejected.
    pub rejected: u64,
    /// Rows that repeated another one.
    pub duplicates: u64,
    /// Bars whose interval has not ended.
    pub partial: u64,
    /// First bar of the input, nanoseconds UTC.
    pub first_ts: i64,
    /// Last bar of the input, nanoseconds UTC.
    pub last_ts: i64,
    /// Bars that the calendar expects within the input but that are not in it.
    pub gaps: Gaps,
    /// The first rejected rows.
    pub rejects: Vec<Reject>,
    /// What would help against the rejected rows, when an option may be missing.
    pub hint: Option<String>,
    /// Bars of the series after the ingestion.
    pub bars_held: i64,
    /// Version of the series after the ingestion.
    pub version: i64,
    /// Indicators at the last final bar held.
    pub indicators: Option<IndicatorState>,
}

/// The indicators at one bar.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct IndicatorState {
    /// The bar, nanoseconds UTC.
    pub ts: i64,
    /// SMA(20) of close.
    pub ma20: Option<f64>,
    /// SMA(50) of close.
    pub ma50: Option<f64>,
    /// Highest high so far.
    pub ath: Option<f64>,
}

/// The report of an ingestion that has been committed.
pub(super) async fn report(
    store: &dyn Store,
    prepared: &Prepared,
    scanned: Scanned,
    merged: Merged,
    info: SeriesInfo,
) -> Result<IngestReport, IngestError> {
    let last_rows = store.rows_before(info.id, i64::MAX, 2).await?;
    let last = last_rows.iter().rev().find(|row| row.is_final);
    let hint = scanned.rejects.remedy.map(str::to_owned);
    let mut rejects = scanned.rejects.kept;
    rejects.truncate(REJECTS_LISTED);
    Ok(IngestReport {
        symbol: info.symbol,
        resolution: info.resolution,
        calendar: prepared.key.instrument.calendar.clone(),
        file: prepared.plan.source.name(),
        adjustment: prepared.key.adjustment.clone(),
        rows: scanned.rows,
        new: merged.new,
        same: merged.same,
        changed: merged.changed,
        recomputed: merged.recomputed,
        rejected: scanned.rejects.count,
        duplicates: scanned.duplicates,
        partial: scanned.partial,
        first_ts: scanned.first_ts.unwrap_or_default(),
        last_ts: scanned.last_ts.unwrap_or_default(),
        gaps: scanned.gaps,
        rejects,
        hint,
        bars_held: info.bars,
        version: info.version,
        indicators: last.map(|row| IndicatorState {
            ts: row.bar.ts,
            ma20: row.ma20,
            ma50: row.ma50,
            ath: row.ath,
        }),
    })
}
