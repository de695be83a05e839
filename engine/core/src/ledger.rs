//! From fills to trades. A trade is a round trip from flat to flat, net of its costs.

use serde::{Deserialize, Serialize};

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
    /// Units bought in all.
    pub quantity: f64,
    /// Average price of the buys.
    pub entry_price: f64,
    /// Average price of the sales so far; 0 when there are none.
    pub exit_price: f64,
    /// Units still held.
    pub held: f64,
    /// Commission of all its fills.
    pub commission: f64,
    /// Slippage of all its fills, in currency.
    pub slippage: f64,
    /// Money from sales less money for buys less commission: the net profit of a closed trade.
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

    /// Net profit of a closed trade as a fraction of what its buys cost.
    #[must_use]
    pub fn return_fraction(&self) -> Option<f64> {
        self.profit().map(|profit| profit / (self.quantity * self.entry_price))
    }
}

/// Groups fills, in their order, into trades: closed ones by the time at which they closed, then the
/// open ones by instrument.
#[must_use]
pub fn trades(fills: &[FillRecord], instruments: usize) -> Vec<Trade> {
    let mut open: Vec<Option<Trade>> = vec![None; instruments];
    let mut closed = Vec::new();
    for fill in fills {
        let slot = &mut open[fill.instrument as usize];
        let trade = slot.get_or_insert_with(|| opened_by(fill));
        add(trade, fill);
        if trade.held == 0.0 {
            trade.closed_ts = Some(fill.ts);
            closed.extend(slot.take());
        }
    }
    closed.extend(open.into_iter().flatten());
    closed
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
    if fill.quantity > 0.0 {
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
}
