//! What a broker takes for a fill.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Interactive Brokers, US shares, fixed: per share, at least, and at most as a fraction of the value.
/// Source: the broker's price list "US stocks, fixed" (2026). The regulators' fees on sales, which the
/// list adds, are not part of this model.
const IBKR_FIXED: (f64, f64, f64) = (0.005, 1.0, 0.01);

/// Interactive Brokers, US shares, tiered, for orders that take liquidity. What is modelled:
///
/// | part | source |
/// |---|---|
/// | commission by the shares of the calendar month, marginal, with its least and most | the broker's price list "US stocks, tiered" (2026) |
/// | exchange: 0.003 a share, what the large exchanges charge for taking liquidity | the broker's examples of fixed and tiered prices; exchanges pay a rebate for adding it, which is not modelled |
/// | clearing (NSCC, DTC), passed through by NYSE and FINRA as fractions of the commission | the same price list |
/// | trading activity fee on sales | FINRA, SR-FINRA-2024-019, rate of 2026 |
/// | section 31 fee on sales | SEC, fee rate advisory 2026-2: 20.60 a million from 2026-04-04 |
/// | consolidated audit trail, on purchases and sales | rate that brokers passed on in September 2026 |
///
/// Not modelled: rebates, alternative routes, the lower least for fractions of a share. The rates of 2026
/// are used for every year, so that costs of different years can be compared.
const IBKR_TIERED: Tiered = Tiered {
    tiers: [
        (300_000.0, 0.0035),
        (3_000_000.0, 0.0020),
        (20_000_000.0, 0.0015),
        (100_000_000.0, 0.0010),
        (f64::INFINITY, 0.0005),
    ],
    least: 0.35,
    most: 0.01,
    exchange: 0.003,
    clearing: 0.0002,
    nyse: 0.000_175,
    finra: 0.000_56,
    audit_trail: 0.000_003,
    activity: 0.000_195,
    activity_most: 9.79,
    sec: 0.000_020_6,
};

/// The parts of a tiered commission.
#[derive(Clone, Copy, Debug)]
struct Tiered {
    /// Units of a month up to which a rate holds, and the rate: currency a unit.
    tiers: [(f64, f64); 5],
    /// Least and most (fraction of the value) of the commission of a fill.
    least: f64,
    most: f64,
    /// Exchange, clearing and audit trail, currency a unit.
    exchange: f64,
    clearing: f64,
    audit_trail: f64,
    /// Passed through by NYSE and FINRA, fractions of the commission.
    nyse: f64,
    finra: f64,
    /// Trading activity fee on sales, currency a unit, and its most.
    activity: f64,
    activity_most: f64,
    /// Section 31 fee on sales, fraction of the value.
    sec: f64,
}

/// A part of what a fill is charged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Charge {
    /// What it is.
    pub name: &'static str,
    /// Currency.
    pub amount: f64,
}

impl Tiered {
    /// What the broker itself takes for units that follow `before` others in the month.
    fn commission(&self, units: f64, price: f64, before: f64) -> f64 {
        let (mut from, mut rated) = (0.0, 0.0);
        for (to, rate) in self.tiers {
            let within = (before + units).min(to) - before.max(from);
            if within > 0.0 {
                rated += rate * within;
            }
            from = to;
        }
        rated.max(self.least).min(self.most * units * price)
    }

    /// Everything, part by part.
    fn charges(&self, quantity: f64, price: f64, before: f64) -> [Charge; 8] {
        let units = quantity.abs();
        let commission = self.commission(units, price, before);
        let on_sales = |amount: f64| if quantity < 0.0 { amount } else { 0.0 };
        let charge = |name, amount| Charge { name, amount };
        [
            charge("commission", commission),
            charge("exchange", self.exchange * units),
            charge("clearing", self.clearing * units),
            charge("NYSE pass-through", self.nyse * commission),
            charge("FINRA pass-through", self.finra * commission),
            charge("audit trail", self.audit_trail * units),
            charge("trading activity", on_sales((self.activity * units).min(self.activity_most))),
            charge("section 31", on_sales(self.sec * units * price)),
        ]
    }

    fn of(&self, quantity: f64, price: f64, before: f64) -> f64 {
        self.charges(quantity, price, before).iter().map(|charge| charge.amount).sum()
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
    /// Interactive Brokers tiered: 0.0035 a share down to 0.0005 by the shares of the calendar month, at
    /// least 0.35, at most 1 % of the traded value, and the fees of exchange, clearing and regulators.
    IbkrTiered,
}

impl Commission {
    /// Commission of a fill, in currency, of an account that has not traded before in its month;
    /// `quantity` may have either sign.
    #[must_use]
    pub fn of(self, quantity: f64, price: f64) -> f64 {
        Tariff::from(self).of(quantity, price)
    }

    /// Whether what was traded in a month changes the price of what follows.
    #[must_use]
    pub fn is_by_volume(self) -> bool {
        self == Self::IbkrTiered
    }

    /// The rates in words.
    #[must_use]
    pub fn rates(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::PerShare(_) => "currency for each share",
            Self::Percent(_) => "percent of the traded value",
            Self::IbkrFixed => "0.005 a share, at least 1, at most 1 % of the value",
            Self::IbkrTiered => {
                "0.0035 to 0.0005 a share by the shares of the calendar month, at least 0.35, at most \
                 1 % of the value, with exchange, clearing and regulatory fees"
            }
        }
    }

    /// Whose price list it is and of which year; `None` for a model with a rate of the user's own.
    #[must_use]
    pub fn source(self) -> Option<&'static str> {
        match self {
            Self::None | Self::PerShare(_) | Self::Percent(_) => None,
            Self::IbkrFixed => Some("Interactive Brokers, US stocks, fixed, 2026"),
            Self::IbkrTiered => Some("Interactive Brokers, US stocks, tiered, 2026"),
        }
    }
}

/// A commission model and what the account has traded before in the calendar month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tariff {
    /// The model.
    pub model: Commission,
    /// Units bought and sold in the month before.
    pub month_units: f64,
}

impl From<Commission> for Tariff {
    fn from(model: Commission) -> Self {
        Self { model, month_units: 0.0 }
    }
}

impl Tariff {
    /// Commission of a fill, in currency; `quantity` may have either sign.
    #[must_use]
    pub fn of(self, quantity: f64, price: f64) -> f64 {
        let units = quantity.abs();
        match self.model {
            Commission::None => 0.0,
            Commission::PerShare(rate) => rate * units,
            Commission::Percent(fraction) => fraction * units * price,
            Commission::IbkrFixed | Commission::IbkrTiered if units == 0.0 => 0.0,
            Commission::IbkrFixed => {
                let (rate, least, most) = IBKR_FIXED;
                (rate * units).max(least).min(most * units * price)
            }
            Commission::IbkrTiered => IBKR_TIERED.of(quantity, price, self.month_units),
        }
    }

    /// The same part by part; what is nothing is left out.
    #[must_use]
    pub fn charges(self, quantity: f64, price: f64) -> Vec<Charge> {
        let mut charges = match self.model {
            Commission::IbkrTiered if quantity != 0.0 => {
                IBKR_TIERED.charges(quantity, price, self.month_units).to_vec()
            }
            _ => vec![Charge { name: "commission", amount: self.of(quantity, price) }],
        };
        charges.retain(|charge| charge.amount != 0.0);
        charges
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

    /// The regulators' rates of the broker's published comparison of fixed and tiered prices (2023).
    const IN_2023: Tiered = Tiered {
        audit_trail: 0.0,
        activity: 0.000_145,
        activity_most: 7.27,
        sec: 0.000_008,
        ..IBKR_TIERED
    };

    /// That comparison: 200,000 shares sold at 5, taking liquidity, cost
    /// 700 + 600 + 40 + 8 + 0.39 + 0.12 + 7.27 = 1,355.78.
    #[test]
    fn ibkr_tiered_gives_the_price_lists_example() {
        assert!((IN_2023.of(-200_000.0, 5.0, 0.0) - 1355.78).abs() < 0.005);
    }

    /// The same comparison: 30,000,000 shares sold at 5 cost 1,050 + 5,400 + 25,500 + 10,000 for four
    /// tiers, and with all fees 139,188.10.
    #[test]
    fn ibkr_tiered_gives_the_price_lists_example_of_every_tier() {
        let commission = IN_2023.commission(3e7, 5.0, 0.0);
        assert!((commission - 41_950.0).abs() < 1e-6, "{commission}");
        assert!((IN_2023.of(-3e7, 5.0, 0.0) - 139_188.10).abs() < 0.005);
    }

    /// By hand: after 250,000 shares of the month, 50,000 more cost 0.0035 and the next 100,000 cost
    /// 0.0020: 175 + 200. After 99,999,000, one thousand cost 0.0010 and one thousand 0.0005.
    #[test]
    fn ibkr_tiered_goes_on_where_the_month_stands() {
        assert!((IBKR_TIERED.commission(150_000.0, 10.0, 250_000.0) - 375.0).abs() < 1e-9);
        assert!((IBKR_TIERED.commission(2_000.0, 10.0, 99_999_000.0) - 1.5).abs() < 1e-9);
        // 300,000 and one share later every share costs the second rate; the least still holds.
        assert!((IBKR_TIERED.commission(1_000.0, 10.0, 300_001.0) - 2.0).abs() < 1e-9);
        assert_eq!(IBKR_TIERED.commission(100.0, 10.0, 300_001.0), 0.35);
    }

    /// 100 bought at 25: at least 0.35, 0.32 for exchange and clearing, 0.0735 % of 0.35 and 0.0003 for
    /// the audit trail. Sold: 0.0195 for activity and 20.60 a million of 2,500 more.
    #[test]
    fn ibkr_tiered_has_a_least_and_charges_sales_more() {
        let bought = Commission::IbkrTiered.of(100.0, 25.0);
        assert!((bought - 0.670_557_25).abs() < 1e-12, "{bought}");
        let sold = Commission::IbkrTiered.of(-100.0, 25.0);
        assert!((sold - bought - 0.0195 - 0.0515).abs() < 1e-12, "{sold}");
        assert_eq!(Commission::IbkrTiered.of(0.0, 25.0), 0.0);
    }

    #[test]
    fn the_parts_of_a_charge_add_up_to_it() {
        let tariff = Tariff { model: Commission::IbkrTiered, month_units: 299_900.0 };
        for quantity in [-400.0, 400.0] {
            let parts: f64 = tariff.charges(quantity, 30.0).iter().map(|part| part.amount).sum();
            assert_eq!(parts, tariff.of(quantity, 30.0));
        }
        assert_eq!(tariff.charges(400.0, 30.0).len(), 6);
        let fixed = Tariff::from(Commission::IbkrFixed).charges(400.0, 30.0);
        assert_eq!(fixed, [Charge { name: "commission", amount: 2.0 }]);
        assert_eq!(Tariff::from(Commission::None).charges(400.0, 30.0), []);
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
