//! The options of the golden runs.

use engine_core::{
    backtest::{Config, Rules},
    broker::{Account, Ambiguity, MarginTerms},
    calendar::midnight_ns,
    event::{Event, EventKind},
};

pub(crate) fn config(symbols: usize) -> Config {
    Config {
        cash: 100_000.0,
        fill: "next_open".parse().unwrap(),
        commission: "none".parse().unwrap(),
        slippage: "none".parse().unwrap(),
        fractional: false,
        lots: vec![1.0; symbols],
        from_ts: None,
        to_ts: None,
        seed: 0,
        rules: Rules::default(),
    }
}

pub(super) fn set(config: &mut Config, name: &str, value: &str) {
    let number = || value.parse::<f64>().unwrap();
    let day = || Some(midnight_ns(value.parse().unwrap()));
    match name {
        "fill" => config.fill = value.parse().unwrap(),
        "commission" => config.commission = value.parse().unwrap(),
        "slippage" => config.slippage = value.parse().unwrap(),
        "cash" => config.cash = value.parse().unwrap(),
        "fractional" => config.fractional = value == "yes",
        "from" => config.from_ts = day(),
        "to" => config.to_ts = day(),
        "account" => config.rules.account = value.parse().unwrap(),
        "margin_rate" => margin(config).interest = number(),
        "borrow_fee" => margin(config).borrow_fee = number(),
        "limit_touch" => config.rules.limit_touch = value.parse().unwrap(),
        "ambiguity" => config.rules.ambiguity = Ambiguity::Optimistic,
        "max_gross" => config.rules.limits.gross = Some(number()),
        "max_net" => config.rules.limits.net = Some(number()),
        "max_weight" => config.rules.limits.per_symbol = Some(number()),
        "max_orders" => config.rules.limits.orders_per_bar = value.parse().ok(),
        "actions" => (config.rules.events, config.rules.apply_actions) = (actions(), true),
        other => panic!("there is no option {other}"),
    }
}

fn margin(config: &mut Config) -> &mut MarginTerms {
    match &mut config.rules.account {
        Account::Margin(terms) => terms,
        Account::Cash => panic!("a cash account has no rates"),
    }
}

/// Splits and dividends as they might have been: of an even and an odd ratio, on days with and without a
/// bar, and before the first bar.
fn actions() -> Vec<Event> {
    let event = |symbol: &str, date: &str, kind, value| {
        let ts = midnight_ns(date.parse().unwrap());
        let (symbol, source) = (Some(symbol.to_owned()), String::new());
        Event { symbol, kind, ts, known_at: ts, value, source }
    };
    vec![
        event("AAPL", "1999-06-01", EventKind::Split, 2.0),
        event("AAPL", "2005-02-28", EventKind::Split, 2.0),
        event("SPY", "2003-06-20", EventKind::Dividend, 0.38),
        event("SPY", "2003-09-20", EventKind::Dividend, 0.41),
        event("SPY", "2006-03-17", EventKind::Split, 1.5),
        event("MSFT", "2004-11-15", EventKind::Dividend, 3.08),
        event("AAPL", "2012-08-09", EventKind::Dividend, 2.65),
    ]
}
