//! vectorbt: `Portfolio.stats` and what `returns_stats` adds to it.
//!
//! Everything is by bar, on a clock that runs on: a year has 365 days of 24 hours, a bar its length, so
//! daily bars of shares are annualised by 365 and hourly ones by 8760. Trades are exits at the average entry
//! price; figures of trades are of closed ones. The benchmark is the prices of what is traded (several
//! symbols: equal parts of each from the first bar). The risk-free rate goes where there is a parameter
//! for it; the required return of Sortino stays at zero. The drawdown does not know the initial capital.

use strategy_api::Resolution;

use super::{
    DialectInput, Figure, Unit, drawdowns, figure,
    round_trips::{RoundTrip, by_exit},
    sample::{
        above, annual_return, downside, gains_and_losses, largest, mean, period_rate, slope,
        smallest, std,
    },
};

const NONE: f64 = f64::NAN;

pub(super) const CONVENTION: &str = "returns by bar from the initial cash; a year is 365 days of 24 \
    hours (365 daily bars); Sharpe ddof 1; Sortino over the root mean square of all bars below zero; \
    drawdown without the initial cash; trades are exits at the average entry price; percent where the \
    name says so, durations in days of bars";

pub(super) fn figures(input: &DialectInput<'_>) -> Vec<Figure> {
    let trades = by_exit(input.fills, input.ts);
    let (closed, open): (Vec<RoundTrip>, Vec<RoundTrip>) =
        trades.into_iter().partition(|trade| trade.exit_bar.is_some());
    let mut figures = of_value(input);
    figures.extend(of_counts(input, &closed, &open));
    figures.extend(of_trades(input, &closed));
    figures.extend(of_returns(input));
    figures
}

/// Length of a bar in days.
fn bar_days(resolution: Resolution) -> f64 {
    match resolution {
        Resolution::Week1 => 7.0,
        Resolution::Month1 => 30.0,
        other => other.seconds().map_or(1.0, |seconds| f64::from(seconds) / 86_400.0),
    }
}

fn of_value(input: &DialectInput<'_>) -> Vec<Figure> {
    let last = input.equity.last().copied().unwrap_or(NONE);
    let market = input.market.and_then(|market| Some(market.last()? / market.first()? - 1.0));
    let fees: f64 = input.fills.iter().map(|fill| fill.commission).sum();
    let dips = drawdowns::dips(input.equity);
    let depths: Vec<f64> = dips.iter().map(|dip| -dip.depth * 100.0).collect();
    // A drawdown begins at the bar after its peak; one that goes on includes the last bar.
    let bars = |dip: &drawdowns::Dip| (dip.end - dip.peak - usize::from(dip.is_recovered)) as f64;
    let lengths: Vec<f64> = dips.iter().map(bars).collect();
    let days = largest(&lengths) * bar_days(input.resolution);
    vec![
        figure("Start Value", Unit::Money, input.initial),
        figure("End Value", Unit::Money, last),
        figure("Total Return [%]", Unit::Percent, (last - input.initial) / input.initial * 100.0),
        figure("Benchmark Return [%]", Unit::Percent, market.unwrap_or(NONE) * 100.0),
        figure("Total Fees Paid", Unit::Money, fees),
        figure("Max Drawdown [%]", Unit::Percent, largest(&depths)),
        figure("Max Drawdown Duration", Unit::Days, days),
    ]
}

fn of_counts(input: &DialectInput<'_>, closed: &[RoundTrip], open: &[RoundTrip]) -> Vec<Figure> {
    let price =
        |trade: &RoundTrip| input.last_prices.get(trade.instrument).copied().unwrap_or(NONE);
    let profit: f64 = open.iter().map(|trade| trade.profit_at(price(trade))).sum();
    let count = |name, trades: usize| figure(name, Unit::Count, trades as f64);
    vec![
        count("Total Trades", closed.len() + open.len()),
        count("Total Closed Trades", closed.len()),
        count("Total Open Trades", open.len()),
        figure("Open Trade PnL", Unit::Money, profit),
    ]
}

fn of_trades(input: &DialectInput<'_>, closed: &[RoundTrip]) -> Vec<Figure> {
    let of = |wanted: fn(f64) -> bool, value: fn(&RoundTrip) -> f64| -> Vec<f64> {
        closed.iter().filter(|trade| wanted(trade.profit())).map(value).collect()
    };
    let won: fn(f64) -> bool = |profit| profit > 0.0;
    let lost: fn(f64) -> bool = |profit| profit < 0.0;
    let returns: Vec<f64> = closed.iter().map(RoundTrip::return_fraction).collect();
    let (wins, losses) = (of(won, RoundTrip::profit), of(lost, RoundTrip::profit));
    let day = bar_days(input.resolution);
    let length = |wanted| mean(&of(wanted, |trade| trade.bars() as f64)) * day;
    let win_rate = wins.len() as f64 / closed.len() as f64;
    let profits: Vec<f64> = closed.iter().map(RoundTrip::profit).collect();
    let (gained, paid) = gains_and_losses(&profits);
    let or_zero = |value: f64| if value.is_nan() { 0.0 } else { value };
    let expectancy =
        win_rate * or_zero(mean(&wins)) - (1.0 - win_rate) * or_zero(mean(&losses)).abs();
    let percent = |name, value: f64| figure(name, Unit::Percent, value * 100.0);
    vec![
        percent("Win Rate [%]", win_rate),
        percent("Best Trade [%]", largest(&returns)),
        percent("Worst Trade [%]", smallest(&returns)),
        percent("Avg Winning Trade [%]", mean(&of(won, RoundTrip::return_fraction))),
        percent("Avg Losing Trade [%]", mean(&of(lost, RoundTrip::return_fraction))),
        figure("Avg Winning Trade Duration", Unit::Days, length(won)),
        figure("Avg Losing Trade Duration", Unit::Days, length(lost)),
        figure("Profit Factor", Unit::Ratio, gained / paid),
        figure("Expectancy", Unit::Money, expectancy),
    ]
}

fn of_returns(input: &DialectInput<'_>) -> Vec<Figure> {
    let step = |before: f64, now: f64| now / before - 1.0;
    let before = std::iter::once(&input.initial).chain(input.equity);
    let returns: Vec<f64> =
        before.zip(input.equity).map(|(before, now)| step(*before, *now)).collect();
    let year = 365.0 / bar_days(input.resolution);
    let rate = period_rate(input.annual_rf, year);
    let excess = above(&returns, rate);
    let (gains, losses) = gains_and_losses(&excess);
    let annual = annual_return(&returns, year);
    let depth = drawdowns::dips(input.equity).iter().map(|dip| dip.depth).fold(0.0, f64::min);
    let (alpha, beta) = against(input, &returns, rate, year);
    let ratio = |name, value| figure(name, Unit::Ratio, value);
    vec![
        ratio("Sharpe Ratio", mean(&excess) / std(&excess) * year.sqrt()),
        ratio("Calmar Ratio", annual / depth.abs()),
        ratio("Omega Ratio", gains / losses),
        ratio("Sortino Ratio", mean(&returns) * year / (downside(&returns) * year.sqrt())),
        figure("Annualized Return [%]", Unit::Percent, annual * 100.0),
        figure("Annualized Volatility [%]", Unit::Percent, std(&returns) * year.sqrt() * 100.0),
        ratio("Alpha", alpha),
        ratio("Beta", beta),
    ]
}

/// Alpha of a year and beta against the prices, whose first return is zero.
fn against(input: &DialectInput<'_>, returns: &[f64], rate: f64, year: f64) -> (f64, f64) {
    let Some([first, ..]) = input.market else { return (NONE, NONE) };
    let market = input.market.unwrap_or_default();
    let before = std::iter::once(first).chain(market);
    let other: Vec<f64> = before.zip(market).map(|(before, now)| now / before - 1.0).collect();
    let beta = slope(returns, &other);
    let alpha = mean(returns) - rate - beta * (mean(&other) - rate);
    (libm::pow(1.0 + alpha, year) - 1.0, beta)
}
