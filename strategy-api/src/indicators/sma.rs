//! Simple moving average.
//!
//! SMA(n) at bar i is the mean of the inputs i-n+1 to i. There is no value before n inputs (as in TA-Lib
//! `SMA` and pandas `rolling(n).mean()`), and no partial mean.

use super::{
    BarCount, IndicatorError,
    rolling::{Fold, Rolling, Sizes, defined, for_each_flat, roll},
    window::Window,
};

/// The sum of a stretch of inputs.
#[derive(Clone, Debug)]
pub(super) struct Sum;

impl Fold<1> for Sum {
    #[inline]
    fn of(x: f64) -> [f64; 1] {
        [x]
    }

    #[inline]
    fn join([older]: [f64; 1], [newer]: [f64; 1], _: &Sizes) -> [f64; 1] {
        [older + newer]
    }

    fn columns<'a>(xs: &'a [f64], _: &'a [f64]) -> [&'a [f64]; 1] {
        [xs]
    }
}

/// Simple moving average, one input at a time.
///
/// The value depends on the inputs of its window alone: it does not drift, and an average of equal
/// inputs is exactly that input.
///
/// ```
/// # use strategy_api::indicators::Sma;
/// let mut sma = Sma::new(3)?;
/// assert_eq!(sma.update(1.0), None);
/// assert_eq!(sma.update(2.0), None);
/// assert_eq!(sma.update(6.0), Some(3.0));
/// # Ok::<(), strategy_api::indicators::IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sma {
    sum: Rolling<Sum, 1>,
    window: Window,
}

impl Sma {
    /// An average over `window` bars.
    ///
    /// # Errors
    /// When the window is not 1 to 1,000,000 bars.
    pub fn new(window: impl BarCount) -> Result<Self, IndicatorError> {
        let window = Window::new("window", window)?;
        Ok(Self { sum: Rolling::new(window), window })
    }

    /// Takes the next input; the average once the window is full of finite inputs.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        let [sum] = self.sum.update(x);
        defined(if self.sum.is_flat() { x } else { sum / self.window.count() })
    }
}

/// Simple moving average of a column; NaN for the first `window - 1` rows.
///
/// # Errors
/// When the window is not 1 to 1,000,000 bars.
pub fn sma(xs: &[f64], window: impl BarCount) -> Result<Vec<f64>, IndicatorError> {
    let window = Window::new("window", window)?;
    let mut out = vec![f64::NAN; xs.len()];
    sma_into(xs, window, &mut out);
    Ok(out)
}

pub(super) fn sma_into(xs: &[f64], window: Window, out: &mut [f64]) {
    let count = window.count();
    roll::<Sum, 1>(xs, window, out, move |[sum], _| sum / count);
    for_each_flat(xs, window, |row| out[row] = xs[row]);
}
