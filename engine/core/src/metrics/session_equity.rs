//! The equity curve at session days: the common ground of every ratio, whatever the length of a bar.

use crate::calendar::{Calendar, date_of, day_number};
use jiff::civil::Date;
use strategy_api::Resolution;

/// Initial capital and the last equity of each session, every session from the first to the last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionEquity {
    /// Equity before the first session.
    pub initial: f64,
    /// Sessions, oldest first, none left out.
    pub days: Vec<Date>,
    /// Equity at the end of each session.
    pub equity: Vec<f64>,
}

impl SessionEquity {
    /// Takes the last equity of each session from a curve with one value per bar.
    ///
    /// Bars are given to sessions as [`Calendar::session_runs`] does; a session without bars keeps the
    /// equity of the one before it, and days without a session do not exist.
    ///
    /// # Panics
    /// When the columns differ in length.
    #[must_use]
    pub fn of(
        calendar: Calendar,
        resolution: Resolution,
        initial: f64,
        ts: &[i64],
        equity: &[f64],
    ) -> Self {
        assert_eq!(ts.len(), equity.len(), "every bar has its equity");
        let mut curve = Self { initial, days: Vec::new(), equity: Vec::new() };
        for (session, rows) in calendar.session_runs(resolution, ts) {
            if let (Some(&before), Some(&kept)) = (curve.days.last(), curve.equity.last()) {
                let missed = date_of(day_number(before) + 1);
                let until = date_of(day_number(session) - 1);
                curve.days.extend(calendar.sessions(missed, until));
                curve.equity.resize(curve.days.len(), kept);
            }
            curve.days.push(session);
            curve.equity.push(equity[rows.end - 1]);
        }
        curve
    }

    /// Calendar days from the first session to the last; `None` when there is no session.
    #[must_use]
    pub fn calendar_days(&self) -> Option<i32> {
        Some(day_number(*self.days.last()?) - day_number(*self.days.first()?))
    }

    /// Simple return of each session; the first one is relative to the initial capital.
    ///
    /// `None` when a return is relative to an equity that is not above zero or not a number.
    #[must_use]
    pub fn returns(&self) -> Option<Vec<f64>> {
        let before = std::iter::once(&self.initial).chain(&self.equity);
        before.zip(&self.equity).map(|(before, now)| simple_return(*before, *now)).collect()
    }

    /// The returns of this curve and of a benchmark over the sessions that both know, pair by pair.
    ///
    /// The benchmark is read at the sessions of this curve: between its own sessions it keeps its
    /// equity, before its first one there is no pair but for the step from its initial capital, and
    /// after its last one there is none. `None` when a return has no meaning, as in
    /// [`SessionEquity::returns`].
    #[must_use]
    pub fn paired_returns(&self, benchmark: &Self) -> Option<(Vec<f64>, Vec<f64>)> {
        let (mut own, mut other) = (Vec::new(), Vec::new());
        let (mut before, mut level) = (self.initial, benchmark.initial);
        let mut row = match self.days.first() {
            Some(first) => benchmark.days.partition_point(|day| day < first),
            None => 0,
        };
        if row > 0 {
            level = benchmark.equity[row - 1];
        }
        for (day, &now) in self.days.iter().zip(&self.equity) {
            let next = row + benchmark.days[row..].partition_point(|known| known <= day);
            let over = benchmark.days.last().is_none_or(|last| day > last);
            if next > 0 && !over {
                let reached = benchmark.equity[next - 1];
                own.push(simple_return(before, now)?);
                other.push(simple_return(level, reached)?);
                level = reached;
            }
            (before, row) = (now, next);
        }
        Some((own, other))
    }
}

fn simple_return(before: f64, now: f64) -> Option<f64> {
    let value = now / before - 1.0;
    (before > 0.0 && value.is_finite()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::midnight_ns;
    use jiff::civil::date;

    fn curve(days: &[Date], equity: &[f64]) -> SessionEquity {
        SessionEquity { initial: 100.0, days: days.to_vec(), equity: equity.to_vec() }
    }

    #[test]
    fn the_last_bar_of_a_session_counts_and_a_session_without_bars_is_flat() {
        // Wednesday with two bars, nothing on Thursday and Friday, Monday with one bar.
        let hour = 3_600_000_000_000;
        let wednesday = midnight_ns(date(2024, 9, 4)) + 14 * hour;
        let monday = midnight_ns(date(2024, 9, 9)) + 14 * hour;
        let ts = [wednesday, wednesday + hour, monday];
        let found = SessionEquity::of(
            Calendar::Nyse,
            Resolution::Hour1,
            100.0,
            &ts,
            &[101.0, 110.0, 121.0],
        );
        let days = [date(2024, 9, 4), date(2024, 9, 5), date(2024, 9, 6), date(2024, 9, 9)];
        assert_eq!(found, curve(&days, &[110.0, 110.0, 110.0, 121.0]));
        let returns = found.returns().unwrap();
        assert!((returns[0] - 0.1).abs() < 1e-15 && (returns[3] - 0.1).abs() < 1e-15);
        assert_eq!(returns[1..3], [0.0, 0.0]);
        assert_eq!(found.calendar_days(), Some(5));
    }

    #[test]
    fn a_return_on_nothing_has_no_meaning() {
        let days = [date(2024, 9, 4), date(2024, 9, 5)];
        assert_eq!(curve(&days, &[0.0, 1.0]).returns(), None);
        assert_eq!(curve(&days, &[f64::NAN, 1.0]).returns(), None);
        assert_eq!(curve(&days, &[50.0, 0.0]).returns(), Some(vec![-0.5, -1.0]));
        assert_eq!(curve(&[], &[]).returns(), Some(vec![]));
        assert_eq!(curve(&[], &[]).calendar_days(), None);
    }

    #[test]
    fn a_benchmark_is_read_at_the_sessions_of_the_curve() {
        let [a, b, c, d] = [4, 5, 6, 9].map(|day| date(2024, 9, day));
        let own = curve(&[a, b, c, d], &[110.0, 110.0, 121.0, 121.0]);
        // The same sessions.
        let (_, other) =
            own.paired_returns(&curve(&[a, b, c, d], &[50.0, 100.0, 100.0, 50.0])).unwrap();
        assert_eq!(other, [-0.5, 1.0, 0.0, -0.5]);
        // It begins later and ends earlier.
        let (mine, other) = own.paired_returns(&curve(&[b, c], &[150.0, 300.0])).unwrap();
        assert_eq!(other, [0.5, 1.0]);
        assert_eq!(mine.len(), 2);
        assert_eq!(mine[0], 0.0);
        // It begins earlier and knows other days.
        let earlier = curve(&[date(2024, 9, 3), c, d], &[200.0, 400.0, 400.0]);
        let (_, other) = own.paired_returns(&earlier).unwrap();
        assert_eq!(other, [0.0, 0.0, 1.0, 0.0]);
        // It knows nothing.
        assert_eq!(own.paired_returns(&curve(&[], &[])), Some((vec![], vec![])));
    }
}
