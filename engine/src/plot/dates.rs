//! The shared time axis: which bars get a date below them and how it is written.
//!
//! Bars stand side by side without the gaps of nights and weekends, so a tick belongs to a bar: the
//! first at or after a round date.

use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};
use strategy_api::Resolution;

/// A date below the axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DateTick {
    /// Row of the bar.
    pub(super) row: usize,
    /// The fine part: `Mar`, `3 Mar`, `09:30`.
    pub(super) label: String,
    /// The part that stays the same for many ticks, written where it changes: `2008`, `3 Mar 2008`.
    pub(super) context: Option<String>,
}

/// The distance between ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Seconds(i64),
    Days(i64),
    Weeks,
    Months(i64),
    Years(i64),
}

const DAY: i64 = 86_400;

/// Finest first.
const STEPS: [Step; 25] = [
    Step::Seconds(1),
    Step::Seconds(5),
    Step::Seconds(10),
    Step::Seconds(30),
    Step::Seconds(60),
    Step::Seconds(300),
    Step::Seconds(600),
    Step::Seconds(1_800),
    Step::Seconds(3_600),
    Step::Seconds(2 * 3_600),
    Step::Seconds(3 * 3_600),
    Step::Seconds(6 * 3_600),
    Step::Seconds(12 * 3_600),
    Step::Days(1),
    Step::Days(2),
    Step::Weeks,
    Step::Months(1),
    Step::Months(3),
    Step::Months(6),
    Step::Years(1),
    Step::Years(2),
    Step::Years(5),
    Step::Years(10),
    Step::Years(20),
    Step::Years(50),
];

/// More round dates than this cannot be an answer, so no more are tried.
const MOST_DATES: i64 = 400;

impl Step {
    /// About how many seconds lie between two ticks.
    fn seconds(self) -> i64 {
        match self {
            Self::Seconds(count) => count,
            Self::Days(count) => count * DAY,
            Self::Weeks => 7 * DAY,
            Self::Months(count) => count * 30 * DAY,
            Self::Years(count) => count * 365 * DAY,
        }
    }

    /// The number of the step that holds this moment; equal numbers are the same step.
    fn number(self, at: &Zoned) -> i64 {
        let day = || at.date().duration_since(Date::constant(1970, 1, 1)).as_hours() / 24;
        let month = i64::from(at.year()) * 12 + i64::from(at.month()) - 1;
        match self {
            Self::Seconds(count) => {
                let second = i64::from(at.hour()) * 3_600
                    + i64::from(at.minute()) * 60
                    + i64::from(at.second());
                (day() * DAY + second).div_euclid(count)
            }
            Self::Days(count) => day().div_euclid(count),
            // 1970-01-01 was a Thursday.
            Self::Weeks => (day() + 3).div_euclid(7),
            Self::Months(count) => month.div_euclid(count),
            Self::Years(count) => i64::from(at.year()).div_euclid(count),
        }
    }

    fn label(self, at: &Zoned) -> (String, Option<String>) {
        match self {
            Self::Seconds(count) => {
                let format = if count < 60 { "%H:%M:%S" } else { "%H:%M" };
                (at.strftime(format).to_string(), Some(at.strftime("%-d %b %Y").to_string()))
            }
            Self::Days(_) | Self::Weeks => {
                (at.strftime("%-d %b").to_string(), Some(at.year().to_string()))
            }
            Self::Months(_) => (at.strftime("%b").to_string(), Some(at.year().to_string())),
            Self::Years(_) => (at.year().to_string(), None),
        }
    }
}

/// The zone in which bars of a resolution are dated: sessions carry their date as midnight UTC.
fn zone_of(resolution: Resolution, zone: &TimeZone) -> TimeZone {
    if resolution.is_intraday() { zone.clone() } else { TimeZone::UTC }
}

/// The bar's date (and time, when it lies inside a session) for people: `2009-03-09`, `2009-03-09 15:30`.
pub(super) fn date(ts: i64, resolution: Resolution, zone: &TimeZone) -> String {
    let format = if resolution.is_intraday() { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d" };
    moment(ts, &zone_of(resolution, zone)).strftime(format).to_string()
}

fn moment(ts: i64, zone: &TimeZone) -> Zoned {
    Timestamp::from_nanosecond(i128::from(ts))
        .expect("every i64 of nanoseconds lies between the years 1677 and 2262")
        .to_zoned(zone.clone())
}

/// Dates for bars `pitch` pixels apart, none closer than `least` pixels to the next.
pub(super) fn ticks(
    ts: &[i64],
    resolution: Resolution,
    zone: &TimeZone,
    (pitch, least): (f64, f64),
) -> Vec<DateTick> {
    let (Some(first), Some(last)) = (ts.first(), ts.last()) else { return Vec::new() };
    let zone = zone_of(resolution, zone);
    let span = (last / 1_000_000_000) - (first / 1_000_000_000);
    let room = (ts.len() as f64 * pitch / least).floor() as usize;
    for step in STEPS {
        let too_fine = !resolution.is_intraday() && step.seconds() < DAY;
        // Nights and weekends take no room, so there may be more round dates than ticks.
        if too_fine || span / step.seconds() > MOST_DATES {
            continue;
        }
        let rows = rows(ts, step, &zone);
        let close = rows.windows(2).filter(|pair| ((pair[1] - pair[0]) as f64) * pitch < least);
        if rows.len() <= room.max(1) && close.count() * 4 <= rows.len() {
            return labelled(ts, step, &zone, &spread(&rows, pitch, least));
        }
    }
    Vec::new()
}

/// The first bar and every bar that begins a new step.
fn rows(ts: &[i64], step: Step, zone: &TimeZone) -> Vec<usize> {
    let mut rows = Vec::new();
    let mut row = 0;
    while row < ts.len() {
        rows.push(row);
        let number = step.number(&moment(ts[row], zone));
        // Galloping: the next step is near in time but its row is not known.
        let mut stride = 1;
        while row + stride < ts.len() && step.number(&moment(ts[row + stride], zone)) == number {
            row += stride;
            stride *= 2;
        }
        let end = (row + stride).min(ts.len());
        row += ts[row..end].partition_point(|at| step.number(&moment(*at, zone)) == number);
    }
    rows
}

/// Leaves out what stands too close. The first bar rarely begins a step, so it gives way.
fn spread(rows: &[usize], pitch: f64, least: f64) -> Vec<usize> {
    let far = |from: usize, to: usize| ((to - from) as f64) * pitch >= least;
    let mut kept: Vec<usize> = Vec::new();
    for row in rows {
        match kept.last() {
            Some(0) if kept.len() == 1 && !far(0, *row) => kept[0] = *row,
            Some(before) if !far(*before, *row) => {}
            _ => kept.push(*row),
        }
    }
    kept
}

fn labelled(ts: &[i64], step: Step, zone: &TimeZone, rows: &[usize]) -> Vec<DateTick> {
    let mut before = None;
    let tick = |row: &usize| {
        let (label, context) = step.label(&moment(ts[*row], zone));
        let changed = context != before;
        before.clone_from(&context);
        DateTick { row: *row, label, context: context.filter(|_| changed) }
    };
    rows.iter().map(tick).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(from: Date, count: i64) -> Vec<i64> {
        let first = from.to_zoned(TimeZone::UTC).unwrap().timestamp().as_nanosecond() as i64;
        (0..count).map(|day| first + day * DAY * 1_000_000_000).collect()
    }

    fn texts(ticks: &[DateTick]) -> Vec<String> {
        ticks
            .iter()
            .map(|tick| match &tick.context {
                Some(context) => format!("{}/{context}", tick.label),
                None => tick.label.clone(),
            })
            .collect()
    }

    #[test]
    fn twelve_years_are_dated_by_years_and_one_by_months() {
        let ts = days(Date::constant(2000, 2, 1), 12 * 365);
        let ticks = ticks(&ts, Resolution::Day1, &TimeZone::UTC, (1_100.0 / ts.len() as f64, 60.0));
        assert_eq!(texts(&ticks)[..3], ["2000", "2001", "2002"]);
        assert_eq!((ticks[0].row, ticks[1].row), (0, 335));

        let ts = days(Date::constant(2007, 11, 1), 365);
        let ticks = super::ticks(&ts, Resolution::Day1, &TimeZone::UTC, (3.0, 60.0));
        assert_eq!(texts(&ticks)[..4], ["Nov/2007", "Dec", "Jan/2008", "Feb"]);
    }

    #[test]
    fn a_session_is_dated_by_hours_of_the_exchange() {
        let new_york = TimeZone::get("America/New_York").unwrap();
        let first = Date::constant(2024, 3, 8).at(9, 30, 0, 0).to_zoned(new_york.clone()).unwrap();
        let first = first.timestamp().as_nanosecond() as i64;
        let ts: Vec<i64> = (0..390).map(|minute| first + minute * 60_000_000_000).collect();
        let ticks = ticks(&ts, Resolution::Min1, &new_york, (2.8, 60.0));
        assert_eq!(texts(&ticks)[..3], ["09:30/8 Mar 2024", "10:00", "10:30"]);
    }

    #[test]
    fn one_bar_has_its_date_and_a_million_are_dated_too() {
        let ts = days(Date::constant(2020, 5, 4), 1);
        let ticks = ticks(&ts, Resolution::Day1, &TimeZone::UTC, (1_100.0, 60.0));
        assert_eq!(texts(&ticks), ["4 May/2020"]);
        let ts: Vec<i64> = (0..1_000_000).map(|minute| minute * 60_000_000_000).collect();
        let ticks = super::ticks(&ts, Resolution::Min1, &TimeZone::UTC, (0.0011, 60.0));
        assert!((5..20).contains(&ticks.len()), "{ticks:?}");
    }
}
