//! Options for orders, accounts and limits, read into the finer rules of a run.

use clap::Args;
use engine_core::{
    backtest::Rules,
    broker::{Account, Ambiguity, LimitTouch, MarginTerms, Slippage},
    calendar::Calendar,
    risk::Limits,
};

use super::{super::value, defaults::Defaults};
use crate::error::{Code, Failure};

/// How orders fill beyond the price, what the account may do, and its limits
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Orders and account")]
pub(crate) struct AccountArgs {
    /// Slippage: none, bps:2, ticks:1 (of 0.01) or volume:0.025:0.1 (share of the bar's volume, impact)
    #[arg(long, value_name = "MODEL", conflicts_with = "slippage_bps")]
    pub(super) slippage: Option<Slippage>,
    /// When a limit order fills: touch (the price reaches it) or strict (the price goes beyond it)
    /// [default: touch]
    #[arg(long, value_name = "RULE")]
    limit_touch: Option<LimitTouch>,
    /// Read bars that reach a stop and a limit of one bracket for the trader, not against
    #[arg(long, value_name = "TRUTH", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", hide_possible_values = true)]
    optimistic: Option<bool>,
    /// Account: cash (no shorts, no credit) or margin (Reg-T: 50 % initial, 25 % and 30 % maintenance)
    /// [default: cash]
    #[arg(long, value_name = "KIND")]
    account: Option<Account>,
    /// Yearly interest on borrowed cash as a fraction: 0.06 is 6 % [default: 0]
    #[arg(long, value_name = "RATE", value_parser = value::cost_rate)]
    #[arg(allow_negative_numbers = true)]
    margin_rate: Option<f64>,
    /// Yearly fee for borrowed shares as a fraction of their value [default: 0]
    #[arg(long, value_name = "RATE", value_parser = value::cost_rate)]
    #[arg(allow_negative_numbers = true)]
    borrow_fee: Option<f64>,
    /// Let kept splits and dividends change the account: for bars that are not adjusted for them
    #[arg(long, value_name = "TRUTH", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "true", hide_possible_values = true)]
    actions: Option<bool>,
    /// Most that all positions, long and short added, may be worth, as a multiple of equity
    #[arg(long, value_name = "MULTIPLE", value_parser = value::multiple)]
    max_gross: Option<f64>,
    /// Most that long less short positions may be worth, as a multiple of equity
    #[arg(long, value_name = "MULTIPLE", value_parser = value::multiple)]
    max_net: Option<f64>,
    /// Most that the position in one symbol may be worth, as a multiple of equity
    #[arg(long, value_name = "MULTIPLE", value_parser = value::multiple)]
    max_weight: Option<f64>,
    /// Most orders at one bar
    #[arg(long, value_name = "NUMBER")]
    max_orders: Option<u32>,
}

impl AccountArgs {
    /// Takes what no option says from the defaults of the file.
    pub(super) fn settle(&mut self, defaults: &mut Defaults<'_>, has_slippage: bool) {
        if !has_slippage {
            defaults.fill("slippage", &mut self.slippage);
        }
        defaults.fill("limit_touch", &mut self.limit_touch);
        defaults.fill("optimistic", &mut self.optimistic);
        defaults.fill("account", &mut self.account);
        defaults.fill("margin_rate", &mut self.margin_rate);
        defaults.fill("borrow_fee", &mut self.borrow_fee);
        defaults.fill("actions", &mut self.actions);
        defaults.fill("max_gross", &mut self.max_gross);
        defaults.fill("max_net", &mut self.max_net);
        defaults.fill("max_weight", &mut self.max_weight);
        defaults.fill("max_orders", &mut self.max_orders);
    }

    /// Refuses what has no effect on the account that was chosen; `given` are the options alone.
    pub(super) fn agree(&self, given: &Self) -> Result<(), Failure> {
        let rates = [("--margin-rate", given.margin_rate), ("--borrow-fee", given.borrow_fee)];
        let is_cash = self.account.unwrap_or_default() == Account::Cash;
        for (option, rate) in rates {
            if let (true, Some(rate)) = (is_cash, rate) {
                let message = format!(
                    "{option} {rate}: a cash account borrows nothing, a margin account does"
                );
                let help = format!("algo-trader backtest -s SPY --account margin {option} {rate}");
                return Err(Failure::new(Code::Usage, message).help(help));
            }
        }
        Ok(())
    }

    pub(super) fn rules(&self, calendar: Calendar) -> Rules {
        let account = match self.account.unwrap_or_default() {
            Account::Cash => Account::Cash,
            Account::Margin(terms) => Account::Margin(MarginTerms {
                interest: self.margin_rate.unwrap_or(0.0),
                borrow_fee: self.borrow_fee.unwrap_or(0.0),
                ..terms
            }),
        };
        let ambiguity = match self.optimistic {
            Some(true) => Ambiguity::Optimistic,
            _ => Ambiguity::Pessimistic,
        };
        let limits = Limits {
            gross: self.max_gross,
            net: self.max_net,
            per_symbol: self.max_weight,
            orders_per_bar: self.max_orders,
        };
        let limit_touch = self.limit_touch.unwrap_or_default();
        let apply_actions = self.actions.unwrap_or(false);
        Rules {
            limit_touch,
            ambiguity,
            account,
            limits,
            calendar,
            apply_actions,
            events: Vec::new(),
        }
    }
}
