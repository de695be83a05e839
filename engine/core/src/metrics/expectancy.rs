//! Expectancy: mean net profit of a closed trade, in money or as a return.
//!
//! Unit: that of the values, currency or fraction of what the trade put in. Undefined without closed
//! trades.

use super::moments::mean;

/// Mean result of a trade, given net profits or returns.
#[must_use]
pub fn expectancy(results: &[f64]) -> Option<f64> {
    mean(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectancy_is_the_mean_trade() {
        assert_eq!(expectancy(&[6.0, -2.0, -1.0]), Some(1.0));
        assert_eq!(expectancy(&[]), None);
    }
}
