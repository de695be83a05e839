//! Random markets: what the bars say, and the splits and dividends between them.

use engine_core::event::{Event, EventKind};
use strategy_api::{Bar, Resolution};

use super::{
    Dice, SYMBOLS,
    inside::Inside,
    steps::{HOUR, Step, Steps},
};

/// A market without orders.
#[derive(Clone, Debug)]
pub(crate) struct Market {
    pub(crate) resolution: Resolution,
    pub(crate) steps: Vec<Step>,
    /// Bars of each instrument by step; a step may be without, but never for the first instrument,
    /// whose bars make the timeline.
    pub(crate) bars: Vec<Vec<Option<Bar>>>,
    /// Finer bars, for some markets.
    pub(crate) inside: Option<Inside>,
    /// How many times as many units are traded as in a small account.
    pub(crate) scale: f64,
    pub(crate) events: Vec<Event>,
}

impl Market {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        Self::of(dice, 8)
    }

    /// One of at least `least` steps, if there are as many.
    pub(crate) fn of(dice: &mut Dice, least: usize) -> Self {
        let instruments = 1 + dice.below(3) as usize;
        let count = least + dice.below(25) as usize;
        let steps = Steps::random(dice, count);
        let scale = dice.pick(&[1.0, 1.0, 1.0, 8192.0, 262_144.0]);
        let mut events = Vec::new();
        let bars: Vec<_> =
            (0..instruments).map(|one| walk(dice, &steps.all, (one, scale), &mut events)).collect();
        let finer = steps.finer.filter(|_| dice.below(4) > 0);
        let inside = finer.map(|finer| Inside::random(dice, &steps, finer, &bars));
        let Steps { resolution, all: steps, .. } = steps;
        Self { resolution, steps, bars, inside, scale, events }
    }
}

/// Bars on a grid of quarters, so that prices meet limits exactly.
fn walk(
    dice: &mut Dice,
    steps: &[Step],
    (instrument, scale): (usize, f64),
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
        let volume = scale * 40.0 * dice.below(12) as f64;
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
