//! Session calendars: on which days an instrument trades, between which hours, and which bars a
//! series should therefore hold.
//!
//! A session is named by its civil date on the exchange. Instants are UTC nanoseconds since the
//! epoch; a daily, weekly or monthly bar is keyed by midnight UTC of a session date, an intraday bar
//! by its start. The NYSE is exact from 1990 on and good from 1885 to 2100 (see the notes in `nyse`);
//! the time zone tables are inside the program, so nothing here depends on the machine. What the
//! clock says now is for others to know.
//!
//! ```
//! use engine_core::calendar::Calendar;
//! use jiff::civil::date;
//! use strategy_api::Resolution;
//!
//! let nyse: Calendar = "NYSE".parse().unwrap();
//! assert!(!nyse.is_session(date(2024, 7, 4)));
//! assert_eq!(nyse.holiday(date(2024, 7, 4)), Some("Independence Day"));
//! assert_eq!(nyse.expected_bars(Resolution::Hour1, date(2024, 7, 3)).len(), 4);
//! ```

mod date;
mod gaps;
mod new_york;
mod nyse;
mod runs;
mod slots;
#[cfg(test)]
mod tests;

pub use date::{DAY_NS, SECOND_NS, date_of, day_number, midnight_ns, utc_date, utc_day};
pub use gaps::Gap;
pub use runs::SessionRuns;

use crate::instrument::Instrument;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use slots::period;
use std::{fmt, str::FromStr};
use strategy_api::Resolution;

/// On which days and between which hours an instrument trades.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Calendar {
    /// The New York Stock Exchange, and with it every US equity: `NYSE`.
    #[default]
    Nyse,
    /// Every day from midnight to midnight UTC: `24/7`.
    AlwaysOpen,
}

/// A text that names no calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{}' is not a session calendar; valid: NYSE 24/7", .0.escape_debug())]
pub struct UnknownCalendar(pub String);

impl FromStr for Calendar {
    type Err = UnknownCalendar;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "NYSE" => Ok(Self::Nyse),
            "24/7" => Ok(Self::AlwaysOpen),
            _ => Err(UnknownCalendar(text.chars().take(40).collect())),
        }
    }
}

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Nyse => "NYSE",
            Self::AlwaysOpen => "24/7",
        })
    }
}

impl Calendar {
    /// The calendar that an instrument names.
    ///
    /// # Errors
    /// When it names one that is not known.
    pub fn of(instrument: &Instrument) -> Result<Self, UnknownCalendar> {
        instrument.calendar.parse()
    }

    /// Sessions in a year, for annualising: 252 on the NYSE, 365 where markets never close.
    #[must_use]
    pub fn sessions_per_year(self) -> f64 {
        match self {
            Self::Nyse => 252.0,
            Self::AlwaysOpen => 365.0,
        }
    }

    /// Whether there is trading on a date.
    #[must_use]
    pub fn is_session(self, date: Date) -> bool {
        self.is_session_day(day_number(date))
    }

    /// Why there is no trading on a weekday; `None` for sessions and for weekends.
    #[must_use]
    pub fn holiday(self, date: Date) -> Option<&'static str> {
        match self {
            Self::Nyse => nyse::holiday(date),
            Self::AlwaysOpen => None,
        }
    }

    /// Whether a session closes early on a date.
    #[must_use]
    pub fn is_half_day(self, date: Date) -> bool {
        self == Self::Nyse && self.is_session(date) && nyse::is_half_day(date)
    }

    /// The sessions from one date to another, both included, oldest first.
    pub fn sessions(self, from: Date, to: Date) -> impl Iterator<Item = Date> {
        (day_number(from)..=day_number(to))
            .filter(move |day| self.is_session_day(*day))
            .map(date_of)
    }

    /// The first session on or after a date.
    #[must_use]
    pub fn session_from(self, date: Date) -> Date {
        date_of(self.session_day_from(day_number(date)))
    }

    /// The last session before a date.
    #[must_use]
    pub fn session_before(self, date: Date) -> Date {
        date_of(self.session_day_before(day_number(date)))
    }

    /// Open and close of a session, nanoseconds UTC; `None` when there is no session.
    #[must_use]
    pub fn session_hours(self, date: Date) -> Option<(i64, i64)> {
        let day = day_number(date);
        self.is_session_day(day).then(|| self.hours_of(day))
    }

    /// The session that a bar belongs to, given its start.
    ///
    /// An intraday bar belongs to its date on the exchange, also before the open and after the close;
    /// a daily bar to its date; a weekly or monthly bar to the last session of its period, whose
    /// close it shows. `None` when that date has no session. One time zone look-up; for whole
    /// columns take [`Calendar::session_runs`].
    #[must_use]
    pub fn session_of(self, ts: i64, resolution: Resolution) -> Option<Date> {
        let day = self.local_day(resolution, ts);
        let (start, end) = period(resolution, day);
        let session = self.session_day_before(end);
        (session >= start).then(|| date_of(session))
    }

    fn is_session_day(self, day: i32) -> bool {
        match self {
            Self::Nyse => nyse::is_session(day),
            Self::AlwaysOpen => true,
        }
    }

    fn session_day_from(self, day: i32) -> i32 {
        let mut day = in_range(day);
        while !self.is_session_day(day) {
            day += 1;
        }
        day
    }

    fn session_day_before(self, day: i32) -> i32 {
        let mut day = in_range(day) - 1;
        while !self.is_session_day(day) {
            day -= 1;
        }
        day
    }

    fn hours_of(self, day: i32) -> (i64, i64) {
        match self {
            Self::Nyse => (
                new_york::trading_ns(day, nyse::OPEN_S),
                new_york::trading_ns(day, nyse::close_s(date_of(day))),
            ),
            Self::AlwaysOpen => (self.local_midnight_ns(day), self.local_midnight_ns(day + 1)),
        }
    }

    /// Day number of a bar: of its key for daily bars and longer, of its start on the exchange's clock otherwise.
    fn local_day(self, resolution: Resolution, ts: i64) -> i32 {
        match self {
            Self::Nyse if resolution.is_intraday() => new_york::day_at(ts),
            _ => utc_day(ts),
        }
    }

    /// Start of a day on the exchange's clock, nanoseconds UTC.
    fn local_midnight_ns(self, day: i32) -> i64 {
        match self {
            Self::Nyse => new_york::midnight_ns(day),
            Self::AlwaysOpen => i64::from(day).saturating_mul(DAY_NS),
        }
    }
}

/// The nearest day that 64 bits of nanoseconds reach (a week off their ends), so that a search for a session ends.
fn in_range(day: i32) -> i32 {
    const REACH: i32 = (i64::MAX / DAY_NS) as i32 - 31;
    day.clamp(-REACH, REACH)
}
