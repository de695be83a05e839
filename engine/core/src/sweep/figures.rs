//! What is kept of a trial: a handful of figures, each with the definition and the bits that a full
//! report of the same run has.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use strategy_api::Resolution;

use crate::{
    backtest::Summary,
    calendar::{Calendar, day_number},
    ledger::Trade,
    metrics,
};

/// Which bars end a session, found once for all trials over the same bars.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionRows {
    /// Bars up to the end of each session; a session without bars repeats the number before it.
    ends: Vec<usize>,
    /// Whether every bar is a session of its own.
    is_bar_by_bar: bool,
    calendar_days: Option<i32>,
    per_year: f64,
}

impl SessionRows {
    /// Cuts the starts of bars into sessions as [`metrics::SessionEquity::of`] does.
    #[must_use]
    pub fn of(calendar: Calendar, resolution: Resolution, ts: &[i64]) -> Self {
        // The equity that is cut is the number of each bar.
        let rows: Vec<f64> = (1..=ts.len()).map(|row| row as f64).collect();
        let curve = metrics::SessionEquity::of(calendar, resolution, 0.0, ts, &rows);
        let calendar_days = match (curve.days.first(), curve.days.last()) {
            (Some(first), Some(last)) => Some(day_number(*last) - day_number(*first)),
            _ => None,
        };
        let ends: Vec<usize> = curve.equity.iter().map(|row| *row as usize).collect();
        Self {
            is_bar_by_bar: ends.iter().enumerate().all(|(bar, end)| *end == bar + 1),
            ends,
            calendar_days,
            per_year: calendar.sessions_per_year(),
        }
    }

    /// The sessions of runs one after the other; what lies between two runs does not exist.
    #[must_use]
    pub fn joined(parts: &[Self]) -> Option<Self> {
        let mut parts = parts.iter();
        let mut whole = parts.next()?.clone();
        for next in parts {
            let before = whole.ends.last().copied().unwrap_or_default();
            whole.ends.extend(next.ends.iter().map(|end| before + end));
            let days = whole.calendar_days.zip(next.calendar_days);
            whole.calendar_days = days.map(|(one, other)| one + other);
            whole.is_bar_by_bar &= next.is_bar_by_bar;
        }
        Some(whole)
    }

    /// Number of sessions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Sessions in a year by which figures are annualised.
    #[must_use]
    pub fn per_year(&self) -> f64 {
        self.per_year
    }

    /// The risk-free return of one session.
    #[must_use]
    pub fn risk_free(&self, annual: f64) -> f64 {
        metrics::session_rate(annual, self.per_year)
    }

    /// Writes the simple return of each session, from the equity at the close of each bar; `false` when
    /// one has no meaning, as in [`metrics::SessionEquity::returns`].
    pub fn returns(&self, initial: f64, equity: &[f64], returns: &mut Vec<f64>) -> bool {
        returns.clear();
        let has_meaning = |before: f64, value: f64| before > 0.0 && value.abs() < f64::INFINITY;
        let Some((&first, later)) = self.ends.split_first() else { return true };
        if self.is_bar_by_bar {
            return metrics::bar_returns(initial, equity, returns).is_some();
        }
        let mut before = equity[first - 1];
        let value = before / initial - 1.0;
        returns.push(value);
        let mut are_good = has_meaning(initial, value);
        for end in later {
            let now = equity[end - 1];
            let value = now / before - 1.0;
            are_good &= has_meaning(before, value);
            returns.push(value);
            before = now;
        }
        are_good
    }
}

/// The figures of a trial. Undefined ones are `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialFigures {
    /// Total return, fraction.
    pub total_return: Option<f64>,
    /// Compound annual growth rate, fraction per year.
    pub cagr: Option<f64>,
    /// Annualised volatility, fraction.
    pub volatility: Option<f64>,
    /// Annualised Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Annualised Sortino ratio.
    pub sortino: Option<f64>,
    /// Maximum drawdown, fraction, zero or below.
    pub max_drawdown: Option<f64>,
    /// Calmar ratio, per year.
    pub calmar: Option<f64>,
    /// Share of bars at whose close a position was held.
    pub exposure: Option<f64>,
    /// Closed trades.
    pub trades: u64,
    /// Share of closed trades that won.
    pub win_rate: Option<f64>,
    /// Profit factor.
    pub profit_factor: Option<f64>,
    /// Mean net profit of a closed trade, in account currency.
    pub expectancy: Option<f64>,
    /// System quality number.
    pub sqn: Option<f64>,
}

/// What the figures of a trial are measured with, used again from trial to trial.
#[derive(Clone, Debug, Default)]
pub struct Gauge {
    returns: Vec<f64>,
    have_returns: bool,
}

impl Gauge {
    /// Measures a run whose equity has one value for each bar that `sessions` were cut from.
    pub fn measure(
        &mut self,
        run: &Summary<'_>,
        sessions: &SessionRows,
        initial: f64,
        rf: f64,
    ) -> TrialFigures {
        let bars = run.equity.len();
        let held = usize::try_from(run.invested_steps).unwrap_or(usize::MAX);
        let mut figures =
            TrialFigures { exposure: metrics::exposure(held, bars), ..TrialFigures::default() };
        let per_year = sessions.per_year;
        let ratios = if sessions.is_bar_by_bar {
            let sum = metrics::bar_returns(initial, run.equity, &mut self.returns);
            sum.map(|sum| metrics::SessionRatios::of_sum(&self.returns, sum, rf, per_year))
        } else {
            let have_meaning = sessions.returns(initial, run.equity, &mut self.returns);
            have_meaning.then(|| metrics::SessionRatios::of(&self.returns, rf, per_year))
        };
        self.have_returns = ratios.is_some();
        // Where every bar has a return, finite returns are those of finite equity.
        let is_finite = ratios.is_some() && sessions.is_bar_by_bar
            || run.equity.iter().fold(true, |all, value| all & (value.abs() < f64::INFINITY));
        figures.measure_growth(initial, run.equity, sessions.calendar_days, is_finite);
        if let Some(ratios) = ratios {
            figures.volatility = ratios.volatility;
            figures.sharpe = ratios.sharpe;
            figures.sortino = ratios.sortino;
        }
        figures.measure_trades(run.profits);
        figures.without_infinities()
    }

    /// Simple returns by session of the run that was measured last; `None` when they have no meaning.
    #[must_use]
    pub fn returns(&self) -> Option<&[f64]> {
        self.have_returns.then_some(&self.returns)
    }

    /// Forgets the returns, where there was no run.
    pub fn forget(&mut self) {
        self.have_returns = false;
    }
}

/// Net profits of the closed trades, by the time of closing.
pub fn closed_profits(trades: &[Trade]) -> impl Iterator<Item = f64> {
    trades.iter().filter(|trade| trade.closed_ts.is_some()).filter_map(Trade::profit)
}

impl TrialFigures {
    fn measure_growth(
        &mut self,
        initial: f64,
        equity: &[f64],
        calendar_days: Option<i32>,
        is_finite: bool,
    ) {
        let Some(&last) = equity.last() else { return };
        self.total_return = metrics::total_return(initial, last);
        self.cagr = calendar_days.and_then(|days| metrics::cagr(initial, last, days));
        if initial <= 0.0 || !is_finite {
            return;
        }
        self.max_drawdown = Some(metrics::drawdown_depth(initial, equity));
        self.calmar = self.max_drawdown.and_then(|depth| metrics::calmar(self.cagr, depth));
    }

    fn measure_trades(&mut self, profits: &[f64]) {
        self.trades = profits.len() as u64;
        self.win_rate = metrics::win_rate(profits);
        self.profit_factor = metrics::profit_factor(profits);
        self.expectancy = metrics::expectancy(profits);
        self.sqn = metrics::sqn(profits);
    }

    fn without_infinities(mut self) -> Self {
        for metric in Metric::ALL {
            if let Some(figure) = self.slot(metric) {
                *figure = figure.filter(|value| value.is_finite());
            }
        }
        self
    }

    fn slot(&mut self, metric: Metric) -> Option<&mut Option<f64>> {
        Some(match metric {
            Metric::Sharpe => &mut self.sharpe,
            Metric::Sortino => &mut self.sortino,
            Metric::TotalReturn => &mut self.total_return,
            Metric::Cagr => &mut self.cagr,
            Metric::Calmar => &mut self.calmar,
            Metric::MaxDrawdown => &mut self.max_drawdown,
            Metric::Volatility => &mut self.volatility,
            Metric::Exposure => &mut self.exposure,
            Metric::WinRate => &mut self.win_rate,
            Metric::ProfitFactor => &mut self.profit_factor,
            Metric::Expectancy => &mut self.expectancy,
            Metric::Sqn => &mut self.sqn,
            Metric::Trades => return None,
        })
    }

    /// A figure; `None` when it is undefined.
    #[must_use]
    pub fn get(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::Trades => Some(self.trades as f64),
            other => { *self }.slot(other).and_then(|figure| *figure),
        }
    }

    /// Sets a figure; the number of trades is rounded to a whole one.
    pub fn set(&mut self, metric: Metric, value: Option<f64>) {
        match self.slot(metric) {
            Some(figure) => *figure = value,
            None => self.trades = value.unwrap_or(0.0) as u64,
        }
    }

    /// The figure by which trials are ranked, so that higher is better; NaN when it is undefined.
    #[must_use]
    pub fn rank(&self, metric: Metric) -> f64 {
        let value = self.get(metric).unwrap_or(f64::NAN);
        if metric == Metric::Volatility { -value } else { value }
    }
}

/// A figure of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Annualised Sharpe ratio.
    Sharpe,
    /// Annualised Sortino ratio.
    Sortino,
    /// Total return.
    TotalReturn,
    /// Compound annual growth rate.
    Cagr,
    /// Calmar ratio.
    Calmar,
    /// Maximum drawdown, zero or below: nearer to zero is better.
    MaxDrawdown,
    /// Annualised volatility: lower is better.
    Volatility,
    /// Share of bars with a position.
    Exposure,
    /// Share of trades that won.
    WinRate,
    /// Profit factor.
    ProfitFactor,
    /// Mean net profit of a trade.
    Expectancy,
    /// System quality number.
    Sqn,
    /// Closed trades.
    Trades,
}

/// A text that names no figure of a trial.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("trials are not ranked by '{}'; valid: {}", .0.escape_debug(), Metric::ALL.map(Metric::name).join(" "))]
pub struct UnknownMetric(pub String);

impl Metric {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 13] = [
        Self::Sharpe,
        Self::Sortino,
        Self::TotalReturn,
        Self::Cagr,
        Self::Calmar,
        Self::MaxDrawdown,
        Self::Volatility,
        Self::Exposure,
        Self::Trades,
        Self::WinRate,
        Self::ProfitFactor,
        Self::Expectancy,
        Self::Sqn,
    ];

    /// Its name on the command line and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sharpe => "sharpe",
            Self::Sortino => "sortino",
            Self::TotalReturn => "total_return",
            Self::Cagr => "cagr",
            Self::Calmar => "calmar",
            Self::MaxDrawdown => "max_drawdown",
            Self::Volatility => "volatility",
            Self::Exposure => "exposure",
            Self::Trades => "trades",
            Self::WinRate => "win_rate",
            Self::ProfitFactor => "profit_factor",
            Self::Expectancy => "expectancy",
            Self::Sqn => "sqn",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Metric {
    type Err = UnknownMetric;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|metric| metric.name() == text);
        found.ok_or_else(|| UnknownMetric(text.chars().take(40).collect()))
    }
}
