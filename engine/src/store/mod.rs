//! The port to the database: instruments, bars with their indicators, events and runs.
//!
//! Two real sides stand behind it, SQLite (embedded, the default) and PostgreSQL, with the same
//! functions in the same order. Every write is an idempotent upsert whose progress row is in the same
//! transaction, so a killed program can simply be run again. Only here is sqlx known.

use async_trait::async_trait;
use engine_core::{event::Event, instrument::Instrument, series::Series};
use serde::{Deserialize, Serialize};
use strategy_api::{Bar, Resolution};

/// One bar as it is kept: the prices, whether it is final, and what was derived from it on ingestion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BarRow {
    /// The bar.
    pub bar: Bar,
    /// Whether the interval had ended by the source's clock.
    pub is_final: bool,
    /// SMA(20) of close; `None` before 20 final bars.
    pub ma20: Option<f64>,
    /// SMA(50) of close; `None` before 50 final bars.
    pub ma50: Option<f64>,
    /// Highest high of all final bars so far.
    pub ath: Option<f64>,
}

/// Which series a write belongs to and where its bars come from.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesKey {
    /// The instrument; created or left as it is.
    pub instrument: Instrument,
    /// Length of its bars.
    pub resolution: Resolution,
    /// Source of the bars, for example `csv` or `sample`.
    pub source: String,
    /// How prices are adjusted, for example `raw` or `adjusted`.
    pub adjustment: String,
}

/// A series that the database holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeriesInfo {
    /// Key in the database.
    pub id: i64,
    /// Symbol of the instrument.
    pub symbol: String,
    /// Name of the resolution.
    pub resolution: String,
    /// Source of the last write.
    pub source: String,
    /// How its prices are adjusted.
    pub adjustment: String,
    /// Grows by one with every write transaction that changed a bar.
    pub version: i64,
    /// Grows by one with every restatement.
    pub epoch: i64,
    /// Number of bars held.
    pub bars: i64,
    /// First bar, nanoseconds UTC.
    pub first_ts: Option<i64>,
    /// Last bar, nanoseconds UTC.
    pub last_ts: Option<i64>,
}

/// What was asked of a source and what came: the ledger of coverage and gaps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// Start of what was asked, nanoseconds UTC.
    pub from_ts: i64,
    /// End of what was asked, inclusive, nanoseconds UTC.
    pub to_ts: i64,
    /// Bars answered.
    pub bars: i64,
    /// Bars that the calendar expects but the source did not give.
    pub missing: i64,
    /// Bars rejected.
    pub rejected: i64,
    /// Source.
    pub source: String,
}

/// A bar that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reject {
    /// Line of the input, 1-based; 0 when there are no lines.
    pub line: i64,
    /// Why.
    pub reason: String,
    /// The input as it was, shortened.
    pub raw: String,
}

/// What a write did, in bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Written {
    /// Bars that were not there before.
    pub new: u64,
    /// Bars that were there with the same values.
    pub same: u64,
    /// Bars that were there with other values.
    pub changed: u64,
}

/// Figures about the database, for `db status` and `doctor database`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DbStatus {
    /// `sqlite` or `postgres`.
    pub backend: String,
    /// Version of the server or library.
    pub server_version: String,
    /// Where it is, without any secret.
    pub location: String,
    /// Applied migrations: number and name.
    pub applied: Vec<String>,
    /// Pending migrations: number and name.
    pub pending: Vec<String>,
    /// Rows by table.
    pub rows: Vec<(String, i64)>,
    /// Size in bytes.
    pub size_bytes: i64,
}

/// One stored run. Columns are little-endian, one blob a kind; `report::record` knows their layout.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// Content hash of everything that the result depends on, in hex.
    pub id: String,
    /// When it was last run, nanoseconds UTC.
    pub created_at: i64,
    /// Strategy (or alias) as it was asked for.
    pub strategy: String,
    /// Symbols, comma-separated.
    pub symbols: String,
    /// Name of the resolution.
    pub resolution: String,
    /// Digest of the bars in hex.
    pub data_digest: String,
    /// sha256 of the plugin in hex; empty for a built-in strategy.
    pub plugin_sha256: String,
    /// Version of the engine.
    pub engine_version: String,
    /// Configuration as JSON.
    pub config: String,
    /// Result as JSON, the same text that `--json` prints.
    pub result: String,
    /// Orders, fills, trades and equity as columns: kind and bytes.
    pub columns: Vec<(String, Vec<u8>)>,
}

/// One line of `runs list`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSummary {
    /// Content hash of the run.
    pub id: String,
    /// When it was last run, nanoseconds UTC.
    pub created_at: i64,
    /// Strategy.
    pub strategy: String,
    /// Symbols, comma-separated.
    pub symbols: String,
    /// Name of the resolution.
    pub resolution: String,
    /// Result as JSON.
    #[serde(skip)]
    pub result: String,
}

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is not one that we know.
    #[error("database URL '{url}': {reason}")]
    Url {
        /// The address without any secret.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// It cannot be reached or refuses us.
    #[error("cannot open {location}: {reason}")]
    Connect {
        /// Where, without any secret.
        location: String,
        /// What it said.
        reason: String,
    },
    /// Its tables are not ours, or newer than this program.
    #[error("{location}: {reason}")]
    Schema {
        /// Where, without any secret.
        location: String,
        /// What is wrong.
        reason: String,
    },
    /// No room left.
    #[error("{location} is full: {reason}")]
    Full {
        /// Where, without any secret.
        location: String,
        /// What it said.
        reason: String,
    },
    /// It can be read but not written.
    #[error("{location} is read-only: {reason}")]
    ReadOnly {
        /// Where, without any secret.
        location: String,
        /// What it said.
        reason: String,
    },
    /// Somebody else holds it.
    #[error("{location} is busy: {reason}")]
    Busy {
        /// Where, without any secret.
        location: String,
        /// What it said.
        reason: String,
    },
    /// Its contents are damaged.
    #[error("{location} is damaged: {reason}")]
    Corrupt {
        /// Where, without any secret.
        location: String,
        /// What it said.
        reason: String,
    },
    /// A statement failed for another reason.
    #[error("{location}: {reason}")]
    Query {
        /// Where, without any secret.
        location: String,
        /// What it said.
        reason: String,
    },
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
    /// Begins to write bars of one series; nothing is visible before [`BarWriter::commit`].
    async fn write_bars(&self, key: &SeriesKey) -> Result<Box<dyn BarWriter + '_>, StoreError>;
    /// Keeps events; an event that is already there is replaced. Returns how many were new.
    async fn write_events(&self, events: &[Event]) -> Result<u64, StoreError>;
    /// Events of a symbol (and of the whole market), by the time at which they became known.
    async fn events(&self, symbol: &str) -> Result<Vec<Event>, StoreError>;
    /// Keeps a run; a run of the same id is replaced.
    async fn save_run(&self, run: &RunRecord) -> Result<(), StoreError>;
    /// The runs whose id begins with `prefix`, at most two (to tell an ambiguous prefix).
    async fn run(&self, prefix: &str) -> Result<Vec<RunRecord>, StoreError>;
    /// The last runs, newest first.
    async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>, StoreError>;
    /// Ends every connection.
    async fn close(&self);
}

/// One transaction that writes bars of one series. Dropping it without `commit` leaves nothing.
#[async_trait]
pub trait BarWriter: Send {
    /// What the database holds of the series, read inside the transaction; `None` when it is new.
    fn held(&self) -> Option<&SeriesInfo>;
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
    /// Writes coverage and rejects, bumps the series version when a bar is new or changed, and ends the transaction.
    async fn commit(
        self: Box<Self>,
        coverage: &Coverage,
        rejects: &[Reject],
    ) -> Result<SeriesInfo, StoreError>;
}
