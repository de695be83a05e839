//! What is derived from a bar on ingestion: MA20, MA50 and the all-time high.
//!
//! Streaming: a bar costs a constant amount of work per indicator. The values depend on the final bars
//! of the series alone, bit for bit, not on the ingestions in which they came: the means are exact (see
//! `mean`) and a maximum is exact anyway. So the state can be rebuilt from the last 49 closes and the
//! last high mark, and any back-fill leads to the same rows as a fresh computation. Which rows to feed,
//! and in which order, is the business of `merge`.

mod mean;

use crate::store::BarRow;
use mean::RollingMean;
use strategy_api::Bar;

/// Final rows before a bar that decide its indicators together with the ATH of the last of them.
pub(super) const TAIL: usize = 49;

/// The state of the indicators after some final bar.
#[derive(Clone, Debug)]
pub(super) struct Derive {
    ma20: RollingMean,
    ma50: RollingMean,
    ath: Option<f64>,
}

impl Default for Derive {
    fn default() -> Self {
        Self { ma20: RollingMean::new(20), ma50: RollingMean::new(50), ath: None }
    }
}

impl Derive {
    /// The state after the last of `rows`, oldest first: the last [`TAIL`] final rows of a series, or
    /// all when it has fewer. Rows that are not final are passed over.
    #[must_use]
    pub(super) fn after(rows: &[BarRow]) -> Self {
        let mut state = Self::default();
        for row in rows.iter().filter(|row| row.is_final) {
            state.ma20.push(row.bar.close);
            state.ma50.push(row.bar.close);
            // Rows that were stored without a mark count with their own high.
            let mark = row.ath.unwrap_or(row.bar.high);
            state.ath = Some(state.ath.map_or(mark, |ath| ath.max(mark)));
        }
        state
    }

    /// Highest high so far.
    pub(super) fn ath(&self) -> Option<f64> {
        self.ath
    }

    /// The row of the next bar. A bar that is not final has no indicators and leaves the state alone.
    pub(super) fn row(&mut self, bar: Bar, is_final: bool) -> BarRow {
        if !is_final {
            return BarRow { bar, is_final, ma20: None, ma50: None, ath: None };
        }
        let ath = self.ath.map_or(bar.high, |ath| ath.max(bar.high));
        self.ath = Some(ath);
        BarRow {
            bar,
            is_final,
            ma20: self.ma20.push(bar.close),
            ma50: self.ma50.push(bar.close),
            ath: Some(ath),
        }
    }
}

/// Whether two rows are the same to the last bit.
#[must_use]
pub(super) fn same_row(a: &BarRow, b: &BarRow) -> bool {
    let bits = |value: Option<f64>| value.map(f64::to_bits);
    same_bar(&a.bar, &b.bar)
        && a.is_final == b.is_final
        && bits(a.ma20) == bits(b.ma20)
        && bits(a.ma50) == bits(b.ma50)
        && bits(a.ath) == bits(b.ath)
}

/// Whether two bars are the same to the last bit.
#[must_use]
pub(super) fn same_bar(a: &Bar, b: &Bar) -> bool {
    let columns =
        |bar: &Bar| [bar.open, bar.high, bar.low, bar.close, bar.volume].map(f64::to_bits);
    a.ts == b.ts && columns(a) == columns(b)
}
