//! Orders and fills as a strategy sees them.

use crate::abi::layout::{
    ACTION_PLACE, KIND_MARKET, RawFill, RawOrder, RawReport, SIZE_CASH, SIZE_EQUITY_FRACTION,
    SIZE_PARENT_FILL, SIZE_TARGET_FRACTION, SIZE_TARGET_UNITS, SIZE_UNITS, STATE_CANCELLED,
    STATE_EXPIRED, STATE_FILLED, STATE_PARTLY_FILLED, STATE_REJECTED, STATE_TRIGGERED, TIF_GTC,
};

/// Number of an order within its run; the first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u64);

/// How much to trade.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// Units; negative sells.
    Units(f64),
    /// A fraction of equity, resolved at the fill price net of commission; negative sells.
    EquityFraction(f64),
    /// The position to hold afterwards, in units.
    TargetUnits(f64),
    /// The position to hold afterwards, as a fraction of equity.
    TargetFraction(f64),
    /// An amount of currency, resolved at the fill price net of commission; negative sells.
    Cash(f64),
    /// A fraction of what the parent order has filled, traded the other way.
    ParentFill(f64),
}

impl Size {
    /// The ABI's code and number.
    #[must_use]
    pub fn to_wire(self) -> (u32, f64) {
        match self {
            Self::Units(size) => (SIZE_UNITS, size),
            Self::EquityFraction(size) => (SIZE_EQUITY_FRACTION, size),
            Self::TargetUnits(size) => (SIZE_TARGET_UNITS, size),
            Self::TargetFraction(size) => (SIZE_TARGET_FRACTION, size),
            Self::Cash(size) => (SIZE_CASH, size),
            Self::ParentFill(size) => (SIZE_PARENT_FILL, size),
        }
    }

    /// The size of the ABI's code and number; `None` for an unknown code.
    #[must_use]
    pub fn from_wire(kind: u32, size: f64) -> Option<Self> {
        match kind {
            SIZE_UNITS => Some(Self::Units(size)),
            SIZE_EQUITY_FRACTION => Some(Self::EquityFraction(size)),
            SIZE_TARGET_UNITS => Some(Self::TargetUnits(size)),
            SIZE_TARGET_FRACTION => Some(Self::TargetFraction(size)),
            SIZE_CASH => Some(Self::Cash(size)),
            SIZE_PARENT_FILL => Some(Self::ParentFill(size)),
            _ => None,
        }
    }
}

/// A market order on the wire.
#[must_use]
pub fn market_order(id: OrderId, instrument: usize, size: Size) -> RawOrder {
    let (size_kind, size) = size.to_wire();
    RawOrder {
        id: id.0,
        // An index that does not fit is no instrument either way; the host rejects the order.
        instrument: u32::try_from(instrument).unwrap_or(u32::MAX),
        action: ACTION_PLACE,
        kind: KIND_MARKET,
        size_kind,
        size,
        limit_price: f64::NAN,
        stop_price: f64::NAN,
        trail: f64::NAN,
        time_in_force: TIF_GTC,
        flags: 0,
        expires_at: 0,
        parent: 0,
        oca_group: 0,
        reserved: [0; 4],
    }
}

/// A fill of one of the strategy's orders.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fill {
    /// The order.
    pub order: OrderId,
    /// Index of the instrument in the universe.
    pub instrument: usize,
    /// Start of the bar in which it filled, nanoseconds UTC.
    pub ts: i64,
    /// Units, negative for a sale.
    pub quantity: f64,
    /// Price a unit, slippage included.
    pub price: f64,
    /// Commission, in currency.
    pub commission: f64,
}

/// What has become of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// It waited for its parent and is worked from now on.
    Working,
    /// The stop of a stop-limit order is reached; its limit is worked from now on.
    Triggered,
    /// A part has filled, the rest is worked on.
    PartlyFilled,
    /// Ended: filled, or reduced to what the account could carry.
    Filled,
    /// Ended: cancelled by the strategy, its group, its parent or its time in force.
    Cancelled,
    /// Ended: its time has run out.
    Expired,
    /// Ended: refused.
    Rejected,
}

impl OrderStatus {
    fn from_code(code: u32) -> Self {
        match code {
            STATE_TRIGGERED => Self::Triggered,
            STATE_PARTLY_FILLED => Self::PartlyFilled,
            STATE_FILLED => Self::Filled,
            STATE_CANCELLED => Self::Cancelled,
            STATE_EXPIRED => Self::Expired,
            STATE_REJECTED => Self::Rejected,
            _ => Self::Working,
        }
    }

    /// Whether nothing more will happen to the order.
    #[must_use]
    pub fn is_end(self) -> bool {
        !matches!(self, Self::Working | Self::Triggered | Self::PartlyFilled)
    }
}

/// A change of one of the strategy's orders.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrderUpdate<'a> {
    /// The order.
    pub order: OrderId,
    /// Index of the instrument in the universe, as it was ordered.
    pub instrument: usize,
    /// What has become of it.
    pub status: OrderStatus,
    /// Start of the bar in which it happened, nanoseconds UTC.
    pub ts: i64,
    /// Units filled so far, negative for a sale.
    pub filled: f64,
    /// Why, in words; empty when there is nothing to say.
    pub reason: &'a str,
}

impl<'a> OrderUpdate<'a> {
    pub(crate) fn new(raw: &RawReport, reason: &'a str) -> Self {
        Self {
            order: OrderId(raw.order),
            instrument: raw.instrument as usize,
            status: OrderStatus::from_code(raw.state),
            ts: raw.ts,
            filled: raw.filled,
            reason,
        }
    }
}

impl From<&RawFill> for Fill {
    fn from(raw: &RawFill) -> Self {
        Self {
            order: OrderId(raw.order),
            instrument: raw.instrument as usize,
            ts: raw.ts,
            quantity: raw.quantity,
            price: raw.price,
            commission: raw.commission,
        }
    }
}

impl From<&Fill> for RawFill {
    fn from(fill: &Fill) -> Self {
        Self {
            order: fill.order.0,
            instrument: u32::try_from(fill.instrument).unwrap_or(u32::MAX),
            flags: 0,
            ts: fill.ts,
            quantity: fill.quantity,
            price: fill.price,
            commission: fill.commission,
            reserved: [0; 2],
        }
    }
}
