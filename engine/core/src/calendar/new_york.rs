//! New York time: the offset from UTC on a given day, from the tables inside the program, so that the
//! answer never depends on the machine.

use super::date::{DAY_NS, SECOND_NS};
use jiff::{
    Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};
use std::sync::LazyLock;

static NEW_YORK: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZoneDatabase::bundled()
        .get("America/New_York")
        .expect("the bundled time zones hold America/New_York")
});

/// Seconds to add to UTC for New York time at an instant.
fn offset_s(utc_second: i64) -> i64 {
    // Within the years -9999 to 9999 by construction of every caller; the nearest offset otherwise.
    let instant = Timestamp::from_second(utc_second).unwrap_or(if utc_second < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    });
    i64::from(NEW_YORK.to_offset(instant).seconds())
}

/// Midnight in New York at the start of a day, nanoseconds UTC.
pub(super) fn midnight_ns(day: i32) -> i64 {
    // 05:00 UTC is at or after midnight and before 02:00 in New York, where clocks change.
    let utc_midnight = i64::from(day) * 86_400;
    to_ns(utc_midnight - offset_s(utc_midnight + 5 * 3600))
}

/// Day number in New York of an instant.
pub(super) fn day_at(ts: i64) -> i32 {
    let local = ts.saturating_add(offset_s(ts.div_euclid(SECOND_NS)) * SECOND_NS);
    local.div_euclid(DAY_NS) as i32
}

/// Nanoseconds UTC of a moment of regular trading, given as seconds after midnight in New York.
pub(super) fn trading_ns(day: i32, local_s: i64) -> i64 {
    to_ns(i64::from(day) * 86_400 + local_s - trading_offset_s(day))
}

/// Seconds to add to UTC for New York time during the trading hours of a day.
pub(super) fn trading_offset_s(day: i32) -> i64 {
    offset_s(i64::from(day) * 86_400 + 14 * 3600)
}

fn to_ns(second: i64) -> i64 {
    second.saturating_mul(SECOND_NS)
}
