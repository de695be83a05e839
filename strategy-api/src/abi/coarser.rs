//! The host's side of coarser bars: which lengths a strategy has asked for, and their bars.

use std::rc::Rc;

use super::{
    host::{Fault, Instance, InstrumentBars},
    layout::{RawColumn, RawSeries},
};
use crate::{Columns, Resolution};

/// Coarser lengths of bars that a strategy may ask for.
pub(super) const MAX_ASKED: usize = 8;

/// Coarser bars of one instrument.
#[derive(Clone, Debug, Default)]
pub struct CoarserBars {
    ts: Vec<i64>,
    /// Open, high, low, close and volume.
    prices: [Vec<f64>; 5],
    seen: Vec<u32>,
}

impl CoarserBars {
    /// A copy of the bars, those that have not closed by the end of the run perhaps among them, and for
    /// each step of the timeline the number of them that have closed when it closes.
    #[must_use]
    pub fn new(bars: &Columns<'_>, seen: Vec<u32>) -> Self {
        let Columns { ts, open, high, low, close, volume } = *bars;
        let prices = [open, high, low, close, volume].map(<[f64]>::to_vec);
        Self { ts: ts.to_vec(), prices, seen }
    }

    /// The bars.
    #[must_use]
    pub fn columns(&self) -> Columns<'_> {
        let [open, high, low, close, volume] = &self.prices;
        Columns { ts: &self.ts, open, high, low, close, volume }
    }
}

/// What the host keeps of coarser bars during a run.
#[derive(Default)]
pub(super) struct Coarser {
    /// Codes of the lengths that were asked for.
    pub(super) asked: Vec<u32>,
    /// By length and then instrument.
    pub(super) series: Vec<RawSeries>,
    /// What the series point to.
    bars: Vec<Rc<CoarserBars>>,
}

impl Coarser {
    /// Nothing asked for, with room for it.
    pub(super) fn new() -> Self {
        Self { asked: Vec::with_capacity(MAX_ASKED), ..Self::default() }
    }

    /// Forgets what was asked for.
    pub(super) fn clear(&mut self) {
        self.asked.clear();
        self.series.clear();
        self.bars.clear();
    }

    /// Rows of a declared column of an instrument; `None` when it is one of the run's own bars.
    pub(super) fn rows(
        &self,
        column: &RawColumn,
        instrument: usize,
        instruments: usize,
    ) -> Option<usize> {
        let place = place_of(column)?;
        self.bars.get(place * instruments + instrument).map(|bars| bars.ts.len())
    }
}

/// The length that a column belongs to, by its place among those asked for; `None` for the run's own.
fn place_of(column: &RawColumn) -> Option<usize> {
    usize::try_from(column.more[0]).unwrap_or(usize::MAX).checked_sub(1)
}

impl Instance<'_> {
    /// The coarser lengths of bars that the strategy has asked for.
    pub fn asked(&self) -> impl Iterator<Item = Resolution> + use<'_> {
        let known = |code: &u32| Resolution::from_code(*code).expect("checked at the start");
        self.coarser.asked.iter().map(known)
    }

    /// The coarser length that a column belongs to; `None` when it is one of the run's own bars.
    #[must_use]
    pub fn length_of(&self, column: &RawColumn) -> Option<Resolution> {
        self.asked().nth(place_of(column)?)
    }

    /// Checks what the strategy has asked for.
    pub(super) fn check_asked(&mut self) -> Result<(), Fault> {
        let own = self.market().resolution();
        let fits = |code: &u32| {
            Resolution::from_code(*code).is_some_and(|one| one == own || own.fits_into(one))
        };
        if !self.coarser.asked.iter().all(fits) {
            return Err(self.protocol("asked for bars that those of the run do not make up"));
        }
        let asked = self.coarser.asked.len();
        if self.declared().iter().filter_map(place_of).any(|place| place >= asked) {
            return Err(self.protocol("declared a column of bars that it has not asked for"));
        }
        Ok(())
    }

    /// Hands over the coarser bars: by length asked for, then by instrument. Before the columns.
    ///
    /// # Panics
    /// When their number or the length of a count is another.
    pub fn attach_coarser(&mut self, bars: Vec<Rc<CoarserBars>>) {
        let instruments = self.market().instruments().len();
        assert_eq!(bars.len(), self.coarser.asked.len() * instruments, "bars for each");
        let raw = |(index, one): (usize, &Rc<CoarserBars>)| self.raw_coarser(index, one);
        let series = bars.iter().enumerate().map(raw).collect();
        self.coarser.series = series;
        self.coarser.bars = bars;
    }

    /// Exchanges the coarser bars of one instrument for others, by length asked for.
    pub(super) fn replace_coarser(&mut self, instrument: usize, bars: Vec<Rc<CoarserBars>>) {
        let instruments = self.market().instruments().len();
        assert_eq!(bars.len(), self.coarser.asked.len(), "bars for each");
        for (place, one) in bars.into_iter().enumerate() {
            let index = place * instruments + instrument;
            self.coarser.series[index] = self.raw_coarser(index, &one);
            self.coarser.bars[index] = one;
        }
    }

    fn raw_coarser(&self, index: usize, bars: &CoarserBars) -> RawSeries {
        let (instruments, steps) = (self.market().instruments(), self.market().timeline().len());
        assert_eq!(bars.seen.len(), steps, "one count for each step");
        let last = bars.seen.last().map_or(0, |last| *last as usize);
        assert!(bars.seen.is_sorted() && last <= bars.ts.len(), "bars are there once seen");
        super::block::raw_series(&InstrumentBars {
            symbol: instruments[index % instruments.len()].symbol,
            columns: bars.columns(),
            seen: Some(&bars.seen),
        })
    }

    /// Steps of the run before the first one at which every instrument has shown more than `rows` of a
    /// column's bars: those before its first value, when `rows` is the warm-up of the column.
    #[must_use]
    pub fn steps_for(&self, column: &RawColumn, rows: usize) -> usize {
        let Some(place) = place_of(column) else { return rows };
        let instruments = self.market().instruments().len();
        let bars = self.coarser.bars.iter().skip(place * instruments).take(instruments);
        let steps =
            |one: &Rc<CoarserBars>| one.seen.partition_point(|count| *count as usize <= rows);
        bars.map(steps).max().unwrap_or(0)
    }
}
