//! Metrics: what a run amounts to, one statistic per file.
//!
//! Every ratio is taken of simple returns per *session day* of the exchange calendar (the last equity
//! of each session, sessions without bars are flat, no weekend padding), so that hourly and daily
//! runs of one strategy agree in definition; the initial capital is the first point of the curve.
//! Drawdown and exposure are taken bar by bar. A bare number is a fraction, never a percentage. What
//! is undefined is `None` (`null` in JSON): never NaN, infinity or a sentinel. Sums run in one
//! fixed order, so the same input gives the same bits.
//!
//! What a trade is, and what its net profit contains, is for the ledger to say; what the figures look
//! like, for reports.

mod alpha;
mod bar_returns;
mod beta;
mod cagr;
mod calmar;
mod deflated_sharpe;
pub mod dialect;
mod expectancy;
mod expected_shortfall;
mod exposure;
mod family_p_value;
mod growth;
mod max_drawdown;
mod min_track_record;
mod moments;
#[cfg(test)]
mod noise;
mod omega;
mod overfitting;
mod probabilistic_sharpe;
mod profit_factor;
mod quantile;
mod session_equity;
mod session_ratios;
mod sharpe;
mod sortino;
mod spread;
mod sqn;
mod stationary_bootstrap;
mod summary;
mod tail_ratio;
#[cfg(test)]
mod tests;
mod total_return;
mod value_at_risk;
mod volatility;
mod win_rate;

pub use alpha::alpha;
pub use bar_returns::bar_returns;
pub use beta::beta;
pub use cagr::{EXTRAPOLATED_BELOW_DAYS, cagr, is_extrapolated};
pub use calmar::calmar;
pub use deflated_sharpe::{deflated_sharpe, expected_best_sharpe};
pub use expectancy::expectancy;
pub use expected_shortfall::expected_shortfall;
pub use exposure::exposure;
pub use family_p_value::family_p_value;
pub use growth::growth;
pub use max_drawdown::{MaxDrawdown, drawdown_depth, max_drawdown};
pub use min_track_record::min_track_record;
pub use moments::skewness_and_kurtosis as moments_of;
pub use omega::omega;
pub use overfitting::{Overfitting, Slice, overfitting, slices};
pub use probabilistic_sharpe::{SharpeEstimate, probabilistic_sharpe};
pub use profit_factor::profit_factor;
pub use session_equity::SessionEquity;
pub use session_ratios::SessionRatios;
pub use sharpe::{session_rate, session_sharpe, sharpe};
pub use sortino::sortino;
pub use spread::Spread;
pub use sqn::sqn;
pub use stationary_bootstrap::{Interval, Resampled, Resampling};
pub use summary::{Metrics, MetricsInput};
pub use tail_ratio::tail_ratio;
pub use total_return::total_return;
pub use value_at_risk::{TAIL, value_at_risk};
pub use volatility::volatility;
pub use win_rate::win_rate;
