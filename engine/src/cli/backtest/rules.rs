//! The rules of a run as options: what `backtest` and `sweep` have in common.

use std::collections::BTreeMap;

use clap::Args;
use engine_core::{
    backtest::Rules,
    broker::{Commission, FillModel, Slippage},
    calendar::Calendar,
};
use strategy_api::Resolution;

use super::{
    super::value::{self, Moment},
    account::AccountArgs,
    defaults::Defaults,
};
use crate::{
    config,
    error::{Code, Failure},
};

/// Cash at the beginning when nobody says how much.
const CASH: f64 = 100_000.0;

/// What a run depends on besides strategy, parameters and symbols.
#[derive(Args, Clone, Debug)]
pub(crate) struct RulesArgs {
    /// Length of a bar
    #[arg(short, long, value_name = "LENGTH", default_value = "1d")]
    pub(in crate::cli) resolution: Resolution,
    /// First day (or RFC 3339 instant) to trade; earlier bars warm the strategy up
    #[arg(long, value_name = "DATE", value_parser = value::moment)]
    pub(in crate::cli) from: Option<Moment>,
    /// Last day (or RFC 3339 instant), inclusive
    #[arg(long, value_name = "DATE", value_parser = value::moment)]
    pub(in crate::cli) to: Option<Moment>,
    /// Cash at the beginning [default: 100000]
    #[arg(long, value_name = "AMOUNT", value_parser = value::positive)]
    #[arg(allow_negative_numbers = true)]
    cash: Option<f64>,
    /// Price that fills an order: next_open, same_close or next_close [default: next_open]
    #[arg(long, value_name = "MODEL")]
    fill: Option<FillModel>,
    /// Commission: none, per-share:0.005, percent:0.1, ibkr-fixed or ibkr-tiered [default: none]
    #[arg(long, value_name = "MODEL")]
    commission: Option<Commission>,
    /// Slippage against the trader, in basis points (1 bp = 0.01 %) [default: 0]
    #[arg(long, value_name = "BPS", value_parser = value::basis_points)]
    #[arg(allow_negative_numbers = true)]
    slippage_bps: Option<f64>,
    #[command(flatten)]
    account: AccountArgs,
    /// Yearly risk-free rate as a fraction: 0.02 is 2 % [default: 0]
    #[arg(long, value_name = "RATE", value_parser = value::rate)]
    #[arg(allow_negative_numbers = true)]
    rf: Option<f64>,
    /// Trade fractions of a share
    #[arg(long, value_name = "TRUTH", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", hide_possible_values = true)]
    fractional: Option<bool>,
    /// Seed of strategies that draw random numbers
    #[arg(long, value_name = "NUMBER", default_value = "0", value_parser = value::seed)]
    #[arg(allow_negative_numbers = true)]
    pub(in crate::cli) seed: u64,
    /// Where what no option says comes from, by key of the file.
    #[arg(skip)]
    origins: BTreeMap<String, String>,
}

impl RulesArgs {
    /// What no single option can know.
    ///
    /// # Errors
    /// When the period ends before it begins.
    pub(in crate::cli) fn check(&self) -> Result<(), Failure> {
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from.first_ns() > to.last_ns()
        {
            return Err(value::backwards(from, to));
        }
        Ok(())
    }

    /// The same with what no option says taken from the defaults that `strategies.toml` has for a
    /// strategy, by the name under which it was asked for.
    ///
    /// # Errors
    /// When an option has no effect on the account.
    pub(in crate::cli) fn settled(
        &self,
        config: &config::Config,
        strategy: &str,
    ) -> Result<Self, Failure> {
        let mut settled = self.clone();
        let mut defaults = Defaults::of(config, strategy);
        defaults.fill("cash", &mut settled.cash);
        defaults.fill("fill", &mut settled.fill);
        defaults.fill("commission", &mut settled.commission);
        defaults.fill("rf", &mut settled.rf);
        defaults.fill("fractional", &mut settled.fractional);
        settled.account.settle(&mut defaults, self.slippage_bps.is_some());
        settled.account.agree(&self.account)?;
        settled.origins = defaults.origins();
        Ok(settled)
    }

    /// Where each default of `strategies.toml` that was used comes from, by its key.
    pub(in crate::cli) fn origins(&self) -> &BTreeMap<String, String> {
        &self.origins
    }

    /// Cash at the beginning.
    pub(in crate::cli) fn cash(&self) -> f64 {
        self.cash.unwrap_or(CASH)
    }

    /// The fill model.
    pub(in crate::cli) fn fill(&self) -> FillModel {
        self.fill.unwrap_or_default()
    }

    /// The commission model.
    pub(in crate::cli) fn commission(&self) -> Commission {
        self.commission.unwrap_or_default()
    }

    /// Yearly risk-free rate, a fraction.
    pub(in crate::cli) fn rf(&self) -> f64 {
        self.rf.unwrap_or(0.0)
    }

    /// Whether any quantity may be traded.
    pub(in crate::cli) fn is_fractional(&self) -> bool {
        self.fractional.unwrap_or(false)
    }

    /// The slippage model.
    pub(in crate::cli) fn slippage(&self) -> Slippage {
        match (self.account.slippage, self.slippage_bps) {
            (Some(slippage), _) => slippage,
            (None, Some(bps)) if bps != 0.0 => Slippage::BasisPoints(bps),
            _ => Slippage::None,
        }
    }

    /// The finer rules.
    pub(in crate::cli) fn finer(&self, calendar: Calendar) -> Rules {
        self.account.rules(calendar)
    }
}

/// # Errors
/// When a symbol is given twice.
pub(in crate::cli) fn no_symbol_twice(symbols: &[String]) -> Result<(), Failure> {
    match symbols.iter().enumerate().find(|(at, one)| symbols[..*at].contains(one)) {
        Some((_, symbol)) => {
            Err(Failure::new(Code::Usage, format!("the symbol '{symbol}' is given twice")))
        }
        None => Ok(()),
    }
}
