//! The ledger of coverage: which windows were asked for and answered, and what follows from it.
//!
//! A session is covered when an answer held all that had ended of it. One with a bar that cannot be is
//! not covered, so that the next run asks for it again, until it was asked for often enough. A bar is
//! missing when the calendar expects it between the first and the last held one; it is confirmed missing
//! once its window was asked for twice and answered without a rejected bar.

use super::{
    answer::{Sound, rejects},
    expected,
    plan::Chunk,
    sessions::Market,
};
use crate::store::{Coverage, Reject};
use engine_core::calendar::Gap;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// How often a window must have been asked for until a bar missing there is confirmed to be.
const CONFIRMED: i64 = 2;
/// How often a session with an impossible bar is asked for before the broker is left in peace.
const GIVEN_UP: i64 = 3;
/// Sessions with impossible bars that are told apart within one answer.
const APART: usize = 50;

/// The windows that need not be asked for again, both ends included.
pub(super) fn covered(coverage: &[Coverage], source: &str) -> Vec<(i64, i64)> {
    let counts =
        |row: &&Coverage| row.source == source && (row.rejected == 0 || row.asked >= GIVEN_UP);
    coverage.iter().filter(counts).map(|row| (row.from_ts, row.to_ts)).collect()
}

/// What an answer is entered as: one row, or more when sessions have bars that cannot be.
pub(super) fn entries(
    market: Market,
    chunk: &Chunk,
    sound: &Sound,
    now: i64,
    source: &str,
) -> Vec<(Coverage, Vec<Reject>)> {
    let (from, _) = chunk.window;
    let Some(to) = settled(market, chunk, now) else { return Vec::new() };
    let bad: BTreeSet<Date> = sound.bad.iter().map(|bad| market.date_of(bad.ts)).collect();
    let mut apart: Vec<(i64, i64)> = bad.iter().map(|date| market.bounds(*date)).collect();
    if apart.len() > APART {
        apart = vec![(apart[0].0, apart[apart.len() - 1].1)];
    }
    let mut windows = Vec::new();
    let mut start = from;
    for (bad_from, bad_to) in apart {
        let (bad_from, bad_to) = (bad_from.max(from), bad_to.min(to));
        if bad_from > bad_to {
            continue;
        }
        windows.push((start, bad_from - 1));
        windows.push((bad_from, bad_to));
        start = bad_to + 1;
    }
    windows.push((start, to));
    let ts: Vec<i64> = sound.bars.iter().map(|checked| checked.bar.ts).collect();
    let mut entries: Vec<(Coverage, Vec<Reject>)> = windows
        .into_iter()
        .filter(|(from, to)| from <= to)
        .map(|window| (entry(market, window, sound, &ts, now, source), Vec::new()))
        .collect();
    if let Some((_, listed)) = entries.last_mut() {
        *listed = rejects(&sound.bad);
    }
    entries
}

fn entry(
    market: Market,
    (from_ts, to_ts): (i64, i64),
    sound: &Sound,
    ts: &[i64],
    now: i64,
    source: &str,
) -> Coverage {
    let within = |ts: i64| (from_ts..=to_ts).contains(&ts);
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Coverage {
        from_ts,
        to_ts,
        bars: count(ts.iter().filter(|ts| within(**ts)).count()),
        missing: i64::try_from(expected::missing(market, (from_ts, to_ts), ts)).unwrap_or(i64::MAX),
        rejected: count(sound.bad.iter().filter(|bad| within(bad.ts)).count()),
        source: source.to_owned(),
        asked: 1,
        fetched_at: now,
    }
}

/// Up to where all bars of a chunk had ended when it was fetched; `None` when none had.
pub(super) fn settled(market: Market, chunk: &Chunk, now: i64) -> Option<i64> {
    let (from, to) = chunk.window;
    if chunk.end.is_some_and(|end| end <= now) {
        return Some(to);
    }
    let settled = market.settled(chunk.sessions.0, chunk.sessions.1, now)?;
    Some(settled.min(to)).filter(|settled| *settled >= from)
}

/// What is missing of a series.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Bars that the broker was not asked for twice.
    pub open: Vec<Gap>,
    /// Bars that the broker was asked for and does not have.
    pub confirmed: Vec<Gap>,
}

impl Missing {
    /// Bars missing in runs.
    #[must_use]
    pub fn count(gaps: &[Gap]) -> u64 {
        gaps.iter().map(|gap| gap.missing).sum()
    }
}

/// Which of the bars that the calendar expects and that are not there are confirmed to be missing.
pub(super) fn missing(
    market: Market,
    gaps: &[Gap],
    coverage: &[Coverage],
    source: &str,
) -> Missing {
    let mut out = Missing::default();
    let depth = Depth::new(coverage, source);
    for gap in gaps {
        for (from, to, asked) in depth.pieces(gap.from_ts, gap.to_ts) {
            let side = if asked >= CONFIRMED { &mut out.confirmed } else { &mut out.open };
            side.extend(expected::gaps(market, (from, to), &[]));
        }
    }
    out
}

/// How often each time was asked for and answered well.
struct Depth {
    /// From a time on, so often; sorted, and zero before the first.
    steps: Vec<(i64, i64)>,
}

impl Depth {
    fn new(coverage: &[Coverage], source: &str) -> Self {
        let sound = coverage.iter().filter(|row| row.source == source && row.rejected == 0);
        let mut changes: Vec<(i64, i64)> = sound
            .flat_map(|row| [(row.from_ts, row.asked), (row.to_ts.saturating_add(1), -row.asked)])
            .collect();
        changes.sort_unstable();
        let mut depth = 0;
        let mut steps: Vec<(i64, i64)> = Vec::new();
        for (ts, change) in changes {
            depth += change;
            match steps.last_mut() {
                Some(last) if last.0 == ts => last.1 = depth,
                _ => steps.push((ts, depth)),
            }
        }
        Self { steps }
    }

    /// An interval cut where the number changes: from, to, number.
    fn pieces(&self, from: i64, to: i64) -> Vec<(i64, i64, i64)> {
        let mut at = self.steps.partition_point(|(ts, _)| *ts <= from);
        let mut depth = at.checked_sub(1).map_or(0, |before| self.steps[before].1);
        let (mut start, mut out) = (from, Vec::new());
        while let Some((ts, next)) = self.steps.get(at).filter(|(ts, _)| *ts <= to) {
            out.push((start, ts - 1, depth));
            (start, depth, at) = (*ts, *next, at + 1);
        }
        out.push((start, to, depth));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::Hours;
    use engine_core::calendar::{Calendar, DAY_NS, midnight_ns};
    use jiff::civil::date;
    use strategy_api::Resolution;

    fn row(from: Date, to: Date, asked: i64, rejected: i64) -> Coverage {
        Coverage {
            from_ts: midnight_ns(from),
            to_ts: midnight_ns(to) + DAY_NS - 1,
            bars: 0,
            missing: 0,
            rejected,
            source: "ibkr trades rth".to_owned(),
            asked,
            fetched_at: 0,
        }
    }

    #[test]
    fn a_bar_is_confirmed_missing_once_it_was_asked_for_twice() {
        let calendar = Calendar::Nyse;
        let market = Market { calendar, resolution: Resolution::Day1, hours: Hours::Regular };
        // The week of 2024-06-10 without Tuesday to Thursday.
        let ts = [midnight_ns(date(2024, 6, 10)), midnight_ns(date(2024, 6, 14))];
        let all = row(date(2024, 6, 10), date(2024, 6, 14), 1, 0);
        let again = row(date(2024, 6, 12), date(2024, 6, 12), 1, 0);
        let bad = row(date(2024, 6, 13), date(2024, 6, 13), 5, 1);
        let gaps = calendar.gaps(market.resolution, &ts);
        let missing = missing(market, &gaps, &[all, again, bad], "ibkr trades rth");
        assert_eq!(Missing::count(&missing.confirmed), 1);
        assert_eq!(missing.confirmed[0].from_ts, midnight_ns(date(2024, 6, 12)));
        assert_eq!(Missing::count(&missing.open), 2);
    }
}
