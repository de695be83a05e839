//! The program killed while it fetches, and PostgreSQL killed below it: the same command again ends with
//! the rows of an undisturbed run.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use algo_trader::{
    simulator::{Action, ActionKind, Settings},
    store::{BarRow, OpenMode, open},
};
use jiff::civil::date;
use strategy_api::Resolution;

use crate::{
    program::Program,
    support::{
        block_on,
        broker::mix,
        ingest::at,
        over_tcp::OverTcp,
        postgres::{Cluster, shared},
    },
};

/// Kills of the program.
const KILLS: u64 = 100;
/// Kills of one symbol until it may end.
const KILLS_A_SYMBOL: u64 = 10;
/// Kills of the program while it replaces a series, on each database.
const REPLACING_KILLS: u32 = 20;
/// Kills of PostgreSQL.
const SERVER_KILLS: u32 = 20;

fn gateway() -> OverTcp {
    let now = Some(at("2024-06-14T21:00:00Z"));
    OverTcp::start(Settings { now, speed: 0.0, ..Settings::default() })
}

fn rows(url: &str, symbol: &str, resolution: Resolution) -> Vec<BarRow> {
    block_on(async {
        let store = open(url, OpenMode::ReadWrite).await.unwrap();
        let info = store.series(symbol, resolution).await.unwrap().unwrap();
        let rows = store.load_rows(info.id, i64::MIN).await.unwrap();
        store.close().await;
        rows
    })
}

fn file_url(program: &Program) -> String {
    format!("sqlite://{}/data/algo-trader.db", program.home().display())
}

#[test]
fn killed_a_hundred_times_the_program_ends_with_the_rows_of_an_undisturbed_run() {
    let (gateway, disturbed, undisturbed) = (gateway(), Program::new(), Program::new());
    let urls = [file_url(&disturbed), file_url(&undisturbed)];
    killed(&gateway, &disturbed, &urls, "4 Y");
}

#[test]
fn killed_while_it_replaces_a_series_the_program_leaves_the_old_one_or_the_new_one() {
    let kind = ActionKind::Split(4.0);
    let action = Action { symbol: "R".to_owned(), date: date(2024, 6, 17), kind };
    let now = Some(at("2024-06-14T21:00:00Z"));
    let settings = Settings { now, speed: 0.0, actions: vec![action], ..Settings::default() };
    let (gateway, program, cluster) = (OverTcp::start(settings), Program::new(), shared());
    let undisturbed = Program::new();
    replaced(&gateway, &program, &file_url(&program), &file_url(&undisturbed));
    gateway.gateway().set_now(at("2024-06-14T21:00:00Z"));
    replaced(&gateway, &program, &cluster.database(), &cluster.database());
}

/// Kills the program while it replaces a series after a split, at moments all over a run: each bar of the
/// new series differs from the old one, so that half of each would show. `fresh` is a database for a run
/// that nobody disturbs.
fn replaced(gateway: &OverTcp, program: &Program, url: &str, fresh: &str) {
    let args = |url| ["ingest", "-s", "R", "-r", "30m", "-d", "2 Y", "--database", url];
    assert_eq!(gateway.run(program, &args(url)).code, Some(0));
    let (old, again) =
        (rows(url, "R", Resolution::Min30), [&args(url)[..], &["--replace"]].concat());
    gateway.gateway().set_now(at("2024-06-18T21:00:00Z"));
    let began = Instant::now();
    assert_eq!(gateway.run(program, &args(fresh)).code, Some(0));
    let (longest, new) = (began.elapsed(), rows(fresh, "R", Resolution::Min30));
    let (mut hits, mut is_new) = (0, false);
    for kill in 0..REPLACING_KILLS {
        let mut command = gateway.command(program, &again);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(longest * (kill + 1) / (REPLACING_KILLS + 1));
        let _ = child.kill();
        hits += u32::from(!child.wait().unwrap().success());
        let held = rows(url, "R", Resolution::Min30);
        is_new |= held == new;
        assert!(if is_new { held == new } else { held == old }, "kill {kill}");
    }
    assert!(hits >= REPLACING_KILLS / 4, "{hits} of {REPLACING_KILLS} kills came before the end");
    assert_eq!(gateway.run(program, &again).code, Some(0));
    assert!(rows(url, "R", Resolution::Min30) == new);
}

#[test]
fn killed_a_hundred_times_above_postgresql_it_ends_with_those_rows_too() {
    let (gateway, program, cluster) = (gateway(), Program::new(), shared());
    killed(&gateway, &program, &[cluster.database(), cluster.database()], "1 Y");
}

/// Kills the program while it fetches into the first database and asks for the rows of the second.
fn killed(gateway: &OverTcp, program: &Program, urls: &[String; 2], span: &str) {
    let [disturbed, undisturbed] = urls;
    let (mut kills, mut symbols) = (0, 0);
    while kills < KILLS {
        let symbol = format!("K{symbols}");
        symbols += 1;
        let args = |url| ["ingest", "-s", &symbol, "-r", "30m", "-d", span, "--database", url];
        let began = Instant::now();
        let said = gateway.run(program, &args(undisturbed));
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        // As long as this took, so that every moment of a run is hit on any machine.
        let longest = u64::try_from(began.elapsed().as_micros()).unwrap();
        for _ in 0..KILLS_A_SYMBOL {
            let mut command = gateway.command(program, &args(disturbed));
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_micros(mix(symbols << 32 | kills) % longest));
            // It may have ended by itself.
            let _ = child.kill();
            if child.wait().unwrap().success() {
                break;
            }
            kills += 1;
        }
        let said = gateway.run(program, &args(disturbed));
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        let expected = rows(undisturbed, &symbol, Resolution::Min30);
        assert!(rows(disturbed, &symbol, Resolution::Min30) == expected, "{symbol}");
        assert!(symbols < 3 * KILLS, "{kills} kills of {symbols} symbols");
    }
}

#[test]
fn postgresql_killed_twenty_times_ends_with_the_rows_of_an_undisturbed_run() {
    let (gateway, program, cluster) = (gateway(), Program::new(), Cluster::start(""));
    let (disturbed, undisturbed) = (cluster.database(), shared().database());
    let mut hits = 0;
    for kill in 0..SERVER_KILLS {
        let symbol = format!("K{kill}");
        let args = |url| ["ingest", "-s", &symbol, "-r", "30m", "-d", "4 Y", "--database", url];
        let run = |url| {
            let said = gateway.run(&program, &args(url));
            assert_eq!(said.code, Some(0), "{}", said.stderr);
        };
        let began = Instant::now();
        run(&undisturbed);
        let longest = began.elapsed();
        let mut command = gateway.command(&program, &args(&disturbed));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(longest * (kill + 1) / (SERVER_KILLS + 1));
        cluster.kill();
        hits += u32::from(!child.wait().unwrap().success());
        cluster.restart();
        run(&disturbed);
        let resolution = Resolution::Min30;
        let expected = rows(&undisturbed, &symbol, resolution);
        assert!(rows(&disturbed, &symbol, resolution) == expected, "{symbol}");
    }
    assert!(hits >= SERVER_KILLS / 4, "{hits} of {SERVER_KILLS} kills disturbed a run");
}
