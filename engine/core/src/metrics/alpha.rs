//! Alpha: `(1 + mean(r_e) - beta x mean(b_e))^A - 1`.
//!
//! What remains of the mean session-day excess return after the benchmark's share, compounded over
//! the `A` sessions of a year. Source: Jensen (1968), "The Performance of Mutual Funds in the Period
//! 1945-1964", Journal of Finance 23(2). Unit: fraction per year. Undefined when beta is, and when a
//! session's alpha is a total loss.

use super::{beta::beta, moments::mean};

/// Annualised alpha of paired excess returns.
///
/// # Panics
/// When the slices differ in length.
#[must_use]
pub fn alpha(excess: &[f64], benchmark_excess: &[f64], sessions_per_year: f64) -> Option<f64> {
    let beta = beta(excess, benchmark_excess)?;
    let session = mean(excess)? - beta * mean(benchmark_excess)?;
    (session > -1.0).then(|| libm::pow(1.0 + session, sessions_per_year) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_is_what_the_benchmark_does_not_explain() {
        let benchmark = [0.01, -0.02, 0.04, 0.0];
        let own = benchmark.map(|value| value / 2.0 + 0.001);
        let expected = 1.001_f64.powi(252) - 1.0;
        assert!((alpha(&own, &benchmark, 252.0).unwrap() - expected).abs() < 1e-13);
        assert!(alpha(&benchmark, &benchmark, 252.0).unwrap().abs() < 1e-13);
        assert_eq!(alpha(&[0.01, 0.02], &[0.0, 0.0], 252.0), None);
    }
}
