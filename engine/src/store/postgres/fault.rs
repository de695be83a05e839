//! What an error of PostgreSQL means to the caller.

use crate::store::StoreError;

/// SQLSTATE codes, <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
mod state {
    pub(super) const UNDEFINED_COLUMN: &str = "42703";
    pub(super) const INSUFFICIENT_PRIVILEGE: &str = "42501";
    pub(super) const SERIALIZATION_FAILURE: &str = "40001";
    pub(super) const DEADLOCK: &str = "40P01";
    pub(super) const LOCK_NOT_AVAILABLE: &str = "55P03";
    pub(super) const READ_ONLY: &str = "25006";
    pub(super) const DISK_FULL: &str = "53100";
    pub(super) const TOO_MANY_CONNECTIONS: &str = "53300";
    pub(super) const INVALID_DATABASE: &str = "3D000";
    pub(super) const CANNOT_CONNECT_NOW: &str = "57P03";
}

/// The SQLSTATE of an error, when it came from the server.
fn sqlstate(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

/// Whether a table of our name is not ours.
pub(super) fn is_other_table(error: &sqlx::Error) -> bool {
    sqlstate(error).as_deref() == Some(state::UNDEFINED_COLUMN)
}

/// Whether a whole transaction may simply be tried again: it lost a race that it may win next time.
pub(super) fn may_be_repeated(error: &sqlx::Error) -> bool {
    matches!(sqlstate(error).as_deref(), Some(state::SERIALIZATION_FAILURE | state::DEADLOCK))
}

/// Whether the server is there and will take us in a moment.
pub(super) fn may_connect_soon(error: &sqlx::Error) -> bool {
    matches!(
        sqlstate(error).as_deref(),
        Some(state::TOO_MANY_CONNECTIONS | state::CANNOT_CONNECT_NOW)
    )
}

/// The error as the caller sees it.
pub(super) fn to_store(location: &str, error: &sqlx::Error) -> StoreError {
    let location = location.to_owned();
    let Some(said) = error.as_database_error() else {
        let reason = error.to_string();
        return match error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => {
                StoreError::Connect { location, reason }
            }
            sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => {
                StoreError::Corrupt { location, reason }
            }
            _ => StoreError::Query { location, reason },
        };
    };
    let code = said.code().unwrap_or_default();
    let reason = format!("{} (SQLSTATE {code})", said.message());
    match &*code {
        state::DISK_FULL => StoreError::Full { location, reason },
        state::READ_ONLY => StoreError::ReadOnly { location, reason },
        state::SERIALIZATION_FAILURE
        | state::DEADLOCK
        | state::LOCK_NOT_AVAILABLE
        | state::TOO_MANY_CONNECTIONS => StoreError::Busy { location, reason },
        state::INVALID_DATABASE | state::INSUFFICIENT_PRIVILEGE => {
            StoreError::Connect { location, reason }
        }
        // Classes: connection exception, authorization, operator intervention, internal error.
        code if ["08", "28", "57"].iter().any(|class| code.starts_with(class)) => {
            StoreError::Connect { location, reason }
        }
        code if code.starts_with("XX") => StoreError::Corrupt { location, reason },
        _ => StoreError::Query { location, reason },
    }
}
