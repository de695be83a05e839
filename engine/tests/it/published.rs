//! Results that others can check: the trades of an independent engine, and the same bytes from
//! either database.

use std::fs;

use crate::{
    program::Program,
    support::{plugins, postgres},
};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

fn rows(path: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn close(ours: &str, theirs: &str) {
    let (ours, theirs): (f64, f64) = (ours.parse().unwrap(), theirs.parse().unwrap());
    assert!((ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0), "{ours} is not {theirs}");
}

/// The fixtures come from backtesting.py: scripts/fixtures/ma_cross_trades.py.
#[test]
fn the_trades_of_an_ma_cross_equal_those_of_an_independent_engine() {
    plugins::library("ma_cross");
    let program = Program::new();
    for (symbol, expected) in [("SPY", 33), ("AAPL", 30), ("MSFT", 38)] {
        let said = program.run(&[
            "backtest",
            "-s",
            symbol,
            "--strategy",
            "ma_cross",
            "--trades",
            "trades.csv",
        ]);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        let ours = rows(&program.home().join("trades.csv").display().to_string());
        let ours: Vec<_> = ours.iter().filter(|row| !row[2].is_empty()).collect();
        let theirs = rows(&format!("{FIXTURES}/ma_cross_{symbol}.csv"));
        assert_eq!((ours.len(), theirs.len()), (expected, expected), "{symbol}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!((&ours[1], &ours[2]), (&theirs[0], &theirs[1]), "{symbol}");
            for (our, their) in [(3, 2), (4, 3), (5, 4), (7, 5)] {
                close(&ours[our], &theirs[their]);
            }
        }
    }
}

#[test]
fn both_databases_and_both_ways_to_run_give_the_same_bytes() {
    plugins::library("ma_cross");
    let program = Program::new();

    let url = postgres::shared().database();
    let args = ["backtest", "-s", "SPY", "-s", "AAPL", "--strategy", "ma_cross", "--json"];
    let embedded = program.run(&args);
    assert_eq!(embedded.code, Some(0), "{}", embedded.stderr);
    let server = program.command(&args).env("DATABASE_URL", &url).output().unwrap();
    assert_eq!(server.status.code(), Some(0));
    assert_eq!(String::from_utf8(server.stdout).unwrap(), embedded.stdout);
    let inside = program.run(&[&args[..], &["--in-process"]].concat());
    assert_eq!(inside.stdout, embedded.stdout);
    assert!(embedded.json()["metrics"]["sharpe"].is_number());
}
