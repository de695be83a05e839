//! The strategies that are part of the program. They stand in the same registry as those of plugins.

use strategy_api::{prelude::*, submit_strategies};

submit_strategies!(BuyAndHold);

/// Buys every instrument for an equal share of the equity at its first bar and holds it.
struct BuyAndHold {
    is_bought: Vec<bool>,
}

impl Strategy for BuyAndHold {
    const NAME: &'static str = "buy_and_hold";
    const ABOUT: &'static str =
        "buys at the first bar for all the equity, in equal parts, and holds";
    type Params = ();

    fn on_start((): (), setup: &mut Setup<'_>) -> Result<Self> {
        Ok(Self { is_bought: vec![false; setup.instruments()] })
    }

    fn on_bar(&mut self, _: &Bar, ctx: &mut Context<'_>) {
        let is_bought = &mut self.is_bought[ctx.instrument()];
        if !*is_bought {
            *is_bought = true;
            ctx.target(ctx.equal_share());
        }
    }
}
