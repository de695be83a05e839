//! What a proof of causality found, as it is shown.

use engine_core::{backtest::prove::Proof, order::OrderRecord};
use serde::{Deserialize, Serialize};
use strategy_api::Resolution;

use super::{
    lists::Naming,
    number::{count, plain},
    problems::plural,
    time::stamp,
};

/// What a proof found: see [`engine_core::backtest::prove`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProofFacts {
    /// Bars at which the strategy placed orders.
    pub decisions: usize,
    /// Those of them after which the bars were replaced.
    pub proved: usize,
    /// Other futures that were run through, in all.
    pub futures: usize,
    /// The first order that moved; null when none did.
    pub breach: Option<BreachFacts>,
}

/// An order that moved with later bars.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BreachFacts {
    /// Time of the last bar that was left as it is.
    pub known: String,
    /// The order as the run placed it; null when it placed none.
    pub placed: Option<String>,
    /// The order in the other future; null when it is gone.
    pub instead: Option<String>,
}

impl ProofFacts {
    /// A proof with the names of symbols and the form of times.
    #[must_use]
    pub fn of(proof: &Proof, symbols: &[String], resolution: Resolution) -> Self {
        let text = |order: &OrderRecord| Naming { symbols, resolution }.decision(order);
        let breach = proof.breach.as_ref().map(|breach| BreachFacts {
            known: stamp(breach.known_ts, resolution),
            placed: breach.placed.as_ref().map(text),
            instead: breach.instead.as_ref().map(text),
        });
        let Proof { decisions, proved, futures, .. } = *proof;
        Self { decisions, proved, futures, breach }
    }

    /// In words, for the summary.
    pub(super) fn text(&self) -> String {
        if let Some(breach) = &self.breach {
            return format!("FAILED: {}", breach.text());
        }
        let futures = plural(self.futures, "other future");
        if self.decisions == 0 {
            return format!("no order to prove; none appeared in {futures}");
        }
        format!(
            "{} of {} at which orders were placed: none moved when the later bars were replaced ({futures})",
            count(self.proved as u64),
            plural(self.decisions, "bar"),
        )
    }
}

impl BreachFacts {
    /// In words.
    #[must_use]
    pub fn text(&self) -> String {
        let known = &self.known;
        match (&self.placed, &self.instead) {
            (Some(placed), Some(instead)) => {
                format!("with other bars after {known} the order {placed} becomes {instead}")
            }
            (Some(placed), None) => {
                format!("with other bars after {known} the order {placed} is gone")
            }
            (None, Some(instead)) => {
                format!("with other bars after {known} a new order appears: {instead}")
            }
            (None, None) => format!("with other bars after {known} an order moves"),
        }
    }
}

impl Naming<'_> {
    /// An order as it was decided: `SPY target_fraction 1 of 2004-05-07`.
    fn decision(&self, order: &OrderRecord) -> String {
        let row = self.order(order);
        let symbol = row.symbol.unwrap_or("(no symbol)");
        let size = row.size_kind.unwrap_or("(unknown size)");
        format!("{symbol} {size} {} of {}", plain(order.size), row.decided)
    }
}
