//! How long to wait between attempts to connect: longer each time, and never quite the same, so that
//! programs that lost one gateway together do not come back together.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

/// Waits that double from `first` to `most`, each shortened by up to half.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    next: Duration,
    most: Duration,
}

impl Backoff {
    pub(super) fn new(first: Duration, most: Duration) -> Self {
        Self { next: first.min(most), most }
    }

    /// The next wait.
    pub(super) fn wait(&mut self) -> Duration {
        // The keys of a new hasher are the one source of chance in the standard library.
        self.wait_with(RandomState::new().hash_one(()))
    }

    fn wait_with(&mut self, chance: u64) -> Duration {
        let full = self.next;
        self.next = (full * 2).min(self.most);
        let half = full / 2;
        let per_mille = u32::try_from(chance % 1001).unwrap_or_default();
        half + half * per_mille / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most_and_vary_between_half_and_whole() {
        let ms = Duration::from_millis;
        let mut longest = Backoff::new(ms(500), ms(3000));
        let waits: Vec<_> = (0..5).map(|_| longest.wait_with(1000)).collect();
        assert_eq!(waits, [ms(500), ms(1000), ms(2000), ms(3000), ms(3000)]);
        let mut shortest = Backoff::new(ms(500), ms(3000));
        assert_eq!((shortest.wait_with(0), shortest.wait_with(0)), (ms(250), ms(500)));
    }
}
