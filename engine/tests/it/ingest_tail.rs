//! The tail of a series that is held, broken off at any moment: the same command again, and nothing else,
//! ends with the rows of one that was never disturbed.

use std::{process::Stdio, time::Instant};

use algo_trader::{
    gateway::GatewayError,
    ingest::fetch::{FetchRequest, FetchState, Fetcher, NoWatch, Wanted, status},
    simulator::Settings,
    store::{BarRow, OpenMode, open},
};
use jiff::civil::date;
use strategy_api::Resolution;

use crate::{
    program::Program,
    support::{
        block_on,
        broker::{Broker, Fault},
        desk::Desk,
        ingest::at,
        over_tcp::OverTcp,
        postgres::shared,
    },
};

/// Kills of the program on each database, one a symbol.
const KILLS: u32 = 12;

#[test]
fn a_tail_that_fails_half_way_is_finished_by_the_same_command() {
    for resolution in [Resolution::Min1, Resolution::Hour1, Resolution::Day1, Resolution::Sec30] {
        // Sessions until the second run, more than two requests of them where there is more than one.
        let (until, first) = match resolution {
            Resolution::Sec30 => ("2024-06-20T21:00:00Z", "1 D"),
            Resolution::Min1 => ("2024-09-13T21:00:00Z", "5 D"),
            _ => ("2026-06-12T21:00:00Z", "1 M"),
        };
        for good in 0..8 {
            block_on(async {
                let desk = Desk::new("2024-06-14T21:00:00Z").await;
                let request = |wanted| FetchRequest::new("AAPL", resolution, wanted);
                let begun = desk.run(&request(Wanted::Span(first.parse().unwrap()))).await;
                assert_eq!(begun.state, FetchState::Done, "{begun:?}");
                let from = desk.rows(resolution).await[0].bar.ts;
                desk.broker.set_now(at(until));
                let (what, reason) = ("bars".to_owned(), "cut off".to_owned());
                let error = GatewayError::Garbled { what, reason };
                let faults = (0..good).map(|_| Fault::None).chain([Fault::Error(error)]);
                desk.broker.faults(faults.collect::<Vec<_>>());
                let broken = desk.run(&request(Wanted::New)).await;
                assert_eq!(broken.missing, 0, "what has come has no hole: {broken:?}");
                desk.broker.behave();
                let again = desk.run(&request(Wanted::New)).await;
                assert_eq!((again.state, again.missing), (FetchState::Done, 0), "{again:?}");
                let from = engine_core::calendar::date_of(engine_core::calendar::utc_day(from));
                let fresh = Desk::new(until).await;
                let fetcher = Fetcher::new(fresh.store.clone(), desk.broker.clone());
                let all = request(Wanted::Period { from, to: None });
                assert_eq!(fetcher.symbol(&all, &NoWatch).await.error, None);
                let (ours, expected) = (desk.rows(resolution).await, fresh.rows(resolution).await);
                assert!(ours == expected, "{resolution} after {good} answers");
            });
        }
    }
}

#[test]
fn a_new_series_that_fails_half_way_is_finished_by_the_same_command() {
    for good in 0..4 {
        block_on(async {
            let desk = Desk::new("2024-06-14T21:00:00Z").await;
            let request = FetchRequest::new("AAPL", Resolution::Hour1, Wanted::New);
            let (what, reason) = ("bars".to_owned(), "cut off".to_owned());
            let error = GatewayError::Garbled { what, reason };
            let faults = (0..good).map(|_| Fault::None).chain([Fault::Error(error)]);
            desk.broker.faults(faults.collect::<Vec<_>>());
            desk.run(&request).await;
            desk.broker.behave();
            assert_eq!(desk.run(&request).await.state, FetchState::Done);
            desk.is_right(Resolution::Hour1, "1 Y").await;
        });
    }
}

#[test]
fn a_hole_that_an_older_version_left_is_closed_by_the_next_tail() {
    block_on(async {
        let desk = Desk::new("2024-06-14T21:00:00Z").await;
        let of = |wanted| FetchRequest::new("AAPL", Resolution::Min1, wanted);
        desk.run(&of(Wanted::Span("5 D".parse().unwrap()))).await;
        desk.broker.set_now(at("2024-09-13T21:00:00Z"));
        let apart = Wanted::Period { from: date(2024, 9, 9), to: Some(date(2024, 9, 11)) };
        let report = desk.run(&of(apart)).await;
        assert!(report.missing > 20_000, "the summary counts the hole: {report:?}");
        let report = desk.run(&of(Wanted::New)).await;
        assert_eq!((report.state, report.missing), (FetchState::Done, 0), "{report:?}");
        let info = desk.store.series("AAPL", Resolution::Min1).await.unwrap().unwrap();
        let shown = status(&*desk.store, info, at("2024-09-13T21:00:00Z")).await.unwrap();
        assert_eq!((shown.missing, shown.is_current), (0, true));
    });
}

fn file_url(program: &Program) -> String {
    format!("sqlite://{}/data/algo-trader.db", program.home().display())
}

#[test]
fn killed_within_a_tail_the_same_command_ends_with_the_rows_of_an_undisturbed_run() {
    let (disturbed, undisturbed) = (Program::new(), Program::new());
    killed(&disturbed, &[file_url(&disturbed), file_url(&undisturbed)]);
}

#[test]
fn killed_within_a_tail_above_postgresql_it_ends_with_those_rows_too() {
    killed(&Program::new(), &[shared().database(), shared().database()]);
}

fn rows(url: &str, symbol: &str) -> Vec<BarRow> {
    block_on(async {
        let store = open(url, OpenMode::ReadWrite).await.unwrap();
        let info = store.series(symbol, Resolution::Min1).await.unwrap().unwrap();
        let rows = store.load_rows(info.id, i64::MIN).await.unwrap();
        store.close().await;
        rows
    })
}

fn killed(program: &Program, urls: &[String; 2]) {
    let now = Some(at("2026-09-18T21:00:00Z"));
    let gateway = OverTcp::start(Settings { now, speed: 0.0, ..Settings::default() });
    let [disturbed, undisturbed] = urls;
    let symbols: Vec<String> = (0..KILLS).map(|kill| format!("T{kill}")).collect();
    let run = |args: &[&str]| {
        let said = gateway.run(program, args);
        assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    };
    for (symbol, url) in symbols.iter().flat_map(|symbol| urls.iter().map(move |url| (symbol, url)))
    {
        run(&["ingest", "-s", symbol, "-r", "1m", "-d", "5 D", "--database", url]);
    }
    gateway.gateway().set_now(at("2026-11-20T21:30:00Z"));
    // Slow enough that most kills fall between two requests.
    gateway.inject("delay=0.1,times=always");
    let mut hits = 0;
    for (kill, symbol) in symbols.iter().enumerate() {
        let args = |url| ["ingest", "-s", symbol, "-r", "1m", "--database", url];
        let began = Instant::now();
        run(&args(undisturbed));
        let longest = began.elapsed();
        let mut command = gateway.command(program, &args(disturbed));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(longest * (kill as u32 + 1) / (KILLS + 1));
        let _ = child.kill();
        hits += u32::from(!child.wait().unwrap().success());
        run(&args(disturbed));
        let (ours, expected) = (rows(disturbed, symbol), rows(undisturbed, symbol));
        assert_eq!(ours.len(), expected.len(), "{symbol}, killed in the middle");
        assert!(ours == expected, "{symbol}");
    }
    assert!(hits >= KILLS / 4, "{hits} of {KILLS} kills came before the end");
}

#[test]
fn what_is_done_again_and_again_by_the_same_command_alone_ends_as_if_nothing_had_failed() {
    for seed in 0..40_u64 {
        block_on(async {
            let resolution = [Resolution::Min1, Resolution::Min30][(seed % 2) as usize];
            let until = if resolution == Resolution::Min1 { "2024-09-13" } else { "2025-12-12" };
            let until = at(&format!("{until}T21:00:00Z"));
            let desk = Desk::new("2024-06-14T21:00:00Z").await;
            let request = |wanted| FetchRequest::new("AAPL", resolution, wanted);
            desk.run(&request(Wanted::Span("6 D".parse().unwrap()))).await;
            desk.broker.set_now(until);
            for round in 0..6 {
                let dice = crate::support::broker::mix(seed << 8 | round);
                let (what, reason) = ("bars".to_owned(), "cut off".to_owned());
                let error = Fault::Error(GatewayError::Garbled { what, reason });
                let faults = (0..dice % 5).map(|_| Fault::None).chain([error]);
                desk.broker.faults(faults.collect::<Vec<_>>());
                desk.run(&request(Wanted::New)).await;
                desk.broker.behave();
            }
            let report = desk.run(&request(Wanted::New)).await;
            assert_eq!((report.state, report.missing), (FetchState::Done, 0), "seed {seed}");
            let fresh = Desk::new("2024-06-14T21:00:00Z").await;
            let broker = std::sync::Arc::new(Broker::new(until, date(2000, 1, 3)));
            let fetcher = Fetcher::new(fresh.store.clone(), broker);
            let all = Wanted::Period { from: date(2024, 6, 7), to: None };
            fetcher.symbol(&request(all), &NoWatch).await;
            assert!(desk.rows(resolution).await == fresh.rows(resolution).await, "seed {seed}");
        });
    }
}
