//! Deflated Sharpe ratio: how likely it is that the best of many trials is better than luck.
//!
//! Of `N` trials without any skill, whose Sharpe ratios spread with variance `V`, the best is expected
//! to reach `SR0 = sqrt(V) ((1 - g) Z(1 - 1/N) + g Z(1 - 1/(N e)))`, `g` being the Euler-Mascheroni
//! constant and `Z` the quantile of the normal distribution. The deflated Sharpe ratio is the
//! probabilistic Sharpe ratio over that threshold. Source: Bailey and Lopez de Prado (2014), "The
//! Deflated Sharpe Ratio", Journal of Portfolio Management 40(5). Unit: `SR0` as the Sharpe ratios that
//! `V` is of; the deflated ratio is a probability. Trials that resemble each other count as fewer
//! independent ones, so with all of them counted the figure errs on the careful side.

use super::probabilistic_sharpe::{SharpeEstimate, normal_above, probabilistic_sharpe};

/// Euler-Mascheroni constant.
const EULER: f64 = 0.577_215_664_901_532_9;

/// The Sharpe ratio that the best of `trials` without skill is expected to reach, from the variance of
/// their Sharpe ratios; zero for a single one, `None` without any.
#[must_use]
pub fn expected_best_sharpe(trials: u64, variance: f64) -> Option<f64> {
    if trials == 0 || !variance.is_finite() || variance < 0.0 {
        return None;
    }
    if trials == 1 {
        return Some(0.0);
    }
    let chance = 1.0 / trials as f64;
    let far = normal_quantile_above(chance / std::f64::consts::E);
    let best = (1.0 - EULER) * normal_quantile_above(chance) + EULER * far;
    Some(variance.sqrt() * best)
}

/// Probability that the true Sharpe ratio of the best trial is above what luck would have reached.
///
/// `estimate` and `variance` are of Sharpe ratios of one observation, not annualised.
#[must_use]
pub fn deflated_sharpe(
    estimate: &SharpeEstimate,
    observations: usize,
    trials: u64,
    variance: f64,
) -> Option<f64> {
    probabilistic_sharpe(estimate, expected_best_sharpe(trials, variance)?, observations)
}

/// The number that a normal variable is above with a probability; by bisection of its distribution.
fn normal_quantile_above(probability: f64) -> f64 {
    let (mut low, mut high) = (-40.0_f64, 40.0_f64);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if normal_above(middle) > probability { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Spread, moments::skewness_and_kurtosis, noise::normal, session_sharpe};

    /// Five years of 250 days, a Sharpe ratio of 2.5 a year, variance 1/2 a year.
    fn example(trials: u64, skewness: f64, kurtosis: f64) -> f64 {
        let estimate = SharpeEstimate { sharpe: 2.5 / 250_f64.sqrt(), skewness, kurtosis };
        deflated_sharpe(&estimate, 1250, trials, 0.5 / 250.0).unwrap()
    }

    #[test]
    fn the_example_of_the_paper_is_reproduced() {
        let threshold = expected_best_sharpe(100, 0.5 / 250.0).unwrap();
        assert!((threshold - 0.1132).abs() < 5e-5, "{threshold}");
        assert!((example(100, -3.0, 10.0) - 0.9004).abs() < 5e-5);
        assert!((example(46, -3.0, 10.0) - 0.9505).abs() < 5e-5);
        assert!((example(88, 0.0, 3.0) - 0.9505).abs() < 5e-5);
    }

    /// Deflated ratio of the best of 50 trials of 250 normal returns, one of which may have an edge.
    fn best_of_fifty(history: u64, edge: f64) -> f64 {
        let mut spread = Spread::default();
        let mut best: Option<SharpeEstimate> = None;
        for trial in 0..50 {
            let mean = if trial == 7 { edge } else { 0.0 };
            let place = |day: u64| (history * 50 + trial) * 250 + day;
            let returns: Vec<f64> = (0..250).map(|day| normal(5, place(day)) + mean).collect();
            let sharpe = session_sharpe(&returns).unwrap();
            spread.add(sharpe);
            if best.is_none_or(|best| sharpe > best.sharpe) {
                let (skewness, kurtosis) = skewness_and_kurtosis(&returns).unwrap();
                best = Some(SharpeEstimate { sharpe, skewness, kurtosis });
            }
        }
        deflated_sharpe(&best.unwrap(), 250, 50, spread.variance().unwrap()).unwrap()
    }

    #[test]
    fn on_pure_noise_it_centres_on_one_half_and_a_planted_edge_is_found() {
        let noise: Vec<f64> = (0..200).map(|history| best_of_fifty(history, 0.0)).collect();
        let mean = noise.iter().sum::<f64>() / 200.0;
        assert!((mean - 0.5).abs() < 0.06, "{mean}");
        let sure = noise.iter().filter(|probability| **probability > 0.95).count();
        assert!(sure <= 10, "{sure} of 200 would be called skill at 95 %");
        let found = (0..20).filter(|history| best_of_fifty(*history, 0.4) > 0.95).count();
        assert!(found >= 19, "{found} of 20");
    }

    #[test]
    fn the_quantile_is_that_of_the_tables() {
        assert!((normal_quantile_above(0.025) - 1.959_963_984_540_054).abs() < 1e-12);
        assert!((normal_quantile_above(0.5)).abs() < 1e-12);
        assert!((normal_quantile_above(1e-9) - 5.997_807_015_007_5).abs() < 1e-9);
    }

    #[test]
    fn one_trial_is_not_deflated_and_none_has_no_best() {
        assert_eq!(expected_best_sharpe(1, 0.3), Some(0.0));
        assert_eq!(expected_best_sharpe(0, 0.3), None);
        assert_eq!(expected_best_sharpe(5, f64::NAN), None);
    }
}
