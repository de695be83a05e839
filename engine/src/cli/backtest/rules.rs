//! The rules of a run as options: what `backtest` and `sweep` have in common.

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
};
use crate::error::{Code, Failure};

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
    /// Cash at the beginning
    #[arg(long, value_name = "AMOUNT", default_value = "100000", value_parser = value::positive)]
    #[arg(allow_negative_numbers = true)]
    pub(in crate::cli) cash: f64,
    /// Price that fills an order: next_open, same_close or next_close
    #[arg(long, value_name = "MODEL", default_value = "next_open")]
    pub(in crate::cli) fill: FillModel,
    /// Commission: none, per-share:0.005, percent:0.1, ibkr-fixed or ibkr-tiered
    #[arg(long, value_name = "MODEL", default_value = "none")]
    pub(in crate::cli) commission: Commission,
    /// Slippage against the trader, in basis points (1 bp = 0.01 %)
    #[arg(long, value_name = "BPS", default_value = "0", value_parser = value::basis_points)]
    #[arg(allow_negative_numbers = true)]
    slippage_bps: f64,
    #[command(flatten)]
    account: AccountArgs,
    /// Yearly risk-free rate as a fraction: 0.02 is 2 %
    #[arg(long, value_name = "RATE", default_value = "0", value_parser = value::rate)]
    #[arg(allow_negative_numbers = true)]
    pub(in crate::cli) rf: f64,
    /// Trade fractions of a share
    #[arg(long)]
    pub(in crate::cli) fractional: bool,
    /// Seed of strategies that draw random numbers
    #[arg(long, value_name = "NUMBER", default_value = "0", value_parser = value::seed)]
    #[arg(allow_negative_numbers = true)]
    pub(in crate::cli) seed: u64,
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
            return Err(Failure::new(Code::Usage, "--from is after --to"));
        }
        Ok(())
    }

    /// The slippage model.
    pub(in crate::cli) fn slippage(&self) -> Slippage {
        match self.account.slippage {
            Some(slippage) => slippage,
            None if self.slippage_bps == 0.0 => Slippage::None,
            None => Slippage::BasisPoints(self.slippage_bps),
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
