//! The account while a run goes on: cash, and a position for each instrument.

use crate::order::FillRecord;

/// A cash account: no position below zero, no cash below zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Portfolio {
    /// Cash, in currency.
    pub cash: f64,
    /// Position by instrument, units.
    pub position: Vec<f64>,
    /// Average entry price by instrument; 0 when flat.
    pub entry_price: Vec<f64>,
}

impl Portfolio {
    /// An account with cash and nothing else.
    #[must_use]
    pub fn new(cash: f64, instruments: usize) -> Self {
        Self { cash, position: vec![0.0; instruments], entry_price: vec![0.0; instruments] }
    }

    /// Books a fill.
    pub fn apply(&mut self, fill: &FillRecord) {
        let instrument = fill.instrument as usize;
        let before = self.position[instrument];
        let after = before + fill.quantity;
        self.cash -= fill.quantity * fill.price + fill.commission;
        if fill.quantity > 0.0 {
            let paid = self.entry_price[instrument] * before + fill.price * fill.quantity;
            self.entry_price[instrument] = paid / after;
        }
        if after == 0.0 {
            self.entry_price[instrument] = 0.0;
        }
        self.position[instrument] = after;
    }

    /// Equity at the given price of each instrument, summed in the order of the universe.
    #[must_use]
    pub fn equity(&self, price: impl Fn(usize) -> f64) -> f64 {
        self.position.iter().enumerate().fold(self.cash, |sum, (instrument, position)| {
            if *position == 0.0 { sum } else { sum + position * price(instrument) }
        })
    }

    /// Whether any position is held.
    #[must_use]
    pub fn is_invested(&self) -> bool {
        self.position.iter().any(|position| *position != 0.0)
    }
}

#[cfg(test)]
mod tests;
