//! Bars of other lengths than those that are held: coarser ones for a run, finer ones for what a bar
//! leaves open.

use std::{fmt::Write as _, fs};

use engine_core::calendar::{Calendar, SECOND_NS};
use jiff::{
    Timestamp,
    civil::{Date, date},
};
use serde_json::Value;
use strategy_api::{Bar, Resolution};

use crate::{
    program::{Program, Said},
    support::plugins::fixture,
};

/// Five weeks with a change of clocks and a holiday.
const WEEKS: (Date, Date) = (date(2024, 2, 26), date(2024, 3, 29));

/// A random walk of minutes in cents.
fn minutes() -> Vec<Bar> {
    let mut state = 7_u64;
    let mut roll = |sides: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % sides) as i64
    };
    let mut price = 10_000_i64;
    let sessions = Calendar::Nyse.sessions(WEEKS.0, WEEKS.1);
    let starts = sessions.flat_map(|day| Calendar::Nyse.expected_bars(Resolution::Min1, day));
    let cents = |cents: i64| cents as f64 / 100.0;
    starts
        .map(|ts| {
            let open = price;
            price += roll(13) - 6;
            let (high, low) = (open.max(price) + roll(4), open.min(price) - roll(4));
            let (high, low) = (cents(high), cents(low));
            Bar {
                ts,
                open: cents(open),
                high,
                low,
                close: cents(price),
                volume: 1.0 + roll(90) as f64,
            }
        })
        .collect()
}

/// The days of minutes, added up here.
fn days(minutes: &[Bar]) -> Vec<Bar> {
    let mut days: Vec<Bar> = Vec::new();
    for bar in minutes {
        // 13:30 to 21:00 UTC lies within one date.
        let ts = bar.ts - bar.ts.rem_euclid(86_400 * SECOND_NS);
        match days.last_mut().filter(|day| day.ts == ts) {
            Some(day) => {
                day.high = day.high.max(bar.high);
                day.low = day.low.min(bar.low);
                day.close = bar.close;
                day.volume += bar.volume;
            }
            None => days.push(Bar { ts, ..*bar }),
        }
    }
    days
}

fn ingest(program: &Program, symbol: &str, resolution: &str, bars: &[Bar]) {
    let mut text = "time,open,high,low,close,volume\n".to_owned();
    for bar in bars {
        let time = Timestamp::from_second(bar.ts / SECOND_NS).unwrap().to_string();
        let time = if resolution == "1d" { &time[..10] } else { &time };
        let Bar { open, high, low, close, volume, .. } = bar;
        writeln!(text, "{time},{open},{high},{low},{close},{volume}").unwrap();
    }
    fs::write(program.home().join("bars.csv"), text).unwrap();
    let said = program.run(&["ingest", "-s", symbol, "-r", resolution, "--from-csv", "bars.csv"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
}

fn with_minutes() -> Program {
    let program = Program::new();
    program.put_plugin("libspeeds.so", &fixture("speeds", "speeds"));
    ingest(&program, "MINE", "1m", &minutes());
    program
}

fn bracket(program: &Program, symbol: &str, more: &[&str]) -> Said {
    let args = ["backtest", "-s", symbol, "--strategy", "bracket"];
    let said = program.run(&[&args[..], more].concat());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    said
}

/// Reruns a run and gives what is said of it.
fn rerun(program: &Program, result: &Value) -> String {
    let said = program.run(&["runs", "rerun", result["run"].as_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    said.stderr
}

#[test]
fn a_run_on_days_is_made_of_minutes_when_only_those_are_held() {
    let program = with_minutes();
    ingest(&program, "DAYS", "1d", &days(&minutes()));
    let made = bracket(&program, "MINE", &["--json"]).json();
    let held = bracket(&program, "DAYS", &["--json"]).json();
    assert_eq!(made["data"]["series"][0]["resampled_from"], "1m");
    assert!(held["data"]["series"][0].get("resampled_from").is_none());
    assert_eq!(made["data"]["digest"], held["data"]["digest"]);
    for part in ["metrics", "equity", "counts"] {
        assert_eq!(made[part], held[part], "{part}");
    }
    assert!(made["counts"]["fills"].as_u64().unwrap() > 20, "{}", made["counts"]);
    let text = bracket(&program, "MINE", &[]).stdout;
    assert!(text.contains("1d bars made of 1m"), "{text}");
    assert!(rerun(&program, &made).contains("byte for byte"));
    // Every length between is made too, and a length that is finer is not.
    for (length, bars) in [("5m", 24 * 78), ("1h", 24 * 7), ("1w", 5)] {
        let made = bracket(&program, "MINE", &["--json", "-r", length]).json();
        assert_eq!(made["data"]["series"][0]["bars"], bars, "{length}");
    }
    let none = program.run(&["backtest", "-s", "MINE", "--strategy", "bracket", "-r", "30s"]);
    assert_eq!(none.code, Some(4));
    assert!(none.stderr.contains("held: 1m"), "{}", none.stderr);
}

#[test]
fn minutes_that_come_in_later_make_other_days() {
    let program = Program::new();
    program.put_plugin("libspeeds.so", &fixture("speeds", "speeds"));
    let all = minutes();
    // The last day lacks its last minute: it is not over.
    ingest(&program, "MINE", "1m", &all[..all.len() - 1]);
    let bars = |program: &Program| {
        bracket(program, "MINE", &["--json"]).json()["data"]["series"][0]["bars"].clone()
    };
    assert_eq!(bars(&program), 23);
    ingest(&program, "MINE", "1m", &all[all.len() - 1..]);
    assert_eq!(bars(&program), 24);
}

#[test]
fn minutes_settle_what_a_day_leaves_open_and_the_bounds_are_given() {
    let program = with_minutes();
    let plain = bracket(&program, "MINE", &["--json"]).json();
    let optimistic = bracket(&program, "MINE", &["--json", "--optimistic"]).json();
    let settled = bracket(&program, "MINE", &["--json", "--intrabar", "1m"]).json();
    let open = plain["counts"]["ambiguous_bars"].as_u64().unwrap();
    assert!(open > 2, "{}", plain["counts"]);
    assert!(settled["counts"]["settled_bars"].as_u64().unwrap() > 0, "{}", settled["counts"]);
    assert_eq!(settled["settings"]["intrabar"], "1m");
    let end = |result: &Value| result["metrics"]["final_equity"].as_f64().unwrap();
    let ends = |result: &Value| -> Vec<f64> {
        let ends = result["ambiguity"]["end_equity"].as_array().unwrap();
        ends.iter().map(|end| end.as_f64().unwrap()).collect()
    };
    let bounds = [end(&plain), end(&optimistic)];
    assert_eq!(ends(&plain), [bounds[0], bounds[0], bounds[1]]);
    assert_eq!(ends(&optimistic), [bounds[0], bounds[1], bounds[1]]);
    assert_eq!(ends(&settled), [bounds[0], end(&settled), bounds[1]]);
    assert!(bounds[0] < bounds[1], "{bounds:?}");
    assert_eq!(settled["ambiguity"]["total_return"][1], settled["metrics"]["total_return"]);
    let ids = [&plain, &optimistic, &settled].map(|result| result["run"].to_string());
    assert!(ids[0] != ids[1] && ids[0] != ids[2]);
    for result in [&plain, &settled] {
        assert!(rerun(&program, result).contains("byte for byte"));
        let shown = program.run(&["runs", "show", result["run"].as_str().unwrap(), "--json"]);
        assert_eq!(shown.json()["ambiguity"], result["ambiguity"]);
    }
    let text = bracket(&program, "MINE", &["--intrabar", "1m"]).stdout;
    assert!(text.contains("settled by bars of 1m"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    // What a proof repeats it settles too.
    let proved = bracket(&program, "MINE", &["--json", "--intrabar", "1m", "--prove"]).json();
    assert!(proved["proof"]["breach"].is_null());
}

#[test]
fn a_run_that_can_be_read_in_one_way_only_says_nothing_of_others() {
    let program = with_minutes();
    let far = ["--json", "-p", "width=10", "--intrabar", "1m"];
    let result = bracket(&program, "MINE", &far).json();
    assert!(result.get("ambiguity").is_none());
    assert_eq!(result["counts"]["ambiguous_bars"], 0);
    assert!(result["counts"].get("settled_bars").is_none());
}

#[test]
fn a_strategy_sees_a_coarser_bar_when_it_has_closed_and_never_before() {
    let program = with_minutes();
    let run = |bars: &str, length: &str| {
        let bars = format!("bars={bars}");
        let args =
            ["backtest", "-s", "MINE", "--strategy", "two_speeds", "-p", &bars, "-r", length];
        let said = program.run(&[&args[..], &["--json", "--prove"]].concat());
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        let result = said.json();
        assert!(result["proof"]["breach"].is_null());
        result
    };
    let result = run("1d", "5m");
    let log = result["log"].as_array().unwrap();
    let days = days(&minutes());
    // A day of 78 bars is seen at the last of them, at 15:55; steps from 200 on say nothing.
    assert_eq!(log.len(), 2);
    let times = ["2024-02-26T20:55:00Z", "2024-02-27T20:55:00Z"];
    for ((line, time), day) in log.iter().zip(times).zip(&days) {
        assert_eq!(line["time"], time);
        let Bar { ts, open, high, low, close, .. } = day;
        let text = line["text"].as_str().unwrap();
        assert!(text.starts_with(&format!("{ts} {open} {high} {low} {close} NaN NaN")), "{text}");
    }
    // The average of three days is there at the last bar of the third: so many bars come before it.
    assert_eq!(result["strategy"]["warm_up_bars"], 3 * 78 - 1);
    assert!(result["counts"]["fills"].as_u64().unwrap() > 4, "{}", result["counts"]);

    // Its own length and bars made of others lead to the same decisions.
    let weeks = run("1w", "1d");
    assert_eq!(weeks["log"].as_array().unwrap().len(), 5);
    assert_eq!(run("1d", "1d")["log"].as_array().unwrap().len(), days.len());
    let finer = program.run(&[
        "backtest",
        "-s",
        "MINE",
        "--strategy",
        "two_speeds",
        "-p",
        "bars=1h",
        "-r",
        "1d",
    ]);
    assert_eq!(finer.code, Some(2), "{}", finer.stderr);
    let says = "it reads bars of 1h, which bars of 1d do not make up";
    assert!(finer.stderr.contains(says), "{}", finer.stderr);
}

#[test]
fn a_strategy_of_two_speeds_is_well() {
    let program = with_minutes();
    let args = ["strategies", "check", "two_speeds", "-s", "MINE", "-r", "1h", "-p", "bars=1d"];
    let said = program.run(&args);
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
}

#[test]
fn finer_bars_that_are_not_finer_are_a_usage_error_and_those_not_held_a_note() {
    let program = with_minutes();
    let run = |intrabar: &str| {
        program.run(&["backtest", "-s", "MINE", "--strategy", "bracket", "--intrabar", intrabar])
    };
    for (length, says) in [("1d", "--intrabar 1d"), ("1w", "--intrabar 1w"), ("7q", "'7q'")] {
        let said = run(length);
        assert_eq!(said.code, Some(2), "{length}: {}", said.stderr);
        assert!(said.stderr.contains(says), "{length}: {}", said.stderr);
    }
    let said = run("30s");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stderr.contains("MINE 30s is not held"), "{}", said.stderr);
    assert!(said.stdout.contains("0 settled by bars of 30s"), "{}", said.stdout);
}
