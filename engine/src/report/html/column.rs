//! A column of numbers in as few bytes as a page needs: whole numbers of a power of ten, their
//! differences (once for prices, twice for times), as variable-length integers in base64.
//!
//! A value whose decimals end (a price, a quantity) comes back as the same double. One whose decimals do
//! not (an average, an equity) keeps as many digits as the caller asks for, counted from the largest
//! value of its column. What is not finite is not there, and comes back as NaN.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;

/// Largest whole number that a double holds with all its neighbours.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// More decimals than a price has.
const MOST_DECIMALS: i32 = 8;

/// What a reader must know to read a column back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Facts {
    /// Number of values.
    pub(super) rows: usize,
    /// The values are whole numbers divided by this power of ten.
    pub(super) decimals: i32,
    /// How often differences were taken.
    pub(super) order: u32,
}

/// Whole numbers whose first (1) or second (2) differences are small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Prices, quantities, curves.
    First = 1,
    /// Times.
    Second = 2,
}

/// The column as text, with `digits` significant digits where its decimals do not end.
pub(super) fn encode(
    values: impl Iterator<Item = f64> + Clone,
    order: Order,
    digits: i32,
) -> (Facts, String) {
    let decimals = decimals(values.clone(), digits);
    let (mut bytes, mut rows) = (Vec::new(), 0);
    let (mut before, mut step) = (0_i64, 0_i64);
    let scale = power(decimals);
    for value in values {
        rows += 1;
        if !value.is_finite() {
            bytes.push(0);
            continue;
        }
        let whole = scaled(value, decimals, scale).clamp(-EXACT, EXACT) as i64;
        let change = whole - before;
        let code = if order == Order::Second { change - step } else { change };
        (before, step) = (whole, change);
        // Zigzag: small codes for small changes of either sign; 0 is kept for what is not there.
        push(&mut bytes, (((code << 1) ^ (code >> 63)) as u64) + 1);
    }
    (Facts { rows, decimals, order: order as u32 }, STANDARD.encode(bytes))
}

fn power(decimals: i32) -> f64 {
    10_f64.powi(decimals.abs())
}

fn scaled(value: f64, decimals: i32, scale: f64) -> f64 {
    if decimals < 0 { (value / scale).round() } else { (value * scale).round() }
}

/// The fewest decimals at which every value is exact, or those that keep `digits` of the largest.
fn decimals(values: impl Iterator<Item = f64> + Clone, digits: i32) -> i32 {
    let largest =
        values.clone().filter(|value| value.is_finite()).fold(0.0, |a: f64, b| a.max(b.abs()));
    if largest == 0.0 {
        return 0;
    }
    let fits = |decimals: i32| largest * power(decimals) < EXACT / 4.0;
    let mut needed = 0;
    for value in values.filter(|value| value.is_finite()) {
        let ends = |decimals: i32| {
            let scale = power(decimals);
            (value * scale).round() / scale == value
        };
        while needed <= MOST_DECIMALS && fits(needed) && !ends(needed) {
            needed += 1;
        }
        if needed > MOST_DECIMALS || !fits(needed) {
            let whole_digits = largest.log10().floor() as i32 + 1;
            return digits - whole_digits;
        }
    }
    needed
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn push(bytes: &mut Vec<u8>, mut code: u64) {
    while code > 127 {
        bytes.push((code & 127) as u8 | 128);
        code >>= 7;
    }
    bytes.push(code as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads a column as the script of the page does.
    fn decode(facts: Facts, text: &str) -> Vec<f64> {
        let bytes = STANDARD.decode(text).unwrap();
        let (mut at, mut value, mut step) = (0, 0.0, 0.0);
        let mut row = || {
            let (mut code, mut weight) = (0.0, 1.0);
            loop {
                let byte = bytes[at];
                at += 1;
                code += f64::from(byte & 127) * weight;
                weight *= 128.0;
                if byte <= 127 {
                    break;
                }
            }
            if code == 0.0 {
                return f64::NAN;
            }
            code -= 1.0;
            let change = if code % 2.0 == 0.0 { code / 2.0 } else { -(code + 1.0) / 2.0 };
            step = if facts.order == 2 { step + change } else { change };
            value += step;
            value / 10_f64.powi(facts.decimals)
        };
        (0..facts.rows).map(|_| row()).collect()
    }

    fn through(values: &[f64], order: Order) -> Vec<f64> {
        let (facts, text) = encode(values.iter().copied(), order, 9);
        decode(facts, &text)
    }

    #[test]
    fn prices_come_back_as_they_are_and_times_take_a_byte_each() {
        let prices = [451.23, 450.0, 0.0001, 451.23, 1_000_000.5];
        assert_eq!(through(&prices, Order::First), prices);
        let times: Vec<f64> =
            (0..1000).map(|minute| 1.7e12 + f64::from(minute) * 60_000.0).collect();
        assert_eq!(through(&times, Order::Second), times);
        let (_, text) = encode(times.iter().copied(), Order::Second, 9);
        assert!(text.len() < 1400, "{}", text.len());
    }

    #[test]
    fn what_is_not_there_stays_away() {
        let found = through(&[f64::NAN, 1.5, f64::INFINITY, 2.5], Order::First);
        assert!(found[0].is_nan() && found[2].is_nan());
        assert_eq!((found[1], found[3]), (1.5, 2.5));
        assert!(through(&[], Order::First).is_empty());
    }

    proptest! {
        #[test]
        fn any_values_keep_their_digits(values in prop::collection::vec(-1e13_f64..1e13, 1..50), small in 1e-12_f64..1.0) {
            let values: Vec<f64> = values.iter().map(|value| value * small).collect();
            let largest = values.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
            for (found, value) in through(&values, Order::First).iter().zip(&values) {
                prop_assert!((found - value).abs() <= largest * 1e-8, "{found} {value}");
            }
        }

        #[test]
        fn decimals_that_end_are_exact(cents in prop::collection::vec(-1_000_000_000_i64..1_000_000_000, 1..50)) {
            let values: Vec<f64> = cents.iter().map(|cents| *cents as f64 / 100.0).collect();
            prop_assert_eq!(through(&values, Order::First), values);
        }
    }
}
