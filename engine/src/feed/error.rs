//! Why there are no bars.

use std::io;

use strategy_api::Resolution;

use crate::{
    error::{Code, Failure},
    store::StoreError,
};

/// Why a series could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The database holds no final bar of it.
    #[error("no bars for {} {resolution}{}", symbol.escape_debug(), held(others))]
    NoBars {
        /// Symbol asked for.
        symbol: String,
        /// Resolution asked for.
        resolution: Resolution,
        /// Resolutions at which the database holds the symbol.
        others: Vec<String>,
    },
    /// It was written to each time it was read.
    #[error("{} {resolution} is being written to: its bars changed each time they were read", symbol.escape_debug())]
    Restless {
        /// Symbol asked for.
        symbol: String,
        /// Resolution asked for.
        resolution: Resolution,
    },
    /// There is neither a folder nor memory for its columns.
    #[error("no room for the {bars} bars of {} {resolution}: {reason}", symbol.escape_debug())]
    Memory {
        /// Symbol asked for.
        symbol: String,
        /// Resolution asked for.
        resolution: Resolution,
        /// Number of bars.
        bars: usize,
        /// What the system said.
        reason: io::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn held(others: &[String]) -> String {
    if others.is_empty() { String::new() } else { format!(" (held: {})", others.join(", ")) }
}

impl From<FeedError> for Failure {
    fn from(error: FeedError) -> Self {
        let text = error.to_string();
        match error {
            FeedError::NoBars { symbol, resolution, .. } => {
                let series = format!("-s {} -r {resolution}", shell_word(&symbol));
                Self::new(Code::Data, text).help(format!(
                    "from a file with --from-csv, or from the broker: algo-trader ingest {series} -d \"5 Y\""
                ))
            }
            FeedError::Restless { .. } => {
                Self::new(Code::Data, text).help("run it again when the ingestion has ended")
            }
            FeedError::Memory { .. } => Self::new(Code::Data, text),
            FeedError::Store(error) => error.into(),
        }
    }
}

/// A word as a shell reads it back.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_/=^".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.escape_debug().to_string().replace('\'', r"'\''"))
}
