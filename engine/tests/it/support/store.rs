//! Claims about a database, run against each kind, and rows to write into it.

use std::path::Path;

use algo_trader::store::{BarRow, Coverage, OpenMode, SeriesInfo, SeriesKey, Store, Written, open};
use engine_core::instrument::Instrument;
use strategy_api::{Bar, Resolution};

use super::block_on;

pub(crate) const MINUTE: i64 = 60_000_000_000;

/// Every migration, as the status of a database names it.
pub(crate) const MIGRATIONS: [&str; 8] = [
    "0001 initial",
    "0002 ledger",
    "0003 sweeps",
    "0004 stage",
    "0005 trial blocks",
    "0006 studies",
    "0007 listing",
    "0008 refused",
];

/// Runs every claim against a fresh database of each kind.
macro_rules! claims {
    ($($claim:ident),+ $(,)?) => {
        mod in_a_sqlite_file {
            $(#[test]
            fn $claim() {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("deep/er/x.db");
                crate::support::store::run(&format!("sqlite://{}", path.display()), async |s| super::$claim(s).await);
            })+
        }
        mod in_postgres {
            $(#[test]
            fn $claim() {
                let url = crate::support::postgres::shared().database();
                crate::support::store::run(&url, async |s| super::$claim(s).await);
            })+
        }
    };
}

pub(crate) fn run(url: &str, claim: impl AsyncFnOnce(&dyn Store)) {
    block_on(async {
        let store = open(url, OpenMode::ReadWrite).await.unwrap();
        claim(store.as_ref()).await;
        store.close().await;
    });
}

pub(crate) use claims;

pub(crate) fn key(symbol: &str) -> SeriesKey {
    SeriesKey {
        instrument: Instrument::us_equity(symbol),
        resolution: Resolution::Min1,
        source: "csv".to_owned(),
        adjustment: "raw".to_owned(),
    }
}

pub(crate) fn row(minute: i64, close: f64) -> BarRow {
    let bar = Bar {
        ts: minute * MINUTE,
        open: close,
        high: close + 1.0,
        low: close - 0.5,
        close,
        volume: 100.0,
    };
    BarRow { bar, is_final: true, ma20: None, ma50: None, ath: Some(close + 1.0) }
}

pub(crate) fn rows(minutes: std::ops::Range<i64>) -> Vec<BarRow> {
    minutes.map(|minute| row(minute, 10.0 + minute as f64 / 64.0)).collect()
}

pub(crate) fn covered(rows: &[BarRow]) -> Coverage {
    Coverage {
        asked: 1,
        fetched_at: 0,
        from_ts: rows.first().map_or(0, |row| row.bar.ts),
        to_ts: rows.last().map_or(0, |row| row.bar.ts),
        bars: rows.len() as i64,
        missing: 0,
        rejected: 0,
        source: "csv".to_owned(),
    }
}

pub(crate) async fn write(
    store: &dyn Store,
    symbol: &str,
    rows: &[BarRow],
) -> (Written, SeriesInfo) {
    let mut writer = store.write_bars(&key(symbol)).await.unwrap();
    let written = writer.append(rows).await.unwrap();
    (written, writer.commit(&covered(rows), &[]).await.unwrap())
}

pub(crate) async fn held(store: &dyn Store, symbol: &str) -> Vec<BarRow> {
    let info = store.series(symbol, Resolution::Min1).await.unwrap().unwrap();
    store.load_rows(info.id, i64::MIN).await.unwrap()
}

/// The URL of a SQLite file.
pub(crate) fn file_url(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

/// Makes a SQLite file with so many rows in it, or adds them.
pub(crate) fn make_file(file: &Path, minutes: i64) {
    block_on(async {
        let store = open(&file_url(file), OpenMode::ReadWrite).await.unwrap();
        write(store.as_ref(), "SPY", &rows(0..minutes)).await;
        store.close().await;
    });
}
