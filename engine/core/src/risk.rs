//! The gate between a strategy's wish and the broker: only what passes becomes an [`Approved`] order.
//!
//! What an order says is checked here once, when it is placed. What it would do to the account is
//! known only at its fill price: there the broker asks [`Limits`].

use serde::{Deserialize, Serialize};
use strategy_api::{
    abi::layout::{
        ACTION_PLACE, KIND_LIMIT, KIND_MARKET, KIND_ON_CLOSE, KIND_ON_OPEN, KIND_STOP,
        KIND_STOP_LIMIT, KIND_TRAIL_AMOUNT, KIND_TRAIL_FRACTION, RawOrder, TIF_DAY, TIF_FOK,
        TIF_GTC, TIF_GTD, TIF_IOC,
    },
    order::Size,
};

use crate::order::{Distance, Kind, Order, Reason, TimeInForce};

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

/// Limits on what an account may hold and order; `None` is no limit. Exposure is a multiple of equity
/// (1 is 100 %) at the prices of the fill; what reduces it always passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Value of all positions, long and short added.
    pub gross: Option<f64>,
    /// Value of long positions less that of short ones, without its sign.
    pub net: Option<f64>,
    /// Value of the position in any one instrument, without its sign.
    pub per_symbol: Option<f64>,
    /// Orders that a strategy may place at one bar.
    pub orders_per_bar: Option<u32>,
}

impl Limits {
    /// Whether exposure is limited at all.
    #[must_use]
    pub fn bound_exposure(&self) -> bool {
        self.gross.is_some() || self.net.is_some() || self.per_symbol.is_some()
    }
}

/// What an order is checked against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// Instruments of the universe.
    pub instruments: usize,
    /// Whether the account may sell short.
    pub may_short: bool,
}

/// Checks an order as it came from a strategy, decided at the close of the bar that began at
/// `decided_ts`.
///
/// # Errors
/// Why the order is refused.
pub fn check(raw: &RawOrder, gate: Gate, decided_ts: i64) -> Result<Approved<Order>, Reason> {
    if raw.action != ACTION_PLACE {
        return Err(Reason::UnknownKind);
    }
    let time_in_force = time_in_force(raw)?;
    let size = Size::from_wire(raw.size_kind, raw.size).ok_or(Reason::UnknownKind)?;
    if raw.kind > KIND_ON_CLOSE {
        return Err(Reason::UnknownKind);
    }
    if !raw.size.is_finite() {
        return Err(Reason::NotFinite);
    }
    let instrument = raw.instrument as usize;
    if instrument >= gate.instruments {
        return Err(Reason::UnknownInstrument);
    }
    match size {
        Size::Units(0.0) | Size::EquityFraction(0.0) | Size::Cash(0.0) | Size::ParentFill(0.0) => {
            return Err(Reason::ZeroSize);
        }
        Size::TargetUnits(target) | Size::TargetFraction(target)
            if target < 0.0 && !gate.may_short =>
        {
            return Err(Reason::Short);
        }
        Size::ParentFill(_) if raw.parent == 0 => return Err(Reason::UnknownParent),
        _ => {}
    }
    let kind = kind(raw)?;
    let named = |number: u64| (number != 0).then_some(number);
    let (parent, oca_group) = (named(raw.parent), named(raw.oca_group));
    Ok(Approved(Order {
        id: raw.id,
        instrument,
        size,
        kind,
        time_in_force,
        parent,
        oca_group,
        decided_ts,
    }))
}

fn time_in_force(raw: &RawOrder) -> Result<TimeInForce, Reason> {
    match raw.time_in_force {
        TIF_GTC => Ok(TimeInForce::Gtc),
        TIF_DAY => Ok(TimeInForce::Day),
        TIF_GTD => Ok(TimeInForce::Until(raw.expires_at)),
        TIF_IOC => Ok(TimeInForce::ImmediateOrCancel),
        TIF_FOK => Ok(TimeInForce::FillOrKill),
        _ => Err(Reason::UnknownKind),
    }
}

fn kind(raw: &RawOrder) -> Result<Kind, Reason> {
    let (limit, stop, trail) = (price(raw.limit_price), price(raw.stop_price), price(raw.trail));
    match raw.kind {
        KIND_MARKET => Ok(Kind::Market),
        KIND_LIMIT => Ok(Kind::Limit(limit?)),
        KIND_STOP => Ok(Kind::Stop(stop?)),
        KIND_STOP_LIMIT => Ok(Kind::StopLimit { stop: stop?, limit: limit? }),
        KIND_TRAIL_AMOUNT => Ok(Kind::Trailing(Distance::Amount(trail?))),
        KIND_TRAIL_FRACTION if trail? < 1.0 => Ok(Kind::Trailing(Distance::Fraction(trail?))),
        KIND_TRAIL_FRACTION => Err(Reason::BadPrice),
        KIND_ON_OPEN => Ok(Kind::OnOpen),
        KIND_ON_CLOSE => Ok(Kind::OnClose),
        _ => Err(Reason::UnknownKind),
    }
}

fn price(price: f64) -> Result<f64, Reason> {
    if price.is_finite() && price > 0.0 { Ok(price) } else { Err(Reason::BadPrice) }
}

/// An order with the prices and the size of `raw` that are not NaN in place of its own.
///
/// # Errors
/// Why the change is refused; the order stays as it is then.
pub fn amend(order: &Order, raw: &RawOrder) -> Result<Approved<Order>, Reason> {
    let changed = |new: f64, old: f64| if new.is_nan() { Ok(old) } else { price(new) };
    // A price that the order does not have changes nothing, and is no change if nothing else is.
    let given = |prices: &[f64]| prices.iter().any(|price| !price.is_nan());
    let (limit, stop, trail) = (raw.limit_price, raw.stop_price, raw.trail);
    let has_it = match order.kind {
        Kind::Limit(_) => given(&[limit]),
        Kind::Stop(_) => given(&[stop]),
        Kind::StopLimit { .. } => given(&[limit, stop]),
        Kind::Trailing(_) => given(&[trail]),
        Kind::Market | Kind::OnOpen | Kind::OnClose => false,
    };
    if given(&[limit, stop, trail]) && !has_it && raw.size.is_nan() {
        return Err(Reason::BadPrice);
    }
    let kind = match order.kind {
        Kind::Limit(limit) => Kind::Limit(changed(raw.limit_price, limit)?),
        Kind::Stop(stop) => Kind::Stop(changed(raw.stop_price, stop)?),
        Kind::StopLimit { stop, limit } => Kind::StopLimit {
            stop: changed(raw.stop_price, stop)?,
            limit: changed(raw.limit_price, limit)?,
        },
        Kind::Trailing(Distance::Amount(trail)) => {
            Kind::Trailing(Distance::Amount(changed(raw.trail, trail)?))
        }
        Kind::Trailing(Distance::Fraction(trail)) => {
            let trail = changed(raw.trail, trail)?;
            if trail >= 1.0 {
                return Err(Reason::BadPrice);
            }
            Kind::Trailing(Distance::Fraction(trail))
        }
        kind @ (Kind::Market | Kind::OnOpen | Kind::OnClose) => kind,
    };
    let size = if raw.size.is_nan() {
        order.size
    } else if raw.size.is_infinite() {
        return Err(Reason::NotFinite);
    } else {
        Size::from_wire(raw.size_kind, raw.size).ok_or(Reason::UnknownKind)?
    };
    match size {
        Size::Units(0.0) | Size::EquityFraction(0.0) | Size::Cash(0.0) | Size::ParentFill(0.0) => {
            Err(Reason::ZeroSize)
        }
        Size::ParentFill(_) if order.parent.is_none() => Err(Reason::UnknownParent),
        _ => Ok(Approved(Order { kind, size, ..*order })),
    }
}

#[cfg(test)]
mod tests {
    use strategy_api::order::{OrderId, market_order};

    use super::*;

    const GATE: Gate = Gate { instruments: 1, may_short: false };

    fn raw(size: Size) -> RawOrder {
        market_order(OrderId(1), 0, size)
    }

    fn checked(size: Size) -> Result<Size, Reason> {
        check(&raw(size), GATE, 7).map(|order| order.get().size)
    }

    #[test]
    fn sound_orders_pass_as_they_are() {
        for size in [Size::Units(-3.0), Size::EquityFraction(0.5), Size::TargetFraction(0.0)] {
            assert_eq!(checked(size), Ok(size));
        }
        let limit = RawOrder { kind: KIND_LIMIT, limit_price: 9.5, ..raw(Size::Cash(100.0)) };
        assert_eq!(check(&limit, GATE, 7).unwrap().get().kind, Kind::Limit(9.5));
        let short = check(&raw(Size::TargetUnits(-1.0)), Gate { may_short: true, ..GATE }, 7);
        assert!(short.is_ok());
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        assert_eq!(checked(Size::Units(f64::NAN)), Err(Reason::NotFinite));
        assert_eq!(checked(Size::TargetFraction(f64::INFINITY)), Err(Reason::NotFinite));
        assert_eq!(checked(Size::Units(0.0)), Err(Reason::ZeroSize));
        assert_eq!(checked(Size::Units(-0.0)), Err(Reason::ZeroSize));
        assert_eq!(checked(Size::TargetFraction(-0.5)), Err(Reason::Short));
        assert_eq!(checked(Size::ParentFill(1.0)), Err(Reason::UnknownParent));
        let refused = |raw: RawOrder| check(&raw, GATE, 7).unwrap_err();
        let one = raw(Size::Units(1.0));
        assert_eq!(refused(RawOrder { instrument: 1, ..one }), Reason::UnknownInstrument);
        assert_eq!(refused(RawOrder { kind: 8, ..one }), Reason::UnknownKind);
        assert_eq!(refused(RawOrder { size_kind: 9, ..one }), Reason::UnknownKind);
        assert_eq!(refused(RawOrder { action: 9, ..one }), Reason::UnknownKind);
        assert_eq!(refused(RawOrder { time_in_force: 9, ..one }), Reason::UnknownKind);
    }

    #[test]
    fn a_price_must_be_there_and_above_zero() {
        let one = raw(Size::Units(1.0));
        for bad in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
            for kind in [KIND_LIMIT, KIND_STOP, KIND_STOP_LIMIT, KIND_TRAIL_AMOUNT] {
                let priced =
                    RawOrder { kind, limit_price: bad, stop_price: bad, trail: bad, ..one };
                assert_eq!(check(&priced, GATE, 7), Err(Reason::BadPrice));
            }
        }
        let whole = RawOrder { kind: KIND_TRAIL_FRACTION, trail: 1.0, ..one };
        assert_eq!(check(&whole, GATE, 7), Err(Reason::BadPrice));
    }

    #[test]
    fn a_change_takes_what_is_given_and_keeps_the_rest() {
        let stop = RawOrder {
            kind: KIND_STOP_LIMIT,
            limit_price: 9.0,
            stop_price: 10.0,
            ..raw(Size::Units(1.0))
        };
        let order = *check(&stop, GATE, 7).unwrap().get();
        let change = RawOrder { stop_price: 11.0, ..raw(Size::Units(f64::NAN)) };
        let changed = *amend(&order, &change).unwrap().get();
        assert_eq!(changed.kind, Kind::StopLimit { stop: 11.0, limit: 9.0 });
        assert_eq!(changed.size, Size::Units(1.0));
        let bad = RawOrder { stop_price: -1.0, ..change };
        assert_eq!(amend(&order, &bad), Err(Reason::BadPrice));
    }
}
