//! Gaps: the bars that a calendar expects between the first and the last bar of a series, and that
//! are not there.

use super::{
    Calendar,
    slots::{Slot, Slots, period},
};
use serde::Serialize;
use strategy_api::Resolution;

/// A run of consecutive expected bars that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Start of the first missing bar, nanoseconds UTC.
    pub from_ts: i64,
    /// Start of the last missing bar, nanoseconds UTC.
    pub to_ts: i64,
    /// Missing bars.
    pub missing: u64,
}

impl Calendar {
    /// The gaps of a series, oldest first; `ts` are the starts of its bars and must rise.
    ///
    /// A bar fills an expected one when it starts within the same interval of the exchange's clock,
    /// so an hourly bar that a source starts at 09:00 fills that of 09:30, and a weekly bar may be
    /// dated by any day of its week. Bars outside of regular trading hours are neither expected nor
    /// in the way. Time: one pass over the bars and over the sessions between them.
    #[must_use]
    pub fn gaps(self, resolution: Resolution, ts: &[i64]) -> Vec<Gap> {
        let (Some(&first), Some(&last)) = (ts.first(), ts.last()) else { return Vec::new() };
        let from = period(resolution, self.local_day(resolution, first)).0;
        let to = period(resolution, self.local_day(resolution, last)).1;
        let mut scan = Scan { ts, row: 0, first, last, open: None, gaps: Vec::new() };
        for day in (from..to).filter(|day| self.is_session_day(*day)) {
            let slots = self.slots(resolution, day);
            if scan.is_empty_inside(&slots) {
                scan.add(slots.as_gap());
            } else {
                slots.for_each(|slot| scan.visit(slot));
            }
        }
        scan.gaps.extend(scan.open);
        scan.gaps
    }
}

struct Scan<'a> {
    ts: &'a [i64],
    row: usize,
    first: i64,
    last: i64,
    open: Option<Gap>,
    gaps: Vec<Gap>,
}

impl Scan<'_> {
    /// Whether no bar starts in these slots, all of which lie between the first and the last bar.
    fn is_empty_inside(&mut self, slots: &Slots) -> bool {
        let Some((from, to)) = slots.span() else { return true };
        self.advance(from);
        from > self.first && to <= self.last && self.ts.get(self.row).is_none_or(|ts| *ts >= to)
    }

    fn visit(&mut self, slot: Slot) {
        if slot.to <= self.first || slot.from > self.last {
            return;
        }
        self.advance(slot.from);
        if self.ts.get(self.row).is_some_and(|start| *start < slot.to) {
            self.gaps.extend(self.open.take());
        } else {
            self.add(Some(Gap { from_ts: slot.key, to_ts: slot.key, missing: 1 }));
        }
    }

    /// Moves to the first bar that starts at `from` or later.
    fn advance(&mut self, from: i64) {
        while self.row < self.ts.len() && self.ts[self.row] < from {
            self.row += 1;
        }
    }

    /// Lengthens the open gap, or opens one.
    fn add(&mut self, more: Option<Gap>) {
        let Some(more) = more else { return };
        match &mut self.open {
            Some(gap) => {
                gap.to_ts = more.to_ts;
                gap.missing += more.missing;
            }
            None => self.open = Some(more),
        }
    }
}
