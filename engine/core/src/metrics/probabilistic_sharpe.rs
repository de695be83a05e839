//! Probabilistic Sharpe ratio: how likely it is that the true Sharpe ratio is above a threshold,
//! given the length of the track record and the shape of its returns.
//!
//! `PSR(S*) = N((S - S*) sqrt(n - 1) / sqrt(1 - skew S + (kurt - 1) / 4 S^2))`, with Sharpe ratios of
//! one session (not annualised) and *raw* kurtosis (3 for normal returns; taking excess kurtosis
//! here is a common mistake). Source: Bailey and Lopez de Prado (2012), "The Sharpe Ratio Efficient
//! Frontier", Journal of Risk 15(2). Unit: probability. Undefined for fewer than two returns, and
//! when returns do not spread.

/// What the estimate of a Sharpe ratio rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharpeEstimate {
    /// Sharpe ratio of one observation, not annualised.
    pub sharpe: f64,
    /// Skewness of the returns, of population moments.
    pub skewness: f64,
    /// Raw kurtosis of the returns, of population moments; 3 for normal returns.
    pub kurtosis: f64,
}

impl SharpeEstimate {
    /// Variance of the estimate times (n - 1); `None` where rounding leaves nothing of it.
    pub(super) fn spread(&self) -> Option<f64> {
        let Self { sharpe, skewness, kurtosis } = *self;
        let spread = 1.0 - skewness * sharpe + (kurtosis - 1.0) / 4.0 * sharpe * sharpe;
        (spread > 1e-12).then_some(spread)
    }
}

/// Probability that the true Sharpe ratio is above `threshold` (of one observation) after `n` observations.
#[must_use]
pub fn probabilistic_sharpe(estimate: &SharpeEstimate, threshold: f64, n: usize) -> Option<f64> {
    if n < 2 {
        return None;
    }
    let spread = estimate.spread()?;
    Some(normal_cdf((estimate.sharpe - threshold) * ((n - 1) as f64).sqrt() / spread.sqrt()))
}

/// Probability that a standard normal variable is above a number.
pub(super) fn normal_above(z: f64) -> f64 {
    0.5 * libm::erfc(z / std::f64::consts::SQRT_2)
}

/// Standard normal distribution function.
pub(super) fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_paper_is_reproduced() {
        // Two years of monthly returns, 0.036 +- 0.079 a month: 0.982 if normal, 0.913 with the shape.
        let normal = SharpeEstimate { sharpe: 0.458, skewness: 0.0, kurtosis: 3.0 };
        let shaped = SharpeEstimate { skewness: -2.448, kurtosis: 10.164, ..normal };
        assert!((probabilistic_sharpe(&normal, 0.0, 24).unwrap() - 0.982).abs() < 5e-4);
        assert!((probabilistic_sharpe(&shaped, 0.0, 24).unwrap() - 0.913).abs() < 5e-4);
    }

    #[test]
    fn the_normal_distribution_is_that_of_the_tables() {
        assert_eq!(normal_cdf(0.0), 0.5);
        assert!((normal_cdf(1.959_963_984_540_054) - 0.975).abs() < 1e-15);
        // Abramowitz and Stegun, table 26.2.
        assert!((normal_cdf(-5.0) / 2.866_515_719e-7 - 1.0).abs() < 1e-9);
    }

    #[test]
    fn one_observation_proves_nothing() {
        let estimate = SharpeEstimate { sharpe: 1.0, skewness: 0.0, kurtosis: 3.0 };
        assert_eq!(probabilistic_sharpe(&estimate, 0.0, 1), None);
        let degenerate = SharpeEstimate { sharpe: 1.0, skewness: 2.0, kurtosis: 5.0 };
        assert_eq!(probabilistic_sharpe(&degenerate, 0.0, 9), None);
    }
}
