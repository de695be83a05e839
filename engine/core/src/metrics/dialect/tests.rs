//! Every dialect against its package: fixtures of `scripts/fixtures/dialects.py`.

use serde::Deserialize;
use serde_json::{Map, Value};
use strategy_api::Resolution;

use super::*;
use crate::calendar::{Calendar, midnight_ns};

const SAMPLE: [(&str, &str); 3] = [
    ("SPY", include_str!("../../../../../data/sample/SPY_1d.csv")),
    ("AAPL", include_str!("../../../../../data/sample/AAPL_1d.csv")),
    ("MSFT", include_str!("../../../../../data/sample/MSFT_1d.csv")),
];

/// A fill as the fixture has it: bar, units, price, commission.
type Given = (usize, f64, f64, f64);

#[derive(Deserialize)]
struct Case {
    name: String,
    symbol: Option<String>,
    first: Option<String>,
    bars: Option<usize>,
    #[serde(default)]
    ts: Vec<i64>,
    #[serde(default)]
    close: Vec<f64>,
    initial: f64,
    annual_rf: f64,
    warm_up: usize,
    fills: Vec<Given>,
    benchmark: Option<Vec<Given>>,
    expected: Map<String, Value>,
}

impl Case {
    fn load_sample(&mut self) {
        let Some(symbol) = &self.symbol else { return };
        let (_, text) = SAMPLE.iter().find(|(name, _)| name == symbol).unwrap();
        let rows = text.lines().skip_while(|row| !row.starts_with(self.first.as_ref().unwrap()));
        for row in rows.take(self.bars.unwrap()) {
            let cells: Vec<&str> = row.split(',').collect();
            self.ts.push(midnight_ns(cells[0].parse().unwrap()));
            self.close.push(cells[4].parse().unwrap());
        }
    }

    fn resolution(&self) -> Resolution {
        let is_hourly = self.ts[1] - self.ts[0] < 86_400_000_000_000;
        if is_hourly { Resolution::Hour1 } else { Resolution::Day1 }
    }

    fn equity(&self, fills: &[Given]) -> Vec<f64> {
        let (mut cash, mut held) = (self.initial, 0.0);
        let mut rest = fills.iter().peekable();
        let mut value = |(bar, close): (usize, &f64)| {
            while let Some((_, units, price, fee)) = rest.next_if(|fill| fill.0 == bar) {
                cash -= units * price + fee;
                held += units;
            }
            cash + held * close
        };
        self.close.iter().enumerate().map(&mut value).collect()
    }

    fn sessions(&self, equity: &[f64]) -> SessionEquity {
        SessionEquity::of(Calendar::Nyse, self.resolution(), self.initial, &self.ts, equity)
    }

    fn records(&self) -> Vec<FillRecord> {
        let record = |&(bar, quantity, price, commission): &Given| FillRecord {
            order: 1,
            instrument: 0,
            ts: self.ts[bar],
            quantity,
            price,
            reference: price,
            commission,
        };
        self.fills.iter().map(record).collect()
    }

    fn measured(&self, dialect: Dialect) -> Vec<Figure> {
        let equity = self.equity(&self.fills);
        let benchmark = self.benchmark.as_ref().map(|fills| self.sessions(&self.equity(fills)));
        dialect.figures(&DialectInput {
            resolution: self.resolution(),
            initial: self.initial,
            ts: &self.ts,
            equity: &equity,
            sessions: &self.sessions(&equity),
            benchmark: benchmark.as_ref(),
            market: Some(&self.close),
            fills: &self.records(),
            last_prices: &[*self.close.last().unwrap()],
            warm_up: self.warm_up,
            annual_rf: self.annual_rf,
        })
    }
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../../tests/fixtures/dialects.json");
    let mut cases: Vec<Case> = serde_json::from_str(text).unwrap();
    cases.iter_mut().for_each(Case::load_sample);
    cases
}

/// To 1e-9 relative; what is nothing but rounding is zero.
fn agree(found: Option<f64>, expected: Option<f64>) -> bool {
    match (found, expected) {
        (Some(found), Some(expected)) => {
            (found - expected).abs() <= 1e-9 * found.abs().max(expected.abs()) + 1e-12
        }
        _ => found == expected,
    }
}

fn differences(dialect: Dialect) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in cases() {
        let found = case.measured(dialect);
        let expected = case.expected[dialect.name()].as_object().unwrap();
        let names: Vec<&str> = found.iter().map(|figure| figure.name).collect();
        let theirs: Vec<&str> = expected.keys().map(String::as_str).collect();
        assert_eq!(names, theirs, "{dialect}: {}", case.name);
        for figure in found {
            let expected = expected[figure.name].as_f64();
            if !agree(figure.value, expected) {
                let (name, value) = (figure.name, figure.value);
                wrong.push(format!("{}: {name} is {value:?}, not {expected:?}", case.name));
            }
        }
    }
    wrong
}

#[test]
fn every_figure_equals_that_of_its_package() {
    assert_eq!(cases().len(), 7);
    for dialect in Dialect::ALL {
        let wrong = differences(dialect);
        assert!(wrong.is_empty(), "{dialect}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn a_run_without_bars_has_no_figure_that_is_not_a_number() {
    let input = DialectInput {
        resolution: Resolution::Day1,
        initial: 1000.0,
        ts: &[],
        equity: &[],
        sessions: &SessionEquity::default(),
        benchmark: None,
        market: Some(&[]),
        fills: &[],
        last_prices: &[],
        warm_up: 20,
        annual_rf: 0.0,
    };
    for dialect in Dialect::ALL {
        for figure in dialect.figures(&input) {
            assert!(figure.value.is_none_or(f64::is_finite), "{dialect}: {figure:?}");
        }
    }
}

#[test]
fn a_dialect_is_found_by_its_name() {
    for dialect in Dialect::ALL {
        assert_eq!(dialect.to_string().parse(), Ok(dialect));
    }
    let error = "pyfolio".parse::<Dialect>().unwrap_err().to_string();
    assert_eq!(error, "'pyfolio' is none of quantstats, empyrical, backtesting, vectorbt");
}
