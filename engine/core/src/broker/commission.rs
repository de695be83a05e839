//! What a broker takes for a fill.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Interactive Brokers, US shares, fixed: per share, at least, and at most as a fraction of the value.
/// Source: the published price list "US stocks, fixed" (2026).
const IBKR_FIXED: (f64, f64, f64) = (0.005, 1.0, 0.01);

/// A commission model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Commission {
    /// Nothing.
    #[default]
    None,
    /// Currency for each unit.
    PerShare(f64),
    /// Fraction of the traded value.
    Percent(f64),
    /// Interactive Brokers fixed: 0.005 a share, at least 1, at most 1 % of the traded value.
    IbkrFixed,
}

impl Commission {
    /// Commission of a fill, in currency; `quantity` may have either sign.
    #[must_use]
    pub fn of(self, quantity: f64, price: f64) -> f64 {
        let units = quantity.abs();
        match self {
            Self::None => 0.0,
            Self::PerShare(rate) => rate * units,
            Self::Percent(fraction) => fraction * units * price,
            Self::IbkrFixed if units == 0.0 => 0.0,
            Self::IbkrFixed => {
                let (rate, least, most) = IBKR_FIXED;
                (rate * units).max(least).min(most * units * price)
            }
        }
    }
}

impl fmt::Display for Commission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::PerShare(rate) => write!(f, "per-share:{rate}"),
            // The nearest decimal: 0.1 % parsed to 0.001 reads 0.1 again.
            Self::Percent(fraction) => write!(f, "percent:{}", (fraction * 1e14).round() / 1e12),
            Self::IbkrFixed => f.write_str("ibkr-fixed"),
        }
    }
}

/// A text that names no commission model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{}' is no commission model; valid: none, per-share:0.005 (currency a share), percent:0.1 (of the value), ibkr-fixed",
    .0.escape_debug()
)]
pub struct UnknownCommission(pub String);

impl FromStr for Commission {
    type Err = UnknownCommission;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownCommission(text.chars().take(60).collect());
        let rate = |number: &str| {
            let rate = number.parse::<f64>().map_err(|_| unknown())?;
            if rate.is_finite() && rate >= 0.0 { Ok(rate) } else { Err(unknown()) }
        };
        match text.split_once(':') {
            None if text == "none" => Ok(Self::None),
            None if text == "ibkr-fixed" => Ok(Self::IbkrFixed),
            Some(("per-share", number)) => Ok(Self::PerShare(rate(number)?)),
            Some(("percent", number)) => {
                let percent = rate(number)?;
                if percent < 100.0 { Ok(Self::Percent(percent / 100.0)) } else { Err(unknown()) }
            }
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked examples of the broker's price list: 100 shares at 25 cost the minimum of 1.00,
    /// 1,000 at 25 cost 5.00, 1,000 at 0.25 are capped at 1 % = 2.50.
    #[test]
    fn ibkr_fixed_gives_the_price_lists_examples() {
        assert_eq!(Commission::IbkrFixed.of(100.0, 25.0), 1.0);
        assert_eq!(Commission::IbkrFixed.of(-1000.0, 25.0), 5.0);
        assert_eq!(Commission::IbkrFixed.of(1000.0, 0.25), 2.5);
    }

    #[test]
    fn names_are_read_and_written_back() {
        for name in ["none", "per-share:0.005", "percent:0.1", "percent:0.07", "ibkr-fixed"] {
            assert_eq!(name.parse::<Commission>().map(|model| model.to_string()), Ok(name.into()));
        }
        for name in
            ["", "free", "percent", "percent:x", "percent:-1", "per-share:inf", "percent:100"]
        {
            assert!(name.parse::<Commission>().is_err(), "{name}");
        }
    }
}
