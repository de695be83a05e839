//! Rows of both databases as the structs of the port.

use std::{future::poll_fn, pin::Pin};

use engine_core::event::{Event, EventKind};
use engine_core::instrument::Instrument;
use futures_core::Stream;
use sqlx::{FromRow, Row, postgres::PgRow, sqlite::SqliteRow};
use strategy_api::Bar;

use super::migrate::Applied;
use super::{
    BarRow, Coverage, Listing, Reject, Revision, RunRecord, RunSummary, SeriesInfo, StudyKind,
    StudyRecord,
};

/// Reads a struct from the columns of the same names, for both databases.
macro_rules! from_columns {
    ($struct:ty { $($field:ident),+ }) => {
        from_columns!(@ $struct, SqliteRow, $($field),+);
        from_columns!(@ $struct, PgRow, $($field),+);
    };
    (@ $struct:ty, $row:ty, $($field:ident),+) => {
        impl FromRow<'_, $row> for $struct {
            fn from_row(row: &$row) -> sqlx::Result<Self> {
                Ok(Self { $($field: row.try_get(stringify!($field))?),+ })
            }
        }
    };
}

from_columns!(SeriesInfo {
    id,
    symbol,
    resolution,
    source,
    adjustment,
    version,
    epoch,
    bars,
    first_ts,
    last_ts
});
from_columns!(Coverage { from_ts, to_ts, bars, missing, rejected, source, asked, fetched_at });
from_columns!(Listing { broker_id, security, exchange, primary_exchange });
from_columns!(Revision { epoch, at, kind, factor, detail });
from_columns!(Reject { line, reason, raw });
from_columns!(RunSummary { id, created_at, strategy, symbols, resolution, result });
from_columns!(Applied { version, name, checksum });

/// A row of `events`, before its kind is read.
pub(super) struct EventRow {
    symbol: Option<String>,
    kind: String,
    name: String,
    ts: i64,
    known_at: i64,
    value: f64,
    source: String,
}
from_columns!(EventRow { symbol, kind, name, ts, known_at, value, source });

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        let kind = match row.kind.as_str() {
            "split" => EventKind::Split,
            "dividend" => EventKind::Dividend,
            _ => EventKind::Signal(row.name),
        };
        Self {
            symbol: row.symbol,
            kind,
            ts: row.ts,
            known_at: row.known_at,
            value: row.value,
            source: row.source,
        }
    }
}

/// Kind and name of an event, as they are kept.
pub(super) fn event_kind(kind: &EventKind) -> (&'static str, &str) {
    match kind {
        EventKind::Split => ("split", ""),
        EventKind::Dividend => ("dividend", ""),
        EventKind::Signal(name) => ("signal", name),
    }
}

/// A row of `runs` without its blobs.
pub(super) struct RunRow {
    pub(super) id: String,
    created_at: i64,
    strategy: String,
    symbols: String,
    resolution: String,
    data_digest: String,
    plugin_sha256: String,
    engine_version: String,
    config: String,
    result: String,
}
from_columns!(RunRow {
    id,
    created_at,
    strategy,
    symbols,
    resolution,
    data_digest,
    plugin_sha256,
    engine_version,
    config,
    result
});

impl RunRow {
    /// The run with its blobs.
    pub(super) fn with(self, columns: Vec<(String, Vec<u8>)>) -> RunRecord {
        RunRecord {
            id: self.id,
            created_at: self.created_at,
            strategy: self.strategy,
            symbols: self.symbols,
            resolution: self.resolution,
            data_digest: self.data_digest,
            plugin_sha256: self.plugin_sha256,
            engine_version: self.engine_version,
            config: self.config,
            result: self.result,
            columns,
        }
    }
}

/// A study, whose kind is read from its name.
macro_rules! study_row {
    ($row:ty) => {
        impl FromRow<'_, $row> for StudyRecord {
            fn from_row(row: &$row) -> sqlx::Result<Self> {
                let kind: String = row.try_get("kind")?;
                let unknown = || sqlx::Error::Decode(format!("the kind '{kind}'").into());
                Ok(Self {
                    id: row.try_get("id")?,
                    created_at: row.try_get("created_at")?,
                    kind: StudyKind::of(&kind).ok_or_else(unknown)?,
                    strategy: row.try_get("strategy")?,
                    symbols: row.try_get("symbols")?,
                    resolution: row.try_get("resolution")?,
                    data_digest: row.try_get("data_digest")?,
                    plugin_sha256: row.try_get("plugin_sha256")?,
                    engine_version: row.try_get("engine_version")?,
                    config: row.try_get("config")?,
                    result: row.try_get("result")?,
                })
            }
        }
    };
}
study_row!(SqliteRow);
study_row!(PgRow);

/// An instrument, as it is kept.
pub(super) struct InstrumentRow(pub(super) Instrument);

macro_rules! by_hand {
    ($row:ty) => {
        impl FromRow<'_, $row> for InstrumentRow {
            fn from_row(row: &$row) -> sqlx::Result<Self> {
                Ok(Self(Instrument {
                    symbol: row.try_get("symbol")?,
                    name: row.try_get("name")?,
                    currency: row.try_get("currency")?,
                    calendar: row.try_get("calendar")?,
                    lot: row.try_get("lot")?,
                }))
            }
        }

        impl FromRow<'_, $row> for BarRow {
            fn from_row(row: &$row) -> sqlx::Result<Self> {
                let bar = Bar {
                    ts: row.try_get(0)?,
                    open: row.try_get(1)?,
                    high: row.try_get(2)?,
                    low: row.try_get(3)?,
                    close: row.try_get(4)?,
                    volume: row.try_get(5)?,
                };
                Ok(Self {
                    bar,
                    is_final: row.try_get(6)?,
                    ma20: row.try_get(7)?,
                    ma50: row.try_get(8)?,
                    ath: row.try_get(9)?,
                })
            }
        }
    };
}
by_hand!(SqliteRow);
by_hand!(PgRow);

/// The next item of a stream.
pub(super) async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|cx| Pin::new(&mut *stream).poll_next(cx)).await
}

/// The longest text that is kept of a reject, in characters: it is part of a key.
const REJECT_CHARS: usize = 200;

/// A text as it is kept of a reject: shortened, and without NUL, which PostgreSQL does not hold.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(REJECT_CHARS).map(|c| if c == '\0' { '\u{FFFD}' } else { c }).collect()
}
