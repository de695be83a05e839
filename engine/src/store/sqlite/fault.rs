//! What an error of SQLite means to the caller.

use super::bulk::BulkError;
use crate::store::StoreError;

/// Primary result codes, <https://www.sqlite.org/rescode.html>.
mod code {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const READONLY: i32 = 8;
    pub(super) const IOERR: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    pub(super) const NOTADB: i32 = 26;
    /// Extended: a write failed for another reason than a full disk, such as a file-size limit or a quota.
    pub(super) const IOERR_WRITE: i32 = 778;
    /// Extended: the index of the write-ahead log could not grow.
    pub(super) const IOERR_SHMSIZE: i32 = 4874;
}

/// The extended result code of an error, when it came from SQLite.
fn extended(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// The primary result code.
fn primary(error: &sqlx::Error) -> Option<i32> {
    extended(error).map(|code| code & 0xff)
}

/// Whether somebody else holds a lock.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(primary(error), Some(code::BUSY | code::LOCKED))
}

/// Whether there is no such table.
pub(super) fn is_missing_table(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|e| e.message().starts_with("no such table"))
}

/// Whether the write-ahead log could not be opened, as on a read-only mount.
pub(super) fn wants_immutable(error: &sqlx::Error) -> bool {
    matches!(primary(error), Some(code::CANTOPEN | code::READONLY))
}

/// The error as the caller sees it.
pub(super) fn to_store(location: &str, error: &sqlx::Error) -> StoreError {
    let reason = match error.as_database_error() {
        Some(said) => said.message().to_owned(),
        None => error.to_string(),
    };
    match error {
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => {
            StoreError::Corrupt { location: location.to_owned(), reason }
        }
        _ => from_code(location, extended(error), reason),
    }
}

/// An error of reading in bulk as the caller sees it.
pub(super) fn of_bulk(location: &str, error: &BulkError) -> StoreError {
    let reason = error.to_string();
    match error {
        BulkError::Sqlite(rusqlite::Error::SqliteFailure(code, _)) => {
            from_code(location, Some(code.extended_code), reason)
        }
        BulkError::Sqlite(
            rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::FromSqlConversionFailure(..),
        )
        | BulkError::Damaged(_) => StoreError::Corrupt { location: location.to_owned(), reason },
        _ => StoreError::Query { location: location.to_owned(), reason },
    }
}

fn from_code(location: &str, extended: Option<i32>, mut reason: String) -> StoreError {
    let location = location.to_owned();
    let extended = extended.unwrap_or_default();
    match (extended & 0xff, extended) {
        (code::FULL, _) => StoreError::Full { location, reason },
        (_, code::IOERR_WRITE | code::IOERR_SHMSIZE) => {
            reason.push_str(": no room, a quota or a limit of file size");
            StoreError::Full { location, reason }
        }
        (code::BUSY | code::LOCKED, _) => StoreError::Busy { location, reason },
        (code::READONLY, _) => StoreError::ReadOnly { location, reason },
        (code::CORRUPT | code::NOTADB, _) => StoreError::Corrupt { location, reason },
        (code::CANTOPEN, _) => StoreError::Connect { location, reason },
        (code::IOERR, extended) => {
            reason.push_str(&format!(" (SQLite code {extended})"));
            StoreError::Query { location, reason }
        }
        _ => StoreError::Query { location, reason },
    }
}
