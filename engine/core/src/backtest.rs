//! The loop: the broker acts, then the strategy acts, then the account is marked.
//!
//! A strategy sees a bar when it has closed; what it orders is worked from the next bar on (unless
//! the fill model says otherwise). Bars before `from_ts` are history: visible, never traded.

use std::{borrow::Cow, cell::OnceCell};

use serde::{Deserialize, Serialize};
use strategy_api::{
    Resolution,
    abi::{
        host::{Fault, Instance, Market},
        layout::{RawColumn, RawFill, RawOrder, StrategyDef},
        raw::ProgressPage,
    },
    indicators::ColumnSpec,
};

use crate::{
    broker::{Broker, Commission, FillModel, Lot, Quote, Slippage, Terms},
    ledger::{self, Trade},
    order::{FillRecord, OrderRecord, OrderState, Reason},
    portfolio::Portfolio,
    risk,
    universe::{Alignment, Member},
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
    /// Closed trades by the time of closing, then open ones.
    pub trades: Vec<Trade>,
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

/// Runs a strategy over the bars of `members`, which share one cash account.
///
/// # Errors
/// When there is nothing to trade or the strategy fails.
pub fn run(
    def: &'static StrategyDef,
    params: &[f64],
    members: &[Member<'_>],
    resolution: Resolution,
    config: &Config,
    progress: &ProgressPage,
) -> Result<RunResult, RunError> {
    let members: Vec<_> = members.iter().map(|member| until(member, config.to_ts)).collect();
    let alignment = Alignment::of(&members);
    let market = alignment.market(&members, resolution);
    let from = config.from_ts.unwrap_or(i64::MIN);
    let first = market.timeline().partition_point(|ts| *ts < from);
    if first >= market.timeline().len() {
        return Err(RunError::NoBars);
    }
    let columns = OnceCell::new();
    let failed = |fault: Fault| {
        let ts = market.timeline().get(fault.at).copied();
        RunError::Strategy { fault, ts }
    };
    let mut instance =
        Instance::start(def, params, &market, progress, config.seed).map_err(failed)?;
    let specs = column_specs(instance.declared())?;
    let columns = columns.get_or_init(|| compute(&specs, &market, progress));
    instance.attach(columns.iter().map(|column| Cow::Borrowed(column.as_slice())).collect());
    Run::new(&market, config, first).drive(instance, &specs).map_err(failed)
}

fn until<'a>(member: &Member<'a>, to_ts: Option<i64>) -> Member<'a> {
    let Some(to_ts) = to_ts else { return *member };
    let rows = member.columns.ts.partition_point(|ts| *ts <= to_ts);
    Member { columns: member.columns.slice(0..rows), ..*member }
}

fn column_specs(declared: &[RawColumn]) -> Result<Vec<ColumnSpec>, RunError> {
    let read =
        |raw| ColumnSpec::from_wire(raw).map_err(|error| RunError::Column(error.to_string()));
    declared.iter().map(read).collect()
}

fn compute(specs: &[ColumnSpec], market: &Market<'_>, progress: &ProgressPage) -> Vec<Vec<f64>> {
    let mut columns = Vec::with_capacity(specs.len() * market.instruments().len());
    for spec in specs {
        for bars in market.instruments() {
            progress.beat();
            columns.push(spec.compute(&bars.columns));
        }
    }
    columns
}

/// A run under way.
struct Run<'m, 'a> {
    market: &'m Market<'a>,
    config: &'m Config,
    broker: Broker,
    portfolio: Portfolio,
    first: usize,
    equity: Vec<f64>,
    invested_steps: u64,
    log: Vec<LogEntry>,
    log_dropped: u64,
}

impl<'m, 'a> Run<'m, 'a> {
    fn new(market: &'m Market<'a>, config: &'m Config, first: usize) -> Self {
        let Config { fill, commission, slippage, .. } = *config;
        Self {
            market,
            config,
            broker: Broker::new(Terms { fill, commission, slippage }),
            portfolio: Portfolio::new(config.cash, market.instruments().len()),
            first,
            equity: Vec::with_capacity(market.timeline().len() - first),
            invested_steps: 0,
            log: Vec::new(),
            log_dropped: 0,
        }
    }

    /// The loop.
    fn drive(
        mut self,
        mut instance: Instance<'_>,
        specs: &[ColumnSpec],
    ) -> Result<RunResult, Fault> {
        let end = self.market.timeline().len();
        let fills_now = self.config.fill == FillModel::SameClose;
        let (mut at, mut told) = (self.first, 0);
        while at < end {
            if !fills_now {
                self.work(at);
            }
            let fills: Vec<RawFill> = self.broker.fills[told..].iter().map(raw_fill).collect();
            told = self.broker.fills.len();
            self.show(&mut instance);
            let to = if self.broker.is_waiting() { at + 1 } else { end };
            let last = instance.run(at, to, self.portfolio.cash, &fills)?;
            self.mark(at..last);
            self.take_orders(instance.orders(), last);
            self.take_log(&mut instance);
            if fills_now {
                self.work(last);
            }
            self.mark(last..last + 1);
            at = last + 1;
        }
        self.broker.expire();
        self.show(&mut instance);
        instance.finish(end - 1, self.portfolio.cash)?;
        self.refuse_late_orders(instance.orders(), end - 1);
        self.take_log(&mut instance);
        Ok(self.result(&instance, specs))
    }

    /// Lets the broker work what is pending against the bars of a step.
    fn work(&mut self, at: usize) {
        if self.broker.is_waiting() {
            let (market, config) = (self.market, self.config);
            self.broker
                .work(&mut self.portfolio, |instrument| quote(market, config, instrument, at));
        }
    }

    fn show(&self, instance: &mut Instance<'_>) {
        instance.position.clone_from_slice(&self.portfolio.position);
        instance.entry_price.clone_from_slice(&self.portfolio.entry_price);
    }

    /// Marks the account at the close of every step of a range.
    fn mark(&mut self, steps: std::ops::Range<usize>) {
        if self.portfolio.is_invested() {
            self.invested_steps += steps.len() as u64;
        } else {
            self.equity.extend(steps.map(|_| self.portfolio.cash));
            return;
        }
        match self.market.instruments() {
            [only] if only.seen.is_none() => {
                let (cash, position) = (self.portfolio.cash, self.portfolio.position[0]);
                let closes = &only.columns.close[steps];
                self.equity.extend(closes.iter().map(|close| cash + position * close));
            }
            _ => {
                for at in steps {
                    let close = |instrument| last_close(self.market, instrument, at);
                    self.equity.push(self.portfolio.equity(close));
                }
            }
        }
    }

    fn take_orders(&mut self, orders: &[RawOrder], at: usize) {
        let ts = self.market.timeline()[at];
        for raw in orders {
            let checked = risk::check(raw, self.market.instruments().len(), ts);
            self.broker.accept(record(raw, ts), checked);
        }
    }

    fn refuse_late_orders(&mut self, orders: &[RawOrder], at: usize) {
        let ts = self.market.timeline()[at];
        for raw in orders {
            self.broker.accept(record(raw, ts), Err(Reason::AfterTheEnd));
        }
    }

    fn take_log(&mut self, instance: &mut Instance<'_>) {
        if !instance.has_log() {
            return;
        }
        let (lines, dropped) = instance.take_log();
        let timeline = self.market.timeline();
        let time = |at: usize| timeline[at.min(timeline.len() - 1)];
        self.log
            .extend(lines.into_iter().map(|line| LogEntry { ts: time(line.at), text: line.text }));
        self.log_dropped += dropped;
    }

    fn result(self, instance: &Instance<'_>, specs: &[ColumnSpec]) -> RunResult {
        let need = specs.iter().map(ColumnSpec::warm_up).max().unwrap_or(0);
        let wire = |raw: &RawColumn| (raw.kind, raw.input, raw.output, raw.params);
        RunResult {
            equity: self.equity,
            first_step: self.first,
            invested_steps: self.invested_steps,
            trades: ledger::trades(&self.broker.fills, self.market.instruments().len()),
            orders: self.broker.orders,
            fills: self.broker.fills,
            cash: self.portfolio.cash,
            position: self.portfolio.position,
            log: self.log,
            log_dropped: self.log_dropped,
            columns: instance.declared().iter().map(wire).collect(),
            warm_up: need.max(instance.warm_up()),
        }
    }
}

/// Rows of an instrument that are closed at a step.
fn seen(market: &Market<'_>, instrument: usize, at: usize) -> usize {
    market.instruments()[instrument].seen.map_or(at + 1, |seen| seen[at] as usize)
}

fn last_close(market: &Market<'_>, instrument: usize, at: usize) -> f64 {
    let rows = seen(market, instrument, at);
    rows.checked_sub(1).map_or(0.0, |row| market.instruments()[instrument].columns.close[row])
}

fn quote(market: &Market<'_>, config: &Config, instrument: usize, at: usize) -> Quote {
    let rows = seen(market, instrument, at);
    let before = if at == 0 { 0 } else { seen(market, instrument, at - 1) };
    let lot = if config.fractional { Lot::Fractional } else { Lot::Of(config.lots[instrument]) };
    if rows > before {
        let bar = market.instruments()[instrument].columns.bar(rows - 1);
        Quote { ts: Some(bar.ts), reference: config.fill.reference(&bar), lot }
    } else {
        Quote { ts: None, reference: last_close(market, instrument, at), lot }
    }
}

fn record(raw: &RawOrder, decided_ts: i64) -> OrderRecord {
    OrderRecord {
        id: raw.id,
        instrument: raw.instrument,
        decided_ts,
        size_kind: raw.size_kind,
        size: raw.size,
        state: OrderState::Expired,
        reason: None,
        filled: 0.0,
    }
}

fn raw_fill(fill: &FillRecord) -> RawFill {
    RawFill {
        order: fill.order,
        instrument: fill.instrument,
        flags: 0,
        ts: fill.ts,
        quantity: fill.quantity,
        price: fill.price,
        commission: fill.commission,
        reserved: [0; 2],
    }
}

#[cfg(test)]
mod tests;
