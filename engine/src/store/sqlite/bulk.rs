//! Reads bars in bulk, through a connection of its own.
//!
//! sqlx runs SQLite on a thread of its own and copies every value over to ours, which bounds it to
//! about half a million bars a second. rusqlite is the same SQLite library without the copies.

use std::{
    fmt::Write,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use engine_core::series::{Series, SeriesError};
use rusqlite::{Connection, OpenFlags, Row};
use strategy_api::Bar;

use crate::store::{BarRow, statements::row_columns};

/// Why bars could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum BulkError {
    /// SQLite said so.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// What is stored is no series.
    #[error(transparent)]
    Damaged(#[from] SeriesError),
    /// The reading thread broke off.
    #[error("the reading thread broke off")]
    Cancelled,
}

/// How to open the file.
#[derive(Clone)]
pub(super) struct Opened {
    pub(super) path: PathBuf,
    pub(super) read_only: bool,
    /// The file stands on a read-only mount.
    pub(super) immutable: bool,
    pub(super) busy: Duration,
}

/// A connection for reading in bulk, opened when it is first needed.
#[derive(Clone)]
pub(super) struct Bulk {
    opened: Opened,
    db: Arc<Mutex<Option<Connection>>>,
}

impl Bulk {
    pub(super) fn new(opened: Opened) -> Self {
        Self { opened, db: Arc::default() }
    }

    /// All final bars of a series, oldest first.
    pub(super) async fn bars(&self, series: i64) -> Result<Series, BulkError> {
        self.run(move |db| bars(db, series)).await
    }

    /// Starts of all final bars of a series, oldest first.
    pub(super) async fn times(&self, series: i64) -> Result<Vec<i64>, BulkError> {
        self.run(move |db| times(db, series)).await
    }

    /// The first `count` rows of a series within a range of times, oldest first, as last committed.
    pub(super) async fn rows(
        &self,
        table: &'static str,
        series: i64,
        range: RangeInclusive<i64>,
        count: usize,
    ) -> Result<Vec<BarRow>, BulkError> {
        self.run(move |db| rows(db, table, series, range, count)).await
    }

    /// Ends the connection.
    pub(super) fn shut(&self) {
        self.db.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, BulkError> + Send + 'static,
    ) -> Result<T, BulkError> {
        let bulk = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut slot = bulk.db.lock().unwrap_or_else(PoisonError::into_inner);
            let db = match slot.take() {
                Some(db) => db,
                None => bulk.opened.open()?,
            };
            let out = read(&db)?;
            *slot = Some(db);
            Ok(out)
        });
        done.await.unwrap_or(Err(BulkError::Cancelled))
    }
}

impl Opened {
    fn open(&self) -> rusqlite::Result<Connection> {
        let access = if self.read_only {
            OpenFlags::SQLITE_OPEN_READ_ONLY
        } else {
            OpenFlags::SQLITE_OPEN_READ_WRITE
        };
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let db = if self.immutable {
            Connection::open_with_flags(immutable_uri(&self.path), flags)?
        } else {
            Connection::open_with_flags(&self.path, flags)?
        };
        db.busy_timeout(self.busy)?;
        Ok(db)
    }
}

/// The address of a file that cannot change, <https://www.sqlite.org/uri.html>.
fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte));
            }
            _ => write!(uri, "%{byte:02X}").expect("writing to a string does not fail"),
        }
    }
    uri.push_str("?immutable=1");
    uri
}

fn bars(db: &Connection, series: i64) -> Result<Series, BulkError> {
    let held: i64 = db
        .query_row("SELECT bars FROM series WHERE id = ?1", [series], |row| row.get(0))
        .unwrap_or_default();
    let mut out = Series::with_capacity(usize::try_from(held).unwrap_or_default());
    let mut select = db.prepare(
        "SELECT ts, open, high, low, close, volume FROM bars \
         WHERE series_id = ?1 AND is_final = 1 ORDER BY ts",
    )?;
    let mut rows = select.query([series])?;
    while let Some(row) = rows.next()? {
        out.push(&bar(row)?)?;
    }
    Ok(out)
}

fn times(db: &Connection, series: i64) -> Result<Vec<i64>, BulkError> {
    let mut select =
        db.prepare("SELECT ts FROM bars WHERE series_id = ?1 AND is_final = 1 ORDER BY ts")?;
    let rows = select.query_map([series], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn rows(
    db: &Connection,
    table: &str,
    series: i64,
    range: RangeInclusive<i64>,
    count: usize,
) -> Result<Vec<BarRow>, BulkError> {
    let columns = row_columns!();
    let mut select = db.prepare(&format!(
        "SELECT {columns} FROM {table} \
         WHERE series_id = ?1 AND ts >= ?2 AND ts <= ?3 ORDER BY ts LIMIT ?4"
    ))?;
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let mut rows = select.query([series, *range.start(), *range.end(), count])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(BarRow {
            bar: bar(row)?,
            is_final: row.get(6)?,
            ma20: row.get(7)?,
            ma50: row.get(8)?,
            ath: row.get(9)?,
        });
    }
    Ok(out)
}

fn bar(row: &Row<'_>) -> rusqlite::Result<Bar> {
    Ok(Bar {
        ts: row.get(0)?,
        open: row.get(1)?,
        high: row.get(2)?,
        low: row.get(3)?,
        close: row.get(4)?,
        volume: row.get(5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_into_an_address_byte_by_byte() {
        let uri = immutable_uri(Path::new("data/a b?#%.db"));
        assert_eq!(uri, "file:data/a%20b%3F%23%25.db?immutable=1");
    }
}
