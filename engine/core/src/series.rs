//! A series: the bars of one instrument at one resolution, sorted, unique and finite by construction.

use strategy_api::{Bar, Columns};

/// Owned columns of bars, oldest first. Its only constructors check every bar, so whoever holds a
/// `Series` need not check again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    ts: Vec<i64>,
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
    volume: Vec<f64>,
}

/// Why a bar cannot join a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BarFault {
    /// A price is NaN or infinite.
    #[error("a price is not a finite number")]
    NotFinite,
    /// A price is zero or negative.
    #[error("a price is not above zero")]
    NotPositive,
    /// The low is above another price.
    #[error("low is above open, close or high")]
    LowAbove,
    /// The high is below another price.
    #[error("high is below open or close")]
    HighBelow,
    /// The volume is negative or not finite.
    #[error("volume is negative or not finite")]
    BadVolume,
}

/// A bar that breaks the promise of a series.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SeriesError {
    /// The bar itself is impossible.
    #[error("bar {row}: {fault}")]
    Bar {
        /// Row of the bar.
        row: usize,
        /// What is wrong with it.
        fault: BarFault,
    },
    /// The bar does not come after the one before it.
    #[error("bar {row}: not later than the bar before it")]
    Unsorted {
        /// Row of the bar.
        row: usize,
    },
    /// The columns differ in length.
    #[error("the columns differ in length")]
    Ragged,
}

/// Checks one bar by the rules of a valid bar.
///
/// # Errors
/// The first rule that the bar breaks.
pub fn check_bar(bar: &Bar) -> Result<(), BarFault> {
    let prices = [bar.open, bar.high, bar.low, bar.close];
    if !prices.iter().all(|price| price.is_finite()) {
        return Err(BarFault::NotFinite);
    }
    if prices.iter().any(|price| *price <= 0.0) {
        return Err(BarFault::NotPositive);
    }
    if bar.low > bar.open || bar.low > bar.close || bar.low > bar.high {
        return Err(BarFault::LowAbove);
    }
    if bar.high < bar.open || bar.high < bar.close {
        return Err(BarFault::HighBelow);
    }
    if !bar.volume.is_finite() || bar.volume < 0.0 {
        return Err(BarFault::BadVolume);
    }
    Ok(())
}

impl Series {
    /// An empty series with room for `bars`.
    #[must_use]
    pub fn with_capacity(bars: usize) -> Self {
        Self {
            ts: Vec::with_capacity(bars),
            open: Vec::with_capacity(bars),
            high: Vec::with_capacity(bars),
            low: Vec::with_capacity(bars),
            close: Vec::with_capacity(bars),
            volume: Vec::with_capacity(bars),
        }
    }

    /// Appends a bar.
    ///
    /// # Errors
    /// When the bar is impossible or not later than the last one; the series is unchanged then.
    pub fn push(&mut self, bar: &Bar) -> Result<(), SeriesError> {
        let row = self.len();
        check_bar(bar).map_err(|fault| SeriesError::Bar { row, fault })?;
        if self.ts.last().is_some_and(|last| bar.ts <= *last) {
            return Err(SeriesError::Unsorted { row });
        }
        self.ts.push(bar.ts);
        self.open.push(bar.open);
        self.high.push(bar.high);
        self.low.push(bar.low);
        self.close.push(bar.close);
        self.volume.push(bar.volume);
        Ok(())
    }

    /// A series of the given bars.
    ///
    /// # Errors
    /// The first bar that is impossible or out of order.
    pub fn from_bars<'a>(bars: impl IntoIterator<Item = &'a Bar>) -> Result<Self, SeriesError> {
        let mut series = Self::default();
        for bar in bars {
            series.push(bar)?;
        }
        Ok(series)
    }

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

    /// The columns, borrowed.
    #[must_use]
    pub fn columns(&self) -> Columns<'_> {
        Columns {
            ts: &self.ts,
            open: &self.open,
            high: &self.high,
            low: &self.low,
            close: &self.close,
            volume: &self.volume,
        }
    }
}

/// Checks borrowed columns by the same rules as [`Series::push`].
///
/// # Errors
/// The first bar that breaks a rule.
pub fn check_columns(columns: &Columns<'_>) -> Result<(), SeriesError> {
    let rows = columns.len();
    let lengths = [
        columns.open.len(),
        columns.high.len(),
        columns.low.len(),
        columns.close.len(),
        columns.volume.len(),
    ];
    if lengths.iter().any(|length| *length != rows) {
        return Err(SeriesError::Ragged);
    }
    for row in 0..rows {
        check_bar(&columns.bar(row)).map_err(|fault| SeriesError::Bar { row, fault })?;
        if row > 0 && columns.ts[row] <= columns.ts[row - 1] {
            return Err(SeriesError::Unsorted { row });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(ts: i64, open: f64, high: f64, low: f64, close: f64) -> Bar {
        Bar { ts, open, high, low, close, volume: 1.0 }
    }

    #[test]
    fn a_series_refuses_impossible_and_unordered_bars_and_stays_as_it_was() {
        let mut series = Series::from_bars(&[bar(1, 2.0, 3.0, 1.0, 2.5)]).unwrap();
        let cases = [
            (bar(2, f64::NAN, 3.0, 1.0, 2.0), BarFault::NotFinite),
            (bar(2, 2.0, f64::INFINITY, 1.0, 2.0), BarFault::NotFinite),
            (bar(2, 0.0, 3.0, 0.0, 2.0), BarFault::NotPositive),
            (bar(2, 2.0, 3.0, 2.2, 2.5), BarFault::LowAbove),
            (bar(2, 2.0, 2.4, 1.0, 2.5), BarFault::HighBelow),
            (Bar { volume: -1.0, ..bar(2, 2.0, 3.0, 1.0, 2.0) }, BarFault::BadVolume),
        ];
        for (bad, fault) in cases {
            assert_eq!(series.push(&bad), Err(SeriesError::Bar { row: 1, fault }));
        }
        assert_eq!(series.push(&bar(1, 2.0, 3.0, 1.0, 2.0)), Err(SeriesError::Unsorted { row: 1 }));
        assert_eq!(series.len(), 1);
        assert_eq!(check_columns(&series.columns()), Ok(()));
    }
}
