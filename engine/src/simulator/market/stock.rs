//! One share: which prices it has on which day, from nothing but a seed and its symbol.
//!
//! The logarithm of its close is a Brownian path over civil days, looked up at random; opens, highs,
//! lows and volumes are drawn around it. Days before its listing have no prices.

use engine_core::calendar::{Calendar, SECOND_NS, day_number};
use jiff::civil::{Date, date};

use super::{
    Hours,
    noise::{exp, key, key_of, normal, uniform},
    split::Base,
};
use crate::simulator::contracts;

/// The path covers the days from 1880 to 2059.
const LEVELS: u32 = 16;
const FIRST_DAY: i64 = -(1 << 15);
/// Where the path has its starting price.
const ANCHOR: Date = date(2022, 1, 3);
/// Prices stay between 3 and 3000: the path is reflected there.
const LOG_RANGE: (f64, f64) = (1.098_612_288_668_109_8, 8.006_367_567_650_246);

/// Seconds from the start of trading before the open to the open: 04:00 to 09:30.
const BEFORE_OPEN_S: i64 = 5 * 3600 + 1800;
/// Seconds from the close to the end of trading after it.
const AFTER_CLOSE_S: i64 = 4 * 3600;

/// Part of a day in which trading does not pause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Segment {
    /// Begin, nanoseconds UTC.
    pub(crate) from: i64,
    /// End, nanoseconds UTC.
    pub(crate) to: i64,
    /// Its prices and volume.
    pub(crate) base: Base,
    /// What the prices within it follow from.
    pub(crate) seed: u64,
}

/// A share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stock {
    seed: u64,
    listed: Date,
    start: f64,
    drift: f64,
    volatility: f64,
    shares: f64,
    has_volume: bool,
}

impl Stock {
    /// The share of a symbol under a seed.
    pub(crate) fn new(seed: u64, symbol: &str, has_volume: bool) -> Self {
        let seed = key_of(seed, symbol);
        let between = |salt, low: f64, high: f64| low + (high - low) * uniform(key(seed, salt));
        Self {
            seed,
            listed: listing_date(seed, symbol),
            start: between(1, 3.0, 6.0),
            drift: between(2, -0.02, 0.16),
            volatility: between(3, 0.12, 0.45),
            shares: exp(between(4, 13.0, 18.0)),
            has_volume,
        }
    }

    /// The date of its first session.
    pub(crate) fn listed(&self) -> Date {
        self.listed
    }

    /// Logarithm of the close of a civil day.
    fn log_close(&self, day: i64) -> f64 {
        let at = |day: i64| super::noise::brownian(self.seed, LEVELS, day - FIRST_DAY);
        let anchor = i64::from(day_number(ANCHOR));
        let years = (day - anchor) as f64 / 365.0;
        let spread = self.volatility / 365_f64.sqrt();
        reflected(self.start + self.drift * years + spread * (at(day) - at(anchor)))
    }

    /// Close of regular trading, cents; `day` is a day number.
    pub(crate) fn close(&self, day: i32) -> i64 {
        cents(exp(self.log_close(i64::from(day))))
    }

    /// The parts of a day, in order of time: none when there is no session.
    pub(crate) fn day(&self, date: Date, hours: Hours) -> Vec<Segment> {
        let Some((open, close)) = Calendar::Nyse.session_hours(date) else { return Vec::new() };
        if date < self.listed {
            return Vec::new();
        }
        let parts = self.parts(i64::from(day_number(date)));
        let before = open - BEFORE_OPEN_S * SECOND_NS;
        let after = close + AFTER_CLOSE_S * SECOND_NS;
        let times = [(before, open), (open, close), (close, after)];
        let seed = key(self.seed, 10 + i64::from(day_number(date)));
        let all = times.into_iter().zip(parts).zip(0..).map(|(((from, to), base), part)| Segment {
            from,
            to,
            base,
            seed: key(seed, part),
        });
        match hours {
            Hours::Regular => all.skip(1).take(1).collect(),
            Hours::Extended => all.collect(),
        }
    }

    /// Before the open, regular, after the close. `before` counts regular trading first, so that a day
    /// of regular trading does not depend on the hours that are asked for.
    fn parts(&self, day: i64) -> [Base; 3] {
        let seed = key(self.seed, day);
        let noise = |salt| normal(key(seed, salt));
        let daily = self.volatility / 252_f64.sqrt();
        let earlier = self.log_close(day - 1);
        let open = cents(exp(earlier + 0.35 * daily * noise(1)));
        let close = cents(exp(self.log_close(day)));
        let early = cents(exp(earlier + 0.15 * daily * noise(2)));
        let late = cents(close as f64 / 100.0 * (1.0 + 0.12 * daily * noise(3)));
        let volume = if self.has_volume { self.shares * exp(0.35 * noise(4)) } else { 0.0 };
        let share = |part: f64| (volume * part) as u64;
        let around = |open: i64, close: i64, reach: f64, salt| {
            let reach = open as f64 * daily * reach;
            let up = (reach * noise(salt).abs()) as i64;
            let down = (reach * noise(salt + 1).abs()) as i64;
            let (high, low) = (open.max(close) + up, (open.min(close) - down).max(1));
            Base { open, high, low, close, before: 0, volume: 0 }
        };
        let with = |base: Base, before: u64, volume: u64| Base { before, volume, ..base };
        let (regular, first, last) = (share(1.0), share(0.04), share(0.06));
        [
            with(around(early, open, 0.15, 5), regular, first),
            with(around(open, close, 0.5, 7), 0, regular),
            with(around(close, late, 0.15, 9), regular + first, last),
        ]
    }
}

fn cents(price: f64) -> i64 {
    ((price * 100.0).round() as i64).max(1)
}

/// The value reflected at the ends of the range until it lies inside.
fn reflected(value: f64) -> f64 {
    let (low, high) = LOG_RANGE;
    let width = high - low;
    let folded = (value - low).rem_euclid(2.0 * width);
    low + if folded > width { 2.0 * width - folded } else { folded }
}

/// When the share was listed: as in the world where it is known, else between 1990 and 2014.
fn listing_date(seed: u64, symbol: &str) -> Date {
    if let Some(known) = contracts::known(symbol) {
        return known.listed;
    }
    let days = (uniform(key(seed, 5)) * 9000.0) as i32;
    let day = day_number(date(1990, 1, 2)) + days;
    Calendar::Nyse.session_from(engine_core::calendar::date_of(day))
}
