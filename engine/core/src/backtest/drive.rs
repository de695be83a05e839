//! The loop itself.

use strategy_api::{
    abi::{
        host::{Fault, Instance, Market},
        layout::{RawColumn, RawFill, RawOrder},
    },
    indicators::ColumnSpec,
};

use super::{Config, LogEntry, RunResult};
use crate::{
    broker::{Broker, FillModel, Lot, Quote, Terms},
    ledger,
    order::{FillRecord, OrderRecord, OrderState, Reason},
    portfolio::Portfolio,
    risk,
};

/// A run under way.
pub(super) struct Run<'m, 'a> {
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
    pub(super) fn new(market: &'m Market<'a>, config: &'m Config, first: usize) -> Self {
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
    pub(super) fn drive(
        mut self,
        mut instance: Instance<'_>,
        specs: &[ColumnSpec],
    ) -> Result<RunResult, Fault> {
        let end = self.market.timeline().len();
        let fills_now = self.config.fill == FillModel::SameClose;
        let (mut at, mut told) = (self.first, 0);
        let mut fills: Vec<RawFill> = Vec::new();
        while at < end {
            if !fills_now {
                self.work(at);
            }
            fills.clear();
            fills.extend(self.broker.fills[told..].iter().map(raw_fill));
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
