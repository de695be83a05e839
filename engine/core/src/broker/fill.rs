//! Which price of which bar fills an order: the rules of filling, and nothing about sizes or money.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use strategy_api::Bar;

use crate::journal::FilledAt;

/// A fill model. An order is decided when its bar has closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FillModel {
    /// At the open of the instrument's next bar: what a trader can have.
    #[default]
    NextOpen,
    /// At the close of the very bar that was just seen: the convention of some other engines, and
    /// better than what a trader can have.
    SameClose,
    /// At the close of the instrument's next bar.
    NextClose,
}

impl FillModel {
    const NAMES: [(&'static str, Self); 3] = [
        ("next_open", Self::NextOpen),
        ("same_close", Self::SameClose),
        ("next_close", Self::NextClose),
    ];
}

impl fmt::Display for FillModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, model)| model == self).map(|(name, _)| *name);
        f.pad(name.expect("every model has a name"))
    }
}

/// A text that names no fill model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{}' is no fill model; valid: next_open, same_close, next_close", .0.escape_debug())]
pub struct UnknownFillModel(pub String);

impl FromStr for FillModel {
    type Err = UnknownFillModel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, model)| *model);
        found.ok_or_else(|| UnknownFillModel(text.chars().take(60).collect()))
    }
}

/// When a limit order fills at its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LimitTouch {
    /// The price has to reach the limit.
    #[default]
    Touch,
    /// The price has to go beyond the limit: whoever waits there is at the end of the queue.
    Strict,
}

impl LimitTouch {
    const NAMES: [(&'static str, Self); 2] = [("touch", Self::Touch), ("strict", Self::Strict)];
}

impl fmt::Display for LimitTouch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, touch)| touch == self).map(|(name, _)| *name);
        f.pad(name.expect("every rule has a name"))
    }
}

/// A text that names no rule for limits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{}' is no rule for limits; valid: touch, strict", .0.escape_debug())]
pub struct UnknownLimitTouch(pub String);

impl FromStr for LimitTouch {
    type Err = UnknownLimitTouch;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, touch)| *touch);
        found.ok_or_else(|| UnknownLimitTouch(text.chars().take(60).collect()))
    }
}

/// What is assumed of a bar in which a stop and a limit of one group are both reached, or an attached
/// order together with the order that it is attached to: bars do not say which came first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ambiguity {
    /// Stops first: the worst for the trader.
    #[default]
    Pessimistic,
    /// Limits first: the best for the trader.
    Optimistic,
}

/// When within a bar a fill takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    /// At its first price.
    Open,
    /// Somewhere between.
    Inside,
    /// At its last price.
    Close,
}

impl From<Moment> for FilledAt {
    fn from(moment: Moment) -> Self {
        match moment {
            Moment::Open => Self::Open,
            Moment::Inside => Self::Inside,
            Moment::Close => Self::Close,
        }
    }
}

/// A price of a bar at which an order may fill.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Touch {
    pub(super) moment: Moment,
    pub(super) price: f64,
}

/// Where a bar touches a limit. A sale is a purchase in a market whose prices have the other sign.
pub(super) fn touch_limit(limit: f64, is_buy: bool, bar: &Bar, rule: LimitTouch) -> Option<Touch> {
    let (sign, low) = if is_buy { (1.0, bar.low) } else { (-1.0, -bar.high) };
    let (open, level) = (sign * bar.open, sign * limit);
    let is_reached = match rule {
        LimitTouch::Touch => low <= level,
        LimitTouch::Strict => low < level,
    };
    if open <= level {
        Some(Touch { moment: Moment::Open, price: bar.open })
    } else {
        is_reached.then_some(Touch { moment: Moment::Inside, price: limit })
    }
}

/// Where a bar touches a stop: a gap beyond it fills at the gap.
pub(super) fn touch_stop(stop: f64, is_buy: bool, bar: &Bar) -> Option<Touch> {
    let (sign, high) = if is_buy { (1.0, bar.high) } else { (-1.0, -bar.low) };
    let (open, level) = (sign * bar.open, sign * stop);
    if open >= level {
        Some(Touch { moment: Moment::Open, price: bar.open })
    } else {
        (high >= level).then_some(Touch { moment: Moment::Inside, price: stop })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_back() {
        for (name, model) in FillModel::NAMES {
            assert_eq!(name.parse(), Ok(model));
            assert_eq!(model.to_string(), name);
        }
        assert!("open".parse::<FillModel>().is_err());
    }

    const BAR: Bar = Bar { ts: 0, open: 10.0, high: 12.0, low: 8.0, close: 11.0, volume: 1.0 };

    fn at(moment: Moment, price: f64) -> Option<Touch> {
        Some(Touch { moment, price })
    }

    #[test]
    fn a_limit_fills_at_the_open_or_at_itself_or_not() {
        let buy = |limit| touch_limit(limit, true, &BAR, LimitTouch::Touch);
        assert_eq!(buy(10.5), at(Moment::Open, 10.0));
        assert_eq!(buy(10.0), at(Moment::Open, 10.0));
        assert_eq!(buy(9.0), at(Moment::Inside, 9.0));
        assert_eq!(buy(8.0), at(Moment::Inside, 8.0));
        assert_eq!(buy(7.9), None);
        let sell = |limit| touch_limit(limit, false, &BAR, LimitTouch::Touch);
        assert_eq!(sell(9.5), at(Moment::Open, 10.0));
        assert_eq!(sell(12.0), at(Moment::Inside, 12.0));
        assert_eq!(sell(12.1), None);
    }

    #[test]
    fn a_strict_limit_wants_the_price_beyond_it() {
        assert_eq!(touch_limit(8.0, true, &BAR, LimitTouch::Strict), None);
        assert_eq!(touch_limit(12.0, false, &BAR, LimitTouch::Strict), None);
        assert_eq!(touch_limit(8.1, true, &BAR, LimitTouch::Strict), at(Moment::Inside, 8.1));
    }

    #[test]
    fn a_stop_fills_at_the_gap_or_at_itself_or_not() {
        assert_eq!(touch_stop(9.0, true, &BAR), at(Moment::Open, 10.0));
        assert_eq!(touch_stop(12.0, true, &BAR), at(Moment::Inside, 12.0));
        assert_eq!(touch_stop(12.1, true, &BAR), None);
        assert_eq!(touch_stop(11.0, false, &BAR), at(Moment::Open, 10.0));
        assert_eq!(touch_stop(8.0, false, &BAR), at(Moment::Inside, 8.0));
        assert_eq!(touch_stop(7.9, false, &BAR), None);
    }
}
