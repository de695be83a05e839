//! Average true range (J. Welles Wilder, New Concepts in Technical Trading Systems, 1978).
//!
//! The true range is the distance from the higher of high and previous close to the lower of low and
//! previous close. The average starts as the mean of the first n true ranges and is smoothed by 1 / n; as
//! TA-Lib `ATR`. The first bar has no previous close and so no true range: the first value comes with bar
//! n + 1. (Many pandas recipes take high - low for the first bar and begin one bar earlier.)

use super::{BarCount, IndicatorError, ema::Smoothing, window::Window};

/// Wilder's average true range, one bar at a time.
///
/// ```
/// # use strategy_api::indicators::Atr;
/// let mut atr = Atr::new(2)?;
/// assert_eq!(atr.update(11.0, 9.0, 10.0), None);
/// assert_eq!(atr.update(14.0, 12.0, 13.0), None); // true range 4: from the close at 10 to 14
/// assert_eq!(atr.update(14.0, 12.0, 12.0), Some(3.0)); // and 2
/// # Ok::<(), strategy_api::indicators::IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Atr {
    last_close: f64,
    range: Smoothing,
}

impl Atr {
    /// An average over `window` true ranges (Wilder: 14).
    ///
    /// # Errors
    /// When the window is not 1 to 1,000,000 bars.
    pub fn new(window: impl BarCount) -> Result<Self, IndicatorError> {
        Ok(Self::of(Window::new("window", window)?))
    }

    fn of(window: Window) -> Self {
        Self { last_close: f64::NAN, range: Smoothing::wilder(window) }
    }

    /// Takes the next bar; the average once there are `window` true ranges.
    #[inline]
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> Option<f64> {
        let last = self.last_close;
        self.last_close = close;
        if !(last.is_finite() && high.is_finite() && low.is_finite()) {
            self.range.restart();
            return None;
        }
        self.range.update(high.max(last) - low.min(last))
    }
}

/// Wilder's average true range of columns of one length; NaN for the first `window` rows.
///
/// # Errors
/// When the window is not 1 to 1,000,000 bars.
///
/// # Panics
/// When the columns differ in length.
pub fn atr(
    high: &[f64],
    low: &[f64],
    close: &[f64],
    window: impl BarCount,
) -> Result<Vec<f64>, IndicatorError> {
    let window = Window::new("window", window)?;
    let mut out = vec![f64::NAN; close.len()];
    atr_into(high, low, close, window, &mut out);
    Ok(out)
}

pub(super) fn atr_into(high: &[f64], low: &[f64], close: &[f64], window: Window, out: &mut [f64]) {
    assert!(high.len() == close.len() && low.len() == close.len(), "columns of one length");
    let mut atr = Atr::of(window);
    for (((out, high), low), close) in out.iter_mut().zip(high).zip(low).zip(close) {
        *out = atr.update(*high, *low, *close).unwrap_or(f64::NAN);
    }
}
