//! Bars: one bar by value, and a run of bars as columns.
//!
//! An instant is UTC, nanoseconds since 1970-01-01, and a bar carries the *start* of its interval.
//! A daily (weekly, monthly) bar is keyed by midnight UTC of its session date.

use std::ops::Range;

/// One bar. Prices are in the instrument's currency, finite and above zero, `low <= open, close <= high`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Start of the interval, nanoseconds UTC since the epoch; midnight UTC of the session date for daily bars.
    pub ts: i64,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Units traded; 0 when the source gives none.
    pub volume: f64,
}

/// Bars of one instrument as borrowed columns of one length, oldest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Columns<'a> {
    /// Starts of the bars, nanoseconds UTC, strictly rising.
    pub ts: &'a [i64],
    /// First prices.
    pub open: &'a [f64],
    /// Highest prices.
    pub high: &'a [f64],
    /// Lowest prices.
    pub low: &'a [f64],
    /// Last prices.
    pub close: &'a [f64],
    /// Units traded.
    pub volume: &'a [f64],
}

impl<'a> Columns<'a> {
    /// Number of bars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ts.len()
    }

    /// Whether there is no bar.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ts.is_empty()
    }

    /// The bar of a row.
    ///
    /// # Panics
    /// When `row` is not below [`Columns::len`].
    #[must_use]
    pub fn bar(&self, row: usize) -> Bar {
        Bar {
            ts: self.ts[row],
            open: self.open[row],
            high: self.high[row],
            low: self.low[row],
            close: self.close[row],
            volume: self.volume[row],
        }
    }

    /// The bars of a range of rows.
    ///
    /// # Panics
    /// When the range reaches beyond the columns.
    #[must_use]
    pub fn slice(&self, rows: Range<usize>) -> Columns<'a> {
        Columns {
            ts: &self.ts[rows.clone()],
            open: &self.open[rows.clone()],
            high: &self.high[rows.clone()],
            low: &self.low[rows.clone()],
            close: &self.close[rows.clone()],
            volume: &self.volume[rows],
        }
    }
}
