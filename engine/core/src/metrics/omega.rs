//! Omega ratio over zero: sum of the gains over the absolute sum of the losses.
//!
//! Source: Keating and Shadwick (2002), "A Universal Performance Measure", Journal of Performance
//! Measurement 6(3), with a threshold of zero on session-day returns. Unit: none. Undefined for
//! fewer than two returns, and without losses.

use super::moments::sum;

/// Omega ratio of session-day returns.
#[must_use]
pub fn omega(returns: &[f64]) -> Option<f64> {
    let gains = sum(returns.iter().map(|value| value.max(0.0)));
    let losses = -sum(returns.iter().map(|value| value.min(0.0)));
    (returns.len() >= 2 && losses > 1e-12).then(|| gains / losses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_weighed_against_losses() {
        assert!((omega(&[0.03, -0.01, 0.0, -0.01]).unwrap() - 1.5).abs() < 1e-15);
        assert_eq!(omega(&[-0.01, -0.02]), Some(0.0));
        assert_eq!(omega(&[0.01, 0.02]), None);
        assert_eq!(omega(&[-0.01]), None);
    }
}
