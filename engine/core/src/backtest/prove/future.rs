//! Other futures: bars, signals and corporate actions after some moment, replaced by possible ones.

use std::borrow::Cow;

use strategy_api::{Columns, Resolution};

use super::super::Config;
use crate::{
    event::{Event, EventKind},
    universe::Member,
};

/// Futures tried at each place.
pub(super) const FUTURES: [Future; 2] = [Future::Mirrored, Future::Moved];
/// How far a price may be taken from the last one known, as a factor.
const FURTHEST: f64 = 100.0;

/// A way to replace what comes after some moment.
#[derive(Clone, Copy, Debug)]
pub(super) enum Future {
    /// A rise becomes a fall.
    Mirrored,
    /// Every bar is scaled by a factor of its own.
    Moved,
}

/// The replaced columns of one instrument.
pub(super) struct Bars {
    prices: [Vec<f64>; 4],
    volume: Vec<f64>,
}

impl Future {
    /// The bars of an instrument with those after `known_ts` replaced; `number` varies the chance.
    pub(super) fn after(self, member: &Member<'_>, known_ts: i64, number: u64) -> Bars {
        let Columns { ts, open, high, low, close, volume } = member.columns;
        let known = ts.partition_point(|ts| *ts <= known_ts);
        let mut bars =
            Bars { prices: [open, high, low, close].map(<[f64]>::to_vec), volume: volume.to_vec() };
        let last = known.checked_sub(1).map_or(100.0, |row| close[row]);
        for row in known..ts.len() {
            let factor = self.factor(number, row as u64);
            // Adding one changes a volume of zero too.
            bars.volume[row] = volume[row] * factor + 1.0;
            let map = |price: f64| {
                let price = match self {
                    Self::Mirrored => last * (last / price),
                    Self::Moved => price * factor,
                };
                price.clamp(last / FURTHEST, last * FURTHEST)
            };
            let (top, bottom) = match self {
                Self::Mirrored => (low[row], high[row]),
                Self::Moved => (high[row], low[row]),
            };
            let prices = [open[row], top, bottom, close[row]].map(map);
            for (column, price) in bars.prices.iter_mut().zip(prices) {
                column[row] = price;
            }
        }
        bars
    }

    fn factor(self, number: u64, row: u64) -> f64 {
        match self {
            Self::Mirrored => 0.5,
            Self::Moved => 0.5 + 1.5 * unit(number, row),
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

impl Bars {
    pub(super) fn member<'a>(&'a self, of: &Member<'a>) -> Member<'a> {
        let [open, high, low, close] = &self.prices;
        let columns = Columns { ts: of.columns.ts, open, high, low, close, volume: &self.volume };
        Member { symbol: of.symbol, columns }
    }
}

/// A number in [0, 1) that follows from its arguments (the finaliser of splitmix64).
fn unit(number: u64, row: u64) -> f64 {
    let mut bits = (number << 32 ^ row).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ bits >> 31) >> 11) as f64 / (1_u64 << 53) as f64
}
