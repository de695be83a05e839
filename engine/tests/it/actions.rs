//! Raw bars with their splits and dividends against bars that are adjusted for them, as a user runs both.

use std::fs;

use serde_json::Value;

use crate::{
    program::{Program, with_ma_cross},
    source::project,
};

/// Splits of the made-up raw series: ex-date and new shares for one.
const SPLITS: [(&str, f64); 3] = [("2003-03-03", 2.0), ("2006-10-02", 3.0), ("2009-03-09", 0.5)];

/// The bundled daily bars as they would have been before the splits, and as they are.
fn files(program: &Program) {
    let sample = fs::read_to_string(project().join("data/sample/SPY_1d.csv")).unwrap();
    let (header, rows) = sample.split_once('\n').unwrap();
    let mut raw = format!("{header}\n");
    for row in rows.lines() {
        let cells: Vec<&str> = row.split(',').collect();
        let later = SPLITS.iter().filter(|(date, _)| cells[0] < *date);
        let factor: f64 = later.map(|(_, ratio)| ratio).product();
        let number = |at: usize| cells[at].parse::<f64>().unwrap();
        let [open, high, low, close] = [1, 2, 3, 4].map(|at| number(at) * factor);
        raw.push_str(&format!("{},{open},{high},{low},{close},{}\n", cells[0], number(5)));
    }
    let splits = SPLITS.map(|(date, ratio)| format!("RAW,split,,{date},,{ratio}\n")).concat();
    let events = format!("symbol,kind,name,ts,known_at,value\n{splits}");
    for (name, text) in [("raw.csv", &raw), ("adjusted.csv", &sample), ("events.csv", &events)] {
        fs::write(program.home().join(name), text).unwrap();
    }
}

fn well(program: &Program, args: &[&str]) -> Value {
    let said = program.run(args);
    assert_eq!(said.code, Some(0), "{args:?}: {}{}", said.stdout, said.stderr);
    said.json()
}

#[test]
fn actions_that_are_left_out_are_named_and_ones_that_the_prices_hold_are_not_counted_twice() {
    let program = Program::new();
    files(&program);
    let events = fs::read_to_string(program.home().join("events.csv")).unwrap();
    fs::write(program.home().join("events.csv"), events.replace("RAW,", "ADJ,") + &events[35..])
        .unwrap();
    for (symbol, file, prices) in [("RAW", "raw.csv", "raw"), ("ADJ", "adjusted.csv", "adjusted")] {
        let args = ["ingest", "-s", symbol, "-r", "1d", "--from-csv", file, "--prices", prices];
        well(&program, &[&args[..], &["--json"]].concat());
    }
    well(&program, &["ingest", "--events-from-csv", "events.csv", "--json"]);
    let hold = ["backtest", "--strategy", "buy_and_hold", "--json"];
    let warned = |result: &Value, code: &str| {
        let warnings = result["warnings"].as_array().unwrap().iter();
        let text = warnings.filter(|one| one["code"] == code).map(|one| one["text"].clone());
        text.map(|text| text.as_str().unwrap().to_owned()).next()
    };
    let raw = well(&program, &[&hold[..], &["-s", "RAW"]].concat());
    let text = warned(&raw, "actions_left_out").unwrap();
    assert!(text.starts_with("3 splits of RAW"), "{text}");
    let later = well(&program, &[&hold[..], &["-s", "RAW", "--from", "2007-01-01"]].concat());
    assert!(warned(&later, "actions_left_out").unwrap().starts_with("1 split of RAW"));
    let applied = well(&program, &[&hold[..], &["-s", "RAW", "--actions"]].concat());
    assert_eq!(warned(&applied, "actions_left_out"), None);
    let twice = program.run(&[&hold[..3], &["-s", "ADJ", "--actions"]].concat());
    let line = twice.failed(4, "DATA");
    assert!(line.contains("would count the split of 2003-03-03 twice"), "{line}");
    let both = well(&program, &[&hold[..], &["-s", "RAW", "-s", "ADJ"]].concat());
    let text = warned(&both, "adjusted_differently").unwrap();
    assert!(text.contains("RAW raw, ADJ adjusted"), "{text}");
}

#[test]
fn raw_bars_with_their_splits_have_every_statistic_of_adjusted_bars() {
    let program = with_ma_cross();
    files(&program);
    well(&program, &["ingest", "-s", "RAW", "-r", "1d", "--from-csv", "raw.csv", "--json"]);
    well(&program, &["ingest", "-s", "ADJ", "-r", "1d", "--from-csv", "adjusted.csv", "--json"]);
    well(&program, &["ingest", "--events-from-csv", "events.csv", "--json"]);
    for strategy in ["buy_and_hold", "ma_cross"] {
        let run = |more: &[&str]| {
            let args = ["backtest", "--strategy", strategy, "--fractional", "--json"];
            well(&program, &[&args[..], &["--commission", "percent:0.1"], more].concat())
        };
        let raw = run(&["-s", "RAW", "--actions"]);
        let adjusted = run(&["-s", "ADJ"]);
        let figures = adjusted["metrics"].as_object().unwrap();
        assert!(figures.len() > 30, "{figures:?}");
        for (name, expected) in figures {
            let got = &raw["metrics"][name];
            let same = match (got.as_f64(), expected.as_f64()) {
                (Some(got), Some(expected)) => {
                    (got - expected).abs() <= 1e-9 * expected.abs().max(1.0)
                }
                _ => got == expected,
            };
            assert!(same, "{strategy} {name}: {got}, of adjusted bars {expected}");
        }
        let unsplit = run(&["-s", "RAW"]);
        assert_ne!(unsplit["metrics"]["total_return"], raw["metrics"]["total_return"]);
    }
}
