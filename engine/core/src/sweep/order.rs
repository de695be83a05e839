//! A seeded order of the numbers below a limit, without a list of them.
//!
//! A Feistel network over the next even power of two is a permutation; numbers that fall beyond the
//! limit are sent through it again until they do not (cycle walking), which keeps it one. Sources:
//! Luby and Rackoff (1988), "How to Construct Pseudorandom Permutations"; Black and Rogaway (2002),
//! "Ciphers with Arbitrary Finite Domains".

/// Rounds of the network: four are enough for an order without a pattern.
const ROUNDS: u64 = 4;

/// A permutation of `0..size` that a seed chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shuffle {
    size: u64,
    seed: u64,
    half_bits: u32,
}

impl Shuffle {
    /// The permutation of `0..size` of a seed.
    #[must_use]
    pub fn new(size: u64, seed: u64) -> Self {
        let bits = u64::BITS - size.saturating_sub(1).leading_zeros();
        Self { size, seed, half_bits: bits.div_ceil(2).max(1) }
    }

    /// The number at a position.
    ///
    /// # Panics
    /// When the position is not below the size.
    #[must_use]
    pub fn at(&self, position: u64) -> u64 {
        assert!(position < self.size, "position {position} is not below {}", self.size);
        let mut number = self.round_trip(position);
        while number >= self.size {
            number = self.round_trip(number);
        }
        number
    }

    fn round_trip(&self, number: u64) -> u64 {
        let mask = (1_u64 << self.half_bits) - 1;
        let (mut left, mut right) = (number >> self.half_bits, number & mask);
        for round in 0..ROUNDS {
            let key = self.seed.wrapping_add(round.wrapping_mul(GAMMA));
            (left, right) = (right, left ^ (mixed(right ^ mixed(key)) & mask));
        }
        (left << self.half_bits) | right
    }
}

/// The random bits of a seed and a count: the same on every machine.
#[must_use]
pub fn random_bits(seed: u64, count: u64) -> u64 {
    mixed(seed.wrapping_mul(0xd134_2543_de82_ef95) ^ mixed(count))
}

/// The next random bits of the sequence that a state stands in (SplitMix64), which moves on.
pub(crate) fn next_bits(state: &mut u64) -> u64 {
    *state = state.wrapping_add(GAMMA);
    mixed(*state)
}

/// The step of SplitMix64 from one state to the next.
const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64: Steele, Lea and Flood (2014), "Fast Splittable Pseudorandom Number
/// Generators". Different numbers stay different, and their bits show no order.
#[must_use]
pub fn mixed(mut number: u64) -> u64 {
    number = number.wrapping_add(GAMMA);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_once_whatever_the_size() {
        for size in [1, 2, 3, 4, 5, 17, 255, 256, 257, 5000] {
            let shuffle = Shuffle::new(size, 42);
            let mut all: Vec<u64> = (0..size).map(|position| shuffle.at(position)).collect();
            all.sort_unstable();
            assert_eq!(all, (0..size).collect::<Vec<_>>());
        }
        let huge = Shuffle::new(u64::MAX, 1);
        assert!(huge.at(0) < u64::MAX);
    }

    #[test]
    fn a_seed_gives_its_own_order_and_always_the_same() {
        let order = |seed| (0..1000).map(|at| Shuffle::new(1000, seed).at(at)).collect::<Vec<_>>();
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
        // The mean of the first hundred of a thousand numbers, 499.5 +- 28.9 a standard error.
        let mean = order(7)[..100].iter().sum::<u64>() as f64 / 100.0;
        assert!((mean - 499.5).abs() < 4.0 * 28.9, "{mean}");
    }

    #[test]
    fn the_mixer_is_that_of_the_paper() {
        // First output of SplitMix64 for the seed 0, as published with xoshiro.
        assert_eq!(mixed(0), 0xe220_a839_7b1d_cdaf);
    }
}
