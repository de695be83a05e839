//! Bars that the calendar expects between the first and the last bar of the input but that are not in it.

use super::validate::Checked;
use engine_core::calendar::{Calendar, Gap};
use serde::Serialize;
use strategy_api::Resolution;

/// Gaps that are shown; the others are only counted.
pub const SHOWN: usize = 5;

/// The gaps of an input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Gaps {
    /// Bars missing.
    pub missing: u64,
    /// Runs of missing bars.
    pub runs: u64,
    /// The first [`SHOWN`] of them.
    pub first: Vec<Gap>,
}

/// Counts gaps block by block.
#[derive(Clone, Debug)]
pub(super) struct GapCount {
    calendar: Calendar,
    resolution: Resolution,
    last_ts: Option<i64>,
    times: Vec<i64>,
    /// What was found so far.
    pub(super) gaps: Gaps,
}

impl GapCount {
    /// For bars of a resolution on a calendar.
    pub(super) fn new(calendar: Calendar, resolution: Resolution) -> Self {
        Self { calendar, resolution, last_ts: None, times: Vec::new(), gaps: Gaps::default() }
    }

    /// Takes the next bars. A gap never spans two calls, because each begins with the last bar before it.
    pub(super) fn block(&mut self, block: &[Checked]) {
        self.times.clear();
        self.times.extend(self.last_ts);
        self.times.extend(block.iter().map(|checked| checked.bar.ts));
        self.last_ts = self.times.last().copied();
        for gap in self.calendar.gaps(self.resolution, &self.times) {
            self.gaps.missing += gap.missing;
            self.gaps.runs += 1;
            if self.gaps.first.len() < SHOWN {
                self.gaps.first.push(gap);
            }
        }
    }
}
