//! Running until the strategy acts gives, bit for bit, what one bar a call gives: over random bars, for
//! strategies that use every callback, on one instrument and on several.

use std::fmt::Debug;

use proptest::{prelude::*, strategy::Strategy as Generate, test_runner::TestCaseError};
use strategy_api::{
    Columns, Strategy,
    abi::{
        define,
        host::{Fault, Instance, InstrumentBars, Market},
        layout::{RawFill, RawOrder, StrategyDef},
        raw::ProgressPage,
    },
    prelude::*,
    testing::{self, Pace, bars_from_closes},
};

/// Acts on a crossing of two host columns, and on nothing else.
struct Crossing {
    fast: Col,
    slow: Col,
}

impl Strategy for Crossing {
    const NAME: &'static str = "crossing";
    const ABOUT: &'static str = "host columns";
    type Params = ();

    fn on_start((): (), setup: &mut Setup<'_>) -> Result<Self> {
        Ok(Self { fast: setup.sma(3)?, slow: setup.ema(7)? })
    }

    fn on_bar(&mut self, _: &Bar, ctx: &mut Context<'_>) {
        if ctx.crossed_above(self.fast, self.slow) {
            ctx.target(1.0);
        } else if ctx.crossed_below(self.fast, self.slow) {
            ctx.target(0.0);
        }
    }
}

/// Writes lines of very different lengths, from the start to the end, and never trades.
struct Talker {
    spoken: u64,
}

impl Strategy for Talker {
    const NAME: &'static str = "talker";
    const ABOUT: &'static str = "logs";
    type Params = ();

    fn on_start((): (), setup: &mut Setup<'_>) -> Result<Self> {
        setup.log("starts");
        Ok(Self { spoken: 0 })
    }

    fn on_bar(&mut self, bar: &Bar, ctx: &mut Context<'_>) {
        let mixed = mix(self.spoken, bar.close);
        self.spoken += 1;
        // From nothing at all to more than the log has room for in one step.
        let lines = [0, 0, 1, 1, 2, 3, 1, 5][(mixed % 8) as usize];
        for line in 0..lines {
            ctx.log(&"x".repeat(((mixed >> line) % 40_000) as usize));
        }
    }

    fn on_finish(&mut self, ctx: &mut Context<'_>) {
        ctx.log("ends");
    }
}

/// Answers fills with orders, keeps its own sums, and looks at everything that it may see.
struct Answering {
    state: u64,
}

impl Answering {
    fn look(&mut self, ctx: &Context<'_>) {
        let history = ctx.history();
        self.state = mix(self.state, ctx.cash() + ctx.equity() + ctx.position());
        self.state = mix(self.state, ctx.entry_price().unwrap_or(-1.0));
        self.state = mix(self.state, history.len() as f64 + history.close.iter().sum::<f64>());
        self.state = mix(self.state, ctx.now() as f64 + ctx.step() as f64);
    }
}

impl Strategy for Answering {
    const NAME: &'static str = "answering";
    const ABOUT: &'static str = "every callback";
    type Params = ();

    fn on_start((): (), setup: &mut Setup<'_>) -> Result<Self> {
        Ok(Self { state: setup.seed() })
    }

    fn on_bar(&mut self, bar: &Bar, ctx: &mut Context<'_>) {
        self.look(ctx);
        self.state = mix(self.state, bar.close);
        match self.state % 11 {
            0 => drop(ctx.target(1.0)),
            1 => drop(ctx.order((self.state % 7) as f64 - 3.0)),
            2 => ctx.log(&format!("{:x} at {}", self.state, ctx.step())),
            _ => {}
        }
    }

    fn on_slice(&mut self, ctx: &mut Context<'_>) {
        let bars = (0..ctx.instruments()).filter(|index| ctx.has_bar(*index)).count();
        self.state = mix(self.state, bars as f64);
        if self.state.is_multiple_of(23) {
            ctx.close_of((self.state % ctx.instruments() as u64) as usize);
        }
    }

    fn on_fill(&mut self, fill: &Fill, ctx: &mut Context<'_>) {
        self.look(ctx);
        self.state = mix(self.state, fill.price * fill.quantity + fill.instrument as f64);
        if self.state.is_multiple_of(3) {
            ctx.order(-fill.quantity);
        }
    }

    fn on_finish(&mut self, ctx: &mut Context<'_>) {
        ctx.log(&format!("{:x}", self.state));
    }
}

/// Panics at some bar or other.
struct Fragile;

impl Strategy for Fragile {
    const NAME: &'static str = "fragile";
    const ABOUT: &'static str = "panics";
    type Params = ();

    fn on_start((): (), _: &mut Setup<'_>) -> Result<Self> {
        Ok(Self)
    }

    fn on_bar(&mut self, bar: &Bar, ctx: &mut Context<'_>) {
        match mix(0, bar.close) % 50 {
            0 => panic!("the close is {}", bar.close),
            1..5 => drop(ctx.target(1.0)),
            _ => {}
        }
    }
}

fn mix(state: u64, number: f64) -> u64 {
    let mixed = (state ^ number.to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// Text of what happened; a NaN is equal to itself in it, and every number has all its digits.
fn text(outcome: &impl Debug) -> String {
    format!("{outcome:?}")
}

fn closes() -> impl Generate<Value = Vec<f64>> {
    prop::collection::vec(-0.05_f64..0.05, 1..250).prop_map(|steps| {
        let walk = |price: &mut f64, step: f64| {
            *price *= 1.0 + step;
            Some(*price)
        };
        steps.into_iter().scan(100.0, walk).collect()
    })
}

fn paces_agree(def: &'static StrategyDef, bars: &[Bar]) -> std::result::Result<(), TestCaseError> {
    let at_once = testing::drive(def, &[], bars, Pace::UntilItActs);
    let bar_by_bar = testing::drive(def, &[], bars, Pace::BarByBar);
    prop_assert_eq!(text(&at_once), text(&bar_by_bar));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_instrument_gives_the_same_at_every_pace(closes in closes()) {
        let bars = bars_from_closes(&closes);
        paces_agree(const { &define::<Crossing>("1", "") }, &bars)?;
        paces_agree(const { &define::<Talker>("1", "") }, &bars)?;
        paces_agree(const { &define::<Answering>("1", "") }, &bars)?;
        paces_agree(const { &define::<Fragile>("1", "") }, &bars)?;
    }

    #[test]
    fn several_instruments_give_the_same_at_every_pace(
        universe in prop::collection::vec(closes(), 1..4),
        gaps in any::<u64>(),
        seed in any::<u64>(),
        horizons in prop::collection::vec(1_usize..20, 1..20),
    ) {
        let universe = Universe::of(&universe, gaps);
        for def in [const { &define::<Answering>("1", "") }, const { &define::<Talker>("1", "") }] {
            let at_once = universe.drive(def, seed, |_| usize::MAX);
            let bar_by_bar = universe.drive(def, seed, |_| 1);
            let in_between = universe.drive(def, seed, |call| horizons[call % horizons.len()]);
            prop_assert_eq!(text(&at_once), text(&bar_by_bar));
            prop_assert_eq!(text(&at_once), text(&in_between));
        }
    }
}

/// Instruments with gaps on one timeline.
struct Universe {
    timeline: Vec<i64>,
    instruments: Vec<(Vec<i64>, Vec<f64>, Vec<u32>)>,
}

impl Universe {
    fn of(universe: &[Vec<f64>], gaps: u64) -> Self {
        let steps = universe.iter().map(Vec::len).max().unwrap_or_default() + 20;
        let timeline: Vec<i64> = (0..steps as i64).collect();
        let instruments = universe.iter().enumerate().map(|(index, closes)| {
            let (mut ts, mut seen) = (Vec::new(), Vec::new());
            for step in &timeline {
                let is_gap = mix(gaps ^ index as u64, *step as f64).is_multiple_of(5);
                if !is_gap && ts.len() < closes.len() {
                    ts.push(*step);
                }
                seen.push(ts.len() as u32);
            }
            let closes = closes[..ts.len()].to_vec();
            (ts, closes, seen)
        });
        Self { instruments: instruments.collect(), timeline }
    }

    /// Orders and log lines of a run in which the host hands over `horizon(call)` steps at a time.
    /// Every order of one step fills at the next one at which its instrument has a bar.
    fn drive(
        &self,
        def: &'static StrategyDef,
        seed: u64,
        horizon: impl Fn(usize) -> usize,
    ) -> std::result::Result<Vec<String>, Fault> {
        let bars = self.instruments.iter().map(|(ts, closes, seen)| InstrumentBars {
            symbol: "TEST",
            columns: Columns {
                ts,
                open: closes,
                high: closes,
                low: closes,
                close: closes,
                volume: closes,
            },
            seen: Some(seen),
        });
        let market = Market::new(&self.timeline, bars.collect(), Resolution::Day1);
        let progress = ProgressPage::default();
        let mut instance = Instance::start(def, &[], &market, &progress, seed)?;
        instance.attach(Vec::new());
        let (mut happened, mut pending) = (Vec::new(), Vec::<RawOrder>::new());
        let (mut at, mut cash, end) = (0, 1000.0, self.timeline.len());
        for call in 0.. {
            let fills: Vec<RawFill> = pending
                .extract_if(.., |order| self.has_bar(order.instrument as usize, at))
                .map(|order| fill_of(&order))
                .collect();
            for fill in &fills {
                instance.position[fill.instrument as usize] += fill.quantity;
                cash -= fill.quantity;
            }
            let to =
                if pending.is_empty() { at.saturating_add(horizon(call)).min(end) } else { at + 1 };
            let last = instance.run(at, to, cash, &fills)?;
            happened.extend(instance.orders().iter().map(|order| format!("{last} {order:?}")));
            pending.extend_from_slice(instance.orders());
            let (lines, dropped) = instance.take_log();
            happened.extend(lines.iter().map(|line| format!("{line:?}")));
            happened.extend((dropped > 0).then(|| format!("{dropped} lines dropped")));
            at = last + 1;
            if at >= end {
                break;
            }
        }
        instance.finish(end - 1, cash)?;
        happened.extend(instance.take_log().0.iter().map(|line| format!("{line:?}")));
        Ok(happened)
    }

    fn has_bar(&self, instrument: usize, at: usize) -> bool {
        self.instruments[instrument].0.contains(&self.timeline[at])
    }
}

fn fill_of(order: &RawOrder) -> RawFill {
    RawFill {
        order: order.id,
        instrument: order.instrument,
        flags: 0,
        ts: 0,
        quantity: order.size,
        price: 1.0,
        commission: 0.0,
        reserved: [0; 2],
    }
}
