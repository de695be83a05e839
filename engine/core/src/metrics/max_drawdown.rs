//! Maximum drawdown: `min(E / running peak - 1)`, and from when to when.
//!
//! The curve is the equity at every bar, with the initial capital before the first bar as its first
//! peak. A peak that is touched again counts from its last touch; the drawdown ends at the first bar
//! after the trough that is back at the peak. Unit: fraction, zero or below (-0.2 is 20 % lost;
//! below -1 where borrowed money is lost too). Undefined without bars or without initial capital.

use super::moments::extent;

/// The deepest drawdown of a curve, by index of its bars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxDrawdown {
    /// Depth as a fraction, below zero.
    pub depth: f64,
    /// Bar of the peak; `None` for the initial capital, before the first bar.
    pub peak: Option<usize>,
    /// Bar of the lowest equity, the first one if it is touched again.
    pub trough: usize,
    /// First bar back at the peak; `None` when the curve ends below it.
    pub recovery: Option<usize>,
    /// Bars from the peak to the recovery, or to the last bar.
    pub bars: usize,
}

/// A peak and the lowest equity since; the deepest drawdown below one peak is at that low.
#[derive(Clone, Copy)]
struct Dip {
    peak: f64,
    peak_bar: Option<usize>,
    low: f64,
    trough: usize,
}

/// The deepest drawdown; `None` when the curve, which is finite, never falls below an earlier value.
#[must_use]
pub fn max_drawdown(initial: f64, equity: &[f64]) -> Option<MaxDrawdown> {
    let mut worst = None;
    let mut dip = Dip { peak: initial, peak_bar: None, low: initial, trough: 0 };
    for (first, block) in (0..).step_by(BLOCK).zip(equity.chunks(BLOCK)) {
        let (least, most) = extent(block);
        if most < dip.peak && least >= dip.low {
            continue;
        }
        for (bar, &value) in (first..).zip(block) {
            if value >= dip.peak {
                worst = deeper(worst, dip.end(Some(bar), equity.len()));
                dip = Dip { peak: value, peak_bar: Some(bar), low: value, trough: bar };
            } else if value < dip.low {
                (dip.low, dip.trough) = (value, bar);
            }
        }
    }
    deeper(worst, dip.end(None, equity.len()))
}

/// The depth alone, zero for a curve that never falls: the bits of [`max_drawdown`], faster. The curve
/// is finite.
#[must_use]
pub fn drawdown_depth(initial: f64, equity: &[f64]) -> f64 {
    let mut depth = Depth { peak: initial, worst: 0.0 };
    depth.take(equity, BLOCK);
    depth.worst
}

/// The deepest drawdown so far, and the last peak.
struct Depth {
    peak: f64,
    worst: f64,
}

impl Depth {
    /// Takes a stretch of the curve in blocks of so many bars, and smaller ones where they matter.
    fn take(&mut self, equity: &[f64], size: usize) {
        for block in equity.chunks(size) {
            let (least, most) = extent(block);
            let peak = self.peak.max(most);
            // No peak of this block is above that one: where no value lies deep enough below it, none does.
            if least >= peak || least >= (1.0 + self.worst + ROUNDING) * peak {
                self.peak = peak;
            } else if most < self.peak {
                self.step(least);
            } else if size > FEW {
                self.take(block, FEW);
            } else {
                block.iter().for_each(|value| self.step(*value));
            }
        }
    }

    fn step(&mut self, value: f64) {
        self.peak = self.peak.max(value);
        self.worst = self.worst.min(value / self.peak - 1.0);
    }
}

/// Bars that are looked at together: most blocks lie wholly below a peak.
const BLOCK: usize = 64;
/// The same where a block may be deeper than any before.
const FEW: usize = 8;
/// More of a peak than what rounding can make of a comparison.
const ROUNDING: f64 = 1e-12;

impl Dip {
    fn end(self, recovery: Option<usize>, bars: usize) -> Option<MaxDrawdown> {
        if self.low >= self.peak {
            return None;
        }
        let start = self.peak_bar.map_or(0, |bar| bar + 1);
        let end = recovery.map_or(bars, |bar| bar + 1);
        Some(MaxDrawdown {
            depth: self.low / self.peak - 1.0,
            peak: self.peak_bar,
            trough: self.trough,
            recovery,
            bars: end - start,
        })
    }
}

/// The deeper of two, the earlier one when they are equal.
fn deeper(worst: Option<MaxDrawdown>, next: Option<MaxDrawdown>) -> Option<MaxDrawdown> {
    match (worst, next) {
        (Some(worst), Some(next)) if next.depth < worst.depth => Some(next),
        (None, next) => next,
        (worst, _) => worst,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::noise::normal;

    #[test]
    fn the_deepest_of_two_drawdowns_is_found_with_its_recovery() {
        let curve = [110.0, 99.0, 110.0, 120.0, 90.0, 96.0, 90.0, 120.0, 130.0, 125.0];
        let expected =
            MaxDrawdown { depth: -0.25, peak: Some(3), trough: 4, recovery: Some(7), bars: 4 };
        assert_eq!(max_drawdown(100.0, &curve), Some(expected));
    }

    #[test]
    fn the_initial_capital_is_a_peak() {
        let expected = MaxDrawdown { depth: -0.25, peak: None, trough: 0, recovery: None, bars: 2 };
        assert_eq!(max_drawdown(100.0, &[75.0, 95.0]), Some(expected));
    }

    #[test]
    fn a_peak_counts_from_its_last_touch() {
        let expected =
            MaxDrawdown { depth: -0.5, peak: Some(2), trough: 3, recovery: None, bars: 1 };
        assert_eq!(max_drawdown(50.0, &[100.0, 100.0, 100.0, 50.0]), Some(expected));
    }

    #[test]
    fn a_curve_that_never_falls_has_none() {
        assert_eq!(max_drawdown(100.0, &[]), None);
        assert_eq!(max_drawdown(100.0, &[100.0, 100.0, 101.0]), None);
    }

    #[test]
    fn the_depth_alone_is_that_of_the_whole_answer_to_the_last_bit() {
        for seed in 0..200 {
            let bars = seed % 100;
            let mut value = 100.0;
            let curve: Vec<f64> = (0..bars)
                .map(|bar| {
                    value *=
                        1.0 + 0.05 * normal(seed, bar) + if seed % 3 == 0 { 0.02 } else { 0.0 };
                    if bar % 7 == 0 { value.round() } else { value }
                })
                .collect();
            let whole = max_drawdown(100.0, &curve).map_or(0.0, |found| found.depth);
            assert_eq!(drawdown_depth(100.0, &curve).to_bits(), whole.to_bits(), "{curve:?}");
        }
    }

    #[test]
    fn long_curves_that_fall_far_have_the_same_depth_too() {
        for seed in 0..300 {
            let drift = [0.002, 0.0, -0.004][seed as usize % 3];
            let mut value = 100.0;
            let curve: Vec<f64> = (0..700)
                .map(|bar| {
                    // Flat at times, and below zero in the end.
                    if bar % 90 > 20 {
                        value += 100.0 * (drift + 0.02 * normal(seed, bar));
                    }
                    value
                })
                .collect();
            let whole = max_drawdown(100.0, &curve).map_or(0.0, |found| found.depth);
            assert_eq!(drawdown_depth(100.0, &curve).to_bits(), whole.to_bits(), "{seed}");
        }
    }

    #[test]
    fn more_than_everything_can_be_lost() {
        assert_eq!(max_drawdown(100.0, &[-50.0]).unwrap().depth, -1.5);
    }
}
