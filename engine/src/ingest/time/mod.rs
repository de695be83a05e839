//! Times of a text file: from bytes to nanoseconds UTC.
//!
//! Reads ISO dates, RFC 3339, local date and time of a named zone, compact digits and seconds,
//! milliseconds, microseconds or nanoseconds since the epoch. Promises that nothing is guessed: a date
//! whose day and month could be swapped, a local time without a zone and a local time that the clock
//! shows twice or never are faults. Leaves the grid of a resolution to `validate`.

mod shape;
#[cfg(test)]
mod tests;

use super::IngestError;
use engine_core::calendar::{DAY_NS, SECOND_NS, date_of};
use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};
use shape::{Stamp, stamp};

/// In which order a file writes day and month when the year comes last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DateOrder {
    /// Not said: such dates are refused.
    #[default]
    Unknown,
    /// `MM/DD/YYYY`.
    MonthFirst,
    /// `DD/MM/YYYY`.
    DayFirst,
}

/// Why a text is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeFault {
    /// Not one of the shapes that are read.
    #[error("is not a date or time such as 2024-01-31, 2024-01-31T14:30:00Z or 1706711400")]
    Unreadable,
    /// The shape is right but there is no such day or time of day.
    #[error("is not a day and time that exist")]
    NoSuchTime,
    /// The year is outside of what 64 bits of nanoseconds hold.
    #[error("is outside of the years 1700 to 2261")]
    OutOfRange,
    /// Day and month could be swapped.
    #[error("could mean day/month or month/day")]
    DayOrMonth,
    /// A local time without a time zone.
    #[error("is a local time without a time zone")]
    NoZone,
    /// A date alone where a time of day is needed.
    #[error("is a date without a time of day")]
    NoTimeOfDay,
    /// The clock skipped this local time.
    #[error("does not exist in the time zone: clocks went forward over it")]
    Skipped,
    /// The clock showed this local time twice.
    #[error("happened twice in the time zone: clocks went back over it")]
    Twice,
    /// A daily, weekly or monthly row that carries a time of day.
    #[error("carries a time of day; such a row is keyed by its date")]
    NotMidnight,
}

impl TimeFault {
    /// Whether it concerns the whole file, because an option is missing, rather than one row.
    pub(super) fn concerns_file(self) -> bool {
        matches!(self, Self::DayOrMonth | Self::NoZone | Self::NoTimeOfDay)
    }
}

/// The zone of a name such as `America/New_York`, from the tables inside the program.
///
/// # Errors
/// When no zone has that name.
pub fn zone(name: &str) -> Result<TimeZone, IngestError> {
    TimeZoneDatabase::bundled()
        .get(name)
        .map_err(|_| IngestError::TimeZone(name.escape_debug().to_string()))
}

/// Reads the times of one file.
#[derive(Clone, Debug)]
pub struct TimeReader {
    zone: Option<TimeZone>,
    order: DateOrder,
    /// Day number and UTC offset in nanoseconds of the last day on which the clock did not change.
    steady: Option<(i32, i64)>,
}

impl TimeReader {
    /// A reader for local times of `zone`.
    #[must_use]
    pub fn new(zone: Option<TimeZone>, order: DateOrder) -> Self {
        Self { zone, order, steady: None }
    }

    /// The instant of a text (and of its time of day, when that stands in a column of its own).
    ///
    /// # Errors
    /// Why the text is not an instant.
    pub fn instant(&mut self, date: &[u8], time: Option<&[u8]>) -> Result<i64, TimeFault> {
        match stamp(date, time, self.order)? {
            Stamp::Instant(ts) => Ok(ts),
            Stamp::Local { day, ns_of_day, offset_s: Some(offset) } => {
                Ok(i64::from(day) * DAY_NS + ns_of_day - i64::from(offset) * SECOND_NS)
            }
            Stamp::Local { .. } if time.is_none() && is_bare_date(date) => {
                Err(TimeFault::NoTimeOfDay)
            }
            Stamp::Local { day, ns_of_day, offset_s: None } => self.local(day, ns_of_day),
        }
    }

    /// Midnight UTC of the date that a text names.
    ///
    /// # Errors
    /// Why the text is not a date; [`TimeFault::NotMidnight`] when it has a time of day that is midnight
    /// neither by its own offset nor in the zone of the file.
    pub fn date(&mut self, date: &[u8], time: Option<&[u8]>) -> Result<i64, TimeFault> {
        let instant = match stamp(date, time, self.order)? {
            Stamp::Local { day, ns_of_day: 0, .. } => return Ok(i64::from(day) * DAY_NS),
            Stamp::Local { offset_s: None, .. } => return Err(TimeFault::NotMidnight),
            Stamp::Local { day, ns_of_day, offset_s: Some(offset) } => {
                i64::from(day) * DAY_NS + ns_of_day - i64::from(offset) * SECOND_NS
            }
            Stamp::Instant(ts) => ts,
        };
        let shift = self.zone.as_ref().map_or(0, |zone| {
            let moment = Timestamp::from_nanosecond(i128::from(instant))
                .expect("64 bits of nanoseconds are within the years of a timestamp");
            i64::from(zone.to_offset(moment).seconds()) * SECOND_NS
        });
        let local = instant + shift;
        if local.rem_euclid(DAY_NS) == 0 { Ok(local) } else { Err(TimeFault::NotMidnight) }
    }

    /// A date gives midnight UTC, anything else its instant: the times of events.
    ///
    /// # Errors
    /// Why the text is neither.
    pub fn date_or_instant(&mut self, text: &[u8]) -> Result<i64, TimeFault> {
        match stamp(text, None, self.order)? {
            Stamp::Local { day, .. } if is_bare_date(text) => Ok(i64::from(day) * DAY_NS),
            _ => self.instant(text, None),
        }
    }

    fn local(&mut self, day: i32, ns_of_day: i64) -> Result<i64, TimeFault> {
        let clock = i64::from(day) * DAY_NS + ns_of_day;
        if let Some((steady, shift)) = self.steady
            && steady == day
        {
            return Ok(clock - shift);
        }
        let zone = self.zone.as_ref().ok_or(TimeFault::NoZone)?;
        let midnight = DateTime::from(date_of(day));
        let offsets = [midnight, DateTime::from(date_of(day + 1))]
            .map(|moment| zone.to_ambiguous_timestamp(moment).offset());
        if let [
            AmbiguousOffset::Unambiguous { offset: a },
            AmbiguousOffset::Unambiguous { offset: b },
        ] = offsets
            && a == b
        {
            let shift = i64::from(a.seconds()) * SECOND_NS;
            self.steady = Some((day, shift));
            return Ok(clock - shift);
        }
        let moment = midnight + std::time::Duration::from_nanos(ns_of_day.unsigned_abs());
        match zone.to_ambiguous_timestamp(moment).offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                Ok(clock - i64::from(offset.seconds()) * SECOND_NS)
            }
            AmbiguousOffset::Gap { .. } => Err(TimeFault::Skipped),
            AmbiguousOffset::Fold { .. } => Err(TimeFault::Twice),
        }
    }
}

/// Whether a text that is a local time is no longer than a date, `YYYY-MM-DD` or shorter.
fn is_bare_date(text: &[u8]) -> bool {
    text.trim_ascii().len() <= 10
}
