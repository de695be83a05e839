//! Profit factor: sum of the winning net profits over the absolute sum of the losing ones.
//!
//! Unit: none; above 1 the wins outweigh the losses. Undefined without losses, where the quotient
//! would be infinite, and without trades.

use super::moments::{Lanes, sum_of};

/// Profit factor of closed trades.
#[must_use]
pub fn profit_factor(net_profits: &[f64]) -> Option<f64> {
    let won = sum_of(net_profits, |profit| profit.fast_max(Lanes::ZERO));
    let lost = -sum_of(net_profits, |profit| profit.fast_min(Lanes::ZERO));
    // Losses that are rounding beside the wins are no losses.
    (lost > 1e-12 * won).then(|| won / lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wins_are_weighed_against_losses() {
        assert_eq!(profit_factor(&[6.0, -2.0, 0.0, -1.0]), Some(2.0));
        assert_eq!(profit_factor(&[-2.0]), Some(0.0));
    }

    #[test]
    fn without_a_loss_there_is_no_factor() {
        assert_eq!(profit_factor(&[6.0, 1.0]), None);
        assert_eq!(profit_factor(&[1e6, -1e-11]), None);
        assert_eq!(profit_factor(&[0.0]), None);
        assert_eq!(profit_factor(&[]), None);
    }
}
