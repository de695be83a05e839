//! What has to happen at a bar for a strategy to have something to do there.
//!
//! A strategy that acts on a crossing or beyond a level says so once, in `on_start`
//! ([`Setup::call_only_on`](crate::setup::Setup::call_only_on)), and is called at those bars only: the
//! bars between them are looked through column by column, many at a time, which is several times as
//! fast as a call for each.
//!
//! ```
//! use strategy_api::prelude::*;
//!
//! struct Cross {
//!     rises: Trigger,
//! }
//!
//! impl Strategy for Cross {
//!     const NAME: &'static str = "cross";
//!     const ABOUT: &'static str = "buys when the fast average crosses above the slow one";
//!     type Params = ();
//!
//!     fn on_start(_: (), setup: &mut Setup<'_>) -> Result<Self> {
//!         let rises = Trigger::crosses_above(setup.sma(20)?, setup.sma(50)?);
//!         setup.call_only_on([rises]);
//!         Ok(Self { rises })
//!     }
//!
//!     fn on_bar(&mut self, _: &Bar, ctx: &mut Context<'_>) {
//!         if ctx.holds(self.rises) {
//!             ctx.target(1.0);
//!         }
//!     }
//! }
//! ```

use crate::setup::Col;

/// A relation of declared columns at the current bar. It does not hold while one of its values warms up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trigger {
    pub(crate) relation: Relation,
    pub(crate) column: Col,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Relation {
    /// Against a multiple of another column, now and at the bar before.
    CrossesAbove(Col, f64),
    CrossesBelow(Col, f64),
    /// Against a level, now.
    Above(f64),
    Below(f64),
}

impl Trigger {
    /// `column` goes above `other` at this bar: above now, not above at the bar before.
    #[must_use]
    pub fn crosses_above(column: Col, other: Col) -> Self {
        Self::crosses_above_times(column, other, 1.0)
    }

    /// `column` goes below `other` at this bar: below now, not below at the bar before.
    #[must_use]
    pub fn crosses_below(column: Col, other: Col) -> Self {
        Self::crosses_below_times(column, other, 1.0)
    }

    /// `column` goes above `factor` times `other`.
    #[must_use]
    pub fn crosses_above_times(column: Col, other: Col, factor: f64) -> Self {
        Self { relation: Relation::CrossesAbove(other, factor), column }
    }

    /// `column` goes below `factor` times `other`.
    #[must_use]
    pub fn crosses_below_times(column: Col, other: Col, factor: f64) -> Self {
        Self { relation: Relation::CrossesBelow(other, factor), column }
    }

    /// `column` is above `level` at this bar, whether or not it was before.
    #[must_use]
    pub fn above(column: Col, level: f64) -> Self {
        Self { relation: Relation::Above(level), column }
    }

    /// `column` is below `level` at this bar, whether or not it was before.
    #[must_use]
    pub fn below(column: Col, level: f64) -> Self {
        Self { relation: Relation::Below(level), column }
    }

    /// Number of the column.
    pub(crate) fn column(&self) -> usize {
        self.column.0
    }

    /// Number of the column that it is compared with; its own for a level.
    pub(crate) fn other(&self) -> usize {
        match self.relation {
            Relation::CrossesAbove(other, _) | Relation::CrossesBelow(other, _) => other.0,
            Relation::Above(_) | Relation::Below(_) => self.column.0,
        }
    }

    /// Whether it holds at the last of two rows of its columns, each as (before, now). A comparison with
    /// NaN is false.
    #[inline(always)]
    pub(crate) fn holds(&self, column: (f64, f64), other: (f64, f64)) -> bool {
        match self.relation {
            Relation::CrossesAbove(_, factor) => rises(column, other, factor),
            Relation::CrossesBelow(_, factor) => falls(column, other, factor),
            Relation::Above(level) => column.1 > level,
            Relation::Below(level) => column.1 < level,
        }
    }

    /// The first row at which it holds, of two columns whose first row is the one before; `other` is as
    /// long as `column`, or not looked at.
    pub(crate) fn first(&self, column: &[f64], other: &[f64]) -> Option<usize> {
        match self.relation {
            Relation::CrossesAbove(_, factor) => {
                let above = |column: f64, other: f64| column > other * factor;
                first_change(column, other, above, |one, two| rises(one, two, factor))
            }
            Relation::CrossesBelow(_, factor) => {
                let below = |column: f64, other: f64| column < other * factor;
                first_change(column, other, below, |one, two| falls(one, two, factor))
            }
            Relation::Above(level) => first_value(&column[1..], |value| value > level),
            Relation::Below(level) => first_value(&column[1..], |value| value < level),
        }
    }
}

#[inline(always)]
fn rises(column: (f64, f64), other: (f64, f64), factor: f64) -> bool {
    (column.1 > other.1 * factor) & (column.0 <= other.0 * factor)
}

#[inline(always)]
fn falls(column: (f64, f64), other: (f64, f64), factor: f64) -> bool {
    (column.1 < other.1 * factor) & (column.0 >= other.0 * factor)
}

/// Rows that are looked at together, without a branch.
const BLOCK: usize = 32;

/// The first row at which `crosses` holds. It can hold only where `is_beyond` begins to, so that a block
/// that lies on one side as a whole need not be looked at twice.
#[inline(always)]
fn first_change(
    column: &[f64],
    other: &[f64],
    is_beyond: impl Fn(f64, f64) -> bool,
    crosses: impl Fn((f64, f64), (f64, f64)) -> bool,
) -> Option<usize> {
    let rows = column.len().checked_sub(1)?;
    let other = &other[..=rows];
    let mut was_beyond = is_beyond(column[0], other[0]);
    let mut row = 0;
    while let (Some(column), Some(other)) =
        (column[row + 1..].first_chunk::<BLOCK>(), other[row + 1..].first_chunk::<BLOCK>())
    {
        let (mut any, mut all) = (false, true);
        for lane in 0..BLOCK {
            let is_beyond = is_beyond(column[lane], other[lane]);
            any |= is_beyond;
            all &= is_beyond;
        }
        if any && !(all && was_beyond) {
            break;
        }
        was_beyond = all;
        row += BLOCK;
    }
    let at = |row: usize| crosses((column[row], column[row + 1]), (other[row], other[row + 1]));
    (row..rows).find(|row| at(*row))
}

#[inline(always)]
fn first_value(values: &[f64], holds: impl Fn(f64) -> bool) -> Option<usize> {
    let mut row = 0;
    while let Some(block) = values[row..].first_chunk::<BLOCK>() {
        if block.iter().fold(false, |any, value| any | holds(*value)) {
            break;
        }
        row += BLOCK;
    }
    values[row..].iter().position(|value| holds(*value)).map(|found| row + found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl proptest::strategy::Strategy<Value = Vec<f64>> {
        let value = prop_oneof![8 => -3_i8..4, 1 => Just(i8::MAX)]
            .prop_map(|step| if step == i8::MAX { f64::NAN } else { f64::from(step) });
        prop::collection::vec(value, 1..200)
    }

    proptest! {
        #[test]
        fn the_first_row_is_that_of_looking_at_one_after_the_other(
            column in values(),
            other in values(),
            factor in prop::sample::select(vec![0.5, 1.0, 2.0]),
            level in -4_i8..5,
        ) {
            let rows = column.len().min(other.len());
            let (column, other) = (&column[..rows], &other[..rows]);
            let (one, two, level) = (Col(0), Col(1), f64::from(level));
            for trigger in [
                Trigger::crosses_above_times(one, two, factor),
                Trigger::crosses_below_times(one, two, factor),
                Trigger::above(one, level),
                Trigger::below(one, level),
            ] {
                let plain = (1..rows).position(|row| {
                    trigger.holds((column[row - 1], column[row]), (other[row - 1], other[row]))
                });
                prop_assert_eq!(trigger.first(column, other), plain, "{:?}", trigger);
            }
        }
    }

    #[test]
    fn a_crossing_is_from_not_beyond_to_beyond_and_needs_both_bars() {
        let rises = Trigger::crosses_above(Col(0), Col(1));
        let falls = Trigger::crosses_below(Col(0), Col(1));
        for (column, other, up, down) in [
            ((1.0, 3.0), (2.0, 2.0), true, false),
            ((2.0, 3.0), (2.0, 2.0), true, false),
            ((3.0, 4.0), (2.0, 2.0), false, false),
            ((2.0, 1.0), (2.0, 2.0), false, true),
            ((f64::NAN, 3.0), (2.0, 2.0), false, false),
            ((1.0, 3.0), (2.0, f64::NAN), false, false),
        ] {
            assert_eq!((rises.holds(column, other), falls.holds(column, other)), (up, down));
        }
    }
}
