//! Files to ingest and a database to ingest them into.

use std::path::PathBuf;

use algo_trader::{
    ingest::{
        CsvIngest, IngestError, IngestReport, Unwatched, csv::Source, ingest_csv, time::zone,
    },
    store::{BarRow, OpenMode, Store, open},
};
use jiff::{Timestamp, civil::DateTime};
use strategy_api::Resolution;
use tempfile::TempDir;

use super::block_on;

/// 2024-06-03T16:00:00Z, a Monday at noon in New York: the clock of these tests.
pub(crate) const NOW: &str = "2024-06-03T16:00:00Z";

/// Nanoseconds UTC of an RFC 3339 text.
pub(crate) fn at(text: &str) -> i64 {
    let moment: Timestamp = text.parse().unwrap();
    i64::try_from(moment.as_nanosecond()).unwrap()
}

/// Midnight UTC of a date.
pub(crate) fn day(text: &str) -> i64 {
    at(&format!("{text}T00:00:00Z"))
}

/// Nanoseconds UTC of a local time in New York.
pub(crate) fn new_york(text: &str) -> i64 {
    let moment: DateTime = text.parse().unwrap();
    let moment = zone("America/New_York").unwrap().to_timestamp(moment).unwrap();
    i64::try_from(moment.as_nanosecond()).unwrap()
}

/// A folder with a database and files, which goes away with the test.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) async fn store(&self) -> Box<dyn Store> {
        let url = format!("sqlite://{}", self.folder.path().join("x.db").display());
        open(&url, OpenMode::ReadWrite).await.unwrap()
    }

    /// A request for daily bars of SPY from a text.
    pub(crate) fn daily(&self, text: &str) -> CsvIngest {
        let source = Source::File(self.file("prices.csv", text));
        CsvIngest::new(source, "SPY", Resolution::Day1, at(NOW))
    }

    pub(crate) fn ingest(&self, request: &CsvIngest) -> Result<IngestReport, IngestError> {
        block_on(async {
            let store = self.store().await;
            let result = ingest_csv(&*store, request, &mut Unwatched).await;
            store.close().await;
            result
        })
    }

    /// Every row held of a series; none when there is no such series.
    pub(crate) fn rows(&self, symbol: &str, resolution: Resolution) -> Vec<BarRow> {
        block_on(async {
            let store = self.store().await;
            let rows = match store.series(symbol, resolution).await.unwrap() {
                Some(info) => store.load_rows(info.id, i64::MIN).await.unwrap(),
                None => Vec::new(),
            };
            store.close().await;
            rows
        })
    }
}

/// `timestamp,open,high,low,close,volume` and the given rows.
pub(crate) fn table(rows: &[&str]) -> String {
    let header = "timestamp,open,high,low,close,volume\n";
    rows.iter().fold(header.to_owned(), |text, row| text + row + "\n")
}
