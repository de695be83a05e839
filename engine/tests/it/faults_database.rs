//! Databases that are absent, silent, full, foreign, newer or killed: the program says what is wrong,
//! ends with 6, and what was acknowledged is there.

use std::{
    fs,
    net::TcpListener,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    program::{Program, Said},
    support::{block_on, postgres},
};

fn minutes(rows: usize) -> String {
    let mut text = String::from("timestamp,open,high,low,close,volume\n");
    for row in 0..rows {
        let (ts, last) = (1_500_000_000 + row * 60, 100 + row % 90);
        text.push_str(&format!("{ts},10,11,9,10.{last},5\n"));
    }
    text
}

const INGEST: [&str; 9] =
    ["ingest", "-s", "M", "-r", "1m", "--calendar", "24/7", "--from-csv", "m.csv"];

#[test]
fn an_address_that_refuses_or_stays_silent_is_an_error_within_five_seconds() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let program = Program::new();
    for url in
        ["postgres://u:hidden@127.0.0.1:1/x", &format!("postgres://u:hidden@127.0.0.1:{port}/x")]
    {
        let began = Instant::now();
        let said = program.run(&["db", "status", "--database", url]);
        said.failed(6, "DATABASE");
        // A loaded machine adds its own time to the limit.
        assert!(began.elapsed() < Duration::from_secs(10));
        assert!(
            !said.stderr.contains("hidden") && said.stderr.contains("127.0.0.1"),
            "{}",
            said.stderr
        );
    }
}

#[test]
fn a_database_that_is_not_there_is_named() {
    let url = postgres::shared().url("tester", "no_such_database");
    let said = Program::new().run(&["db", "status", "--database", &url]);
    said.failed(6, "DATABASE");
    assert!(said.stderr.contains("no_such_database"), "{}", said.stderr);
}

#[test]
fn a_full_disk_is_an_error_and_the_old_rows_stay() {
    let program = Program::new();
    fs::write(program.home().join("m.csv"), minutes(1_000)).unwrap();
    assert_eq!(program.run(&INGEST).code, Some(0));
    fs::write(program.home().join("m.csv"), minutes(100_000)).unwrap();
    // The limit on the size of a file stands in for the end of a disk: 1,000 blocks of 1 KiB.
    let mut shell = Command::new("bash");
    shell.args(["-c", "ulimit -f 1000; exec \"$@\"", "bash", env!("CARGO_BIN_EXE_algo-trader")]);
    let said: Said = shell.args(INGEST).current_dir(program.home()).output().unwrap().into();
    said.failed(6, "DATABASE");
    assert!(said.stderr.contains("is full"), "{}", said.stderr);
    let held = program.run(&["db", "status", "--json"]).json();
    assert_eq!(held["database"]["rows"]["bars"], 1_000);
    let again = program.run(&INGEST);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
}

#[test]
fn migrations_that_are_edited_or_newer_than_the_program_are_refused_before_a_write() {
    let edits = [
        "UPDATE algo_trader_migrations SET checksum = 'ffff'",
        "UPDATE algo_trader_migrations SET version = 9999 WHERE version = 2",
    ];
    for edit in edits {
        let url = postgres::shared().database();
        let program = Program::new();
        assert_eq!(program.run(&["db", "init", "--database", &url]).code, Some(0));
        postgres::execute(&url, edit);
        fs::write(program.home().join("m.csv"), minutes(10)).unwrap();
        let said = program.run(&[&INGEST[..], &["--database", &url]].concat());
        said.failed(6, "DATABASE");
        postgres::execute(&url, "DO $$ BEGIN ASSERT (SELECT count(*) FROM bars) = 0; END $$");
    }
}

#[test]
fn a_server_killed_during_ingestion_ends_with_the_rows_of_an_undisturbed_run() {
    let cluster = postgres::Cluster::start("");
    let undisturbed = postgres_digest(&cluster.database(), None);
    let url = cluster.database();
    for wait_ms in [50, 150, 300, 600] {
        let disturbed = postgres_digest(&url, Some((&cluster, Duration::from_millis(wait_ms))));
        assert_eq!(disturbed, undisturbed, "killed after {wait_ms} ms");
    }
}

/// Ingests 50,000 bars, the server dying on the way when asked to, and runs it again until it says
/// that it is done; then a digest of all rows.
fn postgres_digest(url: &str, fault: Option<(&postgres::Cluster, Duration)>) -> String {
    let program = Program::new();
    fs::write(program.home().join("m.csv"), minutes(50_000)).unwrap();
    let args = [&INGEST[..], &["--database", url]].concat();
    if let Some((cluster, wait)) = fault {
        let mut first = program.command(&args).spawn().unwrap();
        std::thread::sleep(wait);
        cluster.kill();
        first.wait().unwrap();
        cluster.restart();
    }
    let said = program.run(&args);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    block_on(async {
        use sqlx::{Connection, PgConnection};
        let mut db = PgConnection::connect(url).await.unwrap();
        let sql = "SELECT count(*) || ' ' || md5(string_agg(ts || ',' || close || ',' || \
                   coalesce(ma20::text, '') || ',' || coalesce(ma50::text, '') || ',' || ath, ';' ORDER BY ts)) \
                   FROM bars WHERE is_final";
        sqlx::query_scalar::<_, String>(sql).fetch_one(&mut db).await.unwrap()
    })
}
