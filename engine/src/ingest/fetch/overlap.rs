//! Compares fetched bars with held ones: the same, corrected here and there, or restated as a whole.
//!
//! After a split the broker gives all of its history in new prices. Whoever then appends to what is held
//! has a series with a jump that never was. A restatement is told from a correction by its constant
//! ratio; where in doubt it is taken for one, because fetching all again costs time and nothing else.

use super::rows::Rows;
use crate::{
    gateway::What,
    ingest::{IngestError, derive::same_bar, validate::Checked},
    store::{BarWriter, Stage, Store, StoreError},
};
use strategy_api::Bar;

/// Bars with one ratio from which on it is a restatement.
const ENOUGH_BARS: usize = 5;
/// With fewer bars at hand the ratio must be further from one than this.
const PLAIN_RATIO: f64 = 0.05;
/// Relative difference of a ratio that rounding leaves.
const TOLERANCE: f64 = 2e-4;
/// What a price is rounded to, at the coarsest.
const TICK: f64 = 0.01;

/// What fetched bars say about held ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Agreement {
    /// Every bar in common is the same, or there is none.
    Same,
    /// Some final bars differ.
    Revised {
        /// How many.
        bars: usize,
        /// Time of the first.
        first: i64,
        /// Time of the last.
        last: i64,
        /// Whether the oldest compared one has other prices: those before it may have them too.
        is_from_oldest: bool,
    },
    /// All prices are others by one ratio, as after a split.
    Restated {
        /// New prices over old ones.
        factor: Option<f64>,
        /// Bars that were compared.
        bars: usize,
    },
}

/// Compares bars with those that the writer's series holds.
pub(super) async fn compare(
    writer: &mut dyn BarWriter,
    bars: &[Checked],
    what: What,
) -> Result<Agreement, IngestError> {
    let held = writer.held().and_then(|held| held.first_ts.zip(held.last_ts));
    let (Some((first, last)), Some((from, to))) = (held, bars.first().zip(bars.last())) else {
        return Ok(Agreement::Same);
    };
    let (from, to) = (from.bar.ts.max(first), to.bar.ts.min(last));
    if from > to {
        return Ok(Agreement::Same);
    }
    let within = bars.iter().filter(|checked| (from..=to).contains(&checked.bar.ts)).count();
    let pairs = pairs(Rows::held(writer, from).few(within + 1), bars, to).await?;
    Ok(judge(&pairs, what))
}

/// Compares bars with those that were put aside before them.
pub(super) async fn compare_staged(
    store: &dyn Store,
    stage: Stage,
    bars: &[Checked],
    what: What,
) -> Result<Agreement, IngestError> {
    let Some((from, to)) = bars.first().zip(bars.last()) else { return Ok(Agreement::Same) };
    let rows = Rows::staged(store, stage, from.bar.ts).few(bars.len());
    Ok(judge(&pairs(rows, bars, to.bar.ts).await?, what))
}

/// The final bars up to a time that both sides have.
async fn pairs(
    mut rows: Rows<'_>,
    bars: &[Checked],
    to: i64,
) -> Result<Vec<(Bar, Bar)>, StoreError> {
    let mut pairs = Vec::new();
    let mut fetched = bars.iter().peekable();
    while let Some(row) = rows.next().await?.filter(|row| row.bar.ts <= to) {
        while fetched.next_if(|checked| checked.bar.ts < row.bar.ts).is_some() {}
        if let Some(checked) = fetched.next_if(|checked| checked.bar.ts == row.bar.ts)
            && row.is_final
            && checked.is_final
        {
            pairs.push((row.bar, checked.bar));
        }
    }
    Ok(pairs)
}

/// What pairs of old and new bars, all of them final, say.
fn judge(pairs: &[(Bar, Bar)], what: What) -> Agreement {
    let differs = |(old, new): &&(Bar, Bar)| !same_bar(old, new);
    let Some((first, _)) = pairs.iter().find(differs) else { return Agreement::Same };
    let last = pairs.iter().rfind(differs).map_or(first.ts, |(old, _)| old.ts);
    let bars = pairs.iter().filter(differs).count();
    let priced: Vec<&(Bar, Bar)> = pairs.iter().filter(|(a, b)| !same_prices(a, b)).collect();
    let factor = constant_ratio(&priced);
    // A broker that restates late leaves the newest bars, which it gave in new prices already, as they are.
    let is_oldest = pairs.iter().take(priced.len()).all(|(a, b)| !same_prices(a, b));
    let enough = priced.len() >= ENOUGH_BARS
        || (is_oldest && factor.is_some_and(|r| (r - 1.0).abs() > PLAIN_RATIO));
    if factor.is_some() && enough {
        return Agreement::Restated { factor, bars: pairs.len() };
    }
    // Dividends change every older price a little, and all of them come in one request.
    if what == What::AdjustedLast && !priced.is_empty() {
        return Agreement::Restated { factor: None, bars: pairs.len() };
    }
    let is_from_oldest = pairs.first().is_some_and(|(a, b)| !same_prices(a, b));
    Agreement::Revised { bars, first: first.ts, last, is_from_oldest }
}

fn prices(bar: &Bar) -> [f64; 4] {
    [bar.open, bar.high, bar.low, bar.close]
}

fn same_prices(a: &Bar, b: &Bar) -> bool {
    prices(a).map(f64::to_bits) == prices(b).map(f64::to_bits)
}

/// The one ratio of new to old prices that all pairs have, but for rounding; `None` when there is none.
fn constant_ratio(pairs: &[&(Bar, Bar)]) -> Option<f64> {
    let mut ratios: Vec<f64> = pairs.iter().map(|(old, new)| new.close / old.close).collect();
    ratios.sort_by(f64::total_cmp);
    let ratio = *ratios.get(ratios.len() / 2)?;
    let fits = |old: f64, new: f64| {
        let rounding = TICK / old.min(new) * if ratio < 1.0 { 1.0 } else { ratio };
        (new / old / ratio - 1.0).abs() <= TOLERANCE.max(rounding.min(TOLERANCE * 50.0))
    };
    let all = pairs.iter().all(|(old, new)| {
        prices(old).into_iter().zip(prices(new)).all(|(old, new)| fits(old, new))
    });
    (all && (ratio - 1.0).abs() > TOLERANCE).then(|| plain(mean_ratio(pairs)))
}

/// The ratio of all prices together, in which the rounding of each hardly counts.
fn mean_ratio(pairs: &[&(Bar, Bar)]) -> f64 {
    let sum = |bar: &Bar| prices(bar).iter().sum::<f64>();
    let (old, new) =
        pairs.iter().fold((0.0, 0.0), |(old, new), (a, b)| (old + sum(a), new + sum(b)));
    new / old
}

/// The ratio of a split such as 3 for 2, when it is one but for rounding.
fn plain(ratio: f64) -> f64 {
    let near = |of: &f64| (ratio / of - 1.0).abs() < TOLERANCE;
    let splits = (1..=50).flat_map(|new| (1..=50).map(move |old| f64::from(old) / f64::from(new)));
    splits.into_iter().find(near).unwrap_or(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(ts: i64, close: f64, volume: f64) -> Bar {
        Bar { ts, open: close - 1.0, high: close + 2.0, low: close - 3.0, close, volume }
    }

    fn scaled(bar: &Bar, factor: f64) -> Bar {
        let cents = |price: f64| (price * factor * 100.0).round() / 100.0;
        let Bar { ts, open, high, low, close, volume } = *bar;
        let [open, high, low, close] = [open, high, low, close].map(cents);
        Bar { ts, open, high, low, close, volume: volume / factor }
    }

    fn pairs(n: i64, change: impl Fn(&Bar) -> Bar) -> Vec<(Bar, Bar)> {
        let old = |ts| bar(ts, 150.0 + (ts * 37 % 11) as f64 + 0.37, 1_000.0);
        (0..n).map(old).map(|old| (old, change(&old))).collect()
    }

    #[test]
    fn splits_of_every_usual_ratio_are_restatements() {
        for factor in [0.5, 0.25, 1.0 / 7.0, 2.0 / 3.0, 0.05, 10.0, 0.995] {
            let agreement = judge(&pairs(7, |bar| scaled(bar, factor)), What::Trades);
            let Agreement::Restated { factor: Some(found), bars: 7 } = agreement else {
                panic!("{factor}: {agreement:?}");
            };
            assert!((found / factor - 1.0).abs() < 1e-3, "{factor}: {found}");
        }
    }

    #[test]
    fn corrections_are_no_restatement() {
        assert_eq!(judge(&pairs(7, |bar| *bar), What::Trades), Agreement::Same);
        let one = pairs(7, |bar| if bar.ts == 3 { scaled(bar, 1.01) } else { *bar });
        let revised = Agreement::Revised { bars: 1, first: 3, last: 3, is_from_oldest: false };
        assert_eq!(judge(&one, What::Trades), revised);
        let volumes = pairs(7, |bar| Bar { volume: bar.volume + 5.0, ..*bar });
        let revised = Agreement::Revised { bars: 7, first: 0, last: 6, is_from_oldest: false };
        assert_eq!(judge(&volumes, What::Trades), revised);
        let uneven = pairs(7, |bar| scaled(bar, 1.0 + bar.ts as f64 * 0.01));
        assert!(matches!(judge(&uneven, What::Trades), Agreement::Revised { bars: 6, .. }));
    }

    #[test]
    fn few_bars_must_differ_plainly() {
        let half = judge(&pairs(2, |bar| scaled(bar, 0.5)), What::Trades);
        assert_eq!(half, Agreement::Restated { factor: Some(0.5), bars: 2 });
        let little = judge(&pairs(2, |bar| scaled(bar, 0.99)), What::Trades);
        assert!(matches!(little, Agreement::Revised { bars: 2, .. }));
    }

    #[test]
    fn a_restatement_that_came_late_is_found_by_the_oldest_bars_alone() {
        for n in 1..=4 {
            let late = pairs(7, |bar| if bar.ts < n { scaled(bar, 0.25) } else { *bar });
            let restated = Agreement::Restated { factor: Some(0.25), bars: 7 };
            assert_eq!(judge(&late, What::Trades), restated, "{n} bars");
        }
        let newer = pairs(7, |bar| if bar.ts >= 5 { scaled(bar, 0.25) } else { *bar });
        assert!(matches!(
            judge(&newer, What::Trades),
            Agreement::Revised { bars: 2, is_from_oldest: false, .. }
        ));
        let little = pairs(7, |bar| if bar.ts < 3 { scaled(bar, 0.99) } else { *bar });
        assert!(matches!(
            judge(&little, What::Trades),
            Agreement::Revised { bars: 3, is_from_oldest: true, .. }
        ));
    }

    #[test]
    fn adjusted_prices_that_change_at_all_are_restated() {
        let one = pairs(7, |bar| if bar.ts == 0 { scaled(bar, 0.997) } else { *bar });
        assert!(matches!(judge(&one, What::AdjustedLast), Agreement::Restated { .. }));
    }
}
