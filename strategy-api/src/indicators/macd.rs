//! Moving average convergence/divergence (Gerald Appel): the difference of a fast and a slow exponential
//! average (the line), the line's own exponential average (the signal), and their difference (the
//! histogram).
//!
//! As TA-Lib `MACD`, both averages start on the same bar, the slow one's first: the fast one as the mean of
//! its last inputs up to there. The line has its first value there, at bar `slow`; signal and histogram
//! begin `signal - 1` bars later. (TA-Lib hides the line until the signal is there; pandas recipes start
//! every average with the first input and differ from both for some hundred bars.)

use super::{BarCount, IndicatorError, ema::Smoothing, rolling::defined, window::Window};

/// One of the three outputs; the position is the output code of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacdOutput {
    /// Fast average minus slow average.
    Line,
    /// Exponential average of the line.
    Signal,
    /// Line minus signal.
    Histogram,
}

/// The values at one bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MacdValue {
    /// Fast average minus slow average.
    pub line: f64,
    /// Exponential average of the line, once there are enough lines.
    pub signal: Option<f64>,
    /// Line minus signal.
    pub histogram: Option<f64>,
}

/// The checked windows of a MACD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MacdWindows {
    pub(crate) fast: Window,
    pub(crate) slow: Window,
    pub(crate) signal: Window,
}

impl MacdWindows {
    pub(crate) fn new(
        fast: impl BarCount,
        slow: impl BarCount,
        signal: impl BarCount,
    ) -> Result<Self, IndicatorError> {
        let (fast, slow) = (Window::new("fast", fast)?, Window::new("slow", slow)?);
        if fast.bars() >= slow.bars() {
            return Err(IndicatorError::FastNotBelowSlow { fast: fast.into(), slow: slow.into() });
        }
        Ok(Self { fast, slow, signal: Window::new("signal", signal)? })
    }
}

/// Moving average convergence/divergence, one input at a time.
///
/// ```
/// # use strategy_api::indicators::Macd;
/// let mut macd = Macd::new(1, 3, 2)?;
/// assert_eq!(macd.update(1.0), None);
/// assert_eq!(macd.update(2.0), None);
/// let first = macd.update(6.0).unwrap();
/// assert_eq!((first.line, first.signal), (6.0 - 3.0, None));
/// let second = macd.update(5.0).unwrap();
/// assert_eq!((second.line, second.signal), (5.0 - 4.0, Some(2.0)));
/// # Ok::<(), strategy_api::indicators::IndicatorError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Macd {
    fast: Smoothing,
    slow: Smoothing,
    signal: Smoothing,
    /// Inputs that the fast average leaves out, so that both averages start on the same bar.
    ahead: usize,
    left_out: usize,
}

impl Macd {
    /// A MACD of the given windows, in bars (Appel: 12, 26 and 9).
    ///
    /// # Errors
    /// When a window is not 1 to 1,000,000 bars or `fast` is not below `slow`.
    pub fn new(
        fast: impl BarCount,
        slow: impl BarCount,
        signal: impl BarCount,
    ) -> Result<Self, IndicatorError> {
        Ok(Self::of(MacdWindows::new(fast, slow, signal)?))
    }

    #[inline]
    fn of(windows: MacdWindows) -> Self {
        Self {
            fast: Smoothing::exponential(windows.fast),
            slow: Smoothing::exponential(windows.slow),
            signal: Smoothing::exponential(windows.signal),
            ahead: windows.slow.bars() - windows.fast.bars(),
            left_out: 0,
        }
    }

    /// Takes the next input; the line from the `slow`-th finite input on.
    #[inline]
    pub fn update(&mut self, x: f64) -> Option<MacdValue> {
        if !x.is_finite() {
            self.restart();
            return None;
        }
        let slow = self.slow.update(x);
        if self.left_out < self.ahead {
            self.left_out += 1;
            return None;
        }
        let fast = self.fast.update(x);
        let line = defined(fast? - slow?)?;
        let signal = self.signal.update(line);
        Some(MacdValue { line, signal, histogram: signal.map(|signal| line - signal) })
    }

    fn restart(&mut self) {
        self.fast.restart();
        self.slow.restart();
        self.signal.restart();
        self.left_out = 0;
    }
}

/// One output of the MACD of a column; NaN for the first `slow - 1` rows (line) or the first
/// `slow + signal - 2` rows (signal, histogram).
///
/// # Errors
/// When a window is not 1 to 1,000,000 bars or `fast` is not below `slow`.
pub fn macd(
    xs: &[f64],
    fast: impl BarCount,
    slow: impl BarCount,
    signal: impl BarCount,
    output: MacdOutput,
) -> Result<Vec<f64>, IndicatorError> {
    let windows = MacdWindows::new(fast, slow, signal)?;
    let mut out = vec![f64::NAN; xs.len()];
    macd_into(xs, windows, output, &mut out);
    Ok(out)
}

pub(super) fn macd_into(xs: &[f64], windows: MacdWindows, output: MacdOutput, out: &mut [f64]) {
    let mut macd = Macd::of(windows);
    for (out, x) in out.iter_mut().zip(xs) {
        let value = macd.update(*x).and_then(|value| match output {
            MacdOutput::Line => Some(value.line),
            MacdOutput::Signal => value.signal,
            MacdOutput::Histogram => value.histogram,
        });
        *out = value.unwrap_or(f64::NAN);
    }
}
