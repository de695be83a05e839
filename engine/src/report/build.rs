//! From the results of runs to a report.

use std::collections::BTreeMap;

use engine_core::{
    backtest::{Config, RunResult},
    broker::{Ambiguity, Slippage},
    calendar::Calendar,
    ledger::{EntryKind, Trade},
    metrics::{Metrics, MetricsInput, SessionEquity, total_return},
    order::{OrderRecord, OrderState},
};
use strategy_api::Resolution;

use super::{
    problems,
    schema::{
        AmbiguityFacts, Benchmark, Costs, Counts, DataFacts, Limits, Period, Position, ReasonCount,
        Report, SCHEMA, Settings, StrategyFacts,
    },
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

/// Measures a run; alpha and beta need the benchmark's sessions.
///
/// # Panics
/// When there are not as many times as equity values.
#[must_use]
pub fn measure(
    result: &RunResult,
    basis: &Basis<'_>,
    benchmark: Option<&SessionEquity>,
) -> Measured {
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
        benchmark,
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
    /// What it gave.
    pub result: &'a RunResult,
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
    let Outcome { result, metrics } = outcome;
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
        costs: costs(result),
        benchmark: benchmark.map(|(name, outcome)| Benchmark {
            name: name.to_owned(),
            metrics: outcome.metrics.clone(),
            costs: costs(outcome.result),
        }),
        counts: counts(result),
        positions: positions(result, &subject.symbols, &subject.last_prices),
        symbols: subject.symbols,
        warnings: Vec::new(),
        ambiguity: None,
        proof: None,
        metrics_as: None,
    };
    report.warnings = problems::warnings(&report);
    report
}

/// The result of a run beside those with the bars that can be read in two ways read against the trader
/// and for the trader; `cash` is that of the beginning.
#[must_use]
pub fn read_three_ways(
    pessimistic: &RunResult,
    base: &RunResult,
    optimistic: &RunResult,
    cash: f64,
) -> AmbiguityFacts {
    let end_equity = [pessimistic, base, optimistic].map(|result| result.equity.last().copied());
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

fn costs(result: &RunResult) -> Costs {
    let mut costs = Costs::default();
    for fill in &result.fills {
        costs.commission += fill.commission;
        costs.slippage += (fill.price - fill.reference) * fill.quantity;
        costs.traded_value += (fill.price * fill.quantity).abs();
    }
    for entry in &result.entries {
        match entry.kind {
            EntryKind::Interest => costs.interest -= entry.value,
            EntryKind::BorrowFee => costs.borrow_fees -= entry.value,
            EntryKind::Dividend => costs.dividends += entry.value,
            EntryKind::Split => {}
        }
    }
    costs.total = costs.commission + costs.slippage + costs.interest + costs.borrow_fees;
    costs
}

fn counts(result: &RunResult) -> Counts {
    let ended = |state| result.orders.iter().filter(|order| order.state == state).count();
    let closed = result.trades.iter().filter(|trade| trade.closed_ts.is_some()).count();
    Counts {
        orders: result.orders.len(),
        filled: ended(OrderState::Filled),
        cancelled: ended(OrderState::Cancelled),
        expired: ended(OrderState::Expired),
        rejected: ended(OrderState::Rejected),
        reasons: reasons(&result.orders),
        ignored_instructions: result.ignored_instructions,
        ambiguous_bars: result.ambiguous_bars,
        settled_bars: result.settled_bars,
        fills: result.fills.len(),
        closed_trades: closed,
        open_trades: result.trades.len() - closed,
        log_lines: result.log.len(),
        log_lines_lost: result.log_dropped,
    }
}

fn reasons(orders: &[OrderRecord]) -> Vec<ReasonCount> {
    let mut found: Vec<((OrderState, engine_core::order::Reason), usize)> = Vec::new();
    for order in orders {
        let Some(reason) = order.reason else { continue };
        let key = (order.state, reason);
        match found.iter_mut().find(|(known, _)| *known == key) {
            Some((_, orders)) => *orders += 1,
            None => found.push((key, 1)),
        }
    }
    let count = |((state, reason), orders): ((OrderState, engine_core::order::Reason), usize)| {
        ReasonCount { state: state.name().to_owned(), reason: reason.to_string(), orders }
    };
    found.into_iter().map(count).collect()
}

fn positions(result: &RunResult, symbols: &[String], last_prices: &[f64]) -> Vec<Position> {
    let open = result.trades.iter().filter(|trade| trade.closed_ts.is_none());
    open.filter_map(|trade| {
        let instrument = trade.instrument as usize;
        let price = *last_prices.get(instrument)?;
        Some(Position {
            symbol: symbols.get(instrument)?.clone(),
            quantity: trade.held,
            price,
            value: trade.held * price,
            profit: trade.profit_at(price),
        })
    })
    .collect()
}
