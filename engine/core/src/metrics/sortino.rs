//! Sortino ratio: `mean(r - rf) / sqrt(sum(min(r - rf, 0)^2) / n) x sqrt(A)`.
//!
//! `n` counts all session days, not only the losing ones. Source: Sortino and Price (1994),
//! "Performance Measurement in a Downside Risk Framework", Journal of Investing 3(3), with the
//! risk-free return as the target. Unit: per square root of a year. Undefined for fewer than two
//! returns, and when no return falls below the target.

use super::moments::{Lanes, is_negligible, mean, sums_of_squares};

/// Annualised Sortino ratio of excess returns.
#[must_use]
pub fn sortino(excess: &[f64], sessions_per_year: f64) -> Option<f64> {
    if excess.len() < 2 {
        return None;
    }
    let mean = mean(excess)?;
    let [squares] = sums_of_squares(excess, |value| [value.fast_min(Lanes::ZERO)]);
    let downside = (squares / excess.len() as f64).sqrt();
    (!is_negligible(downside, mean)).then(|| mean / downside * sessions_per_year.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_counts_in_the_downside() {
        // mean 1 %, downside sqrt(0.01^2 / 4) = 0.5 %.
        let ratio = sortino(&[0.02, -0.01, 0.03, 0.0], 252.0).unwrap();
        assert!((ratio - 2.0 * 252.0_f64.sqrt()).abs() < 1e-13);
    }

    #[test]
    fn a_curve_that_never_falls_has_no_sortino_ratio() {
        assert_eq!(sortino(&[0.01, 0.0, 0.02], 252.0), None);
        assert_eq!(sortino(&[-0.01], 252.0), None);
        assert_eq!(sortino(&[], 252.0), None);
    }
}
