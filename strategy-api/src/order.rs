//! Orders and fills as a strategy sees them.

use crate::abi::layout::{
    ACTION_PLACE, KIND_MARKET, RawFill, RawOrder, SIZE_EQUITY_FRACTION, SIZE_TARGET_FRACTION,
    SIZE_TARGET_UNITS, SIZE_UNITS, TIF_GTC,
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
