//! Other futures: bars, signals and corporate actions after some moment, replaced by possible ones.

use std::borrow::Cow;

use strategy_api::{Bar, Columns, Resolution};

use super::super::Config;
use crate::{
    event::{Event, EventKind},
    sweep::mixed,
    universe::Member,
};

/// Futures tried at each place.
pub(super) const FUTURES: [Future; 2] = [Future::Mirrored, Future::Redrawn];
/// How far a price may be taken from the last one known, as a factor.
const FURTHEST: f64 = 100.0;
/// Largest step of a redrawn price, as a fraction of the higher of the two.
const STEP: f64 = 0.12;

/// A way to replace what comes after some moment.
#[derive(Clone, Copy, Debug)]
pub(super) enum Future {
    /// A rise becomes a fall, at the same times.
    Mirrored,
    /// A random walk whose bars have shapes and ranges of their own, and some of which are missing: of
    /// each instrument the first one always.
    Redrawn,
}

/// The replaced columns of one instrument.
pub(super) struct Bars {
    ts: Vec<i64>,
    prices: [Vec<f64>; 4],
    volume: Vec<f64>,
}

impl Future {
    /// The bars of an instrument with those after `known_ts` replaced; `number` varies the chance.
    pub(super) fn after(self, member: &Member<'_>, known_ts: i64, number: u64) -> Bars {
        let columns = member.columns;
        let known = columns.ts.partition_point(|ts| *ts <= known_ts);
        let last = known.checked_sub(1).map_or(100.0, |row| columns.close[row]);
        let mut bars = Bars::of(&columns.slice(0..known), columns.len());
        let mut close = last;
        for row in known..columns.len() {
            let bar = columns.bar(row);
            let is_only = row == known && row + 1 == columns.len();
            let bar = match self {
                Self::Mirrored => mirrored(bar, last),
                Self::Redrawn if !is_only && is_missing(number, row, known) => continue,
                Self::Redrawn => redrawn(bar, close, last, &mut Draws::of(number, row as u64)),
            };
            close = bar.close;
            bars.push(&bar);
        }
        bars
    }

    fn factor(self, number: u64, row: u64) -> f64 {
        match self {
            Self::Mirrored => 0.5,
            Self::Redrawn => 0.5 + 1.5 * Draws::of(number, row).next(),
        }
    }

    /// The rules with every event replaced that was not known when the bar of `known_ts` closed.
    pub(super) fn rules<'c>(
        self,
        config: &'c Config,
        resolution: Resolution,
        known_ts: i64,
        number: u64,
    ) -> Cow<'c, Config> {
        let events = &config.rules.events;
        if events.is_empty() {
            return Cow::Borrowed(config);
        }
        let closed = config.rules.calendar.bar_end(resolution, known_ts);
        let mut config = config.clone();
        for (row, event) in (0..).zip(&mut config.rules.events) {
            if event.known_at > closed {
                self.replace(event, known_ts, self.factor(number, row));
            }
        }
        Cow::Owned(config)
    }

    fn replace(self, event: &mut Event, known_ts: i64, factor: f64) {
        match event.kind {
            EventKind::Signal(_) => event.value = -event.value * factor - 1.0,
            // One that took effect before it was announced has changed the account already.
            EventKind::Split | EventKind::Dividend if event.ts <= known_ts => {}
            EventKind::Split | EventKind::Dividend => event.value *= factor,
        }
    }
}

/// No further from the last price known than [`FURTHEST`].
fn bounded(price: f64, last: f64) -> f64 {
    price.clamp(last / FURTHEST, last * FURTHEST)
}

fn mirrored(bar: Bar, last: f64) -> Bar {
    let turned = |price: f64| bounded(last * (last / price), last);
    Bar {
        open: turned(bar.open),
        high: turned(bar.low),
        low: turned(bar.high),
        close: turned(bar.close),
        // Adding one changes a volume of zero too.
        volume: bar.volume * 0.5 + 1.0,
        ..bar
    }
}

fn redrawn(bar: Bar, before: f64, last: f64, draws: &mut Draws) -> Bar {
    // As likely up as down by the same factor.
    let mut from = |price: f64| {
        let step = STEP * (2.0 * draws.next() - 1.0);
        let factor = if step < 0.0 { 1.0 + step } else { 1.0 / (1.0 - step) };
        bounded(price * factor, last)
    };
    let open = from(before);
    let close = from(open);
    let (above, below) = (from(open), from(close));
    let (high, low) = (open.max(close).max(above), open.min(close).min(below));
    let volume = bar.volume * (0.5 + 1.5 * draws.next()) + 1.0;
    Bar { open, high, low, close, volume, ..bar }
}

/// Whether a redrawn instrument has no bar in a row: the first one after what is known, and one in eight.
fn is_missing(number: u64, row: usize, known: usize) -> bool {
    row == known || Draws::of(!number, row as u64).next() < 0.125
}

impl Bars {
    fn of(columns: &Columns<'_>, rows: usize) -> Self {
        let Columns { ts, open, high, low, close, volume } = *columns;
        let column = |values: &[f64]| {
            let mut column = Vec::with_capacity(rows);
            column.extend_from_slice(values);
            column
        };
        Self {
            ts: ts.to_vec(),
            prices: [open, high, low, close].map(column),
            volume: column(volume),
        }
    }

    fn push(&mut self, bar: &Bar) {
        self.ts.push(bar.ts);
        let prices = [bar.open, bar.high, bar.low, bar.close];
        for (column, price) in self.prices.iter_mut().zip(prices) {
            column.push(price);
        }
        self.volume.push(bar.volume);
    }

    pub(super) fn member<'a>(&'a self, of: &Member<'a>) -> Member<'a> {
        let [open, high, low, close] = &self.prices;
        let columns = Columns { ts: &self.ts, open, high, low, close, volume: &self.volume };
        Member { symbol: of.symbol, columns }
    }
}

/// Numbers in [0, 1) that follow from a number and a row (the finaliser of splitmix64).
struct Draws(u64);

impl Draws {
    fn of(number: u64, row: u64) -> Self {
        Self(mixed(number << 32 ^ row))
    }

    fn next(&mut self) -> f64 {
        self.0 = mixed(self.0);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}
