//! Times as text: the session date of daily and longer bars, RFC 3339 in UTC for shorter ones.

use jiff::{Timestamp, tz::TimeZone};
use strategy_api::Resolution;

/// `2012-09-12`, or `2019-02-11T14:30:00Z` for bars inside a session.
pub fn stamp(ts: i64, resolution: Resolution) -> String {
    let at = instant(ts);
    if resolution.is_intraday() {
        at.to_string()
    } else {
        at.to_zoned(TimeZone::UTC).date().to_string()
    }
}

/// `2026-11-22 14:51` in UTC, for lists.
pub fn minute(ts: i64) -> String {
    instant(ts).strftime("%Y-%m-%d %H:%M").to_string()
}

fn instant(ts: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(ts))
        .expect("every i64 of nanoseconds lies between the years 1677 and 2262")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daily_bars_have_dates_and_shorter_ones_instants() {
        let ts = 1_549_895_400_000_000_000;
        assert_eq!(stamp(ts, Resolution::Day1), "2019-02-11");
        assert_eq!(stamp(ts, Resolution::Min1), "2019-02-11T14:30:00Z");
        assert_eq!(minute(ts), "2019-02-11 14:30");
        assert_eq!(stamp(i64::MIN, Resolution::Day1), "1677-09-21");
    }
}
