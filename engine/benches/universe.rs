//! Time of the shipped MA cross on 500 symbols of 1,260 daily bars on one account, beside a hand-written
//! loop that does the same and nothing else; and what the rules of orders cost a run that places only
//! market orders. `cargo bench --bench universe`.
#![allow(missing_docs)]

mod support;

use std::{hint::black_box, time::Instant};

use engine_core::{
    backtest::{Config, Rules, Stage},
    broker::{Account, LimitTouch, MarginTerms},
    risk::Limits,
    series::Series,
    universe::Member,
};
use strategy_api::{Columns, Resolution, abi::raw::ProgressPage};

use support::{Walk, config, ma_cross};

const SYMBOLS: usize = 500;
const BARS: usize = 1_260;
const ROUNDS: usize = 15;
const DAY: i64 = 86_400_000_000_000;
const CASH: f64 = 10_000_000.0;
const PARAMS: [f64; 3] = [20.0, 50.0, 0.0];

/// A case: its name, how many runs are timed together, and one run, which gives the last equity.
type Case<'a> = (&'static str, usize, Box<dyn FnMut() -> f64 + 'a>);

fn main() {
    let series: Vec<Series> = (0..SYMBOLS as u64).map(walk).collect();
    let names: Vec<String> = (0..SYMBOLS).map(|one| format!("S{one:03}")).collect();
    let members: Vec<Member<'_>> = (names.iter().zip(&series))
        .map(|(symbol, series)| Member { symbol, columns: series.columns() })
        .collect();
    let bars: Vec<Columns<'_>> = series.iter().map(Series::columns).collect();
    let (plain, every) =
        (config(SYMBOLS, CASH, Rules::default()), config(SYMBOLS, CASH, every_rule()));
    let (one, one_every) = (config(1, CASH, Rules::default()), config(1, CASH, every_rule()));
    let def = ma_cross();
    let run = |stage: &Stage<'_>, config: &Config| {
        let result = stage.run(def, &PARAMS, config, &ProgressPage::default());
        *result.expect("the bench runs").equity.last().expect("there are bars")
    };
    let (shared, alone) = (fresh(&members), fresh(&members[..1]));
    let (by_hand, by_us) = (hand_written(&bars), run(&shared, &plain));
    assert!((by_hand / by_us - 1.0).abs() < 1e-9, "the same account: {by_hand} and {by_us}");
    assert_eq!(by_us.to_bits(), run(&shared, &every).to_bits(), "no rule has anything to say");
    let mut cases: [Case<'_>; 6] = [
        ("500 symbols, hand-written loop", 1, Box::new(|| hand_written(&bars))),
        ("500 symbols, columns computed", 1, Box::new(|| run(&fresh(&members), &plain))),
        ("500 symbols, columns shared", 1, Box::new(|| run(&shared, &plain))),
        ("500 symbols, shared, every rule on", 1, Box::new(|| run(&shared, &every))),
        ("one symbol, columns shared", SYMBOLS, Box::new(|| run(&alone, &one))),
        ("one symbol, shared, every rule on", SYMBOLS, Box::new(|| run(&alone, &one_every))),
    ];
    let mut times = vec![Vec::with_capacity(ROUNDS); cases.len()];
    // Interleaved, so that a noisy moment hits all of them alike.
    for _ in 0..ROUNDS {
        for ((_, runs, body), times) in cases.iter_mut().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..*runs {
                black_box(body());
            }
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    let median = |case: usize| times[case][ROUNDS / 2];
    println!("{:36} {:>8} {:>8} {:>8} {:>7}", "ms", "min", "median", "max", "ratio");
    for (at, ((name, ..), times)) in cases.iter().zip(&times).enumerate() {
        // Each against the case that it is an answer to.
        let ratio = median(at) / median([0, 0, 0, 2, 4, 4][at]);
        let (low, high) = (times[0], times[ROUNDS - 1]);
        println!("{name:36} {low:8.2} {:8.2} {high:8.2} {ratio:7.2}", median(at));
    }
}

/// A walk by days.
fn walk(seed: u64) -> Series {
    Walk { seed: 42 + seed, bars: BARS, step_ns: DAY, spread: 0.02, beyond: 0.001 }.series()
}

fn fresh<'a>(members: &[Member<'a>]) -> Stage<'a> {
    Stage::new(members, Resolution::Day1, None)
}

/// Everything that can be switched on without changing a run that buys for its own money.
fn every_rule() -> Rules {
    Rules {
        limit_touch: LimitTouch::Strict,
        account: Account::Margin(MarginTerms::default()),
        limits: Limits {
            gross: Some(100.0),
            net: Some(100.0),
            per_symbol: Some(100.0),
            orders_per_bar: Some(10_000),
        },
        apply_actions: true,
        ..Rules::default()
    }
}

/// One symbol of the hand-written loop.
#[derive(Clone, Copy, Default)]
struct Book {
    position: f64,
    fast: f64,
    slow: f64,
    above: Option<bool>,
    target: Option<bool>,
}

/// The limit: no plugin, no orders, only cash, positions and equity; averages by running sums.
#[inline(never)]
fn hand_written(bars: &[Columns<'_>]) -> f64 {
    let mut books = vec![Book::default(); bars.len()];
    let (mut cash, mut equity) = (CASH, Vec::with_capacity(BARS));
    for t in 0..BARS {
        for (book, bars) in books.iter_mut().zip(bars) {
            if book.target == Some(false) {
                cash += book.position * bars.open[t];
                (book.position, book.target) = (0.0, None);
            }
        }
        if books.iter().any(|book| book.target.is_some()) {
            let held = books.iter().zip(bars);
            let worth = held.fold(cash, |sum, (book, bars)| sum + book.position * bars.open[t]);
            for (book, bars) in books.iter_mut().zip(bars) {
                if book.target.take().is_some() {
                    let price = bars.open[t];
                    book.position = ((worth / SYMBOLS as f64).min(cash) / price).floor();
                    cash -= book.position * price;
                }
            }
        }
        let mut value = cash;
        for (book, bars) in books.iter_mut().zip(bars) {
            let close = bars.close[t];
            book.fast += close;
            book.slow += close;
            if t >= 20 {
                book.fast -= bars.close[t - 20];
            }
            if t >= 50 {
                book.slow -= bars.close[t - 50];
            }
            if t >= 49 {
                let now = book.fast / 20.0 > book.slow / 50.0;
                if book.above == Some(!now) && now == (book.position == 0.0) {
                    book.target = Some(now);
                }
                book.above = Some(now);
            }
            value += book.position * close;
        }
        equity.push(value);
    }
    equity[BARS - 1]
}
