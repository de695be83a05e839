//! Dialects: the figures of a run as other packages compute them, so that a result can be held against
//! one that came from there.
//!
//! Each dialect is the arithmetic of one version of one package with its defaults, in the package's
//! names, units and order; only the risk-free rate is taken from the run. The figures agree with the
//! packages to 1e-9 relative on the fixtures that `scripts/fixtures/dialects.py` makes. Inside, numbers
//! behave as they do there (a mean of nothing is NaN, a ratio over nothing infinite); at the boundary
//! what is not finite is `None`, also where the package prints `inf`, `nan` or raises an error.
//!
//! Which definition is the better one is not for this module to say: ours are in the statistics beside it.

mod backtesting;
mod drawdowns;
mod empyrical;
mod quantstats;
mod round_trips;
mod sample;
#[cfg(test)]
mod tests;
mod vectorbt;

use std::{fmt, str::FromStr};

use strategy_api::Resolution;

use super::SessionEquity;
use crate::order::FillRecord;

/// A package whose figures can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// quantstats.
    Quantstats,
    /// empyrical, in its maintained form empyrical-reloaded.
    Empyrical,
    /// backtesting.py.
    Backtesting,
    /// vectorbt.
    Vectorbt,
}

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 4] =
        [Self::Quantstats, Self::Empyrical, Self::Backtesting, Self::Vectorbt];

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Quantstats => "quantstats",
            Self::Empyrical => "empyrical",
            Self::Backtesting => "backtesting",
            Self::Vectorbt => "vectorbt",
        }
    }

    /// The package in the Python registry.
    #[must_use]
    pub fn package(self) -> &'static str {
        match self {
            Self::Empyrical => "empyrical-reloaded",
            other => other.name(),
        }
    }

    /// The version whose arithmetic this is.
    #[must_use]
    pub fn version(self) -> &'static str {
        match self {
            Self::Quantstats => "0.0.86",
            Self::Empyrical => "0.7.1",
            Self::Backtesting => "0.6.5",
            Self::Vectorbt => "0.28.1",
        }
    }

    /// What differs from the figures of this engine, for people.
    #[must_use]
    pub fn convention(self) -> &'static str {
        match self {
            Self::Quantstats => quantstats::CONVENTION,
            Self::Empyrical => empyrical::CONVENTION,
            Self::Backtesting => backtesting::CONVENTION,
            Self::Vectorbt => vectorbt::CONVENTION,
        }
    }

    /// The figures of a run, in the order of the package.
    ///
    /// # Panics
    /// When the columns of `input` differ in length.
    #[must_use]
    pub fn figures(self, input: &DialectInput<'_>) -> Vec<Figure> {
        assert_eq!(input.ts.len(), input.equity.len(), "every bar has its equity");
        assert!(
            input.market.is_none_or(|market| market.len() == input.ts.len()),
            "every bar has its market"
        );
        match self {
            Self::Quantstats => quantstats::figures(input),
            Self::Empyrical => empyrical::figures(input),
            Self::Backtesting => backtesting::figures(input),
            Self::Vectorbt => vectorbt::figures(input),
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name of a dialect that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is none of quantstats, empyrical, backtesting, vectorbt")]
pub struct UnknownDialect(String);

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|dialect| dialect.name() == name);
        found.ok_or_else(|| UnknownDialect(name.to_owned()))
    }
}

/// What the figures of a dialect are computed from.
#[derive(Clone, Copy, Debug)]
pub struct DialectInput<'a> {
    /// Length of the bars.
    pub resolution: Resolution,
    /// Initial capital, in account currency.
    pub initial: f64,
    /// Start of each traded bar, nanoseconds UTC, rising.
    pub ts: &'a [i64],
    /// Equity at the close of each bar, in account currency.
    pub equity: &'a [f64],
    /// Equity at session days.
    pub sessions: &'a SessionEquity,
    /// Equity of the benchmark at session days.
    pub benchmark: Option<&'a SessionEquity>,
    /// Level of what is traded at the close of each bar, in any unit: what a holder of everything has.
    pub market: Option<&'a [f64]>,
    /// Every fill, in the order of time, at the start of one of the bars.
    pub fills: &'a [FillRecord],
    /// Last close of each instrument.
    pub last_prices: &'a [f64],
    /// Traded bars that the strategy needed before it could act; 0 when it needed none.
    pub warm_up: usize,
    /// Risk-free rate, fraction per year.
    pub annual_rf: f64,
}

/// In what a figure is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A ratio, or a fraction of one.
    Ratio,
    /// Per cent.
    Percent,
    /// Account currency.
    Money,
    /// Calendar days.
    Days,
    /// A number of things.
    Count,
}

/// One figure of a package.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// As the package calls it.
    pub name: &'static str,
    /// In what.
    pub unit: Unit,
    /// Its value; `None` where the package has none or one that is not finite.
    pub value: Option<f64>,
}

/// A figure of a number that may be NaN or infinite.
fn figure(name: &'static str, unit: Unit, value: f64) -> Figure {
    Figure { name, unit, value: value.is_finite().then_some(value) }
}
