//! Why a trade or an order came about: the chain from the bar that the strategy saw to its orders, their
//! life, each fill with the rule and the costs behind it, and the profit that follows, so that a person
//! can work it out again by hand.
//!
//! What a run was kept without (runs of older versions) is named in [`Why::missing`], never guessed.

mod chain;
mod rule;
mod size;
mod sum;
mod text;

use engine_core::ledger::parts;
use serde::Serialize;

pub use chain::{BarRow, FillChain, LifeRow, OrderChain};
pub use sum::{EntryRow, Sum};
pub use text::text;

use self::chain::Chains;
use super::{
    lists::{Lists, Naming, TradeRow},
    record::Grounds,
    schema::Report,
};
use crate::error::{Code, Failure};

/// The chain of a trade or of an order.
#[derive(Debug, Serialize)]
pub struct Why<'a> {
    /// The run.
    pub run: &'a str,
    /// Number of the trade, from 1 in the order of `runs show ID --trades`; null for an order.
    pub trade_number: Option<usize>,
    /// The trade; null for an order.
    pub trade: Option<TradeRow<'a>>,
    /// Its orders by number: those that filled, and those attached to them or in one group with them.
    pub orders: Vec<OrderChain<'a>>,
    /// Dividends, splits and fees while it was open.
    pub entries: Vec<EntryRow>,
    /// What it comes to; null for an order.
    pub sum: Option<Sum>,
    /// What the run was kept without; empty for a run of this version.
    pub missing: Vec<&'static str>,
}

/// A number that names no trade or order of the run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WhyError {
    /// No such trade.
    #[error("the run has no trade {number}: its trades are numbered 1 to {trades}")]
    NoTrade {
        /// What was asked for.
        number: u64,
        /// How many there are.
        trades: usize,
    },
    /// The run has no trades at all.
    #[error("the run has no trade {number}: it has no trades")]
    NoTrades {
        /// What was asked for.
        number: u64,
    },
    /// No such order.
    #[error("the run has no order {number}: it has {orders} orders{}", .last.map_or(String::new(), |last| format!(", the last is {last}")))]
    NoOrder {
        /// What was asked for.
        number: u64,
        /// How many there are.
        orders: usize,
        /// The number of the last one.
        last: Option<u64>,
    },
    /// The record does not say how long its bars are.
    #[error("the record of the run has an unknown length of bars: '{0}'")]
    Resolution(String),
}

impl WhyError {
    /// As a failure, with what lists the valid numbers.
    #[must_use]
    pub fn failure(&self, run: &str) -> Failure {
        let run: String = run.chars().take(12).collect();
        let (code, list) = match self {
            Self::NoOrder { .. } => (Code::Usage, "orders"),
            Self::NoTrade { .. } | Self::NoTrades { .. } => (Code::Usage, "trades"),
            Self::Resolution(_) => (Code::Database, "json"),
        };
        Failure::new(code, self.to_string()).help(format!("algo-trader runs show {run} --{list}"))
    }
}

/// The chain of a trade, by its number from 1 on.
///
/// # Errors
/// When the run has no such trade.
pub fn trade<'a>(
    report: &'a Report,
    lists: &'a Lists<'_>,
    grounds: Option<&'a Grounds>,
    number: u64,
) -> Result<Why<'a>, WhyError> {
    let trades = lists.trades.len();
    let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let Some(place) = place.filter(|place| *place < trades) else {
        return Err(match trades {
            0 => WhyError::NoTrades { number },
            _ => WhyError::NoTrade { number, trades },
        });
    };
    let naming = naming(report)?;
    let entries = grounds.map_or(&[][..], |grounds| &grounds.entries);
    let parts = parts(&lists.trades, place, &lists.fills, entries);
    let chains = Chains { report, lists, grounds, naming };
    let trade = &lists.trades[place];
    let open_price = || {
        let symbol = naming.symbol(trade.instrument)?;
        let held = report.positions.iter().find(|position| position.symbol == symbol);
        held.map(|position| position.price)
    };
    Ok(Why {
        run: &report.run,
        trade_number: Some(place + 1),
        trade: Some(naming.trade(trade)),
        orders: chains.of_parts(&parts),
        entries: sum::entries(naming, &parts),
        sum: Some(Sum::of(trade, &parts, open_price())),
        missing: missing(grounds),
    })
}

/// The chain of an order, by its number.
///
/// # Errors
/// When the run has no such order.
pub fn order<'a>(
    report: &'a Report,
    lists: &'a Lists<'_>,
    grounds: Option<&'a Grounds>,
    number: u64,
) -> Result<Why<'a>, WhyError> {
    let Some(found) = lists.orders.iter().position(|order| order.id == number) else {
        let last = lists.orders.last().map(|order| order.id);
        return Err(WhyError::NoOrder { number, orders: lists.orders.len(), last });
    };
    let naming = naming(report)?;
    let chains = Chains { report, lists, grounds, naming };
    Ok(Why {
        run: &report.run,
        trade_number: None,
        trade: None,
        orders: vec![chains.of_order(found, &chains.parts_of(number))],
        entries: Vec::new(),
        sum: None,
        missing: missing(grounds),
    })
}

fn naming(report: &Report) -> Result<Naming<'_>, WhyError> {
    let resolution =
        report.resolution.parse().map_err(|_| WhyError::Resolution(report.resolution.clone()))?;
    Ok(Naming { symbols: &report.symbols, resolution })
}

fn missing(grounds: Option<&Grounds>) -> Vec<&'static str> {
    match grounds {
        Some(_) => Vec::new(),
        None => vec![
            "the bars and indicators that the strategy saw",
            "where within its bar each fill took place, and the equity behind its size",
            "changes of orders between placing and end",
            "dividends, splits, interest and fees",
        ],
    }
}
