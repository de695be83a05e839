//! Fills as the trades that a package makes of them. Ours run from flat to flat; backtesting.py closes
//! the oldest entry first and counts each part, vectorbt counts each exit at the average entry price.

use std::collections::VecDeque;

use crate::order::FillRecord;

/// An entry, or a part of one, and its exit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RoundTrip {
    /// Index of the instrument.
    pub(super) instrument: usize,
    /// Bar of the (first) entry.
    pub(super) entry_bar: usize,
    /// Bar of the exit; `None` while it is open.
    pub(super) exit_bar: Option<usize>,
    /// Units, negative when sold short.
    pub(super) units: f64,
    /// Price of the entry.
    pub(super) entry_price: f64,
    /// Price of the exit; NaN while it is open.
    pub(super) exit_price: f64,
    /// Commission of both.
    pub(super) commission: f64,
}

impl RoundTrip {
    fn opened(fill: &FillRecord, bar: usize, units: f64) -> Self {
        Self {
            instrument: fill.instrument as usize,
            entry_bar: bar,
            exit_bar: None,
            units,
            entry_price: fill.price,
            exit_price: f64::NAN,
            commission: fill.commission * units / fill.quantity,
        }
    }

    /// Net profit with the exit at `price`.
    pub(super) fn profit_at(&self, price: f64) -> f64 {
        self.units * (price - self.entry_price) - self.commission
    }

    /// Net profit of a closed one; NaN while it is open.
    pub(super) fn profit(&self) -> f64 {
        self.profit_at(self.exit_price)
    }

    /// Net profit over the value of the entry.
    pub(super) fn return_fraction(&self) -> f64 {
        self.profit() / (self.units.abs() * self.entry_price)
    }

    /// Bars from the entry to the exit; 0 while it is open.
    pub(super) fn bars(&self) -> usize {
        self.exit_bar.map_or(0, |exit| exit - self.entry_bar)
    }

    /// Closes `units` of it by a fill; what is left stays in `self`.
    fn close(&mut self, fill: &FillRecord, bar: usize, units: f64) -> Self {
        let share = units / self.units;
        let commission = self.commission * share;
        let exit = fill.commission * (units / fill.quantity).abs();
        self.units -= units;
        self.commission -= commission;
        Self {
            units,
            exit_bar: Some(bar),
            exit_price: fill.price,
            commission: commission + exit,
            ..*self
        }
    }
}

/// Closed round trips by the time of closing, the oldest entry first, then the open ones.
pub(super) fn oldest_first(fills: &[FillRecord], ts: &[i64]) -> Vec<RoundTrip> {
    let mut open: Vec<VecDeque<RoundTrip>> = books(fills);
    let mut closed = Vec::new();
    for fill in fills {
        let (bar, book) = (bar_of(fill, ts), &mut open[fill.instrument as usize]);
        let mut left = fill.quantity;
        while let Some(oldest) = book.front_mut().filter(|trip| trip.units * left < 0.0) {
            let part = if oldest.units.abs() <= left.abs() { oldest.units } else { -left };
            closed.push(oldest.close(fill, bar, part));
            left += part;
            if oldest.units == 0.0 {
                book.pop_front();
            }
        }
        if !is_nothing(left, fill.quantity) {
            book.push_back(RoundTrip::opened(fill, bar, left));
        }
    }
    closed.extend(open.into_iter().flatten());
    closed
}

/// One round trip an exit, from the first entry at the average entry price; then the open ones.
pub(super) fn by_exit(fills: &[FillRecord], ts: &[i64]) -> Vec<RoundTrip> {
    let mut open: Vec<Option<RoundTrip>> = books(fills);
    let mut closed = Vec::new();
    for fill in fills {
        let (bar, slot) = (bar_of(fill, ts), &mut open[fill.instrument as usize]);
        let mut left = fill.quantity;
        if let Some(held) = slot.as_mut().filter(|held| held.units * left < 0.0) {
            let part = if held.units.abs() <= left.abs() { held.units } else { -left };
            closed.push(held.close(fill, bar, part));
            left += part;
            if is_nothing(held.units, fill.quantity) {
                *slot = None;
            }
        }
        if !is_nothing(left, fill.quantity) {
            let more = RoundTrip::opened(fill, bar, left);
            *slot = Some(slot.map_or(more, |held| increased(held, more)));
        }
    }
    closed.extend(open.into_iter().flatten());
    closed
}

fn increased(held: RoundTrip, more: RoundTrip) -> RoundTrip {
    let units = held.units + more.units;
    RoundTrip {
        units,
        entry_price: (held.entry_price * held.units + more.entry_price * more.units) / units,
        commission: held.commission + more.commission,
        ..held
    }
}

/// A place for each instrument.
fn books<T: Default + Clone>(fills: &[FillRecord]) -> Vec<T> {
    let count = fills.iter().map(|fill| fill.instrument as usize + 1).max().unwrap_or(0);
    vec![T::default(); count]
}

fn bar_of(fill: &FillRecord, ts: &[i64]) -> usize {
    ts.partition_point(|start| *start < fill.ts).min(ts.len().saturating_sub(1))
}

/// Whether what is left of a fill is only rounding.
fn is_nothing(left: f64, of: f64) -> bool {
    left.abs() <= 1e-9 * of.abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(ts: i64, quantity: f64, price: f64) -> FillRecord {
        FillRecord {
            order: 1,
            instrument: 0,
            ts,
            quantity,
            price,
            reference: price,
            commission: quantity.abs() / 10.0,
        }
    }

    #[test]
    fn the_oldest_entry_is_closed_first() {
        let fills = [fill(0, 10.0, 100.0), fill(1, 10.0, 120.0), fill(2, -15.0, 130.0)];
        let found = oldest_first(&fills, &[0, 1, 2]);
        let profits: Vec<f64> = found[..2].iter().map(RoundTrip::profit).collect();
        assert_eq!(profits, [300.0 - 2.0, 50.0 - 1.0]);
        assert_eq!((found[2].units, found[2].exit_bar, found[2].commission), (5.0, None, 0.5));
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn an_exit_is_counted_at_the_average_entry() {
        let fills = [fill(0, 10.0, 100.0), fill(1, 10.0, 120.0), fill(2, -15.0, 130.0)];
        let found = by_exit(&fills, &[0, 1, 2]);
        assert_eq!((found.len(), found[0].entry_bar, found[0].entry_price), (2, 0, 110.0));
        assert_eq!((found[0].profit(), found[1].units), (300.0 - 3.0, 5.0));
    }

    #[test]
    fn a_reversal_closes_and_opens() {
        let fills = [fill(0, 10.0, 100.0), fill(1, -15.0, 90.0), fill(2, 5.0, 80.0)];
        for found in [by_exit(&fills, &[0, 1, 2]), oldest_first(&fills, &[0, 1, 2])] {
            let profits: Vec<f64> = found.iter().map(RoundTrip::profit).collect();
            assert_eq!(profits, [-100.0 - 2.0, 50.0 - 1.0]);
            assert_eq!(found[1].return_fraction(), 49.0 / 450.0);
        }
    }
}
