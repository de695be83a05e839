//! Instants as the broker writes and reads them, and the clock of the simulator.

use std::sync::{LazyLock, Mutex, PoisonError};

use engine_core::calendar::SECOND_NS;
use jiff::{
    Timestamp, Zoned,
    civil::{Date, DateTime},
    tz::{TimeZone, TimeZoneDatabase},
};
use tokio::time::Instant;

/// The name that the broker gives to the time zone of New York.
pub(super) const ZONE: &str = "US/Eastern";

/// The clock of the simulator: it starts where it is told to and runs at a multiple of real time.
#[derive(Debug)]
pub(super) struct Clock(Mutex<Hands>);

#[derive(Clone, Copy, Debug)]
struct Hands {
    at_ns: i64,
    since: Instant,
    speed: f64,
}

impl Clock {
    /// Shows `at_ns` now, nanoseconds UTC.
    pub(super) fn new(at_ns: i64, speed: f64) -> Self {
        Self(Mutex::new(Hands { at_ns, since: Instant::now(), speed }))
    }

    /// What it shows, nanoseconds UTC.
    pub(super) fn now(&self) -> i64 {
        let hands = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = hands.since.elapsed().as_secs_f64() * hands.speed;
        hands.at_ns.saturating_add((passed * SECOND_NS as f64) as i64)
    }

    /// Puts it to another time, from which it goes on.
    pub(super) fn set(&self, at_ns: i64) {
        let mut hands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *hands = Hands { at_ns, since: Instant::now(), ..*hands };
    }
}

/// The zone of a name, from the tables inside the program.
fn zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

static NEW_YORK: LazyLock<TimeZone> = LazyLock::new(|| {
    zone("America/New_York").expect("the bundled time zones hold America/New_York")
});

/// An instant on the clock of New York.
fn new_york(ns: i64) -> Zoned {
    instant(ns).to_zoned(NEW_YORK.clone())
}

/// The date in New York at an instant.
pub(super) fn new_york_date(ns: i64) -> Date {
    new_york(ns).date()
}

/// Midnight in New York at the start of a date, nanoseconds UTC.
pub(super) fn new_york_midnight(date: Date) -> i64 {
    date.to_zoned(NEW_YORK.clone()).map_or(0, |zoned| nanoseconds(zoned.timestamp()))
}

fn instant(ns: i64) -> Timestamp {
    // 64 bits of nanoseconds always fit.
    Timestamp::from_nanosecond(i128::from(ns)).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn nanoseconds(instant: Timestamp) -> i64 {
    i64::try_from(instant.as_nanosecond()).unwrap_or(i64::MAX)
}

/// `20261120 18:00:00 US/Eastern`.
pub(super) fn with_zone(ns: i64) -> String {
    format!("{} {ZONE}", new_york(ns).strftime("%Y%m%d %H:%M:%S"))
}

/// `20261120-18:00:00` on the clock of New York, as schedules have it.
pub(super) fn dashed_new_york(ns: i64) -> String {
    new_york(ns).strftime("%Y%m%d-%H:%M:%S").to_string()
}

/// `20261120-23:00:00` UTC.
pub(super) fn dashed_utc(ns: i64) -> String {
    instant(ns).strftime("%Y%m%d-%H:%M:%S").to_string()
}

/// `20261120`.
pub(super) fn compact(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

/// The end of a window as a request names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing: now.
    Now,
    /// An instant, nanoseconds UTC.
    At {
        /// The instant.
        ns: i64,
        /// Whether the text named a time zone, as it should.
        zoned: bool,
    },
}

/// Reads `20261120-23:00:00` (UTC), `20261120 18:00:00 US/Eastern`, either without its seconds' zone,
/// or nothing. `None` when it is neither.
pub(super) fn end(text: &str) -> Option<End> {
    let text = text.trim();
    if text.is_empty() {
        return Some(End::Now);
    }
    let at = |moment: DateTime, zone: TimeZone, zoned| {
        let ns = nanoseconds(moment.to_zoned(zone).ok()?.timestamp());
        Some(End::At { ns, zoned })
    };
    if let Some((date, time)) = text.split_once('-') {
        let time = time.strip_suffix(['Z', 'z']).unwrap_or(time);
        return at(moment(date, time)?, TimeZone::UTC, true);
    }
    let mut words = text.splitn(3, ' ').map(str::trim).filter(|word| !word.is_empty());
    let moment = moment(words.next()?, words.next()?)?;
    match words.next() {
        Some(name) => at(moment, zone(name)?, true),
        None => at(moment, NEW_YORK.clone(), false),
    }
}

fn moment(date: &str, time: &str) -> Option<DateTime> {
    if date.len() != 8 {
        return None;
    }
    let time = if time.len() == 5 { format!("{time}:00") } else { time.to_owned() };
    DateTime::strptime("%Y%m%d %H:%M:%S", format!("{date} {time}")).ok()
}
