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

use crate::{
    lanes::{ROWS, beyond},
    setup::Col,
};

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

    /// The rows, a bit each, at which it holds; `before` are the values of the row before them, NaN when
    /// there is none.
    pub(crate) fn rows(
        &self,
        column: &[f64; ROWS],
        other: &[f64; ROWS],
        before: (f64, f64),
    ) -> u64 {
        let pair = |row: usize| (column[row], other[row]);
        match self.relation {
            Relation::CrossesAbove(_, factor) => {
                let is_met = |(column, other): (f64, f64)| column <= other * factor;
                begins(beyond::<false>(column, other, factor), before, pair, is_met)
            }
            Relation::CrossesBelow(_, factor) => {
                let is_met = |(column, other): (f64, f64)| column >= other * factor;
                begins(beyond::<true>(column, other, factor), before, pair, is_met)
            }
            Relation::Above(level) => beyond::<false>(column, &[level; ROWS], 1.0),
            Relation::Below(level) => beyond::<true>(column, &[level; ROWS], 1.0),
        }
    }
}

/// Of the rows that lie beyond, those that come after one which `is_met`: not beyond, and known.
fn begins(
    beyond: u64,
    before: (f64, f64),
    pair: impl Fn(usize) -> (f64, f64),
    is_met: impl Fn((f64, f64)) -> bool,
) -> u64 {
    let (mut left, mut found) = (beyond & !(beyond << 1), 0);
    while left != 0 {
        let row = left.trailing_zeros() as usize;
        let earlier = if row == 0 { before } else { pair(row - 1) };
        found |= u64::from(is_met(earlier)) << row;
        left &= left - 1;
    }
    found
}

#[inline(always)]
fn rises(column: (f64, f64), other: (f64, f64), factor: f64) -> bool {
    (column.1 > other.1 * factor) & (column.0 <= other.0 * factor)
}

#[inline(always)]
fn falls(column: (f64, f64), other: (f64, f64), factor: f64) -> bool {
    (column.1 < other.1 * factor) & (column.0 >= other.0 * factor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl proptest::strategy::Strategy<Value = Vec<f64>> {
        let value = prop_oneof![8 => -3_i8..4, 1 => Just(i8::MAX)]
            .prop_map(|step| if step == i8::MAX { f64::NAN } else { f64::from(step) });
        prop::collection::vec(value, ROWS + 1)
    }

    proptest! {
        #[test]
        fn the_rows_are_those_of_looking_at_one_after_the_other(
            column in values(),
            other in values(),
            factor in prop::sample::select(vec![0.5, 1.0, 2.0]),
            level in -4_i8..5,
        ) {
            let (one, two, level) = (Col(0), Col(1), f64::from(level));
            for trigger in [
                Trigger::crosses_above_times(one, two, factor),
                Trigger::crosses_below_times(one, two, factor),
                Trigger::above(one, level),
                Trigger::below(one, level),
            ] {
                let holds = |row: &usize| {
                    trigger.holds((column[*row], column[row + 1]), (other[*row], other[row + 1]))
                };
                let plain = (0..ROWS).filter(holds).fold(0, |rows, row| rows | 1_u64 << row);
                let whole = |values: &[f64]| <[f64; ROWS]>::try_from(&values[1..]).unwrap();
                let found = trigger.rows(&whole(&column), &whole(&other), (column[0], other[0]));
                prop_assert_eq!(found, plain, "{:?}", trigger);
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
