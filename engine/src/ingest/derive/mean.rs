//! The mean of the last n closes, exact: the sum is kept in whole numbers, so that it does not depend on
//! which closes went before, and the quotient is rounded once, to the nearest `f64`.
//!
//! A sliding sum of `f64` drifts with its past and so would depend on how the bars were split over
//! ingestions. Here a close is a whole number of 2^-80; closes from 2^-28 to 2^40 are that exactly.
//! A window that holds any other close is summed from its oldest close on, which is slower but depends
//! on the window alone too.

use std::collections::VecDeque;

/// Exponent of the unit in which sums are kept.
const UNIT_EXPONENT: i32 = 80;
/// Closes below this are not a whole number of units.
const SMALLEST: f64 = 1.0 / (1u64 << 28) as f64;
/// Closes from here on could overflow the sum of 50.
const LARGEST: f64 = (1u64 << 40) as f64;

/// The exact mean of the last `n` closes.
#[derive(Clone, Debug)]
pub(super) struct RollingMean {
    window: VecDeque<(f64, Option<u128>)>,
    n: usize,
    sum: u128,
    /// Closes in the window that are not whole units.
    odd: usize,
}

impl RollingMean {
    /// A mean over `n` closes, 1 to 64.
    pub(super) fn new(n: usize) -> Self {
        assert!((1..=64).contains(&n), "a sum of 64 closes fits its 128 bits");
        Self { window: VecDeque::with_capacity(n + 1), n, sum: 0, odd: 0 }
    }

    /// Takes the next close and gives the mean, when there are `n` closes. Time: constant.
    pub(super) fn push(&mut self, close: f64) -> Option<f64> {
        let units = units(close);
        self.window.push_back((close, units));
        match units {
            Some(units) => self.sum += units,
            None => self.odd += 1,
        }
        if self.window.len() > self.n {
            match self.window.pop_front().expect("just pushed").1 {
                Some(units) => self.sum -= units,
                None => self.odd -= 1,
            }
        }
        if self.window.len() < self.n {
            return None;
        }
        if self.odd == 0 {
            return Some(quotient(self.sum, self.n as u64));
        }
        Some(summed_mean(self.window.iter().map(|(close, _)| *close)))
    }
}

/// A close as a whole number of 2^-80, when it is one and small enough.
fn units(close: f64) -> Option<u128> {
    if !(SMALLEST..LARGEST).contains(&close) {
        return None;
    }
    let bits = close.to_bits();
    let exponent = (bits >> 52) as i32 - 1023;
    let mantissa = (bits & ((1 << 52) - 1)) | (1 << 52);
    Some(u128::from(mantissa) << (exponent - 52 + UNIT_EXPONENT))
}

/// `sum / n` in units of 2^-80, rounded once to the nearest `f64`, ties to even.
fn quotient(sum: u128, n: u64) -> f64 {
    // Bring the sum to 63 bits: the quotient then has at least 57 and one of them can hold whether
    // anything was cut off, which is all that rounding to 53 bits needs to know.
    let shift = 128 - sum.leading_zeros() as i32 - 63;
    let (top, lost) = if shift > 0 {
        ((sum >> shift) as u64, sum & ((1 << shift) - 1) != 0)
    } else {
        ((sum << -shift) as u64, false)
    };
    let cut = lost || top % n != 0;
    let rounded = ((top / n) | u64::from(cut)) as f64;
    rounded * power_of_two(shift - UNIT_EXPONENT)
}

/// 2^exponent for exponents of a normal `f64`.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// Mean of a window by a compensated sum (Neumaier 1974) from the oldest close on, scaled against
/// overflow, and never outside of the window's own range.
fn summed_mean(closes: impl Iterator<Item = f64> + Clone) -> f64 {
    let lowest = closes.clone().fold(f64::INFINITY, f64::min);
    let highest = closes.clone().fold(0.0, f64::max);
    let scale = if highest > 1e290 { 1e-20 } else { 1.0 };
    let (mut sum, mut rest, mut n) = (0.0, 0.0, 0.0);
    for close in closes {
        let term = close * scale;
        let next: f64 = sum + term;
        rest += if sum >= term { (sum - next) + term } else { (term - next) + sum };
        sum = next;
        n += 1.0;
    }
    ((sum + rest) / n / scale).clamp(lowest, highest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_mean_of_a_constant_is_that_constant() {
        for close in [1.99, 0.1, 100.1, 1.0 / 3.0, 1e-9, 3e-300, 7e12, 1.7e308] {
            for n in [1, 3, 20, 50, 64] {
                let mut mean = RollingMean::new(n);
                let last = (0..200).map(|_| mean.push(close)).last().flatten();
                assert_eq!(last, Some(close), "{close} over {n}");
            }
        }
    }

    #[test]
    fn the_mean_is_rounded_once() {
        // Python: float(sum(map(Fraction, xs)) / len(xs)) for each.
        let cases = [
            (&[0.1, 0.2, 0.3][..], 0.2),
            (&[1e9, 1e-8, 1e-8], 333333333.3333333),
            (&[0.1, 0.7, 1099511627775.9], 366503875925.56665),
            (&[5e-9, 1099511627775.0, 2e-8], 366503875925.0),
        ];
        for (closes, expected) in cases {
            let mut mean = RollingMean::new(closes.len());
            let last = closes.iter().map(|close| mean.push(*close)).last().flatten();
            assert_eq!(last, Some(expected), "{closes:?}");
        }
    }

    proptest! {
        #[test]
        fn the_mean_depends_on_its_window_alone(
            past in prop::collection::vec(1e-12..1e15f64, 0..80),
            window in prop::collection::vec(prop_oneof![1.0..500.0f64, 1e-12..1e15f64], 20),
        ) {
            let mut fresh = RollingMean::new(20);
            let expected = window.iter().map(|close| fresh.push(*close)).last().flatten().unwrap();
            let mut used = RollingMean::new(20);
            past.iter().for_each(|close| { used.push(*close); });
            let got = window.iter().map(|close| used.push(*close)).last().flatten().unwrap();
            prop_assert_eq!(got.to_bits(), expected.to_bits());
            let plain = window.iter().sum::<f64>() / 20.0;
            prop_assert!((got - plain).abs() <= 1e-12 * plain);
        }
    }
}
