//! What the benches have in common: made-up bars, the shipped MA cross, and the rules of a plain run.
#![allow(dead_code)] // Each bench is a program of its own and uses some of it.

use std::{fs::File, hint::black_box, path::PathBuf, time::Instant};

use algo_trader::registry::foreign::open_library;
use engine_core::{
    backtest::{Config, Rules},
    broker::{Commission, FillModel, Slippage},
    series::Series,
};
use strategy_api::{Bar, abi::layout::StrategyDef};

/// How a random walk goes.
pub(crate) struct Walk {
    pub(crate) seed: u64,
    pub(crate) bars: usize,
    /// From the start of a bar to that of the next, nanoseconds.
    pub(crate) step_ns: i64,
    /// Widest change within a bar, of both sides together, as a fraction of the price.
    pub(crate) spread: f64,
    /// How far high and low lie beyond open and close, as a fraction of the price.
    pub(crate) beyond: f64,
}

impl Walk {
    /// The walk, from a fixed linear congruential generator (Knuth's constants).
    pub(crate) fn series(&self) -> Series {
        let Self { seed: mut state, bars, step_ns, spread, beyond } = *self;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1_u64 << 31) as f64 - 0.5
        };
        let (mut series, mut price) = (Series::with_capacity(bars), 100.0);
        for row in 0..bars {
            let open = price;
            price *= 1.0 + spread * next();
            let (high, low) = (price.max(open) * (1.0 + beyond), price.min(open) * (1.0 - beyond));
            let ts = row as i64 * step_ns;
            let bar = Bar { ts, open, high, low, close: price, volume: 100.0 };
            series.push(&bar).expect("bars in order");
        }
        series
    }
}

/// Bars of a block that fits the cache, and blocks of a measurement: 1,000,000 bars.
pub(crate) const BLOCK: usize = 8_000;
pub(crate) const BLOCKS: usize = 125;

/// A walk by minutes.
pub(crate) fn minutes(bars: usize) -> Series {
    let step_ns = 60_000_000_000;
    Walk { seed: 42, bars, step_ns, spread: 0.002, beyond: 0.0005 }.series()
}

/// Time of a bar, where `body` works on a block.
pub(crate) fn nanoseconds_a_bar(body: &mut dyn FnMut() -> f64) -> f64 {
    let start = Instant::now();
    for _ in 0..BLOCKS {
        black_box(body());
    }
    start.elapsed().as_secs_f64() * 1e9 / (BLOCKS * BLOCK) as f64
}

/// The folder that holds the program and the plugins: the one above a bench.
pub(crate) fn built() -> PathBuf {
    let bench = std::env::current_exe().expect("this program has a path");
    bench.ancestors().nth(2).expect("target/release/deps/bench").to_owned()
}

/// `ma_cross` from its own library, in this process.
pub(crate) fn ma_cross() -> &'static StrategyDef {
    let file = File::open(built().join("libma_cross.so"));
    let file = file.expect("libma_cross.so is built: cargo build --release");
    open_library(file).expect("the plugin loads")[0]
}

/// A run without costs that fills at the next open.
pub(crate) fn config(symbols: usize, cash: f64, rules: Rules) -> Config {
    Config {
        cash,
        fill: FillModel::NextOpen,
        commission: Commission::None,
        slippage: Slippage::None,
        fractional: false,
        lots: vec![1.0; symbols],
        from_ts: None,
        to_ts: None,
        seed: 0,
        rules,
    }
}

/// A case of a comparison: its name, and one run over a block, which gives the last equity.
pub(crate) type Case<'a> = (&'static str, Box<dyn FnMut() -> f64 + 'a>);

/// Times some cases in turn, round by round, so that a noisy moment hits all of them alike, and prints a
/// table of nanoseconds a bar, with the ratio of each median to that of the first case, which it gives.
pub(crate) fn compare(cases: &mut [Case<'_>], rounds: usize) -> f64 {
    let mut times = vec![Vec::with_capacity(rounds); cases.len()];
    for _ in 0..rounds {
        for ((_, body), times) in cases.iter_mut().zip(&mut times) {
            times.push(nanoseconds_a_bar(body));
        }
    }
    let limit = median(&mut times[0]);
    println!("{:34} {:>8} {:>8} {:>8} {:>7}", "ns a bar", "min", "median", "max", "ratio");
    for ((name, _), times) in cases.iter().zip(&mut times) {
        row(name, times, limit);
    }
    limit
}

/// A line of the table, with the ratio to `limit`.
pub(crate) fn row(name: &str, times: &mut [f64], limit: f64) {
    let middle = median(times);
    let (low, high) = (times[0], times[times.len() - 1]);
    println!("{name:34} {low:8.2} {middle:8.2} {high:8.2} {:7.2}", middle / limit);
}

/// The middle one.
pub(crate) fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
