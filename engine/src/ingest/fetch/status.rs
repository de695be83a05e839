//! What is held of a series and what is not: for `ingest --status`, and to see whether it is current.

use super::{
    expected,
    ledger::{self, Missing},
    prepare::Job,
    request::{FetchRequest, of_source},
    sessions::{Market, Sessions},
    window::{Wanted, period_window, span_window},
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
    let times = store.times(series.id).await?;
    let gaps = market.calendar.gaps(market.resolution, &times);
    let missing = ledger::missing(market, &gaps, &coverage, &series.source);
    let fetched_at = coverage.iter().map(|row| row.fetched_at).filter(|at| *at > 0).max();
    let mut gaps = missing.open.clone();
    gaps.truncate(GAPS_LISTED);
    Ok(SeriesStatus {
        calendar: instrument.calendar,
        missing: Missing::count(&missing.open),
        confirmed_missing: Missing::count(&missing.confirmed),
        gaps,
        fetched_at,
        is_current: is_current(market, times.last().copied(), now),
        rejected: store.rejects(series.id).await?.len(),
        revisions: store.revisions(series.id).await?,
        series,
    })
}

/// Bars missing of the series of a job, but for those that are confirmed missing: between its first and
/// its last bar and, when everything was answered, in what was asked for.
pub(super) async fn still_missing(
    store: &dyn Store,
    job: &Job<'_>,
    is_whole: bool,
) -> Result<u64, IngestError> {
    let market = job.market;
    let symbol = &job.key.instrument.symbol;
    let Some(series) = store.series(symbol, market.resolution).await? else { return Ok(0) };
    let times = store.times(series.id).await?;
    let (Some(&(mut from)), Some(&(mut to))) = (times.first(), times.last()) else { return Ok(0) };
    if let Some(window) = job.window.filter(|_| is_whole) {
        if let Some(head) = job.head {
            let begins = market.bounds(market.date_of(head)).0;
            from = from.min(begins.max(market.bounds(window.first).0));
        }
        to = to.max(market.settled(window.first, window.last, job.now).unwrap_or(to));
    }
    let coverage = store.coverage(series.id).await?;
    let gaps = expected::gaps(market, (from, to), &times);
    Ok(Missing::count(&ledger::missing(market, &gaps, &coverage, &job.key.source).open))
}

/// Whether no bar after the last final one has ended by now.
fn is_current(market: Market, last_final: Option<i64>, now: i64) -> bool {
    let Some(last) = last_final else { return false };
    let market = Market { hours: Hours::Regular, ..market };
    market.calendar.bar_end(market.resolution, expected::first_after(market, last)) > now
}

/// What a request would bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Everything: nothing is held.
    All,
    /// What is held comes from another source, which is named.
    OtherSource(String),
    /// It was not asked for so far back, or newer bars have ended since.
    Some,
    /// Nothing: all of it is held.
    None,
}

/// What a request would bring, by the database and the clock `now` (nanoseconds UTC) alone.
///
/// # Errors
/// When the database fails, or holds an instrument on a calendar that is not known.
pub async fn need(
    store: &dyn Store,
    request: &FetchRequest,
    now: i64,
) -> Result<Need, IngestError> {
    let symbol = &request.symbol;
    let series = store.series(symbol, request.resolution).await?;
    let Some(series) = series.filter(|series| series.bars > 0) else { return Ok(Need::All) };
    if series.source != request.source() {
        return Ok(Need::OtherSource(series.source));
    }
    let instrument = store.instrument(symbol).await?;
    let instrument = instrument.unwrap_or_else(|| Instrument::us_equity(symbol));
    let calendar = Calendar::of(&instrument)?;
    let market = Market { calendar, resolution: request.resolution, hours: request.hours };
    let window = match request.wanted {
        Wanted::Span(span) => Some(span_window(market, span, now)),
        Wanted::Period { from, to } => period_window(market, from, to, now),
        Wanted::New | Wanted::Missing => None,
    };
    let rows = store.rows_before(series.id, i64::MAX, 2).await?;
    let last_final = rows.iter().rfind(|row| row.is_final).map(|row| row.bar.ts);
    let coverage = store.coverage(series.id).await?;
    let covered = ledger::covered(&coverage, &series.source);
    let is_covered = window.is_none_or(|window| {
        let sessions = Sessions::between(market, window.first, window.last);
        let within = sessions.within(&covered);
        // The last session may still be going on.
        within.iter().rev().skip(1).all(|within| *within)
    });
    Ok(if is_covered && is_current(market, last_final, now) { Need::None } else { Need::Some })
}
