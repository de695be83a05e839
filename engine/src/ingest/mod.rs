//! Brings market data from files into the database: the one door through which bars enter.
//!
//! The way of a bar: `csv` reads it, `validate` checks it, `sequence` puts it in order, `derive` adds
//! its indicators, `merge` writes it. Promises: valid rows are kept and every other row is listed with
//! its line and reason; all or nothing, in one transaction; the same file again changes nothing; how the
//! data was split into files does not change a bit of the result; memory does not grow with the file.
//! Leaves fetching from a broker to `gateway`, and what the terminal shows to `cli`.

pub mod csv;
mod derive;
mod error;
pub mod events;
pub mod fetch;
mod gaps;
mod help;
mod merge;
mod rejects;
mod report;
mod request;
mod restate;
pub mod sample;
mod scan;
mod sequence;
#[cfg(test)]
mod tests;
pub mod time;
pub mod validate;

pub use error::{BadCell, IngestError};
pub use gaps::{Gaps, SHOWN as GAPS_SHOWN};
pub use rejects::KEPT as REJECTS_KEPT;
pub use report::{IndicatorState, IngestReport};
pub use request::{CsvIngest, Prices, check_symbol};
pub use scan::SORT_LIMIT;

use crate::store::{Coverage, Store};
use merge::{Merge, Merged};
use report::report;
use request::Prepared;
use scan::{Message, Position, Scanned, scan};
use tokio::{sync::mpsc, task::JoinHandle};

/// Blocks that may wait for the database.
const BLOCKS_AHEAD: usize = 4;

/// Is told how far an ingestion is, and may stop it.
pub trait Progress: Send {
    /// Bytes read so far, and bytes in all when that is known.
    fn advance(&mut self, done: u64, total: Option<u64>);

    /// Whether to stop; asked once a block. What was read is dropped then.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Progress that nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn advance(&mut self, _done: u64, _total: Option<u64>) {}
}

/// Reads a delimited text into the database. `request.now` is the only clock.
///
/// # Errors
/// When nothing was written: the text is unusable, no row is valid, a row is invalid and `strict` was
/// asked for, the prices do not fit the held ones, the database failed, or `progress` said stop.
pub async fn ingest_csv(
    store: &dyn Store,
    request: &CsvIngest,
    progress: &mut dyn Progress,
) -> Result<IngestReport, IngestError> {
    let prepared = request.prepare(store).await?;
    let (sender, mut messages) = mpsc::channel(BLOCKS_AHEAD);
    let plan = prepared.plan.clone();
    let reading = tokio::task::spawn_blocking(move || scan(&plan, &sender));
    let mut merge: Option<Merge<'_>> = None;
    while let Some(message) = messages.recv().await {
        let (block, Position { done, total }) = match message {
            Message::Block(block, position) => (block, position),
            Message::Restart => {
                merge = None;
                continue;
            }
        };
        progress.advance(done, total);
        if progress.is_cancelled() {
            return Err(IngestError::Cancelled);
        }
        if block.is_empty() {
            continue;
        }
        let merge = match &mut merge {
            Some(merge) => merge,
            none => {
                let writer = store.write_bars(&prepared.key).await?;
                none.insert(Merge::new(writer, &prepared.key.adjustment))
            }
        };
        merge.push(&block).await?;
    }
    let scanned = joined(reading).await?;
    let merge = merge.filter(|_| scanned.bars > 0);
    finish(store, &prepared, scanned, merge).await
}

/// The result of the reading side; its panic is ours.
async fn joined(reading: JoinHandle<Result<Scanned, IngestError>>) -> Result<Scanned, IngestError> {
    match reading.await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// Rows on days without a session from which on the calendar is taken for the wrong one: a few are
/// faults of the source, a tenth of all is every weekend.
fn is_wrong_calendar(scanned: &Scanned) -> bool {
    let off = scanned.rejects.off_session;
    off >= 20 && off > scanned.rows / 10
}

async fn finish(
    store: &dyn Store,
    prepared: &Prepared,
    mut scanned: Scanned,
    merge: Option<Merge<'_>>,
) -> Result<IngestReport, IngestError> {
    let file = prepared.plan.source.name();
    let (Some(mut merge), Some((first, last))) = (merge, scanned.first_ts.zip(scanned.last_ts))
    else {
        let help = scanned.rejects.remedy.map(str::to_owned);
        let rejects = scanned.rejects.kept;
        return Err(IngestError::NoValidRows { file, rows: scanned.rows, rejects, help });
    };
    if is_wrong_calendar(&scanned) {
        let (rows, off_session) = (scanned.rows, scanned.rejects.off_session);
        let calendar = prepared.plan.calendar.to_string();
        return Err(IngestError::WrongCalendar { file, rows, off_session, calendar });
    }
    let merged: Merged = merge.finish(&mut scanned.rejects).await?;
    if prepared.strict && scanned.rejects.count > 0 {
        let (rows, rejected) = (scanned.rows, scanned.rejects.count);
        return Err(IngestError::Strict { file, rows, rejected, rejects: scanned.rejects.kept });
    }
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let coverage = Coverage {
        from_ts: first,
        to_ts: last,
        bars: signed(scanned.bars),
        missing: signed(scanned.gaps.missing),
        rejected: signed(scanned.rejects.count),
        source: prepared.coverage_source(),
        asked: 1,
        fetched_at: prepared.plan.now,
    };
    let info = merge.commit(&coverage, &scanned.rejects.kept).await?;
    report(store, prepared, scanned, merged, info).await
}
