//! Buys when the close falls below the lower Bollinger band and sells when it is back at the average.
#![forbid(unsafe_code)]

use strategy_api::prelude::*;

params! {
    /// Shape of the bands.
    pub struct BandParams {
        /// window of the average and the deviation, bars
        window: usize = 20, 2 ..= 1000;
        /// distance of the bands from the average, standard deviations
        width: f64 = 2.0, 0.1 ..= 10.0;
    }
}

struct BollingerReversion {
    bands: BollingerCols,
}

impl Strategy for BollingerReversion {
    const NAME: &'static str = "bollinger_reversion";
    const ABOUT: &'static str =
        "buys below the lower Bollinger band, sells when the close is back at the average";
    type Params = BandParams;

    fn on_start(params: BandParams, setup: &mut Setup<'_>) -> Result<Self> {
        Ok(Self { bands: setup.bollinger(params.window, params.width)? })
    }

    fn on_bar(&mut self, bar: &Bar, ctx: &mut Context<'_>) {
        let holding = ctx.position() > 0.0;
        if bar.close < ctx.get(self.bands.lower) && !holding {
            ctx.target(ctx.equal_share());
        } else if bar.close >= ctx.get(self.bands.middle) && holding {
            ctx.close();
        }
    }
}

export_strategies!(BollingerReversion);

#[cfg(test)]
mod tests {
    use strategy_api::{
        abi::define,
        testing::{bars_from_closes, conformance, run, values},
    };

    use super::*;

    const NARROW: [(&str, f64); 2] = [("window", 4.0), ("width", 1.0)];

    #[test]
    fn it_buys_below_the_lower_band_and_sells_at_the_average() {
        // Bar 3: mean 9, deviation sqrt(12 / 4), lower band 7.27 > 6: buys 10,000 / 6 = 1666.7 at the next open.
        // Bar 4: mean 8.5 > 8: holds. Bar 5: mean 8.25 <= 9: sells.
        let bars = bars_from_closes(&[10.0, 10.0, 10.0, 6.0, 8.0, 9.0, 9.0]);
        let outcome = run::<BollingerReversion>(&NARROW, &bars).unwrap();
        assert_eq!(outcome.trades(&bars), [(4, 1666.0), (6, -1666.0)]);
    }

    #[test]
    fn a_close_on_the_band_is_not_below_it() {
        let outcome = run::<BollingerReversion>(&NARROW, &bars_from_closes(&[10.0; 20])).unwrap();
        assert_eq!(outcome.orders, []);
    }

    #[test]
    fn it_conforms() {
        let closes: Vec<f64> = (0..600)
            .map(|day| 100.0 + 20.0 * (f64::from(day) / 9.0).sin() + f64::from(day % 7))
            .collect();
        let def = const { &define::<BollingerReversion>("test", "test") };
        let bars = bars_from_closes(&closes);
        assert!(run::<BollingerReversion>(&[], &bars).unwrap().fills.len() > 4);
        assert_eq!(conformance(def, &values::<BollingerReversion>(&[]), &bars, 20), []);
    }
}
