//! Finer bars inside the bars of a random market: most tell the story of their bar, some another one.

use engine_core::{backtest::Finer, series::Series};
use strategy_api::{Bar, Resolution};

use super::{
    Dice,
    steps::{HOUR, Step, Steps},
};

/// The finer bars of a market.
#[derive(Clone, Debug)]
pub(crate) struct Inside {
    pub(crate) resolution: Resolution,
    /// By instrument and step, oldest first; none where none are held.
    pub(crate) bars: Vec<Vec<Vec<Bar>>>,
    /// By instrument: bars before the open and after the close, which belong to no bar of a day.
    pub(crate) outside: Vec<Vec<Bar>>,
}

impl Inside {
    pub(super) fn random(
        dice: &mut Dice,
        steps: &Steps,
        resolution: Resolution,
        bars: &[Vec<Option<Bar>>],
    ) -> Self {
        let has_outside = steps.resolution == Resolution::Day1;
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for bars in bars {
            let is_held = dice.below(8) > 0;
            let (mut own, mut other) = (Vec::new(), Vec::new());
            for (step, bar) in steps.all.iter().zip(bars) {
                let bar = bar.filter(|_| is_held && dice.below(12) > 0);
                let starts = steps.inside(step, resolution);
                own.push(bar.map_or_else(Vec::new, |bar| path(dice, &bar, starts)));
                other.extend(bar.filter(|_| has_outside).iter().flat_map(|bar| beyond(step, bar)));
            }
            inside.push(own);
            outside.push(other);
        }
        Self { resolution, bars: inside, outside }
    }

    /// All finer bars of each instrument, by time; `None` for one without.
    pub(crate) fn series(&self) -> Vec<Option<Series>> {
        let of = |(inside, outside): (&Vec<Vec<Bar>>, &Vec<Bar>)| {
            let mut bars: Vec<Bar> = inside.iter().flatten().chain(outside).copied().collect();
            bars.sort_by_key(|bar| bar.ts);
            (!bars.is_empty()).then(|| Series::from_bars(&bars).unwrap())
        };
        self.bars.iter().zip(&self.outside).map(of).collect()
    }

    pub(crate) fn finer<'a>(&self, series: &'a [Option<Series>]) -> Finer<'a> {
        let columns = series.iter().map(|one| one.as_ref().map(Series::columns)).collect();
        Finer { resolution: self.resolution, columns }
    }
}

/// Bars that reach further than the bar of the day.
fn beyond(step: &Step, bar: &Bar) -> [Bar; 2] {
    let (high, low) = (bar.high + 5.0, bar.low / 2.0);
    [step.ts + 12 * HOUR, step.end].map(|ts| Bar { ts, high, low, ..*bar })
}

/// From the open of a bar to its close, on the same grid of quarters.
fn path(dice: &mut Dice, bar: &Bar, mut starts: Vec<i64>) -> Vec<Bar> {
    while starts.len() > 6 || starts.len() > 1 && dice.below(4) == 0 {
        starts.remove(dice.below(starts.len() as u64) as usize);
    }
    let quarters = ((bar.high - bar.low) * 4.0) as u64;
    let level = |dice: &mut Dice| bar.low + dice.below(quarters + 1) as f64 / 4.0;
    let mut last = bar.open;
    let mut bars = Vec::new();
    for (place, ts) in starts.iter().enumerate() {
        let open = if dice.below(4) == 0 { level(dice) } else { last };
        let close = if place + 1 == starts.len() { bar.close } else { level(dice) };
        let (high, low) = (open.max(close), open.min(close));
        let (more, less) = (level(dice), level(dice));
        let is_wild = dice.below(2) == 0;
        let high = if is_wild { high.max(more) } else { high };
        let low = if is_wild { low.min(less) } else { low };
        last = close;
        bars.push(Bar { ts: *ts, open, high, low, close, volume: 1.0 });
    }
    if dice.below(10) > 0 && !bars.is_empty() {
        // Prices of another source may be rounded otherwise.
        let factor = dice.pick(&[1.0, 1.0, 1.0, 1.0 + 2e-10, 1.0 - 2e-10]);
        let count = bars.len() as u64;
        bars[dice.below(count) as usize].high = bar.high;
        bars[dice.below(count) as usize].low = bar.low;
        for one in &mut bars {
            for price in [&mut one.open, &mut one.high, &mut one.low, &mut one.close] {
                *price *= factor;
            }
        }
    }
    bars
}
