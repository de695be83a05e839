//! What is traded: an instrument and its fixed facts.

use serde::{Deserialize, Serialize};

/// An instrument. The symbol is its key within the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instrument {
    /// Symbol as the user and the broker write it, for example `SPY` or `BRK B`.
    pub symbol: String,
    /// Name for people; empty when unknown.
    pub name: String,
    /// ISO currency of its prices.
    pub currency: String,
    /// Session calendar: `NYSE` or `24/7`.
    pub calendar: String,
    /// Smallest tradable quantity, in units.
    pub lot: f64,
}

impl Instrument {
    /// A US equity in US dollars on the NYSE calendar with a lot of one share.
    #[must_use]
    pub fn us_equity(symbol: &str) -> Self {
        Self {
            symbol: symbol.to_owned(),
            name: String::new(),
            currency: "USD".to_owned(),
            calendar: "NYSE".to_owned(),
            lot: 1.0,
        }
    }
}
