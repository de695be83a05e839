//! Measures the databases: how many bars a second go in and come back, and what opening costs.
//!
//! `cargo bench -p algo-trader --bench store [-- ROWS]` measures SQLite in a temporary folder, and
//! PostgreSQL when `BENCH_POSTGRES` holds the URL of an empty database. It prints one line a figure.

use std::time::Instant;

use algo_trader::store::{BarRow, Coverage, OpenMode, SeriesKey, Store, open};
use engine_core::instrument::Instrument;
use strategy_api::{Bar, Resolution};

const MINUTE: i64 = 60_000_000_000;
/// Rows in one call of `append`, as ingestion makes them.
const CHUNK: usize = 16_384;

fn main() {
    let rows = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    let bars = walk(rows);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}", folder.path().join("bench.db").display());
        measure("sqlite", &url, &bars).await;
        if let Ok(url) = std::env::var("BENCH_POSTGRES") {
            measure("postgres", &url, &bars).await;
        }
    });
}

/// A price that wanders in cents, as quotes do; always the same one.
fn walk(rows: usize) -> Vec<BarRow> {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut cents = 40_000i64;
    (0..rows)
        .map(|i| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            cents = (cents + (state % 21) as i64 - 10).max(1_000);
            let price = |cents: i64| cents as f64 / 100.0;
            let bar = Bar {
                ts: 1_600_000_000_000_000_000 + i as i64 * MINUTE,
                open: price(cents),
                high: price(cents + 12),
                low: price(cents - 9),
                close: price(cents + (state >> 60) as i64 - 8),
                volume: (state % 100_000) as f64,
            };
            let known = |n: usize| (i + 1 >= n).then_some(bar.close + 1.0 / 3.0);
            BarRow { bar, is_final: true, ma20: known(20), ma50: known(50), ath: Some(bar.high) }
        })
        .collect()
}

fn key() -> SeriesKey {
    SeriesKey {
        instrument: Instrument::us_equity("BENCH"),
        resolution: Resolution::Min1,
        source: "bench".to_owned(),
        adjustment: "raw".to_owned(),
    }
}

async fn measure(name: &str, url: &str, bars: &[BarRow]) {
    let rate = |what: &str, start: Instant| {
        let seconds = start.elapsed().as_secs_f64();
        println!("{name:9} {what:28} {:>10.0} rows/s {seconds:8.3} s", bars.len() as f64 / seconds);
    };
    let store = open(url, OpenMode::ReadWrite).await.expect("an empty database");
    for what in ["append new, commit", "append the same, commit"] {
        let start = Instant::now();
        write(store.as_ref(), bars).await;
        rate(what, start);
    }
    store.close().await;

    let store = open(url, OpenMode::ReadWrite).await.expect("the same database");
    let info = store.series("BENCH", Resolution::Min1).await.expect("a series").expect("held");
    for what in ["load_bars, first", "load_bars", "load_bars"] {
        let start = Instant::now();
        let series = store.load_bars(info.id).await.expect("bars");
        rate(what, start);
        assert_eq!(series.len(), bars.len());
    }
    store.close().await;

    let mut opened: Vec<f64> = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        let store = open(url, OpenMode::ReadWrite).await.expect("the same database");
        store.series("BENCH", Resolution::Min1).await.expect("a series");
        opened.push(start.elapsed().as_secs_f64() * 1e3);
        store.close().await;
    }
    opened.sort_by(f64::total_cmp);
    println!("{name:9} {:28} {:>10.3} ms (median of 50)", "open, check, find series", opened[25]);
}

async fn write(store: &dyn Store, bars: &[BarRow]) {
    let mut writer = store.write_bars(&key()).await.expect("a writer");
    for chunk in bars.chunks(CHUNK) {
        writer.append(chunk).await.expect("rows that fit");
    }
    let coverage = Coverage {
        asked: 1,
        fetched_at: 0,
        from_ts: bars[0].bar.ts,
        to_ts: bars[bars.len() - 1].bar.ts,
        bars: bars.len() as i64,
        missing: 0,
        rejected: 0,
        source: "bench".to_owned(),
    };
    writer.commit(&coverage, &[]).await.expect("a commit");
}
