//! Several programs and one SQLite file: they wait for each other, and one that is killed harms nobody.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
    time::Duration,
};

use algo_trader::store::{OpenMode, Patience, StoreError, open, open_with};
use strategy_api::Resolution;

use crate::support::{
    block_on,
    child::{child, place},
    store::{covered, file_url as url, held, key, make_file as make, row, rows, write},
};

#[test]
fn while_another_program_writes_readers_go_on_and_a_writer_waits_then_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    make(&file, 10);
    let mut command = child("store_processes::holds_the_write_lock", &file, ":");
    let mut other = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("held")));
    block_on(async {
        let patience = Patience { lock: Duration::from_millis(200), ..Patience::default() };
        let store = open_with(&url(&file), OpenMode::ReadWrite, patience).await.unwrap();
        assert_eq!(held(store.as_ref(), "SPY").await, rows(0..10));
        let error = store.write_bars(&key("SPY")).await.err().unwrap();
        assert!(matches!(error, StoreError::Busy { .. }), "{error}");
        drop(other.stdin.take());
        assert!(other.wait().unwrap().success());
        write(store.as_ref(), "SPY", &rows(10..20)).await;
        assert_eq!(held(store.as_ref(), "SPY").await, rows(0..20));
        store.close().await;
    });
}

#[test]
#[ignore = "run by another test in a process of its own"]
fn holds_the_write_lock() {
    block_on(async {
        let store = open(&url(&place()), OpenMode::ReadWrite).await.unwrap();
        let mut writer = store.write_bars(&key("SPY")).await.unwrap();
        writer.append(&[row(1_000, 10.0)]).await.unwrap();
        println!("held");
        let _ = std::io::stdin().lines().next();
    });
}

#[test]
fn a_writer_killed_at_any_moment_leaves_the_old_rows_and_the_same_work_again_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    make(&file, 10);
    for pause_ms in [0, 5, 20, 60] {
        let mut command = child("store_processes::writes_for_ever", &file, ":");
        let mut other = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(other.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("writing")));
        std::thread::sleep(Duration::from_millis(pause_ms));
        other.kill().unwrap();
        other.wait().unwrap();
        block_on(async {
            let store = open(&url(&file), OpenMode::ReadWrite).await.unwrap();
            assert_eq!(held(store.as_ref(), "SPY").await, rows(0..10));
            store.close().await;
        });
    }
    make(&file, 1_000);
    block_on(async {
        let store = open(&url(&file), OpenMode::ReadOnly).await.unwrap();
        assert_eq!(held(store.as_ref(), "SPY").await, rows(0..1_000));
        store.close().await;
    });
}

#[test]
#[ignore = "run by another test in a process of its own"]
fn writes_for_ever() {
    block_on(async {
        let store = open(&url(&place()), OpenMode::ReadWrite).await.unwrap();
        let mut writer = store.write_bars(&key("SPY")).await.unwrap();
        println!("writing");
        for start in 1.. {
            writer.append(&rows(start * 1_000..start * 1_000 + 1_000)).await.unwrap();
        }
    });
}

#[test]
fn programs_that_open_a_new_database_and_write_a_series_at_once_all_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/x.db");
    let start = || {
        let mut command = child("store_processes::writes_a_series", &file, ":");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let others: Vec<_> = (0..6).map(|_| start()).collect();
    for other in others {
        let out = other.wait_with_output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
    block_on(async {
        let store = open(&url(&file), OpenMode::ReadOnly).await.unwrap();
        let info = store.series("SPY", Resolution::Min1).await.unwrap().unwrap();
        assert_eq!(info.bars, 3_000);
        assert_eq!(held(store.as_ref(), "SPY").await, rows(0..3_000));
        store.close().await;
    });
}

#[test]
#[ignore = "run by another test in a process of its own"]
fn writes_a_series() {
    block_on(async {
        let store = open(&url(&place()), OpenMode::ReadWrite).await.unwrap();
        let all = rows(0..3_000);
        let mut writer = store.write_bars(&key("SPY")).await.unwrap();
        for block in all.chunks(700) {
            writer.append(block).await.unwrap();
        }
        writer.commit(&covered(&all), &[]).await.unwrap();
        store.close().await;
    });
}
