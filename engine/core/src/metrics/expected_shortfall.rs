//! Conditional value at risk (expected shortfall), 95 %, historical, one session day: the mean of
//! the `int((n - 1) x 0.05) + 1` lowest returns.
//!
//! Source: Rockafellar and Uryasev (2000), "Optimization of Conditional Value-at-Risk", Journal of
//! Risk 2(3); the count is empyrical's. Unit: a return, so a loss is negative. Undefined for fewer
//! than two returns.

use super::{moments::mean, value_at_risk::TAIL};

/// Mean of the worst returns, given all of them in rising order.
#[must_use]
pub fn expected_shortfall(sorted: &[f64]) -> Option<f64> {
    if sorted.len() < 2 {
        return None;
    }
    let worst = ((sorted.len() - 1) as f64 * TAIL) as usize + 1;
    mean(&sorted[..worst])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_of_twenty_one_days_are_two() {
        let sorted: Vec<f64> = (0..21).map(|day| f64::from(day - 10) / 100.0).collect();
        assert!((expected_shortfall(&sorted).unwrap() + 0.095).abs() < 1e-15);
        assert_eq!(expected_shortfall(&sorted[..20]), Some(-0.1));
        assert_eq!(expected_shortfall(&[-0.1]), None);
    }
}
