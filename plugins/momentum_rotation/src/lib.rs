//! Cross-sectional momentum (Jegadeesh and Titman, 1993), long only: from the first bar of each month on
//! holds, in equal parts, those of the universe that have risen most over the lookback, and nothing that
//! has fallen. The first choice is made as soon as one of them has been there for the lookback.
#![forbid(unsafe_code)]

use strategy_api::prelude::*;

params! {
    /// How far to look back, how many to hold and how often to choose.
    pub struct RotationParams {
        /// return over this many bars
        lookback: usize = 126, 1 ..= 5000;
        /// how many of the universe to hold
        top: usize = 3, 1 ..= 500;
        /// bars from one choice to the next; 0: at the first bar of each month
        rebalance: usize = 0, 0 ..= 1000;
    }
}

/// When the universe is looked at anew.
enum Next {
    /// Once so many bars have passed, of which some are left.
    Bars { every: usize, left: usize },
    /// At the first bar of another month than that of the last choice.
    Month { last: Option<i64> },
}

impl Next {
    fn is_due(&mut self, ts: i64) -> bool {
        match self {
            Self::Bars { left, .. } => {
                let is_due = *left == 0;
                *left = left.saturating_sub(1);
                is_due
            }
            Self::Month { last } => *last != Some(month(ts)),
        }
    }

    fn chosen(&mut self, ts: i64) {
        match self {
            Self::Bars { every, left } => *left = *every - 1,
            Self::Month { last } => *last = Some(month(ts)),
        }
    }
}

/// Number of the calendar month of a time, UTC: 12 times the year, and 0 for January.
fn month(ts: i64) -> i64 {
    const DAY_NS: i64 = 86_400_000_000_000;
    // Days since 0000-03-01, so that the leap day is the last of its year (Hinnant, "chrono-compatible
    // low-level date algorithms").
    let days = ts.div_euclid(DAY_NS) + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    12 * (400 * era + year) + from_march + 2
}

struct MomentumRotation {
    change: Col,
    top: usize,
    next: Next,
}

impl Strategy for MomentumRotation {
    const NAME: &'static str = "momentum_rotation";
    const ABOUT: &'static str = "holds the strongest of a universe, chosen anew every month";
    type Params = RotationParams;

    fn on_start(params: RotationParams, setup: &mut Setup<'_>) -> Result<Self> {
        let RotationParams { lookback, top, rebalance } = params;
        let next = match rebalance {
            0 => Next::Month { last: None },
            every => Next::Bars { every, left: 0 },
        };
        Ok(Self { change: setup.roc(lookback)?, top, next })
    }

    fn on_slice(&mut self, ctx: &mut Context<'_>) {
        if !self.next.is_due(ctx.now()) {
            return;
        }
        let universe = 0..ctx.instruments();
        let change = |one: usize| ctx.get_of(self.change, one);
        if universe.clone().all(|one| change(one).is_nan()) {
            return;
        }
        self.next.chosen(ctx.now());
        let mut chosen: Vec<usize> = universe.clone().filter(|one| change(*one) > 0.0).collect();
        // Equal ones by symbol, so that the order in which they are named does not show.
        let by_symbol = |a: &usize, b: &usize| ctx.symbol_of(*a).cmp(ctx.symbol_of(*b));
        chosen.sort_by(|a, b| change(*b).total_cmp(&change(*a)).then_with(|| by_symbol(a, b)));
        chosen.truncate(self.top);
        let share = sizing::equal_weight(self.top);
        for one in universe {
            if chosen.contains(&one) {
                ctx.target_of(one, share);
            } else if ctx.position_of(one) != 0.0 {
                ctx.close_of(one);
            }
        }
    }
}

export_strategies!(MomentumRotation);

#[cfg(test)]
mod tests {
    use strategy_api::{
        abi::define,
        testing::{bars_from_closes, conformance, run_on, values},
    };

    use super::*;

    #[test]
    fn it_moves_to_whatever_has_risen_most() {
        // Over two bars: at bar 2 A rose 20 %, B 10 %; at bar 4 A fell, B rose 50 %.
        let a = bars_from_closes(&[10.0, 11.0, 12.0, 11.0, 10.0, 10.0]);
        let b = bars_from_closes(&[10.0, 10.0, 11.0, 12.0, 16.5, 16.5]);
        let params = [("lookback", 2.0), ("top", 1.0), ("rebalance", 2.0)];
        let outcome = run_on::<MomentumRotation>(&params, &[("A", &a), ("B", &b)]).unwrap();
        let fills: Vec<_> =
            outcome.fills.iter().map(|fill| (fill.instrument, fill.quantity)).collect();
        // 10,000 at 12 are 833 shares; sold at 10, the 8,334 buy 505 at 16.5.
        assert_eq!(fills, [(0, 833.0), (0, -833.0), (1, 505.0)]);
    }

    #[test]
    fn of_equals_the_first_by_symbol_is_held_however_they_are_named() {
        let up = bars_from_closes(&[10.0, 11.0, 12.0, 13.0, 14.0, 15.0]);
        let params = [("lookback", 2.0), ("top", 1.0), ("rebalance", 2.0)];
        for named in [["A", "B"], ["B", "A"]] {
            let outcome =
                run_on::<MomentumRotation>(&params, &named.map(|symbol| (symbol, &up[..])))
                    .unwrap();
            let held: Vec<_> = outcome.fills.iter().map(|fill| named[fill.instrument]).collect();
            assert_eq!(held, ["A"]);
        }
    }

    #[test]
    fn it_chooses_at_the_first_bar_of_a_month() {
        const DAY_NS: i64 = 86_400_000_000_000;
        // Days from 1970-01-26 on, a Monday: the first bar of February is that of Monday the 2nd.
        let weekdays = (25..65).filter(|day| (day + 3) % 7 < 5);
        let mut up =
            bars_from_closes(&(0..28).map(|day| 10.0 + f64::from(day)).collect::<Vec<_>>());
        up.iter_mut().zip(weekdays).for_each(|(bar, day)| bar.ts = day * DAY_NS);
        let outcome =
            run_on::<MomentumRotation>(&[("lookback", 2.0), ("top", 1.0)], &[("A", &up)]).unwrap();
        let decided: Vec<i64> =
            outcome.orders.iter().map(|(step, _)| up[*step].ts / DAY_NS).collect();
        // Wednesday, 28 January, has the first value; Mondays, 2 February and 2 March.
        assert_eq!(decided, [27, 32, 60]);
    }

    #[test]
    fn a_month_is_that_of_the_calendar() {
        const DAY_NS: i64 = 86_400_000_000_000;
        // Lengths of the months from 1968 to 1971, which begin 731 days before 1970.
        let year = |leap: i64| [31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let lengths = [1, 0, 0, 0].map(year).concat();
        let mut first = -731;
        for (place, length) in lengths.iter().enumerate() {
            let expected = 12 * 1968 + place as i64;
            let last_ns = (first + length) * DAY_NS - 1;
            assert_eq!((month(first * DAY_NS), month(last_ns)), (expected, expected));
            first += length;
        }
        // 1900 and 2100 have no leap day, 2000 has one.
        for (day, expected) in [(-25_508, 1900), (47_541, 2100)] {
            assert_eq!([day - 1, day].map(|day| month(day * DAY_NS) - 12 * expected), [1, 2]);
        }
        assert_eq!([11_016, 11_017].map(|day| month(day * DAY_NS) - 12 * 2000), [1, 2]);
    }

    #[test]
    fn it_holds_nothing_when_all_fall() {
        let down = bars_from_closes(&[10.0, 9.0, 8.0, 7.0, 6.0]);
        let params = [("lookback", 2.0), ("rebalance", 1.0)];
        let outcome = run_on::<MomentumRotation>(&params, &[("A", &down), ("B", &down)]).unwrap();
        assert_eq!(outcome.orders, []);
    }

    #[test]
    fn it_conforms() {
        let closes: Vec<f64> = (0..600)
            .map(|day| 100.0 + 20.0 * (f64::from(day) / 9.0).sin() + f64::from(day % 7))
            .collect();
        let def = const { &define::<MomentumRotation>("test", "test") };
        let params = values::<MomentumRotation>(&[("lookback", 20.0), ("rebalance", 5.0)]);
        assert_eq!(conformance(def, &params, &bars_from_closes(&closes), 20), []);
    }
}
