//! What feed promises about the bars of a database, claimed against each kind.

use std::{fs, path::PathBuf};

use algo_trader::{
    error::{Code, Failure},
    feed::{Cache, FeedError, load},
    store::{OpenMode, SeriesInfo, Store, open},
};
use strategy_api::Resolution;
use tempfile::TempDir;

use crate::support::store::{claims, row, rows, write};

claims!(
    the_second_load_reads_the_file_and_not_the_rows,
    a_write_is_seen_by_the_next_load_and_only_the_newest_file_stays,
    a_partial_bar_is_not_loaded,
    missing_bars_are_an_error_that_tells_what_there_is,
    the_digest_does_not_depend_on_the_database,
    a_database_that_was_made_anew_never_gets_the_bars_of_the_old_one,
    a_deleted_folder_is_made_again,
);

struct Folder {
    _folder: TempDir,
    path: PathBuf,
    cache: Cache,
}

fn folder() -> Folder {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/cache");
    Folder { cache: Cache::new(&path, "sqlite://data/algo-trader.db"), path, _folder: folder }
}

impl Folder {
    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.path).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

async fn the_second_load_reads_the_file_and_not_the_rows(store: &dyn Store) {
    let folder = folder();
    write(store, "SPY", &rows(0..100)).await;
    let first = load(store, &folder.cache, "SPY", Resolution::Min1).await.unwrap();
    assert_eq!(first.columns().close[64], 11.0);
    let place = folder.files().remove(0);
    let mut bytes = fs::read(&place).unwrap();
    // The first close, 10.0, becomes 12.0 in the file alone.
    let start = 192 + 4 * 832;
    assert_eq!(bytes[start..start + 8], 10.0_f64.to_le_bytes());
    bytes[start..start + 8].copy_from_slice(&12.0_f64.to_le_bytes());
    fs::remove_file(&place).unwrap();
    fs::write(&place, bytes).unwrap();
    let second = load(store, &folder.cache, "SPY", Resolution::Min1).await.unwrap();
    assert_eq!((first.columns().close[0], second.columns().close[0]), (10.0, 12.0));
    assert_eq!(second.info(), first.info());
}

async fn a_write_is_seen_by_the_next_load_and_only_the_newest_file_stays(store: &dyn Store) {
    let folder = folder();
    write(store, "SPY", &rows(0..10)).await;
    let old = load(store, &folder.cache, "SPY", Resolution::Min1).await.unwrap();
    write(store, "SPY", &rows(5..12)).await;
    let new = load(store, &folder.cache, "SPY", Resolution::Min1).await.unwrap();
    assert_eq!((old.columns().len(), new.columns().len()), (10, 12));
    write(store, "SPY", &[row(3, 99.0)]).await;
    let restated = load(store, &folder.cache, "SPY", Resolution::Min1).await.unwrap();
    assert_eq!((new.columns().close[3], restated.columns().close[3]), (10.046875, 99.0));
    assert_ne!(new.info().digest, restated.info().digest);
    assert_eq!(folder.files().len(), 1);
}

async fn a_partial_bar_is_not_loaded(store: &dyn Store) {
    let folder = folder();
    let mut all = rows(0..3);
    all[2].is_final = false;
    write(store, "SPY", &all).await;
    let file = load(store, &folder.cache, "SPY", Resolution::Min1).await.unwrap();
    assert_eq!(file.columns().len(), 2);
    let mut only = rows(0..1);
    only[0].is_final = false;
    write(store, "QQQ", &only).await;
    let error = load(store, &folder.cache, "QQQ", Resolution::Min1).await.unwrap_err();
    assert!(matches!(error, FeedError::NoBars { .. }), "{error:?}");
}

async fn missing_bars_are_an_error_that_tells_what_there_is(store: &dyn Store) {
    let folder = folder();
    write(store, "SPY", &rows(0..3)).await;
    let error = load(store, &folder.cache, "SPY", Resolution::Day1).await.unwrap_err();
    assert_eq!(error.to_string(), "no bars for SPY 1d (held: 1m)");
    let error = load(store, &folder.cache, "XYZ", Resolution::Day1).await.unwrap_err();
    let failure = Failure::from(error);
    assert_eq!((failure.code, failure.message.as_str()), (Code::Data, "no bars for XYZ 1d"));
    assert!(failure.help.unwrap().contains("ingest -s XYZ -r 1d -d \"5 Y\""));
}

/// Expected value: `scripts/fixtures/bars_digest.py`.
async fn the_digest_does_not_depend_on_the_database(store: &dyn Store) {
    write(store, "OTHER", &rows(0..50)).await;
    write(store, "SPY", &rows(0..3)).await;
    let file = load(store, &Cache::none(), "SPY", Resolution::Min1).await.unwrap();
    assert_eq!(
        file.info().digest.to_string(),
        "b8c4fc35215fdcd7093708059b1ccfddcd73fee42ee5c3002f7c223e78f5072a"
    );
}

async fn a_database_that_was_made_anew_never_gets_the_bars_of_the_old_one(store: &dyn Store) {
    let folder = folder();
    let (_, old) = write(store, "SPY", &rows(0..3)).await;
    load(store, &folder.cache, "SPY", Resolution::Min1).await.unwrap();
    let file = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", file.path().join("new.db").display());
    let anew = open(&url, OpenMode::ReadWrite).await.unwrap();
    let bars = [row(0, 20.0), row(1, 21.0), row(2, 22.0)];
    let (_, new) = write(anew.as_ref(), "SPY", &bars).await;
    // Nothing else tells the two apart: the same key, source, number of bars and period.
    assert_eq!(SeriesInfo { version: 0, ..old }, SeriesInfo { version: 0, ..new });
    let file = load(anew.as_ref(), &folder.cache, "SPY", Resolution::Min1).await.unwrap();
    assert_eq!(file.columns().close, [20.0, 21.0, 22.0]);
    anew.close().await;
}

async fn a_deleted_folder_is_made_again(store: &dyn Store) {
    let folder = folder();
    write(store, "SPY", &rows(0..3)).await;
    let first = load(store, &folder.cache, "SPY", Resolution::Min1).await.unwrap();
    fs::remove_dir_all(&folder.path).unwrap();
    let second = load(store, &folder.cache, "SPY", Resolution::Min1).await.unwrap();
    assert_eq!(first.info(), second.info());
    assert_eq!((first.columns().close, folder.files().len()), (second.columns().close, 1));
}
