//! Time of 10,000 trials of the shipped MA cross on 1,258 daily bars, compute only: no database, no
//! statistics of the whole. Workers are processes, as in a sweep; their start is included, and shown alone:
//! a sweep starts them while it reads its bars.
//!
//! Prints milliseconds (minimum, median, maximum) for one worker and for two, and how much faster two
//! are. `cargo bench --bench sweep`.
#![allow(missing_docs)]

mod support;

use std::{
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use algo_trader::{
    config::{self, Home},
    feed::{Cache, ColumnFile},
    registry::{Locations, Registry, Retry},
    store::SeriesInfo,
    worker::{Limits, Mode, Next, Pool, Sharing, SweepJob},
};
use engine_core::{backtest::Rules, calendar::Calendar, sweep::Plan};
use strategy_api::Resolution;
use support::{Walk, built, config};

const BARS: usize = 1_258;
const ROUNDS: usize = 15;
const DAY: i64 = 86_400_000_000_000;

fn main() {
    let home = tempfile::tempdir().expect("a temporary folder");
    let program = built().join("algo-trader");
    let locations = Locations {
        asked: vec![built()],
        environment: None,
        home: Home::new(home.path()),
        executable: None,
        program: program.clone(),
    };
    let registry = Registry::scan(&locations, &config::Config::default(), Retry::Yes);
    let run = |workers: usize, side: u32| {
        let start = Instant::now();
        let sharing = Sharing {
            workers: NonZeroUsize::new(workers).expect("at least one"),
            from: 0,
            limits: Limits::default(),
            mode: Mode::Worker(program.clone()),
        };
        let strategy = registry.resolve("ma_cross").expect("ma_cross is there");
        let mut pool = Pool::start(job(strategy, side), sharing);
        let mut trials = 0;
        loop {
            match pool.next(Duration::from_secs(1)).expect("the trials run") {
                Next::Block(block) => trials += block.trials.len(),
                Next::Waiting => {}
                Next::End => break,
            }
        }
        assert_eq!(trials, side as usize * side as usize);
        start.elapsed().as_secs_f64() * 1e3
    };
    let names =
        ["10,000 trials, 1 worker", "10,000 trials, 2 workers", "4 trials, 2 workers: the start"];
    let mut times = names.map(|_| Vec::new());
    // Interleaved, so that a noisy moment hits all alike.
    for _ in 0..ROUNDS {
        for (times, (workers, side)) in times.iter_mut().zip([(1, 100), (2, 100), (2, 2)]) {
            times.push(run(workers, side));
        }
    }
    println!("{:34} {:>8} {:>8} {:>8}", "ms", "min", "median", "max");
    for (times, name) in times.iter_mut().zip(names) {
        times.sort_by(f64::total_cmp);
        let (low, middle, high) = (times[0], times[ROUNDS / 2], times[ROUNDS - 1]);
        println!("{name:34} {low:8.1} {middle:8.1} {high:8.1}");
    }
    let ratio = |at: usize| times[0][at] / times[1][at];
    let computed = times[1][ROUNDS / 2] - times[2][ROUNDS / 2];
    println!("10,000 trials without the start, difference of medians: {computed:.1} ms");
    println!("two workers against one: {:.2} x (minima {:.2} x)", ratio(ROUNDS / 2), ratio(0));
}

fn job(strategy: algo_trader::registry::Resolved, side: u32) -> SweepJob {
    let axis = |first: u32| (first..first + side).map(f64::from).collect::<Vec<_>>();
    let plan = Plan::grid(vec![axis(2), axis(110), vec![0.0]], None).expect("there are trials");
    let config = config(1, 100_000.0, Rules::default());
    let calendar: Calendar = "24/7".parse().expect("a calendar");
    let (strategy, files) = (strategy.into(), vec![column_file()].into());
    SweepJob {
        strategy,
        files,
        plan,
        config,
        spans: Vec::new(),
        calendar,
        annual_rf: 0.0,
        sample: None,
    }
}

fn column_file() -> ColumnFile {
    let info = SeriesInfo {
        id: 1,
        symbol: "X".to_owned(),
        resolution: "1d".to_owned(),
        source: "bench".to_owned(),
        adjustment: "raw".to_owned(),
        version: 1,
        epoch: 0,
        bars: 0,
        first_ts: None,
        last_ts: None,
    };
    Cache::none().make(&info, Resolution::Day1, &walk().series()).expect("there is memory")
}

fn walk() -> Walk {
    Walk { seed: 42, bars: BARS, step_ns: DAY, spread: 0.02, beyond: 0.001 }
}
