//! Compound annual growth rate: `(E_T / E_0)^(365.25 / days) - 1`.
//!
//! `days` are the calendar days from the first session to the last. Unit: fraction per year. Under
//! 90 days the figure stretches a short run over a year and is marked as extrapolated. Undefined
//! when first and last session are the same, when the initial capital is not above zero, and when
//! the final equity is below zero.

/// Runs shorter than this are extrapolated, in calendar days.
pub const EXTRAPOLATED_BELOW_DAYS: i32 = 90;

/// Compound annual growth rate over a number of calendar days.
#[must_use]
pub fn cagr(initial: f64, last: f64, calendar_days: i32) -> Option<f64> {
    if calendar_days <= 0 || initial <= 0.0 || last < 0.0 {
        return None;
    }
    Some(libm::pow(last / initial, 365.25 / f64::from(calendar_days)) - 1.0)
}

/// Whether a run is too short for an annual rate to be more than an extrapolation.
#[must_use]
pub fn is_extrapolated(calendar_days: i32) -> bool {
    calendar_days < EXTRAPOLATED_BELOW_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubling_in_four_years_is_the_fourth_root_of_two() {
        let rate = cagr(100.0, 200.0, 1461).unwrap();
        assert!((rate - 0.189_207_115_002_721_07).abs() < 1e-15);
    }

    #[test]
    fn a_run_of_no_time_or_below_zero_has_no_rate() {
        assert_eq!(cagr(100.0, 110.0, 0), None);
        assert_eq!(cagr(100.0, -1.0, 365), None);
        assert_eq!(cagr(0.0, 10.0, 365), None);
        assert_eq!(cagr(100.0, 0.0, 365), Some(-1.0));
    }

    #[test]
    fn ninety_days_are_enough() {
        assert!(is_extrapolated(89));
        assert!(!is_extrapolated(90));
    }
}
