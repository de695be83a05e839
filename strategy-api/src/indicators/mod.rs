//! Technical indicators, each in a streaming form (a type with `update`) and a whole-column form (a
//! function over a slice).
//!
//! What they promise:
//! - both forms give the same bits;
//! - before the warm-up there is no value: `None` from a stream, NaN in a column; never a partial mean;
//! - an input that is not finite counts as missing. A windowed indicator has no value while its window holds
//!   one; a recursive one (EMA, RSI, ATR, MACD) starts anew after it. Leading NaN are thus a longer warm-up, and
//!   an indicator of an indicator just works;
//! - windowed indicators depend on their window alone: no drift, and a sub-range agrees bit for bit;
//! - doubling every input doubles (or leaves) every output exactly.
//!
//! Values agree with TA-Lib from the first bar on; each file says where pandas or others differ. A
//! [`ColumnSpec`] describes an indicator that the host shall compute for a strategy.
//!
//! What they leave to others: which bars to feed. A bar that is not final must not be fed.

mod atr;
mod bollinger;
mod column;
mod crossover;
mod ema;
mod extremes;
mod macd;
mod roc;
mod rolling;
mod rsi;
mod sma;
mod stddev;
mod window;
mod wire;
mod wma;
mod zscore;

#[cfg(test)]
mod tests;

pub use atr::{Atr, atr};
pub use bollinger::{Band, Bands, Bollinger, bollinger};
pub use column::{ColumnSpec, Input};
pub use crossover::{Cross, CrossOver, crossover};
pub use ema::{Ema, ema};
pub use extremes::{Highest, Lowest, highest, lowest};
pub use macd::{Macd, MacdOutput, MacdValue, macd};
pub use roc::{Momentum, Roc, momentum, roc};
pub use rsi::{Rsi, rsi};
pub use sma::{Sma, sma};
pub use stddev::{StdDev, stddev};
pub use window::{BarCount, IndicatorError, MAX_WINDOW};
pub use wma::{Wma, wma};
pub use zscore::{ZScore, zscore};
