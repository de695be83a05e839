//! Value at risk, 95 %, historical, one session day: the 5 % quantile of the returns.
//!
//! Source: Jorion (2006), "Value at Risk", 3rd edition, historical simulation; linear interpolation
//! between returns. Unit: a return, so a loss is negative (-0.02: on one day in twenty at least 2 %
//! were lost). Undefined for fewer than two returns.

use super::quantile::quantile;

/// Share of days in the tail.
pub const TAIL: f64 = 0.05;

/// Value at risk of returns in rising order.
#[must_use]
pub fn value_at_risk(sorted: &[f64]) -> Option<f64> {
    if sorted.len() < 2 { None } else { quantile(sorted, TAIL) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_worst_of_twenty_one_days_is_at_the_threshold() {
        let sorted: Vec<f64> = (0..21).map(|day| f64::from(day - 10) / 100.0).collect();
        assert!((value_at_risk(&sorted).unwrap() + 0.09).abs() < 1e-15);
        assert_eq!(value_at_risk(&[-0.1]), None);
        assert_eq!(value_at_risk(&[]), None);
    }
}
