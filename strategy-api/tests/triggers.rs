//! A strategy that says when it has something to do gives, bit for bit, what it gives when it is called
//! at every bar; one that breaks its promise is found.

use proptest::{prelude::*, strategy::Strategy as Generate};
use strategy_api::{
    Strategy,
    abi::{define, layout::StrategyDef},
    prelude::*,
    testing::{Finding, Pace, bars_from_closes, conformance, drive_on},
};

/// Trades on relations of every kind, and on fills and slices besides.
struct Triggered {
    rises: Trigger,
    falls: Trigger,
    is_high: Trigger,
    is_low: Trigger,
    slices: u64,
}

impl Strategy for Triggered {
    const NAME: &'static str = "triggered";
    const ABOUT: &'static str = "acts on crossings and levels";
    type Params = ();

    fn on_start((): (), setup: &mut Setup<'_>) -> Result<Self> {
        let (fast, slow, strength) = (setup.sma(3)?, setup.ema(7)?, setup.rsi(5)?);
        let triggered = Self {
            rises: Trigger::crosses_above_times(fast, slow, 1.001),
            falls: Trigger::crosses_below(fast, slow),
            is_high: Trigger::above(strength, 85.0),
            is_low: Trigger::below(strength, 15.0),
            slices: 0,
        };
        let Self { rises, falls, is_high, is_low, .. } = triggered;
        setup.call_only_on([rises, falls]);
        setup.call_only_on([is_high, is_low]);
        Ok(triggered)
    }

    fn on_bar(&mut self, _: &Bar, ctx: &mut Context<'_>) {
        if ctx.holds(self.rises) {
            ctx.order(2.0);
        } else if ctx.holds(self.falls) {
            ctx.close();
        } else if ctx.holds(self.is_high) || ctx.holds(self.is_low) {
            ctx.log("far out");
            self.slices += 1;
        }
    }

    fn on_fill(&mut self, fill: &Fill, ctx: &mut Context<'_>) {
        if fill.price > 101.0 {
            ctx.close_of(fill.instrument);
        }
    }

    fn on_finish(&mut self, ctx: &mut Context<'_>) {
        ctx.log(&self.slices.to_string());
    }
}

/// Says that it waits for crossings, and buys at the tenth bar.
struct Liar;

impl Strategy for Liar {
    const NAME: &'static str = "liar";
    const ABOUT: &'static str = "breaks its promise";
    type Params = ();

    fn on_start((): (), setup: &mut Setup<'_>) -> Result<Self> {
        let rises = Trigger::crosses_above(setup.sma(2)?, setup.sma(4)?);
        setup.call_only_on([rises]);
        Ok(Self)
    }

    fn on_bar(&mut self, _: &Bar, ctx: &mut Context<'_>) {
        if ctx.step() == 10 {
            ctx.order(1.0);
        }
    }
}

const TRIGGERED: &StrategyDef = &define::<Triggered>("1", "");
const LIAR: &StrategyDef = &define::<Liar>("1", "");

fn closes() -> impl Generate<Value = Vec<Vec<f64>>> {
    (1_usize..4, 1_usize..600).prop_flat_map(|(instruments, bars)| {
        let walk = prop::collection::vec(-0.05_f64..0.05, bars).prop_map(|steps| {
            let walk = |price: &mut f64, step: f64| {
                *price *= 1.0 + step;
                Some(*price)
            };
            steps.into_iter().scan(100.0, walk).collect()
        });
        prop::collection::vec(walk, instruments)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn waiting_for_triggers_gives_what_looking_at_every_bar_gives(closes in closes()) {
        let bars: Vec<Vec<Bar>> = closes.iter().map(|closes| bars_from_closes(closes)).collect();
        let named: Vec<(&str, &[Bar])> =
            ["A", "B", "C"].into_iter().zip(bars.iter().map(Vec::as_slice)).collect();
        let run = |pace| format!("{:?}", drive_on(TRIGGERED, &[], &named, pace));
        prop_assert_eq!(run(Pace::UntilItActs), run(Pace::BarByBar));
    }
}

#[test]
fn a_broken_promise_is_found() {
    let bars = bars_from_closes(&[10.0; 40]);
    assert_eq!(conformance(LIAR, &[], &bars, 3), [Finding::DependsOnPace]);
}
