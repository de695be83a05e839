//! A description of an indicator column that the host computes for a strategy.
//!
//! A [`ColumnSpec`] is valid by construction: it knows how to compute itself, how long it warms up, what it is
//! called in a legend and whether it belongs on the price scale. Equal specs give equal columns, so a host
//! computes each only once.

use std::fmt;

use super::{
    Band, BarCount, IndicatorError, MacdOutput,
    atr::atr_into,
    bollinger::{bollinger_into, checked_width},
    ema::ema_into,
    extremes::{highest_into, lowest_into},
    macd::{MacdWindows, macd_into},
    roc::roc_into,
    rsi::rsi_into,
    sma::sma_into,
    stddev::stddev_into,
    window::Window,
    wma::wma_into,
    zscore::zscore_into,
};
use crate::Columns;

/// The column of the bars that an indicator reads; the position is the wire code of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// First price.
    Open,
    /// Highest price.
    High,
    /// Lowest price.
    Low,
    /// Last price.
    Close,
    /// Units traded.
    Volume,
}

impl Input {
    /// Every input, in the order of the wire codes.
    pub const ALL: [Input; 5] = [Self::Open, Self::High, Self::Low, Self::Close, Self::Volume];

    /// `open`, `high`, `low`, `close` or `volume`.
    #[must_use]
    pub fn name(self) -> &'static str {
        ["open", "high", "low", "close", "volume"][self as usize]
    }

    /// The column of this name.
    #[must_use]
    pub fn of<'a>(self, bars: &Columns<'a>) -> &'a [f64] {
        match self {
            Self::Open => bars.open,
            Self::High => bars.high,
            Self::Low => bars.low,
            Self::Close => bars.close,
            Self::Volume => bars.volume,
        }
    }
}

/// The indicator and its checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Sma(Window),
    Ema(Window),
    Wma(Window),
    Rsi(Window),
    Atr(Window),
    StdDev(Window),
    Bollinger { window: Window, width: f64, band: Band },
    Macd { windows: MacdWindows, output: MacdOutput },
    Highest(Window),
    Lowest(Window),
    ZScore(Window),
    Roc(Window),
}

/// An indicator column: which indicator, of which input, with which parameters, and which of its outputs.
///
/// ```
/// # use strategy_api::{Columns, indicators::{ColumnSpec, Input}};
/// let spec = ColumnSpec::sma(Input::Close, 2)?;
/// let close = [1.0, 3.0, 5.0];
/// let bars = Columns { ts: &[1, 2, 3], close: &close, ..Columns::default() };
/// let values = spec.compute(&bars);
/// assert!(values[0].is_nan());
/// assert_eq!(values[1..], [2.0, 4.0]);
/// assert_eq!((spec.label(), spec.warm_up()), ("SMA(2)".to_string(), 1));
/// # Ok::<(), strategy_api::indicators::IndicatorError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnSpec {
    pub(super) kind: Kind,
    pub(super) input: Input,
}

macro_rules! of_one_window {
    ($($(#[$doc:meta])* $name:ident = $kind:ident;)*) => { $(
        $(#[$doc])*
        ///
        /// # Errors
        /// When the window is not 1 to 1,000,000 bars.
        pub fn $name(input: Input, window: impl BarCount) -> Result<Self, IndicatorError> {
            Ok(Self { kind: Kind::$kind(Window::new("window", window)?), input })
        }
    )* };
}

impl ColumnSpec {
    of_one_window! {
        /// [Simple moving average](super::Sma).
        sma = Sma;
        /// [Exponential moving average](super::Ema).
        ema = Ema;
        /// [Weighted moving average](super::Wma).
        wma = Wma;
        /// [Relative strength index](super::Rsi).
        rsi = Rsi;
        /// [Population standard deviation](super::StdDev).
        stddev = StdDev;
        /// [Highest](super::Highest) of the window, the newest bar included.
        highest = Highest;
        /// [Lowest](super::Lowest) of the window, the newest bar included.
        lowest = Lowest;
        /// [Z-score](super::ZScore).
        zscore = ZScore;
        /// [Rate of change](super::Roc) as a fraction.
        roc = Roc;
    }

    /// [Average true range](super::Atr), of high, low and close.
    ///
    /// # Errors
    /// When the window is not 1 to 1,000,000 bars.
    pub fn atr(window: impl BarCount) -> Result<Self, IndicatorError> {
        Ok(Self { kind: Kind::Atr(Window::new("window", window)?), input: Input::Close })
    }

    /// One of the [Bollinger bands](super::Bollinger).
    ///
    /// # Errors
    /// When the window is not 1 to 1,000,000 bars or the width is not a finite number above 0.
    pub fn bollinger(
        input: Input,
        window: impl BarCount,
        width: f64,
        band: Band,
    ) -> Result<Self, IndicatorError> {
        let window = Window::new("window", window)?;
        Ok(Self { kind: Kind::Bollinger { window, width: checked_width(width)?, band }, input })
    }

    /// One output of a [MACD](super::Macd).
    ///
    /// # Errors
    /// When a window is not 1 to 1,000,000 bars or `fast` is not below `slow`.
    pub fn macd(
        input: Input,
        fast: impl BarCount,
        slow: impl BarCount,
        signal: impl BarCount,
        output: MacdOutput,
    ) -> Result<Self, IndicatorError> {
        let windows = MacdWindows::new(fast, slow, signal)?;
        Ok(Self { kind: Kind::Macd { windows, output }, input })
    }

    /// The column of the indicator read; `Close` for the average true range, which reads three.
    #[must_use]
    pub fn input(&self) -> Input {
        self.input
    }

    /// The values, one a bar; NaN where there is none.
    #[must_use]
    pub fn compute(&self, bars: &Columns<'_>) -> Vec<f64> {
        // Zeros come from the system as they are; each is written over.
        let mut out = vec![0.0; self.input.of(bars).len()];
        self.compute_into(bars, &mut out);
        out
    }

    /// Writes the values into `out`, one a bar; NaN where there is none.
    ///
    /// # Panics
    /// When `out` is not as long as the bars.
    pub fn compute_into(&self, bars: &Columns<'_>, out: &mut [f64]) {
        let xs = self.input.of(bars);
        assert_eq!(out.len(), xs.len(), "an indicator column is as long as its input");
        match self.kind {
            Kind::Sma(window) => sma_into(xs, window, out),
            Kind::Ema(window) => ema_into(xs, window, out),
            Kind::Wma(window) => wma_into(xs, window, out),
            Kind::Rsi(window) => rsi_into(xs, window, out),
            Kind::Atr(window) => atr_into(bars.high, bars.low, bars.close, window, out),
            Kind::StdDev(window) => stddev_into(xs, window, out),
            Kind::Bollinger { window, width, band } => bollinger_into(xs, window, width, band, out),
            Kind::Macd { windows, output } => macd_into(xs, windows, output, out),
            Kind::Highest(window) => highest_into(xs, window, out),
            Kind::Lowest(window) => lowest_into(xs, window, out),
            Kind::ZScore(window) => zscore_into(xs, window, out),
            Kind::Roc(window) => roc_into(xs, window, out),
        }
    }

    /// Bars before the first value: 19 for SMA(20), 14 for RSI(14).
    #[must_use]
    pub fn warm_up(&self) -> usize {
        match self.kind {
            Kind::Sma(window)
            | Kind::Ema(window)
            | Kind::Wma(window)
            | Kind::StdDev(window)
            | Kind::Bollinger { window, .. }
            | Kind::Highest(window)
            | Kind::Lowest(window)
            | Kind::ZScore(window) => window.bars() - 1,
            Kind::Rsi(window) | Kind::Atr(window) | Kind::Roc(window) => window.bars(),
            Kind::Macd { windows, output: MacdOutput::Line } => windows.slow.bars() - 1,
            Kind::Macd { windows, .. } => windows.slow.bars() + windows.signal.bars() - 2,
        }
    }

    /// The name for a legend: `SMA(20)`, `BB(20,2) upper`, `SMA(20) of volume`.
    #[must_use]
    pub fn label(&self) -> String {
        self.to_string()
    }

    /// Whether the values are prices, to be drawn over the bars rather than in a pane of their own.
    #[must_use]
    pub fn on_price_scale(&self) -> bool {
        let follows_input = matches!(
            self.kind,
            Kind::Sma(_)
                | Kind::Ema(_)
                | Kind::Wma(_)
                | Kind::Bollinger { .. }
                | Kind::Highest(_)
                | Kind::Lowest(_)
        );
        follows_input && self.input != Input::Volume
    }

    /// The input that goes without saying.
    fn usual_input(&self) -> Input {
        match self.kind {
            Kind::Highest(_) => Input::High,
            Kind::Lowest(_) => Input::Low,
            _ => Input::Close,
        }
    }
}

impl fmt::Display for ColumnSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Sma(window) => write!(f, "SMA({window})"),
            Kind::Ema(window) => write!(f, "EMA({window})"),
            Kind::Wma(window) => write!(f, "WMA({window})"),
            Kind::Rsi(window) => write!(f, "RSI({window})"),
            Kind::Atr(window) => write!(f, "ATR({window})"),
            Kind::StdDev(window) => write!(f, "StdDev({window})"),
            Kind::Highest(window) => write!(f, "Highest({window})"),
            Kind::Lowest(window) => write!(f, "Lowest({window})"),
            Kind::ZScore(window) => write!(f, "Z({window})"),
            Kind::Roc(window) => write!(f, "ROC({window})"),
            Kind::Bollinger { window, width, band } => {
                let band = match band {
                    Band::Upper => "upper",
                    Band::Middle => "middle",
                    Band::Lower => "lower",
                };
                write!(f, "BB({window},{width}) {band}")
            }
            Kind::Macd { windows: MacdWindows { fast, slow, signal }, output } => {
                let output = match output {
                    MacdOutput::Line => "line",
                    MacdOutput::Signal => "signal",
                    MacdOutput::Histogram => "histogram",
                };
                write!(f, "MACD({fast},{slow},{signal}) {output}")
            }
        }?;
        if self.input == self.usual_input() {
            return Ok(());
        }
        write!(f, " of {}", self.input.name())
    }
}
