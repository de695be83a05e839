//! Bars of one day: the parts of the day cut into minutes or seconds and put together again.

use engine_core::calendar::SECOND_NS;

use super::{
    split::{Base, cut},
    stock::Segment,
};

/// A bar with its start, nanoseconds UTC.
pub(crate) type Timed = (i64, Base);

const MINUTE_S: i64 = 60;

/// The whole day as one bar, as far as it has come until `now`.
pub(crate) fn whole_day(segments: &[Segment], now: i64) -> Option<Base> {
    let parts = segments.iter().filter_map(|segment| {
        if segment.to <= now {
            return Some(segment.base);
        }
        pieces(segment, MINUTE_S, now).into_iter().map(|(_, base)| base).reduce(Base::and)
    });
    parts.reduce(Base::and)
}

/// Bars of `step_s` seconds on the clock of New York until `now`; `midnight` is where its day begins.
/// The last one is partial while its time is not over.
pub(crate) fn intraday(segments: &[Segment], step_s: i64, midnight: i64, now: i64) -> Vec<Timed> {
    let fine = if step_s < MINUTE_S { 1 } else { MINUTE_S };
    let pieces = segments.iter().flat_map(|segment| pieces(segment, fine, now));
    let mut bars: Vec<Timed> = Vec::new();
    let mut cell = None;
    for (ts, base) in pieces {
        let here = (ts - midnight).div_euclid(step_s * SECOND_NS);
        match bars.last_mut() {
            Some((_, bar)) if cell == Some(here) => *bar = bar.and(base),
            _ => bars.push((ts, base)),
        }
        cell = Some(here);
    }
    bars
}

/// Minutes or seconds of a part of the day that have begun before `now`, a minute that is not over cut
/// off at the last whole second.
fn pieces(segment: &Segment, step_s: i64, now: i64) -> Vec<Timed> {
    let minute = MINUTE_S * SECOND_NS;
    let minutes = ((segment.to - segment.from) / minute) as usize;
    let mut pieces = Vec::new();
    for (row, base) in (0_i64..).zip(cut(&segment.base, minutes, segment.seed)) {
        let from = segment.from + row * minute;
        if from >= now {
            break;
        }
        if step_s == MINUTE_S && from + minute <= now {
            pieces.push((from, base));
            continue;
        }
        let seconds = cut(&base, MINUTE_S as usize, super::noise::key(segment.seed, row));
        let over = (0_i64..).zip(seconds).map(|(at, base)| (from + at * SECOND_NS, base));
        let over = over.take_while(|(ts, _)| ts + SECOND_NS <= now);
        if step_s == MINUTE_S {
            let partial = over.map(|(_, base)| base).reduce(Base::and);
            pieces.extend(partial.map(|base| (from, base)));
        } else {
            pieces.extend(over);
        }
    }
    pieces
}
