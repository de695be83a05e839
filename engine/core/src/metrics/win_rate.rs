//! Win rate: closed trades with a net profit above zero, over all closed trades.
//!
//! A trade that ends at exactly zero is a closed trade and not a win. Unit: fraction of trades.
//! Undefined without closed trades.

/// Share of trades that won.
#[must_use]
pub fn win_rate(net_profits: &[f64]) -> Option<f64> {
    let wins = net_profits.iter().filter(|profit| **profit > 0.0).count();
    (!net_profits.is_empty()).then(|| wins as f64 / net_profits.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trade_at_zero_is_no_win() {
        assert_eq!(win_rate(&[5.0, 0.0, -1.0, 2.0]), Some(0.5));
        assert_eq!(win_rate(&[5.0]), Some(1.0));
        assert_eq!(win_rate(&[]), None);
    }
}
