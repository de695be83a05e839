//! The statements that both databases understand word for word, written once and compiled for each.
//!
//! What differs (opening, locking, bulk reading and writing) stands in `sqlite` and `postgres`. Every
//! SELECT states its order, and text is compared by bytes on both sides.

/// The columns of `bars` that make a `BarRow`, in the order in which its `FromRow` reads them.
macro_rules! row_columns {
    () => {
        "ts, open, high, low, close, volume, is_final, ma20, ma50, ath"
    };
}
pub(super) use row_columns;

macro_rules! series_columns {
    () => {
        "SELECT s.id, i.symbol, s.resolution, s.source, s.adjustment, s.version, s.epoch, s.bars, \
         s.first_ts, s.last_ts FROM series s JOIN instruments i ON i.id = s.instrument_id"
    };
}
pub(super) use series_columns;

/// The tables whose rows `db status` counts.
pub(super) const TABLES: [&str; 13] = [
    "instruments",
    "series",
    "bars",
    "staged_bars",
    "events",
    "coverage",
    "rejects",
    "revisions",
    "runs",
    "run_columns",
    "sweeps",
    "trial_blocks",
    "studies",
];

/// The table of the bars of every series.
pub(super) const BARS: &str = "bars";
/// The table of the bars that are put aside; its columns are those of [`BARS`].
pub(super) const STAGED: &str = "staged_bars";
/// The end of an INSERT into either: the row of the same time is replaced.
pub(super) const REPLACING: &str = "ON CONFLICT (series_id, ts) DO UPDATE SET \
     open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close, \
     volume = excluded.volume, is_final = excluded.is_final, ma20 = excluded.ma20, \
     ma50 = excluded.ma50, ath = excluded.ath";

mod records;
mod series;
mod studies;
mod sweeps;
mod tables;

use records::record_statements;
use series::series_statements;
use studies::study_statements;
use sweeps::sweep_statements;
use tables::table_statements;

/// Functions over one connection type.
macro_rules! statements {
    ($connection:ty) => {
        use engine_core::{event::Event, instrument::Instrument};
        use sqlx::{AssertSqlSafe, Row, query, query_as, query_scalar};
        use strategy_api::Resolution;

        use crate::store::migrate::{self, Applied, Migration};
        use crate::store::rows::{EventRow, InstrumentRow, RunRow, event_kind, shortened};
        use crate::store::statements::TABLES;
        use crate::store::studies::StudyRecord;
        use crate::store::sweeps::{SweepRecord, SweepState, TrialBatch, TrialRow, TrialState};
        use crate::store::trials::TrialColumns;
        use crate::store::types::{
            BarRow, Coverage, KeptRun, Listing, Reject, Revision, RunRecord, RunSummary,
            SeriesInfo, SeriesKey, Stage,
        };

        type Connection = $connection;

        super::table_statements!();
        super::series_statements!();
        super::record_statements!();
        super::sweep_statements!();
        super::study_statements!();
    };
}

/// For SQLite.
pub(super) mod on_sqlite {
    statements!(sqlx::SqliteConnection);
}

/// For PostgreSQL.
pub(super) mod on_postgres {
    statements!(sqlx::PgConnection);
}
