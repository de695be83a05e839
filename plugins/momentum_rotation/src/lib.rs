//! Cross-sectional momentum (Jegadeesh and Titman, 1993), long only: every month holds, in equal parts,
//! those of the universe that have risen most over the lookback, and nothing that has fallen.
#![forbid(unsafe_code)]

use strategy_api::prelude::*;

params! {
    /// How far to look back, how many to hold and how often to choose.
    pub struct RotationParams {
        /// return over this many bars
        lookback: usize = 126, 1 ..= 5000;
        /// how many of the universe to hold
        top: usize = 3, 1 ..= 500;
        /// bars from one choice to the next (21: a month of days)
        rebalance: usize = 21, 1 ..= 1000;
    }
}

struct MomentumRotation {
    change: Col,
    top: usize,
    rebalance: usize,
    /// Steps until the next choice.
    wait: usize,
}

impl Strategy for MomentumRotation {
    const NAME: &'static str = "momentum_rotation";
    const ABOUT: &'static str = "holds the strongest of a universe, chosen anew every month";
    type Params = RotationParams;

    fn on_start(params: RotationParams, setup: &mut Setup<'_>) -> Result<Self> {
        let RotationParams { lookback, top, rebalance } = params;
        Ok(Self { change: setup.roc(lookback)?, top, rebalance, wait: 0 })
    }

    fn on_slice(&mut self, ctx: &mut Context<'_>) {
        if self.wait > 0 {
            self.wait -= 1;
            return;
        }
        let universe = 0..ctx.instruments();
        let change = |one: usize| ctx.get_of(self.change, one);
        if universe.clone().all(|one| change(one).is_nan()) {
            return;
        }
        self.wait = self.rebalance - 1;
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
