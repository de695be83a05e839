//! quantstats: the full report, without the figures that depend on today's date.
//!
//! Returns of sessions, the first one from the initial capital. Some of its words mean other things
//! than usual: wins, losses and the profit factor are of days, not of trades; exposure counts days on
//! which the equity moved, rounded up to a whole per cent. Alpha and beta of a benchmark that does not
//! move are 0 there, and so they are here.

use super::{
    DialectInput, Figure, Unit, drawdowns, figure,
    sample::{
        NORMAL_5_PERCENT, above, annual_return, corrected_shape, downside, gains_and_losses,
        growth, largest, mean, period_rate, quantile, r_squared, slope, smallest, sorted, std, sum,
    },
};
use crate::metrics::probabilistic_sharpe::normal_cdf;

const YEAR: f64 = 252.0;

pub(super) const CONVENTION: &str = "returns by session from the initial cash; 252 sessions a year, \
    for CAGR too; Sharpe ddof 1; Sortino over the root mean square of all days below the rate; skew \
    and kurtosis (excess) corrected for the sample; VaR and cVaR of a normal distribution; wins, losses and \
    profit factor are of days; exposure is the share of days that moved, rounded up; percent where the \
    name says so";

pub(super) fn figures(input: &DialectInput<'_>) -> Vec<Figure> {
    let returns = input.sessions.returns().unwrap_or_default();
    let mut figures = of_growth(&returns, input.annual_rf);
    figures.extend(against(input));
    figures.extend(of_days(&returns));
    let (beta, alpha) = greeks(input);
    figures.extend([figure("Beta", Unit::Ratio, beta), figure("Alpha", Unit::Ratio, alpha)]);
    figures
}

fn of_growth(returns: &[f64], annual_rf: f64) -> Vec<Figure> {
    let n = returns.len() as f64;
    let excess = above(returns, period_rate(annual_rf, YEAR));
    let sharpe = mean(&excess) / std(&excess);
    let moved = returns.iter().filter(|value| **value != 0.0).count() as f64;
    let (gains, losses) = gains_and_losses(&excess);
    let risk = downside(&excess);
    let percent = |name, value: f64| figure(name, Unit::Percent, value * 100.0);
    let ratio = |name, value| figure(name, Unit::Ratio, value);
    vec![
        figure("Time in Market %", Unit::Percent, (moved / n * 100.0).ceil()),
        percent("Cumulative Return %", growth(returns) - 1.0),
        percent("CAGR %", annual_return(returns, YEAR)),
        ratio("Sharpe", sharpe * YEAR.sqrt()),
        percent("Prob. Sharpe Ratio %", probability(returns, sharpe)),
        ratio("Sortino", mean(&excess) / risk * YEAR.sqrt()),
        ratio("Omega", if returns.len() < 2 { f64::NAN } else { gains / losses }),
        percent("Max Drawdown %", drawdowns::deepest(returns)),
        percent("Volatility (ann.) %", std(returns) * YEAR.sqrt()),
    ]
}

/// Probability that the true Sharpe ratio is above zero.
fn probability(returns: &[f64], sharpe: f64) -> f64 {
    let (skewness, kurtosis) = corrected_shape(returns);
    let spread = 1.0 - skewness * sharpe + (kurtosis + 2.0) / 4.0 * sharpe * sharpe;
    normal_cdf(sharpe / (spread / (returns.len() as f64 - 1.0)).sqrt())
}

/// Figures against the benchmark that stand in the middle of the report.
fn against(input: &DialectInput<'_>) -> [Figure; 2] {
    let pairs = input.benchmark.and_then(|other| input.sessions.paired_returns(other));
    let (r2, information) = pairs.map_or((f64::NAN, f64::NAN), |(own, other)| {
        let active: Vec<f64> = own.iter().zip(&other).map(|(own, other)| own - other).collect();
        let spread = std(&active);
        let information = if spread == 0.0 { 0.0 } else { mean(&active) / spread };
        (r_squared(&own, &other), information)
    });
    [figure("R^2", Unit::Ratio, r2), figure("Information Ratio", Unit::Ratio, information)]
}

fn of_days(returns: &[f64]) -> Vec<Figure> {
    let wins: Vec<f64> = returns.iter().copied().filter(|value| *value > 0.0).collect();
    let losses: Vec<f64> = returns.iter().copied().filter(|value| *value < 0.0).collect();
    let days = (wins.len() + losses.len()) as f64;
    let win_rate = if days == 0.0 { 0.0 } else { wins.len() as f64 / days };
    let payoff = mean(&wins) / mean(&losses).abs();
    let kelly = (payoff * win_rate - (1.0 - win_rate)) / payoff;
    let (gained, lost) = gains_and_losses(returns);
    let profit_factor = if gained == 0.0 && lost == 0.0 { 0.0 } else { gained / lost };
    let (middle, spread) = (mean(returns), std(returns));
    let density =
        libm::exp(-NORMAL_5_PERCENT * NORMAL_5_PERCENT / 2.0) / std::f64::consts::TAU.sqrt();
    // The normal distribution is not defined over nothing; the mean of its tail is.
    let at_risk = if spread == 0.0 { f64::NAN } else { middle + spread * NORMAL_5_PERCENT };
    let (skewness, kurtosis) = corrected_shape(returns);
    let depth = drawdowns::deepest(returns);
    let tails = sorted(returns);
    let percent = |name, value: f64| figure(name, Unit::Percent, value * 100.0);
    let ratio = |name, value| figure(name, Unit::Ratio, value);
    vec![
        ratio("Calmar", annual_return(returns, YEAR) / depth.abs()),
        ratio("Skew", skewness),
        ratio("Kurtosis", kurtosis),
        percent("Kelly Criterion %", kelly),
        percent("Daily Value-at-Risk %", -at_risk.abs()),
        percent("Expected Shortfall (cVaR) %", -(middle - spread * density / 0.05).abs()),
        ratio("Gain/Pain Ratio", sum(returns) / lost),
        ratio("Payoff Ratio", payoff),
        ratio("Profit Factor", profit_factor),
        ratio("Tail Ratio", (quantile(&tails, 0.95) / quantile(&tails, 1.0 - 0.95)).abs()),
        percent("Best Day %", largest(returns)),
        percent("Worst Day %", smallest(returns)),
        ratio("Recovery Factor", sum(returns).abs() / depth.abs()),
        ratio("Ulcer Index", drawdowns::ulcer(returns)),
        percent("Win Days %", win_rate),
    ]
}

/// Beta and alpha; 0 where the package has no number, `NaN` without a benchmark.
fn greeks(input: &DialectInput<'_>) -> (f64, f64) {
    let pairs = input.benchmark.and_then(|other| input.sessions.paired_returns(other));
    let Some((own, other)) = pairs else { return (f64::NAN, f64::NAN) };
    let beta = slope(&own, &other);
    let alpha = (mean(&own) - beta * mean(&other)) * YEAR;
    let or_zero = |value: f64| if value.is_nan() { 0.0 } else { value };
    (or_zero(beta), or_zero(alpha))
}
