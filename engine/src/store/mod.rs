//! The port to the database: instruments, bars with their indicators, events and runs.
//!
//! Two real sides stand behind it, SQLite (embedded, the default) and PostgreSQL, with the same
//! functions in the same order. Every write is an idempotent upsert whose progress row is in the same
//! transaction, so a killed program can simply be run again. Only here is sqlx known.

mod address;
mod diff;
mod error;
mod lease;
mod migrate;
mod postgres;
mod rows;
mod sqlite;
mod statements;
mod studies;
mod sweeps;
mod trials;
mod types;

use std::time::Duration;

use async_trait::async_trait;
use engine_core::{event::Event, instrument::Instrument, series::Series};
use strategy_api::Resolution;

use address::Address;
pub use error::StoreError;
pub use studies::{StudyKind, StudyRecord};
pub use sweeps::{SweepRecord, SweepState, TrialBatch, TrialRow, TrialState};
pub use types::{
    BarRow, Coverage, DbStatus, KeptRun, Listing, Reject, Revision, RunRecord, RunSummary,
    SeriesInfo, SeriesKey, Stage, Written,
};

/// What the caller wants to do with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// Read and write; a missing SQLite file is created and pending migrations are applied. A database
    /// that cannot be written is still opened when its tables are up to date: each write then fails
    /// with [`StoreError::ReadOnly`].
    ReadWrite,
    /// Only read: nothing is created, migrated or written.
    ReadOnly,
    /// Like [`OpenMode::ReadWrite`], but migrations stay pending, so that [`Store::status`] can show
    /// them; nothing is created. Other functions may fail on old tables.
    Inspect,
}

/// How long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// To connect, all attempts together.
    pub connect: Duration,
    /// For somebody else's write transaction to end.
    pub lock: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_millis(4_500), lock: Duration::from_secs(60) }
    }
}

/// Opens the database at `url`: `sqlite://PATH` (relative to the working directory; parent folders
/// are created), `postgres://…` or `postgresql://…`.
///
/// Migrations are applied on first use, under a lock, so that two programs may start at once.
///
/// # Errors
/// When the address is unknown, the database cannot be reached within [`Patience::connect`], or its
/// tables are edited, half-made or newer than this program; nothing has been written then.
pub async fn open(url: &str, mode: OpenMode) -> Result<Box<dyn Store>, StoreError> {
    open_with(url, mode, Patience::default()).await
}

/// As [`open`], with other waiting times.
///
/// # Errors
/// As [`open`].
pub async fn open_with(
    url: &str,
    mode: OpenMode,
    patience: Patience,
) -> Result<Box<dyn Store>, StoreError> {
    match address::parse(url, mode)? {
        Address::Sqlite(file) => Ok(Box::new(sqlite::open(file, patience).await?)),
        Address::Postgres(server) => Ok(Box::new(postgres::open(*server, mode, patience).await?)),
    }
}

/// The database.
#[async_trait]
pub trait Store: Send + Sync {
    /// Figures about the database.
    async fn status(&self) -> Result<DbStatus, StoreError>;
    /// Writes a row and reads it back inside a transaction that is rolled back.
    async fn probe(&self) -> Result<(), StoreError>;
    /// An instrument by its symbol.
    async fn instrument(&self, symbol: &str) -> Result<Option<Instrument>, StoreError>;
    /// What the broker knows the instrument of a symbol as; `None` when it never came from the broker.
    async fn listing(&self, symbol: &str) -> Result<Option<Listing>, StoreError>;
    /// Every series held, by symbol and resolution.
    async fn series_list(&self) -> Result<Vec<SeriesInfo>, StoreError>;
    /// One series.
    async fn series(
        &self,
        symbol: &str,
        resolution: Resolution,
    ) -> Result<Option<SeriesInfo>, StoreError>;
    /// All final bars of a series, oldest first.
    async fn load_bars(&self, series: i64) -> Result<Series, StoreError>;
    /// Starts of all final bars of a series, oldest first.
    async fn times(&self, series: i64) -> Result<Vec<i64>, StoreError>;
    /// Rows of a series from `from_ts` on, oldest first, partial ones included.
    async fn load_rows(&self, series: i64, from_ts: i64) -> Result<Vec<BarRow>, StoreError>;
    /// The last `count` rows before `before_ts`, oldest first, partial ones included.
    async fn rows_before(
        &self,
        series: i64,
        before_ts: i64,
        count: usize,
    ) -> Result<Vec<BarRow>, StoreError>;
    /// What was asked of sources for a series, oldest first.
    async fn coverage(&self, series: i64) -> Result<Vec<Coverage>, StoreError>;
    /// Input of a series that was not taken, by source and line.
    async fn rejects(&self, series: i64) -> Result<Vec<Reject>, StoreError>;
    /// What the source changed about the past of a series, oldest first.
    async fn revisions(&self, series: i64) -> Result<Vec<Revision>, StoreError>;
    /// Begins to put bars aside that will take the place of all that a series holds. What was put aside
    /// for it before is dropped.
    async fn begin_stage(&self, series: i64) -> Result<Stage, StoreError>;
    /// Puts bars aside; one of the same time is replaced. Times rise within one call.
    /// [`StoreError::Busy`] once another stage of the series has begun.
    async fn stage(&self, stage: Stage, rows: &[BarRow]) -> Result<(), StoreError>;
    /// The first `count` bars from `from_ts` on that are put aside, oldest first.
    async fn staged(
        &self,
        stage: Stage,
        from_ts: i64,
        count: usize,
    ) -> Result<Vec<BarRow>, StoreError>;
    /// Begins to write bars of one series; nothing is visible before [`BarWriter::commit`].
    async fn write_bars(&self, key: &SeriesKey) -> Result<Box<dyn BarWriter + '_>, StoreError>;
    /// Keeps events; an event that is already there is replaced. Returns how many were new.
    async fn write_events(&self, events: &[Event]) -> Result<u64, StoreError>;
    /// Events of a symbol (and of the whole market), by the time at which they became known.
    async fn events(&self, symbol: &str) -> Result<Vec<Event>, StoreError>;
    /// What is kept of the run of an id.
    async fn kept_run(&self, id: &str) -> Result<Option<KeptRun>, StoreError>;
    /// Keeps a run; a run of the same id is replaced, but for its columns when the new one has none.
    async fn save_run(&self, run: &RunRecord) -> Result<(), StoreError>;
    /// The runs whose id begins with `prefix`, at most two (to tell an ambiguous prefix).
    async fn run(&self, prefix: &str) -> Result<Vec<RunRecord>, StoreError>;
    /// The last runs, newest first.
    async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>, StoreError>;
    /// Begins a sweep, or finds how far it has come.
    async fn begin_sweep(&self, sweep: &SweepRecord) -> Result<SweepState, StoreError>;
    /// Keeps the trials of the positions where a sweep stands, and moves it on.
    async fn save_trials(&self, batch: &TrialBatch<'_>) -> Result<(), StoreError>;
    /// The first `count` trials of a sweep from a position on.
    async fn trials(
        &self,
        sweep: i64,
        from: i64,
        count: usize,
    ) -> Result<Vec<TrialRow>, StoreError>;
    /// How many trials and runs were ever made on bars of this digest; a trial that the strategy refused was
    /// not made.
    async fn trials_on(&self, data_digest: &str) -> Result<i64, StoreError>;
    /// Keeps a study; one without a result leaves the result that is there.
    async fn save_study(&self, study: &StudyRecord) -> Result<(), StoreError>;
    /// The studies whose id begins with `prefix`, at most two (to tell an ambiguous prefix).
    async fn study(&self, prefix: &str) -> Result<Vec<StudyRecord>, StoreError>;
    /// The last studies, newest first.
    async fn studies(&self, limit: u32) -> Result<Vec<StudyRecord>, StoreError>;
    /// Ends every connection.
    async fn close(&self);
}

/// One transaction that writes bars of one series. Dropping it without `commit` leaves nothing.
#[async_trait]
pub trait BarWriter: Send {
    /// What the database holds of the series, read inside the transaction; `None` when it is new.
    fn held(&self) -> Option<&SeriesInfo>;
    /// What the broker knows the instrument as, read inside the transaction.
    async fn listing(&mut self) -> Result<Option<Listing>, StoreError>;
    /// Keeps what the broker knows the instrument as, together with its name, currency and calendar.
    async fn list(&mut self, instrument: &Instrument, listing: &Listing) -> Result<(), StoreError>;
    /// The last `count` rows before `before_ts`, oldest first, read inside the transaction.
    async fn rows_before(
        &mut self,
        before_ts: i64,
        count: usize,
    ) -> Result<Vec<BarRow>, StoreError>;
    /// The first `count` rows from `from_ts` on, oldest first, read inside the transaction.
    async fn rows_from(&mut self, from_ts: i64, count: usize) -> Result<Vec<BarRow>, StoreError>;
    /// Inserts or replaces rows. Times rise within one call and from call to call.
    async fn append(&mut self, rows: &[BarRow]) -> Result<Written, StoreError>;
    /// Raises the all-time high of every row after `after_ts` that has a lower one; how many rows that
    /// were. Such rows are not read through this writer afterwards.
    async fn raise_ath(&mut self, after_ts: i64, ath: f64) -> Result<u64, StoreError>;
    /// Removes every bar of the series with its coverage and rejects, as the first thing that is done
    /// with the writer: it then holds nothing.
    async fn clear(&mut self) -> Result<(), StoreError>;
    /// Makes sure that a stage of the series is not over; what is put aside then stays as it is until the
    /// transaction ends, which drops it when a bar is new or changed.
    async fn hold_stage(&mut self, stage: Stage) -> Result<(), StoreError>;
    /// Writes that the source changed the past: the epoch grows by one. The epoch of `revision` is not
    /// looked at.
    async fn revise(&mut self, revision: &Revision) -> Result<(), StoreError>;
    /// Writes coverage and rejects beside those of the commit.
    async fn cover(&mut self, coverage: &Coverage, rejects: &[Reject]) -> Result<(), StoreError>;
    /// Ends the transaction as [`BarWriter::commit`] does, without a row of coverage.
    async fn end(self: Box<Self>) -> Result<SeriesInfo, StoreError>;
    /// Writes coverage and rejects, bumps the series version when a bar is new or changed, and ends the transaction.
    async fn commit(
        self: Box<Self>,
        coverage: &Coverage,
        rejects: &[Reject],
    ) -> Result<SeriesInfo, StoreError>;
}
