//! What a strategy sees of an instrument that splits while its bars are raw: at every step the bars so
//! far in the units of that step.
//!
//! A generation is the series after so many splits: rows before each of them have their prices divided
//! by its ratio and their volume multiplied. Splits that are still to come leave no trace in it, so no
//! step sees one that has not taken effect. Broker, ledger and equity go on with the raw bars.

use std::collections::VecDeque;

use strategy_api::{
    Columns,
    abi::host::{Instance, Market, Prices, View},
    indicators::ColumnSpec,
};

use super::Rules;
use crate::{event::EventKind, universe::Member};

/// A split of an instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Split {
    /// First bar in new units.
    row: usize,
    /// New units for an old one.
    ratio: f64,
}

/// Bars of an instrument after some of its splits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Generation {
    pub(super) instrument: usize,
    /// First row in new units, and the bits of the ratio; none for the raw bars.
    applied: Vec<(usize, u64)>,
}

impl Generation {
    /// The bars as they are; nothing is allocated.
    pub(super) fn raw(instrument: usize) -> Self {
        Self { instrument, applied: Vec::new() }
    }

    fn after(instrument: usize, splits: &[Split]) -> Self {
        // A split at the first bar has no bars before it to adjust.
        let applied = splits.iter().filter(|split| split.row > 0);
        let applied = applied.map(|split| (split.row, split.ratio.to_bits())).collect();
        Self { instrument, applied }
    }

    pub(super) fn is_raw(&self) -> bool {
        self.applied.is_empty()
    }

    /// Open, high, low, close and volume.
    pub(super) fn prices(&self, raw: &Columns<'_>) -> Prices {
        let Columns { open, high, low, close, volume, .. } = *raw;
        let mut prices = [open, high, low, close, volume].map(<[f64]>::to_vec);
        let [price_columns @ .., volume] = &mut prices;
        let mut end = raw.len();
        let mut factor = 1.0;
        for (row, ratio) in self.applied.iter().rev().copied().chain([(0, 1.0_f64.to_bits())]) {
            for column in &mut *price_columns {
                column[row..end].iter_mut().for_each(|price| *price /= factor);
            }
            volume[row..end].iter_mut().for_each(|units| *units *= factor);
            factor *= f64::from_bits(ratio);
            end = row;
        }
        prices
    }
}

/// The splits of a run that change what its strategy sees.
#[derive(Debug, Default)]
pub(super) struct Splits {
    /// By instrument, in the order in which they are booked, with their steps; empty without any.
    of_each: Vec<Vec<(usize, Split)>>,
}

impl Splits {
    /// The splits of `rules`, those before the first traded step among them.
    pub(super) fn of(market: &Market<'_>, rules: &Rules) -> Self {
        let mut of_each = Vec::new();
        for (instrument, bars) in market.instruments().iter().enumerate() {
            let splits = splits_of(bars.symbol, bars.columns.ts, rules);
            if splits.is_empty() {
                continue;
            }
            let step = |split: Split| {
                let ts = bars.columns.ts[split.row];
                (market.timeline().partition_point(|step| *step < ts), split)
            };
            of_each.resize_with(market.instruments().len(), Vec::new);
            of_each[instrument] = splits.into_iter().map(step).collect();
        }
        Self { of_each }
    }

    /// What is seen of an instrument just before a step.
    pub(super) fn before(&self, instrument: usize, step: usize) -> Generation {
        let Some(all) = self.of_each.get(instrument) else { return Generation::raw(instrument) };
        self.after(instrument, all.partition_point(|(at, _)| *at < step))
    }

    /// What is seen from each split on that is booked at `step` or later, in the order of time.
    pub(super) fn from(&self, step: usize) -> impl Iterator<Item = Generation> {
        let each = |(instrument, all): (usize, &Vec<(usize, Split)>)| {
            let later = all.partition_point(|(at, _)| *at < step)..all.len();
            let steps = later.map(|index| (all[index].0, instrument, index + 1));
            steps.collect::<Vec<_>>()
        };
        let mut later: Vec<_> = self.of_each.iter().enumerate().flat_map(each).collect();
        later.sort_by_key(|(at, ..)| *at);
        later.into_iter().map(|(_, instrument, count)| self.after(instrument, count))
    }

    /// Every generation of an instrument with the first row at which it is seen.
    pub(super) fn each(&self, instrument: usize) -> Vec<(usize, Generation)> {
        let all = self.of_each.get(instrument).map_or(&[][..], Vec::as_slice);
        let rows = [0].into_iter().chain(all.iter().map(|(_, split)| split.row));
        let generation = |(count, row)| (row, self.after(instrument, count));
        rows.enumerate().map(generation).collect()
    }

    fn after(&self, instrument: usize, count: usize) -> Generation {
        let all = self.of_each.get(instrument).map_or(&[][..], Vec::as_slice);
        let splits: Vec<Split> = all[..count].iter().map(|(_, split)| *split).collect();
        Generation::after(instrument, &splits)
    }
}

/// The splits of a series in the order of its rows; none unless actions are booked.
fn splits_of(symbol: &str, ts: &[i64], rules: &Rules) -> Vec<Split> {
    if !rules.apply_actions {
        return Vec::new();
    }
    let mine = rules
        .events
        .iter()
        .filter(|event| event.kind == EventKind::Split && event.symbol.as_deref() == Some(symbol));
    let split = |event: &crate::event::Event| Split {
        row: ts.partition_point(|ts| *ts < event.ts),
        ratio: event.value,
    };
    let mut splits: Vec<Split> = mine.map(split).filter(|split| split.row < ts.len()).collect();
    splits.sort_by_key(|split| split.row);
    splits
}

/// An indicator of an instrument as a strategy saw it, bar by bar: each value in the units of its bar,
/// of the bars before it adjusted for the splits until then.
#[must_use]
pub fn as_seen(spec: &ColumnSpec, member: &Member<'_>, rules: &Rules) -> Vec<f64> {
    let raw = &member.columns;
    let splits = splits_of(member.symbol, raw.ts, rules);
    let mut values = spec.compute(raw);
    for (index, split) in splits.iter().enumerate() {
        let prices = Generation::after(0, &splits[..=index]).prices(raw);
        let later = spec.compute(&with_prices(raw, &prices));
        values[split.row..].copy_from_slice(&later[split.row..]);
    }
    values
}

/// Bars at the same times with other prices.
pub(super) fn with_prices<'p>(raw: &Columns<'p>, prices: &'p Prices) -> Columns<'p> {
    let [open, high, low, close, volume] = prices;
    Columns { ts: raw.ts, open, high, low, close, volume }
}

/// What the strategy of a run is shown next of each instrument, in the order of time.
#[derive(Debug, Default)]
pub(super) struct Views(VecDeque<View>);

impl Views {
    /// Shows the bars of an instrument after its next split.
    pub(super) fn advance(&mut self, instrument: usize, instance: &mut Instance<'_>) {
        let place = self.0.iter().position(|view| view.instrument == instrument);
        if let Some(view) = place.and_then(|place| self.0.remove(place)) {
            instance.show(view);
        }
    }
}

impl FromIterator<View> for Views {
    fn from_iter<T: IntoIterator<Item = View>>(views: T) -> Self {
        Self(views.into_iter().collect())
    }
}
