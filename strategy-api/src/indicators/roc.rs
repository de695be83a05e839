//! Rate of change and momentum: the newest input against the one `window` bars before it.
//!
//! The rate of change is a fraction, x / past - 1, as TA-Lib `ROCP` and pandas `pct_change` (TA-Lib `ROC`
//! is 100 times it); momentum is the difference, as TA-Lib `MOM`. The first value comes with input
//! `window + 1`.

use super::{
    BarCount, IndicatorError,
    rolling::{defined, finite_or_nan},
    window::Window,
};

/// The input of some bars ago.
#[derive(Clone, Debug)]
struct Delay {
    past: Vec<f64>,
    next: usize,
}

impl Delay {
    fn new(window: Window) -> Self {
        Self { past: vec![f64::NAN; window.bars()], next: 0 }
    }

    #[inline]
    fn swap(&mut self, x: f64) -> f64 {
        let past = std::mem::replace(&mut self.past[self.next], x);
        self.next += 1;
        if self.next == self.past.len() {
            self.next = 0;
        }
        past
    }
}

/// Rate of change as a fraction, one input at a time.
///
/// ```
/// # use strategy_api::indicators::Roc;
/// let mut roc = Roc::new(1)?;
/// assert_eq!(roc.update(8.0), None);
/// assert_eq!(roc.update(10.0), Some(0.25));
/// # Ok::<(), strategy_api::indicators::IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Roc(Delay);

impl Roc {
    /// The change over `window` bars.
    ///
    /// # Errors
    /// When the window is not 1 to 1,000,000 bars.
    pub fn new(window: impl BarCount) -> Result<Self, IndicatorError> {
        Ok(Self(Delay::new(Window::new("window", window)?)))
    }

    /// Takes the next input; the change once there is an input `window` bars ago, and it is not 0.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        defined(rate(x, self.0.swap(x)))
    }
}

/// Momentum, the change in the input's own unit, one input at a time.
///
/// ```
/// # use strategy_api::indicators::Momentum;
/// let mut momentum = Momentum::new(1)?;
/// assert_eq!(momentum.update(8.0), None);
/// assert_eq!(momentum.update(10.0), Some(2.0));
/// # Ok::<(), strategy_api::indicators::IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Momentum(Delay);

impl Momentum {
    /// The change over `window` bars.
    ///
    /// # Errors
    /// When the window is not 1 to 1,000,000 bars.
    pub fn new(window: impl BarCount) -> Result<Self, IndicatorError> {
        Ok(Self(Delay::new(Window::new("window", window)?)))
    }

    /// Takes the next input; the change once there is an input `window` bars ago.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        defined(x - self.0.swap(x))
    }
}

/// Rate of change of a column, as a fraction; NaN for the first `window` rows.
///
/// # Errors
/// When the window is not 1 to 1,000,000 bars.
pub fn roc(xs: &[f64], window: impl BarCount) -> Result<Vec<f64>, IndicatorError> {
    let window = Window::new("window", window)?;
    let mut out = vec![f64::NAN; xs.len()];
    roc_into(xs, window, &mut out);
    Ok(out)
}

/// Momentum of a column; NaN for the first `window` rows.
///
/// # Errors
/// When the window is not 1 to 1,000,000 bars.
pub fn momentum(xs: &[f64], window: impl BarCount) -> Result<Vec<f64>, IndicatorError> {
    let window = Window::new("window", window)?;
    let mut out = vec![f64::NAN; xs.len()];
    compare(xs, window, &mut out, |x, past| x - past);
    Ok(out)
}

pub(super) fn roc_into(xs: &[f64], window: Window, out: &mut [f64]) {
    compare(xs, window, out, rate);
}

fn compare(xs: &[f64], window: Window, out: &mut [f64], change: impl Fn(f64, f64) -> f64) {
    let lead = window.bars().min(xs.len());
    out[..lead].fill(f64::NAN);
    for ((out, past), x) in out[lead..].iter_mut().zip(xs).zip(&xs[lead..]) {
        *out = finite_or_nan(change(*x, *past));
    }
}

#[inline]
fn rate(x: f64, past: f64) -> f64 {
    (x - past) / past
}
