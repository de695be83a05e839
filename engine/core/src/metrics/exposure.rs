//! Exposure: bars at whose close a position is held, over all bars.
//!
//! Unit: fraction of bars. Undefined without bars.

/// Share of bars with a position at their close.
#[must_use]
pub fn exposure(bars_held: usize, bars: usize) -> Option<f64> {
    (bars > 0).then(|| bars_held as f64 / bars as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exposure_is_a_share_of_bars() {
        assert_eq!(exposure(3, 4), Some(0.75));
        assert_eq!(exposure(0, 4), Some(0.0));
        assert_eq!(exposure(0, 0), None);
    }
}
