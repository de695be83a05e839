//! How much to trade: the usual ways to size a position, as functions of plain numbers.
//!
//! Each gives a fraction of equity or a number of units to order; what does not fit the account is
//! reduced or refused by the engine, not here. A size that is not defined is 0, so that a strategy
//! that has not warmed up yet does nothing.

/// Units that a fixed fraction of equity buys at a price.
#[must_use]
pub fn fixed_fraction(equity: f64, fraction: f64, price: f64) -> f64 {
    defined(equity * fraction / price)
}

/// Units at which the way from `entry` to `stop` costs the fraction `risk` of equity (fixed
/// fractional sizing, Vince 1990).
#[must_use]
pub fn risk_per_trade(equity: f64, risk: f64, entry: f64, stop: f64) -> f64 {
    defined(equity * risk / (entry - stop).abs())
}

/// Fraction of equity for each of `count` instruments.
#[must_use]
pub fn equal_weight(count: usize) -> f64 {
    defined(1.0 / count as f64)
}

/// Fraction of equity whose volatility is `target` a year, from the standard deviation of the returns
/// of the last closes, `bars_per_year` of them a year (252 for daily bars); at most `most`.
#[must_use]
pub fn volatility_target(closes: &[f64], target: f64, bars_per_year: f64, most: f64) -> f64 {
    let returns: Vec<f64> = closes.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
    let count = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / count;
    let variance = returns.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (count - 1.0);
    defined(target / (variance * bars_per_year).sqrt()).min(most)
}

fn defined(size: f64) -> f64 {
    if size.is_finite() && size > 0.0 { size } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_the_equity_buys_a_tenth_of_what_it_could() {
        assert_eq!(fixed_fraction(10_000.0, 0.1, 50.0), 20.0);
    }

    #[test]
    fn one_percent_is_lost_when_the_stop_is_reached() {
        // 100 of 10,000 at risk, 2.5 a unit: 40 units, long or short.
        assert_eq!(risk_per_trade(10_000.0, 0.01, 50.0, 47.5), 40.0);
        assert_eq!(risk_per_trade(10_000.0, 0.01, 47.5, 50.0), 40.0);
        assert_eq!(risk_per_trade(10_000.0, 0.01, 50.0, 50.0), 0.0);
    }

    #[test]
    fn the_fraction_brings_volatility_to_its_target() {
        // Returns +10 %, -10 %, +10 %: standard deviation (ddof 1) 0.11547, a year of 4 bars 0.23094.
        let closes = [100.0, 110.0, 99.0, 108.9];
        let fraction = volatility_target(&closes, 0.115_470_053_837_925_2, 4.0, 1.0);
        assert!((fraction - 0.5).abs() < 1e-12, "{fraction}");
        assert_eq!(volatility_target(&closes, 9.0, 4.0, 1.5), 1.5);
        assert_eq!(volatility_target(&closes[..2], 0.1, 4.0, 1.0), 0.0);
    }
}
