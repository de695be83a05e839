//! What `--parquet` writes, read by pandas and polars with the example script, as a user would run it.

use std::{fs, process::Command};

use crate::{
    program::{Program, Said, with_ma_cross},
    source::project,
};

/// Runs the example script; it installs its packages when they are not there yet.
fn read_run(program: &Program, args: &[&str]) -> Said {
    // The target folder of the tests, so that they and the script share one environment.
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_algo-trader"));
    let target = folder.ancestors().nth(2).unwrap();
    let mut command = Command::new(project().join("scripts/examples/read_run"));
    command.args(args).current_dir(program.home()).env("CARGO_TARGET_DIR", target);
    command.output().unwrap().into()
}

#[test]
fn pandas_and_polars_find_in_the_files_what_the_engine_printed() {
    let program = with_ma_cross();
    let args = ["backtest", "-s", "SPY", "--strategy", "ma_cross", "--json"];
    let run = program.run(&args).json();
    let id = run["run"].as_str().unwrap();
    let said = program.run(&["runs", "export", id, "--parquet", "out"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), "out\n"), "{}", said.stderr);
    let sweep = ["sweep", "-s", "SPY", "--strategy", "ma_cross", "-p", "fast=5..25:5", "-p"];
    let more = ["slow=20..100:20", "--parquet", "trials.parquet", "--json"];
    let sweep = program.run(&[&sweep[..], &more[..]].concat());
    assert_eq!(sweep.code, Some(0), "{}", sweep.stderr);

    let said = read_run(&program, &["out", "trials.parquet"]);
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    let metrics = &run["metrics"];
    let total = metrics["total_return"].as_f64().unwrap() * 100.0;
    let closed = &run["counts"]["closed_trades"];
    let pandas = format!("pandas: return {total:.4}%, {closed} closed trades");
    assert!(said.stdout.contains(&pandas), "{}", said.stdout);
    let fills = &run["counts"]["fills"];
    assert!(said.stdout.contains(&format!("pandas: {fills} of {fills} fills at the open")));
    assert!(said.stdout.contains(&format!("polars: return {total:.4}%")), "{}", said.stdout);
    let best = &sweep.json()["top"][0];
    let sharpe = best["metrics"]["sharpe"].as_f64().unwrap();
    let trials = format!("best is {} with a Sharpe ratio of {sharpe:.4}", best["trial"]);
    assert!(said.stdout.contains(&trials), "{}", said.stdout);
}

#[test]
fn bars_that_are_not_kept_any_more_fail_after_everything_else_is_written() {
    let program = Program::new();
    let said = program.run(&["backtest", "-s", "SPY", "--strategy", "buy_and_hold", "--json"]);
    let id = said.json()["run"].as_str().unwrap().to_owned();
    fs::remove_dir_all(program.home().join("data/kept")).unwrap();
    let said = program.run(&["runs", "export", &id, "--parquet", "out"]);
    assert!(said.failed(4, "DATA").contains("the bars of the run are not kept any more"));
    let out = program.home().join("out");
    assert!(out.join("trades.parquet").exists() && out.join("returns.parquet").exists());
    assert!(!out.join("bars.parquet").exists());
}

#[test]
fn an_export_names_a_folder() {
    let program = Program::new();
    let line = program.run(&["runs", "export", "3f2a"]).failed(2, "USAGE").to_owned();
    assert!(line.contains("--csv") && line.contains("--parquet"), "{line}");
}
