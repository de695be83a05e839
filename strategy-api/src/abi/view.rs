//! What a strategy is shown of one instrument from some step on: other prices than those of the market,
//! after a split, with the columns and the coarser bars made of them.

use std::rc::Rc;

use super::{
    block::raw_series,
    coarser::CoarserBars,
    host::{Instance, InstrumentBars},
};
use crate::Columns;

/// Open, high, low, close and volume, a value for each bar.
pub type Prices = [Vec<f64>; 5];

/// What is shown of one instrument.
#[derive(Clone, Debug)]
pub struct View {
    /// Index of the instrument.
    pub instrument: usize,
    /// Its prices; `None` for those of the market.
    pub prices: Option<Rc<Prices>>,
    /// Its columns, in the order in which they were declared.
    pub columns: Vec<Rc<Vec<f64>>>,
    /// Its coarser bars, by length asked for.
    pub coarser: Vec<Rc<CoarserBars>>,
}

impl Instance<'_> {
    /// Shows other bars of an instrument from the next call on, until another strategy begins. After
    /// [`attach_coarser`](Instance::attach_coarser) and [`attach`](Instance::attach).
    ///
    /// # Panics
    /// When there is not one value for each bar, or not one column for each that was declared.
    pub fn show(&mut self, view: View) {
        let View { instrument, prices, columns, coarser } = view;
        let instruments = self.market().instruments();
        let bars = &instruments[instrument];
        let shown = prices.as_deref().map_or(bars.columns, |prices| {
            let [open, high, low, close, volume] = prices;
            let rows = bars.columns.len();
            assert!(prices.iter().all(|column| column.len() == rows), "one value for each bar");
            Columns { ts: bars.columns.ts, open, high, low, close, volume }
        });
        self.series[instrument] = raw_series(&InstrumentBars { columns: shown, ..*bars });
        self.prices.resize(instruments.len(), None);
        self.prices[instrument] = prices;
        self.replace_coarser(instrument, coarser);
        self.note_change();
        assert_eq!(columns.len(), self.declared().len(), "one column each");
        for (which, column) in columns.into_iter().enumerate() {
            let index = which * instruments.len() + instrument;
            assert_eq!(column.len(), self.rows_of(index), "one value for each bar");
            self.column_pointers[index] = column.as_ptr();
            self.columns[index] = column;
        }
    }
}
