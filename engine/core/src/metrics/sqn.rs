//! System quality number: `sqrt(n) x mean / std(ddof 1)` of the trades' net profits.
//!
//! Source: Tharp (2008), "The Definitive Guide to Position Sizing"; with all trades rather than at
//! most 100. Unit: none. Undefined for fewer than two trades, and when their profits do not spread.

use super::moments::{is_negligible, mean_and_std};

/// System quality number of closed trades.
#[must_use]
pub fn sqn(net_profits: &[f64]) -> Option<f64> {
    let (mean, std) = mean_and_std(net_profits)?;
    (!is_negligible(std, mean)).then(|| (net_profits.len() as f64).sqrt() * mean / std)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqn_grows_with_the_root_of_the_trades() {
        // mean 2, std sqrt(2), n 2.
        assert!((sqn(&[1.0, 3.0]).unwrap() - 2.0).abs() < 1e-15);
        assert_eq!(sqn(&[1.0]), None);
        assert_eq!(sqn(&[3.0, 3.0, 3.0]), None);
        assert_eq!(sqn(&[]), None);
    }
}
