//! Options for orders, accounts and limits, read into the finer rules of a run.

use clap::Args;
use engine_core::{
    backtest::Rules,
    broker::{Account, Ambiguity, LimitTouch, MarginTerms, Slippage},
    calendar::Calendar,
    risk::Limits,
};

use super::super::value;

/// How orders fill beyond the price, what the account may do, and its limits
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Orders and account")]
pub(crate) struct AccountArgs {
    /// Slippage: none, bps:2, ticks:1 (of 0.01) or volume:0.025:0.1 (share of the bar's volume, impact)
    #[arg(long, value_name = "MODEL", conflicts_with = "slippage_bps")]
    pub(super) slippage: Option<Slippage>,
    /// When a limit order fills: touch (the price reaches it) or strict (the price goes beyond it)
    #[arg(long, value_name = "RULE", default_value = "touch")]
    limit_touch: LimitTouch,
    /// Read bars that reach a stop and a limit of one bracket for the trader, not against
    #[arg(long)]
    optimistic: bool,
    /// Account: cash (no shorts, no credit) or margin (Reg-T: 50 % initial, 25 % and 30 % maintenance)
    #[arg(long, value_name = "KIND", default_value = "cash")]
    account: Account,
    /// Yearly interest on borrowed cash as a fraction: 0.06 is 6 %
    #[arg(long, value_name = "RATE", default_value = "0", value_parser = value::rate)]
    #[arg(allow_negative_numbers = true)]
    margin_rate: f64,
    /// Yearly fee for borrowed shares as a fraction of their value
    #[arg(long, value_name = "RATE", default_value = "0", value_parser = value::rate)]
    #[arg(allow_negative_numbers = true)]
    borrow_fee: f64,
    /// Let kept splits and dividends change the account: for bars that are not adjusted for them
    #[arg(long)]
    actions: bool,
    /// Most that all positions, long and short added, may be worth, as a multiple of equity
    #[arg(long, value_name = "MULTIPLE", value_parser = value::positive)]
    max_gross: Option<f64>,
    /// Most that long less short positions may be worth, as a multiple of equity
    #[arg(long, value_name = "MULTIPLE", value_parser = value::positive)]
    max_net: Option<f64>,
    /// Most that the position in one symbol may be worth, as a multiple of equity
    #[arg(long, value_name = "MULTIPLE", value_parser = value::positive)]
    max_weight: Option<f64>,
    /// Most orders at one bar
    #[arg(long, value_name = "NUMBER")]
    max_orders: Option<u32>,
}

impl AccountArgs {
    pub(super) fn rules(&self, calendar: Calendar) -> Rules {
        let account = match self.account {
            Account::Cash => Account::Cash,
            Account::Margin(terms) => Account::Margin(MarginTerms {
                interest: self.margin_rate.max(0.0),
                borrow_fee: self.borrow_fee.max(0.0),
                ..terms
            }),
        };
        let ambiguity =
            if self.optimistic { Ambiguity::Optimistic } else { Ambiguity::Pessimistic };
        let limits = Limits {
            gross: self.max_gross,
            net: self.max_net,
            per_symbol: self.max_weight,
            orders_per_bar: self.max_orders,
        };
        let limit_touch = self.limit_touch;
        let apply_actions = self.actions;
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
