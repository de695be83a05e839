//! Crossover events of two lines.
//!
//! The fast line crosses above at bar t when fast(t) > slow(t) and fast(t-1) <= slow(t-1), and below when
//! fast(t) < slow(t) and fast(t-1) >= slow(t-1); all four values must be defined. A crossing is therefore an
//! event of one bar, not a state, and nothing happens at the first defined bar.

/// The direction in which the fast line crosses the slow one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cross {
    /// From at or below the slow line to above it.
    Above,
    /// From at or above the slow line to below it.
    Below,
}

/// Detects crossings, one bar at a time.
///
/// Takes plain numbers (NaN counts as undefined) as well as the `Option` that the other indicators give.
///
/// ```
/// # use strategy_api::indicators::{Cross, CrossOver};
/// let mut cross = CrossOver::new();
/// assert_eq!(cross.update(None, 2.0), None);
/// assert_eq!(cross.update(1.0, 2.0), None);
/// assert_eq!(cross.update(2.0, 2.0), None); // a touch
/// assert_eq!(cross.update(3.0, 2.0), Some(Cross::Above));
/// assert_eq!(cross.update(4.0, 2.0), None);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CrossOver {
    fast: f64,
    slow: f64,
}

impl Default for CrossOver {
    fn default() -> Self {
        Self::new()
    }
}

impl CrossOver {
    /// A detector that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { fast: f64::NAN, slow: f64::NAN }
    }

    /// Takes the next values of both lines; the crossing that happens with them.
    #[inline]
    pub fn update(
        &mut self,
        fast: impl Into<Option<f64>>,
        slow: impl Into<Option<f64>>,
    ) -> Option<Cross> {
        let (fast, slow) = (fast.into().unwrap_or(f64::NAN), slow.into().unwrap_or(f64::NAN));
        let before = std::mem::replace(self, Self { fast, slow });
        // A comparison with NaN is false: an undefined value never crosses.
        if fast > slow && before.fast <= before.slow {
            Some(Cross::Above)
        } else if fast < slow && before.fast >= before.slow {
            Some(Cross::Below)
        } else {
            None
        }
    }
}

/// The crossings of two columns of one length, row by row.
///
/// # Panics
/// When the columns differ in length.
#[must_use]
pub fn crossover(fast: &[f64], slow: &[f64]) -> Vec<Option<Cross>> {
    assert_eq!(fast.len(), slow.len(), "columns of one length");
    let mut cross = CrossOver::new();
    fast.iter().zip(slow).map(|(fast, slow)| cross.update(*fast, *slow)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossing_is_an_event_and_needs_a_defined_bar_before_it() {
        let nan = f64::NAN;
        let fast = [nan, 3.0, 3.0, 1.0, 2.0, 3.0, nan, 1.0, 3.0];
        let slow = [nan, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0];
        let (above, below) = (Some(Cross::Above), Some(Cross::Below));
        assert_eq!(
            crossover(&fast, &slow),
            [None, None, None, below, None, above, None, None, above]
        );
    }
}
