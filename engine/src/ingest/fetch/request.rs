//! What is asked of a fetch, and what it means for the series that is held.

use super::{identity::Named, window::Wanted};
use crate::gateway::{Hours, Security, What};
use engine_core::calendar::Calendar;
use strategy_api::Resolution;

/// First word of the source that the database keeps for bars of the broker.
const BROKER: &str = "ibkr";

/// A request to bring the history of one instrument up to date.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// Symbol of the instrument.
    pub symbol: String,
    /// What else the user says of it.
    pub named: Named,
    /// Length of the bars.
    pub resolution: Resolution,
    /// Which bars.
    pub wanted: Wanted,
    /// Which prices.
    pub what: What,
    /// Which hours.
    pub hours: Hours,
    /// Session calendar; by default that of the instrument, NYSE for a new share or index, 24/7 for a
    /// new crypto currency.
    pub calendar: Option<Calendar>,
    /// Whether one impossible bar fails the whole.
    pub strict: bool,
    /// Whether what is held is fetched anew and replaced, whatever it is.
    pub replace: bool,
}

impl FetchRequest {
    /// Trades in regular hours of the instrument that is held under a symbol, or of a new US share.
    #[must_use]
    pub fn new(symbol: &str, resolution: Resolution, wanted: Wanted) -> Self {
        Self {
            symbol: symbol.to_owned(),
            named: Named::default(),
            resolution,
            wanted,
            what: What::Trades,
            hours: Hours::Regular,
            calendar: None,
            strict: false,
            replace: false,
        }
    }

    /// The source that the database keeps, for example `ibkr trades rth`.
    #[must_use]
    pub fn source(&self) -> String {
        let hours = match self.hours {
            Hours::Regular => "rth",
            Hours::Extended => "extended",
        };
        format!("{BROKER} {} {hours}", what_name(self.what))
    }

    /// How the prices are adjusted, as the database keeps it: the broker adjusts trades for splits.
    #[must_use]
    pub fn adjustment(&self) -> &'static str {
        match self.what {
            What::Trades => "split",
            What::AdjustedLast => "adjusted",
            What::Midpoint | What::Bid | What::Ask => "raw",
        }
    }
}

/// The calendar of a new instrument.
pub(super) fn usual_calendar(security: Security) -> Calendar {
    match security {
        Security::Stock | Security::Index => Calendar::Nyse,
        Security::Crypto => Calendar::AlwaysOpen,
    }
}

/// The prices as a user names them, for example `adjusted-last`.
#[must_use]
pub fn what_name(what: What) -> &'static str {
    match what {
        What::Trades => "trades",
        What::AdjustedLast => "adjusted-last",
        What::Midpoint => "midpoint",
        What::Bid => "bid",
        What::Ask => "ask",
    }
}

/// The prices and hours of a source that a [`FetchRequest`] wrote; `None` for any other source.
#[must_use]
pub fn of_source(source: &str) -> Option<(What, Hours)> {
    let mut words = source.split(' ');
    if words.next() != Some(BROKER) {
        return None;
    }
    let name = words.next()?;
    let every = [What::Trades, What::AdjustedLast, What::Midpoint, What::Bid, What::Ask];
    let what = every.into_iter().find(|what| what_name(*what) == name)?;
    match words.next()? {
        "rth" => Some((what, Hours::Regular)),
        "extended" => Some((what, Hours::Extended)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_says_which_prices_and_hours_it_has() {
        for what in [What::Trades, What::AdjustedLast, What::Midpoint, What::Bid, What::Ask] {
            for hours in [Hours::Regular, Hours::Extended] {
                let request = FetchRequest {
                    what,
                    hours,
                    ..FetchRequest::new("SPY", Resolution::Day1, Wanted::New)
                };
                assert_eq!(of_source(&request.source()), Some((what, hours)));
            }
        }
        for other in ["csv", "sample", "ibkr", "ibkr trades", "ibkr x rth", ""] {
            assert_eq!(of_source(other), None);
        }
    }
}
