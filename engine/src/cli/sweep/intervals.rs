//! Intervals of 95 % of the headline figures, from histories dealt again.
//!
//! Figures of returns come from sessions dealt again, figures of trades from trades dealt again, both
//! in runs (stationary bootstrap). What is undefined is null.

use std::{num::NonZero, panic::resume_unwind, thread};

use engine_core::metrics::{
    Interval, Resampled, Resampling, SessionRatios, cagr, calmar, drawdown_depth, expectancy,
    growth, profit_factor, win_rate,
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
        let of_returns = || {
            let mut curve = Vec::new();
            move |dealt: &[f64]| {
                let (value, sum) = growth(dealt, &mut curve);
                let depth = drawdown_depth(1.0, &curve);
                let yearly = cagr(1.0, value, days);
                // The returns are above the risk-free one already.
                let ratios = SessionRatios::of_sum(dealt, sum, 0.0, per_year);
                [
                    ratios.sharpe,
                    ratios.sortino,
                    Some(value - 1.0),
                    yearly,
                    ratios.volatility,
                    Some(depth),
                    calmar(yearly, depth),
                ]
            }
        };
        let of_trades =
            || |dealt: &[f64]| [win_rate(dealt), profit_factor(dealt), expectancy(dealt)];
        let found = resampled(returns, of_returns);
        let traded = resampled(profits, of_trades);
        let ends = |found: Option<Interval>| found.map(|it| [it.low, it.high]);
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

/// Intervals of figures over all resamples, which the cores share; it does not show.
fn resampled<const N: usize, F: FnMut(&[f64]) -> [Option<f64>; N]>(
    values: &[f64],
    figures: impl Fn() -> F + Sync,
) -> [Option<Interval>; N] {
    let (how, figures) = (Resampling::of(values.len()), &figures);
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = how.resamples.div_ceil(cores as u32);
    let part = |first: u32| {
        let end = how.resamples.min(first + share);
        Resampled::of(values, &how, first..end, figures())
    };
    let whole = thread::scope(|scope| {
        let part = &part;
        let others = (share..how.resamples).step_by(share as usize);
        let others: Vec<_> = others.map(|first| scope.spawn(move || part(first))).collect();
        others.into_iter().fold(part(0), |whole, other| {
            whole.joined(&other.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
    });
    whole.intervals(how.resamples)
}
