//! Which bars a calendar expects in a window and are not there.

use super::sessions::Market;
use engine_core::calendar::Gap;
use jiff::ToSpan;

/// The gaps of a window from `from` to `to`, both ends included; `ts` are starts of bars and rise.
pub(super) fn gaps(market: Market, (from, to): (i64, i64), ts: &[i64]) -> Vec<Gap> {
    if from > to {
        return Vec::new();
    }
    let inside = &ts[ts.partition_point(|ts| *ts < from)..ts.partition_point(|ts| *ts <= to)];
    // An expected bar on either side, as if it were there, makes the ends of the window count.
    let (before, after) = (last_before(market, from), first_after(market, to));
    let between = |times: &[i64]| market.calendar.gaps(market.resolution, times);
    let (Some(first), Some(last)) = (inside.first(), inside.last()) else {
        return between(&[before, after]);
    };
    let mut gaps = between(&[before, *first]);
    gaps.extend(between(inside));
    gaps.extend(between(&[*last, after]));
    gaps
}

/// Bars missing in a window.
pub(super) fn missing(market: Market, window: (i64, i64), ts: &[i64]) -> u64 {
    gaps(market, window, ts).iter().map(|gap| gap.missing).sum()
}

/// Start of the last expected bar before a time.
fn last_before(market: Market, ts: i64) -> i64 {
    let mut date = market.date_of(ts);
    loop {
        let bars = market.calendar.expected_bars(market.resolution, date);
        if let Some(last) = bars.into_iter().rfind(|start| *start < ts) {
            return last;
        }
        date = market.calendar.session_before(date);
    }
}

/// Start of the first expected bar after a time.
pub(super) fn first_after(market: Market, ts: i64) -> i64 {
    let mut date = market.date_of(ts);
    loop {
        let bars = market.calendar.expected_bars(market.resolution, date);
        if let Some(first) = bars.into_iter().find(|start| *start > ts) {
            return first;
        }
        date = market.calendar.session_from(date.saturating_add(1.day()));
    }
}
