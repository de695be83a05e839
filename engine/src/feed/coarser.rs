//! Bars of a length that the database does not hold, made of finer ones that it does hold.
//!
//! They are kept beside the other column files under the version of the finer series, so the next
//! reader maps them, and a write to the finer series makes them anew.

use engine_core::{
    calendar::Calendar,
    resample::{DoesNotFit, resample},
    series::Series,
};
use strategy_api::Resolution;

use super::{Cache, ColumnFile, FeedError, load};
use crate::store::{SeriesInfo, Store};

/// The bars of a run, and what they were made of.
#[derive(Debug)]
pub struct Found {
    /// The bars.
    pub file: ColumnFile,
    /// Length of the bars that they were made of; `None` when the database holds them as they are.
    pub made_of: Option<Resolution>,
}

/// The final bars of one series; when the database holds none, made of the coarsest finer ones that it
/// holds and that add up to them. A last bar that is not whole is left out.
///
/// # Errors
/// As [`load`].
pub async fn load_or_make(
    store: &dyn Store,
    cache: &Cache,
    symbol: &str,
    resolution: Resolution,
) -> Result<Found, FeedError> {
    let missing = match load(store, cache, symbol, resolution).await {
        Ok(file) => return Ok(Found { file, made_of: None }),
        Err(error) => error,
    };
    let FeedError::NoBars { others, .. } = &missing else { return Err(missing) };
    let finer = others.iter().filter_map(|name| name.parse::<Resolution>().ok());
    let Some(from) = finer.filter(|finer| finer.fits_into(resolution)).max() else {
        return Err(missing);
    };
    let source = load(store, cache, symbol, from).await?;
    let instrument = store.instrument(symbol).await?;
    // A calendar that is not known is refused by whoever runs on the bars.
    let calendar = instrument.and_then(|one| Calendar::of(&one).ok()).unwrap_or_default();
    let series = made_series(&source, from, calendar);
    if let Some(file) = cache.find(&series, resolution, &cache.origin(&series)) {
        return Ok(Found { file, made_of: Some(from) });
    }
    // The lengths were chosen to fit.
    let Ok(bars) = make(&source, from, resolution, calendar) else { return Err(missing) };
    if bars.is_empty() {
        return Err(missing);
    }
    let file = cache.make(&series, resolution, &bars).map_err(|reason| FeedError::Memory {
        symbol: symbol.to_owned(),
        resolution,
        bars: bars.len(),
        reason,
    })?;
    Ok(Found { file, made_of: Some(from) })
}

fn make(
    source: &ColumnFile,
    from: Resolution,
    to: Resolution,
    calendar: Calendar,
) -> Result<Series, DoesNotFit> {
    let columns = source.columns();
    let end = columns.ts.last().map_or(i64::MIN, |ts| calendar.bar_end(from, *ts));
    Ok(resample(&columns, from, to, calendar)?.closed_by(end))
}

/// What tells the made bars from others: all that the finer ones are known by, and the calendar.
fn made_series(source: &ColumnFile, from: Resolution, calendar: Calendar) -> SeriesInfo {
    let (info, ts) = (source.info(), source.columns().ts);
    SeriesInfo {
        id: info.series,
        symbol: info.symbol.clone(),
        resolution: from.to_string(),
        source: format!("bars of {from} on {calendar}"),
        adjustment: String::new(),
        version: info.version,
        epoch: info.epoch,
        bars: i64::try_from(info.bars).unwrap_or(i64::MAX),
        first_ts: ts.first().copied(),
        last_ts: ts.last().copied(),
    }
}
