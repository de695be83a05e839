//! Bars on their way from the database to a run: one file of columns for each series, kept in the
//! cache folder and mapped by whoever needs it.
//!
//! Reading a million bars as rows costs half a second; mapping their columns costs a millisecond. So
//! the first reader writes what it has read beside the database, and the next one only asks which
//! version of the series is the current one. The database stays the truth: a file that is missing,
//! damaged, foreign, older than this program or older than the series is made again without a word,
//! and where the folder cannot be written the columns live in memory. Deleting the folder is always
//! safe. Fetching what the database does not hold is left to others.

mod cache;
mod coarser;
mod digest;
mod error;
mod file;
mod layout;
#[cfg(test)]
mod tests;

use strategy_api::Resolution;

pub use cache::Cache;
pub use coarser::{Found, load_or_make};
pub use digest::{Digest, digest};
pub use error::FeedError;
pub use file::{ColumnFile, DamagedFile};
pub use layout::ColumnInfo;

use crate::store::{SeriesInfo, Store};

/// How often a series may change while it is read before we give up.
const ATTEMPTS: u32 = 5;

/// The final bars of one series.
///
/// # Errors
/// When the database holds no final bar of it or fails, or when there is no memory for the columns.
pub async fn load(
    store: &dyn Store,
    cache: &Cache,
    symbol: &str,
    resolution: Resolution,
) -> Result<ColumnFile, FeedError> {
    let mut series = held(store, symbol, resolution).await?;
    for _ in 0..ATTEMPTS {
        let origin = cache.origin(&series);
        if let Some(file) = cache.find(&series, resolution, &origin) {
            return Ok(file);
        }
        let bars = store.load_bars(series.id).await?;
        let after = held(store, symbol, resolution).await?;
        if after != series {
            // A writer came between: these bars may belong to either version.
            series = after;
            continue;
        }
        if bars.is_empty() {
            return Err(no_bars(store, symbol, resolution).await);
        }
        return cache.make(&series, resolution, &bars).map_err(|reason| FeedError::Memory {
            symbol: symbol.to_owned(),
            resolution,
            bars: bars.len(),
            reason,
        });
    }
    Err(FeedError::Restless { symbol: symbol.to_owned(), resolution })
}

async fn held(
    store: &dyn Store,
    symbol: &str,
    resolution: Resolution,
) -> Result<SeriesInfo, FeedError> {
    match store.series(symbol, resolution).await? {
        Some(series) => Ok(series),
        None => Err(no_bars(store, symbol, resolution).await),
    }
}

/// The error of a series without a bar; it tells which other resolutions there are.
async fn no_bars(store: &dyn Store, symbol: &str, resolution: Resolution) -> FeedError {
    let others = match store.series_list().await {
        Ok(list) => list.into_iter().filter(|series| {
            series.symbol == symbol && series.bars > 0 && series.resolution != resolution.name()
        }),
        Err(error) => return error.into(),
    };
    FeedError::NoBars {
        symbol: symbol.to_owned(),
        resolution,
        others: others.map(|series| series.resolution).collect(),
    }
}
