//! Mean and variance of numbers that come one by one, without keeping them.
//!
//! Welford (1962), "Note on a Method for Calculating Corrected Sums of Squares and Products",
//! Technometrics 4(3). The result depends on the order of the numbers in its last digits.

/// Mean and variance so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Spread {
    /// Takes the next number.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
    }

    /// Numbers so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Mean; `None` without a number.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// Sample variance (ddof 1); `None` for fewer than two numbers.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_variance_are_those_of_the_textbook() {
        let mut spread = Spread::default();
        assert_eq!((spread.mean(), spread.variance()), (None, None));
        [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter().for_each(|value| spread.add(value));
        assert_eq!(spread.count(), 8);
        assert!((spread.mean().unwrap() - 5.0).abs() < 1e-15);
        assert!((spread.variance().unwrap() - 32.0 / 7.0).abs() < 1e-14);
    }
}
