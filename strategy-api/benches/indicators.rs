//! Time of the indicators over 1,000,000 bars, as a column and as a stream: `cargo bench -p strategy-api`.
//! Divide the printed milliseconds by a million bars: 1 ms is 1 ns a bar.

use divan::{Bencher, black_box};
use strategy_api::{
    Columns,
    indicators::{Band, ColumnSpec, Ema, Highest, Input::Close, MacdOutput, Rsi, Sma, StdDev, Wma},
};

const BARS: usize = 1_000_000;

fn main() {
    divan::main();
}

/// A walk that is the same every time.
fn prices() -> Vec<f64> {
    let mut state = 42_u64;
    let mut price = 100.0;
    (0..BARS)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            price *= 1.0 + ((state >> 40) as f64 / f64::from(1 << 24) - 0.5) * 0.002;
            price
        })
        .collect()
}

macro_rules! column {
    ($($name:ident($window:pat in $windows:expr) = $spec:expr;)*) => { mod column {
        use super::*;
        $(
            #[divan::bench(args = $windows)]
            fn $name(bencher: Bencher<'_, '_>, window: i64) {
                let prices = prices();
                let mut out = vec![0.0; BARS];
                let $window = window;
                let spec = $spec.unwrap();
                let bars = Columns { close: &prices, ..Columns::default() };
                bencher.bench_local(|| spec.compute_into(black_box(&bars), &mut out));
            }
        )*
    } };
}

column! {
    sma(n in [5, 20, 50, 200, 1000]) = ColumnSpec::sma(Close, n);
    wma(n in [20, 50]) = ColumnSpec::wma(Close, n);
    stddev(n in [20, 50]) = ColumnSpec::stddev(Close, n);
    zscore(n in [20]) = ColumnSpec::zscore(Close, n);
    bollinger(n in [20]) = ColumnSpec::bollinger(Close, n, 2.0, Band::Upper);
    highest(n in [20, 55]) = ColumnSpec::highest(Close, n);
    ema(n in [20]) = ColumnSpec::ema(Close, n);
    rsi(n in [14]) = ColumnSpec::rsi(Close, n);
    macd(n in [12]) = ColumnSpec::macd(Close, n, 26, 9, MacdOutput::Histogram);
    roc(n in [20]) = ColumnSpec::roc(Close, n);
}

macro_rules! stream {
    ($($name:ident = $indicator:ident($window:expr);)*) => { mod stream {
        use super::*;
        $(
            #[divan::bench]
            fn $name(bencher: Bencher<'_, '_>) {
                let prices = prices();
                bencher.bench_local(|| {
                    let mut indicator = $indicator::new($window).unwrap();
                    let mut sum = 0.0;
                    for price in black_box(&prices) {
                        sum += indicator.update(*price).unwrap_or(0.0);
                    }
                    sum
                });
            }
        )*
    } };
}

stream! {
    sma_20 = Sma(20);
    sma_50 = Sma(50);
    wma_20 = Wma(20);
    stddev_20 = StdDev(20);
    highest_20 = Highest(20);
    ema_20 = Ema(20);
    rsi_14 = Rsi(14);
}
