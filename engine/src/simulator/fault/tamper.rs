//! Bars that are not as they should be.

use super::{Kind, Tamper};
use crate::simulator::wire::HistoricalBar;

/// The sessions and days by which a window is to be widened or moved: (sessions more, days earlier).
pub(crate) fn widened(kinds: &[Kind]) -> (usize, usize) {
    kinds.iter().fold((0, 0), |(more, earlier), kind| match kind {
        Kind::Bars(Tamper::Overlap(count)) => (more + count, earlier),
        Kind::Bars(Tamper::Stale(days)) => (more, earlier + days),
        _ => (more, earlier),
    })
}

/// How many bars an answer is to have, when that is not as many as there are.
pub(crate) fn many(kinds: &[Kind]) -> Option<usize> {
    kinds.iter().find_map(|kind| match kind {
        Kind::Bars(Tamper::Many(count)) => Some(*count),
        _ => None,
    })
}

/// Tampers with the bars of an answer; `later` gives the date of a bar some bars after the clock.
pub(crate) fn tamper(
    bars: &mut Vec<HistoricalBar>,
    kinds: &[Kind],
    later: impl Fn(usize) -> String,
) {
    for kind in kinds {
        if let Kind::Bars(tamper) = kind
            && !bars.is_empty()
        {
            one(bars, *tamper, &later);
        }
    }
}

fn one(bars: &mut Vec<HistoricalBar>, tamper: Tamper, later: impl Fn(usize) -> String) {
    let length = bars.len();
    let row = |bar: Option<usize>| bar.unwrap_or(length.div_ceil(2)).clamp(1, length) - 1;
    match tamper {
        Tamper::DuplicateSame(bar) => bars.insert(row(bar), bars[row(bar)].clone()),
        Tamper::DuplicateDifferent(bar) => {
            let mut other = bars[row(bar)].clone();
            scale(&mut other, 1.01);
            bars.insert(row(bar) + 1, other);
        }
        Tamper::Unordered => shuffle(bars),
        Tamper::Reversed => bars.reverse(),
        // Done to the window and on sending.
        Tamper::Overlap(_) | Tamper::Stale(_) | Tamper::Many(_) => {}
        Tamper::Future(count) => {
            let Some(last) = bars.last().cloned() else { return };
            let dates = (1..=count).map(later);
            bars.extend(dates.map(|date| HistoricalBar { date: Some(date), ..last.clone() }));
        }
        Tamper::Partial => bars.last_mut().into_iter().for_each(halve),
        Tamper::Nan(bar) => bars[row(bar)].close = Some(f64::NAN),
        Tamper::Zero(bar) => bars[row(bar)].low = Some(0.0),
        Tamper::Negative(bar) => {
            let low = &mut bars[row(bar)].low;
            *low = low.map(|low| -low);
        }
        Tamper::HighBelowLow(bar) => {
            let bar = &mut bars[row(bar)];
            let high = bar.high.zip(bar.low).map(|(high, low)| high.max(low + 0.01));
            (bar.high, bar.low) = (bar.low, high);
        }
        Tamper::MissingBar(bar) => drop(bars.remove(row(bar))),
        Tamper::MissingField(bar) => bars[row(bar)].open = None,
        Tamper::BadDate(bar) => bars[row(bar)].date = Some("2026-13-45".to_owned()),
        Tamper::Restated(ratio) => bars.iter_mut().for_each(|bar| scale(bar, ratio)),
    }
}

/// Prices multiplied, with two decimals.
fn scale(bar: &mut HistoricalBar, ratio: f64) {
    for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
        *price = price.map(|price| ((price * ratio * 100.0).round() / 100.0).max(0.01));
    }
}

/// A bar that closes where it opened, having seen half of its way up and down and of its volume.
fn halve(bar: &mut HistoricalBar) {
    let open = bar.open.unwrap_or(1.0);
    let half = |price: f64| ((price + open) * 50.0).round() / 100.0;
    bar.high = bar.high.map(half);
    bar.low = bar.low.map(half);
    bar.close = bar.open;
    let volume = bar.volume.as_deref().and_then(|text| text.parse::<f64>().ok());
    bar.volume =
        volume.map(|volume| if volume < 0.0 { volume } else { (volume / 2.0).floor() }.to_string());
}

/// Every third bar changes its place with the one after it.
fn shuffle(bars: &mut [HistoricalBar]) {
    let length = bars.len();
    for row in (0..length.saturating_sub(1)).step_by(3) {
        bars.swap(row, row + 1);
    }
}
