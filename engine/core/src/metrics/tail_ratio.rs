//! Tail ratio: `|q95| / |q5|` of the session-day returns.
//!
//! Above 1 the best days outweigh the worst. Quantiles with linear interpolation, as pyfolio and
//! empyrical have them. Unit: none. Undefined for fewer than two returns, and when the 5 % quantile
//! is zero.

use super::{quantile::quantile, value_at_risk::TAIL};

/// Tail ratio of returns in rising order.
#[must_use]
pub fn tail_ratio(sorted: &[f64]) -> Option<f64> {
    let (low, high) = (quantile(sorted, TAIL)?.abs(), quantile(sorted, 1.0 - TAIL)?.abs());
    (sorted.len() >= 2 && low > 1e-12).then(|| high / low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_days_are_weighed_against_worst_days() {
        let sorted: Vec<f64> = (0..21).map(|day| f64::from(day - 6) / 100.0).collect();
        assert!((tail_ratio(&sorted).unwrap() - 13.0 / 5.0).abs() < 1e-14);
        assert_eq!(tail_ratio(&[0.0, 0.0, 0.0]), None);
        assert_eq!(tail_ratio(&[-0.1]), None);
    }
}
