//! Buys when a fast moving average crosses above a slow one and sells on the reverse crossing.
//!
//! A crossing is an event of one bar: above now, and not above at the bar before. On the first bar on
//! which both averages exist nothing can have crossed, so nothing happens. With a threshold the fast
//! average has to cross a band around the slow one, so that small wiggles trade less.
#![forbid(unsafe_code)]

use strategy_api::prelude::*;

params! {
    /// Windows of the two averages, and the band around the slow one.
    pub struct MaParams {
        /// fast window, bars
        fast: usize = 20, 1 ..= 1000;
        /// slow window, bars
        slow: usize = 50, 2 ..= 5000;
        /// half of the band around the slow average, fraction of it
        threshold: f64 = 0.0, 0.0 ..= 0.5;
    }
}

struct MaCross {
    rises: Trigger,
    falls: Trigger,
}

impl Strategy for MaCross {
    const NAME: &'static str = "ma_cross";
    const ABOUT: &'static str =
        "buys when the fast average crosses above the slow one, sells on the reverse";
    type Params = MaParams;

    fn on_start(params: MaParams, setup: &mut Setup<'_>) -> Result<Self> {
        let MaParams { fast, slow, threshold } = params;
        if fast >= slow {
            return Err(format!("fast ({fast}) must be below slow ({slow})").into());
        }
        let (fast, slow) = (setup.sma(fast)?, setup.sma(slow)?);
        let rises = Trigger::crosses_above_times(fast, slow, 1.0 + threshold);
        let falls = Trigger::crosses_below_times(fast, slow, 1.0 - threshold);
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

export_strategies!(MaCross);

#[cfg(test)]
mod tests {
    use strategy_api::{
        abi::define,
        testing::{bars_from_closes, conformance, run, values},
    };

    use super::*;

    #[test]
    fn it_buys_on_the_crossing_and_sells_on_the_reverse_one() {
        // SMA(2):    -   10    10   11.5   13   11.5   10
        // SMA(3):    -    -    10    11    12    12    11
        let closes = [10.0, 10.0, 10.0, 13.0, 13.0, 10.0, 10.0];
        let bars = bars_from_closes(&closes);
        let outcome = run::<MaCross>(&[("fast", 2.0), ("slow", 3.0)], &bars).unwrap();
        // Decided at the close of bars 3 and 5, filled at the next open: 10,000 / 13 = 769.2.
        assert_eq!(outcome.trades(&bars), [(4, 769.0), (6, -769.0)]);
    }

    #[test]
    fn being_above_on_the_first_defined_bar_is_no_crossing() {
        let rising: Vec<f64> = (1..200).map(f64::from).collect();
        let outcome = run::<MaCross>(&[], &bars_from_closes(&rising)).unwrap();
        assert_eq!(outcome.orders, []);
    }

    #[test]
    fn with_a_threshold_it_waits_for_the_edge_of_the_band() {
        // SMA(1):    10   10   10   11   13   13   10    8
        // SMA(3):    -    -   10  10.33 11.33 12.33 12  10.33
        // 10 % away at bar 4 (13 > 12.47; 11 <= 11.37 before), below at bar 6 (10 < 10.8).
        let closes = [10.0, 10.0, 10.0, 11.0, 13.0, 13.0, 10.0, 8.0];
        let bars = bars_from_closes(&closes);
        let decided = |threshold: f64| {
            let params = [("fast", 1.0), ("slow", 3.0), ("threshold", threshold)];
            let outcome = run::<MaCross>(&params, &bars).unwrap();
            outcome.orders.iter().map(|(at, _)| *at).collect::<Vec<_>>()
        };
        assert_eq!(decided(0.1), [4, 6]);
        assert_eq!(decided(0.0), [3, 6]);
        assert_eq!(decided(0.2), [0; 0]);
    }

    #[test]
    fn it_refuses_a_fast_window_that_is_not_below_the_slow_one() {
        let fault = run::<MaCross>(&[("fast", 50.0)], &bars_from_closes(&[1.0])).unwrap_err();
        assert_eq!(fault.text, "fast (50) must be below slow (50)");
    }

    #[test]
    fn it_conforms() {
        let closes: Vec<f64> = (0..600)
            .map(|day| 100.0 + 20.0 * (f64::from(day) / 9.0).sin() + f64::from(day % 7))
            .collect();
        let def = const { &define::<MaCross>("test", "test") };
        let bars = bars_from_closes(&closes);
        assert!(run::<MaCross>(&[], &bars).unwrap().fills.len() > 4);
        assert_eq!(conformance(def, &values::<MaCross>(&[]), &bars, 20), []);
    }
}
