//! Memory of an ingestion does not grow with the file. Measured in a process of its own, which runs
//! one test of this very program; `INGEST_ROWS=10000000` makes it the long one.

use std::{
    fs::File,
    io::{BufWriter, Write},
    process::Command,
};

use algo_trader::ingest::{CsvIngest, csv::Source};
use engine_core::calendar::Calendar;
use strategy_api::Resolution;

use crate::support::ingest::{NOW, Place, at};

/// Rows after which everything that has a fixed size has reached it.
const WARM: u64 = 200_000;
/// What may be added beyond: the allocator's slack and the index of the log of one transaction.
const SLACK_KIB: u64 = 8 * 1024;

fn rows() -> u64 {
    std::env::var("INGEST_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(1_500_000)
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ingest_memory::one_long_ingestion", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{said}{}", String::from_utf8_lossy(&child.stderr));
    assert!(said.contains("peak"), "the other test has run: {said}");
}

#[test]
#[ignore = "runs in a process of its own"]
fn one_long_ingestion() {
    let place = Place::new();
    let peak_after = |rows: u64| {
        let path = place.file("long.csv", "");
        let mut file = BufWriter::new(File::create(&path).unwrap());
        writeln!(file, "timestamp,open,high,low,close,volume").unwrap();
        for row in 0..rows {
            let (minute, cents) = (1_000_000_020 + row * 60, row * 7 % 4000);
            let price = |add: u64| format!("{}.{:02}", 100 + cents / 100, (cents + add) % 100);
            let (low, high) = (100 + cents / 100, 101 + cents / 100);
            writeln!(file, "{minute},{},{high},{low},{},{cents}", price(0), price(7)).unwrap();
        }
        file.into_inner().unwrap().sync_all().unwrap();
        let request = CsvIngest {
            symbol: format!("N{rows}"),
            calendar: Some(Calendar::AlwaysOpen),
            ..CsvIngest::new(Source::File(path), "", Resolution::Min1, at(NOW))
        };
        assert_eq!(place.ingest(&request).unwrap().new, rows);
        peak_kib()
    };
    let (warm, long) = (peak_after(WARM), peak_after(rows()));
    println!("peak {warm} KiB after {WARM} rows, {long} KiB after {} rows", rows());
    assert!(long < warm + SLACK_KIB, "{warm} KiB grew to {long} KiB");
}

/// The most memory that this process has had at once.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
