//! What the lists of a run come to, so that a report can be made without them.

use engine_core::{
    backtest::RunResult,
    ledger::{EntryKind, Trade},
    order::{OrderRecord, OrderState, Reason},
};
use serde::{Deserialize, Serialize};

use super::schema::{Costs, ReasonCount};

/// What the lists of a run come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// What trading cost.
    pub costs: Costs,
    /// Orders that were filled, cancelled, expired and rejected.
    pub ended: [usize; 4],
    /// Why, in the order of the first such order.
    pub reasons: Vec<ReasonCount>,
    /// Fills.
    pub fills: usize,
    /// Closed trades.
    pub closed_trades: usize,
    /// Trades still open at the end.
    pub open: Vec<Trade>,
}

impl Tally {
    /// Counts the lists of a run.
    #[must_use]
    pub fn of(result: &RunResult) -> Self {
        let is_open = |trade: &&Trade| trade.closed_ts.is_none();
        let open: Vec<Trade> = result.trades.iter().filter(is_open).copied().collect();
        Self {
            costs: costs(result),
            ended: ended(&result.orders),
            reasons: reasons(&result.orders),
            fills: result.fills.len(),
            closed_trades: result.trades.len() - open.len(),
            open,
        }
    }
}

fn costs(result: &RunResult) -> Costs {
    let mut costs = Costs::default();
    for fill in &result.fills {
        costs.commission += fill.commission;
        costs.slippage += (fill.price - fill.reference) * fill.quantity;
        costs.traded_value += (fill.price * fill.quantity).abs();
    }
    for entry in &result.entries {
        match entry.kind {
            EntryKind::Interest => costs.interest -= entry.value,
            EntryKind::BorrowFee => costs.borrow_fees -= entry.value,
            EntryKind::Dividend => costs.dividends += entry.value,
            EntryKind::Split => {}
        }
    }
    costs.total = costs.commission + costs.slippage + costs.interest + costs.borrow_fees;
    costs
}

fn ended(orders: &[OrderRecord]) -> [usize; 4] {
    let mut ended = [0; 4];
    for order in orders {
        let place = match order.state {
            OrderState::Filled => 0,
            OrderState::Cancelled => 1,
            OrderState::Expired => 2,
            OrderState::Rejected => 3,
        };
        ended[place] += 1;
    }
    ended
}

fn reasons(orders: &[OrderRecord]) -> Vec<ReasonCount> {
    let mut found: Vec<((OrderState, Reason), usize)> = Vec::new();
    for order in orders {
        let Some(reason) = order.reason else { continue };
        let key = (order.state, reason);
        match found.iter_mut().find(|(known, _)| *known == key) {
            Some((_, orders)) => *orders += 1,
            None => found.push((key, 1)),
        }
    }
    let count = |((state, reason), orders): ((OrderState, Reason), usize)| ReasonCount {
        state: state.name().to_owned(),
        reason: reason.to_string(),
        orders,
    };
    found.into_iter().map(count).collect()
}
