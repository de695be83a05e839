//! Golden backtests: every statistic of many runs, and a hash of their orders and fills, in one file that
//! people can read. A change of any number is a difference of named lines; a wanted one is written by
//! `UPDATE_GOLDEN=1 cargo test -p algo-trader --test it golden`.

use std::{collections::BTreeMap, fs, fs::File, path::PathBuf};

use algo_trader::{
    registry::{describe_all, foreign::open_library},
    report::{Basis, measure},
};
use engine_core::{
    backtest::{Config, Rules, RunResult, Stage},
    calendar::{Calendar, midnight_ns},
    series::Series,
    universe::Member,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use strategy_api::{
    Bar, Resolution,
    abi::{layout::StrategyDef, raw::ProgressPage},
};

use crate::{source::project, support::plugins::library};

const HEADER: &str = "\
# Golden backtests: statistics (six significant digits) and a hash of orders and fills of each run.
# Rewritten by: UPDATE_GOLDEN=1 cargo test -p algo-trader --test it golden
# Held against an independent engine (backtesting.py, ma_cross_*.csv beside this file): trades, win_rate,
# profit_factor and expectancy of the runs 'ma_cross on SPY', 'ma_cross on AAPL' and 'ma_cross on MSFT'.
";

const STRATEGIES: [&str; 6] = [
    "ma_cross",
    "rsi_reversion",
    "bollinger_reversion",
    "donchian_breakout",
    "macd_trend",
    "momentum",
];

/// What every strategy runs on with its defaults.
const MARKETS: [&str; 6] = ["SPY", "AAPL", "MSFT", "SPY+AAPL", "SPY+AAPL+MSFT", "MINUTES"];

/// Further runs: strategy, market and options.
const FURTHER: [(&str, &str, &str); 32] = [
    ("ma_cross", "SPY", "fill=same_close"),
    ("ma_cross", "SPY", "fill=next_close"),
    ("ma_cross", "SPY", "commission=per-share:0.005"),
    ("ma_cross", "SPY", "commission=percent:0.1"),
    ("ma_cross", "SPY", "commission=ibkr-fixed"),
    ("ma_cross", "SPY", "commission=ibkr-tiered"),
    ("ma_cross", "SPY", "slippage=bps:2"),
    ("ma_cross", "SPY", "slippage=ticks:1"),
    ("ma_cross", "SPY", "commission=ibkr-fixed slippage=bps:5 fill=next_close"),
    ("ma_cross", "SPY", "from=2005-01-03"),
    ("ma_cross", "SPY", "to=2004-12-31"),
    ("ma_cross", "SPY", "from=2007-01-03 to=2009-12-31"),
    ("ma_cross", "SPY", "from=2010-01-04 to=2010-02-26"),
    ("ma_cross", "SPY", "cash=1000"),
    ("ma_cross", "SPY", "cash=10000000"),
    ("ma_cross", "SPY", "fractional=yes"),
    ("ma_cross", "SPY", "fast=5 slow=15"),
    ("ma_cross", "SPY", "fast=50 slow=200"),
    ("ma_cross", "MINUTES", "fast=10 slow=30 commission=percent:0.01 fractional=yes"),
    ("rsi_reversion", "AAPL", "window=7 oversold=20 overbought=80"),
    ("rsi_reversion", "AAPL", "fill=same_close commission=percent:0.05"),
    ("rsi_reversion", "AAPL", "cash=500 slippage=bps:10"),
    ("rsi_reversion", "AAPL", "from=2008-01-02 to=2008-12-31 fractional=yes"),
    ("bollinger_reversion", "MSFT", "window=10 width=1.5 commission=ibkr-fixed"),
    ("bollinger_reversion", "MSFT", "fill=next_close slippage=ticks:2"),
    ("donchian_breakout", "SPY+MSFT", "entry=55 exit=20"),
    ("donchian_breakout", "SPY+MSFT", "commission=ibkr-tiered from=2003-01-02"),
    ("macd_trend", "AAPL+MSFT", "fill=same_close"),
    ("macd_trend", "AAPL+MSFT", "commission=per-share:0.01 slippage=bps:1"),
    ("momentum", "SPY+AAPL+MSFT", "lookback=126 rebalance=10"),
    ("momentum", "SPY+AAPL+MSFT", "commission=percent:0.2 cash=50000"),
    ("momentum", "SPY", "lookback=60 rebalance=5 fractional=yes"),
];

/// Daily bars of the bundled sample, or five sessions of made-up minutes.
fn series(symbol: &str) -> Series {
    if symbol == "MINUTES" {
        return minutes();
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

/// A walk in cents from 09:30 to 16:00 in New York, 2004-03-01 to 2004-03-05, by a linear
/// congruential generator (Knuth's constants).
pub(crate) fn minutes() -> Series {
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

/// The shipped strategies and the bars, loaded once.
struct Golden {
    strategies: BTreeMap<&'static str, &'static StrategyDef>,
    series: BTreeMap<&'static str, Series>,
}

impl Golden {
    fn load() -> Self {
        let def = |name: &&'static str| {
            let defs = open_library(File::open(library(name)).unwrap()).unwrap();
            (*name, defs[0])
        };
        let bars = |symbol: &&'static str| (*symbol, series(symbol));
        Self {
            strategies: STRATEGIES.iter().map(def).collect(),
            series: ["SPY", "AAPL", "MSFT", "MINUTES"].iter().map(bars).collect(),
        }
    }

    /// The block of one run.
    fn run<'m>(&'m self, strategy: &str, market: &'m str, options: &str) -> String {
        let def = self.strategies[strategy];
        let facts = describe_all(&[def]).unwrap().remove(0);
        let symbols: Vec<&str> = market.split('+').collect();
        let (mut values, mut config) = (facts.defaults(), config(symbols.len()));
        for (name, value) in
            options.split_whitespace().map(|option| option.split_once('=').unwrap())
        {
            if let Some(at) = facts.params.iter().position(|param| param.name == name) {
                values[at] = value.parse().unwrap();
            } else {
                set(&mut config, name, value);
            }
        }
        let member = |symbol: &&'m str| Member { symbol, columns: self.series[*symbol].columns() };
        let members: Vec<Member<'_>> = symbols.iter().map(member).collect();
        let resolution = if market == "MINUTES" { Resolution::Min1 } else { Resolution::Day1 };
        let stage = Stage::new(&members, resolution, config.to_ts);
        let result = stage.run(def, &values, &config, &ProgressPage::default()).unwrap();
        let basis = Basis {
            calendar: Calendar::Nyse,
            resolution,
            ts: &stage.timeline()[result.first_step..],
            cash: config.cash,
            risk_free_rate: 0.0,
        };
        let metrics = serde_json::to_value(measure(&result, &basis, None).metrics).unwrap();
        let heading = format!("{strategy} on {market} {options}");
        block(heading.trim_end(), &metrics, &result)
    }

    fn all(&self) -> String {
        let defaults = STRATEGIES.iter().flat_map(|name| MARKETS.map(|market| (*name, market, "")));
        let runs = defaults.chain(FURTHER);
        let blocks = runs.map(|(name, market, options)| self.run(name, market, options));
        HEADER.to_owned() + &blocks.collect::<String>()
    }
}

pub(crate) fn config(symbols: usize) -> Config {
    Config {
        cash: 100_000.0,
        fill: "next_open".parse().unwrap(),
        commission: "none".parse().unwrap(),
        slippage: "none".parse().unwrap(),
        fractional: false,
        lots: vec![1.0; symbols],
        from_ts: None,
        to_ts: None,
        seed: 0,
        rules: Rules::default(),
    }
}

fn set(config: &mut Config, name: &str, value: &str) {
    let day = || Some(midnight_ns(value.parse().unwrap()));
    match name {
        "fill" => config.fill = value.parse().unwrap(),
        "commission" => config.commission = value.parse().unwrap(),
        "slippage" => config.slippage = value.parse().unwrap(),
        "cash" => config.cash = value.parse().unwrap(),
        "fractional" => config.fractional = value == "yes",
        "from" => config.from_ts = day(),
        "to" => config.to_ts = day(),
        other => panic!("there is no option {other}"),
    }
}

fn block(heading: &str, metrics: &Value, result: &RunResult) -> String {
    let mut text = format!("\n{heading}\n");
    for (name, value) in metrics.as_object().unwrap() {
        let value = match value.as_f64().filter(|_| value.is_f64()) {
            Some(number) => six_digits(number),
            None => value.to_string().replace('"', ""),
        };
        text.push_str(&format!("    {name} {value}\n"));
    }
    text.push_str(&format!("    orders {} fills {}\n", result.orders.len(), result.fills.len()));
    text + &format!("    hash {}\n", hash(result))
}

fn six_digits(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = (5 - value.abs().log10().floor() as i32).clamp(0, 18) as usize;
    format!("{value:.decimals$}")
}

/// Sixteen hexadecimal digits of sha256 over every order and every fill, bit for bit.
pub(crate) fn hash(result: &RunResult) -> String {
    let mut sum = Sha256::new();
    for order in &result.orders {
        sum.update(order.id.to_le_bytes());
        sum.update(order.instrument.to_le_bytes());
        sum.update(order.decided_ts.to_le_bytes());
        sum.update(order.size.to_bits().to_le_bytes());
        sum.update(order.state.name());
        sum.update(order.filled.to_bits().to_le_bytes());
    }
    for fill in &result.fills {
        sum.update(fill.order.to_le_bytes());
        sum.update(fill.ts.to_le_bytes());
        for number in [fill.quantity, fill.price, fill.commission] {
            sum.update(number.to_bits().to_le_bytes());
        }
    }
    sum.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn fixture(name: &str) -> PathBuf {
    project().join("engine/tests/fixtures").join(name)
}

/// The hash that is kept of a run.
pub(crate) fn kept_hash(heading: &str) -> String {
    let text = fs::read_to_string(fixture("golden.txt")).unwrap();
    let block = text.split("\n\n").find(|block| block.lines().next() == Some(heading)).unwrap();
    block.lines().find_map(|line| line.strip_prefix("    hash ")).unwrap().to_owned()
}

/// The lines that differ, each under the run that it belongs to.
fn difference(before: &str, now: &str) -> Vec<String> {
    let blocks = |text: &str| -> BTreeMap<String, Vec<String>> {
        let blocks = text.split("\n\n").skip(1).filter_map(|block| {
            let mut lines = block.lines().map(str::to_owned);
            Some((lines.next()?, lines.collect()))
        });
        blocks.collect()
    };
    let (before, now) = (blocks(before), blocks(now));
    let mut shown = Vec::new();
    for run in before.keys().chain(now.keys().filter(|run| !before.contains_key(*run))) {
        let none = Vec::new();
        let (old, new) = (before.get(run).unwrap_or(&none), now.get(run).unwrap_or(&none));
        let gone = old.iter().filter(|line| !new.contains(line)).map(|line| format!("  -{line}"));
        let come = new.iter().filter(|line| !old.contains(line)).map(|line| format!("  +{line}"));
        let lines: Vec<String> = gone.chain(come).collect();
        if !lines.is_empty() {
            shown.push(run.clone());
            shown.extend(lines);
        }
    }
    shown
}

#[test]
fn every_golden_backtest_gives_the_numbers_that_it_gave() {
    let now = Golden::load().all();
    let path = fixture("golden.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &now).unwrap();
    }
    let before = fs::read_to_string(&path).unwrap();
    assert!(now.matches("    hash ").count() >= 60);
    let changed = difference(&before, &now);
    assert!(changed.is_empty(), "golden backtests have changed:\n{}", changed.join("\n"));
    assert!(before == now, "golden.txt has another header or order of runs");
}

/// The figures of trades of an independent engine: scripts/fixtures/ma_cross_trades.py.
#[test]
fn golden_trades_of_an_ma_cross_are_those_of_an_independent_engine() {
    let golden = Golden::load();
    for symbol in ["SPY", "AAPL", "MSFT"] {
        let text = fs::read_to_string(fixture(&format!("ma_cross_{symbol}.csv"))).unwrap();
        let profit = |line: &str| line.rsplit(',').next().unwrap().parse::<f64>().unwrap();
        let profits: Vec<f64> = text.lines().skip(1).map(profit).collect();
        let n = profits.len() as f64;
        let won: f64 = profits.iter().filter(|profit| **profit > 0.0).sum();
        let lost: f64 = profits.iter().filter(|profit| **profit < 0.0).sum();
        let wins = profits.iter().filter(|profit| **profit > 0.0).count() as f64;
        let block = golden.run("ma_cross", symbol, "");
        for (name, expected) in [
            ("trades", profits.len().to_string()),
            ("win_rate", six_digits(wins / n)),
            ("profit_factor", six_digits(won / -lost)),
            ("expectancy", six_digits(profits.iter().sum::<f64>() / n)),
        ] {
            let line = format!("    {name} {expected}");
            assert!(block.lines().any(|found| found == line), "{symbol}: no '{line}' in\n{block}");
        }
    }
}

#[test]
fn a_change_is_shown_by_the_names_of_its_lines() {
    let before = "# header\n\na on b\n    sharpe 1.0\n    beta 2.0\n\nc on d\n    sharpe 3.0\n";
    let now = before.replace("beta 2.0", "beta 2.5");
    let shown = difference(before, &now);
    assert_eq!(shown, ["a on b", "  -    beta 2.0", "  +    beta 2.5"]);
    assert_eq!(difference(before, before), [""; 0]);
}
