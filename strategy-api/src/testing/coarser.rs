//! Coarser bars for tests, on the clock of UTC and without sessions.

use std::rc::Rc;

use super::Owned;
use crate::{
    Bar, Resolution,
    abi::host::{CoarserBars, Instance},
};

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

/// Coarser bars of one instrument.
fn made(owned: &Owned, own: Resolution, resolution: Resolution) -> CoarserBars {
    let columns = owned.columns();
    if own == resolution {
        return CoarserBars::new(&columns, (1..).take(columns.len()).collect());
    }
    let (mut bars, mut ends): (Vec<Bar>, Vec<i64>) = (Vec::new(), Vec::new());
    for row in 0..columns.len() {
        let bar = columns.bar(row);
        let (start, end) = period(resolution, bar.ts);
        match bars.last_mut().filter(|last| last.ts == start) {
            Some(last) => {
                last.high = last.high.max(bar.high);
                last.low = last.low.min(bar.low);
                last.close = bar.close;
                last.volume += bar.volume;
            }
            None => {
                bars.push(Bar { ts: start, ..bar });
                ends.push(end);
            }
        }
    }
    let closed = |ts: &i64| {
        let until = period(own, *ts).1;
        let count = ends.partition_point(|end| *end <= until);
        u32::try_from(count).expect("a test has few bars")
    };
    CoarserBars::new(&Owned::of(&bars).columns(), columns.ts.iter().map(closed).collect())
}

/// What a strategy has asked for: by length, then by instrument.
pub(super) fn all(
    instance: &Instance<'_>,
    owned: &[Owned],
    own: Resolution,
) -> Vec<(Resolution, Rc<CoarserBars>)> {
    let each = |length: Resolution| {
        owned.iter().map(move |bars| (length, Rc::new(made(bars, own, length))))
    };
    instance.asked().flat_map(each).collect()
}

/// The longest length that leaves no two bars in one interval; days for fewer than two bars.
pub(super) fn length_of(ts: &[i64]) -> Resolution {
    let apart = ts.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(DAY);
    let fits = |one: &&Resolution| {
        one.seconds().map_or(DAY, |seconds| i64::from(seconds) * SECOND) <= apart
    };
    let shorter = Resolution::ALL.iter().filter(|one| **one <= Resolution::Day1);
    shorter.rev().find(fits).copied().unwrap_or(Resolution::Sec1)
}

/// Start and end of the interval that holds an instant.
fn period(resolution: Resolution, ts: i64) -> (i64, i64) {
    let day = ts.div_euclid(DAY);
    match resolution {
        Resolution::Week1 => {
            // 1970-01-01 was a Thursday.
            let monday = day - (day + 3).rem_euclid(7);
            (monday * DAY, (monday + 7) * DAY)
        }
        Resolution::Month1 => {
            let first = first_of_month(day);
            // 31 days on lies in the next month, wherever this one begins.
            (first * DAY, first_of_month(first + 31) * DAY)
        }
        _ => {
            let length = resolution.seconds().map_or(DAY, |seconds| i64::from(seconds) * SECOND);
            let start = ts.div_euclid(length) * length;
            (start, start + length)
        }
    }
}

/// The first day of the month of a day, in days since 1970. Algorithm: Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms".
fn first_of_month(day: i64) -> i64 {
    let day_of_era = (day + 719_468).rem_euclid(146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    day - (day_of_year - (153 * month + 2) / 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_follow_the_calendar_of_utc() {
        // 2024-02-29 is day 19,782, a Thursday; March begins on day 19,783.
        let day = |day: i64| (day * DAY, (day + 1) * DAY);
        assert_eq!(period(Resolution::Day1, 19_782 * DAY + 5), day(19_782));
        assert_eq!(period(Resolution::Week1, 19_782 * DAY), (19_779 * DAY, 19_786 * DAY));
        assert_eq!(period(Resolution::Month1, 19_782 * DAY), (19_754 * DAY, 19_783 * DAY));
        assert_eq!(period(Resolution::Month1, 19_783 * DAY), (19_783 * DAY, 19_814 * DAY));
        let hour = 3600 * SECOND;
        assert_eq!(period(Resolution::Hour1, 5 * hour + 7), (5 * hour, 6 * hour));
    }

    #[test]
    fn the_length_of_bars_follows_from_their_times() {
        let apart = |seconds: i64| [0, seconds * SECOND, 3 * seconds * SECOND];
        assert_eq!(length_of(&apart(60)), Resolution::Min1);
        assert_eq!(length_of(&apart(3600)), Resolution::Hour1);
        assert_eq!(length_of(&apart(86_400)), Resolution::Day1);
        assert_eq!(length_of(&apart(7 * 86_400)), Resolution::Day1);
        assert_eq!(length_of(&[]), Resolution::Day1);
    }
}
