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
#[derive(Clone, Debug)]
pub(super) struct Weighted;

impl Fold<2> for Weighted {
    #[inline]
    fn of(x: f64) -> [f64; 2] {
        [x, x]
    }

    #[inline]
    fn join(older: [f64; 2], newer: [f64; 2], sizes: &Sizes) -> [f64; 2] {
        // Behind an older part, each weight of the newer one is larger by the older one's length.
        [older[0] + newer[0], older[1] + (newer[1] + sizes.older * newer[0])]
    }

    fn columns<'a>(xs: &'a [f64], _: &'a [f64]) -> [&'a [f64]; 2] {
        [xs, xs]
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
    sums: Rolling<Weighted, 2>,
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
        let [_, weighted] = self.sums.update(x);
        defined(if self.sums.is_flat() { x } else { weighted / self.weight })
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
    roll::<Weighted, 2>(xs, window, out, move |[_, weighted], _| weighted / weight);
    for_each_flat(xs, window, |row| out[row] = xs[row]);
}

fn total_weight(window: Window) -> f64 {
    window.count() * (window.count() + 1.0) / 2.0
}
