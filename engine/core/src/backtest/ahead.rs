//! Looks along the bars for the first step at which an order that waits has something to do, so that the
//! strategy runs up to it without a stop. What comes of it is what stepping bar by bar gives.

use super::{drive::Run, floor::seen};
use crate::broker::Alarm;

/// Steps that are looked at when a strategy has just acted.
const SHORT: usize = 32;
/// Most steps that are looked at: a strategy that acts before their end makes the look a waste.
const LONG: usize = 1 << 16;

/// How far to look, and what for.
#[derive(Debug)]
pub(super) struct Ahead {
    reach: usize,
    alarms: Vec<(usize, Alarm)>,
}

impl Default for Ahead {
    fn default() -> Self {
        Self { reach: SHORT, alarms: Vec::new() }
    }
}

impl Ahead {
    /// The further a strategy runs without acting, the further it pays to look.
    fn learn(&mut self, has_run_through: bool) {
        self.reach = if has_run_through { (self.reach * 2).min(LONG) } else { SHORT };
    }
}

impl Run<'_, '_> {
    /// The first step after `at` and before `end` at which an order has something to do, or the end of
    /// what was looked at; the step after `at` when an order has to be worked there.
    pub(super) fn quiet_until(&mut self, at: usize, end: usize) -> usize {
        if self.is_stepped {
            return at + 1;
        }
        let mut alarms = std::mem::take(&mut self.ahead.alarms);
        alarms.clear();
        let mut until = at + 1;
        if self.broker.alarms(&self.portfolio.position, &mut alarms) {
            until = end.min(at + 1 + self.ahead.reach);
            for (instrument, alarm) in &alarms {
                until = self.first_alarm(*instrument, alarm, at, until);
            }
        }
        self.ahead.alarms = alarms;
        until
    }

    /// The first step after `at` at which an alarm goes off; `end` when there is none before.
    fn first_alarm(&self, instrument: usize, alarm: &Alarm, at: usize, end: usize) -> usize {
        if end <= at + 1 {
            return end;
        }
        let bars = &self.market.instruments()[instrument];
        let rows = seen(self.market, instrument, at)..seen(self.market, instrument, end - 1);
        let calendar = self.config.rules.calendar;
        let session = |row| self.sessions.of(self.market, calendar, instrument, row).day;
        match (alarm.first(&bars.columns, rows, session), bars.seen) {
            (None, _) => end,
            (Some(row), None) => row,
            (Some(row), Some(seen)) => seen.partition_point(|rows| *rows as usize <= row),
        }
    }

    /// Takes note of how far the strategy has run of what it was given, and lets orders follow the bars
    /// on the way that the broker has not worked.
    pub(super) fn pass(&mut self, at: usize, last: usize, horizon: usize) {
        if !self.broker.is_waiting() {
            return;
        }
        self.ahead.learn(last + 1 == horizon);
        if last == at {
            return;
        }
        for (instrument, bars) in self.market.instruments().iter().enumerate() {
            let rows = seen(self.market, instrument, at)..seen(self.market, instrument, last);
            if !rows.is_empty() {
                self.broker.pass_over(instrument, &bars.columns.slice(rows));
            }
        }
    }
}
