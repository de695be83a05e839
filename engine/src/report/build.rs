//! From the results of runs to a report.

use std::collections::BTreeMap;

use engine_core::{
    backtest::{Config, RunResult},
    broker::{Ambiguity, Slippage},
    calendar::Calendar,
    ledger::Trade,
    metrics::{Metrics, MetricsInput, SessionEquity, total_return},
};
use strategy_api::Resolution;

use super::{
    problems,
    schema::{
        AmbiguityFacts, Benchmark, Counts, DataFacts, Limits, Period, Position, Report, SCHEMA,
        Settings, StrategyFacts,
    },
    tally::Tally,
    time::stamp,
};

/// What the figures of a run are measured against.
#[derive(Clone, Copy, Debug)]
pub struct Basis<'a> {
    /// Calendar of what is traded.
    pub calendar: Calendar,
    /// Length of the bars.
    pub resolution: Resolution,
    /// Start of each traded step, nanoseconds UTC: as many as there are equity values.
    pub ts: &'a [i64],
    /// Cash at the beginning.
    pub cash: f64,
    /// Risk-free rate, fraction per year.
    pub risk_free_rate: f64,
}

/// The figures of a run and its equity by session.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// The figures.
    pub metrics: Metrics,
    /// Equity at the end of each session.
    pub sessions: SessionEquity,
}

impl Measured {
    /// The same with the figures that need the sessions of a benchmark.
    #[must_use]
    pub fn beside(mut self, benchmark: Option<&SessionEquity>, risk_free_rate: f64) -> Self {
        if let Some(benchmark) = benchmark {
            self.metrics.compare(&self.sessions, benchmark, risk_free_rate);
        }
        self
    }
}

/// Measures a run, by itself.
///
/// # Panics
/// When there are not as many times as equity values.
#[must_use]
pub fn measure(result: &RunResult, basis: &Basis<'_>) -> Measured {
    let closed = || result.trades.iter().filter(|trade| trade.closed_ts.is_some());
    let net_profits: Vec<f64> = closed().filter_map(Trade::profit).collect();
    let trade_returns: Vec<f64> = closed().filter_map(Trade::return_fraction).collect();
    let Basis { calendar, resolution, ts, cash, risk_free_rate } = *basis;
    let input = MetricsInput {
        calendar,
        resolution,
        initial: cash,
        ts,
        equity: &result.equity,
        bars_held: usize::try_from(result.invested_steps).unwrap_or(usize::MAX),
        net_profits: &net_profits,
        trade_returns: &trade_returns,
        benchmark: None,
        annual_rf: risk_free_rate,
    };
    let sessions = input.curve();
    Measured { metrics: Metrics::with_curve(&input, &sessions), sessions }
}

/// What a report is about, apart from the results.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// Version of the engine.
    pub engine: &'a str,
    /// Content hash of the run in hex.
    pub run: &'a str,
    /// The strategy; its warm-up is taken from the result.
    pub strategy: StrategyFacts,
    /// Symbols, in the order of the account.
    pub symbols: Vec<String>,
    /// Which bars.
    pub data: DataFacts,
    /// The rules.
    pub config: &'a Config,
    /// Last close of each symbol.
    pub last_prices: Vec<f64>,
}

/// A run and its figures.
#[derive(Clone, Copy, Debug)]
pub struct Outcome<'a> {
    /// What it gave; of its lists nothing is asked for.
    pub result: &'a RunResult,
    /// What its lists come to.
    pub tally: &'a Tally,
    /// Its figures.
    pub metrics: &'a Metrics,
}

/// The report of a run, beside the named run of a benchmark.
#[must_use]
pub fn report(
    subject: Subject<'_>,
    basis: &Basis<'_>,
    outcome: Outcome<'_>,
    benchmark: Option<(&str, Outcome<'_>)>,
) -> Report {
    let Outcome { result, tally, metrics } = outcome;
    let stamp = |ts: &i64| stamp(*ts, basis.resolution);
    let mut report = Report {
        schema: SCHEMA,
        engine: subject.engine.to_owned(),
        run: subject.run.to_owned(),
        strategy: StrategyFacts { warm_up_bars: result.warm_up, ..subject.strategy },
        resolution: basis.resolution.to_string(),
        calendar: basis.calendar.to_string(),
        data: subject.data,
        period: Period {
            first: basis.ts.first().map(stamp),
            last: basis.ts.last().map(stamp),
            bars: basis.ts.len(),
            history_bars: result.first_step,
            sessions: metrics.sessions,
        },
        settings: settings(subject.config, basis),
        metrics: metrics.clone(),
        costs: tally.costs,
        benchmark: benchmark.map(|(name, outcome)| Benchmark {
            name: name.to_owned(),
            metrics: outcome.metrics.clone(),
            costs: outcome.tally.costs,
        }),
        counts: counts(result, tally),
        positions: positions(&tally.open, &subject.symbols, &subject.last_prices),
        symbols: subject.symbols,
        warnings: Vec::new(),
        ambiguity: None,
        proof: None,
        metrics_as: None,
    };
    report.warnings = problems::warnings(&report);
    report
}

/// The last equity of a run between those with the bars that can be read in two ways read against the
/// trader and for the trader; `cash` is that of the beginning.
#[must_use]
pub fn read_three_ways(end_equity: [Option<f64>; 3], cash: f64) -> AmbiguityFacts {
    AmbiguityFacts { total_return: end_equity.map(|end| total_return(cash, end?)), end_equity }
}

fn settings(config: &Config, basis: &Basis<'_>) -> Settings {
    let stamp = |ts: i64| stamp(ts, basis.resolution);
    let (rules, margin) = (&config.rules, config.rules.account.margin());
    Settings {
        cash: config.cash,
        fill: config.fill.to_string(),
        commission: config.commission.to_string(),
        slippage_bps: match config.slippage {
            Slippage::BasisPoints(bps) => bps,
            _ => 0.0,
        },
        slippage: config.slippage.to_string(),
        limit_touch: rules.limit_touch.to_string(),
        ambiguity: match rules.ambiguity {
            Ambiguity::Pessimistic => "pessimistic".to_owned(),
            Ambiguity::Optimistic => "optimistic".to_owned(),
        },
        intrabar: None,
        account: rules.account.to_string(),
        margin_rate: margin.map_or(0.0, |terms| terms.interest),
        borrow_fee: margin.map_or(0.0, |terms| terms.borrow_fee),
        limits: Limits {
            gross: rules.limits.gross,
            net: rules.limits.net,
            per_symbol: rules.limits.per_symbol,
            orders_per_bar: rules.limits.orders_per_bar,
        },
        fractional: config.fractional,
        lots: config.lots.clone(),
        from: config.from_ts.map(stamp),
        to: config.to_ts.map(stamp),
        seed: config.seed,
        risk_free_rate: basis.risk_free_rate,
        sessions_per_year: basis.calendar.sessions_per_year(),
        origins: BTreeMap::new(),
    }
}

fn counts(result: &RunResult, tally: &Tally) -> Counts {
    let [filled, cancelled, expired, rejected] = tally.ended;
    Counts {
        orders: tally.ended.iter().sum(),
        filled,
        cancelled,
        expired,
        rejected,
        reasons: tally.reasons.clone(),
        ignored_instructions: result.ignored_instructions,
        ambiguous_bars: result.ambiguous_bars,
        settled_bars: result.settled_bars,
        fills: tally.fills,
        closed_trades: tally.closed_trades,
        open_trades: tally.open.len(),
        log_lines: result.log.len(),
        log_lines_lost: result.log_dropped,
    }
}

fn positions(open: &[Trade], symbols: &[String], last_prices: &[f64]) -> Vec<Position> {
    let position = |trade: &Trade| {
        let instrument = trade.instrument as usize;
        let price = *last_prices.get(instrument)?;
        Some(Position {
            symbol: symbols.get(instrument)?.clone(),
            quantity: trade.held,
            price,
            value: trade.held * price,
            profit: trade.profit_at(price),
        })
    };
    open.iter().filter_map(position).collect()
}
