//! Golden backtests: every statistic of many runs, and a hash of their orders and fills, in one file that
//! people can read. A change of any number is a difference of named lines; a wanted one is written by
//! `UPDATE_GOLDEN=1 cargo test -p algo-trader --test it golden`.

mod markets;
mod rules;
mod runs;

use std::{collections::BTreeMap, fs, fs::File, path::PathBuf};

use algo_trader::{
    registry::{describe_all, facts::StrategyFacts, foreign::open_library},
    report::{Basis, measure},
};
use engine_core::{
    backtest::{Config, Finer, RunResult, Stage},
    calendar::Calendar,
    series::Series,
    universe::Member,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use strategy_api::abi::{layout::StrategyDef, raw::ProgressPage};

use crate::{
    source::project,
    support::plugins::{fixture, library},
};
use markets::resolution;
pub(crate) use markets::series;
pub(crate) use rules::config;
use rules::set;
use runs::{FURTHER, MARKETS, RULES, STRATEGIES};

const HEADER: &str = "\
# Golden backtests: statistics (six significant digits) and a hash of orders and fills of each run.
# Rewritten by: UPDATE_GOLDEN=1 cargo test -p algo-trader --test it golden
# Held against an independent engine (backtesting.py, ma_cross_*.csv beside this file): trades, win_rate,
# profit_factor and expectancy of the runs 'ma_cross on SPY', 'ma_cross on AAPL' and 'ma_cross on MSFT'.
";

/// The strategies and the bars, loaded once.
struct Golden {
    strategies: BTreeMap<String, &'static StrategyDef>,
    series: BTreeMap<&'static str, Series>,
}

/// What a run depends on besides its bars.
pub(crate) struct Setting {
    pub(crate) values: Vec<f64>,
    pub(crate) config: Config,
    /// The market of the finer bars.
    intrabar: Option<String>,
}

impl Setting {
    /// From the options of a heading, for a strategy and a number of symbols.
    pub(crate) fn read(facts: &StrategyFacts, symbols: usize, options: &str) -> Self {
        let (mut values, mut config, mut intrabar) = (facts.defaults(), config(symbols), None);
        for option in options.split_whitespace() {
            let (name, value) = option.split_once('=').unwrap();
            if let Some(at) = facts.params.iter().position(|param| param.name == name) {
                values[at] = value.parse().unwrap();
            } else if name == "intrabar" {
                intrabar = Some(value.to_owned());
            } else {
                set(&mut config, name, value);
            }
        }
        Self { values, config, intrabar }
    }
}

impl Golden {
    fn load() -> Self {
        let shipped = STRATEGIES.into_iter().chain(["momentum_rotation", "pairs"]).map(library);
        let made = ["tickets", "speeds"].map(|name| fixture(name, name));
        let defs =
            shipped.chain(made).flat_map(|path| open_library(File::open(path).unwrap()).unwrap());
        let named = |def| (describe_all(&[def]).unwrap().remove(0).name, def);
        let bars = |symbol: &'static str| (symbol, series(symbol));
        Self {
            strategies: defs.map(named).collect(),
            series: ["SPY", "AAPL", "MSFT", "MINUTES", "QUARTERS"].map(bars).into(),
        }
    }

    /// The block of one run.
    fn run<'m>(&'m self, strategy: &str, market: &'m str, options: &str) -> String {
        let def = self.strategies[strategy];
        let facts = describe_all(&[def]).unwrap().remove(0);
        let symbols: Vec<&str> = market.split('+').collect();
        let Setting { values, config, intrabar } = Setting::read(&facts, symbols.len(), options);
        let member = |symbol: &&'m str| Member { symbol, columns: self.series[*symbol].columns() };
        let members: Vec<Member<'_>> = symbols.iter().map(member).collect();
        let finer = intrabar.as_deref().map(|finer| Finer {
            resolution: resolution(finer),
            columns: vec![Some(self.series[finer].columns())],
        });
        let resolution = resolution(market);
        let stage = Stage::new(&members, resolution, config.to_ts).settled_by(finer);
        let result = stage.run(def, &values, &config, &ProgressPage::default()).unwrap();
        let basis = Basis {
            calendar: Calendar::Nyse,
            resolution,
            ts: &stage.timeline()[result.first_step..],
            cash: config.cash,
            risk_free_rate: 0.0,
        };
        let metrics = serde_json::to_value(measure(&result, &basis).metrics).unwrap();
        let heading = format!("{strategy} on {market} {options}");
        let block = block(heading.trim_end(), &metrics, &result);
        if RULES.contains(&(strategy, market, options)) { block + &reasons(&result) } else { block }
    }

    fn all(&self) -> String {
        let defaults = STRATEGIES.iter().flat_map(|name| MARKETS.map(|market| (*name, market, "")));
        let runs = defaults.chain(FURTHER).chain(RULES);
        let blocks = runs.map(|(name, market, options)| self.run(name, market, options));
        HEADER.to_owned() + &blocks.collect::<String>()
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
    if result.ambiguous_bars > 0 {
        let (ambiguous, settled) = (result.ambiguous_bars, result.settled_bars);
        text.push_str(&format!("    ambiguous {ambiguous} settled {settled}\n"));
    }
    if !result.entries.is_empty() {
        text.push_str(&format!("    entries {}\n", result.entries.len()));
    }
    text.push_str(&format!("    orders {} fills {}\n", result.orders.len(), result.fills.len()));
    text + &format!("    hash {}\n", hash(result))
}

/// How many orders ended for each reason.
fn reasons(result: &RunResult) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in result.orders.iter().filter_map(|order| order.reason) {
        *counts.entry(reason.text()).or_default() += 1;
    }
    counts.iter().map(|(reason, orders)| format!("    {orders} x {reason}\n")).collect()
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

fn beside(name: &str) -> PathBuf {
    project().join("engine/tests/fixtures").join(name)
}

/// The hash that is kept of a run.
pub(crate) fn kept_hash(heading: &str) -> String {
    let text = fs::read_to_string(beside("golden.txt")).unwrap();
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
    let path = beside("golden.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &now).unwrap();
    }
    let before = fs::read_to_string(&path).unwrap();
    assert!(now.matches("    hash ").count() >= 90);
    let changed = difference(&before, &now);
    assert!(changed.is_empty(), "golden backtests have changed:\n{}", changed.join("\n"));
    assert!(before == now, "golden.txt has another header or order of runs");
}

/// The figures of trades of an independent engine: scripts/fixtures/ma_cross_trades.py.
#[test]
fn golden_trades_of_an_ma_cross_are_those_of_an_independent_engine() {
    let golden = Golden::load();
    for symbol in ["SPY", "AAPL", "MSFT"] {
        let text = fs::read_to_string(beside(&format!("ma_cross_{symbol}.csv"))).unwrap();
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
