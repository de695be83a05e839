//! A small run whose every figure is worked out by hand, in all the forms that a result takes.

use std::borrow::Cow;

use engine_core::{
    backtest::{Config, LogEntry, Rules, RunResult, Seen},
    broker::{Commission, FillModel, Slippage},
    calendar::{Calendar, midnight_ns},
    ledger,
    metrics::Metrics,
    order::{FillRecord, OrderRecord, OrderState, OrderTerms, Reason},
};
use jiff::civil::date;
use serde_json::{Map, Value, json};
use strategy_api::Resolution;

use super::*;
use crate::store::RunSummary;

const EVIL: &str = "RDS/A,\"<b>\u{1b}[31m\u{9b}2J";

/// Four days from Monday 2024-09-09: 10 bought at 100, sold at 110 on the next day, 10 bought at 105
/// on the third and held at 98. Each fill costs 1 and slips by 0.5.
fn result() -> RunResult {
    let day = |day: i8| midnight_ns(date(2024, 9, day));
    let fill = |order, ts, quantity: f64, reference: f64| FillRecord {
        order,
        instrument: 0,
        ts,
        quantity,
        price: reference + 0.5 * quantity.signum(),
        reference,
        commission: 1.0,
    };
    let order = |id, decided_ts, size, state, reason, filled| OrderRecord {
        id,
        instrument: 0,
        decided_ts,
        size_kind: 0,
        size,
        state,
        reason,
        filled,
        terms: OrderTerms::default(),
        ended_ts: decided_ts,
    };
    let fills = vec![
        fill(1, day(9), 10.0, 99.5),
        fill(2, day(10), -10.0, 110.5),
        fill(3, day(11), 10.0, 104.5),
    ];
    RunResult {
        equity: vec![999.0, 1_098.0, 1_097.0, 1_027.0],
        first_step: 1,
        invested_steps: 3,
        orders: vec![
            order(1, day(6), 10.0, OrderState::Filled, None, 10.0),
            order(2, day(9), -10.0, OrderState::Filled, None, -10.0),
            order(3, day(10), 10.0, OrderState::Filled, None, 10.0),
            order(4, day(11), f64::NAN, OrderState::Rejected, Some(Reason::NotFinite), 0.0),
            order(5, day(12), 1.0, OrderState::Expired, Some(Reason::NoNextBar), 0.0),
        ],
        trades: ledger::trades(&fills, 1),
        fills,
        bases: Vec::new(),
        steps: Vec::new(),
        seen: Seen::default(),
        entries: Vec::new(),
        ambiguous_bars: 0,
        settled_bars: 0,
        ignored_instructions: 0,
        cash: 47.0,
        position: vec![10.0],
        log: vec![LogEntry { ts: day(10), text: "took profit\u{1b}[0m".to_owned() }],
        log_dropped: 2,
        columns: Vec::new(),
        warm_up: 1,
    }
}

fn days() -> Vec<i64> {
    (9..13).map(|day| midnight_ns(date(2024, 9, day))).collect()
}

fn config() -> Config {
    Config {
        cash: 1_000.0,
        fill: FillModel::NextOpen,
        commission: Commission::IbkrFixed,
        slippage: Slippage::BasisPoints(5.0),
        fractional: false,
        lots: vec![1.0],
        from_ts: Some(days()[0]),
        to_ts: None,
        seed: 7,
        rules: Rules::default(),
    }
}

struct Made {
    report: Report,
    result: RunResult,
    measured: Measured,
}

impl Made {
    fn lists(&self) -> Lists<'_> {
        Lists::of(&self.result, &self.measured.sessions, Some(&self.measured.sessions))
    }
}

fn made(symbol: &str) -> Made {
    let (result, config, ts) = (result(), config(), days());
    let basis = Basis {
        calendar: Calendar::Nyse,
        resolution: Resolution::Day1,
        ts: &ts,
        cash: 1_000.0,
        risk_free_rate: 0.0,
    };
    let measured = measure(&result, &basis);
    let mut parameters = Map::new();
    parameters.insert("fast".to_owned(), json!(20));
    parameters.insert("side".to_owned(), json!("long"));
    let subject = Subject {
        engine: "0.1.0",
        run: "0123456789abcdef0123",
        strategy: StrategyFacts {
            name: "golden".to_owned(),
            id: "ma_cross".to_owned(),
            version: "1.0.0".to_owned(),
            plugin_sha256: None,
            parameters,
            warm_up_bars: 0,
        },
        symbols: vec![symbol.to_owned()],
        data: DataFacts {
            digest: "ab".repeat(32),
            series: vec![SeriesFacts {
                resampled_from: None,
                symbol: symbol.to_owned(),
                adjustment: "raw".to_owned(),
                bars: 5,
                first: Some("2024-09-06".to_owned()),
                last: Some("2024-09-12".to_owned()),
            }],
        },
        config: &config,
        last_prices: vec![98.0],
    };
    let tally = Tally::of(&result);
    let outcome = Outcome { result: &result, tally: &tally, metrics: &measured.metrics };
    let report = report(subject, &basis, outcome, Some(("buy_and_hold SPY", outcome)));
    Made { report, result, measured }
}

#[test]
fn figures_counts_costs_and_warnings_are_those_of_the_run() {
    let Report { metrics, costs, counts, positions, warnings, period, .. } = made("SPY").report;
    let near = |value: Option<f64>, expected: f64| (value.unwrap() - expected).abs() < 1e-12;
    assert!(near(metrics.total_return, 0.027));
    assert!(near(metrics.max_drawdown, 1_027.0 / 1_098.0 - 1.0));
    // One closed trade: 1,100 received, 1,000 paid, 2 of commission.
    assert!(near(metrics.expectancy, 98.0) && near(metrics.expectancy_return, 0.098));
    assert!(near(metrics.win_rate, 1.0) && near(metrics.exposure, 0.75));
    assert_eq!((costs.commission, costs.slippage, costs.total), (3.0, 15.0, 18.0));
    assert_eq!(costs.traded_value, 1_000.0 + 1_100.0 + 1_050.0);
    assert_eq!((counts.orders, counts.filled, counts.rejected, counts.expired), (5, 3, 1, 1));
    assert_eq!((counts.closed_trades, counts.open_trades, counts.fills), (1, 1, 3));
    assert_eq!(counts.reasons[0].reason, "the size is not a finite number");
    // 980 of shares for 1,050 and 1 of commission.
    assert_eq!((positions[0].value, positions[0].profit), (980.0, -71.0));
    assert_eq!((period.bars, period.history_bars, period.sessions), (4, 1, 4));
    let codes: Vec<&str> = warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(codes, ["rejected_orders", "cagr_extrapolated", "open_position", "log_lines_lost"]);
}

#[test]
fn the_summary_is_a_table_of_eighty_columns() {
    let expected = "\
golden on SPY 1d
fast=20 side=long
2024-09-09 to 2024-09-12, 4 bars in 4 sessions
equity 1,000.00 -> 1,027.00
";
    let text = summary(&made("SPY").report);
    assert!(text.starts_with(expected), "{text}");
    for line in [
        "                                            golden            buy_and_hold SPY",
        "Return                                      2.70 %                      2.70 %",
        "Max drawdown                               -6.47 %                     -6.47 %",
        "  peak to trough          2024-09-10 to 2024-09-12    2024-09-10 to 2024-09-12",
        "  recovered                         not by the end              not by the end",
        "  duration                          2 days, 2 bars              2 days, 2 bars",
        "Trades closed                                  1                           1",
        "SQN                                          n/a                         n/a",
        "Beta                                         n/a                           -",
        "Costs                                      18.00                       18.00",
        "Costs      commission ibkr-fixed (0.005 a share, at least 1, at most 1 % of the",
        "           value; Interactive Brokers, US stocks, fixed, 2026), slippage 5 basis",
        "           points",
        "Orders     5 placed: 3 filled, 1 expired (1 the run ended before its next bar),",
        "Warning    10 SPY still held at the end: a profit of -71.00 at the last close,",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n\n{text}");
    }
    assert!(text.lines().all(|line| text::width(line) <= 80), "{text}");
    assert!(text.is_ascii());
}

#[test]
fn nothing_undefined_or_hostile_breaks_the_summary() {
    let empty = summary(&Report::default());
    assert!(empty.contains("n/a") && !empty.contains("NaN") && !empty.contains("inf"));
    let mut report = made(EVIL).report;
    report.strategy.name = format!("{EVIL}\n").repeat(50);
    report.strategy.parameters.insert(EVIL.repeat(20), Value::from(EVIL.repeat(20)));
    report.benchmark.as_mut().unwrap().name = EVIL.repeat(20);
    report.metrics.profit_factor = Some(1e300);
    report.metrics.final_equity = Some(1e14);
    let text = summary(&report);
    assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{text}");
    assert!(text.lines().all(|line| text::width(line) <= 80), "{text}");
    assert!(headline(&report).starts_with("Return 2.70 %  \u{b7}  CAGR"));
}

#[test]
fn json_holds_everything_in_a_fixed_order_and_no_nan() {
    let made = made(EVIL);
    let text = full(&made.report, &made.lists());
    assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()));
    let value: Value = serde_json::from_str(&text).unwrap();
    let keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "schema engine run strategy symbols resolution calendar data period settings \
                    metrics costs benchmark counts positions warnings orders fills trades equity \
                    benchmark_equity log";
    assert_eq!(keys.join(" "), expected);
    assert_eq!(value["symbols"][0], EVIL);
    assert_eq!(value["orders"][3]["size"], Value::Null);
    assert_eq!(value["orders"][3]["reason"], "the size is not a finite number");
    assert_eq!(value["orders"][0]["decided"], "2024-09-06");
    assert_eq!(value["trades"][0]["profit"], 98.0);
    assert_eq!(value["trades"][1]["closed"], Value::Null);
    assert_eq!(value["equity"]["date"][3], "2024-09-12");
    assert_eq!(value["equity"]["value"][3], 1_027.0);
    assert_eq!(value["metrics"]["sqn"], Value::Null);
    assert_eq!(value["log"][0]["text"], "took profit\u{1b}[0m");
}

#[test]
fn a_stored_run_gives_the_same_json_and_summary() {
    let made = made("SPY");
    let (result, columns) = (stored(&made.report), record::encode(&made.lists()));
    let report = runs::read("0123", &result).unwrap();
    assert_eq!(report, made.report);
    let lists = record::decode(&columns).unwrap();
    assert_eq!(full(&report, &lists), full(&made.report, &made.lists()));
    assert_eq!(summary(&report), summary(&made.report));
}

#[test]
fn a_report_of_another_version_is_read_as_far_as_it_is_known() {
    let report =
        runs::read("1", r#"{"schema":9,"symbols":["A"],"resolution":"7q","new":1}"#).unwrap();
    assert_eq!((report.schema, report.metrics.clone()), (9, Metrics::default()));
    assert!(summary(&report).contains("A 7q"));
    assert!(runs::read("1", "{").is_err() && runs::read("1", "7").is_err());
}

#[test]
fn trades_and_equity_are_csv() {
    let made = made(EVIL);
    let mut bytes = Vec::new();
    export::trades(&mut bytes, &made.result.trades, &made.report.symbols, Resolution::Day1)
        .unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(&rows[0][0], text::printable(EVIL));
    let fields: Vec<&str> = rows[0].iter().skip(1).collect();
    let expected = "2024-09-09 2024-09-10 10 100 110 0 98 0.098 2 10 1 2";
    assert_eq!(fields.join(" "), expected);
    assert_eq!((&rows[1][2], &rows[1][6], &rows[1][7]), ("", "10", ""));

    let mut bytes = Vec::new();
    let curve = export::EquityCurve {
        ts: &days(),
        equity: &made.result.equity,
        benchmark: &[1.0, f64::NAN],
        cash: 1_000.0,
        resolution: Resolution::Day1,
    };
    export::equity(&mut bytes, &curve).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "timestamp,equity,drawdown,benchmark");
    assert_eq!(lines[1], "2024-09-09,999,-0.0010000000000000009,1");
    assert_eq!(lines[2], "2024-09-10,1098,0,");
    assert_eq!(lines.len(), 5);
}

#[test]
fn runs_are_listed_in_eighty_columns() {
    let made = made("SPY");
    let run = |strategy: &str, symbols: &str, result: String| RunSummary {
        id: "0123456789abcdef".repeat(4),
        created_at: midnight_ns(date(2026, 11, 22)),
        strategy: strategy.to_owned(),
        symbols: symbols.to_owned(),
        resolution: "1d".to_owned(),
        result,
    };
    let text = runs::table(&[
        run("ma_cross", "SPY", stored(&made.report)),
        run(&EVIL.repeat(9), &EVIL.repeat(9), "not json".to_owned()),
    ]);
    assert!(text.lines().all(|line| text::width(line) <= 80), "{text}");
    assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()));
    let first = text.lines().nth(1).unwrap();
    assert!(first.starts_with("0123456789  2026-11-22 00:00  ma_cross"), "{text}");
    assert!(first.contains("2.70 %") && text.lines().last().unwrap().contains("n/a"), "{text}");
    let below = summary::parameters(&made.report);
    assert_eq!(text.lines().nth(2).unwrap().trim_start(), below, "{text}");
    assert_eq!(runs::table(&[]), "no runs are stored yet\n");
    let json = serde_json::to_value(runs::listed(&[run("a", "b", String::new())])).unwrap();
    assert_eq!((&json[0]["strategy"], &json[0]["metrics"]), (&json!("a"), &Value::Null));
}

#[test]
fn lists_may_be_empty() {
    let lists = Lists {
        orders: Cow::Owned(Vec::new()),
        fills: Cow::Owned(Vec::new()),
        trades: Cow::Owned(Vec::new()),
        equity: Cow::Owned(engine_core::metrics::SessionEquity::default()),
        benchmark: None,
        log: Cow::Owned(Vec::new()),
    };
    let report = Report { resolution: "1d".to_owned(), ..Report::default() };
    let value: Value = serde_json::from_str(&full(&report, &lists)).unwrap();
    assert_eq!((&value["orders"], &value["benchmark_equity"]), (&json!([]), &Value::Null));
    assert_eq!(record::decode(&record::encode(&lists)), Ok(lists));
}
