//! The loop itself.

use strategy_api::{
    abi::{
        host::{Fault, Instance, Market},
        layout::{
            ACTION_CANCEL, ACTION_CANCEL_ALL, ACTION_MODIFY, RawColumn, RawFill, RawOrder,
            RawReport, Str,
        },
    },
    indicators::ColumnSpec,
};

use super::{
    Config, Finer, LogEntry, RunResult, Seen,
    adjusted::{Splits, Views},
    ahead::Ahead,
    carry::Actions,
    floor::{Sessions, ends_of, last_close, with_floor},
};
use crate::{
    broker::{Broker, FillModel, Part, Report, Terms},
    ledger::{self, AccountEntry},
    order::{FillRecord, OrderRecord, Reason},
    portfolio::Portfolio,
    risk::{self, Gate},
};

/// A run under way.
pub(super) struct Run<'m, 'a> {
    pub(super) market: &'m Market<'a>,
    pub(super) config: &'m Config,
    pub(super) broker: Broker,
    pub(super) portfolio: Portfolio,
    pub(super) first: usize,
    pub(super) entries: Vec<AccountEntry>,
    pub(super) actions: Actions,
    /// The splits among them and those before the first traded step.
    pub(super) splits: Splits,
    /// What the strategy is shown after each of them.
    pub(super) views: Views,
    pub(super) sessions: Sessions,
    pub(super) ahead: Ahead,
    /// Whether the strategy is handed one bar at a time while orders wait: the plain way, to which the
    /// other is held.
    pub(super) is_stepped: bool,
    finer: Option<&'m Finer<'a>>,
    equity: Vec<f64>,
    invested_steps: u64,
    /// Whether the strategy's log is kept.
    pub(super) keeps_log: bool,
    log: Vec<LogEntry>,
    log_dropped: u64,
    /// Fills that the strategy is told of next.
    news: Vec<RawFill>,
    /// First and last price of each instrument that matters at the step that is worked.
    ends: Vec<(f64, f64)>,
}

impl<'m, 'a> Run<'m, 'a> {
    pub(super) fn new(
        market: &'m Market<'a>,
        config: &'m Config,
        finer: Option<&'m Finer<'a>>,
        first: usize,
    ) -> Self {
        let Config { fill, commission, slippage, ref rules, .. } = *config;
        let (limit_touch, ambiguity) = (rules.limit_touch, rules.ambiguity);
        let (account, limits) = (rules.account, rules.limits);
        let terms = Terms { fill, commission, slippage, limit_touch, ambiguity, account, limits };
        Self {
            market,
            config,
            broker: Broker::new(terms),
            portfolio: Portfolio::in_sequence(config.cash, by_symbol(market)),
            first,
            entries: Vec::new(),
            actions: Actions::of(market, rules, first),
            splits: Splits::of(market, rules),
            views: Views::default(),
            sessions: Sessions::default(),
            ahead: Ahead::default(),
            is_stepped: false,
            finer,
            equity: Vec::with_capacity(market.timeline().len() - first),
            invested_steps: 0,
            keeps_log: true,
            log: Vec::new(),
            log_dropped: 0,
            news: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Back to the beginning, as a new run would be, in the same memory.
    pub(super) fn reset(&mut self) {
        self.broker.reset();
        self.portfolio.reset(self.config.cash);
        self.entries.clear();
        self.actions.reset();
        self.ahead = Ahead::default();
        self.equity.clear();
        self.invested_steps = 0;
        self.log.clear();
        self.log_dropped = 0;
    }

    /// The loop.
    pub(super) fn drive(&mut self, instance: &mut Instance<'_>) -> Result<(), Fault> {
        let end = self.market.timeline().len();
        let fills_now = self.config.fill == FillModel::SameClose;
        let (mut at, mut told) = (self.first, 0);
        while at < end {
            self.carry(at, instance);
            self.work(at, Part::Bar);
            self.news.clear();
            self.news.extend(self.broker.fills[told..].iter().map(raw_fill));
            told = self.broker.fills.len();
            self.show(instance);
            let horizon = self.horizon(at, end);
            let last = instance.run(at, horizon, self.portfolio.cash, &self.news)?;
            self.pass(at, last, horizon);
            self.mark(at..last);
            self.take_orders(instance.orders(), last);
            self.take_log(instance);
            if fills_now {
                self.work(last, Part::Decision);
            }
            self.mark(last..last + 1);
            self.call_margin(instance, last);
            at = last + 1;
        }
        self.broker.expire(self.market.timeline()[end - 1]);
        self.broker.reports.clear();
        self.show(instance);
        instance.finish(end - 1, self.portfolio.cash)?;
        self.refuse_late_orders(instance.orders(), end - 1);
        self.take_log(instance);
        Ok(())
    }

    /// Equity at the close of every step from the first traded one on.
    pub(super) fn equity(&self) -> &[f64] {
        &self.equity
    }

    /// Steps at whose close a position was held.
    pub(super) fn invested_steps(&self) -> u64 {
        self.invested_steps
    }

    /// How far the strategy may run by itself: until orders have to be worked or the account changes.
    fn horizon(&mut self, at: usize, end: usize) -> usize {
        if self.has_carry() {
            return at + 1;
        }
        let end = self.actions.next_step().map_or(end, |step| step.min(end));
        if self.broker.is_waiting() { self.quiet_until(at, end) } else { end }
    }

    /// Lets the broker work orders against the bars of a step.
    fn work(&mut self, at: usize, part: Part) {
        if self.broker.is_waiting() {
            self.look_at_ends(at);
            let (broker, portfolio) = (&mut self.broker, &mut self.portfolio);
            let terms = (self.config, self.finer);
            let known = (&self.sessions, &self.ends[..]);
            with_floor(self.market, terms, known, at, |floor| {
                broker.work(portfolio, floor, part);
            });
        }
    }

    /// Notes the prices of the instruments that are held or ordered; no other is asked for.
    fn look_at_ends(&mut self, at: usize) {
        self.ends.clear();
        self.ends.resize(self.market.instruments().len(), (f64::NAN, f64::NAN));
        let held = self.portfolio.position.iter().enumerate().filter(|(_, units)| **units != 0.0);
        for instrument in held.map(|(instrument, _)| instrument).chain(self.broker.ordered()) {
            self.ends[instrument] = ends_of(self.market, instrument, at);
        }
    }

    fn show(&mut self, instance: &mut Instance<'_>) {
        instance.position.clone_from_slice(&self.portfolio.position);
        instance.entry_price.clone_from_slice(&self.portfolio.entry_price);
        let (reports, orders) = (self.broker.reports.drain(..), &self.broker.orders);
        instance.reports.clear();
        instance.reports.extend(reports.map(|report| raw_report(&report, orders)));
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
        let rules = &self.config.rules;
        let most = rules.limits.orders_per_bar.unwrap_or(u32::MAX);
        let instruments = self.market.instruments().len();
        let gate = Gate { instruments, may_short: rules.account.may_short() };
        let mut placed = 0;
        for raw in orders {
            if matches!(raw.action, ACTION_CANCEL | ACTION_MODIFY | ACTION_CANCEL_ALL) {
                self.broker.instruct(raw, ts);
                continue;
            }
            placed += 1;
            let checked =
                if placed > most { Err(Reason::TooManyOrders) } else { risk::check(raw, gate, ts) };
            self.broker.accept(OrderRecord::new(raw, ts), checked);
        }
    }

    fn refuse_late_orders(&mut self, orders: &[RawOrder], at: usize) {
        let ts = self.market.timeline()[at];
        for raw in orders {
            self.broker.accept(OrderRecord::new(raw, ts), Err(Reason::AfterTheEnd));
        }
    }

    fn take_log(&mut self, instance: &mut Instance<'_>) {
        if !instance.has_log() {
            return;
        }
        if !self.keeps_log {
            instance.drop_log();
            return;
        }
        let (lines, dropped) = instance.take_log();
        let timeline = self.market.timeline();
        let time = |at: usize| timeline[at.min(timeline.len() - 1)];
        self.log
            .extend(lines.into_iter().map(|line| LogEntry { ts: time(line.at), text: line.text }));
        self.log_dropped += dropped;
    }

    /// Everything that is known of the run.
    pub(super) fn result(self, instance: &Instance<'_>, specs: &[ColumnSpec]) -> RunResult {
        let steps =
            |(raw, spec): (&RawColumn, &ColumnSpec)| instance.steps_for(raw, spec.warm_up());
        let need = instance.declared().iter().zip(specs).map(steps).max().unwrap_or(0);
        let wire = |raw: &RawColumn| (raw.kind, raw.input, raw.output, raw.params);
        // A column of coarser bars has no value for each bar of the run.
        let own = instance.declared().iter().filter(|raw| instance.length_of(raw).is_none());
        RunResult {
            equity: self.equity,
            first_step: self.first,
            invested_steps: self.invested_steps,
            trades: ledger::trades_with(
                &self.broker.fills,
                &self.entries,
                self.market.instruments().len(),
            ),
            entries: self.entries,
            ambiguous_bars: self.broker.ambiguous_bars,
            settled_bars: self.broker.settled_bars,
            ignored_instructions: self.broker.ignored_instructions,
            orders: self.broker.orders,
            fills: self.broker.fills,
            bases: self.broker.bases,
            steps: self.broker.steps,
            seen: Seen::default(),
            cash: self.portfolio.cash,
            position: self.portfolio.position,
            log: self.log,
            log_dropped: self.log_dropped,
            columns: own.map(wire).collect(),
            warm_up: need.max(instance.warm_up()),
        }
    }
}

/// Instruments by symbol: sums and ties follow names, not the order of the command line.
fn by_symbol(market: &Market<'_>) -> Vec<usize> {
    let mut sequence: Vec<usize> = (0..market.instruments().len()).collect();
    sequence.sort_by_key(|instrument| market.instruments()[*instrument].symbol);
    sequence
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

fn raw_report(report: &Report, orders: &[OrderRecord]) -> RawReport {
    let order = &orders[report.record];
    RawReport {
        order: order.id,
        instrument: order.instrument,
        state: report.state,
        ts: report.ts,
        filled: order.filled,
        reason: Str::new(report.reason.map_or("", Reason::text)),
        reserved: [0; 3],
    }
}
