//! Exponential moving average, and the recursive smoothing that Wilder's indicators share with it.
//!
//! EMA(n) starts as the mean of the first n inputs and then moves by 2 / (n + 1) of the way to each new
//! input; as TA-Lib `EMA`. pandas' `ewm(span=n, adjust=False)` starts with the first input instead: the
//! two differ at first and approach each other as (1 - 2 / (n + 1))^bars.
//!
//! Unlike the windowed indicators, a value depends on all inputs since the first one.

use super::{BarCount, IndicatorError, rolling::defined, window::Window};

/// A level that starts as the mean of the first inputs and then moves a fixed part of the way to each
/// new one. A missing input starts it anew.
#[derive(Clone, Copy, Debug)]
pub(super) struct Smoothing {
    window: Window,
    part: f64,
    seen: usize,
    first: f64,
    /// Sum of the differences from the first input, so that equal inputs have exactly that mean.
    above_first: f64,
    level: f64,
}

impl Smoothing {
    /// Moves 2 / (n + 1) of the way.
    pub(super) fn exponential(window: Window) -> Self {
        Self::new(window, 2.0 / (window.count() + 1.0))
    }

    /// Moves 1 / n of the way: Welles Wilder's average.
    pub(super) fn wilder(window: Window) -> Self {
        Self::new(window, 1.0 / window.count())
    }

    fn new(window: Window, part: f64) -> Self {
        Self { window, part, seen: 0, first: 0.0, above_first: 0.0, level: 0.0 }
    }

    /// Forgets every input.
    pub(super) fn restart(&mut self) {
        *self = Self::new(self.window, self.part);
    }

    #[inline]
    pub(super) fn update(&mut self, x: f64) -> Option<f64> {
        if !x.is_finite() {
            self.restart();
            return None;
        }
        if self.seen < self.window.bars() {
            return self.seed(x);
        }
        self.level += (x - self.level) * self.part;
        defined(self.level)
    }

    fn seed(&mut self, x: f64) -> Option<f64> {
        if self.seen == 0 {
            self.first = x;
        }
        self.seen += 1;
        self.above_first += x - self.first;
        self.level = self.first + self.above_first / self.window.count();
        if self.seen == self.window.bars() { defined(self.level) } else { None }
    }
}

/// Exponential moving average, one input at a time.
///
/// ```
/// # use strategy_api::indicators::Ema;
/// let mut ema = Ema::new(3)?;
/// assert_eq!(ema.update(1.0), None);
/// assert_eq!(ema.update(2.0), None);
/// assert_eq!(ema.update(6.0), Some(3.0));
/// assert_eq!(ema.update(5.0), Some(4.0)); // half of the way from 3 to 5
/// # Ok::<(), strategy_api::indicators::IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ema(Smoothing);

impl Ema {
    /// An average over `window` bars.
    ///
    /// # Errors
    /// When the window is not 1 to 1,000,000 bars.
    pub fn new(window: impl BarCount) -> Result<Self, IndicatorError> {
        Ok(Self(Smoothing::exponential(Window::new("window", window)?)))
    }

    /// Takes the next input; the average from the `window`-th finite input on.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        self.0.update(x)
    }
}

/// Exponential moving average of a column; NaN for the first `window - 1` rows.
///
/// # Errors
/// When the window is not 1 to 1,000,000 bars.
pub fn ema(xs: &[f64], window: impl BarCount) -> Result<Vec<f64>, IndicatorError> {
    let window = Window::new("window", window)?;
    let mut out = vec![f64::NAN; xs.len()];
    ema_into(xs, window, &mut out);
    Ok(out)
}

pub(super) fn ema_into(xs: &[f64], window: Window, out: &mut [f64]) {
    let mut smoothing = Smoothing::exponential(window);
    for (out, x) in out.iter_mut().zip(xs) {
        *out = smoothing.update(*x).unwrap_or(f64::NAN);
    }
}
