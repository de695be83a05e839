//! Resampling: coarser bars made of finer ones, on the session calendar.
//!
//! A coarser bar holds the finer bars of regular trading hours that begin within its interval: the
//! first open, the highest high, the lowest low, the last close, the sum of the volumes. Intervals
//! are those that the calendar expects: inside a session they lie on the clock of the exchange
//! (hourly bars begin at 09:30, then 10:00 and so on), daylight saving and half days included; days,
//! weeks and months hold whole sessions. Bars before the open and after the close are left out.
//!
//! A bar that does not hold its interval's beginning, because the finer bars begin later, is left
//! out; whether the last one is whole is for the caller to say ([`Resampled::closed_by`],
//! [`Resampled::seen`]). Which finer bars there are is the business of others.

use jiff::civil::Date;
use strategy_api::{Bar, Columns, Resolution};

use crate::{
    calendar::{Calendar, SECOND_NS, midnight_ns},
    series::Series,
};

#[cfg(test)]
mod tests;

/// Bars that do not add up to the ones that are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bars of {from} do not add up to bars of {to}")]
pub struct DoesNotFit {
    /// Length of the bars that there are.
    pub from: Resolution,
    /// Length of the bars that are wanted.
    pub to: Resolution,
}

/// Coarser bars, and when each of them has closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Resampled {
    series: Series,
    ends: Vec<i64>,
}

/// Makes bars of `to` from bars of `from`. Time: one pass, and a few look-ups for each session.
///
/// # Errors
/// When the bars do not [fit](Resolution::fits_into).
pub fn resample(
    bars: &Columns<'_>,
    from: Resolution,
    to: Resolution,
    calendar: Calendar,
) -> Result<Resampled, DoesNotFit> {
    if !from.fits_into(to) {
        return Err(DoesNotFit { from, to });
    }
    let mut making = Making { made: Resampled::empty(), open: None };
    for (session, rows) in calendar.session_runs(from, bars.ts) {
        let rows = bars.slice(rows);
        let rows = match from.seconds() {
            Some(seconds) => trading_hours(&rows, seconds, calendar, session),
            None => rows,
        };
        if to.is_intraday() {
            making.take_session(&rows, calendar, to, session);
        } else {
            let interval = whole_sessions(calendar, from, to, session);
            (0..rows.len()).for_each(|row| making.take(&rows.bar(row), interval));
        }
    }
    making.close();
    Ok(making.made)
}

/// The rows of a session that lie in its regular trading hours.
fn trading_hours<'a>(
    rows: &Columns<'a>,
    seconds: u32,
    calendar: Calendar,
    session: Date,
) -> Columns<'a> {
    let Some((open, close)) = calendar.session_hours(session) else { return rows.slice(0..0) };
    // A source may begin its first hourly bar at 09:00: it is the one that holds the open.
    let before_open = open.saturating_sub(i64::from(seconds) * SECOND_NS);
    let first = rows.ts.partition_point(|ts| *ts <= before_open);
    let last = rows.ts.partition_point(|ts| *ts < close);
    rows.slice(first..last.max(first))
}

/// The interval of a coarser bar.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Interval {
    /// Start of the bar, by which it is known.
    key: i64,
    /// A finer bar that starts by then holds the beginning.
    begins: i64,
    ends: i64,
}

/// The day, week or month of a session.
fn whole_sessions(calendar: Calendar, from: Resolution, to: Resolution, session: Date) -> Interval {
    let (first, ends) = calendar.period_of(to, session);
    let key = midnight_ns(first);
    let opens = calendar.session_hours(first).map_or(key, |(open, _)| open);
    Interval { key, begins: if from.is_intraday() { opens } else { key }, ends }
}

struct Making {
    made: Resampled,
    /// The bar being made; `None` only before the first one.
    open: Option<(Interval, Bar)>,
}

impl Making {
    /// Takes the bars of a session into bars inside it.
    fn take_session(&mut self, rows: &Columns<'_>, calendar: Calendar, to: Resolution, day: Date) {
        let starts = calendar.expected_bars(to, day);
        let Some((_, close)) = calendar.session_hours(day) else { return };
        let mut slot = 0;
        for row in 0..rows.len() {
            while starts.get(slot + 1).is_some_and(|next| *next <= rows.ts[row]) {
                slot += 1;
            }
            let Some(key) = starts.get(slot).copied() else { return };
            let ends = starts.get(slot + 1).copied().unwrap_or(close);
            self.take(&rows.bar(row), Interval { key, begins: key, ends });
        }
    }

    fn take(&mut self, bar: &Bar, interval: Interval) {
        match &mut self.open {
            Some((current, made)) if current.key == interval.key => {
                made.high = made.high.max(bar.high);
                made.low = made.low.min(bar.low);
                made.close = bar.close;
                made.volume = (made.volume + bar.volume).min(f64::MAX);
            }
            _ => {
                let is_whole = self.open.is_some() || bar.ts <= interval.begins;
                self.close();
                // The rest of an interval that has begun before the first bar is passed over.
                let key = if is_whole { interval.key } else { i64::MIN };
                self.open = Some((interval, Bar { ts: key, ..*bar }));
            }
        }
    }

    fn close(&mut self) {
        let Some((interval, bar)) = self.open.take() else { return };
        if bar.ts != i64::MIN {
            self.made.series.push(&bar).expect("valid bars in order add up to valid bars in order");
            self.made.ends.push(interval.ends);
        }
    }
}

impl Resampled {
    fn empty() -> Self {
        Self { series: Series::default(), ends: Vec::new() }
    }

    /// The bars, oldest first; the last may be unfinished.
    #[must_use]
    pub fn columns(&self) -> Columns<'_> {
        self.series.columns()
    }

    /// The bars whose interval has ended by an instant, nanoseconds UTC.
    #[must_use]
    pub fn closed_by(&self, instant: i64) -> Series {
        let closed = self.ends.partition_point(|end| *end <= instant);
        let columns = self.series.columns();
        let bars: Vec<Bar> = (0..closed).map(|row| columns.bar(row)).collect();
        Series::from_bars(&bars).expect("a part of a series is one")
    }

    /// For each step of a timeline of bars of `resolution`, the number of bars that have closed when
    /// the step closes. It depends on nothing after the step.
    #[must_use]
    pub fn seen(&self, timeline: &[i64], resolution: Resolution, calendar: Calendar) -> Vec<u32> {
        let length = resolution.seconds().map(|seconds| i64::from(seconds) * SECOND_NS);
        let mut closed = 0;
        let count = |ts: &i64| {
            while let Some(end) = self.ends.get(closed) {
                // Most steps end well before the next coarser bar does: no look-up for them.
                let is_later = length.is_some_and(|length| *end > ts.saturating_add(length));
                if is_later || *end > calendar.bar_end(resolution, *ts) {
                    break;
                }
                closed += 1;
            }
            u32::try_from(closed).expect("a series has fewer than 4 billion bars")
        };
        timeline.iter().map(count).collect()
    }
}
