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
pub(super) fn sessions_back(count: u32, last: Date, floor: Date) -> Date {
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::simulator::time::{End, end};

    fn at(text: &str) -> i64 {
        match end(text) {
            Some(End::At { ns, .. }) => ns,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn sessions(count: u32, unit: Unit, end: &str) -> (Date, Date) {
        let floor = date(1990, 1, 2);
        let duration = Duration { count, unit };
        window(duration, at(end), Hours::Regular, Resolution::Day1, floor).sessions
    }

    #[test]
    fn days_are_sessions_and_the_one_in_progress_counts() {
        let week = (date(2026, 11, 16), date(2026, 11, 20));
        // A Sunday, and a Monday before the open.
        assert_eq!(sessions(5, Unit::D, "20261122-18:00:00"), week);
        assert_eq!(sessions(5, Unit::D, "20261123-14:30:00"), week);
        let next = (date(2026, 11, 17), date(2026, 11, 23));
        assert_eq!(sessions(5, Unit::D, "20261123-14:30:01"), next);
    }

    #[test]
    fn weeks_months_and_years_are_of_the_calendar() {
        let now = "20261120-22:00:00";
        assert_eq!(sessions(1, Unit::W, now).0, date(2026, 11, 14));
        assert_eq!(sessions(3, Unit::M, now).0, date(2026, 8, 21));
        assert_eq!(sessions(5, Unit::Y, now).0, date(2021, 11, 21));
        assert_eq!(sessions(200, Unit::Y, now).0, date(1990, 1, 2));
    }

    #[test]
    fn seconds_are_seconds_of_trading() {
        let floor = date(1990, 1, 2);
        let asked = Duration { count: 3600, unit: Unit::S };
        let end = at("20261123-15:00:00");
        let found = window(asked, end, Hours::Regular, Resolution::Min1, floor);
        // Half an hour of Monday, the rest from Friday before the close.
        assert_eq!(found.sessions, (date(2026, 11, 20), date(2026, 11, 23)));
        assert_eq!(found.from, at("20261120-20:30:00"));
        assert_eq!(found.header, at("20261123-14:00:00"));
    }

    #[test]
    fn weeks_and_months_begin_whole() {
        let floor = date(1990, 1, 2);
        let asked = Duration { count: 1, unit: Unit::Y };
        let end = at("20261120-22:00:00");
        let first = |resolution| window(asked, end, Hours::Regular, resolution, floor).sessions.0;
        assert_eq!(first(Resolution::Week1), date(2025, 11, 17));
        assert_eq!(first(Resolution::Month1), date(2025, 11, 1));
    }
}
