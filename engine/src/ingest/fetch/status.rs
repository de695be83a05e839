//! What is held of a series and what is not: for `ingest --status`, and to see whether it is current.

use super::{
    expected,
    ledger::{self, Missing},
    request::of_source,
    sessions::Market,
};
use crate::{
    gateway::Hours,
    ingest::IngestError,
    store::{Revision, SeriesInfo, Store},
};
use engine_core::{
    calendar::{Calendar, Gap},
    instrument::Instrument,
};
use serde::Serialize;
use strategy_api::Resolution;

/// Gaps that are listed.
const GAPS_LISTED: usize = 20;

/// What is held of one series, and what is not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeriesStatus {
    /// The series.
    #[serde(flatten)]
    pub series: SeriesInfo,
    /// Session calendar.
    pub calendar: String,
    /// Bars that the calendar expects between the first and the last one and that are not there, but for
    /// those that are confirmed missing.
    pub missing: u64,
    /// Bars that the broker was asked for twice and does not have.
    pub confirmed_missing: u64,
    /// The first runs of missing bars.
    pub gaps: Vec<Gap>,
    /// When anything of it was last fetched, nanoseconds UTC.
    pub fetched_at: Option<i64>,
    /// Whether every bar that has ended by now is held.
    pub is_current: bool,
    /// Bars that were rejected so far.
    pub rejected: usize,
    /// What the source changed about the past.
    pub revisions: Vec<Revision>,
}

/// The status of a series by the clock `now`, nanoseconds UTC.
///
/// # Errors
/// When the database fails, or holds a series that this program does not know how to read.
pub async fn status(
    store: &dyn Store,
    series: SeriesInfo,
    now: i64,
) -> Result<SeriesStatus, IngestError> {
    let instrument = store.instrument(&series.symbol).await?;
    let instrument = instrument.unwrap_or_else(|| Instrument::us_equity(&series.symbol));
    let calendar = Calendar::of(&instrument)?;
    let resolution = series.resolution.parse().unwrap_or(Resolution::Day1);
    let hours = of_source(&series.source).map_or(Hours::Regular, |(_, hours)| hours);
    let market = Market { calendar, resolution, hours };
    let coverage = store.coverage(series.id).await?;
    let bars = store.load_bars(series.id).await?;
    let ts = bars.columns().ts;
    let missing = ledger::missing(market, ts, &coverage, &series.source);
    let fetched_at = coverage.iter().map(|row| row.fetched_at).filter(|at| *at > 0).max();
    let mut gaps = missing.open.clone();
    gaps.truncate(GAPS_LISTED);
    Ok(SeriesStatus {
        calendar: instrument.calendar,
        missing: Missing::count(&missing.open),
        confirmed_missing: Missing::count(&missing.confirmed),
        gaps,
        fetched_at,
        is_current: is_current(calendar, resolution, ts.last().copied(), now),
        rejected: store.rejects(series.id).await?.len(),
        revisions: store.revisions(series.id).await?,
        series,
    })
}

/// Whether no bar of regular hours after the last final one has ended by now.
#[must_use]
pub fn is_current(
    calendar: Calendar,
    resolution: Resolution,
    last_final: Option<i64>,
    now: i64,
) -> bool {
    let Some(last) = last_final else { return false };
    let market = Market { calendar, resolution, hours: Hours::Regular };
    calendar.bar_end(resolution, expected::first_after(market, last)) > now
}
