//! Buys when a fast moving average crosses above a slow one and sells on the reverse crossing.
#![forbid(unsafe_code)]

use strategy_api::prelude::*;

params! {
    /// Windows of the two averages.
    pub struct MaParams {
        /// fast window, bars
        fast: usize = 20, 2 ..= 500;
        /// slow window, bars
        slow: usize = 50, 3 ..= 2000;
    }
}

struct MaCross {
    fast: Col,
    slow: Col,
}

impl Strategy for MaCross {
    const NAME: &'static str = "ma_cross";
    const ABOUT: &'static str =
        "buys when the fast average crosses above the slow one, sells on the reverse";
    type Params = MaParams;

    fn on_start(params: MaParams, setup: &mut Setup<'_>) -> Result<Self> {
        if params.fast >= params.slow {
            return Err(
                format!("fast ({}) must be below slow ({})", params.fast, params.slow).into()
            );
        }
        Ok(Self { fast: setup.sma(params.fast)?, slow: setup.sma(params.slow)? })
    }

    fn on_bar(&mut self, _: &Bar, ctx: &mut Context<'_>) {
        if ctx.crossed_above(self.fast, self.slow) && ctx.position() <= 0.0 {
            ctx.target(1.0);
        } else if ctx.crossed_below(self.fast, self.slow) && ctx.position() > 0.0 {
            ctx.target(0.0);
        }
    }
}

export_strategies!(MaCross);
