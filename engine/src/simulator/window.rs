//! Which sessions a request for bars means.
//!
//! Days are sessions, seconds are seconds of trading, weeks, months and years are of the calendar.
//! The end is never after the clock. A window that ends within a session includes it; one that ends
//! before the open ends with the session before.

use engine_core::calendar::{Calendar, DAY_NS, SECOND_NS};
use jiff::{Span, civil::Date};
use strategy_api::Resolution;

use super::{
    market::{Hours, period},
    request::{Duration, Unit},
    time::new_york_date,
};

/// A window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// First and last session; the first is after the last when there is none.
    pub(super) sessions: (Date, Date),
    /// Starts of intraday bars from here on, nanoseconds UTC,
    pub(super) from: i64,
    /// and before this.
    pub(super) to: i64,
    /// Start of the window as the broker writes it above its bars: arithmetic of the calendar.
    pub(super) header: i64,
}

/// Begin and end of trading on a session, nanoseconds UTC.
pub(super) fn trading(date: Date, hours: Hours) -> Option<(i64, i64)> {
    let (open, close) = Calendar::Nyse.session_hours(date)?;
    Some(match hours {
        Hours::Regular => (open, close),
        Hours::Extended => (open - 19_800 * SECOND_NS, close + 14_400 * SECOND_NS),
    })
}

/// The window of a length that ends at `end`, nanoseconds UTC.
pub(super) fn window(
    duration: Duration,
    end: i64,
    hours: Hours,
    resolution: Resolution,
    floor: Date,
) -> Window {
    let last = last_session(end, hours);
    let count = i64::from(duration.count);
    let today = new_york_date(end);
    let back = |span: Span| today.checked_sub(span).ok().map_or(Date::MIN, next_day);
    let mut from = i64::MIN;
    let first = match duration.unit {
        Unit::S => {
            let (date, start) = seconds_back(count, end, last, hours, floor);
            from = start;
            date
        }
        Unit::D => sessions_back(duration.count, last, floor),
        Unit::W => back(Span::new().weeks(count)),
        Unit::M => back(Span::new().months(count)),
        Unit::Y => back(Span::new().years(count)),
    };
    let first = period(resolution, first.max(floor)).max(floor);
    let header = match duration.unit {
        Unit::S => end.saturating_sub(count * SECOND_NS),
        Unit::D => end.saturating_sub(count * DAY_NS),
        Unit::W | Unit::M | Unit::Y => {
            let days = first_day_distance(duration, today);
            end.saturating_sub(days * DAY_NS)
        }
    };
    Window { sessions: (first, last), from, to: end, header }
}

/// Days of the calendar from the begin of a window to its end.
fn first_day_distance(duration: Duration, today: Date) -> i64 {
    let count = i64::from(duration.count);
    let span = match duration.unit {
        Unit::W => Span::new().weeks(count),
        Unit::M => Span::new().months(count),
        _ => Span::new().years(count),
    };
    let begin = today.checked_sub(span).unwrap_or(Date::MIN);
    begin.until(today).map_or(0, |span| i64::from(span.get_days()))
}

fn next_day(date: Date) -> Date {
    date.tomorrow().unwrap_or(Date::MAX)
}

/// The last session that has begun before an instant.
fn last_session(end: i64, hours: Hours) -> Date {
    let today = new_york_date(end);
    match trading(today, hours) {
        Some((open, _)) if open < end => today,
        _ => Calendar::Nyse.session_before(today),
    }
}

/// The session that is `count - 1` sessions before `last`.
fn sessions_back(count: u32, last: Date, floor: Date) -> Date {
    let mut date = last;
    for _ in 1..count {
        if date <= floor {
            break;
        }
        date = Calendar::Nyse.session_before(date);
    }
    date
}

/// Where `seconds` of trading before `end` begin: the session and the instant.
fn seconds_back(seconds: i64, end: i64, last: Date, hours: Hours, floor: Date) -> (Date, i64) {
    let mut left = seconds * SECOND_NS;
    let mut date = last;
    loop {
        let Some((open, close)) = trading(date, hours) else { return (date, i64::MIN) };
        let close = close.min(end);
        if close - open >= left || date <= floor {
            return (date, close - left);
        }
        left -= close - open;
        date = Calendar::Nyse.session_before(date);
    }
}
