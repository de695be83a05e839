//! Where the answers come from: made-up prices, or a database.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use engine_core::calendar::utc_date;
use jiff::civil::{Date, date};

use super::{
    contracts::{self, Listing},
    market::{BarStream, Query, Replay, Synthetic},
    wire::Contract,
};
use crate::store::{Store, StoreError};

/// The market with the contracts traded there.
pub(super) struct Source {
    prices: Prices,
    /// Contracts by the numbers that were given out.
    given: Mutex<HashMap<i32, Listing>>,
}

enum Prices {
    Synthetic(Synthetic),
    Replay(Replay),
}

impl Source {
    /// Made-up prices.
    pub(super) fn synthetic(prices: Synthetic) -> Self {
        Self { prices: Prices::Synthetic(prices), given: Mutex::default() }
    }

    /// What a database holds.
    pub(super) fn replay(store: Box<dyn Store>) -> Self {
        Self { prices: Prices::Replay(Replay::new(store)), given: Mutex::default() }
    }

    /// The listings that fit what a client names.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) async fn listings(&self, asked: &Contract) -> Result<Vec<Listing>, StoreError> {
        let given = |id: i32| self.lock().get(&id).cloned();
        let mut found = contracts::listings(asked, given);
        if let Prices::Replay(replay) = &self.prices {
            let mut held = Vec::new();
            for listing in found {
                if replay.knows(&listing.symbol).await? {
                    held.push(listing);
                }
            }
            found = held;
        }
        let mut map = self.lock();
        map.extend(found.iter().map(|listing| (listing.con_id(), listing.clone())));
        Ok(found)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<i32, Listing>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The date of the first session of a symbol.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) async fn listed(&self, symbol: &str) -> Result<Date, StoreError> {
        Ok(match &self.prices {
            Prices::Synthetic(prices) => prices.listed(symbol),
            Prices::Replay(replay) => {
                replay.first(symbol).await?.map_or(date(1990, 1, 2), utc_date)
            }
        })
    }

    /// The bars of a query.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub(super) async fn bars(&self, query: &Query) -> Result<BarStream, StoreError> {
        Ok(match &self.prices {
            Prices::Synthetic(prices) => BarStream::Synthetic(Box::new(prices.bars(query))),
            Prices::Replay(replay) => BarStream::Replay(replay.bars(query).await?),
        })
    }

    /// Ends the connection to the database.
    pub(super) async fn close(&self) {
        if let Prices::Replay(replay) = &self.prices {
            replay.close().await;
        }
    }
}
