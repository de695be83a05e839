//! The Sharpe ratio of a moving window of sessions, at the bars at which each session ends.

use engine_core::metrics::{SessionEquity, sharpe};

use crate::report::Basis;

/// Sessions of a window: half a year of US equities.
pub(super) const WINDOW: usize = 126;

/// Rows of the traded bars, and the ratio that is known from each on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Rolling {
    pub(super) rows: Vec<f64>,
    /// NaN where the window's returns do not spread.
    pub(super) values: Vec<f64>,
}

/// The ratio of each session's last [`WINDOW`] returns, by the definition of the whole run's figure;
/// nothing before there are as many, and nothing for a curve that has no returns.
pub(super) fn rolling(curve: &SessionEquity, basis: &Basis<'_>) -> Rolling {
    let Some(mut returns) = curve.returns() else { return Rolling::default() };
    let year = basis.calendar.sessions_per_year();
    let free = (1.0 + basis.risk_free_rate).powf(1.0 / year) - 1.0;
    returns.iter_mut().for_each(|value| *value -= free);
    let mut rolling = Rolling::default();
    for (session, rows) in basis.calendar.session_runs(basis.resolution, basis.ts) {
        let Ok(place) = curve.days.binary_search(&session) else { continue };
        if place + 1 < WINDOW {
            continue;
        }
        let value = sharpe(&returns[place + 1 - WINDOW..=place], year);
        rolling.rows.push((rows.end - 1) as f64);
        rolling.values.push(value.unwrap_or(f64::NAN));
    }
    rolling
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_core::calendar::{Calendar, date_of, day_number, midnight_ns};
    use jiff::civil::date;
    use strategy_api::Resolution;

    #[test]
    fn the_first_window_is_full_and_alternating_returns_have_a_known_ratio() {
        let first = day_number(date(2024, 1, 1));
        let days: Vec<_> = (0..WINDOW as i32 + 2).map(|day| date_of(first + day)).collect();
        let ts: Vec<i64> = days.iter().map(|day| midnight_ns(*day)).collect();
        // +3 % and -1 % in turn: mean 1 %, deviation 2 % (times the root of 126/125).
        let mut equity = vec![100.0];
        for day in 0..days.len() {
            equity.push(equity[day] * if day % 2 == 0 { 1.03 } else { 0.99 });
        }
        let curve = SessionEquity { initial: 100.0, days, equity: equity[1..].to_vec() };
        let basis = Basis {
            calendar: Calendar::AlwaysOpen,
            resolution: Resolution::Day1,
            ts: &ts,
            cash: 100.0,
            risk_free_rate: 0.0,
        };
        let found = rolling(&curve, &basis);
        assert_eq!(found.rows, [125.0, 126.0, 127.0]);
        let wanted = 0.5 * (125.0_f64 / 126.0).sqrt() * 365.0_f64.sqrt();
        for value in found.values {
            assert!((value - wanted).abs() < 1e-9, "{value} {wanted}");
        }
    }
}
