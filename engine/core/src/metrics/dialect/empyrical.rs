//! empyrical (empyrical-reloaded): its list of simple statistics, then those against a factor.
//!
//! Returns of sessions, the first one from the initial capital; everything is a fraction. The names are
//! those of its functions. The risk-free rate goes where a function takes one; the required return of
//! Sortino and of the downside risk stays at its default of zero.

use super::{
    DialectInput, Figure, Unit, drawdowns, figure,
    sample::{
        above, annual_return, downside, gains_and_losses, growth, mean, period_rate, quantile,
        r_squared, shape, slope, sorted, std, tail_ratio,
    },
};

const YEAR: f64 = 252.0;

pub(super) const CONVENTION: &str = "returns by session from the initial cash; 252 sessions a year, \
    for the annual return too; Sharpe ddof 1; Sortino over the root mean square of all days below \
    zero; skew and kurtosis (excess) of the population; VaR and cVaR historical; everything is a \
    fraction";

pub(super) fn figures(input: &DialectInput<'_>) -> Vec<Figure> {
    let returns = input.sessions.returns().unwrap_or_default();
    let rate = period_rate(input.annual_rf, YEAR);
    let mut figures = simple(&returns, rate);
    let pairs = input.benchmark.and_then(|other| input.sessions.paired_returns(other));
    figures.extend(against(pairs, rate));
    figures
}

fn simple(returns: &[f64], rate: f64) -> Vec<Figure> {
    let ratio = |name, value| figure(name, Unit::Ratio, value);
    let excess = above(returns, rate);
    let (gains, losses) = gains_and_losses(&excess);
    let annual = annual_return(returns, YEAR);
    let depth = drawdowns::deepest(returns);
    let risk = downside(returns) * YEAR.sqrt();
    let (skew, kurtosis) = shape(returns);
    let tails = sorted(returns);
    vec![
        ratio("cum_returns_final", growth(returns) - 1.0),
        ratio("annual_return", annual),
        ratio("annual_volatility", std(returns) * YEAR.sqrt()),
        ratio("sharpe_ratio", mean(&excess) / std(&excess) * YEAR.sqrt()),
        ratio("calmar_ratio", annual / depth.abs()),
        ratio("stability_of_timeseries", stability(returns)),
        ratio("max_drawdown", depth),
        ratio("omega_ratio", if returns.len() < 2 { f64::NAN } else { gains / losses }),
        ratio("sortino_ratio", mean(returns) * YEAR / risk),
        ratio("downside_risk", risk),
        ratio("skew", skew),
        ratio("kurtosis", kurtosis),
        ratio("tail_ratio", tail_ratio(&tails)),
        ratio("value_at_risk", quantile(&tails, 0.05)),
        ratio("conditional_value_at_risk", shortfall(&tails)),
    ]
}

/// Squared correlation of the cumulative log returns with time.
fn stability(returns: &[f64]) -> f64 {
    let climb = |level: &mut f64, value: &f64| {
        *level += libm::log1p(*value);
        Some(*level)
    };
    let levels: Vec<f64> = returns.iter().scan(0.0, climb).collect();
    let time: Vec<f64> = (0..levels.len()).map(|bar| bar as f64).collect();
    r_squared(&time, &levels)
}

/// Mean of the worst `int((n - 1) x 0.05) + 1` returns.
fn shortfall(sorted: &[f64]) -> f64 {
    let worst = (sorted.len().saturating_sub(1) as f64 * 0.05) as usize + 1;
    mean(&sorted[..worst.min(sorted.len())])
}

fn against(pairs: Option<(Vec<f64>, Vec<f64>)>, rate: f64) -> Vec<Figure> {
    let (own, other) = pairs.unwrap_or_default();
    let active: Vec<f64> = own.iter().zip(&other).map(|(own, other)| own - other).collect();
    let beta = slope(&own, &other);
    let alpha = mean(&own) - rate - beta * (mean(&other) - rate);
    let capture = |keep: fn(f64) -> bool| {
        let kept = own.iter().zip(&other).filter(|(_, other)| keep(**other));
        let (own, other): (Vec<f64>, Vec<f64>) = kept.map(|(own, other)| (*own, *other)).unzip();
        annual_return(&own, YEAR) / annual_return(&other, YEAR)
    };
    let ratio = |name, value| figure(name, Unit::Ratio, value);
    vec![
        ratio("excess_sharpe", mean(&active) / std(&active)),
        ratio("alpha", libm::pow(1.0 + alpha, YEAR) - 1.0),
        ratio("beta", beta),
        ratio("capture", capture(|_| true)),
        ratio("up_capture", capture(|value| value > 0.0)),
        ratio("down_capture", capture(|value| value < 0.0)),
    ]
}
