//! Relative strength index (J. Welles Wilder, New Concepts in Technical Trading Systems, 1978).
//!
//! 100 x average gain / (average gain + average loss) of the changes from input to input, both averages
//! started as the mean of the first n changes and smoothed by 1 / n; as TA-Lib `RSI`. The first value
//! therefore comes with the input n + 1. Where there was neither gain nor loss the index is 50, neutral;
//! TA-Lib writes 0 there, which reads as oversold.

use super::{BarCount, IndicatorError, ema::Smoothing, window::Window};

/// Wilder's relative strength index, 0 to 100, one input at a time.
///
/// ```
/// # use strategy_api::indicators::Rsi;
/// let mut rsi = Rsi::new(2)?;
/// assert_eq!(rsi.update(10.0), None);
/// assert_eq!(rsi.update(13.0), None);
/// assert_eq!(rsi.update(12.0), Some(75.0)); // gains 3 and 0, losses 0 and 1
/// # Ok::<(), strategy_api::indicators::IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rsi {
    last: f64,
    gain: Smoothing,
    loss: Smoothing,
}

impl Rsi {
    /// An index over `window` changes (Wilder: 14).
    ///
    /// # Errors
    /// When the window is not 1 to 1,000,000 bars.
    pub fn new(window: impl BarCount) -> Result<Self, IndicatorError> {
        Ok(Self::of(Window::new("window", window)?))
    }

    fn of(window: Window) -> Self {
        let average = Smoothing::wilder(window);
        Self { last: f64::NAN, gain: average, loss: average }
    }

    /// Takes the next input; the index once there are `window` changes.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        let change = x - self.last;
        self.last = x;
        if !change.is_finite() {
            self.gain.restart();
            self.loss.restart();
            return None;
        }
        let gain = self.gain.update(if change > 0.0 { change } else { 0.0 });
        let loss = self.loss.update(if change < 0.0 { -change } else { 0.0 });
        let (gain, loss) = (gain?, loss?);
        let moved = gain + loss;
        Some(if moved > 0.0 { 100.0 * (gain / moved) } else { 50.0 })
    }
}

/// Wilder's relative strength index of a column; NaN for the first `window` rows.
///
/// # Errors
/// When the window is not 1 to 1,000,000 bars.
pub fn rsi(xs: &[f64], window: impl BarCount) -> Result<Vec<f64>, IndicatorError> {
    let window = Window::new("window", window)?;
    let mut out = vec![f64::NAN; xs.len()];
    rsi_into(xs, window, &mut out);
    Ok(out)
}

pub(super) fn rsi_into(xs: &[f64], window: Window, out: &mut [f64]) {
    let mut rsi = Rsi::of(window);
    for (out, x) in out.iter_mut().zip(xs) {
        *out = rsi.update(*x).unwrap_or(f64::NAN);
    }
}
