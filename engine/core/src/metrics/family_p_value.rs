//! Deflated p-value: how likely the best of many trials without skill does as well as this one.
//!
//! `p = 1 - (1 - p1)^N`, with `p1` the chance that one trial without skill does as well: one minus the
//! probabilistic Sharpe ratio over zero. Source: Sidak (1967), "Rectangular Confidence Regions for the
//! Means of Multivariate Normal Distributions", JASA 62(318); for backtests Harvey and Liu (2015),
//! "Backtesting", Journal of Portfolio Management 42(1). Unit: probability. Trials that resemble each
//! other count as fewer independent ones, so with all of them counted the figure errs on the careful
//! side. Undefined where the probabilistic Sharpe ratio is, and without a trial.

use super::probabilistic_sharpe::{SharpeEstimate, normal_above};

/// The chance that the best of `trials` without skill reaches this Sharpe ratio in so many
/// observations.
#[must_use]
pub fn family_p_value(estimate: &SharpeEstimate, observations: usize, trials: u64) -> Option<f64> {
    if observations < 2 || trials == 0 {
        return None;
    }
    let spread = estimate.spread()?;
    let one = normal_above(estimate.sharpe * ((observations - 1) as f64).sqrt() / spread.sqrt());
    // Exact where 1 - p1 rounds to 1.
    Some(-libm::expm1(trials as f64 * libm::log1p(-one)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{moments_of, noise::normal, session_sharpe};

    #[test]
    fn the_chance_of_the_best_is_that_of_any_of_them() {
        let normal = |sharpe| SharpeEstimate { sharpe, skewness: 0.0, kurtosis: 1.0 };
        // A one-sided normal quantile of 5 % and 2.5 %, of 101 observations.
        let five = normal(0.164_485_362_695_147_2);
        assert!((family_p_value(&five, 101, 1).unwrap() - 0.05).abs() < 1e-12);
        // 1 - 0.95^10.
        assert!((family_p_value(&five, 101, 10).unwrap() - 0.401_263_060_761_621_1).abs() < 1e-12);
        let half = normal(0.0);
        assert!((family_p_value(&half, 101, 3).unwrap() - 0.875).abs() < 1e-12);
        // A chance of 2.87e-7 at five sigma, times a million.
        let far = family_p_value(&normal(0.5), 101, 1_000_000).unwrap();
        assert!((far - 0.249_227).abs() < 1e-5, "{far}");
    }

    /// The p-value of the best of 40 trials of 500 normal returns, one of which may have an edge.
    fn of_noise(history: u64, edge: f64) -> f64 {
        let best = (0..40).map(|trial| {
            let mean = if trial == 7 { edge } else { 0.0 };
            let place = |day: u64| (history * 40 + trial) * 500 + day;
            let returns: Vec<f64> = (0..500).map(|day| normal(11, place(day)) + mean).collect();
            let (skewness, kurtosis) = moments_of(&returns).unwrap();
            SharpeEstimate { sharpe: session_sharpe(&returns).unwrap(), skewness, kurtosis }
        });
        let best = best.max_by(|one, other| one.sharpe.total_cmp(&other.sharpe)).unwrap();
        family_p_value(&best, 500, 40).unwrap()
    }

    #[test]
    fn on_pure_noise_it_is_uniform_and_a_planted_edge_is_found() {
        let mut found: Vec<f64> = (0..300).map(|history| of_noise(history, 0.0)).collect();
        found.sort_unstable_by(f64::total_cmp);
        // Kolmogorov and Smirnov: the largest distance from the uniform distribution.
        let count = found.len() as f64;
        let distance = (1..).zip(&found).map(|(rank, p)| {
            let rank = f64::from(rank);
            (rank / count - p).abs().max((p - (rank - 1.0) / count).abs())
        });
        let distance = distance.fold(0.0, f64::max);
        // Its 5 % quantile.
        assert!(distance < 1.358 / count.sqrt(), "{distance}");
        let found = (0..20).filter(|history| of_noise(*history, 0.25) < 0.05).count();
        assert!(found >= 18, "{found} of 20");
    }

    #[test]
    fn without_observations_or_trials_there_is_none() {
        let estimate = SharpeEstimate { sharpe: 0.1, skewness: 0.0, kurtosis: 3.0 };
        assert_eq!(family_p_value(&estimate, 1, 5), None);
        assert_eq!(family_p_value(&estimate, 100, 0), None);
    }
}
