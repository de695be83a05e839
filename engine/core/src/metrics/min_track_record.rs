//! Minimum track record length: how many observations are needed before the Sharpe ratio is above a
//! threshold with 95 % confidence.
//!
//! `MinTRL(S*) = 1 + (1 - skew S + (kurt - 1) / 4 S^2) (z / (S - S*))^2`, with Sharpe ratios of one
//! session (not annualised) and *raw* kurtosis. Source: Bailey and Lopez de Prado (2012), "The Sharpe
//! Ratio Efficient Frontier", Journal of Risk 15(2). Unit: observations (session days), not rounded.
//! Undefined when the Sharpe ratio is not above the threshold: no record is long enough then.

use super::probabilistic_sharpe::SharpeEstimate;

/// 95 % quantile of the standard normal distribution.
const Z_95: f64 = 1.644_853_626_951_472_2;

/// Observations needed for 95 % confidence that the true Sharpe ratio is above `threshold`.
#[must_use]
pub fn min_track_record(estimate: &SharpeEstimate, threshold: f64) -> Option<f64> {
    let lead = estimate.sharpe - threshold;
    let spread = estimate.spread()?;
    (lead > 1e-12).then(|| 1.0 + spread * (Z_95 / lead) * (Z_95 / lead))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn years(per_year: f64, skewness: f64, kurtosis: f64) -> f64 {
        let root = per_year.sqrt();
        let estimate = SharpeEstimate { sharpe: 2.0 / root, skewness, kurtosis };
        min_track_record(&estimate, 1.0 / root).unwrap() / per_year
    }

    #[test]
    fn the_examples_of_the_paper_are_reproduced() {
        // An annual Sharpe ratio of 2 against a threshold of 1, in years.
        assert!((years(252.0, 0.0, 3.0) - 2.73).abs() < 5e-3);
        assert!((years(52.0, 0.0, 3.0) - 2.83).abs() < 5e-3);
        assert!((years(12.0, 0.0, 3.0) - 3.24).abs() < 5e-3);
        assert!((years(12.0, -0.72, 5.78) - 4.99).abs() < 5e-3);
    }

    #[test]
    fn no_record_is_long_enough_below_the_threshold() {
        let estimate = SharpeEstimate { sharpe: 0.1, skewness: 0.0, kurtosis: 3.0 };
        assert_eq!(min_track_record(&estimate, 0.1), None);
        assert_eq!(min_track_record(&estimate, 0.2), None);
    }
}
