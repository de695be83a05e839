//! The rules of a valid bar: possible prices, a time on the grid of its resolution, a day on which there
//! was a session, an interval that has begun. A bar whose interval has not ended yet is valid but not
//! final. What the clock says is given by the caller.

use super::time;
use engine_core::{
    calendar::{Calendar, DAY_NS, SECOND_NS, date_of, midnight_ns, utc_date, utc_day},
    series::{BarFault, check_bar},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::{fmt, sync::LazyLock};
use strategy_api::{Bar, Resolution};

/// A bar that passed every rule.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Checked {
    /// The bar.
    pub bar: Bar,
    /// Whether its interval has ended.
    pub is_final: bool,
    /// Line of the input, 1-based; 0 when there are no lines.
    pub line: u64,
}

/// Why a bar is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BarReason {
    /// Impossible prices or volume.
    Fault(BarFault),
    /// No session on its day.
    NoSession {
        /// The day on the exchange's clock; the first day of a week or month.
        date: Date,
        /// Why there was none, when it was not a weekend.
        holiday: Option<&'static str>,
        /// The calendar.
        calendar: Calendar,
    },
    /// Its start is not one that a bar of this resolution has.
    OffGrid {
        /// The resolution.
        resolution: Resolution,
        /// The calendar.
        calendar: Calendar,
    },
    /// Its interval has not begun.
    Future {
        /// Now, nanoseconds UTC.
        now: i64,
    },
}

impl fmt::Display for BarReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => write!(f, "{fault}"),
            Self::NoSession { date, holiday: Some(holiday), calendar } => {
                write!(f, "no {calendar} session on {date} ({holiday})")
            }
            Self::NoSession { date, holiday: None, calendar } => {
                let weekday = date.strftime("%A");
                write!(f, "no {calendar} session on {date} ({weekday})")
            }
            Self::OffGrid { resolution, calendar: Calendar::Nyse } => write!(
                f,
                "does not start a {resolution} bar: those start at the open and at multiples of {resolution} in New York"
            ),
            Self::OffGrid { resolution, calendar: Calendar::AlwaysOpen } => write!(
                f,
                "does not start a {resolution} bar: those start at multiples of {resolution} in UTC"
            ),
            Self::Future { now } => {
                let now = Timestamp::from_second(now.div_euclid(SECOND_NS)).unwrap_or_default();
                write!(f, "lies in the future (it is {now})")
            }
        }
    }
}

/// Checks the bars of one series.
#[derive(Clone, Debug)]
pub struct Validator {
    calendar: Calendar,
    resolution: Resolution,
    now: i64,
    /// The day or session of the last bar, because the next one mostly lies in it too.
    session: Option<Session>,
}

/// The span of one session day on the exchange's clock, nanoseconds UTC.
#[derive(Clone, Copy, Debug)]
struct Session {
    midnight: i64,
    open: i64,
}

impl Validator {
    /// For bars of a resolution on a calendar; `now` is the clock, nanoseconds UTC.
    #[must_use]
    pub fn new(calendar: Calendar, resolution: Resolution, now: i64) -> Self {
        Self { calendar, resolution, now, session: None }
    }

    /// Checks one bar. Weekly and monthly bars, which sources date by any day of their period, are
    /// keyed by its first session.
    ///
    /// # Errors
    /// The first rule that the bar breaks.
    pub fn check(&mut self, mut bar: Bar, line: u64) -> Result<Checked, BarReason> {
        check_bar(&bar).map_err(BarReason::Fault)?;
        // A database may not keep the sign of zero.
        bar.volume += 0.0;
        let is_final = if let Some(seconds) = self.resolution.seconds() {
            self.intraday(&bar, i64::from(seconds) * SECOND_NS)?
        } else {
            bar.ts = self.key(bar.ts)?;
            self.whole_sessions(bar.ts)?
        };
        Ok(Checked { bar, is_final, line })
    }

    /// Whether an intraday bar is final; its session and its place on the grid are checked.
    fn intraday(&mut self, bar: &Bar, step: i64) -> Result<bool, BarReason> {
        if bar.ts > self.now {
            return Err(BarReason::Future { now: self.now });
        }
        let session = self.session_of(bar.ts)?;
        if (bar.ts - session.midnight) % step != 0 && bar.ts != session.open {
            let (resolution, calendar) = (self.resolution, self.calendar);
            return Err(BarReason::OffGrid { resolution, calendar });
        }
        Ok(bar.ts + step <= self.now || self.calendar.bar_end(self.resolution, bar.ts) <= self.now)
    }

    fn session_of(&mut self, ts: i64) -> Result<Session, BarReason> {
        if let Some(session) = self.session
            && (session.midnight..session.midnight + DAY_NS).contains(&ts)
        {
            return Ok(session);
        }
        let found = self.calendar.session_of(ts, self.resolution);
        let hours = found.and_then(|date| self.calendar.session_hours(date));
        let Some((open, _)) = hours else { return Err(self.no_session(exchange_date(ts))) };
        // Clocks change on Sundays only, never on the morning of a session.
        let midnight = match self.calendar {
            Calendar::Nyse => open - NYSE_OPEN_NS,
            Calendar::AlwaysOpen => open,
        };
        Ok(*self.session.insert(Session { midnight, open }))
    }

    fn no_session(&self, date: Date) -> BarReason {
        let (holiday, calendar) = (self.calendar.holiday(date), self.calendar);
        BarReason::NoSession { date, holiday, calendar }
    }

    /// The key of a daily, weekly or monthly bar that is dated by any day of its period.
    fn key(&self, ts: i64) -> Result<i64, BarReason> {
        let date = utc_date(ts);
        if self.resolution == Resolution::Day1 {
            return if self.calendar.is_session(date) {
                Ok(ts)
            } else {
                Err(self.no_session(date))
            };
        }
        let first = match self.resolution {
            Resolution::Week1 => {
                date_of(utc_day(ts) - i32::from(date.weekday().to_monday_zero_offset()))
            }
            _ => date.first_of_month(),
        };
        let session = self.calendar.session_from(first);
        let same_period = self.calendar.session_of(ts, self.resolution).is_some();
        if same_period { Ok(midnight_ns(session)) } else { Err(self.no_session(date)) }
    }

    /// Whether a bar of whole sessions is final.
    fn whole_sessions(&self, key: i64) -> Result<bool, BarReason> {
        // No period reaches further than 31 days, so older bars need no look at the calendar.
        if key < self.now.saturating_sub(32 * DAY_NS) {
            return Ok(true);
        }
        let open = self.calendar.session_hours(utc_date(key)).map_or(key, |(open, _)| open);
        if open > self.now {
            return Err(BarReason::Future { now: self.now });
        }
        Ok(self.calendar.bar_end(self.resolution, key) <= self.now)
    }
}

/// Date in New York of a moment; a calendar that is always open has no moment without a session.
pub(super) fn exchange_date(ts: i64) -> Date {
    let moment = Timestamp::from_second(ts.div_euclid(SECOND_NS)).unwrap_or_default();
    NEW_YORK.to_datetime(moment).date()
}

static NEW_YORK: LazyLock<TimeZone> =
    LazyLock::new(|| time::zone("America/New_York").expect("the bundled tables hold New York"));

/// From midnight in New York to the open.
const NYSE_OPEN_NS: i64 = (9 * 60 + 30) * 60 * SECOND_NS;

#[cfg(test)]
mod tests {
    use super::*;

    fn ns(text: &str) -> i64 {
        i64::try_from(text.parse::<Timestamp>().unwrap().as_nanosecond()).unwrap()
    }

    fn check(
        calendar: Calendar,
        resolution: &str,
        now: &str,
        start: &str,
    ) -> Result<(i64, bool), String> {
        let mut validator = Validator::new(calendar, resolution.parse().unwrap(), ns(now));
        let bar = Bar { ts: ns(start), open: 1.0, high: 1.0, low: 1.0, close: 1.0, volume: 0.0 };
        let checked = validator.check(bar, 1).map_err(|reason| reason.to_string())?;
        Ok((checked.bar.ts, checked.is_final))
    }

    #[test]
    fn a_bar_is_final_when_its_interval_has_ended() {
        let cases = [
            // A half day: 2024-07-03 closes at 13:00 in New York, 17:00 UTC.
            (Calendar::Nyse, "1d", "2024-07-03T16:59:59Z", "2024-07-03T00:00:00Z", false),
            (Calendar::Nyse, "1d", "2024-07-03T17:00:00Z", "2024-07-03T00:00:00Z", true),
            // Winter: the close of 16:00 is 21:00 UTC.
            (Calendar::Nyse, "1d", "2024-01-05T20:59:59Z", "2024-01-05T00:00:00Z", false),
            (Calendar::Nyse, "1d", "2024-01-05T21:00:00Z", "2024-01-05T00:00:00Z", true),
            // The first hour of a session lasts 30 minutes.
            (Calendar::Nyse, "1h", "2024-01-05T14:59:59Z", "2024-01-05T14:30:00Z", false),
            (Calendar::Nyse, "1h", "2024-01-05T15:00:00Z", "2024-01-05T14:30:00Z", true),
            (Calendar::Nyse, "1w", "2024-01-04T22:00:00Z", "2024-01-02T00:00:00Z", false),
            (Calendar::Nyse, "1w", "2024-01-05T21:00:00Z", "2024-01-02T00:00:00Z", true),
            (Calendar::Nyse, "1mo", "2024-01-31T20:00:00Z", "2024-01-02T00:00:00Z", false),
            (Calendar::Nyse, "1mo", "2024-01-31T21:00:00Z", "2024-01-02T00:00:00Z", true),
            (Calendar::AlwaysOpen, "1d", "2024-01-06T23:59:59Z", "2024-01-06T00:00:00Z", false),
            (Calendar::AlwaysOpen, "1d", "2024-01-07T00:00:00Z", "2024-01-06T00:00:00Z", true),
            (Calendar::AlwaysOpen, "1m", "2024-01-06T00:00:59Z", "2024-01-06T00:00:00Z", false),
        ];
        for (calendar, resolution, now, start, is_final) in cases {
            let expected = Ok((ns(start), is_final));
            assert_eq!(check(calendar, resolution, now, start), expected, "{resolution} at {now}");
        }
    }

    #[test]
    fn a_bar_that_has_not_begun_lies_in_the_future() {
        for (resolution, now, start) in [
            ("1d", "2024-01-05T14:29:59Z", "2024-01-05T00:00:00Z"),
            ("1d", "2024-01-05T14:29:59Z", "2099-01-05T00:00:00Z"),
            ("1m", "2024-01-05T14:29:59Z", "2024-01-05T14:30:00Z"),
            ("1w", "2024-01-05T14:29:59Z", "2024-01-08T00:00:00Z"),
        ] {
            let reason = check(Calendar::Nyse, resolution, now, start).unwrap_err();
            assert_eq!(reason, "lies in the future (it is 2024-01-05T14:29:59Z)");
        }
    }

    #[test]
    fn the_grid_follows_daylight_saving_in_new_york_and_utc_elsewhere() {
        let now = "2024-12-01T00:00:00Z";
        // 10:00 in New York is 15:00 UTC in winter and 14:00 in summer; 4h bars start at 08:00, 12:00.
        for (resolution, start, is_good) in [
            ("4h", "2024-01-05T17:00:00Z", true),
            ("4h", "2024-07-05T16:00:00Z", true),
            ("4h", "2024-07-05T17:00:00Z", false),
            ("4h", "2024-07-05T13:30:00Z", true),
            ("1h", "2024-07-05T14:30:00Z", false),
            ("30m", "2024-07-05T14:30:00Z", true),
            ("20m", "2024-07-05T13:40:00Z", true),
            ("1m", "2024-07-05T13:30:01Z", false),
            ("1m", "2024-07-05T08:00:00Z", true),
        ] {
            let found = check(Calendar::Nyse, resolution, now, start);
            assert_eq!(found.is_ok(), is_good, "{resolution} {start}: {found:?}");
        }
        assert!(check(Calendar::AlwaysOpen, "4h", now, "2024-07-06T16:00:00Z").is_ok());
        assert!(check(Calendar::AlwaysOpen, "4h", now, "2024-07-06T17:00:00Z").is_err());
    }

    #[test]
    fn a_period_is_keyed_by_its_first_session() {
        let now = "2024-12-01T00:00:00Z";
        for (resolution, start, key) in [
            ("1mo", "2024-06-01T00:00:00Z", "2024-06-03T00:00:00Z"),
            ("1mo", "2024-06-30T00:00:00Z", "2024-06-03T00:00:00Z"),
            ("1w", "2024-09-08T00:00:00Z", "2024-09-03T00:00:00Z"),
        ] {
            let found = check(Calendar::Nyse, resolution, now, start);
            assert_eq!(found, Ok((ns(key), true)), "{resolution} {start}");
        }
    }

    #[test]
    fn a_day_without_a_session_is_named_as_it_is_in_new_york() {
        let now = "2024-12-01T00:00:00Z";
        // Sunday 02:00 UTC is Saturday evening in New York.
        let reason = check(Calendar::Nyse, "1m", now, "2024-06-02T02:00:00Z").unwrap_err();
        assert_eq!(reason, "no NYSE session on 2024-06-01 (Saturday)");
        let reason = check(Calendar::Nyse, "1d", now, "2001-09-12T00:00:00Z").unwrap_err();
        assert!(reason.starts_with("no NYSE session on 2001-09-12"), "{reason}");
    }
}
