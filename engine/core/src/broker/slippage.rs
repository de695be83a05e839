//! How much worse than the reference price a fill is.

use serde::{Deserialize, Serialize};

/// A slippage model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Slippage {
    /// Filled at the reference price.
    #[default]
    None,
    /// A number of basis points of the price (1 bp = 0.0001).
    BasisPoints(f64),
}

impl Slippage {
    /// The price of a fill: a buyer pays more, a seller gets less.
    #[must_use]
    pub fn price(self, reference: f64, is_buy: bool) -> f64 {
        match self {
            Self::None => reference,
            Self::BasisPoints(bps) if is_buy => reference * (1.0 + bps / 10_000.0),
            Self::BasisPoints(bps) => reference * (1.0 - bps / 10_000.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slippage_is_always_against_the_trader() {
        assert_eq!(Slippage::BasisPoints(2500.0).price(200.0, true), 250.0);
        assert_eq!(Slippage::BasisPoints(2500.0).price(200.0, false), 150.0);
        assert_eq!(Slippage::None.price(200.0, true), 200.0);
    }
}
