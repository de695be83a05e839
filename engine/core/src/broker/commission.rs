//! What a broker takes for a fill.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Interactive Brokers, US shares, fixed: per share, at least, and at most as a fraction of the value.
/// Source: the published price list "US stocks, fixed" (2026).
const IBKR_FIXED: (f64, f64, f64) = (0.005, 1.0, 0.01);

/// Interactive Brokers, US shares, tiered, as it is charged for up to 300,000 shares a month (larger
/// traders pay less), on an exchange that charges for taking liquidity.
/// Sources: the broker's price list "US stocks, tiered" for commission, clearing and the two fees that
/// are fractions of it; FINRA's schedule for the trading activity fee (2025); the SEC's section 31 fee
/// is nothing since 2025-05-14.
const IBKR_TIERED: Tiered = Tiered {
    rate: 0.0035,
    least: 0.35,
    most: 0.01,
    exchange: 0.003,
    clearing: 0.0002,
    nyse: 0.000_175,
    finra: 0.000_56,
    activity: 0.000_166,
    activity_most: 8.30,
    sec: 0.0,
};

/// The parts of a tiered commission.
#[derive(Clone, Copy, Debug)]
struct Tiered {
    /// Commission: currency a unit, least and most (fraction of the value) of it.
    rate: f64,
    least: f64,
    most: f64,
    /// Exchange and clearing, currency a unit.
    exchange: f64,
    clearing: f64,
    /// Passed through by NYSE and FINRA, fractions of the commission.
    nyse: f64,
    finra: f64,
    /// Trading activity fee on sales, currency a unit, and its most.
    activity: f64,
    activity_most: f64,
    /// Section 31 fee on sales, fraction of the value.
    sec: f64,
}

impl Tiered {
    fn of(&self, quantity: f64, price: f64) -> f64 {
        let units = quantity.abs();
        let value = units * price;
        let commission = (self.rate * units).max(self.least).min(self.most * value);
        let passed_through =
            (self.exchange + self.clearing) * units + (self.nyse + self.finra) * commission;
        let on_sales = if quantity < 0.0 {
            (self.activity * units).min(self.activity_most) + self.sec * value
        } else {
            0.0
        };
        commission + passed_through + on_sales
    }
}

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
    /// Interactive Brokers tiered, up to 300,000 shares a month: 0.0035 a share, at least 0.35, at most
    /// 1 % of the traded value, and the fees of exchange, clearing and regulators.
    IbkrTiered,
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
            Self::IbkrFixed | Self::IbkrTiered if units == 0.0 => 0.0,
            Self::IbkrFixed => {
                let (rate, least, most) = IBKR_FIXED;
                (rate * units).max(least).min(most * units * price)
            }
            Self::IbkrTiered => IBKR_TIERED.of(quantity, price),
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
            Self::IbkrTiered => f.write_str("ibkr-tiered"),
        }
    }
}

/// A text that names no commission model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{}' is no commission model; valid: none, per-share:0.005 (currency a share), percent:0.1 (of the value), ibkr-fixed, ibkr-tiered",
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
            None if text == "ibkr-tiered" => Ok(Self::IbkrTiered),
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

    /// The broker's comparison of fixed and tiered prices (2023): 200,000 shares sold at 5, taking
    /// liquidity, cost 700 + 600 + 40 + 8 + 0.39 + 0.12 + 7.27 = 1,355.78.
    #[test]
    fn ibkr_tiered_gives_the_price_lists_example() {
        let then =
            Tiered { activity: 0.000_145, activity_most: 7.27, sec: 0.000_008, ..IBKR_TIERED };
        assert!((then.of(-200_000.0, 5.0) - 1355.78).abs() < 0.005);
    }

    /// 100 bought at 25: at least 0.35, and 0.32 for exchange and clearing, and 0.07 % of 0.35.
    #[test]
    fn ibkr_tiered_has_a_least_and_charges_sales_more() {
        let bought = Commission::IbkrTiered.of(100.0, 25.0);
        assert!((bought - 0.670_257_25).abs() < 1e-12, "{bought}");
        let sold = Commission::IbkrTiered.of(-100.0, 25.0);
        assert!((sold - bought - 0.0166).abs() < 1e-12, "{sold}");
        assert_eq!(Commission::IbkrTiered.of(0.0, 25.0), 0.0);
    }

    #[test]
    fn names_are_read_and_written_back() {
        for name in
            ["none", "per-share:0.005", "percent:0.1", "percent:0.07", "ibkr-fixed", "ibkr-tiered"]
        {
            assert_eq!(name.parse::<Commission>().map(|model| model.to_string()), Ok(name.into()));
        }
        for name in
            ["", "free", "percent", "percent:x", "percent:-1", "per-share:inf", "percent:100"]
        {
            assert!(name.parse::<Commission>().is_err(), "{name}");
        }
    }
}
