//! Volatility: `std(r, ddof 1) x sqrt(A)`.
//!
//! `r` are simple returns per session day, `A` the sessions in a year. Unit: fraction per square root
//! of a year. Zero for a flat curve; undefined for fewer than two returns.

use super::moments::mean_and_std;

/// Annualised volatility of session-day returns.
#[must_use]
pub fn volatility(returns: &[f64], sessions_per_year: f64) -> Option<f64> {
    mean_and_std(returns).map(|(_, std)| std * sessions_per_year.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volatility_is_the_sample_deviation_times_the_root_of_a_year() {
        // std of (1 %, 3 %) with ddof 1 is sqrt(2) %.
        let figure = volatility(&[0.01, 0.03], 252.0).unwrap();
        assert!((figure - 0.01 * 504.0_f64.sqrt()).abs() < 1e-15);
        assert_eq!(volatility(&[0.0, 0.0, 0.0], 252.0), Some(0.0));
        assert_eq!(volatility(&[0.01], 252.0), None);
    }
}
