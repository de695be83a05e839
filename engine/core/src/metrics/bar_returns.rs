//! Simple returns from bar to bar of an equity curve, with their sum, in one pass.
//!
//! `r_i = E_i / E_{i-1} - 1`, fractions; the capital before the first bar is `E_{-1}`. Undefined when equity is
//! not above zero before a return, or a return is not finite. The sum has the bits of
//! the sums of the other statistics, so a mean taken of it is that of the returns; while a processor divides,
//! it adds for nothing.

use super::moments::{LANES, Lanes, Sum};

/// Writes the returns of `equity` and gives their sum; `None` when one of them is undefined.
pub fn bar_returns(initial: f64, equity: &[f64], returns: &mut Vec<f64>) -> Option<f64> {
    returns.resize(equity.len(), 0.0);
    let (mut sum, mut least) = (Sum::default(), Lanes::splat(f64::INFINITY));
    let mut before = initial;
    let (fours, rest) = equity.as_chunks::<LANES>();
    let (into, into_rest) = returns.as_chunks_mut::<LANES>();
    for (now, into) in fours.iter().zip(into) {
        let earlier = Lanes::new([before, now[0], now[1], now[2]]);
        let values = Lanes::new(*now) / earlier - Lanes::ONE;
        (before, *into) = (now[LANES - 1], values.to_array());
        least = least.fast_min(earlier);
        sum.add(values);
    }
    let mut last = [0.0; LANES];
    let mut lowest = least.to_array().into_iter().fold(f64::INFINITY, f64::min);
    for ((now, into), last) in rest.iter().zip(into_rest).zip(&mut last) {
        lowest = lowest.min(before);
        *into = now / before - 1.0;
        (before, *last) = (*now, *into);
    }
    sum.add(Lanes::new(last));
    let sum = sum.value();
    // A return that is not finite leaves no finite sum.
    let is_clear = lowest > 0.0 && sum.is_finite();
    (is_clear || are_defined(initial, equity, returns)).then_some(sum)
}

fn are_defined(initial: f64, equity: &[f64], returns: &[f64]) -> bool {
    let before = std::iter::once(&initial).chain(equity);
    before.zip(returns).all(|(before, value)| *before > 0.0 && value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{moments::sum_of, noise::normal};

    #[test]
    fn they_are_those_of_one_division_after_the_other() {
        for seed in 0..60 {
            let equity: Vec<f64> =
                (0..seed % 23).map(|at| 100.0 + 9.0 * normal(seed, at)).collect();
            let before = std::iter::once(&100.0).chain(&equity);
            let plain: Vec<f64> =
                before.zip(&equity).map(|(before, now)| now / before - 1.0).collect();
            let mut returns = vec![7.0; 5];
            let sum = bar_returns(100.0, &equity, &mut returns).unwrap();
            assert_eq!(returns, plain);
            assert_eq!(sum.to_bits(), sum_of(&plain, |value| value).to_bits());
        }
    }

    #[test]
    fn without_money_before_it_or_a_finite_value_a_return_is_undefined() {
        for at in 0..7 {
            for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
                let mut equity = [100.0; 7];
                equity[at] = bad;
                // Losing everything at the last bar is a return like any other.
                let is_defined = at == 6 && bad <= 0.0;
                let found = bar_returns(100.0, &equity, &mut Vec::new());
                assert_eq!(found.is_some(), is_defined, "{bad} at {at}");
            }
        }
        assert_eq!(bar_returns(0.0, &[1.0], &mut Vec::new()), None);
        assert_eq!(bar_returns(100.0, &[], &mut Vec::new()), Some(0.0));
    }
}
