//! The loop: the broker acts, then the strategy acts, then the account is marked.
//!
//! A strategy sees a bar when it has closed; what it orders is worked from the next bar on (unless
//! the fill model says otherwise). Bars before `from_ts` are history: visible, never traded.

mod adjusted;
mod ahead;
mod carry;
mod coarse;
mod drive;
mod finer;
mod floor;
pub mod prove;
mod seen;
mod stage;
#[cfg(test)]
mod tests;
mod trials;

use serde::{Deserialize, Serialize};
use strategy_api::abi::{host::Fault, layout::RawColumn};

pub use adjusted::as_seen;
pub use finer::Finer;
pub use seen::{Seen, SeenBar};
pub use stage::{Stage, run};
pub use trials::{Summary, Trials};

use crate::{
    broker::{Account, Ambiguity, Commission, FillModel, LimitTouch, Slippage},
    calendar::Calendar,
    event::Event,
    journal::{FillBasis, OrderStep},
    ledger::{AccountEntry, Trade},
    order::{FillRecord, OrderRecord},
    risk::Limits,
};

/// What a run depends on besides strategy, parameters and bars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Cash at the beginning.
    pub cash: f64,
    /// Fill model.
    pub fill: FillModel,
    /// Commission model.
    pub commission: Commission,
    /// Slippage model.
    pub slippage: Slippage,
    /// Whether any quantity may be traded, not only whole lots.
    pub fractional: bool,
    /// Lot of each instrument, units.
    pub lots: Vec<f64>,
    /// First bar to trade, nanoseconds UTC; earlier bars are history.
    pub from_ts: Option<i64>,
    /// Last bar, inclusive, nanoseconds UTC; later bars do not exist for the run.
    pub to_ts: Option<i64>,
    /// Seed for strategies that draw random numbers.
    pub seed: u64,
    /// The finer rules; the default is what most runs have.
    pub rules: Rules,
}

/// The finer rules of a run. The default: a cash account without limits, touched limits fill, bars are
/// read against the trader, the NYSE's sessions, no events.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// When a limit fills.
    pub limit_touch: LimitTouch,
    /// What is assumed of a bar that can be read in two ways.
    pub ambiguity: Ambiguity,
    /// Kind of account.
    pub account: Account,
    /// Limits on exposure and orders.
    pub limits: Limits,
    /// Sessions, for orders that depend on them.
    pub calendar: Calendar,
    /// What becomes known during the run; strategies see each event from its known-at time on.
    pub events: Vec<Event>,
    /// Whether splits and dividends among the events change the account, and splits what the strategy
    /// sees of the bars before them: yes for bars that are not adjusted.
    pub apply_actions: bool,
}

/// A line of the strategy's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Start of the bar at which it was written, nanoseconds UTC.
    pub ts: i64,
    /// The text.
    pub text: String,
}

/// What a run gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// Equity at the close of every step from the first traded one on.
    pub equity: Vec<f64>,
    /// Number of history steps before the first traded one.
    pub first_step: usize,
    /// Steps at whose close a position is held.
    pub invested_steps: u64,
    /// Every order, in the order of placing.
    pub orders: Vec<OrderRecord>,
    /// Every fill.
    pub fills: Vec<FillRecord>,
    /// What each fill stands on, in their order.
    pub bases: Vec<FillBasis>,
    /// What happened to orders between their placing and their end.
    pub steps: Vec<OrderStep>,
    /// Bars that orders and fills stand on; only when they were asked for ([`Stage::seen`]).
    pub seen: Seen,
    /// Dividends, splits, interest and fees.
    pub entries: Vec<AccountEntry>,
    /// Closed trades by the time of closing, then open ones.
    pub trades: Vec<Trade>,
    /// Bars that can be read in two ways, so that the result depends on [`Rules::ambiguity`].
    pub ambiguous_bars: u64,
    /// Those of them that finer bars have settled.
    pub settled_bars: u64,
    /// Instructions of the strategy that named no working order, or a change that made no sense.
    pub ignored_instructions: u64,
    /// Cash at the end.
    pub cash: f64,
    /// Position by instrument at the end, units.
    pub position: Vec<f64>,
    /// The strategy's log.
    pub log: Vec<LogEntry>,
    /// Log lines that were lost because there were too many at once.
    pub log_dropped: u64,
    /// Columns that the strategy declared: kind, input, output and parameters on the wire.
    pub columns: Vec<(u32, u32, u32, [f64; 4])>,
    /// Bars that the strategy needs before it can act.
    pub warm_up: usize,
}

impl RunResult {
    /// The columns as the strategy declared them.
    pub fn declared(&self) -> impl Iterator<Item = RawColumn> {
        self.columns.iter().map(|&(kind, input, output, params)| RawColumn {
            kind,
            input,
            output,
            reserved: 0,
            params,
            more: [0; 2],
        })
    }
}

/// Why a run ended without a result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RunError {
    /// There is nothing to trade.
    #[error("there is no bar in the period")]
    NoBars,
    /// The strategy failed.
    #[error("{} at bar {}: {}", .fault.callback, .fault.at, .fault.text)]
    Strategy {
        /// What it did.
        fault: Fault,
        /// Start of the bar, nanoseconds UTC.
        ts: Option<i64>,
    },
    /// The strategy declared a column that this engine cannot compute.
    #[error("the strategy declares a column that this engine cannot compute: {0}")]
    Column(String),
}
