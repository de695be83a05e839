//! How long the book stays as it is: what the next bar must do before an order that waits has anything
//! to do. The loop looks ahead for the first such bar, and the strategy runs to it by itself.

use strategy_api::{Columns, order::Size};

use super::{
    Broker,
    book::{Phase, Working, trailing_level},
};
use crate::order::{Distance, Kind, TimeInForce};

/// What ends the quiet of an order. Prices are reached when a bar touches them; a bar that does may still
/// leave the order as it is, one that does not never changes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Alarm {
    /// A low at or below a price.
    Low(f64),
    /// A high at or above a price.
    High(f64),
    /// The level of a trailing stop, which follows the bars on the way.
    Trail {
        /// How far it stays behind.
        distance: Distance,
        /// Whether it buys.
        is_buy: bool,
        /// Lowest and highest price so far.
        extremes: (f64, f64),
    },
    /// A bar that begins after this instant, nanoseconds UTC.
    After(i64),
    /// A bar of another session than this one.
    Session(i32),
}

impl Alarm {
    /// The first row from `row` on that sets it off; `session` gives the number of a row's session.
    #[must_use]
    pub fn first(
        &self,
        columns: &Columns<'_>,
        rows: std::ops::Range<usize>,
        session: impl Fn(usize) -> i32,
    ) -> Option<usize> {
        let at = |place: usize| rows.start + place;
        match *self {
            Self::Low(price) => {
                columns.low[rows.clone()].iter().position(|low| *low <= price).map(at)
            }
            Self::High(price) => {
                columns.high[rows.clone()].iter().position(|high| *high >= price).map(at)
            }
            Self::After(ts) => {
                let before = columns.ts[rows.clone()].partition_point(|start| *start <= ts);
                (before < rows.len()).then_some(at(before))
            }
            Self::Session(day) => rows.clone().find(|row| session(*row) != day),
            Self::Trail { distance, is_buy, mut extremes } => rows.clone().find(|row| {
                let (low, high) = (columns.low[*row], columns.high[*row]);
                let level = trailing_level(extremes, distance, is_buy);
                extremes = (extremes.0.min(low), extremes.1.max(high));
                if is_buy { high >= level } else { low <= level }
            }),
        }
    }
}

impl Broker {
    /// Adds what each waiting order waits for, with its instrument; `false` when one of them has to be
    /// worked at the very next bar. `held` are the units held of each instrument.
    pub fn alarms(&self, held: &[f64], alarms: &mut Vec<(usize, Alarm)>) -> bool {
        self.book.iter().all(|working| working.alarms(held, alarms))
    }

    /// Lets trailing stops of an instrument follow rows that were passed over.
    pub fn pass_over(&mut self, instrument: usize, columns: &Columns<'_>) {
        for working in &mut self.book {
            if working.order.instrument == instrument
                && working.phase == Phase::Working
                && let (Kind::Trailing(_), Some(extremes)) =
                    (working.order.kind, &mut working.extremes)
            {
                let low = columns.low.iter().copied().fold(extremes.0, f64::min);
                let high = columns.high.iter().copied().fold(extremes.1, f64::max);
                *extremes = (low, high);
            }
        }
    }
}

impl Working {
    fn alarms(&self, held: &[f64], alarms: &mut Vec<(usize, Alarm)>) -> bool {
        let instrument = self.order.instrument;
        let mut wait_for = |alarm| alarms.push((instrument, alarm));
        if let TimeInForce::Until(ts) = self.order.time_in_force {
            wait_for(Alarm::After(ts));
        }
        if self.phase == Phase::Held {
            // Whatever its parent waits for stands in the book, too.
            return true;
        }
        match (self.order.time_in_force, self.day) {
            (TimeInForce::Day, Some(day)) => wait_for(Alarm::Session(day)),
            (TimeInForce::Gtc | TimeInForce::Until(_), _) => {}
            _ => return false,
        }
        let is_settled = self.had_bar && self.entered.is_none();
        let Some(is_buy) = self.side(held[instrument]).filter(|_| is_settled) else { return false };
        let beyond = |price: f64| if is_buy { Alarm::High(price) } else { Alarm::Low(price) };
        let within = |price: f64| if is_buy { Alarm::Low(price) } else { Alarm::High(price) };
        wait_for(match (self.order.kind, self.phase) {
            (Kind::Limit(limit), _) | (Kind::StopLimit { limit, .. }, Phase::Triggered) => {
                within(limit)
            }
            (Kind::Stop(stop) | Kind::StopLimit { stop, .. }, Phase::Working) => beyond(stop),
            (Kind::Trailing(distance), Phase::Working) => {
                let Some(extremes) = self.extremes else { return false };
                Alarm::Trail { distance, is_buy, extremes }
            }
            _ => return false,
        });
        true
    }

    /// Whether it buys; `None` when that depends on prices to come.
    fn side(&self, held: f64) -> Option<bool> {
        let depends = self.left.is_none() && matches!(self.order.size, Size::TargetFraction(_));
        (!depends).then(|| self.is_buy(held, 0.0, 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TS: [i64; 5] = [10, 20, 30, 40, 50];
    const LOW: [f64; 5] = [9.0, 8.0, 9.0, 7.0, 9.5];
    const HIGH: [f64; 5] = [11.0, 12.0, 13.0, 10.0, 10.5];

    fn first(alarm: Alarm, from: usize) -> Option<usize> {
        let columns =
            Columns { ts: &TS, open: &LOW, high: &HIGH, low: &LOW, close: &LOW, volume: &LOW };
        alarm.first(&columns, from..TS.len(), |row| [1, 1, 2, 2, 3][row])
    }

    #[test]
    fn the_first_bar_that_reaches_a_price_is_found_and_none_before_the_first_row() {
        assert_eq!(first(Alarm::Low(8.0), 0), Some(1));
        assert_eq!(first(Alarm::Low(8.0), 2), Some(3));
        assert_eq!(first(Alarm::Low(6.9), 0), None);
        assert_eq!(first(Alarm::High(12.5), 0), Some(2));
        assert_eq!(first(Alarm::High(12.5), 3), None);
    }

    #[test]
    fn times_and_sessions_end_the_quiet_too() {
        assert_eq!(first(Alarm::After(20), 0), Some(2));
        assert_eq!(first(Alarm::After(50), 0), None);
        assert_eq!(first(Alarm::Session(1), 0), Some(2));
        assert_eq!(first(Alarm::Session(2), 3), Some(4));
    }

    #[test]
    fn a_trailing_stop_is_reached_where_the_bars_on_the_way_have_brought_it() {
        // A sale 3 below the highest: 8 at first, 9 after a high of 12, 10 after one of 13.
        let distance = Distance::Amount(3.0);
        let sale = Alarm::Trail { distance, is_buy: false, extremes: (10.0, 11.0) };
        assert_eq!(first(sale, 0), Some(1));
        let above = Alarm::Trail { distance, is_buy: false, extremes: (10.0, 10.5) };
        // 7.5, then 8 (low 8 reaches it).
        assert_eq!(first(above, 0), Some(1));
        // A purchase 3 above the lowest: 13 at first, 12 after a low of 9, which a high of 12 reaches.
        let purchase = Alarm::Trail { distance, is_buy: true, extremes: (10.0, 11.0) };
        assert_eq!(first(purchase, 0), Some(1));
        assert_eq!(first(purchase, 3), Some(4), "the low of 7 counts");
    }
}
