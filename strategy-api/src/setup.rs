//! What a strategy declares before the first bar: indicator columns and warm-up.
//!
//! The host computes a declared column once for the whole run (and shares it between runs), so
//! reading it costs one load; the strategy still sees only values up to the current bar.

use crate::{
    Resolution,
    abi::{layout::RawColumn, raw::Frame},
    indicators::{Band, ColumnSpec, Input, MacdOutput},
    strategy::StrategyError,
    trigger::Trigger,
};

/// A declared indicator column; read it with [`Context::get`](crate::context::Context::get).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Col(pub(crate) usize);

/// Bollinger bands as columns.
#[derive(Clone, Copy, Debug)]
pub struct BollingerCols {
    /// Middle plus the width.
    pub upper: Col,
    /// The moving average.
    pub middle: Col,
    /// Middle minus the width.
    pub lower: Col,
}

/// MACD as columns.
#[derive(Clone, Copy, Debug)]
pub struct MacdCols {
    /// Fast EMA minus slow EMA.
    pub line: Col,
    /// EMA of the line.
    pub signal: Col,
    /// Line minus signal.
    pub histogram: Col,
}

/// The host as the strategy sees it in `on_start`.
pub struct Setup<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) triggers: Vec<Trigger>,
}

impl<'a> Setup<'a> {
    pub(crate) fn new(frame: Frame<'a>) -> Self {
        Self { frame, triggers: Vec::new() }
    }

    /// Number of instruments of the run.
    #[must_use]
    pub fn instruments(&self) -> usize {
        self.frame.n_series()
    }

    /// Symbol of an instrument.
    ///
    /// # Panics
    /// When there is no such instrument.
    #[must_use]
    pub fn symbol(&self, instrument: usize) -> &'a str {
        self.frame.symbol(instrument)
    }

    /// Length of the run's bars.
    #[must_use]
    pub fn resolution(&self) -> Resolution {
        Resolution::from_code(self.frame.resolution())
            .expect("a host passes a resolution of its own or an older minor version")
    }

    /// Seed of the run (`--seed`): the only source of randomness that keeps a run repeatable.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.frame.seed()
    }

    /// Says that the strategy wants `bars` closed bars before it can act, over and above what its
    /// columns need. With `--from` the host supplies them from before that date when it holds them.
    pub fn warm_up(&mut self, bars: usize) {
        self.frame.set_warm_up(bars as u64);
    }

    /// Says that `on_bar` has something to do only at bars at which one of these holds for their
    /// instrument: it is called there and nowhere else, and `on_slice` only after such a bar. The bars
    /// between are passed over much faster than they could be called for. Fills and orders are told as
    /// ever. Said several times, all of them count; without any, every bar is called for.
    ///
    /// It is a promise: `strategies check` and the tests of a plugin hold it to a run that calls
    /// `on_bar` at every bar.
    pub fn call_only_on(&mut self, triggers: impl IntoIterator<Item = Trigger>) {
        self.triggers.extend(triggers);
    }

    /// Writes a line into the log of the run.
    pub fn log(&mut self, line: &str) {
        self.frame.push_log(0, line);
    }

    /// Declares any column.
    ///
    /// # Errors
    /// When there are more than 256 columns.
    pub fn column(&mut self, spec: &ColumnSpec) -> Result<Col, StrategyError> {
        self.declare(spec.to_wire())
    }

    pub(crate) fn declare(&mut self, column: RawColumn) -> Result<Col, StrategyError> {
        self.frame
            .declare(column)
            .map(Col)
            .ok_or_else(|| "a strategy may declare at most 256 columns".into())
    }

    /// Simple moving average of close over `window` bars.
    ///
    /// # Errors
    /// When the window is out of range.
    pub fn sma(&mut self, window: usize) -> Result<Col, StrategyError> {
        self.column(&ColumnSpec::sma(Input::Close, window)?)
    }

    /// Exponential moving average of close over `window` bars.
    ///
    /// # Errors
    /// When the window is out of range.
    pub fn ema(&mut self, window: usize) -> Result<Col, StrategyError> {
        self.column(&ColumnSpec::ema(Input::Close, window)?)
    }

    /// Linearly weighted moving average of close over `window` bars.
    ///
    /// # Errors
    /// When the window is out of range.
    pub fn wma(&mut self, window: usize) -> Result<Col, StrategyError> {
        self.column(&ColumnSpec::wma(Input::Close, window)?)
    }

    /// Relative strength index of close (Wilder), 0 to 100.
    ///
    /// # Errors
    /// When the window is out of range.
    pub fn rsi(&mut self, window: usize) -> Result<Col, StrategyError> {
        self.column(&ColumnSpec::rsi(Input::Close, window)?)
    }

    /// Average true range (Wilder), in price.
    ///
    /// # Errors
    /// When the window is out of range.
    pub fn atr(&mut self, window: usize) -> Result<Col, StrategyError> {
        self.column(&ColumnSpec::atr(window)?)
    }

    /// Standard deviation of close over `window` bars.
    ///
    /// # Errors
    /// When the window is out of range.
    pub fn stddev(&mut self, window: usize) -> Result<Col, StrategyError> {
        self.column(&ColumnSpec::stddev(Input::Close, window)?)
    }

    /// Highest high of the last `window` bars, the current one included (Donchian).
    ///
    /// # Errors
    /// When the window is out of range.
    pub fn highest(&mut self, window: usize) -> Result<Col, StrategyError> {
        self.column(&ColumnSpec::highest(Input::High, window)?)
    }

    /// Lowest low of the last `window` bars, the current one included (Donchian).
    ///
    /// # Errors
    /// When the window is out of range.
    pub fn lowest(&mut self, window: usize) -> Result<Col, StrategyError> {
        self.column(&ColumnSpec::lowest(Input::Low, window)?)
    }

    /// Distance of close from its mean over `window` bars, in standard deviations.
    ///
    /// # Errors
    /// When the window is out of range.
    pub fn zscore(&mut self, window: usize) -> Result<Col, StrategyError> {
        self.column(&ColumnSpec::zscore(Input::Close, window)?)
    }

    /// Change of close against `window` bars before, as a fraction.
    ///
    /// # Errors
    /// When the window is out of range.
    pub fn roc(&mut self, window: usize) -> Result<Col, StrategyError> {
        self.column(&ColumnSpec::roc(Input::Close, window)?)
    }

    /// Bollinger bands of close: `width` standard deviations around the average of `window` bars.
    ///
    /// # Errors
    /// When the window or the width is out of range.
    pub fn bollinger(&mut self, window: usize, width: f64) -> Result<BollingerCols, StrategyError> {
        let mut band =
            |band| self.column(&ColumnSpec::bollinger(Input::Close, window, width, band)?);
        Ok(BollingerCols {
            upper: band(Band::Upper)?,
            middle: band(Band::Middle)?,
            lower: band(Band::Lower)?,
        })
    }

    /// MACD of close.
    ///
    /// # Errors
    /// When a window is out of range or `fast` is not below `slow`.
    pub fn macd(
        &mut self,
        fast: usize,
        slow: usize,
        signal: usize,
    ) -> Result<MacdCols, StrategyError> {
        let mut output =
            |output| self.column(&ColumnSpec::macd(Input::Close, fast, slow, signal, output)?);
        Ok(MacdCols {
            line: output(MacdOutput::Line)?,
            signal: output(MacdOutput::Signal)?,
            histogram: output(MacdOutput::Histogram)?,
        })
    }
}
