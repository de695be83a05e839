//! Bollinger bands: the simple moving average, and as many population standard deviations above and
//! below it; as TA-Lib `BBANDS` with its default (simple) average.

use super::{
    BarCount, IndicatorError,
    rolling::defined,
    sma::sma_into,
    stddev::{RollingMoments, moments_into},
    window::Window,
};

/// One of the three Bollinger bands; the position is the output code of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Band {
    /// Average plus width times deviation.
    Upper,
    /// The simple moving average.
    Middle,
    /// Average minus width times deviation.
    Lower,
}

/// The bands at one bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bands {
    /// Average plus width times deviation.
    pub upper: f64,
    /// The simple moving average.
    pub middle: f64,
    /// Average minus width times deviation.
    pub lower: f64,
}

/// Bollinger bands, one input at a time.
///
/// ```
/// # use strategy_api::indicators::{Bands, Bollinger};
/// let mut bollinger = Bollinger::new(2, 2.0)?;
/// assert_eq!(bollinger.update(1.0), None);
/// assert_eq!(bollinger.update(3.0), Some(Bands { upper: 4.0, middle: 2.0, lower: 0.0 }));
/// # Ok::<(), strategy_api::indicators::IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bollinger {
    moments: RollingMoments,
    width: f64,
}

impl Bollinger {
    /// Bands over `window` bars, `width` standard deviations from the average (Bollinger: 20 and 2).
    ///
    /// # Errors
    /// When the window is not 1 to 1,000,000 bars or the width is not a finite number above 0.
    pub fn new(window: impl BarCount, width: f64) -> Result<Self, IndicatorError> {
        let window = Window::new("window", window)?;
        Ok(Self { moments: RollingMoments::new(window), width: checked_width(width)? })
    }

    /// Takes the next input; the bands once the window is full of finite inputs.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<Bands> {
        let (mean, deviation) = self.moments.update(x);
        let distance = self.width * deviation;
        let (upper, lower) = (defined(mean + distance)?, defined(mean - distance)?);
        Some(Bands { upper, middle: mean, lower })
    }
}

/// One Bollinger band of a column; NaN for the first `window - 1` rows.
///
/// # Errors
/// When the window is not 1 to 1,000,000 bars or the width is not a finite number above 0.
pub fn bollinger(
    xs: &[f64],
    window: impl BarCount,
    width: f64,
    band: Band,
) -> Result<Vec<f64>, IndicatorError> {
    let window = Window::new("window", window)?;
    let width = checked_width(width)?;
    let mut out = vec![f64::NAN; xs.len()];
    bollinger_into(xs, window, width, band, &mut out);
    Ok(out)
}

pub(super) fn bollinger_into(xs: &[f64], window: Window, width: f64, band: Band, out: &mut [f64]) {
    // One loop a band, rather than a choice in every row.
    match band {
        Band::Upper => moments_into(xs, window, out, move |mean, by, _| mean + width * by),
        Band::Middle => sma_into(xs, window, out),
        Band::Lower => moments_into(xs, window, out, move |mean, by, _| mean - width * by),
    }
}

pub(super) fn checked_width(width: f64) -> Result<f64, IndicatorError> {
    if width.is_finite() && width > 0.0 { Ok(width) } else { Err(IndicatorError::Width(width)) }
}
