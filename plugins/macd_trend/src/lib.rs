//! Follows the trend: buys when the MACD line crosses above its signal and sells on the reverse crossing.
#![forbid(unsafe_code)]

use strategy_api::prelude::*;

params! {
    /// Windows of the three averages.
    pub struct MacdParams {
        /// window of the fast average, bars
        fast: usize = 12, 1 ..= 1000;
        /// window of the slow average, bars
        slow: usize = 26, 2 ..= 5000;
        /// window of the signal, bars
        signal: usize = 9, 1 ..= 1000;
    }
}

struct MacdTrend {
    rises: Trigger,
    falls: Trigger,
}

impl Strategy for MacdTrend {
    const NAME: &'static str = "macd_trend";
    const ABOUT: &'static str =
        "buys when the MACD line crosses above its signal, sells on the reverse";
    type Params = MacdParams;

    fn on_start(params: MacdParams, setup: &mut Setup<'_>) -> Result<Self> {
        let MacdCols { line, signal, .. } = setup.macd(params.fast, params.slow, params.signal)?;
        let rises = Trigger::crosses_above(line, signal);
        let falls = Trigger::crosses_below(line, signal);
        setup.call_only_on([rises, falls]);
        Ok(Self { rises, falls })
    }

    fn on_bar(&mut self, _: &Bar, ctx: &mut Context<'_>) {
        if ctx.holds(self.rises) && ctx.position() <= 0.0 {
            ctx.target(ctx.equal_share());
        } else if ctx.holds(self.falls) && ctx.position() > 0.0 {
            ctx.close();
        }
    }
}

export_strategies!(MacdTrend);

#[cfg(test)]
mod tests {
    use strategy_api::{
        abi::define,
        testing::{bars_from_closes, conformance, run, values},
    };

    use super::*;

    #[test]
    fn it_buys_and_sells_when_the_line_crosses_its_signal() {
        // With fast 1 the fast average is the close; slow 3 moves half of the way, signal 2 two thirds.
        // bar        3     4      5
        // slow       9   10.5   11.25
        // line       0    1.5    0.75
        // signal     0    1      0.833
        let bars = bars_from_closes(&[9.0, 9.0, 9.0, 9.0, 12.0, 12.0, 12.0, 9.0, 9.0]);
        let params = [("fast", 1.0), ("slow", 3.0), ("signal", 2.0)];
        let outcome = run::<MacdTrend>(&params, &bars).unwrap();
        assert_eq!(outcome.trades(&bars), [(5, 833.0), (6, -833.0)]);
    }

    #[test]
    fn it_refuses_a_fast_window_that_is_not_below_the_slow_one() {
        let params = [("fast", 30.0)];
        let fault = run::<MacdTrend>(&params, &bars_from_closes(&[1.0])).unwrap_err();
        assert_eq!(fault.text, "fast is 30 and slow is 26; fast must be below slow");
    }

    #[test]
    fn it_conforms() {
        let closes: Vec<f64> = (0..600)
            .map(|day| 100.0 + 20.0 * (f64::from(day) / 9.0).sin() + f64::from(day % 7))
            .collect();
        let def = const { &define::<MacdTrend>("test", "test") };
        let bars = bars_from_closes(&closes);
        assert!(run::<MacdTrend>(&[], &bars).unwrap().fills.len() > 4);
        assert_eq!(conformance(def, &values::<MacdTrend>(&[]), &bars, 20), []);
    }
}
