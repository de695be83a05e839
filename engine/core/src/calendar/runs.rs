//! Session runs: a whole column of bars cut into sessions, without a look-up per bar.

use super::{
    Calendar,
    date::{DAY_NS, date_of},
    slots::period,
};
use jiff::civil::Date;
use std::ops::Range;
use strategy_api::Resolution;

/// The sessions of a column of bars with the rows of each; see [`Calendar::session_runs`].
#[derive(Clone, Debug)]
pub struct SessionRuns<'a> {
    calendar: Calendar,
    resolution: Resolution,
    ts: &'a [i64],
    row: usize,
}

impl Calendar {
    /// Cuts a column of bars into sessions, oldest first; `ts` are their starts and must rise.
    ///
    /// Every row is in exactly one run: a bar before or after regular trading hours belongs to the
    /// session of its exchange date, a bar on a day without one to the session before it, a weekly
    /// or monthly bar to the last session of its period, whose close it shows. The dates rise.
    /// Time: two time zone look-ups and a binary search for each session.
    pub fn session_runs(self, resolution: Resolution, ts: &[i64]) -> SessionRuns<'_> {
        SessionRuns { calendar: self, resolution, ts, row: 0 }
    }

    /// The session of an instant as [`Calendar::session_runs`] has it, and where the next one begins.
    fn run_at(self, resolution: Resolution, ts: i64) -> (i32, i64) {
        let day = self.local_day(resolution, ts);
        let (_, period_end) = period(resolution, day);
        let session = self.session_day_before(period_end);
        let next = self.session_day_from(period_end);
        let end = if resolution.is_intraday() {
            self.local_midnight_ns(next)
        } else {
            // Not the end of this period: a week without a session (March 1933) belongs to the session before it.
            i64::from(period(resolution, next).0).saturating_mul(DAY_NS)
        };
        (session, end)
    }
}

impl Iterator for SessionRuns<'_> {
    type Item = (Date, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.row;
        let (session, end_ns) = self.calendar.run_at(self.resolution, *self.ts.get(start)?);
        let rest = &self.ts[start + 1..];
        // Sessions are short against the column: grow the window before searching in it.
        let mut window = 1;
        while window < rest.len() && rest[window - 1] < end_ns {
            window *= 2;
        }
        let window = window.min(rest.len());
        self.row = start + 1 + rest[..window].partition_point(|ts| *ts < end_ns);
        Some((date_of(session), start..self.row))
    }
}
