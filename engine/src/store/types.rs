//! What goes through the port: rows, series, coverage, runs and figures about the database itself.

use std::time::SystemTime;

use engine_core::instrument::Instrument;
use serde::Serialize;
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

/// What the broker knows an instrument as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// The broker's number, one for each instrument.
    pub broker_id: i64,
    /// `stock`, `index` or `crypto`.
    pub security: String,
    /// Where requests go, for example `SMART`.
    pub exchange: String,
    /// Main exchange, for example `NASDAQ`; empty when the broker names none.
    pub primary_exchange: String,
}

/// The bars that are put aside for a series, to take the place of those it has. Once another stage of
/// the same series has begun, this one is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The series.
    pub(super) series: i64,
    /// Which of its stages.
    pub(super) number: i64,
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
    /// Grows with every write transaction that changed a bar. It follows the clock, so that the same
    /// number never stands for other bars, even in a database that was made anew or restored.
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

impl SeriesInfo {
    /// The version after a write that changes a bar now.
    pub(super) fn next_version(&self) -> i64 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // A clock that was set back must not stop the version from growing.
        i64::try_from(now.as_nanos()).unwrap_or(i64::MAX).max(self.version.saturating_add(1))
    }
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
    /// How often the same window was asked for, at least 1.
    pub asked: i64,
    /// When it was last asked for, nanoseconds UTC; 0 when that is not known.
    pub fetched_at: i64,
}

/// What a source changed about the past of a series.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Revision {
    /// Epoch of the series from then on.
    pub epoch: i64,
    /// When it was found, nanoseconds UTC.
    pub at: i64,
    /// `restated`, `revised` or `replaced`.
    pub kind: String,
    /// Constant ratio of new over old prices, where there is one.
    pub factor: Option<f64>,
    /// What changed, for people.
    pub detail: String,
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
    /// Result as JSON: what `--json` prints, without the lists, which are in `columns`.
    pub result: String,
    /// Orders, fills, trades, session equity and log as columns: kind and bytes.
    pub columns: Vec<(String, Vec<u8>)>,
}

/// What tells whether a run is kept as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRun {
    /// Its result, as in [`RunRecord`].
    pub result: String,
    /// The kinds of its columns.
    pub kinds: Vec<String>,
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
