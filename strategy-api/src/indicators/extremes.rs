//! Highest and lowest input of a window, the two lines of a Donchian channel.
//!
//! The window holds the newest bar itself, as TA-Lib `MAX` and `MIN`. A breakout *of the previous n bars*
//! therefore compares with the value of one bar ago.

use super::{
    BarCount, IndicatorError,
    rolling::{Fold, Rolling, Sizes, defined, roll},
    window::Window,
};

/// The largest of a stretch of inputs; NaN when one of them is.
#[derive(Clone, Debug)]
pub(super) struct Max;

/// The smallest of a stretch of inputs; NaN when one of them is.
#[derive(Clone, Debug)]
pub(super) struct Min;

impl Fold<1> for Max {
    #[inline]
    fn of(x: f64) -> [f64; 1] {
        [x]
    }

    #[inline]
    fn join([older]: [f64; 1], [newer]: [f64; 1], _: &Sizes) -> [f64; 1] {
        // A comparison passes over a missing older part, and a window with a hole would look whole: the
        // product is 0, or NaN when it is missing.
        [if older > newer { older } else { newer } + older * 0.0]
    }

    fn columns<'a>(xs: &'a [f64], _: &'a [f64]) -> [&'a [f64]; 1] {
        [xs]
    }
}

impl Fold<1> for Min {
    #[inline]
    fn of(x: f64) -> [f64; 1] {
        [x]
    }

    #[inline]
    fn join([older]: [f64; 1], [newer]: [f64; 1], _: &Sizes) -> [f64; 1] {
        [if older < newer { older } else { newer } + older * 0.0]
    }

    fn columns<'a>(xs: &'a [f64], _: &'a [f64]) -> [&'a [f64]; 1] {
        [xs]
    }
}

/// Highest input of a moving window, one input at a time.
///
/// ```
/// # use strategy_api::indicators::Highest;
/// let mut highest = Highest::new(2)?;
/// assert_eq!(highest.update(5.0), None);
/// assert_eq!(highest.update(3.0), Some(5.0));
/// assert_eq!(highest.update(4.0), Some(4.0));
/// # Ok::<(), strategy_api::indicators::IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Highest(Rolling<Max, 1>);

impl Highest {
    /// The highest of `window` bars.
    ///
    /// # Errors
    /// When the window is not 1 to 1,000,000 bars.
    pub fn new(window: impl BarCount) -> Result<Self, IndicatorError> {
        Ok(Self(Rolling::new(Window::new("window", window)?)))
    }

    /// Takes the next input; the highest once the window is full of finite inputs.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        defined(self.0.update(x)[0])
    }
}

/// Lowest input of a moving window, one input at a time.
///
/// ```
/// # use strategy_api::indicators::Lowest;
/// let mut lowest = Lowest::new(2)?;
/// assert_eq!(lowest.update(5.0), None);
/// assert_eq!(lowest.update(3.0), Some(3.0));
/// # Ok::<(), strategy_api::indicators::IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Lowest(Rolling<Min, 1>);

impl Lowest {
    /// The lowest of `window` bars.
    ///
    /// # Errors
    /// When the window is not 1 to 1,000,000 bars.
    pub fn new(window: impl BarCount) -> Result<Self, IndicatorError> {
        Ok(Self(Rolling::new(Window::new("window", window)?)))
    }

    /// Takes the next input; the lowest once the window is full of finite inputs.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        defined(self.0.update(x)[0])
    }
}

/// Highest input of each window of a column; NaN for the first `window - 1` rows.
///
/// # Errors
/// When the window is not 1 to 1,000,000 bars.
pub fn highest(xs: &[f64], window: impl BarCount) -> Result<Vec<f64>, IndicatorError> {
    let window = Window::new("window", window)?;
    let mut out = vec![f64::NAN; xs.len()];
    highest_into(xs, window, &mut out);
    Ok(out)
}

/// Lowest input of each window of a column; NaN for the first `window - 1` rows.
///
/// # Errors
/// When the window is not 1 to 1,000,000 bars.
pub fn lowest(xs: &[f64], window: impl BarCount) -> Result<Vec<f64>, IndicatorError> {
    let window = Window::new("window", window)?;
    let mut out = vec![f64::NAN; xs.len()];
    lowest_into(xs, window, &mut out);
    Ok(out)
}

pub(super) fn highest_into(xs: &[f64], window: Window, out: &mut [f64]) {
    roll::<Max, 1>(xs, window, out, |[highest], _| highest);
}

pub(super) fn lowest_into(xs: &[f64], window: Window, out: &mut [f64]) {
    roll::<Min, 1>(xs, window, out, |[lowest], _| lowest);
}
