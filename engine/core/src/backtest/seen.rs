//! The bars that the orders and fills of a run stand on, with the indicator values that the strategy saw
//! there: what a reader needs to follow one of them without all the bars.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use strategy_api::{abi::layout::RawColumn, abi::raw::ProgressPage};

use super::{RunError, RunResult, Stage, stage::column_specs};

/// A bar of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenBar {
    /// Index of the instrument in the universe.
    pub instrument: u32,
    /// Start of the bar, nanoseconds UTC.
    pub ts: i64,
    /// First, highest, lowest and last price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Units traded.
    pub volume: f64,
}

/// Bars by instrument and time, each once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The bars.
    pub bars: Vec<SeenBar>,
    /// Values of the strategy's columns at each bar, bar by bar; not a number while one warms up.
    pub values: Vec<f64>,
}

impl Seen {
    /// The last bar of an instrument that begins at or before `ts`, and the values of `columns` columns.
    #[must_use]
    pub fn at(&self, instrument: u32, ts: i64, columns: usize) -> Option<(&SeenBar, &[f64])> {
        let row = self.row_after(instrument, ts).checked_sub(1)?;
        let bar = self.bars.get(row).filter(|bar| bar.instrument == instrument)?;
        Some((bar, self.values.get(row * columns..(row + 1) * columns)?))
    }

    fn row_after(&self, instrument: u32, ts: i64) -> usize {
        self.bars.partition_point(|bar| (bar.instrument, bar.ts) <= (instrument, ts))
    }
}

impl Stage<'_> {
    /// The bars of every decision, each with the bar before it, and of every fill and step of an order.
    ///
    /// # Errors
    /// When a declared column cannot be computed.
    pub fn seen(&self, result: &RunResult, progress: &ProgressPage) -> Result<Seen, RunError> {
        let declared: Vec<RawColumn> = result.declared().collect();
        let specs = column_specs(&declared)?;
        let columns = self.columns(&declared, &specs, progress);
        let members = self.members();
        let mut seen = Seen::default();
        for (instrument, row) in self.rows(result) {
            let bar = members[instrument].columns.bar(row);
            seen.bars.push(SeenBar {
                instrument: u32::try_from(instrument).unwrap_or(u32::MAX),
                ts: bar.ts,
                open: bar.open,
                high: bar.high,
                low: bar.low,
                close: bar.close,
                volume: bar.volume,
            });
            // Columns come declaration by declaration, each for every instrument.
            let of_bar = columns.iter().skip(instrument).step_by(members.len());
            seen.values.extend(of_bar.map(|column| column[row]));
        }
        Ok(seen)
    }

    /// Instrument and row of each of these bars, in order.
    fn rows(&self, result: &RunResult) -> BTreeSet<(usize, usize)> {
        let mut rows = BTreeSet::new();
        let mut note = |instrument: u32, ts: i64, before: usize| {
            let instrument = instrument as usize;
            let Some(member) = self.members().get(instrument) else { return };
            let known = member.columns.ts.partition_point(|one| *one <= ts);
            rows.extend((known.saturating_sub(1 + before)..known).map(|row| (instrument, row)));
        };
        for order in &result.orders {
            note(order.instrument, order.decided_ts, 1);
        }
        for fill in &result.fills {
            note(fill.instrument, fill.ts, 0);
        }
        for step in &result.steps {
            note(step.instrument, step.ts, 0);
        }
        rows
    }
}
