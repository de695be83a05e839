//! `sweep` as a user meets it: the best trials, bad input, faults, what it keeps.

use std::fs;

use serde_json::{Value, json};

use crate::{
    program::{Program, Said, well, with_ma_cross},
    support::plugins::faulty,
};

const SWEEP: [&str; 9] =
    ["sweep", "-s", "SPY", "--strategy", "ma_cross", "-p", "fast=5..50:5", "-p", "slow=20..200:20"];

fn sweep(program: &Program, more: &[&str]) -> Said {
    let args: Vec<&str> = SWEEP.iter().chain(more).copied().collect();
    program.run(&args)
}

#[test]
fn a_trial_has_the_figures_of_the_backtest_with_its_parameters_to_the_last_bit() {
    let program = with_ma_cross();
    let rules = [
        "--commission",
        "ibkr-fixed",
        "--slippage-bps",
        "2",
        "--rf",
        "0.01",
        "--from",
        "2003-01-02",
    ];
    let all: Vec<&str> =
        rules.iter().chain(&["--json", "--where", "fast < slow"]).copied().collect();
    let sweep = well(sweep(&program, &all)).json();
    assert_eq!(sweep["done"], 90, "a hundred but seven windows from 20 on and three from 40 on");
    for best in sweep["top"].as_array().unwrap().iter().take(3) {
        let params = ["fast", "slow"].map(|name| format!("{name}={}", best["parameters"][name]));
        let run =
            ["backtest", "-s", "SPY", "--strategy", "ma_cross", "-p", &params[0], "-p", &params[1]];
        let run: Vec<&str> = run.iter().chain(&rules).chain(&["--json"]).copied().collect();
        let full = program.run(&run).json();
        for (name, figure) in best["metrics"].as_object().unwrap() {
            assert_eq!(figure, &full["metrics"][name], "{name}");
        }
    }
}

#[test]
fn the_table_is_the_same_with_one_worker_with_eight_and_in_process() {
    let program = with_ma_cross();
    let one = well(sweep(&program, &["--no-save", "--jobs", "1"]));
    for jobs in ["2", "3", "8"] {
        assert_eq!(well(sweep(&program, &["--no-save", "--jobs", jobs])).stdout, one.stdout);
    }
    assert_eq!(well(sweep(&program, &["--no-save", "--in-process"])).stdout, one.stdout);
    assert!(one.stdout.lines().all(|line| line.chars().count() <= 80), "{}", one.stdout);
    assert!(one.stdout.contains("refused, for example"), "{}", one.stdout);
}

#[test]
fn random_trials_are_a_part_of_the_grid_that_the_seed_chooses() {
    let program = with_ma_cross();
    let drawn = |seed: &str| {
        let more =
            ["--random", "30", "--seed", seed, "--where", "fast<slow", "--top", "30", "--json"];
        let json = well(sweep(&program, &more)).json();
        assert_eq!(json["trials"], 30);
        json["top"]
            .as_array()
            .unwrap()
            .iter()
            .map(|best| best["parameters"].to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(drawn("1"), drawn("1"));
    assert_ne!(drawn("1"), drawn("2"));
}

#[test]
fn bad_input_is_refused_before_any_bar_is_read() {
    let program = with_ma_cross();
    let refused = |more: &[&str]| {
        let base = ["sweep", "-s", "NOBODY", "--strategy", "ma_cross"];
        let args: Vec<&str> = base.iter().chain(more).copied().collect();
        program.run(&args).failed(2, "USAGE").to_owned()
    };
    let line = refused(&["-p", "fast=50..5"]);
    assert!(line.contains("'fast': '50..5': a range rises: write 5..50"), "{line}");
    let line = refused(&["-p", "fast=5..9", "--where", "fast < slwo"]);
    assert!(line.contains("at character 8: there is no parameter 'slwo'"), "{line}");
    let line = refused(&["-p", "fast=5..9", "-p", "slow=10", "--where", "fast > slow"]);
    assert!(line.contains("leaves no combination"), "{line}");
    let line = refused(&["-p", "fast=5,", "-p", "slow=10"]);
    assert!(line.contains("a value is missing"), "{line}");
    let line = refused(&["-p", "fats=5..9"]);
    assert!(line.contains("fats"), "{line}");
    let line = refused(&["-p", "fast=5", "-p", "fast=6"]);
    assert!(line.contains("given twice"), "{line}");
    let line = refused(&["-p", "fast=5", "--rank", "luck"]);
    assert!(line.contains("valid: sharpe sortino"), "{line}");
    assert!(refused(&["-p", "fast=5", "--random", "0"]).contains("above zero"));
    let line = refused(&["-p", "fast=5..9", "-p", "slow=2..8", "--where", "fast > 2 +"]);
    assert!(line.contains("a value is missing"), "{line}");
}

#[test]
fn a_strategy_that_refuses_every_combination_says_why() {
    let said = with_ma_cross().run(&[
        "sweep",
        "-s",
        "SPY",
        "--strategy",
        "ma_cross",
        "-p",
        "fast=60..70",
        "-p",
        "slow=50",
    ]);
    let line = said.failed(2, "USAGE");
    assert!(
        line.contains("refuses every combination; the first: fast (60) must be below slow (50)"),
        "{line}"
    );
}

#[test]
fn parameter_sets_that_break_the_strategy_are_failed_trials_and_the_rest_goes_on() {
    let program = Program::new();
    program.put_plugin("libfaulty.so", &faulty("faulty"));
    let args = [
        "sweep",
        "-s",
        "SPY",
        "--strategy",
        "faulty",
        "-p",
        "what=nothing,panic_text,segfault,exit_0",
        "-p",
        "at=100,200",
        "--json",
    ];
    let said = program.run(&args);
    assert_eq!(said.code, Some(10), "{}{}", said.stdout, said.stderr);
    let json = said.json();
    assert_eq!((&json["done"], &json["failed"]), (&Value::from(2), &Value::from(6)));
    let reasons = json["failures"].to_string();
    for word in ["died by signal 11 (SIGSEGV) in on_bar at bar 100", "bar 200", "ended its process"]
    {
        assert!(reasons.contains(word), "{word}: {reasons}");
    }
}

#[test]
fn of_several_symbols_each_is_swept_alone_and_a_missing_one_stops_no_other() {
    let program = with_ma_cross();
    let said = sweep(&program, &["-s", "AAPL", "-s", "NOBODY", "--json"]);
    assert_eq!(said.code, Some(10), "{}{}", said.stdout, said.stderr);
    assert!(said.stderr.contains("NOBODY: error[DATA]"), "{}", said.stderr);
    let json = said.json();
    let symbols: Vec<_> =
        json["sweeps"].as_array().unwrap().iter().map(|one| one["symbols"].to_string()).collect();
    assert_eq!(symbols, [r#"["SPY"]"#, r#"["AAPL"]"#]);
    let together = well(sweep(&program, &["-s", "AAPL", "--portfolio", "--json"])).json();
    assert_eq!(together["symbols"].to_string(), r#"["SPY","AAPL"]"#);
}

#[test]
fn the_same_sweep_again_is_read_from_the_database_and_may_be_ranked_otherwise() {
    let program = with_ma_cross();
    let first = well(sweep(&program, &["--json"]));
    let again = well(sweep(&program, &["--json"]));
    assert_eq!(again.stdout, first.stdout);
    assert!(again.stderr.contains("this sweep is complete"), "{}", again.stderr);
    let other = well(sweep(&program, &["--json", "--rank", "max_drawdown", "--resume"])).json();
    assert_eq!(other["done"], first.json()["done"]);
    assert_ne!(other["top"][0], first.json()["top"][0]);
    let luck = &first.json()["luck"];
    assert!(luck["sentence"].as_str().unwrap().contains("by luck alone"), "{luck}");
    // Ten of the hundred were refused, which is no look at the bars.
    assert_eq!((&first.json()["refused"], &luck["trials_ever"]), (&json!(10), &json!(90)));
}

#[test]
fn every_trial_is_a_line_of_the_csv_file_and_a_heatmap_is_drawn() {
    let program = with_ma_cross();
    let said = well(sweep(&program, &["--csv", "all.csv", "--heatmap", "fast,slow"]));
    let text = fs::read_to_string(program.home().join("all.csv")).unwrap();
    assert_eq!(text.lines().count(), 101, "{}", said.stderr);
    assert!(text.starts_with("trial,fast,slow,threshold,state,sharpe,"), "{text}");
    assert!(text.contains("refused"), "{text}");
    let picture = fs::read(program.home().join("data/plots/sweep_SPY_1d.png")).unwrap();
    assert_eq!(picture[1..4], *b"PNG");
}
