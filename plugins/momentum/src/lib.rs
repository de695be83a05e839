//! Time-series momentum (Moskowitz, Ooi and Pedersen, 2012), long only: every so many bars, holds if the
//! return over the lookback is positive and is out of the market if not.
#![forbid(unsafe_code)]

use strategy_api::prelude::*;

params! {
    /// How far to look back and how often.
    pub struct MomentumParams {
        /// return over this many bars
        lookback: usize = 252, 1 ..= 5000;
        /// bars from one decision to the next
        rebalance: usize = 21, 1 ..= 1000;
    }
}

struct Momentum {
    change: Col,
    rebalance: usize,
    /// Bars until the next decision, by instrument.
    wait: Vec<usize>,
}

impl Strategy for Momentum {
    const NAME: &'static str = "momentum";
    const ABOUT: &'static str = "holds while the return over the lookback is positive";
    type Params = MomentumParams;

    fn on_start(params: MomentumParams, setup: &mut Setup<'_>) -> Result<Self> {
        let MomentumParams { lookback, rebalance } = params;
        Ok(Self { change: setup.roc(lookback)?, rebalance, wait: vec![0; setup.instruments()] })
    }

    fn on_bar(&mut self, _: &Bar, ctx: &mut Context<'_>) {
        let (change, holding) = (ctx.get(self.change), ctx.position() > 0.0);
        let wait = &mut self.wait[ctx.instrument()];
        if change.is_nan() || *wait > 0 {
            *wait = wait.saturating_sub(1);
            return;
        }
        *wait = self.rebalance - 1;
        if change > 0.0 && !holding {
            ctx.target(ctx.equal_share());
        } else if change <= 0.0 && holding {
            ctx.close();
        }
    }
}

export_strategies!(Momentum);

#[cfg(test)]
mod tests {
    use strategy_api::{
        abi::define,
        testing::{bars_from_closes, conformance, run, values},
    };

    use super::*;

    #[test]
    fn it_decides_every_second_bar_on_the_return_over_two() {
        // Decisions at bars 2 (11 / 10 > 1: buys), 4 (11 / 11: sells) and 6 (10 / 11: stays out).
        let bars = bars_from_closes(&[10.0, 10.0, 11.0, 12.0, 11.0, 10.0, 10.0, 12.0]);
        let params = [("lookback", 2.0), ("rebalance", 2.0)];
        let outcome = run::<Momentum>(&params, &bars).unwrap();
        assert_eq!(outcome.trades(&bars), [(3, 909.0), (5, -909.0)]);
    }

    #[test]
    fn it_does_nothing_between_two_decisions() {
        let bars = bars_from_closes(&[10.0, 10.0, 11.0, 5.0, 5.0, 5.0, 5.0]);
        let params = [("lookback", 2.0), ("rebalance", 4.0)];
        let outcome = run::<Momentum>(&params, &bars).unwrap();
        let decided: Vec<usize> = outcome.orders.iter().map(|(at, _)| *at).collect();
        assert_eq!(decided, [2, 6]);
    }

    const SHORT: [(&str, f64); 2] = [("lookback", 20.0), ("rebalance", 5.0)];

    #[test]
    fn it_conforms() {
        let closes: Vec<f64> = (0..600)
            .map(|day| 100.0 + 20.0 * (f64::from(day) / 9.0).sin() + f64::from(day % 7))
            .collect();
        let def = const { &define::<Momentum>("test", "test") };
        let bars = bars_from_closes(&closes);
        assert!(run::<Momentum>(&SHORT, &bars).unwrap().fills.len() > 4);
        assert_eq!(conformance(def, &values::<Momentum>(&SHORT), &bars, 20), []);
    }
}
