//! The ticket of an order: what a strategy writes on it after it has said what and how much.
//!
//! An order is placed as a market order that is good until cancelled; every function here changes it
//! in place before the engine reads it. What makes no sense (a negative price, a stop without a
//! price) is refused by the engine with its reason, not here.

use crate::{
    abi::{
        layout::{
            KIND_LIMIT, KIND_ON_CLOSE, KIND_ON_OPEN, KIND_STOP, KIND_STOP_LIMIT, KIND_TRAIL_AMOUNT,
            KIND_TRAIL_FRACTION, RawOrder, TIF_DAY, TIF_FOK, TIF_GTD, TIF_IOC,
        },
        raw::Slot,
    },
    order::{OrderId, Size, market_order},
};

/// An order that has just been placed, or changes to an older one.
///
/// ```
/// use strategy_api::prelude::*;
///
/// fn enter(ctx: &mut Context<'_>, price: f64) {
///     ctx.buy(100.0).limit(price).good_for_day().stop_loss(price * 0.95).take_profit(price * 1.1);
/// }
/// ```
pub struct Ticket<'c> {
    slot: Slot<'c>,
    id: OrderId,
}

impl<'c> Ticket<'c> {
    #[inline(always)]
    pub(crate) fn new(slot: Slot<'c>, id: OrderId) -> Self {
        Self { slot, id }
    }

    /// Number of the order.
    #[must_use]
    pub fn id(&self) -> OrderId {
        self.id
    }

    fn write(mut self, change: impl FnOnce(&mut RawOrder)) -> Self {
        if let Some(order) = self.slot.order(self.id) {
            change(order);
        }
        self
    }

    /// At this price or better. After [`Ticket::stop`]: once the stop is reached.
    pub fn limit(self, price: f64) -> Self {
        self.write(|order| {
            order.limit_price = price;
            let is_stop = matches!(order.kind, KIND_STOP | KIND_STOP_LIMIT);
            order.kind = if is_stop { KIND_STOP_LIMIT } else { KIND_LIMIT };
        })
    }

    /// At the market once this price is reached: above the market for a purchase, below it for a sale.
    pub fn stop(self, price: f64) -> Self {
        self.write(|order| {
            order.stop_price = price;
            let is_limit = matches!(order.kind, KIND_LIMIT | KIND_STOP_LIMIT);
            order.kind = if is_limit { KIND_STOP_LIMIT } else { KIND_STOP };
        })
    }

    /// A stop that follows the price of closed bars at this distance, in currency.
    pub fn trail(self, distance: f64) -> Self {
        self.write(|order| (order.kind, order.trail) = (KIND_TRAIL_AMOUNT, distance))
    }

    /// A stop that follows the price of closed bars at this distance, a fraction of the price.
    pub fn trail_fraction(self, fraction: f64) -> Self {
        self.write(|order| (order.kind, order.trail) = (KIND_TRAIL_FRACTION, fraction))
    }

    /// At the open of the next session.
    pub fn at_open(self) -> Self {
        self.write(|order| order.kind = KIND_ON_OPEN)
    }

    /// At the close of the next session.
    pub fn at_close(self) -> Self {
        self.write(|order| order.kind = KIND_ON_CLOSE)
    }

    /// Ends with the first session in which it can be worked.
    pub fn good_for_day(self) -> Self {
        self.write(|order| order.time_in_force = TIF_DAY)
    }

    /// Ends before the first bar that begins after `ts`, nanoseconds UTC.
    pub fn good_until(self, ts: i64) -> Self {
        self.write(|order| (order.time_in_force, order.expires_at) = (TIF_GTD, ts))
    }

    /// What the first bar does not fill is cancelled.
    pub fn immediate_or_cancel(self) -> Self {
        self.write(|order| order.time_in_force = TIF_IOC)
    }

    /// Cancelled unless the first bar fills all of it.
    pub fn fill_or_kill(self) -> Self {
        self.write(|order| order.time_in_force = TIF_FOK)
    }

    /// Orders of the same group cancel each other: the first one that trades ends the others. A group
    /// is any number but 0 that the strategy chooses.
    pub fn one_cancels_other(self, group: u64) -> Self {
        self.write(|order| order.oca_group = group)
    }

    /// Worked only after `parent` has filled; cancelled when `parent` ends without.
    pub fn after(self, parent: OrderId) -> Self {
        self.write(|order| order.parent = parent.0)
    }

    /// Another size, for an order that is being modified.
    pub fn size(self, size: Size) -> Self {
        self.write(|order| (order.size_kind, order.size) = size.to_wire())
    }

    /// Attaches a stop that closes what this order fills. Whatever is attached to one order cancels
    /// each other.
    pub fn stop_loss(self, price: f64) -> Self {
        self.attach(|order| (order.kind, order.stop_price) = (KIND_STOP, price))
    }

    /// Attaches a limit that closes what this order fills; as [`Ticket::stop_loss`].
    pub fn take_profit(self, price: f64) -> Self {
        self.attach(|order| (order.kind, order.limit_price) = (KIND_LIMIT, price))
    }

    /// Attaches a trailing stop that closes what this order fills; as [`Ticket::stop_loss`].
    pub fn trailing_stop_loss(self, distance: f64) -> Self {
        self.attach(|order| (order.kind, order.trail) = (KIND_TRAIL_AMOUNT, distance))
    }

    fn attach(mut self, write: impl FnOnce(&mut RawOrder)) -> Self {
        let Some(parent) = self.slot.order(self.id).map(|order| *order) else { return self };
        let mut child = market_order(OrderId(0), parent.instrument as usize, Size::ParentFill(1.0));
        (child.parent, child.oca_group) = (parent.id, attached_group(parent.id));
        write(&mut child);
        self.slot.place(child);
        self
    }
}

/// Groups of attached orders have the top bit set, out of the way of the strategy's own numbers.
fn attached_group(parent: u64) -> u64 {
    parent | 1 << 63
}
