//! A working order: what it says, and what has happened to it so far.

use strategy_api::{Bar, order::Size};

use super::{
    Ambiguity, FillModel, Part, Session, Terms,
    fill::{Moment, Touch, touch_limit, touch_stop},
};
use crate::order::{Distance, Kind, Order, TimeInForce};

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Waits for its parent.
    Held,
    /// Is worked.
    Working,
    /// Its stop was reached: it is worked as a limit, or, where the bar could not fill all of it, at the
    /// market.
    Triggered,
}

/// When, within the bar that is being worked, the parent of an order filled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entered {
    pub(super) moment: Moment,
    pub(super) price: f64,
    /// Whether the parent was a limit order, which the price came down (for a sale: up) to.
    pub(super) by_limit: bool,
}

/// An order in the book.
#[derive(Clone, Copy, Debug)]
pub(super) struct Working {
    pub(super) order: Order,
    /// Place in the log of orders.
    pub(super) record: usize,
    pub(super) phase: Phase,
    /// Units that are left after a part has filled.
    pub(super) left: Option<f64>,
    /// Lowest and highest price since a trailing stop is worked.
    pub(super) extremes: Option<(f64, f64)>,
    /// First session in which it could be worked.
    pub(super) day: Option<i32>,
    pub(super) entered: Option<Entered>,
    /// Units that its parent has filled, in units of today.
    pub(super) parent_filled: f64,
    pub(super) had_bar: bool,
    pub(super) is_alive: bool,
}

impl Working {
    pub(super) fn new(order: Order, record: usize) -> Self {
        Self {
            order,
            record,
            phase: Phase::Working,
            left: None,
            extremes: None,
            day: None,
            entered: None,
            parent_filled: 0.0,
            had_bar: false,
            is_alive: true,
        }
    }

    /// Whether it is a market order without any condition.
    pub(super) fn is_plain(&self) -> bool {
        self.order.kind == Kind::Market
            && self.order.time_in_force == TimeInForce::Gtc
            && self.phase == Phase::Working
            && self.order.oca_group.is_none()
            && self.entered.is_none()
    }

    /// Whether it buys, given the units held, a price and the equity.
    pub(super) fn is_buy(&self, held: f64, price: f64, equity: f64) -> bool {
        match (self.left, self.order.size) {
            (Some(left), _) => left > 0.0,
            (None, Size::Units(size) | Size::EquityFraction(size) | Size::Cash(size)) => size > 0.0,
            (None, Size::TargetUnits(target)) => target > held,
            (None, Size::TargetFraction(fraction)) => fraction * equity > held * price,
            (None, Size::ParentFill(fraction)) => fraction * self.parent_filled < 0.0,
        }
    }

    /// Whether its price is a limit, which slippage does not worsen.
    pub(super) fn is_limit(&self) -> bool {
        matches!(self.order.kind, Kind::Limit(_) | Kind::StopLimit { .. })
    }

    /// Whether it waits for a price of its own, so that it may fill anywhere in a bar.
    pub(super) fn is_priced(&self) -> bool {
        !matches!(self.order.kind, Kind::Market | Kind::OnOpen | Kind::OnClose)
    }

    /// The part of a bar in which it is worked; `None` when it is not worked there.
    pub(super) fn worked_bar(&self, bar: &Bar, terms: &Terms, part: Part) -> Option<Bar> {
        if !self.is_alive || self.phase == Phase::Held {
            return None;
        }
        let at_decision = terms.fill == FillModel::SameClose && self.order.kind == Kind::Market;
        if at_decision != (part == Part::Decision) {
            return None;
        }
        let Some(entered) = self.entered else { return Some(*bar) };
        let is_stop = matches!(self.order.kind, Kind::Stop(_));
        let is_limit = matches!(self.order.kind, Kind::Limit(_));
        match entered.moment {
            Moment::Open => Some(*bar),
            Moment::Inside => {
                // The price has come to the parent's limit and goes on to the stop; all else is a guess.
                let is_guess = match terms.ambiguity {
                    Ambiguity::Pessimistic => !is_stop,
                    Ambiguity::Optimistic => !(is_limit || is_stop && entered.by_limit),
                };
                (!is_guess).then_some(Bar { open: entered.price, ..*bar })
            }
            Moment::Close => None,
        }
    }

    /// Where the bar touches it.
    pub(super) fn touch(
        &self,
        bar: &Bar,
        is_buy: bool,
        terms: &Terms,
        session: impl Fn() -> Session,
    ) -> Option<Touch> {
        let open = Touch { moment: Moment::Open, price: bar.open };
        let close = Touch { moment: Moment::Close, price: bar.close };
        let limit = |limit| touch_limit(limit, is_buy, bar, terms.limit_touch);
        match self.order.kind {
            Kind::Market | Kind::OnOpen if self.entered.is_some() => None,
            Kind::Market if terms.fill == FillModel::NextOpen => Some(open),
            Kind::Market => Some(close),
            Kind::Limit(price) => limit(price),
            Kind::Stop(_) | Kind::Trailing(_) if self.phase == Phase::Triggered => Some(open),
            Kind::Stop(stop) => touch_stop(stop, is_buy, bar),
            Kind::StopLimit { limit: price, .. } if self.phase == Phase::Triggered => limit(price),
            Kind::StopLimit { .. } => None,
            Kind::Trailing(distance) => {
                touch_stop(trailing_level(self.extremes?, distance, is_buy), is_buy, bar)
            }
            Kind::OnOpen => session().is_first.then_some(open),
            Kind::OnClose => session().is_last.then_some(close),
        }
    }

    /// Takes a closed bar into the extremes that a trailing stop follows. Of the bar in which it came to
    /// life only the close counts.
    pub(super) fn trail(&mut self, bar: &Bar) {
        let is_new = self.entered.is_some() || self.extremes.is_none();
        let (low, high) = if is_new { (bar.close, bar.close) } else { (bar.low, bar.high) };
        let (lowest, highest) = self.extremes.unwrap_or((low, high));
        self.extremes = Some((lowest.min(low), highest.max(high)));
    }
}

/// The stop price of a trailing stop.
pub(super) fn trailing_level(
    (lowest, highest): (f64, f64),
    distance: Distance,
    is_buy: bool,
) -> f64 {
    match (distance, is_buy) {
        (Distance::Amount(amount), true) => lowest + amount,
        (Distance::Amount(amount), false) => highest - amount,
        (Distance::Fraction(fraction), true) => lowest * (1.0 + fraction),
        (Distance::Fraction(fraction), false) => highest * (1.0 - fraction),
    }
}
