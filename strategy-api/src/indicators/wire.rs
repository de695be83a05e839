//! A column description as it crosses the ABI.
//!
//! The codes are frozen: they may gain values at their end, never change meaning.

use super::{
    Band, ColumnSpec, IndicatorError, Input, MacdOutput, column::Kind, macd::MacdWindows,
    window::Window,
};
use crate::abi::layout::{
    COLUMN_ATR as ATR, COLUMN_BOLLINGER as BOLLINGER, COLUMN_EMA as EMA, COLUMN_HIGHEST as HIGHEST,
    COLUMN_LOWEST as LOWEST, COLUMN_MACD as MACD, COLUMN_ROC as ROC, COLUMN_RSI as RSI,
    COLUMN_SMA as SMA, COLUMN_STDDEV as STDDEV, COLUMN_WMA as WMA, COLUMN_ZSCORE as ZSCORE,
    RawColumn,
};

impl ColumnSpec {
    /// The description for the ABI. Windows come first in `params`, in the order of the constructors.
    #[must_use]
    pub fn to_wire(&self) -> RawColumn {
        let one = |window: Window| [window.count(), 0.0, 0.0, 0.0];
        let (kind, output, params) = match self.kind {
            Kind::Sma(window) => (SMA, 0, one(window)),
            Kind::Ema(window) => (EMA, 0, one(window)),
            Kind::Wma(window) => (WMA, 0, one(window)),
            Kind::Rsi(window) => (RSI, 0, one(window)),
            Kind::Atr(window) => (ATR, 0, one(window)),
            Kind::StdDev(window) => (STDDEV, 0, one(window)),
            Kind::Highest(window) => (HIGHEST, 0, one(window)),
            Kind::Lowest(window) => (LOWEST, 0, one(window)),
            Kind::ZScore(window) => (ZSCORE, 0, one(window)),
            Kind::Roc(window) => (ROC, 0, one(window)),
            Kind::Bollinger { window, width, band } => {
                (BOLLINGER, band as u32, [window.count(), width, 0.0, 0.0])
            }
            Kind::Macd { windows: MacdWindows { fast, slow, signal }, output } => {
                (MACD, output as u32, [fast.count(), slow.count(), signal.count(), 0.0])
            }
        };
        RawColumn { kind, input: self.input as u32, output, reserved: 0, params, more: [0; 2] }
    }

    /// Reads a description that came over the ABI and checks it as the constructors do.
    ///
    /// # Errors
    /// When a code is unknown or a parameter is out of range.
    pub fn from_wire(raw: &RawColumn) -> Result<Self, IndicatorError> {
        let input = coded("input", raw.input, &Input::ALL)?;
        let window = || whole("window", raw.params[0]);
        let kind = match raw.kind {
            SMA => Kind::Sma(window()?),
            EMA => Kind::Ema(window()?),
            WMA => Kind::Wma(window()?),
            RSI => Kind::Rsi(window()?),
            ATR => return Self::atr(u32::from(window()?)),
            STDDEV => Kind::StdDev(window()?),
            HIGHEST => Kind::Highest(window()?),
            LOWEST => Kind::Lowest(window()?),
            ZSCORE => Kind::ZScore(window()?),
            ROC => Kind::Roc(window()?),
            BOLLINGER => {
                let band = coded("output", raw.output, &[Band::Upper, Band::Middle, Band::Lower])?;
                return Self::bollinger(input, u32::from(window()?), raw.params[1], band);
            }
            MACD => {
                let outputs = [MacdOutput::Line, MacdOutput::Signal, MacdOutput::Histogram];
                let output = coded("output", raw.output, &outputs)?;
                let [fast, slow, signal, _] = raw.params;
                let fast = whole("fast", fast)?;
                let (slow, signal) = (whole("slow", slow)?, whole("signal", signal)?);
                let [fast, slow, signal] = [fast, slow, signal].map(u32::from);
                return Self::macd(input, fast, slow, signal, output);
            }
            code => return Err(IndicatorError::Code { name: "kind", code }),
        };
        Ok(Self { kind, input })
    }
}

/// The value of a code.
fn coded<T: Copy>(name: &'static str, code: u32, values: &[T]) -> Result<T, IndicatorError> {
    values.get(code as usize).copied().ok_or(IndicatorError::Code { name, code })
}

/// A window that crossed the ABI as a number.
fn whole(name: &'static str, bars: f64) -> Result<Window, IndicatorError> {
    // The cast saturates; what is not a whole number of bars does not survive the way back.
    #[expect(clippy::cast_possible_truncation, reason = "compared with the original below")]
    let count = bars as i64;
    #[expect(clippy::cast_precision_loss, reason = "compared with the original")]
    if count as f64 == bars {
        Window::new(name, count)
    } else {
        Err(IndicatorError::Window { name, value: bars.to_string() })
    }
}
