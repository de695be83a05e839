//! Signals from outside, from a file to the orders of a strategy: each is known from its time on and not
//! before, whatever day it speaks of.

use std::fs;

use serde_json::Value;

use crate::{program::Program, support::plugins::fixture};

/// SPY's sessions close at 21:00 UTC in winter: what is known at 20:59 counts on that day, what is known at
/// 21:01 on the next. Signals of another symbol do not count, those of the whole market do.
const SIGNALS: &str = "\
symbol,kind,name,ts,known_at,value
SPY,signal,mood,2001-02-05,2001-02-05T20:59:00Z,1
SPY,signal,mood,2001-02-12,2001-02-12T21:01:00Z,-1
AAPL,signal,mood,2001-02-14,2001-02-14T15:00:00Z,1
SPY,signal,noise,2001-02-14,2001-02-14T15:00:00Z,1
,signal,mood,2001-02-20,2001-02-20T15:00:00Z,2
SPY,signal,mood,2001-02-21,2001-02-27T15:00:00Z,-2
";

fn home() -> Program {
    let program = Program::new();
    program.put_plugin("libmood.so", &fixture("cheats", "cheats"));
    fs::write(program.home().join("signals.csv"), SIGNALS).unwrap();
    let said = program.run(&["ingest", "--events-from-csv", "signals.csv"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    program
}

fn texts(rows: &Value, key: &str) -> Vec<String> {
    rows.as_array().unwrap().iter().map(|row| row[key].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_signal_is_known_from_its_time_on_and_not_before() {
    let program = home();
    let run = ["backtest", "-s", "SPY", "--strategy", "mood", "--json", "--prove"];
    let said = program.run(&run);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let result = said.json();
    // Decided at the close of the day on which it was known, filled on the next.
    let decided = ["2001-02-05", "2001-02-13", "2001-02-20", "2001-02-27"];
    assert_eq!(texts(&result["orders"], "decided"), decided);
    let filled = ["2001-02-06", "2001-02-14", "2001-02-21", "2001-02-28"];
    assert_eq!(texts(&result["fills"], "time"), filled);
    assert_eq!(texts(&result["log"], "text"), ["mood 1", "mood -1", "mood 2", "mood -2"]);
    // Later signals were replaced too, and nothing moved.
    assert_eq!(result["proof"]["decisions"], 4);
    assert!(result["proof"]["breach"].is_null(), "{}", result["proof"]);
}

#[test]
fn signals_are_part_of_a_run_that_is_repeated_after_they_changed() {
    let program = home();
    let run = ["backtest", "-s", "SPY", "--strategy", "mood", "--json"];
    let id = program.run(&run).json()["run"].as_str().unwrap().to_owned();
    let more =
        "symbol,kind,name,ts,known_at,value\nSPY,signal,mood,2001-02-07,2001-02-07T15:00:00Z,-9\n";
    fs::write(program.home().join("more.csv"), more).unwrap();
    program.run(&["ingest", "--events-from-csv", "more.csv"]);
    let again = program.run(&["runs", "rerun", &id]);
    assert!(again.stderr.contains("identical to the kept run"), "{}", again.stderr);
    let other = program.run(&run).json();
    assert_ne!(other["run"].as_str().unwrap(), id);
    assert_eq!(texts(&other["orders"], "decided")[1], "2001-02-07");
}
