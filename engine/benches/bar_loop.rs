//! Time of the bar loop, MA cross 20/50, over 1,000,000 bars in blocks that fit the cache.
//!
//! Prints nanoseconds a bar (minimum, median, maximum) and the ratio to a hand-written loop that
//! does the same and nothing else. `cargo bench --bench bar_loop`.
#![allow(missing_docs)]

mod support;

use std::{hint::black_box, time::Instant};

use algo_trader::{
    config::{self, Home},
    feed::{Cache, ColumnFile},
    registry::{Locations, Registry, Retry},
    store::SeriesInfo,
    worker::{self, Limits, Mode, RunJob, Wants},
};
use engine_core::{
    backtest::{Rules, Stage, Trials},
    universe::Member,
};
use strategy_api::{
    Bar, Columns, Resolution,
    abi::{define, layout::StrategyDef, raw::ProgressPage},
    prelude::*,
};
use support::{BLOCK, BLOCKS, Case, built, compare, config, ma_cross, minutes, row};

const ROUNDS: usize = 61;
const WORKERS: usize = 15;

params! {
    pub struct Windows {
        /// fast window, bars
        fast: usize = 20, 2 ..= 500;
        /// slow window, bars
        slow: usize = 50, 3 ..= 2000;
    }
}

/// Host columns.
struct Columnar {
    fast: Col,
    slow: Col,
}

impl Strategy for Columnar {
    const NAME: &'static str = "columnar";
    const ABOUT: &'static str = "MA cross on host columns";
    type Params = Windows;
    fn on_start(p: Windows, setup: &mut Setup<'_>) -> Result<Self> {
        Ok(Self { fast: setup.sma(p.fast)?, slow: setup.sma(p.slow)? })
    }
    fn on_bar(&mut self, _: &Bar, ctx: &mut Context<'_>) {
        if ctx.crossed_above(self.fast, self.slow) && ctx.position() <= 0.0 {
            ctx.target(1.0);
        } else if ctx.crossed_below(self.fast, self.slow) && ctx.position() > 0.0 {
            ctx.target(0.0);
        }
    }
}

/// Averages kept by the strategy itself, as running sums like those of the hand-written loop.
struct Streaming {
    windows: Windows,
    fast: f64,
    slow: f64,
    above: Option<bool>,
}

impl Strategy for Streaming {
    const NAME: &'static str = "streaming";
    const ABOUT: &'static str = "MA cross on its own averages";
    type Params = Windows;
    fn on_start(windows: Windows, _: &mut Setup<'_>) -> Result<Self> {
        Ok(Self { windows, fast: 0.0, slow: 0.0, above: None })
    }
    fn on_bar(&mut self, bar: &Bar, ctx: &mut Context<'_>) {
        let close = ctx.history().close;
        let Windows { fast, slow } = self.windows;
        self.fast += bar.close;
        self.slow += bar.close;
        if close.len() > fast {
            self.fast -= close[close.len() - 1 - fast];
        }
        if close.len() > slow {
            self.slow -= close[close.len() - 1 - slow];
        }
        if close.len() < slow {
            return;
        }
        let above = self.fast / fast as f64 > self.slow / slow as f64;
        if self.above == Some(!above) {
            if above && ctx.position() <= 0.0 {
                ctx.target(1.0);
            } else if !above && ctx.position() > 0.0 {
                ctx.target(0.0);
            }
        }
        self.above = Some(above);
    }
}

const COLUMNAR: &StrategyDef = &define::<Columnar>("1", "bench");
const STREAMING: &StrategyDef = &define::<Streaming>("1", "bench");

fn main() {
    let series = minutes(BLOCK);
    let columns = series.columns();
    let members = [Member { symbol: "X", columns }];
    let config = config(1, 100_000.0, Rules::default());
    let progress = ProgressPage::default();
    let shared = Stage::new(&members, Resolution::Min1, None);
    let plugin = ma_cross();
    let on = |stage: &Stage<'_>, def: &'static StrategyDef| {
        // The shipped strategy has a third parameter.
        let params = if std::ptr::eq(def, plugin) { &[20.0, 50.0, 0.0][..] } else { &[20.0, 50.0] };
        let result = stage.run(def, params, &config, &progress).expect("the bench runs");
        *result.equity.last().expect("there are bars")
    };
    let once = |def| on(&Stage::new(&members, Resolution::Min1, None), def);
    for def in [COLUMNAR, STREAMING, plugin] {
        assert_eq!(hand_written(&columns).to_bits(), once(def).to_bits(), "the same account");
    }
    // What a sweep does: the same loop, without lists of what happened.
    let market = shared.market(&config);
    let trials = Trials::new(&shared, &market, plugin, &config, &progress);
    let mut trials = trials.expect("there are bars");
    let mut trial = || {
        let summary = trials.run(&[20.0, 50.0, 0.0]).expect("the bench runs");
        *summary.equity.last().expect("there are bars")
    };
    assert_eq!(hand_written(&columns).to_bits(), trial().to_bits(), "the same account");
    let mut cases: [Case<'_>; 7] = [
        ("hand-written loop", Box::new(|| hand_written(&columns))),
        ("static, its own averages", Box::new(|| once(STREAMING))),
        ("static, host columns, shared", Box::new(|| on(&shared, COLUMNAR))),
        ("static, host columns, computed", Box::new(|| once(COLUMNAR))),
        (".so, host columns, shared", Box::new(|| on(&shared, plugin))),
        (".so, the same as a trial", Box::new(trial)),
        (".so, host columns, computed", Box::new(|| once(plugin))),
    ];
    let limit = compare(&mut cases, ROUNDS);
    let mut times = in_worker();
    row("worker, 1,000,000 bars at once", &mut times, limit);
}

/// A whole run of 1,000,000 bars in a worker: process, mapping, columns, loop and the way back.
fn in_worker() -> Vec<f64> {
    let home = tempfile::tempdir().expect("a temporary folder");
    let locations = Locations {
        asked: vec![built()],
        environment: None,
        home: Home::new(home.path()),
        executable: None,
        program: built().join("algo-trader"),
    };
    let registry = Registry::scan(&locations, &config::Config::default(), Retry::Yes);
    let strategy = registry.resolve("ma_cross").expect("ma_cross is there");
    let files = [column_file(BLOCK * BLOCKS)];
    let config = config(1, 100_000.0, Rules::default());
    let values = [20.0, 50.0, 0.0];
    let job = RunJob { files: &files, values: &values, config: &config, finer: &[] };
    let mode = Mode::Worker(locations.program.clone());
    let run = || {
        let wants = Wants::default();
        let ran = worker::run(&strategy, &job, wants, &Limits::default(), &mode).expect("it runs");
        ran.figures.metrics.final_equity.expect("there are bars")
    };
    (0..WORKERS)
        .map(|_| {
            let start = Instant::now();
            black_box(run());
            start.elapsed().as_secs_f64() * 1e9 / (BLOCKS * BLOCK) as f64
        })
        .collect()
}

fn column_file(bars: usize) -> ColumnFile {
    let info = SeriesInfo {
        id: 1,
        symbol: "X".to_owned(),
        resolution: "1m".to_owned(),
        source: "bench".to_owned(),
        adjustment: "raw".to_owned(),
        version: 1,
        epoch: 0,
        bars: 0,
        first_ts: None,
        last_ts: None,
    };
    Cache::none().make(&info, Resolution::Min1, &minutes(bars)).expect("there is memory")
}

/// The limit: no plugin, no ledger, only the figures; averages by running sums.
#[inline(never)]
fn hand_written(bars: &Columns<'_>) -> f64 {
    let (mut cash, mut position) = (100_000.0, 0.0);
    let (mut fast, mut slow) = (0.0, 0.0);
    let mut above = None;
    let mut target = None;
    let mut equity = Vec::with_capacity(bars.len());
    let (mut peak, mut drawdown) = (cash, 0.0_f64);
    for t in 0..bars.len() {
        if let Some(long) = std::mem::take(&mut target) {
            let price = bars.open[t];
            if long {
                position = (cash / price).floor();
                cash -= position * price;
            } else {
                cash += position * price;
                position = 0.0;
            }
        }
        let close = bars.close[t];
        fast += close;
        slow += close;
        if t >= 20 {
            fast -= bars.close[t - 20];
        }
        if t >= 50 {
            slow -= bars.close[t - 50];
        }
        if t >= 49 {
            let now = fast / 20.0 > slow / 50.0;
            if above == Some(!now) && now == (position == 0.0) {
                target = Some(now);
            }
            above = Some(now);
        }
        let value = cash + position * close;
        peak = f64::max(peak, value);
        drawdown = drawdown.min(value / peak - 1.0);
        equity.push(value);
    }
    black_box(drawdown);
    equity[equity.len() - 1]
}
