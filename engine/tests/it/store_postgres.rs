//! What happens to PostgreSQL databases that are absent, foreign, contended, full or killed: a named
//! error without a secret, and whatever was acknowledged is there.

use std::{net::TcpListener, process::Command, time::Duration};

use algo_trader::{
    error::Failure,
    store::{OpenMode, Patience, Store, StoreError, open, open_with},
};
use engine_core::event::{Event, EventKind};

use crate::support::{
    block_on, both,
    postgres::{Cluster, execute, shared},
    store::{MIGRATIONS, covered, held, key, rows, write},
};

const SHORT: Patience =
    Patience { connect: Duration::from_millis(400), lock: Duration::from_millis(400) };

async fn refusal(url: &str) -> StoreError {
    open_with(url, OpenMode::ReadWrite, SHORT).await.err().expect("refused")
}

/// The name of the database in a URL.
fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

#[test]
fn a_server_that_refuses_or_stays_silent_is_named_within_five_seconds() {
    assert!(Patience::default().connect < Duration::from_secs(5));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://me:hunter2@{}/x", listener.local_addr().unwrap());
    let silent = block_on(refusal(&url));
    assert!(silent.to_string().contains("no answer within 0.4 s"), "{silent}");
    drop(listener);
    let refused = block_on(refusal(&url));
    for error in [silent, refused] {
        assert!(matches!(error, StoreError::Connect { .. }), "{error}");
        assert!(error.to_string().contains("127.0.0.1"), "{error}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}

#[test]
fn a_wrong_password_and_a_missing_database_are_told_apart_and_no_secret_is_shown() {
    let server = shared();
    server.execute("postgres", "CREATE ROLE locked LOGIN PASSWORD 'right'");
    let urls = [
        server.url("locked:hunter2", "postgres"),
        format!("{}?password=hunter2", server.url("locked", "postgres")),
    ];
    for url in urls {
        let error = block_on(refusal(&url));
        assert!(matches!(error, StoreError::Connect { .. }), "{error}");
        let mut shown = format!("{error:?}");
        shown += &Failure::from(error).to_string();
        assert!(shown.contains("password authentication failed"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let error = block_on(refusal(&server.url("tester", "nowhere")));
    assert!(matches!(error, StoreError::Connect { .. }), "{error}");
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[test]
fn edited_newer_and_half_made_tables_are_refused_before_any_write() {
    let cases = [
        ("UPDATE algo_trader_migrations SET checksum = 'x'", "0001 initial was edited"),
        ("INSERT INTO algo_trader_migrations VALUES (99, 'later', 'x', 0)", "0099 later is newer"),
        ("DROP TABLE algo_trader_migrations", "half-way"),
        ("ALTER TABLE algo_trader_migrations RENAME checksum TO dirty", "another program"),
    ];
    for (sql, words) in cases {
        let url = shared().database();
        block_on(async { open(&url, OpenMode::ReadWrite).await.unwrap().close().await });
        execute(&url, sql);
        let error = block_on(refusal(&url));
        assert!(matches!(error, StoreError::Schema { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn tables_of_other_programs_may_stand_beside_ours_but_not_under_our_names() {
    let url = shared().database();
    execute(&url, "CREATE TABLE customers (id int)");
    block_on(async { open(&url, OpenMode::ReadWrite).await.unwrap().close().await });
    let url = shared().database();
    execute(&url, "CREATE TABLE events (id int)");
    let error = block_on(refusal(&url));
    assert!(error.to_string().contains("'events'"), "{error}");
}

#[test]
fn pending_migrations_wait_for_a_writer() {
    let url = shared().database();
    let error = block_on(open(&url, OpenMode::ReadOnly)).err().unwrap();
    assert!(error.to_string().contains("0001 initial is pending"), "{error}");
    block_on(async {
        let store = open(&url, OpenMode::Inspect).await.unwrap();
        assert_eq!(store.status().await.unwrap().pending, MIGRATIONS);
        store.close().await;
    });
}

#[test]
fn programs_that_open_a_new_database_at_once_all_succeed() {
    let url = shared().database();
    let open_and_write = || {
        block_on(async {
            let store = open(&url, OpenMode::ReadWrite).await.unwrap();
            write(store.as_ref(), "SPY", &rows(0..2_000)).await.1
        })
    };
    let infos: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(open_and_write)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(infos.iter().all(|info| info.bars == 2_000), "{infos:?}");
    assert!(infos.iter().all(|info| info == &infos[0]), "one wrote, the others found it so");
}

#[test]
fn a_read_only_database_serves_readers_and_refuses_writers() {
    let url = shared().database();
    block_on(async {
        let store = open(&url, OpenMode::ReadWrite).await.unwrap();
        write(store.as_ref(), "SPY", &rows(0..100)).await;
        store.close().await;
    });
    let sql = format!("ALTER DATABASE {} SET default_transaction_read_only = on", name(&url));
    shared().execute("postgres", &sql);
    block_on(async {
        for mode in [OpenMode::ReadWrite, OpenMode::ReadOnly] {
            let store = open(&url, mode).await.unwrap();
            assert_eq!(held(store.as_ref(), "SPY").await, rows(0..100));
            let error = store.write_bars(&key("SPY")).await.err().unwrap();
            assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
            store.close().await;
        }
    });
}

#[test]
fn a_server_without_a_free_place_is_asked_again_for_a_while() {
    let url = shared().database();
    let grant = "CREATE ROLE single LOGIN PASSWORD 'right' CONNECTION LIMIT 1";
    shared().execute("postgres", grant);
    let url = url.replace("tester@", "single:right@");
    block_on(async {
        let first = open(&url, OpenMode::Inspect).await.unwrap();
        let error = open_with(&url, OpenMode::Inspect, SHORT).await.err().unwrap();
        assert!(matches!(error, StoreError::Busy { .. }), "{error}");
        let patient = Patience::default();
        let later = async {
            tokio::time::sleep(Duration::from_millis(250)).await;
            first.close().await;
        };
        let (second, ()) = both(open_with(&url, OpenMode::Inspect, patient), later).await;
        second.unwrap().close().await;
    });
}

fn event(name: &str) -> Event {
    let kind = EventKind::Signal(name.to_owned());
    Event { symbol: None, kind, ts: 1, known_at: 1, value: 0.5, source: "test".to_owned() }
}

/// Makes every write of an event fail with a code so many times.
fn failing(code: &str, times: u32) -> String {
    format!(
        "CREATE SEQUENCE tries; CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ \
         BEGIN IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'lost' USING ERRCODE = '{code}'; \
         END IF; RETURN NEW; END $$; \
         CREATE TRIGGER fail BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION fail()"
    )
}

#[test]
fn a_transaction_that_loses_a_race_is_repeated_but_not_for_ever() {
    for (code, times, wins) in [("40001", 3, true), ("40P01", 3, true), ("40001", 99, false)] {
        let url = shared().database();
        block_on(async {
            let store = open(&url, OpenMode::ReadWrite).await.unwrap();
            execute_in_thread(&url, &failing(code, times));
            match store.write_events(&[event("a"), event("b")]).await {
                Ok(new) => assert!(wins && new == 2, "{code} {times}"),
                Err(error) => {
                    assert!(!wins && matches!(error, StoreError::Busy { .. }), "{error:?}");
                }
            }
            let found = store.events("SPY").await.unwrap().len();
            assert_eq!(found, if wins { 2 } else { 0 });
            store.close().await;
        });
    }
}

/// [`execute`] has a runtime of its own, which cannot stand inside another.
fn execute_in_thread(url: &str, sql: &str) {
    std::thread::scope(|scope| scope.spawn(|| execute(url, sql)).join().unwrap());
}

#[test]
fn two_writers_in_a_deadlock_both_end_with_their_events_kept() {
    let url = shared().database();
    block_on(async {
        let store = open(&url, OpenMode::ReadWrite).await.unwrap();
        let (a, b) = (event("a"), event("b"));
        store.write_events(&[a.clone(), b.clone()]).await.unwrap();
        execute_in_thread(
            &url,
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ \
             BEGIN PERFORM pg_sleep(0.2); RETURN NEW; END $$; \
             CREATE TRIGGER slow AFTER UPDATE ON events FOR EACH ROW EXECUTE FUNCTION slow()",
        );
        let forth = [a.clone(), b.clone()];
        let back = [b, a];
        let done = both(store.write_events(&forth), store.write_events(&back)).await;
        assert_eq!((done.0.unwrap(), done.1.unwrap()), (0, 0));
        store.close().await;
    });
}

#[test]
fn a_server_killed_during_ingestion_keeps_what_was_acknowledged_and_the_same_work_again_ends_it() {
    let server = Cluster::start("");
    let url = server.database();
    let all = rows(0..20_000);
    block_on(async {
        let store = open(&url, OpenMode::ReadWrite).await.unwrap();
        write(store.as_ref(), "SPY", &all[..1_000]).await;
        let mut writer = store.write_bars(&key("SPY")).await.unwrap();
        writer.append(&all[1_000..9_000]).await.unwrap();
        server.kill();
        let error = match writer.append(&all[9_000..]).await {
            Ok(_) => writer.commit(&covered(&all), &[]).await.err().unwrap(),
            Err(error) => error,
        };
        assert!(matches!(error, StoreError::Connect { .. }), "{error:?}");
        assert!(matches!(refusal(&url).await, StoreError::Connect { .. }));
        server.restart();
        let store = open(&url, OpenMode::ReadWrite).await.unwrap();
        assert_eq!(held(store.as_ref(), "SPY").await, all[..1_000]);
        let (written, _) = write(store.as_ref(), "SPY", &all).await;
        assert_eq!((written.same, written.new), (1_000, 19_000));
        assert_eq!(held(store.as_ref(), "SPY").await, all);
        store.close().await;
    });
}

#[test]
fn a_full_disk_is_an_error_and_what_was_acknowledged_stays() {
    let server = Cluster::start_with_small_disk(40);
    let url = server.database_on_small_disk();
    block_on(async {
        let store = open(&url, OpenMode::ReadWrite).await.unwrap();
        write(store.as_ref(), "SPY", &rows(0..500)).await;
        let error = write_until_an_error(store.as_ref()).await;
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
        assert_eq!(held(store.as_ref(), "SPY").await, rows(0..500));
        store.close().await;
    });
}

async fn write_until_an_error(store: &dyn Store) -> StoreError {
    let mut writer = store.write_bars(&key("SPY")).await.unwrap();
    for start in 1..100 {
        let block = rows(start * 20_000..start * 20_000 + 10_000);
        if let Err(error) = writer.append(&block).await {
            return error;
        }
    }
    panic!("a disk of 40 MB took a million rows")
}

/// A test that dies leaves no server behind: the guardian sees the end of its pipe.
#[test]
fn a_server_ends_with_the_process_that_started_it() {
    let test = "store_postgres::starts_a_server_and_dies";
    let folder = tempfile::tempdir().unwrap();
    let out = crate::support::child::child(test, folder.path(), ":").output().unwrap();
    assert!(!out.status.success());
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let dir = said.lines().find_map(|line| line.strip_prefix("server in ")).unwrap().to_owned();
    let lives = || {
        let list = Command::new("ps").args(["-eo", "args"]).output().unwrap();
        String::from_utf8_lossy(&list.stdout).contains(&dir)
    };
    for _ in 0..100 {
        if !lives() && !std::path::Path::new(&dir).exists() {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("the server in {dir} still lives");
}

#[test]
#[ignore = "run by another test in a process of its own"]
fn starts_a_server_and_dies() {
    let server = Cluster::start("");
    println!("\nserver in {}", server.folder().display());
    std::process::abort();
}

#[test]
fn a_series_is_read_as_it_was_when_the_reading_began() {
    let url = shared().database();
    block_on(async {
        let store = open(&url, OpenMode::ReadWrite).await.unwrap();
        let (_, info) = write(store.as_ref(), "SPY", &rows(0..100)).await;
        let mut writer = store.write_bars(&key("SPY")).await.unwrap();
        writer.append(&rows(100..200)).await.unwrap();
        assert_eq!(store.load_bars(info.id).await.unwrap().len(), 100);
        writer.commit(&covered(&rows(100..200)), &[]).await.unwrap();
        assert_eq!(store.load_bars(info.id).await.unwrap().len(), 200);
        store.close().await;
    });
}
