//! The turtle rule: buys when the close breaks out above the highest high of the previous bars and sells
//! when it falls below the lowest low of fewer previous bars. The current bar is in neither range.
#![forbid(unsafe_code)]

use strategy_api::prelude::*;

params! {
    /// Lengths of the two channels.
    pub struct ChannelParams {
        /// bars whose highest high must be exceeded to buy
        entry: usize = 20, 1 ..= 1000;
        /// bars whose lowest low must be undercut to sell
        exit: usize = 10, 1 ..= 1000;
    }
}

struct DonchianBreakout {
    highest: Col,
    lowest: Col,
}

impl Strategy for DonchianBreakout {
    const NAME: &'static str = "donchian_breakout";
    const ABOUT: &'static str =
        "buys above the highest high of the previous bars, sells below the lowest low";
    type Params = ChannelParams;

    fn on_start(params: ChannelParams, setup: &mut Setup<'_>) -> Result<Self> {
        Ok(Self { highest: setup.highest(params.entry)?, lowest: setup.lowest(params.exit)? })
    }

    fn on_bar(&mut self, bar: &Bar, ctx: &mut Context<'_>) {
        let holding = ctx.position() > 0.0;
        // One bar ago, the columns held the previous bars without the current one.
        if bar.close > ctx.ago(self.highest, 1) && !holding {
            ctx.target(ctx.equal_share());
        } else if bar.close < ctx.ago(self.lowest, 1) && holding {
            ctx.close();
        }
    }
}

export_strategies!(DonchianBreakout);

#[cfg(test)]
mod tests {
    use strategy_api::{
        abi::define,
        testing::{bars_from_closes, conformance, run, values},
    };

    use super::*;

    #[test]
    fn it_buys_above_the_previous_highs_and_sells_below_the_previous_lows() {
        // highs: 10 11 11 11 12 12 11 10   lows: 10 10 10 10 11 11 10 9
        // Bar 3: 11 is not above 11. Bar 4: 12 > 11: buys 10,000 / 12 = 833.3 at the next open.
        // Bar 5: 11 is not below min(10, 11). Bar 6: 10 < min(11, 11): sells.
        let bars = bars_from_closes(&[10.0, 11.0, 10.0, 11.0, 12.0, 11.0, 10.0, 9.0]);
        let params = [("entry", 3.0), ("exit", 2.0)];
        let outcome = run::<DonchianBreakout>(&params, &bars).unwrap();
        assert_eq!(outcome.trades(&bars), [(5, 833.0), (7, -833.0)]);
    }

    #[test]
    fn it_waits_until_the_whole_channel_lies_in_the_past() {
        let rising: Vec<f64> = (1..=30).map(f64::from).collect();
        let outcome = run::<DonchianBreakout>(&[], &bars_from_closes(&rising)).unwrap();
        let bought: Vec<usize> = outcome.orders.iter().map(|(at, _)| *at).collect();
        assert_eq!(bought, [20]);
    }

    #[test]
    fn it_conforms() {
        let closes: Vec<f64> = (0..600)
            .map(|day| 100.0 + 20.0 * (f64::from(day) / 9.0).sin() + f64::from(day % 7))
            .collect();
        let def = const { &define::<DonchianBreakout>("test", "test") };
        let bars = bars_from_closes(&closes);
        assert!(run::<DonchianBreakout>(&[], &bars).unwrap().fills.len() > 4);
        assert_eq!(conformance(def, &values::<DonchianBreakout>(&[]), &bars, 20), []);
    }
}
