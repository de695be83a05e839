//! The plugin that was built with ABI 1.0 loads and does, to the last digit, what it did then.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::{fmt::Write, fs};

use algo_trader::{
    error::{Code, Failure},
    feed::ColumnFile,
    store::BarRow,
    worker::{Limits, Mode, RunJob, run},
};
use engine_core::{
    backtest::{Config, Rules, RunResult},
    broker::{Commission, FillModel, Slippage},
};

use crate::{
    source::project,
    support::{
        plugins::{ALL, Folder, columns_of, mode, names},
        store::row,
    },
};

const MINUTE: i64 = 60_000_000_000;

/// The same prices as in `scripts/fixtures/frozen_v1.py`.
fn market() -> [ColumnFile; 2] {
    let spy = |minute: i64| {
        Some(50.0 + ((minute * 7 % 23) - 11) as f64 / 4.0 + (minute % 60 - 30).abs() as f64 / 2.0)
    };
    let qqq = |minute: i64| {
        let swing = ((minute + 13) % 44 - 22).abs() as f64 / 4.0;
        (minute % 7 != 3).then(|| 30.0 + (minute * 11 % 17) as f64 / 8.0 + swing)
    };
    let rows = |close: &dyn Fn(i64) -> Option<f64>| -> Vec<BarRow> {
        (0..150).filter_map(|minute| Some(row(minute, close(minute)?))).collect()
    };
    [columns_of("SPY", &rows(&spy)), columns_of("QQQ", &rows(&qqq))]
}

fn folder() -> Folder {
    let folder = Folder::new();
    let frozen = project().join("engine/tests/fixtures/frozen/libfrozen_v1.so");
    folder.put("libfrozen_v1.so", &frozen);
    folder
}

fn run_with(
    folder: &Folder,
    files: &[ColumnFile],
    given: &str,
    mode: &Mode,
) -> Result<RunResult, Failure> {
    let strategy = folder.resolve("frozen_v1");
    let given: Vec<_> = given.split_whitespace().filter_map(|pair| pair.split_once('=')).collect();
    let given: Vec<_> =
        given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let config = Config {
        cash: 10_000.0,
        fill: FillModel::NextOpen,
        commission: Commission::None,
        slippage: Slippage::None,
        fractional: false,
        lots: vec![1.0; files.len()],
        from_ts: None,
        to_ts: None,
        seed: 7,
        rules: Rules::default(),
    };
    let values = strategy.values(&given).unwrap();
    let job = RunJob { files, values: &values, config: &config, finer: &[] };
    run(&strategy, &job, ALL, &Limits::default(), mode).map(|ran| ran.result).map_err(Failure::from)
}

fn shown(result: &RunResult) -> String {
    let mut out = String::new();
    for order in &result.orders {
        let (minute, state) = (order.decided_ts / MINUTE, order.state.name());
        let size = format!("{} {:?}", order.size_kind, order.size);
        let text =
            format!("of {} in {minute}: {size} {state} {:?}", order.instrument, order.filled);
        writeln!(out, "order {} {text}", order.id).unwrap();
    }
    for fill in &result.fills {
        let (minute, traded) =
            (fill.ts / MINUTE, format!("{:?} at {:?}", fill.quantity, fill.price));
        writeln!(out, "fill {} of {} in {minute}: {traded}", fill.order, fill.instrument).unwrap();
    }
    for line in &result.log {
        writeln!(out, "log in {}: {}", line.ts / MINUTE, line.text).unwrap();
    }
    out
}

#[test]
fn the_plugin_of_the_first_version_loads_and_does_what_it_did() {
    let (folder, market) = (folder(), market());
    assert_eq!(names(&folder.scan().list()), ["frozen_idle", "frozen_v1"]);
    let cases = [
        ("defaults", &market[..1]),
        ("window=7 pause=3 invert=true sized=position", &market[..1]),
        ("share=0.25 sized=fraction", &market[..1]),
        ("window=5 sized=units", &market[..]),
    ];
    let mut all = String::new();
    for (given, files) in cases {
        let result = run_with(&folder, files, given, &mode()).unwrap();
        writeln!(all, "# {given}").unwrap();
        all += &shown(&result);
    }
    let expected = project().join("engine/tests/fixtures/frozen/frozen_v1.txt");
    let expected = fs::read_to_string(expected).unwrap();
    for (line, (now, then)) in all.lines().zip(expected.lines()).enumerate() {
        assert_eq!(now, then, "line {} of frozen_v1.txt", line + 1);
    }
    assert_eq!(all.len(), expected.len());
}

#[test]
fn the_plugin_of_the_first_version_refuses_in_its_own_words() {
    let failure = run_with(&folder(), &market(), "invert=true sized=units", &mode()).unwrap_err();
    assert_eq!(failure.code, Code::Usage);
    assert!(failure.message.ends_with("cannot trade units against the average"), "{failure}");
}

#[test]
fn what_the_plugin_of_the_first_version_says_of_itself_is_understood() {
    let resolved = folder().resolve("frozen_v1");
    let facts = resolved.facts();
    let params: Vec<_> = facts
        .params
        .iter()
        .map(|param| format!("{}={} {}..={}", param.name, param.default, param.min, param.max))
        .collect();
    let expected = [
        "window=5 2..=50",
        "pause=0 0..=100",
        "share=1 0.1..=1",
        "invert=0 0..=1",
        "sized=0 0..=3",
    ];
    assert_eq!(params, expected);
    assert_eq!(
        (facts.version.as_str(), facts.author.as_str()),
        ("1.0.0", "algo-trader developers")
    );
    assert_eq!(
        (facts.warm_up, facts.columns.as_slice()),
        (Some(6), &["SMA(5)".to_owned(), "Highest(5)".to_owned()][..])
    );
}
