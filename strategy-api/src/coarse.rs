//! Coarser bars of the instruments of a run: a strategy that trades hours may look at days.
//!
//! It asks for a coarser length of bars in `on_start` and reads their bars and indicators while it
//! runs. The host makes them of the run's own bars; a coarser bar is seen when it has closed, at the
//! step that closes with it or after it, never before.

use crate::{
    Columns, Resolution,
    context::Context,
    indicators::{ColumnSpec, Input},
    setup::Setup,
    strategy::StrategyError,
};

/// A coarser length of bars that the strategy has asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coarse(pub(crate) usize);

/// An indicator column of coarser bars; read it with [`Context::get_coarse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoarseCol {
    pub(crate) column: usize,
    pub(crate) bars: Coarse,
}

/// Declares indicator columns of coarser bars; from [`Setup::on`].
pub struct OnCoarse<'s, 'a> {
    setup: &'s mut Setup<'a>,
    bars: Coarse,
}

impl<'a> Setup<'a> {
    /// Asks for coarser bars. The run's own length may be asked for too, so that a strategy of hours
    /// and days also runs on days.
    ///
    /// # Errors
    /// When bars of the run do not add up to them, or when there are more than 8 lengths.
    pub fn coarser(&mut self, resolution: Resolution) -> Result<Coarse, StrategyError> {
        let own = self.resolution();
        if own != resolution && !own.fits_into(resolution) {
            let text = format!("it reads bars of {resolution}, which bars of {own} do not make up");
            return Err(text.into());
        }
        let asked = self.frame.ask(resolution.code()).map(Coarse);
        asked.ok_or_else(|| "a strategy may ask for at most 8 coarser lengths of bars".into())
    }

    /// Declares columns of coarser bars: `setup.on(days).sma(200)?`.
    pub fn on(&mut self, bars: Coarse) -> OnCoarse<'_, 'a> {
        OnCoarse { setup: self, bars }
    }
}

/// The indicators of close over one window, each under its name.
macro_rules! windows {
    ($($(#[$about:meta])* $name:ident($input:ident);)+) => { $(
        $(#[$about])*
        ///
        /// # Errors
        /// When the window is out of range.
        pub fn $name(&mut self, window: usize) -> Result<CoarseCol, StrategyError> {
            self.column(&ColumnSpec::$name(Input::$input, window)?)
        }
    )+ };
}

impl OnCoarse<'_, '_> {
    /// Declares any column.
    ///
    /// # Errors
    /// When there are more than 256 columns.
    pub fn column(&mut self, spec: &ColumnSpec) -> Result<CoarseCol, StrategyError> {
        let mut raw = spec.to_wire();
        raw.more[0] = self.bars.0 as u64 + 1;
        Ok(CoarseCol { column: self.setup.declare(raw)?.0, bars: self.bars })
    }

    /// Average true range (Wilder), in price.
    ///
    /// # Errors
    /// When the window is out of range.
    pub fn atr(&mut self, window: usize) -> Result<CoarseCol, StrategyError> {
        self.column(&ColumnSpec::atr(window)?)
    }

    windows! {
        /// Simple moving average of close over `window` bars.
        sma(Close);
        /// Exponential moving average of close over `window` bars.
        ema(Close);
        /// Linearly weighted moving average of close over `window` bars.
        wma(Close);
        /// Relative strength index of close (Wilder), 0 to 100.
        rsi(Close);
        /// Standard deviation of close over `window` bars.
        stddev(Close);
        /// Highest high of the last `window` closed bars.
        highest(High);
        /// Lowest low of the last `window` closed bars.
        lowest(Low);
        /// Distance of close from its mean over `window` bars, in standard deviations.
        zscore(Close);
        /// Change of close against `window` bars before, as a fraction.
        roc(Close);
    }
}

impl<'a> Context<'a> {
    /// The closed coarser bars of the current instrument, oldest first; the last row closed last.
    #[must_use]
    pub fn coarse(&self, bars: Coarse) -> Columns<'a> {
        self.coarse_of(bars, self.instrument())
    }

    /// The closed coarser bars of an instrument, oldest first; empty when there is no such instrument.
    #[must_use]
    pub fn coarse_of(&self, bars: Coarse, instrument: usize) -> Columns<'a> {
        self.frame.coarse(bars.0, instrument, self.step())
    }

    /// Whether a coarser bar of the current instrument has closed with this step.
    #[must_use]
    pub fn has_closed(&self, bars: Coarse) -> bool {
        let seen = |step| self.frame.coarse_seen(bars.0, self.instrument(), step);
        let before = self.step().checked_sub(1).map_or(0, seen);
        seen(self.step()) > before
    }

    /// Value of a column of coarser bars at the last closed one; NaN while it warms up.
    #[must_use]
    pub fn get_coarse(&self, column: CoarseCol) -> f64 {
        self.ago_coarse(column, 0)
    }

    /// Value of a column of coarser bars `ago` bars before the last closed one; NaN before its first value.
    #[must_use]
    pub fn ago_coarse(&self, column: CoarseCol, ago: usize) -> f64 {
        self.frame.coarse_value((column.bars.0, column.column), self.instrument(), self.step(), ago)
    }

    /// Value of a column of coarser bars of an instrument at its last closed one.
    #[must_use]
    pub fn get_coarse_of(&self, column: CoarseCol, instrument: usize) -> f64 {
        self.frame.coarse_value((column.bars.0, column.column), instrument, self.step(), 0)
    }
}
