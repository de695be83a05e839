//! Drawdowns as the packages see them: of returns, and with the duration that each gives them.

use super::super::{max_drawdown, moments};

/// Equity that grows by `returns` from 1, without that first 1.
fn levels(returns: &[f64]) -> Vec<f64> {
    let grow = |level: &mut f64, value: &f64| {
        *level *= 1.0 + value;
        Some(*level)
    };
    returns.iter().scan(1.0, grow).collect()
}

/// Deepest drawdown of returns, the capital before the first one included; zero or below.
pub(super) fn deepest(returns: &[f64]) -> f64 {
    if returns.is_empty() {
        return f64::NAN;
    }
    max_drawdown(1.0, &levels(returns)).map_or(0.0, |found| found.depth)
}

/// Drawdown after each return, the capital before the first one included.
fn under_water(levels: &[f64]) -> impl Iterator<Item = f64> {
    let fall = |peak: &mut f64, level: &f64| {
        *peak = peak.max(*level);
        Some(level / *peak - 1.0)
    };
    levels.iter().scan(1.0, fall)
}

/// Ulcer index: root of the sum of squared drawdowns over n - 1.
pub(super) fn ulcer(returns: &[f64]) -> f64 {
    let levels = levels(returns);
    let squares = moments::sum(under_water(&levels).map(|depth| depth * depth));
    (squares / (returns.len() as f64 - 1.0)).sqrt()
}

/// A drawdown between two bars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Dip {
    /// Bar of the peak before it, at its last touch.
    pub(super) peak: usize,
    /// Bar of the recovery, or the last one.
    pub(super) end: usize,
    /// Lowest equity over that of the peak, less 1.
    pub(super) depth: f64,
    /// Whether the peak was reached again.
    pub(super) is_recovered: bool,
}

/// Every drawdown of a curve; the first value is the first peak.
pub(super) fn dips(equity: &[f64]) -> Vec<Dip> {
    let mut dips = Vec::new();
    let mut peak = 0;
    let mut low = f64::INFINITY;
    for (bar, &value) in equity.iter().enumerate() {
        let is_recovered = value >= equity[peak];
        low = if is_recovered { low } else { low.min(value) };
        let is_over = is_recovered || bar + 1 == equity.len();
        if is_over && low < equity[peak] {
            dips.push(Dip { peak, end: bar, depth: low / equity[peak] - 1.0, is_recovered });
        }
        if is_recovered {
            (peak, low) = (bar, f64::INFINITY);
        }
    }
    dips
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_falls_apart_into_its_drawdowns() {
        let found = dips(&[100.0, 80.0, 100.0, 100.0, 110.0, 99.0, 88.0]);
        let first = Dip { peak: 0, end: 2, depth: 80.0 / 100.0 - 1.0, is_recovered: true };
        let last = Dip { peak: 4, end: 6, depth: 88.0 / 110.0 - 1.0, is_recovered: false };
        assert_eq!(found, [first, last]);
        assert_eq!(dips(&[1.0, 1.0, 2.0]), []);
        assert_eq!(dips(&[]), []);
    }

    #[test]
    fn the_ulcer_index_counts_all_but_one() {
        // Under water by 0, 50 %, 0: the root of 0.25 / 2.
        assert!((ulcer(&[0.0, -0.5, 1.0]) - 0.125_f64.sqrt()).abs() < 1e-15);
        assert_eq!(deepest(&[-0.5, 1.0]), -0.5);
    }
}
