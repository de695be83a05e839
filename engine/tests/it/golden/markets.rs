//! The bars of the golden runs.

use std::fs;

use engine_core::{
    calendar::{Calendar, midnight_ns},
    resample::resample,
    series::Series,
};
use strategy_api::{Bar, Resolution};

use crate::source::project;

/// Length of the bars of a market.
pub(super) fn resolution(market: &str) -> Resolution {
    match market {
        "MINUTES" => Resolution::Min1,
        "QUARTERS" => Resolution::Min15,
        _ => Resolution::Day1,
    }
}

/// Daily bars of the bundled sample, or five sessions of made-up minutes, as they are or in bars of 15 of
/// them.
pub(crate) fn series(symbol: &str) -> Series {
    match symbol {
        "MINUTES" => return minutes(),
        "QUARTERS" => return quarters(),
        _ => {}
    }
    let path = project().join(format!("data/sample/{symbol}_1d.csv"));
    let text = fs::read_to_string(path).unwrap();
    let bar = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |at: usize| cells[at].parse::<f64>().unwrap();
        let ts = midnight_ns(cells[0].parse().unwrap());
        let [open, high, low, close, volume] = [1, 2, 3, 4, 5].map(number);
        Bar { ts, open, high, low, close, volume }
    };
    let bars: Vec<Bar> = text.lines().skip(1).map(bar).collect();
    Series::from_bars(&bars).unwrap()
}

fn quarters() -> Series {
    let minutes = minutes();
    let (from, to) = (Resolution::Min1, Resolution::Min15);
    let quarters = resample(&minutes.columns(), from, to, Calendar::Nyse).unwrap();
    let columns = quarters.columns();
    Series::from_bars(&(0..columns.len()).map(|row| columns.bar(row)).collect::<Vec<_>>()).unwrap()
}

/// A walk in cents from 09:30 to 16:00 in New York, 2004-03-01 to 2004-03-05, by a linear
/// congruential generator (Knuth's constants).
fn minutes() -> Series {
    let mut state: u64 = 2004;
    let mut step = |most: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % most
    };
    let open_ns = 14 * 3_600_000_000_000 + 30 * 60_000_000_000;
    let mut cents = 10_000_u64;
    let mut bars = Vec::new();
    for day in 1..=5 {
        let start = midnight_ns(jiff::civil::date(2004, 3, day)) + open_ns;
        for minute in 0..390 {
            let open = cents;
            cents = cents + step(21) - 10;
            let (high, low) = (open.max(cents) + step(5), open.min(cents) - step(5));
            let [open, high, low, close] =
                [open, high, low, cents].map(|cents| cents as f64 / 100.0);
            let volume = 100.0 + step(1000) as f64;
            bars.push(Bar { ts: start + minute * 60_000_000_000, open, high, low, close, volume });
        }
    }
    Series::from_bars(&bars).unwrap()
}
