//! Beta: `cov(r_e, b_e) / var(b_e)` of session-day excess returns against a benchmark's.
//!
//! Source: Sharpe (1964), "Capital Asset Prices", Journal of Finance 19(3). Unit: none. Undefined for
//! fewer than two pairs, and when the benchmark does not spread.

use super::moments::{is_negligible, mean, mean_and_std, squares, sum};

/// Beta of paired excess returns.
///
/// # Panics
/// When the slices differ in length.
#[must_use]
pub fn beta(excess: &[f64], benchmark_excess: &[f64]) -> Option<f64> {
    assert_eq!(excess.len(), benchmark_excess.len(), "excess returns come in pairs");
    let (benchmark_mean, std) = mean_and_std(benchmark_excess)?;
    if is_negligible(std, benchmark_mean) {
        return None;
    }
    let own_mean = mean(excess)?;
    let pairs = excess.iter().zip(benchmark_excess);
    let products = sum(pairs.map(|(own, other)| (own - own_mean) * (other - benchmark_mean)));
    Some(products / squares(benchmark_excess, benchmark_mean))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_benchmark_has_a_beta_of_one_half() {
        let benchmark = [0.01, -0.02, 0.04, 0.0];
        let own = benchmark.map(|value| value / 2.0 + 0.001);
        assert!((beta(&own, &benchmark).unwrap() - 0.5).abs() < 1e-15);
        assert!((beta(&benchmark, &benchmark).unwrap() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn against_a_flat_benchmark_there_is_no_beta() {
        assert_eq!(beta(&[0.01, 0.02], &[0.0, 0.0]), None);
        assert_eq!(beta(&[0.01], &[0.02]), None);
        assert_eq!(beta(&[], &[]), None);
    }
}
