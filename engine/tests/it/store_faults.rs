//! What happens to SQLite files that are damaged, foreign, locked, full or read-only: a named error,
//! nothing written before it, and whatever was acknowledged is there.

use std::{fs, path::Path, process::Command};

use algo_trader::store::{OpenMode, Store, StoreError, open};
use engine_core::event::{Event, EventKind};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use strategy_api::Resolution;

use crate::support::{
    block_on,
    child::{child, child_with_mounts, passes, place},
    store::{MIGRATIONS, file_url as url, held, key, make_file as make, rows, write},
};

const MODES: [OpenMode; 3] = [OpenMode::ReadWrite, OpenMode::ReadOnly, OpenMode::Inspect];

/// Runs statements in a file, as any other program may.
fn execute(file: &Path, sql: &str) {
    block_on(async {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let mut db = options.connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut db).await.unwrap();
        db.close().await.unwrap();
    });
}

/// Asserts that a file cannot be opened in any way, and stays as it is.
#[track_caller]
fn refused(file: &Path) -> StoreError {
    let before = fs::read(file).unwrap();
    let errors = MODES.map(|mode| block_on(open(&url(file), mode)).err().expect("refused"));
    assert_eq!(fs::read(file).unwrap(), before, "the file is as it was");
    errors.into_iter().next().unwrap()
}

#[test]
fn a_file_that_is_no_database_is_refused_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    let mut header = b"SQLite format 3\0".to_vec();
    header.resize(8_192, 0xA5);
    for bytes in [b"hello".to_vec(), vec![0x5A; 100_000], header, vec![0; 4_096]] {
        fs::write(&file, &bytes).unwrap();
        let error = refused(&file);
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was left beside it");
}

#[test]
fn a_folder_a_pipe_and_nothing_are_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for place in [folder.path(), &pipe] {
        let error = block_on(open(&url(place), OpenMode::ReadWrite)).err().unwrap();
        assert!(matches!(error, StoreError::Connect { .. }), "{error}");
    }
    for mode in [OpenMode::ReadOnly, OpenMode::Inspect] {
        let missing = folder.path().join("missing.db");
        let error = block_on(open(&url(&missing), mode)).err().unwrap();
        assert!(error.to_string().contains("no such file"), "{error}");
        assert!(!missing.exists());
    }
}

#[test]
fn the_database_of_another_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    execute(&file, "CREATE TABLE bookmarks (url TEXT)");
    let error = refused(&file);
    assert!(matches!(error, StoreError::Schema { .. }), "{error}");
    assert!(error.to_string().contains("bookmarks"), "{error}");
}

#[test]
fn edited_newer_and_half_made_tables_are_refused_before_any_write() {
    let cases = [
        ("UPDATE algo_trader_migrations SET checksum = 'x'", "0001 initial was edited"),
        ("INSERT INTO algo_trader_migrations VALUES (99, 'later', 'x', 0)", "0099 later is newer"),
        ("DROP TABLE algo_trader_migrations", "half-way"),
    ];
    for (sql, words) in cases {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        make(&file, 10);
        execute(&file, sql);
        let error = refused(&file);
        assert!(matches!(error, StoreError::Schema { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn pending_migrations_wait_for_a_writer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    execute(&file, "PRAGMA user_version = 1");
    let error = block_on(open(&url(&file), OpenMode::ReadOnly)).err().unwrap();
    assert!(error.to_string().contains("0001 initial is pending"), "{error}");
    block_on(async {
        let store = open(&url(&file), OpenMode::Inspect).await.unwrap();
        assert_eq!(store.status().await.unwrap().pending, MIGRATIONS);
        store.close().await;
        let store = open(&url(&file), OpenMode::ReadWrite).await.unwrap();
        assert_eq!(store.status().await.unwrap().pending, [] as [&str; 0]);
        store.close().await;
    });
}

#[test]
fn a_damaged_page_is_an_error_and_the_file_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    make(&file, 5_000);
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 4_096].fill(0xAA);
    fs::write(&file, &bytes).unwrap();
    block_on(async {
        let store = open(&url(&file), OpenMode::ReadWrite).await.unwrap();
        let info = store.series("SPY", Resolution::Min1).await.unwrap().unwrap();
        let error = store.load_bars(info.id).await.err().unwrap();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
        let error = store.probe().await.err().unwrap();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
        let mut writer = store.write_bars(&key("SPY")).await.unwrap();
        let error = writer.append(&rows(0..5_000)).await.err().unwrap();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
        drop(writer);
        store.close().await;
    });
    assert_eq!(fs::read(&file).unwrap(), bytes);
}

#[test]
fn an_impossible_bar_that_someone_wrote_is_damage_not_data() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    make(&file, 10);
    let sql = "PRAGMA ignore_check_constraints = ON; UPDATE bars SET low = high + 1 WHERE ts > 0";
    execute(&file, sql);
    block_on(async {
        let store = open(&url(&file), OpenMode::ReadOnly).await.unwrap();
        let error = store.load_bars(1).await.err().unwrap();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
        store.close().await;
    });
}

#[test]
fn a_full_disk_is_an_error_and_what_was_acknowledged_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mount = "mount -t tmpfs -o size=3m tmpfs \"$place\"";
    passes(child_with_mounts("store_faults::writes_until_it_is_full", folder.path(), mount));
}

#[test]
fn a_limit_of_file_size_is_an_error_and_what_was_acknowledged_stays() {
    let folder = tempfile::tempdir().unwrap();
    let limit = "trap '' XFSZ; ulimit -f 2048";
    passes(child("store_faults::writes_until_it_is_full", folder.path(), limit));
}

#[test]
#[ignore = "run by another test in a process of its own"]
fn writes_until_it_is_full() {
    let url = url(&place().join("x.db"));
    block_on(async {
        let store = open(&url, OpenMode::ReadWrite).await.unwrap();
        write(store.as_ref(), "SPY", &rows(0..500)).await;
        let error = write_until_an_error(store.as_ref()).await;
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
        assert_eq!(held(store.as_ref(), "SPY").await, rows(0..500));
        let more = rows(500..600);
        write(store.as_ref(), "SPY", &more).await;
        store.close().await;
        let store = open(&url, OpenMode::ReadWrite).await.unwrap();
        assert_eq!(held(store.as_ref(), "SPY").await, rows(0..600));
        store.close().await;
    });
}

async fn write_until_an_error(store: &dyn Store) -> StoreError {
    let mut writer = store.write_bars(&key("SPY")).await.unwrap();
    for start in 1.. {
        let block = rows(start * 10_000..start * 10_000 + 5_000);
        if let Err(error) = writer.append(&block).await {
            return error;
        }
        assert!(start < 100, "a disk of 3 MB took {start} blocks");
    }
    unreachable!("the loop has no end")
}

fn signal() -> Event {
    let kind = EventKind::Signal("mood".to_owned());
    Event { symbol: None, kind, ts: 1, known_at: 1, value: 0.5, source: "test".to_owned() }
}

const READ_ONLY: &str = "mount --bind \"$place\" \"$place\"; mount -o remount,bind,ro \"$place\"";

#[test]
fn a_read_only_mount_serves_readers_and_refuses_writers() {
    let folder = tempfile::tempdir().unwrap();
    make(&folder.path().join("x.db"), 500);
    passes(child_with_mounts("store_faults::reads_what_it_cannot_write", folder.path(), READ_ONLY));
}

#[test]
#[ignore = "run by another test in a process of its own"]
fn reads_what_it_cannot_write() {
    let url = url(&place().join("x.db"));
    block_on(async {
        for mode in MODES {
            let store = open(&url, mode).await.unwrap();
            assert_eq!(held(store.as_ref(), "SPY").await, rows(0..500));
            assert_eq!(store.load_bars(1).await.unwrap().len(), 500);
            for error in [
                store.write_bars(&key("SPY")).await.err().unwrap(),
                store.write_events(&[signal()]).await.err().unwrap(),
                store.probe().await.err().unwrap(),
            ] {
                assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
            }
            store.close().await;
        }
    });
}

/// A program died with rows in its write-ahead log. A reader that cannot replay the log may refuse, but
/// may not leave the rows out.
#[test]
fn rows_in_the_log_of_a_dead_program_are_never_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = child("store_faults::dies_after_a_commit", folder.path(), ":");
    assert!(!command.output().unwrap().status.success());
    let log = folder.path().join("x.db-wal");
    assert!(fs::metadata(&log).unwrap().len() > 0);
    let test = "store_faults::reads_all_or_refuses";
    passes(child_with_mounts(test, folder.path(), READ_ONLY));
    block_on(async {
        let store = open(&url(&folder.path().join("x.db")), OpenMode::ReadWrite).await.unwrap();
        assert_eq!(held(store.as_ref(), "SPY").await, rows(0..500));
        store.close().await;
    });
}

#[test]
#[ignore = "run by another test in a process of its own"]
fn dies_after_a_commit() {
    block_on(async {
        let store = open(&url(&place().join("x.db")), OpenMode::ReadWrite).await.unwrap();
        write(store.as_ref(), "SPY", &rows(0..500)).await;
        std::process::abort();
    });
}

#[test]
#[ignore = "run by another test in a process of its own"]
fn reads_all_or_refuses() {
    block_on(async {
        for mode in MODES {
            match open(&url(&place().join("x.db")), mode).await {
                Ok(store) => assert_eq!(held(store.as_ref(), "SPY").await, rows(0..500)),
                Err(StoreError::Connect { .. } | StoreError::ReadOnly { .. }) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    });
}
