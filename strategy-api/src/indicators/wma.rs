//! Weighted moving average.
//!
//! WMA(n) at bar i weighs the newest input n, the one before it n-1, down to 1, and divides by
//! n(n+1)/2; as TA-Lib `WMA`.

use super::{
    BarCount, IndicatorError,
    rolling::{Fold, Rolling, Sizes, defined, for_each_flat, roll},
    window::Window,
};

/// The sum of a stretch of inputs, and their sum weighted 1, 2, 3 from the oldest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weighted {
    sum: f64,
    weighted: f64,
}

impl Fold for Weighted {
    type Item = Self;
    const MISSING: Self = Self { sum: f64::NAN, weighted: f64::NAN };

    #[inline]
    fn of(x: f64) -> Self {
        Self { sum: x, weighted: x }
    }

    #[inline]
    fn join(older: Self, newer: Self, sizes: &Sizes) -> Self {
        // In front of an older part, each weight of the newer one grows by the older one's length.
        Self {
            sum: older.sum + newer.sum,
            weighted: older.weighted + (newer.weighted + sizes.older * newer.sum),
        }
    }
}

/// Weighted moving average, one input at a time.
///
/// ```
/// # use strategy_api::indicators::Wma;
/// let mut wma = Wma::new(3)?;
/// assert_eq!(wma.update(1.0), None);
/// assert_eq!(wma.update(2.0), None);
/// assert_eq!(wma.update(6.0), Some((1.0 + 2.0 * 2.0 + 3.0 * 6.0) / 6.0));
/// # Ok::<(), strategy_api::indicators::IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Wma {
    sums: Rolling<Weighted>,
    weight: f64,
}

impl Wma {
    /// An average over `window` bars.
    ///
    /// # Errors
    /// When the window is not 1 to 1,000,000 bars.
    pub fn new(window: impl BarCount) -> Result<Self, IndicatorError> {
        let window = Window::new("window", window)?;
        Ok(Self { sums: Rolling::new(window), weight: total_weight(window) })
    }

    /// Takes the next input; the average once the window is full of finite inputs.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        let sums = self.sums.update(x);
        defined(if self.sums.is_flat() { x } else { sums.weighted / self.weight })
    }
}

/// Weighted moving average of a column; NaN for the first `window - 1` rows.
///
/// # Errors
/// When the window is not 1 to 1,000,000 bars.
pub fn wma(xs: &[f64], window: impl BarCount) -> Result<Vec<f64>, IndicatorError> {
    let window = Window::new("window", window)?;
    let mut out = vec![f64::NAN; xs.len()];
    wma_into(xs, window, &mut out);
    Ok(out)
}

pub(super) fn wma_into(xs: &[f64], window: Window, out: &mut [f64]) {
    let weight = total_weight(window);
    roll::<Weighted>(xs, window, out, |sums, _| sums.weighted / weight);
    for_each_flat(xs, window, |row| out[row] = xs[row]);
}

fn total_weight(window: Window) -> f64 {
    window.count() * (window.count() + 1.0) / 2.0
}
