//! The finer bars that settle what the bars of a run leave open: which of them lie inside a bar.

use strategy_api::{Bar, Columns, Resolution};

use crate::calendar::{Calendar, midnight_ns};

/// Finer bars of the instruments of a run.
#[derive(Clone, Debug)]
pub struct Finer<'a> {
    /// Their length; it [fits](Resolution::fits_into) into that of the run's bars.
    pub resolution: Resolution,
    /// By instrument, in the order of the run; `None` where there are none.
    pub columns: Vec<Option<Columns<'a>>>,
}

impl Finer<'_> {
    /// The finer bars inside the bar of an instrument that starts at `ts`, oldest first. A bar of a
    /// day or longer holds those of regular trading hours.
    pub(super) fn inside(
        &self,
        instrument: usize,
        ts: i64,
        resolution: Resolution,
        calendar: Calendar,
    ) -> Vec<Bar> {
        let Some(columns) = self.columns.get(instrument).copied().flatten() else {
            return Vec::new();
        };
        let Some((from, to)) = self.interval(ts, resolution, calendar) else { return Vec::new() };
        let rows =
            columns.ts.partition_point(|ts| *ts < from)..columns.ts.partition_point(|ts| *ts < to);
        let only_trading_hours = self.resolution.is_intraday() && !resolution.is_intraday();
        let is_wanted = |bar: &Bar| {
            let hours = || calendar.session_hours(calendar.session_of(bar.ts, self.resolution)?);
            !only_trading_hours
                || hours().is_some_and(|(open, close)| (open..close).contains(&bar.ts))
        };
        rows.map(|row| columns.bar(row)).filter(is_wanted).collect()
    }

    /// Starts of the first finer bar and of the first one after.
    fn interval(&self, ts: i64, resolution: Resolution, calendar: Calendar) -> Option<(i64, i64)> {
        let end = calendar.bar_end(resolution, ts);
        if resolution.is_intraday() {
            return Some((ts, end));
        }
        let (first, _) = calendar.period_of(resolution, calendar.session_of(ts, resolution)?);
        let (open, _) = calendar.session_hours(first)?;
        Some((if self.resolution.is_intraday() { open } else { midnight_ns(first) }, end))
    }
}
