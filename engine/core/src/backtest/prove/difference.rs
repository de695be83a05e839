//! The decisions of a strategy and the first of them that differs between two runs.

use serde::{Deserialize, Serialize};

use crate::{
    journal::OrderStep,
    order::{OrderRecord, OrderState},
};

/// Something that a strategy decided at the close of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Decision {
    /// It placed an order.
    Order(OrderRecord),
    /// It changed or cancelled one.
    Instruction(OrderStep),
}

impl Decision {
    /// Start of the bar at whose close it was taken, nanoseconds UTC.
    #[must_use]
    pub fn ts(&self) -> i64 {
        match self {
            Self::Order(order) => order.decided_ts,
            Self::Instruction(step) => step.ts,
        }
    }
}

/// A decision that changed although nothing before it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breach {
    /// Start of the last bar that was left as it is, nanoseconds UTC.
    pub known_ts: i64,
    /// The decision of the run; `None` when it took none.
    pub placed: Option<Decision>,
    /// The decision in the other future; `None` when it is gone.
    pub instead: Option<Decision>,
}

/// All decisions of a run, those of one kind by time.
pub(super) struct Decisions {
    orders: Vec<Decision>,
    instructions: Vec<Decision>,
}

impl Decisions {
    pub(super) fn of(orders: &[OrderRecord], mut steps: Vec<OrderStep>) -> Self {
        steps.retain(|step| step.step.is_instruction());
        Self {
            orders: orders.iter().map(|order| Decision::Order(asked(order))).collect(),
            instructions: steps.into_iter().map(Decision::Instruction).collect(),
        }
    }

    /// Starts of the bars at which something was decided, each once, in order.
    pub(super) fn bars(&self) -> Vec<i64> {
        let mut bars: Vec<i64> =
            self.orders.iter().chain(&self.instructions).map(Decision::ts).collect();
        bars.sort_unstable();
        bars.dedup();
        bars
    }
}

/// The first decision taken by `known_ts` that differs.
pub(super) fn first_difference(
    made: &Decisions,
    changed: &Decisions,
    known_ts: i64,
) -> Option<Breach> {
    let pairs = [(&made.orders, &changed.orders), (&made.instructions, &changed.instructions)];
    let found = pairs.into_iter().filter_map(|(made, changed)| first_of(made, changed, known_ts));
    found.min_by_key(|breach| {
        let ts = |one: &Option<Decision>| one.as_ref().map_or(i64::MAX, Decision::ts);
        ts(&breach.placed).min(ts(&breach.instead))
    })
}

fn first_of(made: &[Decision], changed: &[Decision], known_ts: i64) -> Option<Breach> {
    let by_then = |all: &[Decision]| all.partition_point(|one| one.ts() <= known_ts);
    let (made, changed) = (&made[..by_then(made)], &changed[..by_then(changed)]);
    let differs = |row: &usize| {
        let pair = (made.get(*row), changed.get(*row));
        // Two sizes that are no numbers are told apart by their text only.
        pair.0 != pair.1 && format!("{:?}", pair.0) != format!("{:?}", pair.1)
    };
    (0..made.len().max(changed.len())).find(differs).map(|row| Breach {
        known_ts,
        placed: made.get(row).copied(),
        instead: changed.get(row).copied(),
    })
}

/// What the strategy asked for, without what became of it: that may depend on later bars.
fn asked(order: &OrderRecord) -> OrderRecord {
    OrderRecord {
        state: OrderState::Expired,
        reason: None,
        filled: 0.0,
        ended_ts: order.decided_ts,
        ..*order
    }
}
