//! The gate between a strategy's wish and the broker: only what passes becomes an [`Approved`] order.

use strategy_api::{
    abi::layout::{ACTION_PLACE, KIND_MARKET, RawOrder, TIF_GTC},
    order::Size,
};

use crate::order::{Order, Reason};

/// A thing that passed the checks. Only this room can make one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    /// The thing.
    #[must_use]
    pub fn get(&self) -> &T {
        &self.0
    }
}

/// Checks an order as it came from a strategy, decided at the close of the bar that began at
/// `decided_ts`, in a universe of `instruments`.
///
/// # Errors
/// Why the order is refused.
pub fn check(
    raw: &RawOrder,
    instruments: usize,
    decided_ts: i64,
) -> Result<Approved<Order>, Reason> {
    if raw.action != ACTION_PLACE || raw.kind != KIND_MARKET || raw.time_in_force != TIF_GTC {
        return Err(Reason::UnknownKind);
    }
    let size = Size::from_wire(raw.size_kind, raw.size).ok_or(Reason::UnknownKind)?;
    if !raw.size.is_finite() {
        return Err(Reason::NotFinite);
    }
    let instrument = raw.instrument as usize;
    if instrument >= instruments {
        return Err(Reason::UnknownInstrument);
    }
    match size {
        Size::Units(0.0) | Size::EquityFraction(0.0) => Err(Reason::ZeroSize),
        Size::TargetUnits(target) | Size::TargetFraction(target) if target < 0.0 => {
            Err(Reason::Short)
        }
        _ => Ok(Approved(Order { id: raw.id, instrument, size, decided_ts })),
    }
}

#[cfg(test)]
mod tests {
    use strategy_api::order::{OrderId, market_order};

    use super::*;

    fn checked(size: Size) -> Result<Size, Reason> {
        check(&market_order(OrderId(1), 0, size), 1, 7).map(|order| order.get().size)
    }

    #[test]
    fn sound_orders_pass_as_they_are() {
        for size in [Size::Units(-3.0), Size::EquityFraction(0.5), Size::TargetFraction(0.0)] {
            assert_eq!(checked(size), Ok(size));
        }
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        assert_eq!(checked(Size::Units(f64::NAN)), Err(Reason::NotFinite));
        assert_eq!(checked(Size::TargetFraction(f64::INFINITY)), Err(Reason::NotFinite));
        assert_eq!(checked(Size::Units(0.0)), Err(Reason::ZeroSize));
        assert_eq!(checked(Size::Units(-0.0)), Err(Reason::ZeroSize));
        assert_eq!(checked(Size::TargetFraction(-0.5)), Err(Reason::Short));
        let elsewhere = market_order(OrderId(1), 1, Size::Units(1.0));
        assert_eq!(check(&elsewhere, 1, 7), Err(Reason::UnknownInstrument));
        let limit = RawOrder { kind: 1, ..market_order(OrderId(1), 0, Size::Units(1.0)) };
        assert_eq!(check(&limit, 1, 7), Err(Reason::UnknownKind));
        let strange = RawOrder { size_kind: 9, ..market_order(OrderId(1), 0, Size::Units(1.0)) };
        assert_eq!(check(&strange, 1, 7), Err(Reason::UnknownKind));
    }
}
