//! What 1 grows to by simple returns, with their sum, in one pass: the way back from [`super::bar_returns`].
//!
//! The sum has the bits of the sums of the other statistics. The curve is multiplied up four returns at a
//! time, so that a processor waits for one product instead of four: it may differ from one product after
//! the other in the last digits.

use super::moments::{LANES, Lanes, Sum};

/// Writes what 1 has grown to after each of the returns; gives the last of it, and the sum of the returns.
pub fn growth(returns: &[f64], curve: &mut Vec<f64>) -> (f64, f64) {
    curve.resize(returns.len(), 0.0);
    let (mut value, mut sum) = (1.0, Sum::default());
    let (fours, rest) = returns.as_chunks::<LANES>();
    let (into, into_rest) = curve.as_chunks_mut::<LANES>();
    for (four, into) in fours.iter().zip(into) {
        sum.add(Lanes::new(*four));
        let [one, two, three, four] = four.map(|change| 1.0 + change);
        let (two, four) = (one * two, three * four);
        *into = [value * one, value * two, value * (two * three), value * (two * four)];
        value *= two * four;
    }
    let mut last = [0.0; LANES];
    last[..rest.len()].copy_from_slice(rest);
    sum.add(Lanes::new(last));
    for (change, into) in rest.iter().zip(into_rest) {
        value *= 1.0 + change;
        *into = value;
    }
    (value, sum.value())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{moments::sum_of, noise::normal};

    #[test]
    fn money_grows_by_one_return_after_the_other() {
        let returns: Vec<f64> = (0..23).map(|at| 0.05 * normal(2, at)).collect();
        for count in 0..returns.len() {
            let (returns, mut curve) = (&returns[..count], vec![7.0]);
            let (last, sum) = growth(returns, &mut curve);
            let mut value = 1.0;
            assert_eq!(curve.len(), count);
            for (change, found) in returns.iter().zip(&curve) {
                value *= 1.0 + change;
                assert!((found / value - 1.0).abs() < 1e-14);
            }
            assert!((last / value - 1.0).abs() < 1e-14);
            assert_eq!(sum.to_bits(), sum_of(returns, |value| value).to_bits());
        }
    }
}
