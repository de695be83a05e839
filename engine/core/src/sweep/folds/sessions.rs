//! The sessions of a period that have bars: what the windows of folds are counted in.

use jiff::civil::Date;
use strategy_api::Resolution;

use super::Span;
use crate::calendar::Calendar;

/// The traded sessions of a timeline that have bars, with their bars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sessions {
    ts: Vec<i64>,
    days: Vec<Date>,
    /// Row of the first bar of each session, and last the row after the last one.
    rows: Vec<usize>,
}

impl Sessions {
    /// Cuts the bars from `from` on into sessions; `ts` are the starts of all bars, history included.
    #[must_use]
    pub fn of(calendar: Calendar, resolution: Resolution, ts: &[i64], from: Option<i64>) -> Self {
        let first = ts.partition_point(|ts| *ts < from.unwrap_or(i64::MIN));
        let (mut days, mut rows) = (Vec::new(), vec![first]);
        for (day, run) in calendar.session_runs(resolution, &ts[first..]) {
            days.push(day);
            rows.push(first + run.end);
        }
        Self { ts: ts.to_vec(), days, rows }
    }

    /// Number of sessions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.days.len()
    }

    /// Whether there is no session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// Dates of the sessions, oldest first.
    #[must_use]
    pub fn days(&self) -> &[Date] {
        &self.days
    }

    /// Starts of the bars of a span that are traded.
    #[must_use]
    pub fn bars(&self, span: &Span) -> &[i64] {
        let first = self.ts.partition_point(|ts| *ts < span.from);
        &self.ts[first..self.ts.partition_point(|ts| *ts <= span.to).max(first)]
    }

    /// Number of sessions in a span.
    #[must_use]
    pub fn count(&self, span: &Span) -> usize {
        let starts = self.rows[..self.len()].iter().map(|row| self.ts[*row]);
        starts.filter(|ts| span.from <= *ts && *ts <= span.to).count()
    }

    /// The span of the sessions `first..end`, with so many bars of history, which never reaches back
    /// beyond the session `wall`.
    pub(super) fn span(&self, first: usize, end: usize, history: Option<u32>, wall: usize) -> Span {
        let row = self.rows[first];
        let bars = history.map(|bars| bars as usize);
        let nearest = bars.map_or(0, |bars| row.saturating_sub(bars));
        let since = if wall == 0 { nearest } else { nearest.max(self.rows[wall]) };
        Span {
            since: (since > 0).then(|| self.ts[since]),
            from: self.ts[row],
            to: self.ts[self.rows[end] - 1],
        }
    }
}
