//! The figures of one run, all together: what goes in, and the schema that comes out.

use super::{
    MaxDrawdown, SessionEquity, SharpeEstimate, alpha, beta, cagr, calmar, expectancy,
    expected_shortfall, exposure, is_extrapolated, max_drawdown, min_track_record,
    moments::skewness_and_kurtosis, omega, probabilistic_sharpe, profit_factor, session_rate,
    session_sharpe, sharpe, sortino, sqn, tail_ratio, total_return, value_at_risk, volatility,
    win_rate,
};
use crate::calendar::{Calendar, day_number, utc_date};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use strategy_api::Resolution;

/// What the metrics of a run are computed from.
#[derive(Clone, Copy, Debug)]
pub struct MetricsInput<'a> {
    /// Calendar of what is traded.
    pub calendar: Calendar,
    /// Length of the bars.
    pub resolution: Resolution,
    /// Initial capital, in account currency.
    pub initial: f64,
    /// Start of each bar, nanoseconds UTC, rising.
    pub ts: &'a [i64],
    /// Equity at the close of each bar, in account currency.
    pub equity: &'a [f64],
    /// Bars at whose close a position is held.
    pub bars_held: usize,
    /// Net profit of each closed trade, in account currency, in the order in which they closed.
    pub net_profits: &'a [f64],
    /// Return of each closed trade, as a fraction of what it put in, in the same order.
    pub trade_returns: &'a [f64],
    /// Equity of the benchmark at session days.
    pub benchmark: Option<&'a SessionEquity>,
    /// Risk-free rate, fraction per year.
    pub annual_rf: f64,
}

impl MetricsInput<'_> {
    /// Equity at session days.
    ///
    /// # Panics
    /// When `ts` and `equity` differ in length.
    #[must_use]
    pub fn curve(&self) -> SessionEquity {
        SessionEquity::of(self.calendar, self.resolution, self.initial, self.ts, self.equity)
    }
}

/// The figures of one run. The names of the fields are the JSON schema and stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metrics {
    /// First session.
    #[serde(with = "iso")]
    pub first_session: Option<Date>,
    /// Last session.
    #[serde(with = "iso")]
    pub last_session: Option<Date>,
    /// Sessions from the first to the last, both included.
    pub sessions: usize,
    /// Bars.
    pub bars: usize,
    /// Calendar days from the first session to the last.
    pub calendar_days: Option<i32>,
    /// Sessions in a year by which figures are annualised.
    pub sessions_per_year: f64,
    /// Risk-free rate, fraction per year.
    pub risk_free_rate: Option<f64>,
    /// Initial capital, in account currency.
    pub initial_equity: Option<f64>,
    /// Equity at the last bar, in account currency.
    pub final_equity: Option<f64>,
    /// Total return, fraction.
    pub total_return: Option<f64>,
    /// Compound annual growth rate, fraction per year.
    pub cagr: Option<f64>,
    /// Whether the growth rate stretches less than 90 days over a year.
    pub cagr_extrapolated: bool,
    /// Annualised volatility, fraction.
    pub volatility: Option<f64>,
    /// Annualised Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Annualised Sortino ratio.
    pub sortino: Option<f64>,
    /// Calmar ratio, per year.
    pub calmar: Option<f64>,
    /// Maximum drawdown, fraction, zero or below.
    pub max_drawdown: Option<f64>,
    /// Exchange date of the peak before it; of the first bar where the initial capital is the peak.
    #[serde(with = "iso")]
    pub max_drawdown_peak: Option<Date>,
    /// Exchange date of its lowest equity.
    #[serde(with = "iso")]
    pub max_drawdown_trough: Option<Date>,
    /// Exchange date on which the peak was reached again.
    #[serde(with = "iso")]
    pub max_drawdown_recovery: Option<Date>,
    /// Whether the peak was reached again; true without a drawdown.
    pub max_drawdown_recovered: bool,
    /// Calendar days from the peak to the recovery, or to the last bar.
    pub max_drawdown_days: Option<i32>,
    /// Bars from the peak to the recovery, or to the last bar.
    pub max_drawdown_bars: Option<usize>,
    /// Share of bars at whose close a position was held.
    pub exposure: Option<f64>,
    /// Closed trades.
    pub trades: usize,
    /// Share of closed trades that won.
    pub win_rate: Option<f64>,
    /// Profit factor.
    pub profit_factor: Option<f64>,
    /// Mean net profit of a closed trade, in account currency.
    pub expectancy: Option<f64>,
    /// Mean return of a closed trade, fraction.
    pub expectancy_return: Option<f64>,
    /// System quality number.
    pub sqn: Option<f64>,
    /// Beta against the benchmark.
    pub beta: Option<f64>,
    /// Annualised alpha against the benchmark, fraction.
    pub alpha: Option<f64>,
    /// Value at risk of one session at 95 %, as a return.
    pub var_95: Option<f64>,
    /// Conditional value at risk of one session at 95 %, as a return.
    pub cvar_95: Option<f64>,
    /// Omega ratio over zero.
    pub omega: Option<f64>,
    /// Tail ratio.
    pub tail_ratio: Option<f64>,
    /// Skewness of the session returns.
    pub skewness: Option<f64>,
    /// Raw kurtosis of the session returns; 3 for normal returns.
    pub kurtosis: Option<f64>,
    /// Probability that the true Sharpe ratio is above zero.
    pub psr: Option<f64>,
    /// Sessions needed for 95 % confidence that the true Sharpe ratio is above zero.
    pub min_track_record_sessions: Option<f64>,
}

impl Metrics {
    /// Computes every figure of a run.
    ///
    /// # Panics
    /// When `ts` and `equity` differ in length.
    #[must_use]
    pub fn of(input: &MetricsInput<'_>) -> Self {
        Self::with_curve(input, &input.curve())
    }

    /// The same, where the equity at session days ([`MetricsInput::curve`]) is known already.
    #[must_use]
    pub fn with_curve(input: &MetricsInput<'_>, curve: &SessionEquity) -> Self {
        let MetricsInput { calendar, initial, ts, equity, .. } = *input;
        let mut metrics = Self {
            first_session: curve.days.first().copied(),
            last_session: curve.days.last().copied(),
            sessions: curve.days.len(),
            bars: ts.len(),
            calendar_days: curve.calendar_days(),
            sessions_per_year: calendar.sessions_per_year(),
            risk_free_rate: defined(input.annual_rf),
            initial_equity: defined(initial),
            final_equity: equity.last().copied().and_then(defined),
            exposure: exposure(input.bars_held, ts.len()),
            ..Self::default()
        };
        metrics.measure_growth(input);
        metrics.measure_returns(input, curve);
        metrics.measure_trades(input.net_profits, input.trade_returns);
        if let Some(benchmark) = input.benchmark {
            metrics.compare(curve, benchmark, input.annual_rf);
        }
        metrics.without_infinities()
    }

    /// Sets the figures that compare the sessions of the run with those of a benchmark; `annual_rf` is the
    /// risk-free rate, fraction per year.
    pub fn compare(&mut self, curve: &SessionEquity, benchmark: &SessionEquity, annual_rf: f64) {
        let year = self.sessions_per_year;
        let rf = session_rate(annual_rf, year);
        let Some((own, other)) = curve.paired_returns(benchmark) else { return };
        let (own, other) = (above(rf, &own), above(rf, &other));
        self.beta = beta(&own, &other).and_then(defined);
        self.alpha = alpha(&own, &other, year).and_then(defined);
    }

    fn measure_growth(&mut self, input: &MetricsInput<'_>) {
        let initial = input.initial;
        self.max_drawdown_recovered = true;
        let Some(&last) = input.equity.last() else { return };
        self.total_return = total_return(initial, last);
        self.cagr = self.calendar_days.and_then(|days| cagr(initial, last, days));
        self.cagr_extrapolated = self.calendar_days.is_some_and(is_extrapolated);
        // All of them, whatever they are: a loop without an exit is vectorised.
        let is_finite = |all, value: &f64| all & (value.abs() < f64::INFINITY);
        if initial <= 0.0 || !input.equity.iter().fold(true, is_finite) {
            return;
        }
        let found = max_drawdown(initial, input.equity);
        self.max_drawdown = Some(found.map_or(0.0, |found| found.depth));
        self.calmar = self.max_drawdown.and_then(|depth| calmar(self.cagr, depth));
        if let Some(found) = found {
            self.date_drawdown(input, &found);
        }
    }

    fn date_drawdown(&mut self, input: &MetricsInput<'_>, found: &MaxDrawdown) {
        let date = |bar: usize| {
            let ts = input.ts[bar];
            input.calendar.session_of(ts, input.resolution).unwrap_or_else(|| utc_date(ts))
        };
        let peak = date(found.peak.unwrap_or(0));
        let end = date(found.recovery.unwrap_or(input.ts.len() - 1));
        self.max_drawdown_peak = Some(peak);
        self.max_drawdown_trough = Some(date(found.trough));
        self.max_drawdown_recovery = found.recovery.map(date);
        self.max_drawdown_recovered = found.recovery.is_some();
        self.max_drawdown_days = Some(day_number(end) - day_number(peak));
        self.max_drawdown_bars = Some(found.bars);
    }

    fn measure_returns(&mut self, input: &MetricsInput<'_>, curve: &SessionEquity) {
        let year = self.sessions_per_year;
        let rf = session_rate(input.annual_rf, year);
        if let Some(returns) = curve.returns() {
            let excess = above(rf, &returns);
            self.volatility = volatility(&returns, year);
            self.sharpe = sharpe(&excess, year);
            self.sortino = sortino(&excess, year);
            self.omega = omega(&returns);
            self.measure_confidence(&excess);
            let mut sorted = returns;
            sorted.sort_unstable_by(f64::total_cmp);
            self.var_95 = value_at_risk(&sorted);
            self.cvar_95 = expected_shortfall(&sorted);
            self.tail_ratio = tail_ratio(&sorted);
        }
    }

    fn measure_confidence(&mut self, excess: &[f64]) {
        let Some((skewness, kurtosis)) = skewness_and_kurtosis(excess) else { return };
        let Some(sharpe) = session_sharpe(excess) else { return };
        let estimate = SharpeEstimate { sharpe, skewness, kurtosis };
        self.skewness = Some(skewness);
        self.kurtosis = Some(kurtosis);
        self.psr = probabilistic_sharpe(&estimate, 0.0, excess.len());
        self.min_track_record_sessions = min_track_record(&estimate, 0.0);
    }

    fn measure_trades(&mut self, net_profits: &[f64], trade_returns: &[f64]) {
        self.trades = net_profits.len();
        self.win_rate = win_rate(net_profits);
        self.profit_factor = profit_factor(net_profits);
        self.expectancy = expectancy(net_profits);
        self.expectancy_return = expectancy(trade_returns);
        self.sqn = sqn(net_profits);
    }

    /// Clears what overflowed: the last guard of the promise that nothing is NaN or infinite.
    fn without_infinities(mut self) -> Self {
        for figure in [
            &mut self.total_return,
            &mut self.cagr,
            &mut self.volatility,
            &mut self.sharpe,
            &mut self.sortino,
            &mut self.calmar,
            &mut self.max_drawdown,
            &mut self.win_rate,
            &mut self.profit_factor,
            &mut self.expectancy,
            &mut self.expectancy_return,
            &mut self.sqn,
            &mut self.var_95,
            &mut self.cvar_95,
            &mut self.omega,
            &mut self.tail_ratio,
            &mut self.skewness,
            &mut self.kurtosis,
            &mut self.psr,
            &mut self.min_track_record_sessions,
        ] {
            *figure = figure.and_then(defined);
        }
        self
    }
}

/// Returns over a rate.
fn above(rf: f64, returns: &[f64]) -> Vec<f64> {
    returns.iter().map(|value| value - rf).collect()
}

fn defined(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Dates as `2012-09-12`, or null.
mod iso {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    // serde hands every field over by reference.
    #[allow(clippy::ref_option)]
    pub(super) fn serialize<S: Serializer>(
        date: &Option<Date>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match date {
            // As the option that it is: formats that name no type tell one from its content.
            Some(date) => serializer.serialize_some(&date.to_string()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Date>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}
