//! Every bit, however the program was compiled: `scripts/test` asks it of an optimised build too. The sums
//! were taken from a build that is not optimised.

use engine_core::{
    backtest::Summary,
    calendar::Calendar,
    sweep::{Gauge, Metric, SessionRows},
};
use strategy_api::{
    Resolution,
    indicators::{Band, ColumnSpec, IndicatorError, Input, MacdOutput},
};

use crate::scenario::Scenario;

/// FNV-1a over words.
struct Bits(u64);

impl Bits {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0000_0100_0000_01b3);
    }

    fn numbers(&mut self, numbers: &[f64]) {
        // What is not a number has many forms and one meaning.
        let bits = |number: &f64| if number.is_nan() { u64::MAX } else { number.to_bits() };
        numbers.iter().for_each(|number| self.add(bits(number)));
    }
}

/// Fills and equity of a thousand runs.
#[test]
fn random_runs_have_the_same_bits_in_every_build() {
    let mut bits = Bits::new();
    for seed in 0..1000 {
        let result = Scenario::random(seed).run();
        for fill in &result.fills {
            bits.add(fill.order);
            bits.numbers(&[fill.quantity, fill.price, fill.commission]);
        }
        bits.numbers(&result.equity);
    }
    assert_eq!(format!("{:016x}", bits.0), "55703700c07bdf92");
}

fn indicators() -> Result<[ColumnSpec; 15], IndicatorError> {
    let close = Input::Close;
    Ok([
        ColumnSpec::sma(close, 7)?,
        ColumnSpec::ema(close, 7)?,
        ColumnSpec::wma(close, 7)?,
        ColumnSpec::rsi(close, 7)?,
        ColumnSpec::stddev(close, 7)?,
        ColumnSpec::highest(Input::High, 7)?,
        ColumnSpec::lowest(Input::Low, 7)?,
        ColumnSpec::zscore(close, 7)?,
        ColumnSpec::roc(close, 7)?,
        ColumnSpec::atr(7)?,
        ColumnSpec::bollinger(close, 7, 1.5, Band::Upper)?,
        ColumnSpec::bollinger(close, 7, 1.5, Band::Lower)?,
        ColumnSpec::macd(close, 3, 7, 4, MacdOutput::Line)?,
        ColumnSpec::macd(close, 3, 7, 4, MacdOutput::Signal)?,
        ColumnSpec::macd(close, 3, 7, 4, MacdOutput::Histogram)?,
    ])
}

/// Every indicator, and every figure of a trial, on the bars and the equity of some long runs.
#[test]
fn indicators_and_figures_have_the_same_bits_in_every_build() {
    let (mut bits, specs) = (Bits::new(), indicators().unwrap());
    let mut gauge = Gauge::default();
    for seed in 0..200 {
        let scenario = Scenario::quiet(seed);
        for series in scenario.series() {
            specs.iter().for_each(|spec| bits.numbers(&spec.compute(&series.columns())));
        }
        let result = scenario.run();
        let traded = scenario.traded();
        let ts: Vec<i64> = scenario.market.steps[traded].iter().map(|step| step.ts).collect();
        let sessions = SessionRows::of(Calendar::AlwaysOpen, Resolution::Day1, &ts);
        let profits: Vec<f64> =
            result.trades.iter().filter_map(engine_core::ledger::Trade::profit).collect();
        let summary = Summary {
            equity: &result.equity,
            invested_steps: result.invested_steps,
            profits: &profits,
        };
        let figures = gauge.measure(&summary, &sessions, scenario.config.cash, 0.0001);
        bits.numbers(&Metric::ALL.map(|metric| figures.get(metric).unwrap_or(f64::NAN)));
    }
    assert_eq!(format!("{:016x}", bits.0), "14e4fa4c48be6a79");
}
