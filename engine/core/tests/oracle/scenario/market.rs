//! Random markets: when the bars are, to which sessions they belong, what they say, and the splits and
//! dividends between them.

use engine_core::event::{Event, EventKind};
use strategy_api::{Bar, Resolution};

use super::{DAY, Dice, SYMBOLS};

const HOUR: i64 = 3_600_000_000_000;

/// Sessions in New York: days since 1970-01-01, the hour UTC whose half brings the opening, and the
/// number of hourly bars. Around the end of daylight saving time on 4 November 2012, and around
/// Thanksgiving of that year, whose Friday closes at 13:00.
const SESSIONS: [&[(i64, i64, usize)]; 2] = [
    &[(15_645, 13, 7), (15_646, 13, 7), (15_649, 14, 7), (15_650, 14, 7), (15_651, 14, 7)],
    &[(15_664, 14, 7), (15_665, 14, 7), (15_667, 14, 4), (15_670, 14, 7), (15_671, 14, 7)],
];

/// A step: when it begins, its session, and whether the session closes with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) ts: i64,
    pub(crate) session: i64,
    pub(crate) is_close: bool,
}

/// A market without orders.
#[derive(Clone, Debug)]
pub(crate) struct Market {
    pub(crate) resolution: Resolution,
    pub(crate) steps: Vec<Step>,
    /// Bars of each instrument by step; a step may be without, but never for the first instrument,
    /// whose bars make the timeline.
    pub(crate) bars: Vec<Vec<Option<Bar>>>,
    pub(crate) events: Vec<Event>,
}

impl Market {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        Self::of(dice, 8)
    }

    /// One of at least `least` steps.
    pub(crate) fn of(dice: &mut Dice, least: usize) -> Self {
        let instruments = 1 + dice.below(3) as usize;
        let count = least + dice.below(25) as usize;
        let (resolution, steps) =
            if dice.below(3) == 0 { hours(dice, count) } else { (Resolution::Day1, days(count)) };
        let mut events = Vec::new();
        let bars = (0..instruments).map(|one| walk(dice, &steps, one, &mut events)).collect();
        Self { resolution, steps, bars, events }
    }
}

fn days(count: usize) -> Vec<Step> {
    (0..count as i64).map(|day| Step { ts: day * DAY, session: day, is_close: true }).collect()
}

/// Hourly bars: 09:30, then 10:00 and every full hour before the close, in New York.
fn hours(dice: &mut Dice, count: usize) -> (Resolution, Vec<Step>) {
    let sessions = dice.pick(&SESSIONS).iter();
    let steps = sessions.flat_map(|&(day, open, bars)| {
        (0..bars as i64).map(move |bar| Step {
            ts: day * DAY + if bar == 0 { open * HOUR + HOUR / 2 } else { (open + bar) * HOUR },
            session: day,
            is_close: bar as usize + 1 == bars,
        })
    });
    (Resolution::Hour1, steps.skip(dice.below(7) as usize).take(count).collect())
}

/// Bars on a grid of quarters, so that prices meet limits exactly.
fn walk(
    dice: &mut Dice,
    steps: &[Step],
    instrument: usize,
    events: &mut Vec<Event>,
) -> Vec<Option<Bar>> {
    let quarter = |number: u64| number as f64 / 4.0;
    let mut last = 80.0 + quarter(dice.below(160));
    let always = instrument == 0 || dice.below(2) == 0;
    let mut previous = None;
    let mut bars = Vec::with_capacity(steps.len());
    for (number, step) in steps.iter().enumerate() {
        if !always && number > 0 && dice.below(5) == 0 {
            bars.push(None);
            continue;
        }
        if let Some(from) = previous
            && dice.below(12) == 0
        {
            let (kind, value) = action(dice);
            if kind == EventKind::Split {
                last = (last / value * 4.0).round() / 4.0;
            }
            // At the bar itself, or some time after the one before.
            let ts = dice.pick(&[step.ts, step.ts - HOUR / 4, from + 1]);
            let symbol = Some(SYMBOLS[instrument].to_owned());
            events.push(Event { symbol, kind, ts, known_at: ts, value, source: String::new() });
        }
        let around = |dice: &mut Dice| (last - 4.0 + quarter(dice.below(33))).max(5.0);
        let (open, close) = (around(dice), around(dice));
        let high = open.max(close) + quarter(dice.below(9));
        let low = (open.min(close) - quarter(dice.below(9))).max(1.0);
        let volume = 40.0 * dice.below(12) as f64;
        last = close;
        previous = Some(step.ts);
        bars.push(Some(Bar { ts: step.ts, open, high, low, close, volume }));
    }
    bars
}

fn action(dice: &mut Dice) -> (EventKind, f64) {
    match dice.below(3) {
        0 => (EventKind::Split, dice.pick(&[2.0, 4.0, 0.5])),
        _ => (EventKind::Dividend, dice.pick(&[0.25, 1.5])),
    }
}
