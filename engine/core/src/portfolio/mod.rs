//! The account while a run goes on: cash, and a position for each instrument.

use crate::order::FillRecord;

/// Cash and positions; what they may be is for the broker to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Portfolio {
    /// Cash, in currency; below zero it is borrowed.
    pub cash: f64,
    /// Position by instrument, units; below zero it is short.
    pub position: Vec<f64>,
    /// Average entry price by instrument; 0 when flat.
    pub entry_price: Vec<f64>,
    /// Instruments in the order in which sums are taken, so that the order in which a user names them
    /// does not show in the last bits.
    sequence: Vec<usize>,
    /// Place of each instrument in that order.
    ranks: Vec<usize>,
}

impl Portfolio {
    /// An account with cash and nothing else.
    #[must_use]
    pub fn new(cash: f64, instruments: usize) -> Self {
        Self::in_sequence(cash, (0..instruments).collect())
    }

    /// The same with sums taken in this order of the instruments.
    #[must_use]
    pub fn in_sequence(cash: f64, sequence: Vec<usize>) -> Self {
        let count = sequence.len();
        let mut ranks = vec![0; count];
        sequence.iter().enumerate().for_each(|(rank, instrument)| ranks[*instrument] = rank);
        Self { cash, position: vec![0.0; count], entry_price: vec![0.0; count], sequence, ranks }
    }

    /// Nothing but cash again.
    pub fn reset(&mut self, cash: f64) {
        let Self { cash: held, position, entry_price, sequence: _, ranks: _ } = self;
        *held = cash;
        position.fill(0.0);
        entry_price.fill(0.0);
    }

    /// Instruments in the order in which sums are taken and ties are broken.
    #[must_use]
    pub fn sequence(&self) -> &[usize] {
        &self.sequence
    }

    /// Place of an instrument among them.
    #[must_use]
    pub fn rank(&self, instrument: usize) -> usize {
        self.ranks[instrument]
    }

    /// Books a fill.
    pub fn apply(&mut self, fill: &FillRecord) {
        let instrument = fill.instrument as usize;
        let before = self.position[instrument];
        let after = before + fill.quantity;
        self.cash -= fill.quantity * fill.price + fill.commission;
        let entry = &mut self.entry_price[instrument];
        if after == 0.0 {
            *entry = 0.0;
        } else if before * fill.quantity >= 0.0 {
            *entry = (*entry * before + fill.price * fill.quantity) / after;
        } else if before * after < 0.0 {
            // Through zero: what is held now was all entered at this price.
            *entry = fill.price;
        }
        self.position[instrument] = after;
    }

    /// Replaces each unit of an instrument by `ratio` units.
    pub fn split(&mut self, instrument: usize, ratio: f64) {
        self.position[instrument] *= ratio;
        self.entry_price[instrument] /= ratio;
    }

    /// Equity at the given price of each instrument.
    #[must_use]
    pub fn equity(&self, price: impl Fn(usize) -> f64) -> f64 {
        self.sequence.iter().fold(self.cash, |sum, instrument| {
            let position = self.position[*instrument];
            if position == 0.0 { sum } else { sum + position * price(*instrument) }
        })
    }

    /// Equity, and the value of long and, as a positive number, of short positions at the given prices.
    #[must_use]
    pub fn worth(&self, price: impl Fn(usize) -> f64) -> (f64, (f64, f64)) {
        let (mut equity, mut long, mut short) = (self.cash, 0.0, 0.0);
        for instrument in &self.sequence {
            let position = self.position[*instrument];
            if position != 0.0 {
                let value = position * price(*instrument);
                equity += value;
                long += value.max(0.0);
                short += (-value).max(0.0);
            }
        }
        (equity, (long, short))
    }

    /// Whether any position is held.
    #[must_use]
    pub fn is_invested(&self) -> bool {
        self.position.iter().any(|position| *position != 0.0)
    }

    /// Whether money or units are borrowed.
    #[must_use]
    pub fn is_leveraged(&self) -> bool {
        self.cash < 0.0 || self.position.iter().any(|position| *position < 0.0)
    }
}

#[cfg(test)]
mod tests;
