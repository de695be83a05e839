//! Replays the bars that a database holds, at their own length or at a longer one.
//!
//! Prices are given as they are held, whichever prices are asked for. A bar is given once the clock
//! has passed its end.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use engine_core::{
    calendar::{Calendar, SECOND_NS, midnight_ns, utc_date},
    series::Series,
};
use jiff::civil::Date;
use strategy_api::{Bar, Resolution};

use super::{Query, Quote, period};
use crate::{
    simulator::time::{new_york_date, new_york_midnight},
    store::{Store, StoreError},
};

/// Bars given at a time.
const PORTION: usize = 4096;

type Held = HashMap<(String, Resolution), (i64, Arc<Series>)>;

/// A database to replay.
pub(crate) struct Replay {
    store: Box<dyn Store>,
    held: Mutex<Held>,
}

impl Replay {
    /// Replays `store`.
    pub(crate) fn new(store: Box<dyn Store>) -> Self {
        Self { store, held: Mutex::default() }
    }

    /// Whether the database knows the symbol.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn knows(&self, symbol: &str) -> Result<bool, StoreError> {
        Ok(self.store.instrument(symbol).await?.is_some())
    }

    /// Start of the first bar of any length, nanoseconds UTC.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn first(&self, symbol: &str) -> Result<Option<i64>, StoreError> {
        let all = self.store.series_list().await?;
        let ours = all.iter().filter(|series| series.symbol == symbol);
        Ok(ours.filter_map(|series| series.first_ts).min())
    }

    /// The bars of a query; none when nothing of a fitting length is held.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(crate) async fn bars(&self, query: &Query) -> Result<Replayed, StoreError> {
        let (resolution, series) = match self.source(query).await? {
            Some((resolution, series)) => (resolution, series),
            None => (query.resolution, Arc::default()),
        };
        Ok(Replayed { query: query.clone(), held_at: resolution, series, row: 0, open: None })
    }

    /// The series of the asked length, or the longest of those that it can be made of.
    async fn source(&self, query: &Query) -> Result<Option<(Resolution, Arc<Series>)>, StoreError> {
        for resolution in Resolution::ALL.into_iter().rev() {
            if !is_made_of(query.resolution, resolution) {
                continue;
            }
            let Some(info) = self.store.series(&query.symbol, resolution).await? else { continue };
            let key = (query.symbol.clone(), resolution);
            let held =
                |map: &Held| map.get(&key).filter(|(version, _)| *version == info.version).cloned();
            let cached = held(&self.held.lock().unwrap_or_else(PoisonError::into_inner));
            if let Some((_, series)) = cached {
                return Ok(Some((resolution, series)));
            }
            let series = Arc::new(self.store.load_bars(info.id).await?);
            let mut map = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            map.insert(key, (info.version, Arc::clone(&series)));
            return Ok(Some((resolution, series)));
        }
        Ok(None)
    }

    /// Ends the connection to the database.
    pub(crate) async fn close(&self) {
        self.store.close().await;
    }
}

/// Whether bars of one length are whole numbers of bars of another.
fn is_made_of(long: Resolution, short: Resolution) -> bool {
    match (long.seconds(), short.seconds()) {
        (Some(long), Some(short)) => long.is_multiple_of(short),
        (None, Some(_)) => true,
        (None, None) => long == short || short == Resolution::Day1,
        (Some(_), None) => false,
    }
}

/// Bars of one query from a series.
pub(crate) struct Replayed {
    query: Query,
    held_at: Resolution,
    series: Arc<Series>,
    row: usize,
    /// The bar that is being put together and the key of its cell.
    open: Option<(i64, Quote)>,
}

impl Iterator for Replayed {
    type Item = Vec<Quote>;

    fn next(&mut self) -> Option<Vec<Quote>> {
        let mut portion = Vec::new();
        let columns = self.series.columns();
        while self.row < columns.len() && portion.len() < PORTION {
            let bar = columns.bar(self.row);
            self.row += 1;
            let Some(cell) = cell(&self.query, self.held_at, bar.ts) else { continue };
            let quote = self.quote(&bar);
            match &mut self.open {
                Some((open, bar)) if *open == cell => {
                    let intraday = self.query.resolution.is_intraday();
                    *bar = bar.and(quote, if intraday { bar.ts } else { quote.ts });
                }
                open => portion.extend(open.replace((cell, quote)).map(|(_, quote)| quote)),
            }
        }
        if self.row >= columns.len() {
            portion.extend(self.open.take().map(|(_, quote)| quote));
        }
        (!portion.is_empty()).then_some(portion)
    }
}

/// The number of the asked bar that a held bar belongs to; `None` when it is not asked for or not over.
fn cell(query: &Query, held_at: Resolution, ts: i64) -> Option<i64> {
    if Calendar::Nyse.bar_end(held_at, ts) > query.now {
        return None;
    }
    let date = date_of(ts, held_at);
    let Some(step_s) = query.resolution.seconds() else {
        let inside = (query.sessions.0..=query.sessions.1).contains(&date);
        return inside.then(|| midnight_ns(period(query.resolution, date)));
    };
    let step = i64::from(step_s) * SECOND_NS;
    let inside = (query.from..query.to).contains(&ts);
    inside.then(|| (ts - new_york_midnight(date)).div_euclid(step) * step + midnight_ns(date))
}

fn date_of(ts: i64, held_at: Resolution) -> Date {
    if held_at.is_intraday() { new_york_date(ts) } else { utc_date(ts) }
}

impl Replayed {
    /// A held bar, keyed as the asked one is.
    fn quote(&self, bar: &Bar) -> Quote {
        let intraday = self.query.resolution.is_intraday();
        Quote {
            ts: if intraday { bar.ts } else { midnight_ns(date_of(bar.ts, self.held_at)) },
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
            volume: Some(bar.volume),
        }
    }
}
