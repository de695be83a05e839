//! The best of many, without keeping the many.

use std::{cmp::Ordering, collections::BinaryHeap};

/// The `most` entries of the highest rank; of equal ones those that were tried first.
#[derive(Clone, Debug)]
pub struct Top<T> {
    most: usize,
    heap: BinaryHeap<Entry<T>>,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    rank: f64,
    position: u64,
    what: T,
}

impl<T> Top<T> {
    /// Keeps `most` entries.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, heap: BinaryHeap::with_capacity(most.min(10_000) + 1) }
    }

    /// Offers an entry; higher ranks are better, and one that is not a number is never kept.
    pub fn offer(&mut self, rank: f64, position: u64, what: T) {
        if rank.is_nan() || self.most == 0 {
            return;
        }
        let entry = Entry { rank, position, what };
        // The worst one kept is on top of the heap.
        if self.heap.len() == self.most && self.heap.peek().is_some_and(|worst| entry >= *worst) {
            return;
        }
        self.heap.push(entry);
        if self.heap.len() > self.most {
            self.heap.pop();
        }
    }

    /// Positions and entries, the best one first.
    #[must_use]
    pub fn into_best_first(self) -> Vec<(u64, T)> {
        let sorted = self.heap.into_sorted_vec();
        sorted.into_iter().map(|entry| (entry.position, entry.what)).collect()
    }
}

/// What is better comes first, so it is less.
impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.rank.total_cmp(&self.rank).then(self.position.cmp(&other.position))
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn of_equal_ones_the_first_tried_wins_and_what_is_no_number_never_does() {
        let mut top = Top::new(2);
        for (position, rank) in [1.0, f64::NAN, 3.0, 1.0, 3.0].into_iter().enumerate() {
            top.offer(rank, position as u64, ());
        }
        assert_eq!(top.into_best_first(), [(2, ()), (4, ())]);
    }

    proptest! {
        #[test]
        fn it_keeps_what_sorting_all_would_put_first(
            ranks in prop::collection::vec(-3..3_i32, 0..60),
            most in 0..12_usize,
        ) {
            let mut top = Top::new(most);
            let mut all: Vec<(i32, u64)> = Vec::new();
            for (position, rank) in (0..).zip(&ranks) {
                top.offer(f64::from(*rank), position, ());
                all.push((-rank, position));
            }
            all.sort_unstable();
            let best: Vec<u64> = all.into_iter().take(most).map(|(_, position)| position).collect();
            let kept: Vec<u64> = top.into_best_first().into_iter().map(|(at, ())| at).collect();
            prop_assert_eq!(kept, best);
        }
    }
}
