//! Buys when the relative strength index says oversold and sells when it says overbought.
#![forbid(unsafe_code)]

use strategy_api::prelude::*;

params! {
    /// Window and thresholds of the index.
    pub struct RsiParams {
        /// window of the relative strength index, bars
        window: usize = 14, 2 ..= 1000;
        /// buy below this index
        oversold: f64 = 30.0, 0.0 ..= 100.0;
        /// sell above this index
        overbought: f64 = 70.0, 0.0 ..= 100.0;
    }
}

struct RsiReversion {
    is_oversold: Trigger,
    is_overbought: Trigger,
}

impl Strategy for RsiReversion {
    const NAME: &'static str = "rsi_reversion";
    const ABOUT: &'static str =
        "buys when the relative strength index is oversold, sells when it is overbought";
    type Params = RsiParams;

    fn on_start(params: RsiParams, setup: &mut Setup<'_>) -> Result<Self> {
        let RsiParams { window, oversold, overbought } = params;
        if oversold >= overbought {
            return Err(
                format!("oversold ({oversold}) must be below overbought ({overbought})").into()
            );
        }
        let rsi = setup.rsi(window)?;
        let is_oversold = Trigger::below(rsi, oversold);
        let is_overbought = Trigger::above(rsi, overbought);
        setup.call_only_on([is_oversold, is_overbought]);
        Ok(Self { is_oversold, is_overbought })
    }

    fn on_bar(&mut self, _: &Bar, ctx: &mut Context<'_>) {
        let holding = ctx.position() > 0.0;
        if ctx.holds(self.is_oversold) && !holding {
            ctx.target(ctx.equal_share());
        } else if ctx.holds(self.is_overbought) && holding {
            ctx.close();
        }
    }
}

export_strategies!(RsiReversion);

#[cfg(test)]
mod tests {
    use strategy_api::{
        abi::define,
        testing::{bars_from_closes, conformance, run, values},
    };

    use super::*;

    #[test]
    fn it_buys_oversold_and_sells_overbought() {
        // RSI(2) of bars 2, 3, 4: losses only: 0; gain 1/2, loss 1/2: 50; gain 3/4, loss 1/4: 75.
        let bars = bars_from_closes(&[10.0, 9.0, 8.0, 9.0, 10.0, 10.0]);
        let outcome = run::<RsiReversion>(&[("window", 2.0)], &bars).unwrap();
        assert_eq!(outcome.trades(&bars), [(3, 1250.0), (5, -1250.0)]);
    }

    #[test]
    fn a_flat_market_is_not_oversold() {
        let outcome = run::<RsiReversion>(&[], &bars_from_closes(&[10.0; 40])).unwrap();
        assert_eq!(outcome.orders, []);
    }

    #[test]
    fn it_refuses_thresholds_in_the_wrong_order() {
        let params = [("oversold", 80.0)];
        let fault = run::<RsiReversion>(&params, &bars_from_closes(&[1.0])).unwrap_err();
        assert_eq!(fault.text, "oversold (80) must be below overbought (70)");
    }

    #[test]
    fn it_conforms() {
        let closes: Vec<f64> = (0..600)
            .map(|day| 100.0 + 20.0 * (f64::from(day) / 9.0).sin() + f64::from(day % 7))
            .collect();
        let def = const { &define::<RsiReversion>("test", "test") };
        let bars = bars_from_closes(&closes);
        assert!(run::<RsiReversion>(&[], &bars).unwrap().fills.len() > 4);
        assert_eq!(conformance(def, &values::<RsiReversion>(&[]), &bars, 20), []);
    }
}
