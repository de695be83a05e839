//! What an account has traded in a calendar month, for commissions that depend on it.
//!
//! Months are those of the bars' times in UTC, which for sessions of US exchanges are the exchange's.
//! Fills of one moment are priced by what was traded before it and counted together after it, so that
//! the order in which they were placed does not show.

use super::{Broker, Commission, Tariff};
use crate::calendar::utc_date;

/// The month of the last fill.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Month {
    /// Months since the year 0.
    number: i32,
    units: f64,
}

fn number_of(ts: i64) -> i32 {
    let date = utc_date(ts);
    i32::from(date.year()) * 12 + i32::from(date.month())
}

impl Broker {
    /// The commission for a fill in the bar that begins at `ts`.
    pub(super) fn tariff(&self, ts: i64) -> Tariff {
        let model: Commission = self.terms.commission;
        let is_running = model.is_by_volume() && self.month.number == number_of(ts);
        Tariff { model, month_units: if is_running { self.month.units } else { 0.0 } }
    }

    /// Counts the fills from `before` on.
    pub(super) fn count_month(&mut self, before: usize) {
        if !self.terms.commission.is_by_volume() {
            return;
        }
        for fill in &self.fills[before..] {
            let number = number_of(fill.ts);
            if number != self.month.number {
                self.month = Month { number, units: 0.0 };
            }
            self.month.units += fill.quantity.abs();
        }
    }
}
