//! What a round trip comes to, line by line.

use engine_core::ledger::{EntryKind, Part, Trade};
use serde::Serialize;

use super::super::lists::Naming;

/// A dividend, split or fee while the trade was open.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntryRow {
    /// Time of the bar.
    pub time: String,
    /// `dividend`, `borrow_fee`, `interest` or `split`.
    pub kind: &'static str,
    /// Currency received (below zero: paid), or the ratio of a split.
    pub value: f64,
}

/// The sum of a trade: sold less bought less commission, with entries.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Sum {
    /// Got for everything sold, slippage included.
    pub sold: f64,
    /// Paid for everything bought, slippage included.
    pub bought: f64,
    /// Commission of all fills.
    pub commission: f64,
    /// Dividends less borrow fees.
    pub entries: f64,
    /// What is still held at the last price; null when the trade is closed.
    pub held_value: Option<f64>,
    /// Last price of what is still held.
    pub held_price: Option<f64>,
    /// Net profit: with what is still held at the last price when the trade is open.
    pub profit: f64,
    /// The profit before slippage and commission.
    pub gross: f64,
    /// Slippage of all fills, in `sold` and `bought` already.
    pub slippage: f64,
}

impl Sum {
    pub(super) fn of(trade: &Trade, parts: &[Part], last_price: Option<f64>) -> Self {
        let (mut sold, mut bought) = (0.0, 0.0);
        let mut entries = 0.0;
        for part in parts {
            match part {
                Part::Fill { fill, .. } if fill.quantity < 0.0 => {
                    sold -= fill.quantity * fill.price;
                }
                Part::Fill { fill, .. } => bought += fill.quantity * fill.price,
                Part::Entry(entry) if entry.kind == EntryKind::Split => {}
                Part::Entry(entry) => entries += entry.value,
            }
        }
        let is_open = trade.closed_ts.is_none();
        let held_price = last_price.filter(|_| is_open);
        let held_value = held_price.map(|price| trade.held * price);
        let profit = trade.cash_flow + held_value.unwrap_or(0.0);
        let (commission, slippage) = (trade.commission, trade.slippage);
        let gross = profit + commission + slippage - entries;
        Self { sold, bought, commission, entries, held_value, held_price, profit, gross, slippage }
    }
}

pub(super) fn entries(naming: Naming<'_>, parts: &[Part]) -> Vec<EntryRow> {
    let row = |part: &Part| match part {
        Part::Fill { .. } => None,
        Part::Entry(entry) => Some(EntryRow {
            time: naming.time(entry.ts),
            kind: name(entry.kind),
            value: entry.value,
        }),
    };
    parts.iter().filter_map(row).collect()
}

fn name(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Dividend => "dividend",
        EntryKind::BorrowFee => "borrow_fee",
        EntryKind::Interest => "interest",
        EntryKind::Split => "split",
    }
}
