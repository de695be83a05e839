//! Rolling z-score: how many standard deviations the newest input lies from the mean of its window.
//!
//! With the population deviation (ddof 0), as scipy's `zscore`; the window holds the newest input itself.

use super::{
    BarCount, IndicatorError,
    rolling::defined,
    stddev::{RollingMoments, moments_into},
    window::Window,
};

/// Rolling z-score, one input at a time.
///
/// ```
/// # use strategy_api::indicators::ZScore;
/// let mut score = ZScore::new(2)?;
/// assert_eq!(score.update(1.0), None);
/// assert_eq!(score.update(3.0), Some(1.0)); // mean 2, deviation 1
/// assert_eq!(score.update(3.0), None); // nothing varies: no score
/// # Ok::<(), strategy_api::indicators::IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ZScore {
    moments: RollingMoments,
}

impl ZScore {
    /// A score over `window` bars.
    ///
    /// # Errors
    /// When the window is not 1 to 1,000,000 bars.
    pub fn new(window: impl BarCount) -> Result<Self, IndicatorError> {
        Ok(Self { moments: RollingMoments::new(Window::new("window", window)?) })
    }

    /// Takes the next input; the score once the window is full and its inputs are not all equal.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        let (mean, deviation) = self.moments.update(x);
        defined(score(mean, deviation, x))
    }
}

/// Rolling z-score of a column; NaN for the first `window - 1` rows and where nothing varies.
///
/// # Errors
/// When the window is not 1 to 1,000,000 bars.
pub fn zscore(xs: &[f64], window: impl BarCount) -> Result<Vec<f64>, IndicatorError> {
    let window = Window::new("window", window)?;
    let mut out = vec![f64::NAN; xs.len()];
    zscore_into(xs, window, &mut out);
    Ok(out)
}

pub(super) fn zscore_into(xs: &[f64], window: Window, out: &mut [f64]) {
    moments_into(xs, window, out, score);
}

#[inline]
fn score(mean: f64, deviation: f64, x: f64) -> f64 {
    (x - mean) / deviation
}
