//! Rolling standard deviation, of the population.
//!
//! The square root of the mean squared deviation from the window's mean (ddof 0), as TA-Lib `STDDEV` and
//! as John Bollinger's bands use it. pandas' `rolling(n).std()` is the sample deviation (ddof 1): larger
//! by the factor sqrt(n / (n - 1)); `rolling(n).std(ddof=0)` is this one.
//!
//! The squared deviations of two stretches are joined by the update formula of Chan, Golub and LeVeque
//! (1979), so that a large mean does not swallow a small deviation as it does in E\[x²\] - E\[x\]².

use super::{
    BarCount, IndicatorError,
    rolling::{Fold, Rolling, Sizes, defined, finite_or_nan, for_each_flat, roll},
    window::Window,
};

/// The sum of a stretch of inputs, and the sum of their squared deviations from their mean.
#[derive(Clone, Debug)]
pub(super) struct Moments;

impl Fold<2> for Moments {
    #[inline]
    fn of(x: f64) -> [f64; 2] {
        // 0, or NaN when there is no input.
        [x, x.abs() * 0.0]
    }

    #[inline]
    fn join(older: [f64; 2], newer: [f64; 2], sizes: &Sizes) -> [f64; 2] {
        let apart = older[0] * sizes.newer - newer[0] * sizes.older;
        [older[0] + newer[0], older[1] + newer[1] + apart * apart * sizes.spread]
    }

    fn columns<'a>(xs: &'a [f64], zeros: &'a [f64]) -> [&'a [f64]; 2] {
        [xs, zeros]
    }
}

/// Mean and standard deviation of a moving window, one input at a time; exact where all inputs are equal.
#[derive(Clone, Debug)]
pub(super) struct RollingMoments {
    moments: Rolling<Moments, 2>,
    count: f64,
}

impl RollingMoments {
    pub(super) fn new(window: Window) -> Self {
        Self { moments: Rolling::new(window), count: window.count() }
    }

    #[inline]
    pub(super) fn update(&mut self, x: f64) -> (f64, f64) {
        let [sum, squares] = self.moments.update(x);
        if self.moments.is_flat() {
            (x, 0.0)
        } else {
            (sum / self.count, (squares / self.count).sqrt())
        }
    }
}

/// Writes `finish(mean, standard deviation, newest input)` of each window.
pub(super) fn moments_into(
    xs: &[f64],
    window: Window,
    out: &mut [f64],
    finish: impl Fn(f64, f64, f64) -> f64 + Copy,
) {
    let count = window.count();
    roll::<Moments, 2>(xs, window, out, move |[sum, squares], x| {
        finish(sum / count, (squares / count).sqrt(), x)
    });
    for_each_flat(xs, window, |row| out[row] = finite_or_nan(finish(xs[row], 0.0, xs[row])));
}

/// Rolling population standard deviation, one input at a time.
///
/// ```
/// # use strategy_api::indicators::StdDev;
/// let mut deviation = StdDev::new(2)?;
/// assert_eq!(deviation.update(1.0), None);
/// assert_eq!(deviation.update(3.0), Some(1.0));
/// # Ok::<(), strategy_api::indicators::IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct StdDev {
    moments: RollingMoments,
}

impl StdDev {
    /// A deviation over `window` bars.
    ///
    /// # Errors
    /// When the window is not 1 to 1,000,000 bars.
    pub fn new(window: impl BarCount) -> Result<Self, IndicatorError> {
        Ok(Self { moments: RollingMoments::new(Window::new("window", window)?) })
    }

    /// Takes the next input; the deviation once the window is full of finite inputs.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<f64> {
        defined(self.moments.update(x).1)
    }
}

/// Rolling population standard deviation of a column; NaN for the first `window - 1` rows.
///
/// # Errors
/// When the window is not 1 to 1,000,000 bars.
pub fn stddev(xs: &[f64], window: impl BarCount) -> Result<Vec<f64>, IndicatorError> {
    let window = Window::new("window", window)?;
    let mut out = vec![f64::NAN; xs.len()];
    stddev_into(xs, window, &mut out);
    Ok(out)
}

pub(super) fn stddev_into(xs: &[f64], window: Window, out: &mut [f64]) {
    moments_into(xs, window, out, |_, deviation, _| deviation);
}
