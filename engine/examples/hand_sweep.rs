//! The limit of a sweep: a program written for one strategy and nothing else. It reads a CSV file of
//! daily bars, tries every pair of windows of an MA cross on all cores and prints the best ten.
//!
//! No plugin, no ledger, no orders, no database, no protection: market orders of whole shares at the next
//! open, an equity curve for each pair, and of it total return, Sharpe ratio and maximum drawdown.
//!
//! `hand_sweep FILE FIRST_FAST LAST_FAST FIRST_SLOW LAST_SLOW STEP`
#![allow(missing_docs)]

use std::{num::NonZero, thread};

struct Bars {
    open: Vec<f64>,
    close: Vec<f64>,
}

#[derive(Clone, Copy)]
struct Trial {
    fast: usize,
    slow: usize,
    sharpe: f64,
    total: f64,
    depth: f64,
    trades: u32,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [file, rest @ ..] = &words[..] else { panic!("the first word is a file") };
    let numbers: Vec<usize> =
        rest.iter().map(|word| word.parse().expect("a whole number")).collect();
    let [fast, last_fast, slow, last_slow, step] = numbers[..] else { panic!("five numbers") };
    let bars = read(file);
    let slows = || (slow..=last_slow).step_by(step);
    let pairs: Vec<_> =
        (fast..=last_fast).flat_map(|fast| slows().map(move |slow| (fast, slow))).collect();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let mut trials: Vec<Trial> = thread::scope(|scope| {
        let shares = pairs.chunks(pairs.len().div_ceil(cores));
        let threads: Vec<_> = shares
            .map(|share| {
                let bars = &bars;
                scope.spawn(move || {
                    let mut equity = Vec::with_capacity(bars.close.len());
                    let run = |pair: &(usize, usize)| trial(bars, pair.0, pair.1, &mut equity);
                    share.iter().map(run).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    trials.sort_by(|one, other| other.sharpe.total_cmp(&one.sharpe));
    println!("{} pairs on {} bars", trials.len(), bars.close.len());
    for Trial { fast, slow, sharpe, total, depth, trades } in &trials[..trials.len().min(10)] {
        println!("{fast:4} {slow:4} {sharpe:7.3} {total:9.4} {depth:9.4} {trades:4}");
    }
}

fn read(file: &str) -> Bars {
    let text = std::fs::read_to_string(file).expect("the file is read");
    let mut bars = Bars { open: Vec::new(), close: Vec::new() };
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        bars.open.push(cells[1].parse().expect("an open"));
        bars.close.push(cells[4].parse().expect("a close"));
    }
    bars
}

fn trial(bars: &Bars, fast: usize, slow: usize, equity: &mut Vec<f64>) -> Trial {
    const CASH: f64 = 100_000.0;
    let (mut cash, mut position, mut wish) = (CASH, 0.0, None);
    let (mut quick, mut steady, mut above) = (0.0, 0.0, None);
    let (mut peak, mut depth, mut trades) = (CASH, 0.0_f64, 0);
    equity.clear();
    for (at, (&open, &close)) in bars.open.iter().zip(&bars.close).enumerate() {
        match wish.take() {
            Some(true) => {
                position = (cash / open).floor();
                cash -= position * open;
            }
            Some(false) => {
                cash += position * open;
                position = 0.0;
                trades += 1;
            }
            None => {}
        }
        quick += close;
        steady += close;
        if at >= fast {
            quick -= bars.close[at - fast];
        }
        if at >= slow {
            steady -= bars.close[at - slow];
        }
        if at + 1 >= slow {
            let now = quick / fast as f64 > steady / slow as f64;
            if above == Some(!now) && now == (position == 0.0) {
                wish = Some(now);
            }
            above = Some(now);
        }
        let value = cash + position * close;
        peak = f64::max(peak, value);
        depth = depth.min(value / peak - 1.0);
        equity.push(value);
    }
    let total = equity.last().map_or(0.0, |last| last / CASH - 1.0);
    Trial { fast, slow, sharpe: sharpe(CASH, equity), total, depth, trades }
}

fn sharpe(initial: f64, equity: &[f64]) -> f64 {
    let (count, mut sum, mut before) = (equity.len() as f64, 0.0, initial);
    for value in equity {
        sum += value / before - 1.0;
        before = *value;
    }
    let (mean, mut squares, mut before) = (sum / count, 0.0, initial);
    for value in equity {
        let away = value / before - 1.0 - mean;
        squares += away * away;
        before = *value;
    }
    mean / (squares / (count - 1.0)).sqrt() * 252.0_f64.sqrt()
}
