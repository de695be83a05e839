//! Intervals of 95 % of the headline figures, from histories dealt again.
//!
//! Figures of returns come from sessions dealt again, figures of trades from trades dealt again, both
//! in runs (stationary bootstrap). What is undefined is null.

use engine_core::metrics::{
    Resampling, SessionRatios, cagr, calmar, drawdown_depth, expectancy, profit_factor,
    stationary_bootstrap, win_rate,
};
use serde::{Deserialize, Serialize};

/// Low and high end of each figure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Intervals {
    /// Annualised Sharpe ratio.
    pub(in crate::cli) sharpe: Option<[f64; 2]>,
    /// Annualised Sortino ratio.
    pub(in crate::cli) sortino: Option<[f64; 2]>,
    /// Total return above the risk-free rate, fraction.
    pub(in crate::cli) total_return: Option<[f64; 2]>,
    /// The same a year.
    pub(in crate::cli) cagr: Option<[f64; 2]>,
    /// Annualised volatility, fraction.
    pub(in crate::cli) volatility: Option<[f64; 2]>,
    /// Maximum drawdown at the ends of sessions, zero or below.
    pub(in crate::cli) max_drawdown: Option<[f64; 2]>,
    /// Calmar ratio.
    pub(in crate::cli) calmar: Option<[f64; 2]>,
    /// Share of closed trades that won.
    pub(in crate::cli) win_rate: Option<[f64; 2]>,
    /// Profit factor.
    pub(in crate::cli) profit_factor: Option<[f64; 2]>,
    /// Mean net profit of a closed trade, in account currency.
    pub(in crate::cli) expectancy: Option<[f64; 2]>,
}

impl Intervals {
    /// Of excess returns by session and of the net profits of trades.
    pub(super) fn of(returns: &[f64], profits: &[f64], per_year: f64) -> Self {
        // As many calendar days as so many sessions take.
        let days = (returns.len() as f64 / per_year * 365.25).round() as i32;
        let figures = |dealt: &[f64]| {
            let mut value = 1.0;
            let grown = dealt.iter().map(|change| {
                value *= 1.0 + change;
                value
            });
            let curve: Vec<f64> = grown.collect();
            let depth = drawdown_depth(1.0, &curve);
            let growth = cagr(1.0, value, days);
            // The returns are above the risk-free one already.
            let ratios = SessionRatios::of(dealt, 0.0, per_year);
            [
                ratios.sharpe,
                ratios.sortino,
                Some(value - 1.0),
                growth,
                ratios.volatility,
                Some(depth),
                calmar(growth, depth),
            ]
        };
        let of_trades = |dealt: &[f64]| [win_rate(dealt), profit_factor(dealt), expectancy(dealt)];
        let found = stationary_bootstrap(returns, &Resampling::of(returns.len()), figures);
        let traded = stationary_bootstrap(profits, &Resampling::of(profits.len()), of_trades);
        let ends =
            |found: Option<engine_core::metrics::Interval>| found.map(|it| [it.low, it.high]);
        let [sharpe, sortino, total_return, cagr, volatility, max_drawdown, calmar] =
            found.map(ends);
        let [win_rate, profit_factor, expectancy] = traded.map(ends);
        Self {
            sharpe,
            sortino,
            total_return,
            cagr,
            volatility,
            max_drawdown,
            calmar,
            win_rate,
            profit_factor,
            expectancy,
        }
    }
}
