//! From fills to trades. A trade is a round trip from flat to flat, net of its costs.

mod trip;

use serde::{Deserialize, Serialize};

pub use trip::{Part, parts};

use crate::order::FillRecord;

/// A round trip in one instrument, or the part of it that has happened.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trade {
    /// Index of the instrument in the universe.
    pub instrument: u32,
    /// Start of the bar of the first fill, nanoseconds UTC.
    pub opened_ts: i64,
    /// Start of the bar of the last fill, nanoseconds UTC; `None` while it is open.
    pub closed_ts: Option<i64>,
    /// Units that it entered in all, negative for a short trade.
    pub quantity: f64,
    /// Average price of the fills that entered.
    pub entry_price: f64,
    /// Average price of the fills that left so far; 0 when there are none.
    pub exit_price: f64,
    /// Units still held, negative for a short trade.
    pub held: f64,
    /// Commission of all its fills.
    pub commission: f64,
    /// Slippage of all its fills, in currency.
    pub slippage: f64,
    /// Money from sales less money for buys less commission, with dividends and less borrow fees: the
    /// net profit of a closed trade.
    pub cash_flow: f64,
    /// The order that opened it.
    pub entry_order: u64,
    /// The order that last reduced it; 0 when there is none.
    pub exit_order: u64,
}

impl Trade {
    /// Net profit with what is still held valued at `price`.
    #[must_use]
    pub fn profit_at(&self, price: f64) -> f64 {
        self.cash_flow + self.held * price
    }

    /// Net profit of a closed trade; `None` while it is open.
    #[must_use]
    pub fn profit(&self) -> Option<f64> {
        self.closed_ts.map(|_| self.cash_flow)
    }

    /// Net profit of a closed trade as a fraction of the value that it entered.
    #[must_use]
    pub fn return_fraction(&self) -> Option<f64> {
        self.profit().map(|profit| profit / (self.quantity.abs() * self.entry_price))
    }
}

/// What changes an account besides fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryKind {
    /// Cash for each unit held; paid by whoever is short.
    Dividend,
    /// Fee for borrowed units.
    BorrowFee,
    /// Interest on borrowed cash, which belongs to no trade.
    Interest,
    /// New units for old ones; the value is the ratio.
    Split,
}

/// An entry of the account besides the fills. Within a step entries come before fills.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountEntry {
    /// Start of the step at which it is booked, nanoseconds UTC.
    pub ts: i64,
    /// Index of the instrument in the universe; `None` for the account as a whole.
    pub instrument: Option<u32>,
    /// What it is.
    pub kind: EntryKind,
    /// Currency received (below zero: paid), or the ratio of a split.
    pub value: f64,
}

/// Groups fills, in their order, into trades: closed ones by the time at which they closed, then the
/// open ones by instrument.
#[must_use]
pub fn trades(fills: &[FillRecord], instruments: usize) -> Vec<Trade> {
    trades_with(fills, &[], instruments)
}

/// The same with the entries of the account, in their order: each belongs to the trade that is open in
/// its instrument.
#[must_use]
pub fn trades_with(
    fills: &[FillRecord],
    entries: &[AccountEntry],
    instruments: usize,
) -> Vec<Trade> {
    let mut open: Vec<Option<Trade>> = vec![None; instruments];
    // A trade has two fills at least, unless one fill closes it and opens the next.
    let mut closed = Vec::with_capacity(fills.len() / 2 + 1);
    each_closed(fills, entries, &mut open, |trade| closed.push(trade));
    closed.extend(open.into_iter().flatten());
    closed
}

/// Hands every trade that closes to `closed`, by the time of closing. `open` has a place for each
/// instrument, empty at the beginning; what is left in it is open.
pub fn each_closed(
    fills: &[FillRecord],
    entries: &[AccountEntry],
    open: &mut [Option<Trade>],
    mut closed: impl FnMut(Trade),
) {
    let mut entries = entries.iter().peekable();
    for fill in fills {
        while let Some(entry) = entries.next_if(|entry| entry.ts <= fill.ts) {
            book(open, entry);
        }
        let slot = &mut open[fill.instrument as usize];
        let held = slot.map_or(0.0, |trade| trade.held);
        for part in cut_at_zero(fill, held) {
            add_to(slot, &part).into_iter().for_each(&mut closed);
        }
    }
    entries.for_each(|entry| book(open, entry));
}

/// Adds a fill to the open trade, or opens one; gives the trade when the fill has closed it.
fn add_to(slot: &mut Option<Trade>, fill: &FillRecord) -> Option<Trade> {
    let trade = slot.get_or_insert_with(|| opened_by(fill));
    add(trade, fill);
    if trade.held != 0.0 {
        return None;
    }
    trade.closed_ts = Some(fill.ts);
    slot.take()
}

/// A fill where `held` units are held. One that goes through zero comes in two parts: the first closes a
/// trade, the other opens the next.
fn cut_at_zero(fill: &FillRecord, held: f64) -> impl Iterator<Item = FillRecord> + use<> {
    let (first, second) = if held * fill.quantity < 0.0 && fill.quantity.abs() > held.abs() {
        let (closing, opening) = divide(fill, -held);
        (closing, Some(opening))
    } else {
        (*fill, None)
    };
    std::iter::once(first).chain(second)
}

/// A fill in two parts, the first of `quantity`; commission goes with the units.
fn divide(fill: &FillRecord, quantity: f64) -> (FillRecord, FillRecord) {
    let commission = fill.commission * (quantity / fill.quantity);
    let first = FillRecord { quantity, commission, ..*fill };
    let second = FillRecord {
        quantity: fill.quantity - quantity,
        commission: fill.commission - commission,
        ..*fill
    };
    (first, second)
}

fn book(open: &mut [Option<Trade>], entry: &AccountEntry) {
    let slot = entry.instrument.and_then(|instrument| open.get_mut(instrument as usize));
    let Some(Some(trade)) = slot else { return };
    match entry.kind {
        EntryKind::Split => {
            trade.quantity *= entry.value;
            trade.held *= entry.value;
            trade.entry_price /= entry.value;
            trade.exit_price /= entry.value;
        }
        EntryKind::Dividend | EntryKind::BorrowFee | EntryKind::Interest => {
            trade.cash_flow += entry.value;
        }
    }
}

fn opened_by(fill: &FillRecord) -> Trade {
    Trade {
        instrument: fill.instrument,
        opened_ts: fill.ts,
        closed_ts: None,
        quantity: 0.0,
        entry_price: 0.0,
        exit_price: 0.0,
        held: 0.0,
        commission: 0.0,
        slippage: 0.0,
        cash_flow: 0.0,
        entry_order: fill.order,
        exit_order: 0,
    }
}

fn add(trade: &mut Trade, fill: &FillRecord) {
    if trade.held * fill.quantity >= 0.0 {
        let paid = trade.entry_price * trade.quantity + fill.price * fill.quantity;
        trade.quantity += fill.quantity;
        trade.entry_price = paid / trade.quantity;
    } else {
        let sold = trade.quantity - trade.held;
        let got = trade.exit_price * sold - fill.price * fill.quantity;
        trade.exit_price = got / (sold - fill.quantity);
        trade.exit_order = fill.order;
    }
    trade.held += fill.quantity;
    trade.commission += fill.commission;
    trade.slippage += (fill.price - fill.reference) * fill.quantity;
    trade.cash_flow -= fill.quantity * fill.price + fill.commission;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(ts: i64, instrument: u32, quantity: f64, price: f64, commission: f64) -> FillRecord {
        FillRecord { order: 1, instrument, ts, quantity, price, reference: price, commission }
    }

    #[test]
    fn a_round_trip_is_net_of_its_costs() {
        let trades = trades(&[fill(1, 0, 10.0, 100.0, 1.0), fill(5, 0, -10.0, 110.0, 1.0)], 1);
        assert_eq!(trades.len(), 1);
        assert_eq!(trades[0].profit(), Some(98.0));
        assert_eq!(trades[0].return_fraction(), Some(0.098));
        assert_eq!((trades[0].opened_ts, trades[0].closed_ts), (1, Some(5)));
    }

    #[test]
    fn adding_and_reducing_stay_in_one_trade_until_flat() {
        let fills = [
            fill(1, 0, 10.0, 100.0, 0.0),
            fill(2, 0, 10.0, 120.0, 0.0),
            fill(3, 0, -5.0, 130.0, 0.0),
            fill(4, 1, 1.0, 50.0, 0.5),
            fill(5, 0, -15.0, 90.0, 0.0),
        ];
        let trades = trades(&fills, 2);
        assert_eq!(trades.len(), 2);
        assert_eq!(trades[0].entry_price, 110.0);
        assert_eq!(trades[0].exit_price, 100.0);
        assert_eq!(trades[0].profit(), Some(-200.0));
        assert_eq!((trades[1].profit(), trades[1].held), (None, 1.0));
        assert_eq!(trades[1].profit_at(60.0), 9.5);
    }

    #[test]
    fn a_short_trade_earns_when_the_price_falls() {
        let fills = [fill(1, 0, -10.0, 100.0, 1.0), fill(5, 0, 10.0, 90.0, 1.0)];
        let [trade] = trades(&fills, 1)[..] else { panic!("one trade") };
        assert_eq!((trade.quantity, trade.entry_price, trade.exit_price), (-10.0, 100.0, 90.0));
        assert_eq!((trade.profit(), trade.return_fraction()), (Some(98.0), Some(0.098)));
    }

    #[test]
    fn a_fill_through_zero_closes_one_trade_and_opens_the_next() {
        let fills = [fill(1, 0, 10.0, 100.0, 0.0), fill(2, 0, -15.0, 120.0, 3.0)];
        let trades = trades(&fills, 1);
        assert_eq!(trades[0].profit(), Some(198.0));
        assert_eq!((trades[1].held, trades[1].entry_price), (-5.0, 120.0));
        assert_eq!(trades[1].profit_at(120.0), -1.0);
    }

    #[test]
    fn a_split_and_a_dividend_belong_to_the_open_trade() {
        let fills = [fill(1, 0, 10.0, 100.0, 0.0), fill(9, 0, -20.0, 55.0, 0.0)];
        let entry = |ts, kind, value| AccountEntry { ts, instrument: Some(0), kind, value };
        let entries = [entry(3, EntryKind::Split, 2.0), entry(4, EntryKind::Dividend, 10.0)];
        let [trade] = trades_with(&fills, &entries, 1)[..] else { panic!("one trade") };
        assert_eq!((trade.quantity, trade.entry_price), (20.0, 50.0));
        assert_eq!(trade.profit(), Some(110.0));
    }
}
