//! The program killed or interrupted while it ingests: all of the file or nothing is there, and the same
//! command again ends the work.

use std::{process::Command, time::Duration};

use algo_trader::store::{BarRow, OpenMode, open};
use strategy_api::Resolution;

use crate::{program::Program, support::block_on};

const ROWS: i64 = 60_000;
const ARGS: [&str; 9] =
    ["ingest", "-s", "X", "-r", "1m", "--calendar", "24/7", "--from-csv", "long.csv"];

/// Writes a file of minutes whose prices depend on `seed`.
fn write_file(program: &Program, seed: i64) {
    let mut text = String::from("timestamp,open,high,low,close,volume\n");
    for row in 0..ROWS {
        let (ts, close) = (1_000_000_020 + row * 60, 100 + (row * 7 + seed) % 31);
        text += &format!("{ts},{close},{},{},{close},{seed}\n", close + 2, close - 2);
    }
    std::fs::write(program.home().join("long.csv"), text).unwrap();
}

fn rows(program: &Program) -> Vec<BarRow> {
    let url = format!("sqlite://{}/data/algo-trader.db", program.home().display());
    block_on(async {
        let store = open(&url, OpenMode::ReadWrite).await.unwrap();
        let rows = match store.series("X", Resolution::Min1).await.unwrap() {
            Some(info) => store.load_rows(info.id, i64::MIN).await.unwrap(),
            None => Vec::new(),
        };
        store.close().await;
        rows
    })
}

fn signal_after(program: &Program, signal: &str, pause: Duration) {
    let mut child = program.command(&ARGS).spawn().unwrap();
    std::thread::sleep(pause);
    let id = child.id().to_string();
    // It may have ended by itself.
    let _ = Command::new("kill").args([signal, &id]).output().unwrap();
    child.wait().unwrap();
}

#[test]
fn killed_or_interrupted_at_any_moment_it_leaves_the_old_rows_or_the_new_ones() {
    let undisturbed = |seed| {
        let program = Program::new();
        write_file(&program, seed);
        assert_eq!(program.run(&ARGS).code, Some(0));
        rows(&program)
    };
    let (first, second) = (undisturbed(1), undisturbed(2));
    let program = Program::new();
    write_file(&program, 1);
    for (signal, pause_ms) in [("-KILL", 30), ("-INT", 60), ("-KILL", 120), ("-KILL", 250)] {
        signal_after(&program, signal, Duration::from_millis(pause_ms));
        let held = rows(&program);
        assert!(held.is_empty() || held == first, "{} rows", held.len());
    }
    assert_eq!(program.run(&ARGS).code, Some(0));
    assert_eq!(rows(&program), first);
    // Every bar corrected: the same, with rows that were there before.
    write_file(&program, 2);
    for pause_ms in [60, 200, 400] {
        signal_after(&program, "-KILL", Duration::from_millis(pause_ms));
        let held = rows(&program);
        assert!(held == first || held == second);
    }
    assert_eq!(program.run(&ARGS).code, Some(0));
    assert_eq!(rows(&program), second);
}
