//! Normal noise for the simulations in the tests of this room.

use crate::sweep::mixed;

/// The standard normal number of a seed and a place (Box and Muller, 1958).
pub(super) fn normal(seed: u64, at: u64) -> f64 {
    let unit =
        |number: u64| ((mixed(number ^ mixed(seed)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    let (radius, angle) = (unit(2 * at), unit(2 * at + 1));
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}
