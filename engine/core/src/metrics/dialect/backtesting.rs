//! backtesting.py: what `Backtest.run` gives, by its module `_stats`.
//!
//! Equity at every bar, resampled to days of UTC for the ratios. Annual figures come from geometric
//! means; the CAGR divides calendar days by *trading* days a year, so it is not a CAGR. Trades are closed
//! ones, the oldest entry first; alpha, beta and buy-and-hold stand against the prices of what is traded
//! (several symbols: equal parts of each from the first bar), beta by bar and alpha over the whole run.

use super::{
    DialectInput, Figure, Unit, drawdowns, figure,
    round_trips::{RoundTrip, oldest_first},
    sample::{largest, mean, slope, smallest, std, sum},
};
use crate::calendar::utc_day;

const DAY_NS: i64 = 86_400_000_000_000;
const NONE: f64 = f64::NAN;

pub(super) const CONVENTION: &str = "returns by day from the first close, by bar for beta; 252 \
    trading days a year, 365 with weekends; annual figures of geometric means; CAGR of calendar days \
    over trading days a year; Sharpe of annual return over annual volatility; trades are closed ones, \
    first in first out; profit factor and expectancy of returns; percent where the name says so, \
    durations in days";

pub(super) fn figures(input: &DialectInput<'_>) -> Vec<Figure> {
    let trades: Vec<RoundTrip> = oldest_first(input.fills, input.ts)
        .into_iter()
        .filter(|trip| trip.exit_bar.is_some())
        .collect();
    let mut figures = of_equity(input, &trades);
    figures.extend(of_years(input));
    figures.extend(of_market(input));
    figures.extend(of_drawdowns(input));
    figures.extend(of_trades(input, &trades));
    figures
}

fn of_equity(input: &DialectInput<'_>, trades: &[RoundTrip]) -> Vec<Figure> {
    let mut held = vec![false; input.ts.len()];
    for trade in trades {
        if let Some(exit) = trade.exit_bar {
            held[trade.entry_bar..=exit].fill(true);
        }
    }
    let held = held.iter().filter(|held| **held).count() as f64 / input.ts.len() as f64;
    let commission: f64 = trades.iter().map(|trade| trade.commission).sum();
    let last = input.equity.last().copied().unwrap_or(NONE);
    let mut figures = vec![
        figure("Exposure Time [%]", Unit::Percent, held * 100.0),
        figure("Equity Final [$]", Unit::Money, last),
        figure("Equity Peak [$]", Unit::Money, largest(input.equity)),
    ];
    if commission != 0.0 {
        figures.push(figure("Commissions [$]", Unit::Money, commission));
    }
    figures.push(figure("Return [%]", Unit::Percent, total(input.equity)));
    figures.push(figure("Buy & Hold Return [%]", Unit::Percent, buy_and_hold(input)));
    figures
}

/// From the first value to the last, per cent.
fn total(levels: &[f64]) -> f64 {
    let [first, .., last] = levels else { return if levels.is_empty() { NONE } else { 0.0 } };
    (last - first) / first * 100.0
}

/// From the bar at which every indicator has a value, per cent.
fn buy_and_hold(input: &DialectInput<'_>) -> f64 {
    let Some(market) = input.market else { return NONE };
    total(market.get(input.warm_up.saturating_sub(1)..).unwrap_or(&[]))
}

/// The figures of a year and what they rest on.
struct Year {
    annual_return: f64,
    volatility: f64,
    growth: f64,
    downside: f64,
}

impl Year {
    fn of(input: &DialectInput<'_>) -> Self {
        let equity = by_period(input);
        let returns: Vec<f64> = equity.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
        let year = periods(input);
        let mean_growth = geometric_mean(&returns, returns.len() + 1);
        let grown = libm::pow(1.0 + mean_growth, 2.0);
        let variance = std(&returns).powi(2);
        let spread = libm::pow(variance + grown, year) - libm::pow(1.0 + mean_growth, 2.0 * year);
        let span = (input.ts.last().unwrap_or(&0) - input.ts.first().unwrap_or(&0)) as f64;
        let years = span / DAY_NS as f64 / year;
        let ratio = input.equity.last().unwrap_or(&NONE) / input.equity.first().unwrap_or(&NONE);
        Self {
            annual_return: libm::pow(1.0 + mean_growth, year) - 1.0,
            volatility: spread.sqrt(),
            growth: if years == 0.0 { NONE } else { libm::pow(ratio, 1.0 / years) - 1.0 },
            downside: super::sample::downside(&returns) * year.sqrt(),
        }
    }
}

/// Geometric mean of `n` returns, of which those that are not given are zero; 0 where all was lost.
fn geometric_mean(returns: &[f64], n: usize) -> f64 {
    if returns.iter().any(|value| 1.0 + value <= 0.0) {
        return 0.0;
    }
    let logs: Vec<f64> = returns.iter().map(|value| libm::log(1.0 + value)).collect();
    libm::exp(sum(&logs) / n as f64) - 1.0
}

fn of_years(input: &DialectInput<'_>) -> Vec<Figure> {
    let Year { annual_return, volatility, growth, downside } = Year::of(input);
    let depth = deepest(input.equity);
    let above = annual_return - input.annual_rf;
    vec![
        figure("Return (Ann.) [%]", Unit::Percent, annual_return * 100.0),
        figure("Volatility (Ann.) [%]", Unit::Percent, volatility * 100.0),
        figure("CAGR [%]", Unit::Percent, growth * 100.0),
        figure("Sharpe Ratio", Unit::Ratio, above / volatility),
        figure("Sortino Ratio", Unit::Ratio, above / downside),
        figure("Calmar Ratio", Unit::Ratio, annual_return / depth.abs()),
    ]
}

fn of_market(input: &DialectInput<'_>) -> [Figure; 2] {
    let logs = |levels: &[f64]| -> Vec<f64> {
        levels.windows(2).map(|pair| libm::log(pair[1] / pair[0])).collect()
    };
    let beta = input.market.map_or(NONE, |market| slope(&logs(input.equity), &logs(market)));
    let rate = input.annual_rf * 100.0;
    let alpha = total(input.equity) - rate - beta * (buy_and_hold(input) - rate);
    [figure("Alpha [%]", Unit::Percent, alpha), figure("Beta", Unit::Ratio, beta)]
}

fn of_drawdowns(input: &DialectInput<'_>) -> Vec<Figure> {
    // What falls at the last bar only is one step long, and no duration begins with it.
    let dips: Vec<_> =
        drawdowns::dips(input.equity).into_iter().filter(|dip| dip.end > dip.peak + 1).collect();
    let depths: Vec<f64> = dips.iter().map(|dip| dip.depth * 100.0).collect();
    let days: Vec<f64> =
        dips.iter().map(|dip| (input.ts[dip.end] - input.ts[dip.peak]) as f64).collect();
    vec![
        figure("Max. Drawdown [%]", Unit::Percent, deepest(input.equity) * 100.0),
        figure("Avg. Drawdown [%]", Unit::Percent, mean(&depths)),
        duration("Max. Drawdown Duration", largest(&days), input.ts),
        duration("Avg. Drawdown Duration", mean(&days), input.ts),
    ]
}

fn of_trades(input: &DialectInput<'_>, trades: &[RoundTrip]) -> Vec<Figure> {
    let profits: Vec<f64> = trades.iter().map(RoundTrip::profit).collect();
    let returns: Vec<f64> = trades.iter().map(RoundTrip::return_fraction).collect();
    let length = |trade: &RoundTrip| {
        trade.exit_bar.map_or(NONE, |exit| (input.ts[exit] - input.ts[trade.entry_bar]) as f64)
    };
    let lengths: Vec<f64> = trades.iter().map(length).collect();
    let (wins, losses): (Vec<f64>, Vec<f64>) = profits.iter().partition(|profit| **profit > 0.0);
    let losses: Vec<f64> = losses.into_iter().filter(|profit| *profit < 0.0).collect();
    let n = trades.len() as f64;
    let win_rate = wins.len() as f64 / n;
    let (gained, lost) = super::sample::gains_and_losses(&returns);
    let average = if trades.is_empty() { NONE } else { geometric_mean(&returns, returns.len()) };
    let kelly = win_rate - (1.0 - win_rate) / (mean(&wins) / -mean(&losses));
    vec![
        figure("# Trades", Unit::Count, n),
        figure("Win Rate [%]", Unit::Percent, win_rate * 100.0),
        figure("Best Trade [%]", Unit::Percent, largest(&returns) * 100.0),
        figure("Worst Trade [%]", Unit::Percent, smallest(&returns) * 100.0),
        figure("Avg. Trade [%]", Unit::Percent, average * 100.0),
        duration("Max. Trade Duration", largest(&lengths), input.ts),
        duration("Avg. Trade Duration", mean(&lengths), input.ts),
        figure("Profit Factor", Unit::Ratio, gained / lost),
        figure("Expectancy [%]", Unit::Percent, mean(&returns) * 100.0),
        figure("SQN", Unit::Ratio, n.sqrt() * mean(&profits) / std(&profits)),
        figure("Kelly Criterion", Unit::Ratio, kelly),
    ]
}

/// Deepest drawdown of the bars, the capital before them not included.
fn deepest(equity: &[f64]) -> f64 {
    drawdowns::dips(equity).iter().map(|dip| dip.depth).fold(0.0, f64::min)
}

/// Median distance of the last hundred bars, nanoseconds; `None` for a single bar.
fn spacing(ts: &[i64]) -> Option<i64> {
    let last = &ts[ts.len().saturating_sub(100)..];
    let mut steps: Vec<i64> = last.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_unstable();
    let (low, high) = (steps.len().saturating_sub(1) / 2, steps.len() / 2);
    Some(steps.get(low)?.midpoint(*steps.get(high)?))
}

/// Days between bars as the package sees them.
fn spacing_days(ts: &[i64]) -> i64 {
    spacing(ts).map_or(0, |step| step / DAY_NS)
}

/// Periods in a year.
fn periods(input: &DialectInput<'_>) -> f64 {
    let weekend = |ts: &&i64| (utc_day(**ts) + 3).rem_euclid(7) >= 5;
    let weekends = input.ts.iter().filter(weekend).count() as f64 / input.ts.len() as f64;
    match spacing_days(input.ts) {
        7 => 52.0,
        31 => 12.0,
        365 => 1.0,
        _ if weekends > 2.0 / 7.0 * 0.6 => 365.0,
        _ => 252.0,
    }
}

/// Last equity of each day; of each bar where bars are weeks, months or years.
fn by_period(input: &DialectInput<'_>) -> Vec<f64> {
    let is_longer = matches!(spacing_days(input.ts), 7 | 31 | 365);
    let mut last: Vec<(i32, f64)> = Vec::new();
    for (ts, equity) in input.ts.iter().zip(input.equity) {
        let day = utc_day(*ts);
        match last.last_mut() {
            Some((known, value)) if *known == day && !is_longer => *value = *equity,
            _ => last.push((day, *equity)),
        }
    }
    last.into_iter().map(|(_, equity)| equity).collect()
}

/// A duration given in nanoseconds, in days, rounded up to the finest unit that the distance of bars has.
fn duration(name: &'static str, span_ns: f64, ts: &[i64]) -> Figure {
    const UNITS: [i64; 4] = [DAY_NS, 3_600_000_000_000, 60_000_000_000, 1_000_000_000];
    let step = spacing(ts).unwrap_or(DAY_NS);
    let unit = UNITS.into_iter().find(|unit| step % unit == 0).unwrap_or(UNITS[3]) as f64;
    figure(name, Unit::Days, (span_ns / unit).ceil() * unit / DAY_NS as f64)
}
