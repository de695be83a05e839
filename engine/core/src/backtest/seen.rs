//! The bars that the orders and fills of a run stand on, with the indicator values that the strategy saw
//! there: what a reader needs to follow one of them without all the bars.

use serde::{Deserialize, Serialize};
use strategy_api::{
    Columns,
    abi::{layout::RawColumn, raw::ProgressPage},
};

use super::{Config, RunError, RunResult, Stage, adjusted::Splits, stage::column_specs};

/// A bar of one instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// Bars are as they are; with splits that are booked, the values at each are in its units.
    ///
    /// # Errors
    /// When a declared column cannot be computed.
    pub fn seen(
        &self,
        result: &RunResult,
        config: &Config,
        progress: &ProgressPage,
    ) -> Result<Seen, RunError> {
        let declared: Vec<RawColumn> = result.declared().collect();
        let specs = column_specs(&declared)?;
        let has_splits = config.rules.apply_actions;
        let splits = has_splits.then(|| Splits::of(&self.market(config), &config.rules));
        let splits = splits.unwrap_or_default();
        let columns = self.columns_as_seen(&declared, &specs, &splits, progress);
        let (members, rows) = (self.members(), self.rows(result));
        let (width, count) = (columns.len() / members.len().max(1), rows.len());
        let mut seen = Seen { bars: vec![SeenBar::default(); count], values: Vec::new() };
        seen.values.resize(width * count, f64::NAN);
        // Column by column: the rows lie far apart, and a processor fetches many of one column at a time.
        for (bar, (instrument, row)) in seen.bars.iter_mut().zip(&rows) {
            bar.instrument = u32::try_from(*instrument).unwrap_or(u32::MAX);
            bar.ts = members[*instrument].columns.ts[*row];
        }
        let take = |bars: &mut [SeenBar],
                    from: fn(&Columns<'_>, usize) -> f64,
                    to: fn(&mut SeenBar) -> &mut f64| {
            for (bar, (instrument, row)) in bars.iter_mut().zip(&rows) {
                *to(bar) = from(&members[*instrument].columns, *row);
            }
        };
        take(&mut seen.bars, |columns, row| columns.open[row], |bar| &mut bar.open);
        take(&mut seen.bars, |columns, row| columns.high[row], |bar| &mut bar.high);
        take(&mut seen.bars, |columns, row| columns.low[row], |bar| &mut bar.low);
        take(&mut seen.bars, |columns, row| columns.close[row], |bar| &mut bar.close);
        take(&mut seen.bars, |columns, row| columns.volume[row], |bar| &mut bar.volume);
        for which in 0..width {
            // Columns come declaration by declaration, each for every instrument.
            let of_each = &columns[which * members.len()..];
            for (value, (instrument, row)) in
                seen.values.iter_mut().skip(which).step_by(width).zip(&rows)
            {
                *value = of_each[*instrument][*row];
            }
        }
        Ok(seen)
    }

    /// Instrument and row of each of these bars, in order.
    fn rows(&self, result: &RunResult) -> Vec<(usize, usize)> {
        let mut rows = Vec::new();
        let mut note = |cursors: &mut [Cursor<'_>], instrument: u32, ts: i64, before: usize| {
            let instrument = instrument as usize;
            let Some(cursor) = cursors.get_mut(instrument) else { return };
            let known = cursor.rows_until(ts);
            rows.extend((known.saturating_sub(1 + before)..known).map(|row| (instrument, row)));
        };
        // Each list is in the order of time: one walk along the bars for each.
        let cursors =
            || -> Vec<_> { self.members().iter().map(|one| Cursor::new(one.columns.ts)).collect() };
        let mut walk = cursors();
        for order in &result.orders {
            note(&mut walk, order.instrument, order.decided_ts, 1);
        }
        walk = cursors();
        for fill in &result.fills {
            note(&mut walk, fill.instrument, fill.ts, 0);
        }
        walk = cursors();
        for step in &result.steps {
            note(&mut walk, step.instrument, step.ts, 0);
        }
        // Three rising lists, which a stable sort merges.
        rows.sort();
        rows.dedup();
        rows
    }
}

/// A place in the bars of an instrument that is asked for times in rising order, mostly.
struct Cursor<'a> {
    ts: &'a [i64],
    row: usize,
}

impl<'a> Cursor<'a> {
    fn new(ts: &'a [i64]) -> Self {
        Self { ts, row: 0 }
    }

    /// Rows that begin at or before `ts`. Time: logarithmic in the distance to the row before.
    fn rows_until(&mut self, ts: i64) -> usize {
        if self.row > 0 && self.ts[self.row - 1] > ts {
            self.row = 0;
        }
        let rest = &self.ts[self.row..];
        let mut window = 1;
        while window < rest.len() && rest[window - 1] <= ts {
            window *= 2;
        }
        self.row += rest[..window.min(rest.len())].partition_point(|one| *one <= ts);
        self.row
    }
}
