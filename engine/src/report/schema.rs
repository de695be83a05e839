//! The schema of a result: the keys of `--json` in their order, but for the lists.
//!
//! Fields keep their names and meanings; new ones may join. What is undefined is null. Nothing here
//! knows the clock or the database, so the same run gives the same bytes anywhere. The words for
//! users are in `docs/json.md`.

use std::collections::BTreeMap;

use engine_core::metrics::Metrics;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{dialect::DialectFacts, proof::ProofFacts};

/// Version of the schema; grows when a key changes its meaning or goes.
pub const SCHEMA: u32 = 1;

/// A result without its lists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Version of the schema.
    pub schema: u32,
    /// Version of the engine.
    pub engine: String,
    /// Content hash of everything that the result depends on, in hex.
    pub run: String,
    /// What was run.
    pub strategy: StrategyFacts,
    /// On what, in the order of the account.
    pub symbols: Vec<String>,
    /// Name of the resolution.
    pub resolution: String,
    /// Session calendar.
    pub calendar: String,
    /// Which bars.
    pub data: DataFacts,
    /// From when to when.
    pub period: Period,
    /// Under which rules.
    pub settings: Settings,
    /// The figures; their keys are those of [`Metrics`].
    pub metrics: Metrics,
    /// What trading cost.
    pub costs: Costs,
    /// The same for the benchmark.
    pub benchmark: Option<Benchmark>,
    /// Orders, fills and log lines by number.
    pub counts: Counts,
    /// What is still held at the end.
    pub positions: Vec<Position>,
    /// What a reader should know before trusting the figures.
    pub warnings: Vec<Warning>,
    /// What becomes of the result when bars that can be read in two ways are read otherwise; absent when
    /// there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ambiguity: Option<AmbiguityFacts>,
    /// What `--prove` found; absent when it was not asked for, and never kept with the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProofFacts>,
    /// The figures of another package, with `--metrics-as`; never kept with the run.
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub metrics_as: Option<DialectFacts>,
}

/// The strategy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StrategyFacts {
    /// As it was asked for: its name or an alias.
    pub name: String,
    /// The name that it gives itself.
    pub id: String,
    /// Its version.
    pub version: String,
    /// sha256 of the plugin in hex; null when it is built in.
    pub plugin_sha256: Option<String>,
    /// Every parameter with the value that it had.
    pub parameters: Map<String, Value>,
    /// Bars that it needs before it can act.
    pub warm_up_bars: usize,
}

/// The bars that a result stands on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataFacts {
    /// Digest of all bars in hex.
    pub digest: String,
    /// One entry a symbol, in their order.
    pub series: Vec<SeriesFacts>,
}

/// The bars of one symbol.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SeriesFacts {
    /// Symbol.
    pub symbol: String,
    /// How prices are adjusted.
    pub adjustment: String,
    /// Length of the bars that they were made of; absent when they were held as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resampled_from: Option<String>,
    /// Bars given to the run, history included.
    pub bars: usize,
    /// Time of the first one; null without bars.
    pub first: Option<String>,
    /// Time of the last one; null without bars.
    pub last: Option<String>,
}

/// The traded period.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Period {
    /// Time of the first traded bar.
    pub first: Option<String>,
    /// Time of the last bar.
    pub last: Option<String>,
    /// Bars traded; with several symbols, moments at which any of them has a bar.
    pub bars: usize,
    /// Bars before the first traded one, which the strategy could see.
    pub history_bars: usize,
    /// Sessions from the first to the last.
    pub sessions: usize,
}

/// The rules of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Cash at the beginning.
    pub cash: f64,
    /// Name of the fill model.
    pub fill: String,
    /// Name of the commission model, with its rate.
    pub commission: String,
    /// Slippage in basis points of the price; 0 when the model is another.
    pub slippage_bps: f64,
    /// Name of the slippage model, with its numbers.
    pub slippage: String,
    /// When a limit order fills: `touch` or `strict`.
    pub limit_touch: String,
    /// What is assumed of a bar that can be read in two ways: `pessimistic` or `optimistic`.
    pub ambiguity: String,
    /// Length of the finer bars that settle bars that can be read in two ways; absent for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intrabar: Option<String>,
    /// Kind of account: `cash` or `margin`.
    pub account: String,
    /// Interest on borrowed cash, fraction a year.
    pub margin_rate: f64,
    /// Fee for borrowed shares, fraction a year.
    pub borrow_fee: f64,
    /// Limits on exposure (multiples of equity) and orders; null where there is none.
    pub limits: Limits,
    /// Whether any quantity may be traded.
    pub fractional: bool,
    /// Lot of each symbol, units.
    pub lots: Vec<f64>,
    /// Asked first bar; null for the first there is.
    pub from: Option<String>,
    /// Asked last bar; null for the last there is.
    pub to: Option<String>,
    /// Seed for strategies that draw random numbers.
    pub seed: u64,
    /// Risk-free rate, fraction per year.
    pub risk_free_rate: f64,
    /// Sessions in a year by which figures are annualised.
    pub sessions_per_year: f64,
    /// Where a rule that no option named comes from, by its key in `strategies.toml`; absent when all
    /// were options or at their default.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub origins: BTreeMap<String, String>,
}

/// The limits of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Long and short positions added, multiple of equity.
    pub gross: Option<f64>,
    /// Long less short positions, multiple of equity.
    pub net: Option<f64>,
    /// Any one position, multiple of equity.
    pub per_symbol: Option<f64>,
    /// Orders at one bar.
    pub orders_per_bar: Option<u32>,
}

/// What trading cost, in the account's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Costs {
    /// Commission of all fills.
    pub commission: f64,
    /// Slippage of all fills.
    pub slippage: f64,
    /// Interest on borrowed cash.
    pub interest: f64,
    /// Fees for borrowed shares.
    pub borrow_fees: f64,
    /// All of these.
    pub total: f64,
    /// Dividends received, less those paid on short positions; not among the costs.
    pub dividends: f64,
    /// Value of everything bought and sold.
    pub traded_value: f64,
}

/// The benchmark.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Benchmark {
    /// What it is, for example `buy_and_hold SPY`.
    pub name: String,
    /// Its figures.
    pub metrics: Metrics,
    /// What its trading cost.
    pub costs: Costs,
}

/// How many orders ended how, and what else there was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Orders placed.
    pub orders: usize,
    /// Orders filled, reduced ones included.
    pub filled: usize,
    /// Orders with nothing to do, and those that the strategy, their group, their parent or their time
    /// in force ended.
    pub cancelled: usize,
    /// Orders whose time ran out or that the end of the run overtook.
    pub expired: usize,
    /// Orders refused.
    pub rejected: usize,
    /// Why, by number, in the order of the first such order.
    pub reasons: Vec<ReasonCount>,
    /// Instructions that named no working order, or a change that made no sense.
    pub ignored_instructions: u64,
    /// Bars that can be read in two ways, so that the result depends on how they are read.
    pub ambiguous_bars: u64,
    /// Those of them that finer bars have settled; absent when there are none.
    #[serde(skip_serializing_if = "is_zero")]
    pub settled_bars: u64,
    /// Fills.
    pub fills: usize,
    /// Closed trades.
    pub closed_trades: usize,
    /// Trades still open at the end.
    pub open_trades: usize,
    /// Lines of the strategy's log.
    pub log_lines: usize,
    /// Log lines that were lost because there were too many at once.
    pub log_lines_lost: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A result under the three readings of bars that can be read in two ways: against the trader, as the
/// run has it, and for the trader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AmbiguityFacts {
    /// Total return, fraction.
    pub total_return: [Option<f64>; 3],
    /// Equity at the end.
    pub end_equity: [Option<f64>; 3],
}

/// How many orders ended in one way for one reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReasonCount {
    /// How they ended.
    pub state: String,
    /// Why.
    pub reason: String,
    /// How many.
    pub orders: usize,
}

/// What is held of one symbol at the end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Position {
    /// Symbol.
    pub symbol: String,
    /// Units.
    pub quantity: f64,
    /// Last close.
    pub price: f64,
    /// Both multiplied.
    pub value: f64,
    /// Net profit of its open trade at that price, costs so far included.
    pub profit: f64,
}

/// Something to know before trusting the figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Warning {
    /// Stable name.
    pub code: String,
    /// For people.
    pub text: String,
}
