//! Slots: the bars that a calendar expects of one session.
//!
//! Intraday bars lie on the clock of the exchange: the day is cut at multiples of the bar's length
//! after midnight, the first bar starts at the open and the last one ends at the close. Hourly bars
//! of the NYSE therefore start at 09:30 and then at 10:00 to 15:00.

use super::{
    Calendar, Gap,
    date::{DAY_NS, SECOND_NS, date_of, day_number, monday_of},
    new_york, nyse,
};
use jiff::civil::Date;
use strategy_api::Resolution;

/// One expected bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// Start of the bar, nanoseconds UTC.
    pub(super) key: i64,
    /// A bar that starts from here on fills the slot,
    pub(super) from: i64,
    /// if it starts before this.
    pub(super) to: i64,
}

/// The slots of one session, in order of time.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    cell: i64,
    step: i64,
    open: i64,
    close: i64,
}

impl Slots {
    const NONE: Slots = Slots { cell: 0, step: 1, open: 0, close: 0 };

    fn whole(from: i32, key: i32, to: i32) -> Self {
        let ns = |day: i32| i64::from(day).saturating_mul(DAY_NS);
        // One cell: the second would begin after the key.
        Self {
            cell: ns(from),
            step: ns(to).saturating_sub(ns(from)),
            open: ns(key),
            close: ns(key).saturating_add(1),
        }
    }

    /// Where the first slot begins and the last one ends; `None` when there is no slot.
    pub(super) fn span(&self) -> Option<(i64, i64)> {
        let cells = self.cells();
        (cells > 0).then(|| (self.cell, self.cell.saturating_add(cells * self.step)))
    }

    /// The slots as one gap; `None` when there is no slot.
    pub(super) fn as_gap(&self) -> Option<Gap> {
        let cells = self.cells();
        let last = self.cell.saturating_add((cells - 1) * self.step);
        (cells > 0).then(|| Gap {
            from_ts: self.cell.max(self.open),
            to_ts: last.max(self.open),
            missing: cells.unsigned_abs(),
        })
    }

    fn cells(&self) -> i64 {
        let length = self.close.saturating_sub(self.cell).max(0);
        length / self.step + i64::from(length % self.step > 0)
    }
}

impl Iterator for Slots {
    type Item = Slot;

    fn next(&mut self) -> Option<Slot> {
        if self.cell >= self.close {
            return None;
        }
        let from = self.cell;
        self.cell = self.cell.saturating_add(self.step);
        Some(Slot { key: from.max(self.open), from, to: self.cell })
    }
}

impl Calendar {
    /// The slots whose bars are keyed by this session; none when the calendar is closed on that day.
    pub(super) fn slots(self, resolution: Resolution, day: i32) -> Slots {
        if !self.is_session_day(day) {
            return Slots::NONE;
        }
        let Some(seconds) = resolution.seconds() else {
            let (from, to) = period(resolution, day);
            let first = self.session_day_from(from);
            return if first == day { Slots::whole(from, day, to) } else { Slots::NONE };
        };
        let step = i64::from(seconds);
        let (open_s, close_s, offset_s) = match self {
            Self::Nyse => {
                (nyse::OPEN_S, nyse::close_s(date_of(day)), new_york::trading_offset_s(day))
            }
            Self::AlwaysOpen => (0, 86_400, 0),
        };
        let local_midnight_s = i64::from(day) * 86_400 - offset_s;
        let ns = |local_s: i64| (local_midnight_s + local_s).saturating_mul(SECOND_NS);
        Slots {
            cell: ns(open_s - open_s % step),
            step: step * SECOND_NS,
            open: ns(open_s),
            close: ns(close_s),
        }
    }
}

/// The days from (inclusive) and to (exclusive) of the day, week or month that holds a day.
pub(super) fn period(resolution: Resolution, day: i32) -> (i32, i32) {
    match resolution {
        Resolution::Week1 => (monday_of(day), monday_of(day) + 7),
        Resolution::Month1 => {
            let date = date_of(day);
            let first = day - i32::from(date.day()) + 1;
            (first, first + i32::from(date.days_in_month()))
        }
        _ => (day, day + 1),
    }
}

impl Calendar {
    /// Starts of the bars of a session in regular trading hours, oldest first, nanoseconds UTC.
    ///
    /// A week or a month has its bar keyed by its first session, the start of its interval; the other
    /// sessions have none. Empty when `date` is not a session.
    #[must_use]
    pub fn expected_bars(self, resolution: Resolution, date: Date) -> Vec<i64> {
        self.slots(resolution, day_number(date)).map(|slot| slot.key).collect()
    }

    /// The day, week or month of a session: its first session, and when its last one closes,
    /// nanoseconds UTC.
    #[must_use]
    pub fn period_of(self, resolution: Resolution, session: Date) -> (Date, i64) {
        let (from, to) = period(resolution, day_number(session));
        let last = self.session_day_before(to);
        (date_of(self.session_day_from(from)), self.hours_of(last).1)
    }

    /// When the interval of a bar ends and the bar is final, nanoseconds UTC, given its start.
    ///
    /// A bar of regular trading hours ends at the close at the latest, a daily, weekly or monthly
    /// one at the close of its last session.
    #[must_use]
    pub fn bar_end(self, resolution: Resolution, ts: i64) -> i64 {
        let day = self.local_day(resolution, ts);
        let (_, period_end) = period(resolution, day);
        let session = self.session_day_before(period_end);
        let close = self.hours_of(session).1;
        let Some(seconds) = resolution.seconds() else { return close };
        let step = i64::from(seconds) * SECOND_NS;
        let midnight = self.local_midnight_ns(day);
        let end =
            midnight.saturating_add((ts.saturating_sub(midnight).div_euclid(step) + 1) * step);
        if session == day && ts < close { end.min(close) } else { end }
    }
}
