//! Time of a strategy whose orders rest: an entry at a limit that brings a stop and a target with it, each of
//! which waits some hundred bars. The engine looks along the bars for the first that has to do with one
//! of them; beside it stand the same engine stepping from bar to bar, and a hand-written loop that does the
//! same and nothing else. 1,000,000 one-minute bars in blocks that fit the cache, indicator columns shared.
//!
//! Prints nanoseconds a bar (minimum, median, maximum) and the ratio to the hand-written loop.
//! `cargo bench --bench resting`.
#![allow(missing_docs)]

mod support;

use engine_core::{
    backtest::{Rules, Stage},
    universe::Member,
};
use strategy_api::{
    Bar, Columns, Resolution,
    abi::{define, layout::StrategyDef, raw::ProgressPage},
    indicators::sma,
    prelude::*,
};
use support::{BLOCK, Case, compare, config, minutes};

const ROUNDS: usize = 15;
const CASH: f64 = 100_000.0;
const UNITS: f64 = 10.0;
/// Limit of the entry, stop and target, as multiples of the last close.
const LIMIT: f64 = 0.998;
const STOP: f64 = 0.99;
const TARGET: f64 = 1.01;

struct Bracket {
    rises: Trigger,
}

impl Strategy for Bracket {
    const NAME: &'static str = "bracket";
    const ABOUT: &'static str = "after a crossing an entry at a limit, with a stop and a target";
    type Params = ();

    fn on_start((): (), setup: &mut Setup<'_>) -> Result<Self> {
        let rises = Trigger::crosses_above(setup.sma(20)?, setup.sma(50)?);
        setup.call_only_on([rises]);
        Ok(Self { rises })
    }

    fn on_bar(&mut self, bar: &Bar, ctx: &mut Context<'_>) {
        if ctx.holds(self.rises) && ctx.position() == 0.0 {
            ctx.cancel_all();
            let entry = ctx.buy(UNITS).limit(bar.close * LIMIT);
            entry.stop_loss(bar.close * STOP).take_profit(bar.close * TARGET);
        }
    }
}

const BRACKET: &StrategyDef = &define::<Bracket>("1", "bench");

fn main() {
    let series = minutes(BLOCK);
    let columns = series.columns();
    let members = [Member { symbol: "X", columns }];
    let config = config(1, CASH, Rules::default());
    let looking = Stage::new(&members, Resolution::Min1, None);
    let stepping = Stage::new(&members, Resolution::Min1, None).stepped();
    let run = |stage: &Stage<'_>| {
        stage.run(BRACKET, &[], &config, &ProgressPage::default()).expect("the bench runs")
    };
    let last = |stage: &Stage<'_>| *run(stage).equity.last().expect("there are bars");
    let averages = [20, 50].map(|window| sma(columns.close, window).expect("a window"));
    let by_hand = hand_written(&columns, &averages);
    for stage in [&looking, &stepping] {
        assert!((by_hand / last(stage) - 1.0).abs() < 1e-12, "the same account");
    }
    let result = run(&looking);
    println!("{} orders, {} fills in {BLOCK} bars", result.orders.len(), result.fills.len());
    let mut cases: [Case<'_>; 3] = [
        ("hand-written loop", Box::new(|| hand_written(&columns, &averages))),
        ("looking for the next trigger bar", Box::new(|| last(&looking))),
        ("stepping from bar to bar", Box::new(|| last(&stepping))),
    ];
    compare(&mut cases, ROUNDS);
}

/// What waits, and what it waits for.
enum Working {
    Nothing,
    Entry { limit: f64, stop: f64, target: f64 },
    Exit { stop: f64, target: f64 },
}

/// The limit: no plugin, no ledger, only cash, position and equity.
#[inline(never)]
fn hand_written(bars: &Columns<'_>, [fast, slow]: &[Vec<f64>; 2]) -> f64 {
    let (mut cash, mut position, mut working) = (CASH, 0.0, Working::Nothing);
    let mut equity = Vec::with_capacity(bars.len());
    for t in 0..bars.len() {
        let (open, high, low) = (bars.open[t], bars.high[t], bars.low[t]);
        match working {
            Working::Entry { limit, stop, target } if low <= limit => {
                cash -= UNITS * open.min(limit);
                position = UNITS;
                working = Working::Exit { stop, target };
            }
            Working::Exit { stop, .. } if low <= stop => {
                cash += position * open.min(stop);
                (position, working) = (0.0, Working::Nothing);
            }
            Working::Exit { target, .. } if high >= target => {
                cash += position * open.max(target);
                (position, working) = (0.0, Working::Nothing);
            }
            _ => {}
        }
        let close = bars.close[t];
        if t > 0 && fast[t] > slow[t] && fast[t - 1] <= slow[t - 1] && position == 0.0 {
            let [limit, stop, target] = [LIMIT, STOP, TARGET].map(|times| close * times);
            working = Working::Entry { limit, stop, target };
        }
        equity.push(cash + position * close);
    }
    equity[equity.len() - 1]
}
