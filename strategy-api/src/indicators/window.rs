//! The length of an indicator's window, checked once at the door.

use std::fmt;

use crate::strategy::StrategyError;

/// Longest window of an indicator, in bars.
pub const MAX_WINDOW: u32 = 1_000_000;

/// A window length between 1 and [`MAX_WINDOW`] bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Window(u32);

/// Any integer that may be offered as a number of bars: `20`, an `i64` parameter, a `usize`.
pub trait BarCount: Copy + fmt::Display + TryInto<u32> {}

impl<T: Copy + fmt::Display + TryInto<u32>> BarCount for T {}

/// Why an indicator cannot be made from its parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum IndicatorError {
    /// A window is not within 1 to [`MAX_WINDOW`] bars.
    Window {
        /// What the window is called: `window`, `fast`, `signal`.
        name: &'static str,
        /// What was asked for.
        value: String,
    },
    /// The fast window of a MACD is not shorter than the slow one.
    FastNotBelowSlow {
        /// Fast window, bars.
        fast: u32,
        /// Slow window, bars.
        slow: u32,
    },
    /// The width of the Bollinger bands is not a finite number above zero.
    Width(f64),
    /// A description that crossed the ABI carries a code that does not exist.
    Code {
        /// What the code stands for: `kind`, `input`, `output`.
        name: &'static str,
        /// The code.
        code: u32,
    },
}

impl fmt::Display for IndicatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Window { name, value } => {
                write!(f, "{name} is {value}; an indicator window is 1 to {MAX_WINDOW} bars")
            }
            Self::FastNotBelowSlow { fast, slow } => {
                write!(f, "fast is {fast} and slow is {slow}; fast must be below slow")
            }
            Self::Width(width) => {
                write!(f, "width is {width}; it must be a finite number above 0")
            }
            Self::Code { name, code } => write!(f, "no indicator {name} has the code {code}"),
        }
    }
}

impl std::error::Error for IndicatorError {}

impl From<IndicatorError> for StrategyError {
    fn from(error: IndicatorError) -> Self {
        error.to_string().into()
    }
}

impl Window {
    /// Checks a number of bars; `name` is what the error calls it.
    pub(crate) fn new(name: &'static str, bars: impl BarCount) -> Result<Self, IndicatorError> {
        match bars.try_into() {
            Ok(count) if (1..=MAX_WINDOW).contains(&count) => Ok(Self(count)),
            _ => Err(IndicatorError::Window { name, value: bars.to_string() }),
        }
    }

    /// The number of bars.
    pub(crate) fn bars(self) -> usize {
        self.0 as usize
    }

    /// The number of bars as a number to calculate with, exactly.
    pub(crate) fn count(self) -> f64 {
        f64::from(self.0)
    }
}

impl From<Window> for u32 {
    fn from(window: Window) -> Self {
        window.0
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_one_to_a_million_bars_of_any_integer_type() {
        assert_eq!(Window::new("window", 1_i64).unwrap().bars(), 1);
        assert_eq!(Window::new("window", 1_000_000_usize).unwrap().bars(), 1_000_000);
        for bad in [0, -3, 1_000_001, i64::MAX] {
            let error = Window::new("fast", bad).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("fast is {bad}; an indicator window is 1 to 1000000 bars")
            );
        }
    }
}
