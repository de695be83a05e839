//! The fills and entries of one round trip, in their order: the trade again, part by part.

use super::{AccountEntry, EntryKind, Trade, cut_at_zero};
use crate::order::FillRecord;

/// A part of a round trip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// A fill, or the part of it that belongs to the trip when it went through zero.
    Fill {
        /// Place in the list of fills.
        place: usize,
        /// The part of it.
        fill: FillRecord,
        /// Units held before it.
        held: f64,
    },
    /// An entry of the account for its instrument.
    Entry(AccountEntry),
}

/// The parts of the trade at `number` (from 0) of a run's trades.
#[must_use]
pub fn parts(
    trades: &[Trade],
    number: usize,
    fills: &[FillRecord],
    entries: &[AccountEntry],
) -> Vec<Part> {
    let Some(trade) = trades.get(number) else { return Vec::new() };
    // Trades of one instrument follow each other, closed ones first, an open one last.
    let same = |other: &&Trade| other.instrument == trade.instrument;
    let before = trades[..number].iter().filter(same).count();
    let mut trips = Trips { all: vec![Vec::new()], held: 0.0 };
    let mut entries =
        entries.iter().filter(|entry| entry.instrument == Some(trade.instrument)).peekable();
    for (place, fill) in fills.iter().enumerate() {
        if fill.instrument != trade.instrument {
            continue;
        }
        while let Some(entry) = entries.next_if(|entry| entry.ts <= fill.ts) {
            trips.enter(*entry);
        }
        for part in cut_at_zero(fill, trips.held) {
            trips.fill(place, part);
        }
    }
    entries.for_each(|entry| trips.enter(*entry));
    trips.all.swap_remove(before.min(trips.all.len() - 1))
}

/// The trips of one instrument, the last of them perhaps empty.
struct Trips {
    all: Vec<Vec<Part>>,
    held: f64,
}

impl Trips {
    fn push(&mut self, part: Part) {
        self.all.last_mut().expect("there is always a last trip").push(part);
    }

    fn fill(&mut self, place: usize, fill: FillRecord) {
        self.push(Part::Fill { place, fill, held: self.held });
        self.held += fill.quantity;
        if self.held == 0.0 {
            self.all.push(Vec::new());
        }
    }

    /// An entry while nothing is held belongs to no trip.
    fn enter(&mut self, entry: AccountEntry) {
        if self.held == 0.0 {
            return;
        }
        if entry.kind == EntryKind::Split {
            self.held *= entry.value;
        }
        self.push(Part::Entry(entry));
    }
}

#[cfg(test)]
mod tests {
    use super::{super::trades_with, *};

    fn fill(ts: i64, instrument: u32, quantity: f64, price: f64, commission: f64) -> FillRecord {
        FillRecord { order: 1, instrument, ts, quantity, price, reference: price, commission }
    }

    fn flow(parts: &[Part]) -> f64 {
        parts
            .iter()
            .map(|part| match part {
                Part::Fill { fill, .. } => -fill.quantity * fill.price - fill.commission,
                Part::Entry(entry) if entry.kind == EntryKind::Split => 0.0,
                Part::Entry(entry) => entry.value,
            })
            .sum()
    }

    #[test]
    fn the_parts_of_every_trade_add_up_to_its_cash_flow() {
        let fills = [
            fill(1, 0, 10.0, 100.0, 1.0),
            fill(2, 1, 5.0, 10.0, 0.0),
            fill(3, 0, -15.0, 120.0, 3.0),
            fill(5, 0, 10.0, 45.0, 1.0),
            fill(6, 1, -5.0, 12.0, 0.0),
            fill(7, 1, 1.0, 12.0, 0.0),
        ];
        let entry = |ts, instrument, kind, value| AccountEntry {
            ts,
            instrument: Some(instrument),
            kind,
            value,
        };
        let entries = [
            entry(2, 0, EntryKind::Dividend, 7.0),
            entry(4, 0, EntryKind::Split, 2.0),
            entry(4, 0, EntryKind::BorrowFee, -0.5),
            entry(9, 0, EntryKind::Dividend, 1.0),
        ];
        let trades = trades_with(&fills, &entries, 2);
        assert_eq!(trades.len(), 4);
        for (number, trade) in trades.iter().enumerate() {
            let parts = parts(&trades, number, &fills, &entries);
            assert!((flow(&parts) - trade.cash_flow).abs() < 1e-12, "{number}: {parts:?}");
        }
        assert_eq!(parts(&trades, 9, &fills, &entries), []);
    }
}
