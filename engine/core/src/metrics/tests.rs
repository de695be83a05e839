//! The figures of whole runs against independent libraries, and what must hold for every curve.

use super::*;
use crate::calendar::{Calendar, midnight_ns};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value};
use strategy_api::Resolution;

#[derive(Deserialize)]
struct Case {
    name: String,
    given: Given,
    expected: Map<String, Value>,
}

#[derive(Deserialize)]
struct Given {
    initial: f64,
    equity: Vec<f64>,
    ts: Option<Vec<i64>>,
    benchmark: Option<Vec<f64>>,
    annual_rf: f64,
    profits: Vec<f64>,
    returns: Vec<f64>,
    held: usize,
}

fn sessions(count: usize) -> Vec<Date> {
    Calendar::Nyse.sessions(date(2000, 2, 1), date(2100, 1, 1)).take(count).collect()
}

fn daily(initial: f64, equity: &[f64]) -> (Vec<i64>, SessionEquity) {
    let days = sessions(equity.len());
    let ts = days.iter().map(|day| midnight_ns(*day)).collect();
    (ts, SessionEquity { initial, days, equity: equity.to_vec() })
}

fn input<'a>(initial: f64, ts: &'a [i64], equity: &'a [f64]) -> MetricsInput<'a> {
    MetricsInput {
        calendar: Calendar::Nyse,
        resolution: Resolution::Day1,
        initial,
        ts,
        equity,
        bars_held: 0,
        net_profits: &[],
        trade_returns: &[],
        benchmark: None,
        annual_rf: 0.0,
    }
}

fn measure(given: &Given) -> Value {
    let days = daily(given.initial, &given.equity).0;
    let benchmark = given.benchmark.as_ref().map(|levels| daily(levels[0], &levels[1..]).1);
    let resolution = if given.ts.is_some() { Resolution::Hour1 } else { Resolution::Day1 };
    let metrics = Metrics::of(&MetricsInput {
        resolution,
        bars_held: given.held,
        net_profits: &given.profits,
        trade_returns: &given.returns,
        benchmark: benchmark.as_ref(),
        annual_rf: given.annual_rf,
        ..input(given.initial, given.ts.as_ref().unwrap_or(&days), &given.equity)
    });
    serde_json::to_value(metrics).unwrap()
}

fn agree(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => {
            (found - expected).abs() <= 1e-12 * found.abs().max(expected.abs())
        }
        _ => found == expected,
    }
}

#[test]
fn every_figure_agrees_with_independent_libraries() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../../tests/fixtures/metrics.json")).unwrap();
    assert_eq!(cases.len(), 9);
    let given = ["sessions_per_year", "risk_free_rate", "initial_equity"];
    let mut wrong = Vec::new();
    for case in cases {
        let found = measure(&case.given);
        for (field, found) in found.as_object().unwrap() {
            let expected = case.expected.get(field).unwrap_or(&Value::Null);
            if !given.contains(&field.as_str()) && !agree(found, expected) {
                wrong.push(format!("{}: {field} is {found}, not {expected}", case.name));
            }
        }
        let unknown = case.expected.keys().find(|field| found.get(field.as_str()).is_none());
        assert_eq!(unknown, None);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_run_without_bars_has_no_figures() {
    let metrics = Metrics::of(&input(1000.0, &[], &[]));
    let expected = Metrics {
        sessions_per_year: 252.0,
        risk_free_rate: Some(0.0),
        initial_equity: Some(1000.0),
        max_drawdown_recovered: true,
        ..Metrics::default()
    };
    assert_eq!(metrics, expected);
}

#[test]
fn a_market_that_never_closes_is_annualised_by_365_days() {
    let ts: Vec<i64> = (0..3).map(|day| midnight_ns(date(2024, 3, 8 + day))).collect();
    let equity = [101.0, 100.0, 102.0];
    let always = MetricsInput { calendar: Calendar::AlwaysOpen, ..input(100.0, &ts, &equity) };
    let metrics = Metrics::of(&always);
    assert_eq!((metrics.sessions, metrics.sessions_per_year), (3, 365.0));
    let on_the_nyse = Metrics::of(&input(100.0, &ts, &equity));
    // Saturday and Sunday belong to Friday there, and the last equity of it counts.
    assert_eq!((on_the_nyse.sessions, on_the_nyse.bars), (1, 3));
    assert_eq!(on_the_nyse.total_return, metrics.total_return);
}

#[test]
fn the_field_names_are_the_schema() {
    let json = serde_json::to_value(Metrics::default()).unwrap();
    let names: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = vec![
        "first_session",
        "last_session",
        "sessions",
        "bars",
        "calendar_days",
        "sessions_per_year",
        "risk_free_rate",
        "initial_equity",
        "final_equity",
        "total_return",
        "cagr",
        "cagr_extrapolated",
        "volatility",
        "sharpe",
        "sortino",
        "calmar",
        "max_drawdown",
        "max_drawdown_peak",
        "max_drawdown_trough",
        "max_drawdown_recovery",
        "max_drawdown_recovered",
        "max_drawdown_days",
        "max_drawdown_bars",
        "exposure",
        "trades",
        "win_rate",
        "profit_factor",
        "expectancy",
        "expectancy_return",
        "sqn",
        "beta",
        "alpha",
        "var_95",
        "cvar_95",
        "omega",
        "tail_ratio",
        "skewness",
        "kurtosis",
        "psr",
        "min_track_record_sessions",
    ];
    // Whether serde_json keeps the order depends on what else is built with it.
    let mut names = names;
    names.sort_unstable();
    expected.sort_unstable();
    assert_eq!(names, expected);
}

/// A figure of every metric that does not carry a currency.
fn dimensionless(metrics: &Metrics) -> Vec<Option<f64>> {
    vec![
        metrics.total_return,
        metrics.cagr,
        metrics.volatility,
        metrics.sharpe,
        metrics.sortino,
        metrics.calmar,
        metrics.max_drawdown,
        metrics.win_rate,
        metrics.profit_factor,
        metrics.sqn,
        metrics.beta,
        metrics.alpha,
        metrics.var_95,
        metrics.cvar_95,
        metrics.omega,
        metrics.tail_ratio,
        metrics.skewness,
        metrics.kurtosis,
        metrics.psr,
        metrics.min_track_record_sessions,
    ]
}

fn steps() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-0.2_f64..0.2, 0..80)
}

fn curve(initial: f64, steps: &[f64]) -> Vec<f64> {
    steps
        .iter()
        .scan(initial, |equity, step| {
            *equity *= 1.0 + step;
            Some(*equity)
        })
        .collect()
}

proptest! {
    #[test]
    fn figures_do_not_depend_on_the_currency(steps in steps(), power in -20_i32..20) {
        let scale = 2.0_f64.powi(power);
        let equity = curve(1000.0, &steps);
        let scaled: Vec<f64> = equity.iter().map(|value| value * scale).collect();
        let profits: Vec<f64> = steps.iter().map(|step| step * 100.0).collect();
        let more: Vec<f64> = profits.iter().map(|profit| profit * scale).collect();
        let (ts, benchmark) = daily(50.0, &curve(50.0, &steps.iter().rev().map(|s| s / 2.0).collect::<Vec<_>>()));
        let first = Metrics::of(&MetricsInput {
            net_profits: &profits, trade_returns: &steps, benchmark: Some(&benchmark),
            ..input(1000.0, &ts, &equity)
        });
        let second = Metrics::of(&MetricsInput {
            net_profits: &more, trade_returns: &steps, benchmark: Some(&benchmark),
            ..input(1000.0 * scale, &ts, &scaled)
        });
        let close = |pair: (&Option<f64>, &Option<f64>)| match pair {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
            // A scale can push the spread of profits below or above what counts as rounding.
            (None, None) => true,
            _ => false,
        };
        let sqn_is_defined_in_both = first.sqn.is_some() == second.sqn.is_some();
        prop_assume!(sqn_is_defined_in_both);
        prop_assert!(dimensionless(&first).iter().zip(&dimensionless(&second)).all(close));
        prop_assert_eq!(first.max_drawdown_bars, second.max_drawdown_bars);
    }

    #[test]
    fn figures_stay_within_their_bounds(steps in steps(), held in 0_usize..80) {
        let equity = curve(1000.0, &steps);
        let ts = daily(1000.0, &equity).0;
        let metrics = Metrics::of(&MetricsInput {
            net_profits: &steps, trade_returns: &steps, bars_held: held.min(ts.len()),
            ..input(1000.0, &ts, &equity)
        });
        let within = |figure: Option<f64>, low: f64, high: f64| {
            figure.is_none_or(|figure| (low..=high).contains(&figure))
        };
        prop_assert!(within(metrics.max_drawdown, -1.0, 0.0));
        prop_assert!(metrics.total_return.is_none_or(|total| total >= metrics.max_drawdown.unwrap()));
        prop_assert!(within(metrics.exposure, 0.0, 1.0) && within(metrics.win_rate, 0.0, 1.0));
        prop_assert!(within(metrics.psr, 0.0, 1.0));
        prop_assert!(within(metrics.volatility, 0.0, f64::MAX) && within(metrics.omega, 0.0, f64::MAX));
        if let (Some(var), Some(cvar)) = (metrics.var_95, metrics.cvar_95) {
            prop_assert!(cvar <= var + 1e-15);
        }
        if let (Some(skewness), Some(kurtosis)) = (metrics.skewness, metrics.kurtosis) {
            prop_assert!(kurtosis >= 1.0 + skewness * skewness - 1e-9);
        }
        if let (Some(sharpe), Some(psr)) = (metrics.sharpe, metrics.psr) {
            prop_assert!((sharpe > 0.0) == (psr > 0.5) || sharpe.abs() < 1e-9);
        }
    }

    #[test]
    fn nothing_is_ever_infinite_or_nan(
        initial in prop_oneof![Just(0.0), Just(-5.0), Just(f64::NAN), Just(1e-300), 1.0_f64..1e12],
        equity in prop::collection::vec(
            prop_oneof![
                Just(0.0), Just(f64::NAN), Just(f64::INFINITY), Just(-1e308), Just(1e308),
                Just(5e-324), -1e9_f64..1e9,
            ],
            0..40,
        ),
        annual_rf in prop_oneof![Just(0.0), Just(-1.0), Just(-2.0), Just(f64::MAX), Just(f64::NAN)],
    ) {
        let (ts, benchmark) = daily(initial, &equity);
        let metrics = Metrics::of(&MetricsInput {
            net_profits: &equity, trade_returns: &equity, benchmark: Some(&benchmark), annual_rf,
            ..input(initial, &ts, &equity)
        });
        let figures = [
            dimensionless(&metrics),
            vec![metrics.expectancy, metrics.expectancy_return, metrics.final_equity,
                 metrics.initial_equity, metrics.risk_free_rate],
        ];
        prop_assert!(figures.concat().into_iter().flatten().all(f64::is_finite));
    }

    #[test]
    fn hourly_and_daily_bars_of_one_curve_give_the_same_ratios(steps in steps()) {
        let equity = curve(1000.0, &steps);
        let days = sessions(equity.len());
        let mut hourly = (Vec::new(), Vec::new());
        for (day, value) in days.iter().zip(&equity) {
            let bars = Calendar::Nyse.expected_bars(Resolution::Hour1, *day);
            hourly.1.extend((1..bars.len()).map(|hour| value * (1.0 + 0.001 * hour as f64)));
            hourly.1.push(*value);
            hourly.0.extend(bars);
        }
        let (ts, _) = daily(1000.0, &equity);
        let of_days = Metrics::of(&input(1000.0, &ts, &equity));
        let of_hours = Metrics::of(&MetricsInput {
            resolution: Resolution::Hour1,
            ..input(1000.0, &hourly.0, &hourly.1)
        });
        let ratios = |m: &Metrics| (m.sharpe, m.sortino, m.volatility, m.cagr, m.var_95, m.psr, m.sessions);
        prop_assert_eq!(ratios(&of_hours), ratios(&of_days));
    }

    #[test]
    fn the_deepest_drawdown_is_that_of_every_pair_of_points(steps in steps()) {
        let mut points = vec![1000.0];
        points.extend(curve(1000.0, &steps));
        let mut deepest = 0.0_f64;
        for (row, peak) in points.iter().enumerate() {
            for low in &points[row..] {
                deepest = deepest.min(low / peak - 1.0);
            }
        }
        let found = max_drawdown(1000.0, &points[1..]);
        prop_assert_eq!(found.map_or(0.0, |found| found.depth), deepest);
    }
}
