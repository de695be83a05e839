//! Numbers that look random but follow from what they belong to, on every machine to the last bit.

use engine_core::sweep::mixed;

/// A key that follows from a key and a number.
pub(crate) fn key(seed: u64, number: i64) -> u64 {
    mixed(seed ^ mixed(number.cast_unsigned()))
}

/// A key that follows from a key and a text.
pub(crate) fn key_of(seed: u64, text: &str) -> u64 {
    text.bytes().fold(mixed(seed), |key, byte| mixed(key ^ u64::from(byte)))
}

/// A number in `[0, 1)`.
pub(crate) fn uniform(key: u64) -> f64 {
    (mixed(key) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A number with mean 0 and variance 1, nearly normal: the sum of four uniform ones, so that no
/// function of a mathematical library is needed, whose last bit may differ between machines.
pub(crate) fn normal(key: u64) -> f64 {
    let bits = mixed(key);
    let sum: u64 = (0..4).map(|part| (bits >> (16 * part)) & 0xffff).sum();
    (sum as f64 / 65_536.0 - 2.0) * 1.732_050_807_568_877_2
}

/// e^x, the same bits everywhere, with a relative error below 1e-15 for the small `x` used here.
pub(crate) fn exp(x: f64) -> f64 {
    let twos = (x / std::f64::consts::LN_2).round();
    let rest = x - twos * std::f64::consts::LN_2;
    let mut sum = 1.0;
    for step in (1..=16).rev() {
        sum = 1.0 + sum * rest / f64::from(step);
    }
    sum * 2_f64.powi(twos as i32)
}

/// A path of Brownian motion over the whole numbers `0..=2^levels`, looked up at random: the
/// midpoint construction of Lévy, one noise a level.
pub(crate) fn brownian(seed: u64, levels: u32, at: i64) -> f64 {
    let (mut low, mut high) = (0_i64, 1_i64 << levels);
    let (mut left, mut right) = (0.0, normal(key(seed, high)) * (high as f64).sqrt());
    loop {
        if at <= low {
            return left;
        }
        if at >= high {
            return right;
        }
        let middle = i64::midpoint(low, high);
        let spread = ((high - low) as f64).sqrt() / 2.0;
        let value = f64::midpoint(left, right) + spread * normal(key(seed, middle));
        if at < middle {
            (high, right) = (middle, value);
        } else {
            (low, left) = (middle, value);
        }
    }
}
