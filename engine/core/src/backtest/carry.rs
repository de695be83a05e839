//! What an account bears from step to step besides fills: interest, borrow fees, corporate actions, and
//! the margin call.
//!
//! Interest and fees are charged at every step for the time since the step before, on a year of 360
//! days: on borrowed cash, and on the value of borrowed units at their last close. A split or dividend
//! takes effect before the first bar of its instrument at or after its ex-date. Fractions of a unit
//! that a split leaves are kept. From a split on the strategy sees the bars before it in new units.

use strategy_api::abi::host::{Instance, Market};

use super::{Rules, drive::Run, floor::last_close};
use crate::{
    calendar::DAY_NS,
    event::EventKind,
    ledger::{AccountEntry, EntryKind},
};

/// Days of a year on which interest is reckoned.
const YEAR_DAYS: f64 = 360.0;

/// The corporate actions of a run by step, and which of them are still to come.
#[derive(Debug, Default)]
pub(super) struct Actions {
    all: Vec<Action>,
    next: usize,
}

#[derive(Clone, Copy, Debug)]
struct Action {
    step: usize,
    instrument: usize,
    kind: EntryKind,
    value: f64,
}

impl Actions {
    /// The actions of `rules` that fall on a traded step.
    pub(super) fn of(market: &Market<'_>, rules: &Rules, first: usize) -> Self {
        if !rules.apply_actions {
            return Self::default();
        }
        let mut all = Vec::new();
        for event in &rules.events {
            let kind = match event.kind {
                EventKind::Split => EntryKind::Split,
                EventKind::Dividend => EntryKind::Dividend,
                EventKind::Signal(_) => continue,
            };
            let instruments = market.instruments().iter();
            let instrument =
                instruments.clone().position(|bars| Some(bars.symbol) == event.symbol.as_deref());
            let Some(instrument) = instrument else { continue };
            let times = market.instruments()[instrument].columns.ts;
            let row = times.partition_point(|ts| *ts < event.ts);
            let Some(ts) = times.get(row) else { continue };
            let step = market.timeline().partition_point(|step| step < ts);
            if step >= first && step < market.timeline().len() {
                all.push(Action { step, instrument, kind, value: event.value });
            }
        }
        all.sort_by_key(|action| action.step);
        Self { all, next: 0 }
    }

    /// All are to come again.
    pub(super) fn reset(&mut self) {
        self.next = 0;
    }

    /// The step of the next action.
    pub(super) fn next_step(&self) -> Option<usize> {
        self.all.get(self.next).map(|action| action.step)
    }

    fn take(&mut self, at: usize) -> Option<Action> {
        let action = *self.all.get(self.next).filter(|action| action.step <= at)?;
        self.next += 1;
        Some(action)
    }
}

impl Run<'_, '_> {
    /// Whether the account changes by itself at every step, or may be called.
    pub(super) fn has_carry(&self) -> bool {
        self.config.rules.account.may_short() && self.portfolio.is_leveraged()
    }

    /// Books what a step brings before its bars are worked.
    pub(super) fn carry(&mut self, at: usize, instance: &mut Instance<'_>) {
        if at > self.first && self.has_carry() {
            self.charge(at);
        }
        while let Some(action) = self.actions.take(at) {
            self.act(at, action);
            if action.kind == EntryKind::Split {
                self.views.advance(action.instrument, instance);
            }
        }
    }

    fn charge(&mut self, at: usize) {
        let Some(terms) = self.config.rules.account.margin() else { return };
        let timeline = self.market.timeline();
        let days = (timeline[at] - timeline[at - 1]) as f64 / DAY_NS as f64;
        let owed = (-self.portfolio.cash).max(0.0) * terms.interest * days / YEAR_DAYS;
        let mut charges = Vec::new();
        if owed > 0.0 {
            charges.push((None, EntryKind::Interest, owed));
        }
        for instrument in self.portfolio.sequence() {
            let short = (-self.portfolio.position[*instrument]).max(0.0);
            let value = short * last_close(self.market, *instrument, at - 1);
            let fee = value * terms.borrow_fee * days / YEAR_DAYS;
            if fee > 0.0 {
                charges.push((Some(*instrument), EntryKind::BorrowFee, fee));
            }
        }
        for (instrument, kind, amount) in charges {
            self.portfolio.cash -= amount;
            self.enter(at, instrument, kind, -amount);
        }
    }

    fn act(&mut self, at: usize, action: Action) {
        let Action { instrument, kind, value, .. } = action;
        let held = self.portfolio.position[instrument];
        if kind == EntryKind::Split {
            self.portfolio.split(instrument, value);
            let before =
                at.checked_sub(1).map_or(0.0, |at| last_close(self.market, instrument, at));
            self.broker.split(instrument, value, before);
            self.enter(at, Some(instrument), kind, value);
        } else if held != 0.0 {
            self.portfolio.cash += held * value;
            self.enter(at, Some(instrument), kind, held * value);
        }
    }

    fn enter(&mut self, at: usize, instrument: Option<usize>, kind: EntryKind, value: f64) {
        let instrument = instrument.and_then(|instrument| u32::try_from(instrument).ok());
        self.entries.push(AccountEntry { ts: self.market.timeline()[at], instrument, kind, value });
    }

    /// Closes everything when the close of a step leaves less than the maintenance margin.
    pub(super) fn call_margin(&mut self, instance: &mut Instance<'_>, at: usize) {
        if !self.has_carry() || self.broker.is_liquidating() {
            return;
        }
        let close = |instrument| last_close(self.market, instrument, at);
        if self.config.rules.account.is_called(&self.portfolio, close) {
            let ts = self.market.timeline()[at];
            self.broker.liquidate(&self.portfolio, ts, || instance.reserve_order_id());
        }
    }
}
