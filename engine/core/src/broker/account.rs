//! The kinds of account and what each may carry.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::portfolio::Portfolio;

/// A kind of account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Account {
    /// No short sale, no credit.
    #[default]
    Cash,
    /// Shorts and borrowed money against margin.
    Margin(MarginTerms),
}

/// Terms of a margin account. The default ratios are those of Regulation T (initial, 12 CFR 220.12) and
/// FINRA rule 4210 (maintenance).
///
/// An order that opens or adds to a position needs, after its fill, equity of at least `initial` times
/// the value of all positions. When at the close of a bar equity is below the maintenance margin, the
/// broker cancels every order and closes every position at the market.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarginTerms {
    /// Equity that positions need when they are opened, a fraction of their value.
    pub initial: f64,
    /// Equity that long positions need, a fraction of their value.
    pub maintenance_long: f64,
    /// Equity that short positions need, a fraction of their value.
    pub maintenance_short: f64,
    /// Interest on borrowed cash, fraction a year of 360 days.
    pub interest: f64,
    /// Fee for borrowed units, fraction of their value a year of 360 days.
    pub borrow_fee: f64,
}

impl Default for MarginTerms {
    fn default() -> Self {
        Self {
            initial: 0.5,
            maintenance_long: 0.25,
            maintenance_short: 0.30,
            interest: 0.0,
            borrow_fee: 0.0,
        }
    }
}

impl Account {
    /// Whether it may sell short.
    #[must_use]
    pub fn may_short(&self) -> bool {
        matches!(self, Self::Margin(_))
    }

    /// The margin terms, when it has some.
    #[must_use]
    pub fn margin(&self) -> Option<&MarginTerms> {
        match self {
            Self::Cash => None,
            Self::Margin(terms) => Some(terms),
        }
    }

    /// Whether equity is below the maintenance margin at these prices.
    #[must_use]
    pub fn is_called(&self, portfolio: &Portfolio, price: impl Fn(usize) -> f64) -> bool {
        self.margin().is_some_and(|terms| {
            let (equity, (long, short)) = portfolio.worth(price);
            let required = terms.maintenance_long * long + terms.maintenance_short * short;
            equity < required
        })
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(if self.may_short() { "margin" } else { "cash" })
    }
}

/// A text that names no kind of account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{}' is no kind of account; valid: cash, margin", .0.escape_debug())]
pub struct UnknownAccount(pub String);

impl FromStr for Account {
    type Err = UnknownAccount;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "cash" => Ok(Self::Cash),
            "margin" => Ok(Self::Margin(MarginTerms::default())),
            _ => Err(UnknownAccount(text.chars().take(60).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FINRA's example of a long account: 16,000 of stock bought half on credit is called when it is
    /// worth less than 10,666.67 (8,000 owed is three quarters of that).
    #[test]
    fn a_long_account_is_called_below_a_quarter() {
        let mut portfolio = Portfolio::new(-8_000.0, 1);
        portfolio.position[0] = 100.0;
        let account = Account::Margin(MarginTerms::default());
        assert!(!account.is_called(&portfolio, |_| 106.67));
        assert!(account.is_called(&portfolio, |_| 106.66));
        assert!(!Account::Cash.is_called(&portfolio, |_| 1.0));
    }

    /// 100 short at 100 with 5,000 of own money: 15,000 covers 130 % of the value up to 115.38.
    #[test]
    fn a_short_account_is_called_below_thirty_percent() {
        let mut portfolio = Portfolio::new(15_000.0, 1);
        portfolio.position[0] = -100.0;
        let account = Account::Margin(MarginTerms::default());
        assert!(!account.is_called(&portfolio, |_| 115.38));
        assert!(account.is_called(&portfolio, |_| 115.39));
    }

    #[test]
    fn names_are_read_and_written_back() {
        for name in ["cash", "margin"] {
            assert_eq!(name.parse::<Account>().map(|account| account.to_string()), Ok(name.into()));
        }
        assert!("ira".parse::<Account>().is_err());
    }
}
