//! Why the database did not do what it was asked, and what would help.
//!
//! No variant ever holds a secret: places are written by [`super::address`], which leaves them out.

use crate::error::{Code, Failure};

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

impl StoreError {
    /// Another program replaces the same series.
    pub(super) fn overtaken(location: &str) -> Self {
        let reason = "another program fetches all of the same series anew".to_owned();
        Self::Busy { location: location.to_owned(), reason }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let help = match &error {
            StoreError::Url { .. } => "--database sqlite://data/algo-trader.db",
            StoreError::Connect { location, .. } if location.starts_with("sqlite:") => {
                "check the path and its permissions, then create the database: algo-trader db init"
            }
            StoreError::Connect { .. } => {
                "check that the server runs and that DATABASE_URL names the right host, user and database"
            }
            StoreError::Schema { .. } => {
                "update algo-trader, or name another database with --database; nothing was written"
            }
            StoreError::Full { .. } => {
                "free some space (or raise the limit) and run the same command again; what was acknowledged is stored"
            }
            StoreError::ReadOnly { .. } => {
                "backtests still run; to write, fix the permissions or name another database with --database"
            }
            StoreError::Busy { .. } => "wait for the other program and run the same command again",
            StoreError::Corrupt { .. } => {
                "restore it from a backup, or move it away and ingest again; the file was not changed"
            }
            StoreError::Query { .. } => "algo-trader doctor database",
        };
        Failure::new(Code::Database, error.to_string()).help(help)
    }
}
