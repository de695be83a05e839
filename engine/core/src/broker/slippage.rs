//! How much worse than the reference price a fill is, and how much of a bar's volume it may take.
//!
//! Slippage is for orders that take whatever the market gives: market orders, stops, on-open and
//! on-close orders. A limit order fills at its limit or better, but takes its share of volume too.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Smallest step of the price of a US share above one dollar (Regulation NMS, rule 612), currency.
const TICK: f64 = 0.01;

/// A slippage model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Slippage {
    /// Filled at the reference price.
    #[default]
    None,
    /// A number of basis points of the price (1 bp = 0.0001).
    BasisPoints(f64),
    /// A number of ticks of 0.01.
    Ticks(f64),
    /// At most a share of the bar's volume fills, and the price moves with the square of the share
    /// that was taken: `price x (1 +- impact x share^2)`. What is left waits for the next bar.
    /// The form is that of zipline's volume share slippage (its defaults: 0.025, 0.1).
    VolumeShare {
        /// Largest share of a bar's volume, a fraction.
        limit: f64,
        /// Impact on the price.
        impact: f64,
    },
}

impl Slippage {
    /// The price of a fill that takes `share` of the bar's volume (which only one model asks for): a
    /// buyer pays more, a seller gets less.
    #[must_use]
    pub fn price(self, reference: f64, is_buy: bool, share: f64) -> f64 {
        match self {
            Self::None => reference,
            Self::BasisPoints(bps) if is_buy => reference * (1.0 + bps / 10_000.0),
            Self::BasisPoints(bps) => reference * (1.0 - bps / 10_000.0),
            Self::Ticks(ticks) if is_buy => reference + ticks * TICK,
            // A price stays above zero.
            Self::Ticks(ticks) => (reference - ticks * TICK).max(TICK.min(reference)),
            Self::VolumeShare { impact, .. } if is_buy => {
                reference * (1.0 + impact * share * share)
            }
            Self::VolumeShare { impact, .. } => reference * (1.0 - impact * share * share).max(0.0),
        }
    }

    /// The largest share of a bar's volume that may fill; `None` when volume does not matter.
    #[must_use]
    pub fn volume_limit(self) -> Option<f64> {
        match self {
            Self::VolumeShare { limit, .. } => Some(limit),
            _ => None,
        }
    }
}

impl fmt::Display for Slippage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::BasisPoints(bps) => write!(f, "bps:{bps}"),
            Self::Ticks(ticks) => write!(f, "ticks:{ticks}"),
            Self::VolumeShare { limit, impact } => write!(f, "volume:{limit}:{impact}"),
        }
    }
}

/// A text that names no slippage model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{}' is no slippage model; valid: none, bps:2 (basis points), ticks:1 (of 0.01), volume:0.025:0.1 (largest share of a bar's volume, price impact)",
    .0.escape_debug()
)]
pub struct UnknownSlippage(pub String);

impl FromStr for Slippage {
    type Err = UnknownSlippage;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownSlippage(text.chars().take(60).collect());
        let number = |text: &str| {
            let number = text.parse::<f64>().map_err(|_| unknown())?;
            if number.is_finite() && number >= 0.0 { Ok(number) } else { Err(unknown()) }
        };
        let below = |text: &str, most: f64| {
            number(text).and_then(|number| if number < most { Ok(number) } else { Err(unknown()) })
        };
        match text.split(':').collect::<Vec<_>>()[..] {
            ["none"] => Ok(Self::None),
            ["bps", bps] => Ok(Self::BasisPoints(below(bps, 10_000.0)?)),
            ["ticks", ticks] => Ok(Self::Ticks(number(ticks)?)),
            ["volume", limit, impact] => {
                let (limit, impact) = (below(limit, 1.0 + f64::EPSILON)?, number(impact)?);
                if limit > 0.0 { Ok(Self::VolumeShare { limit, impact }) } else { Err(unknown()) }
            }
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slippage_is_always_against_the_trader() {
        assert_eq!(Slippage::BasisPoints(2500.0).price(200.0, true, 0.0), 250.0);
        assert_eq!(Slippage::BasisPoints(2500.0).price(200.0, false, 0.0), 150.0);
        assert_eq!(Slippage::None.price(200.0, true, 0.0), 200.0);
        assert_eq!(Slippage::Ticks(25.0).price(200.0, true, 0.0), 200.25);
        assert_eq!(Slippage::Ticks(25.0).price(200.0, false, 0.0), 199.75);
        let model = Slippage::VolumeShare { limit: 0.5, impact: 0.5 };
        assert_eq!(model.price(200.0, true, 0.5), 225.0);
        assert_eq!(model.price(200.0, false, 0.5), 175.0);
    }

    #[test]
    fn names_are_read_and_written_back() {
        for name in ["none", "bps:2", "bps:0.5", "ticks:1", "volume:0.025:0.1", "volume:1:0"] {
            assert_eq!(name.parse::<Slippage>().map(|model| model.to_string()), Ok(name.into()));
        }
        for name in ["", "bps", "bps:-1", "bps:10000", "ticks:x", "volume:0:1", "volume:1.5:0"] {
            assert!(name.parse::<Slippage>().is_err(), "{name}");
        }
    }
}
