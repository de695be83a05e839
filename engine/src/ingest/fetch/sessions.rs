//! The sessions between two dates as a numbered list: the unit in which fetching is planned.
//!
//! Windows that begin and end with a session never cut a day in two, need no look at the clock of the
//! exchange, and are counted as the broker counts its `D`.

use crate::gateway::Hours;
use crate::ingest::validate::exchange_date;
use engine_core::calendar::{Calendar, DAY_NS, SECOND_NS, midnight_ns, utc_date};
use jiff::{Span, civil::Date};
use strategy_api::Resolution;

/// From midnight in New York to the open.
const NYSE_OPEN_NS: i64 = (9 * 60 + 30) * 60 * SECOND_NS;
/// Trading before the regular hours of the NYSE.
const EARLY_NS: i64 = 330 * 60 * SECOND_NS;
/// Trading after them.
const LATE_NS: i64 = 240 * 60 * SECOND_NS;

/// What makes a market's days: its calendar, the length of the bars, and which hours are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Market {
    /// Session calendar.
    pub(super) calendar: Calendar,
    /// Length of a bar.
    pub(super) resolution: Resolution,
    /// Which hours of a day.
    pub(super) hours: Hours,
}

impl Market {
    /// First and last time at which a bar of a session can start, nanoseconds UTC.
    pub(super) fn bounds(self, session: Date) -> (i64, i64) {
        let first = if self.resolution.is_intraday() {
            let open = self.calendar.session_hours(session).map(|(open, _)| open);
            match self.calendar {
                // Clocks change on Sundays only, so midnight is always as far from the open.
                Calendar::Nyse => open.map_or(midnight_ns(session), |open| open - NYSE_OPEN_NS),
                Calendar::AlwaysOpen => midnight_ns(session),
            }
        } else {
            midnight_ns(session)
        };
        (first, first.saturating_add(DAY_NS - 1))
    }

    /// When a session's trading begins and ends, nanoseconds UTC.
    pub(super) fn trading(self, session: Date) -> (i64, i64) {
        let Some((open, close)) = self.calendar.session_hours(session) else {
            return (i64::MAX, i64::MAX);
        };
        match (self.calendar, self.hours) {
            (Calendar::Nyse, Hours::Extended) => (open - EARLY_NS, close + LATE_NS),
            _ => (open, close),
        }
    }

    /// First and last time of a session that can belong to a bar, nanoseconds UTC.
    fn traded(self, session: Date) -> (i64, i64) {
        if self.resolution.is_intraday() {
            let (open, close) = self.trading(session);
            return (open, close - 1);
        }
        self.bounds(session)
    }

    /// The end of a session's day: from then on the broker has all of it, nanoseconds UTC.
    pub(super) fn day_end(self, session: Date) -> i64 {
        let intraday = Self { resolution: Resolution::Min1, ..self };
        intraday.bounds(session).1 + 1
    }

    /// The session that a bar belongs to; the date alone when there is none.
    pub(super) fn date_of(self, ts: i64) -> Date {
        match (self.calendar, self.resolution.is_intraday()) {
            (Calendar::Nyse, true) => exchange_date(ts),
            _ => utc_date(ts),
        }
    }

    /// The date on the exchange at an instant.
    pub(super) fn today(self, now: i64) -> Date {
        match self.calendar {
            Calendar::Nyse => exchange_date(now),
            Calendar::AlwaysOpen => utc_date(now),
        }
    }

    /// The last session whose trading has begun.
    pub(super) fn latest(self, now: i64) -> Date {
        let today = self.today(now);
        let begun = self.calendar.is_session(today) && self.trading(today).0 <= now;
        if begun { today } else { self.calendar.session_before(today) }
    }

    /// Bars of a full session in regular hours; 1 for bars of a session and longer.
    pub(super) fn bars_a_session(self) -> usize {
        let Some(step) = self.resolution.seconds() else { return 1 };
        let (hours, step) = (if self.calendar == Calendar::Nyse { 23_400 } else { 86_400 }, step);
        (hours / step as usize).max(1)
    }

    /// First session of the week or month that holds a session; for other bars the session itself.
    pub(super) fn period_start(self, session: Date) -> Date {
        let first = match self.resolution {
            Resolution::Week1 => {
                let since = i64::from(session.weekday().to_monday_zero_offset());
                session.saturating_sub(Span::new().days(since))
            }
            Resolution::Month1 => session.first_of_month(),
            _ => session,
        };
        self.calendar.session_from(first)
    }

    /// The last time at which every bar that starts then or earlier has ended, within a session.
    /// `None` when the session is not over before its first bar.
    pub(super) fn settled(self, first: Date, last: Date, now: i64) -> Option<i64> {
        let (from, to) = (self.bounds(first).0, self.bounds(last).1);
        if let Some(step) = self.resolution.seconds() {
            if self.trading(last).1 <= now {
                return Some(to);
            }
            let start = self.bounds(last).0;
            let step = i64::from(step) * SECOND_NS;
            let begun = start + (now - start).max(0) / step * step - 1;
            return Some(begun).filter(|settled| *settled >= from);
        }
        let mut session = last;
        loop {
            let key = midnight_ns(self.period_start(session));
            if self.calendar.bar_end(self.resolution, key) <= now {
                return Some(if session == last { to } else { self.bounds(session).1 });
            }
            session = self.calendar.session_before(utc_date(key));
            if midnight_ns(session) < from {
                return None;
            }
        }
    }
}

/// Consecutive sessions, oldest first.
#[derive(Clone, Debug)]
pub(super) struct Sessions {
    pub(super) market: Market,
    dates: Vec<Date>,
}

impl Sessions {
    /// The sessions from one date to another, both included.
    pub(super) fn between(market: Market, from: Date, to: Date) -> Self {
        Self { market, dates: market.calendar.sessions(from, to).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.dates.len()
    }

    pub(super) fn date(&self, index: usize) -> Date {
        self.dates[index]
    }

    /// Number of sessions before a date.
    pub(super) fn before(&self, date: Date) -> usize {
        self.dates.partition_point(|session| *session < date)
    }

    /// The same index, or that of the first session of its week or month.
    pub(super) fn period_start(&self, index: usize) -> usize {
        self.before(self.market.period_start(self.dates[index])).min(index)
    }

    /// First and last time at which a bar of these sessions can start.
    pub(super) fn bounds(&self, first: usize, last: usize) -> (i64, i64) {
        (self.market.bounds(self.dates[first]).0, self.market.bounds(self.dates[last]).1)
    }

    /// Which of the sessions lie wholly within the union of intervals of time, both ends included.
    pub(super) fn within(&self, intervals: &[(i64, i64)]) -> Vec<bool> {
        let union = union(intervals);
        let is_within = |date: &Date| is_covered(&union, self.market.bounds(*date));
        self.dates.iter().map(is_within).collect()
    }

    /// Which of the sessions have trading time between two times, both included, that lies outside of the
    /// union of intervals.
    pub(super) fn holes(&self, intervals: &[(i64, i64)], (first, last): (i64, i64)) -> Vec<bool> {
        let union = union(intervals);
        let has_hole = |date: &Date| {
            let (from, to) = self.market.traded(*date);
            let (from, to) = (from.max(first), to.min(last));
            from <= to && !is_covered(&union, (from, to))
        };
        self.dates.iter().map(has_hole).collect()
    }
}

/// Intervals, both ends included, as the fewest that hold the same times, in rising order.
fn union(intervals: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut sorted = intervals.to_vec();
    sorted.sort_unstable();
    let mut union: Vec<(i64, i64)> = Vec::new();
    for (from, to) in sorted {
        match union.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => union.push((from, to)),
        }
    }
    union
}

fn is_covered(union: &[(i64, i64)], (from, to): (i64, i64)) -> bool {
    let at = union.partition_point(|interval| interval.1 < from);
    union.get(at).is_some_and(|interval| interval.0 <= from && to <= interval.1)
}
