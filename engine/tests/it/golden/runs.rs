//! Which runs the golden file holds: strategy, market and options of each.

pub(super) const STRATEGIES: [&str; 6] = [
    "ma_cross",
    "rsi_reversion",
    "bollinger_reversion",
    "donchian_breakout",
    "macd_trend",
    "momentum",
];

/// What every strategy runs on with its defaults.
pub(super) const MARKETS: [&str; 6] =
    ["SPY", "AAPL", "MSFT", "SPY+AAPL", "SPY+AAPL+MSFT", "MINUTES"];

/// Further runs: strategy, market and options.
pub(super) const FURTHER: [(&str, &str, &str); 32] = [
    ("ma_cross", "SPY", "fill=same_close"),
    ("ma_cross", "SPY", "fill=next_close"),
    ("ma_cross", "SPY", "commission=per-share:0.005"),
    ("ma_cross", "SPY", "commission=percent:0.1"),
    ("ma_cross", "SPY", "commission=ibkr-fixed"),
    ("ma_cross", "SPY", "commission=ibkr-tiered"),
    ("ma_cross", "SPY", "slippage=bps:2"),
    ("ma_cross", "SPY", "slippage=ticks:1"),
    ("ma_cross", "SPY", "commission=ibkr-fixed slippage=bps:5 fill=next_close"),
    ("ma_cross", "SPY", "from=2005-01-03"),
    ("ma_cross", "SPY", "to=2004-12-31"),
    ("ma_cross", "SPY", "from=2007-01-03 to=2009-12-31"),
    ("ma_cross", "SPY", "from=2010-01-04 to=2010-02-26"),
    ("ma_cross", "SPY", "cash=1000"),
    ("ma_cross", "SPY", "cash=10000000"),
    ("ma_cross", "SPY", "fractional=yes"),
    ("ma_cross", "SPY", "fast=5 slow=15"),
    ("ma_cross", "SPY", "fast=50 slow=200"),
    ("ma_cross", "MINUTES", "fast=10 slow=30 commission=percent:0.01 fractional=yes"),
    ("rsi_reversion", "AAPL", "window=7 oversold=20 overbought=80"),
    ("rsi_reversion", "AAPL", "fill=same_close commission=percent:0.05"),
    ("rsi_reversion", "AAPL", "cash=500 slippage=bps:10"),
    ("rsi_reversion", "AAPL", "from=2008-01-02 to=2008-12-31 fractional=yes"),
    ("bollinger_reversion", "MSFT", "window=10 width=1.5 commission=ibkr-fixed"),
    ("bollinger_reversion", "MSFT", "fill=next_close slippage=ticks:2"),
    ("donchian_breakout", "SPY+MSFT", "entry=55 exit=20"),
    ("donchian_breakout", "SPY+MSFT", "commission=ibkr-tiered from=2003-01-02"),
    ("macd_trend", "AAPL+MSFT", "fill=same_close"),
    ("macd_trend", "AAPL+MSFT", "commission=per-share:0.01 slippage=bps:1"),
    ("momentum", "SPY+AAPL+MSFT", "lookback=126 rebalance=10"),
    ("momentum", "SPY+AAPL+MSFT", "commission=percent:0.2 cash=50000"),
    ("momentum", "SPY", "lookback=60 rebalance=5 fractional=yes"),
];

/// Runs of everything that the others leave out: orders that wait, several symbols, credit and shorts,
/// limits, volume, corporate actions, finer bars.
pub(super) const RULES: [(&str, &str, &str); 26] = [
    ("momentum_rotation", "SPY+AAPL+MSFT", ""),
    ("momentum_rotation", "SPY+AAPL+MSFT", "rebalance=21 top=1 commission=ibkr-fixed"),
    (
        "momentum_rotation",
        "SPY+AAPL+MSFT",
        "account=margin margin_rate=0.07 top=2 commission=ibkr-tiered slippage=bps:2",
    ),
    ("momentum_rotation", "SPY+AAPL+MSFT", "max_gross=0.5 max_weight=0.2 cash=1000000"),
    ("momentum_rotation", "SPY+AAPL+MSFT", "fractional=yes fill=next_close top=2"),
    ("momentum_rotation", "SPY+AAPL+MSFT", "actions=yes top=1"),
    ("momentum_rotation", "SPY+AAPL+MSFT", "max_orders=1"),
    ("pairs", "SPY+MSFT", "account=margin"),
    (
        "pairs",
        "AAPL+MSFT",
        "account=margin commission=ibkr-fixed slippage=bps:5 margin_rate=0.06 borrow_fee=0.03",
    ),
    ("pairs", "SPY+AAPL", ""),
    ("pairs", "AAPL+MSFT", "account=margin window=20 max_net=0.1"),
    ("pairs", "AAPL+MSFT", "account=margin leg=1 max_gross=1.5 fractional=yes"),
    ("every_order", "SPY", ""),
    ("every_order", "SPY", "ambiguity=optimistic"),
    ("every_order", "SPY", "fill=same_close slippage=ticks:2 fractional=yes"),
    ("every_order", "SPY+AAPL+MSFT", "account=margin short=1 borrow_fee=0.02"),
    (
        "every_order",
        "SPY+AAPL+MSFT",
        "account=margin short=1 commission=percent:0.05 max_orders=2 max_net=0.4",
    ),
    ("every_order", "SPY+AAPL", "account=margin short=1 actions=yes commission=ibkr-tiered"),
    ("every_order", "MINUTES", "away=0.0003"),
    ("every_order", "MINUTES", "away=0.0003 limit_touch=strict"),
    ("every_order", "MINUTES", "away=0.0003 slippage=volume:0.1:0.1 cash=50000"),
    ("ma_cross", "MINUTES", "fast=10 slow=30 slippage=volume:0.05:0.2 cash=1000000"),
    ("every_order", "QUARTERS", "away=0.0005"),
    ("every_order", "QUARTERS", "away=0.0005 intrabar=MINUTES"),
    ("bracket", "QUARTERS", "width=0.002"),
    ("bracket", "QUARTERS", "width=0.002 intrabar=MINUTES"),
];
