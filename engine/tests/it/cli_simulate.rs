//! `simulate-gateway` as a user starts it, and the replay of a database.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
};

use algo_trader::{
    simulator::{Settings, Simulator},
    store::{BarRow, Coverage, OpenMode, SeriesKey, Store, open},
};
use engine_core::{calendar::DAY_NS, instrument::Instrument};
use ibapi::prelude::{Client, Contract, HistoricalBarSize, ToDuration};
use strategy_api::{Bar, Resolution};

use crate::{
    program::Program,
    support::{
        block_on,
        simulated::{NOW, Raw, settings},
    },
};

/// The program with its first line of output.
fn started(program: &Program, args: &[&str]) -> (Child, String) {
    let mut command = program.command(&[&["simulate-gateway", "--port", "0"], args].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim_end().to_owned())
}

fn interrupt(child: &mut Child) -> Option<i32> {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    child.wait().unwrap().code()
}

#[test]
fn it_says_where_it_listens_answers_and_ends_on_an_interrupt() {
    let program = Program::new();
    let (mut child, line) = started(&program, &["--seed", "7", "--now", "2026-11-20T21:30:00Z"]);
    let address = line.strip_prefix("listening on ").unwrap();
    let address = address.strip_suffix(" (simulated, seed 7)").unwrap().parse().unwrap();
    let (mut client, _) = Raw::open(address, 1);
    client.ask_bars(5, "AAPL", "1 day", "5 D", "");
    assert_eq!(client.read().unwrap().bars().len(), 5);
    assert_eq!(interrupt(&mut child), Some(130));
}

#[test]
fn a_script_is_read_and_its_mistakes_are_named_with_their_place() {
    let program = Program::new();
    let script = program.home().join("faults.toml");
    std::fs::write(
        &script,
        "faults = [\n  \"error=pacing\",\n]\nsplits = [\"AAPL=2026-11-20:4\"]\n",
    )
    .unwrap();
    let (mut child, line) = started(&program, &["--script", "faults.toml"]);
    let (mut client, _) = Raw::open(line.split(' ').nth(2).unwrap().parse().unwrap(), 1);
    client.ask_bars(5, "AAPL", "1 day", "5 D", "");
    assert_eq!(client.read().unwrap().number(3), Some(162));
    assert_eq!(interrupt(&mut child), Some(130));
    std::fs::write(&script, "faults = [\n  \"nan\",\n  \"nun\"]\n").unwrap();
    let said = program.run(&["simulate-gateway", "--port", "0", "--script", "faults.toml"]);
    let line = said.failed(3, "CONFIG");
    assert!(line.contains("faults.toml:3:3: 'nun': 'nun' is not known"), "{line}");
}

#[test]
fn what_cannot_be_is_refused_before_anything_listens() {
    let program = Program::new();
    for (args, word) in [
        (["--fault", "nonsense"], "nonsense"),
        (["--split", "AAPL:4"], "SYMBOL=DATE:RATIO"),
        (["--dividend", "AAPL=2026-11-20:-1"], "SYMBOL=DATE:AMOUNT"),
        (["--speed", "1e9"], "0 to 1e6"),
        (["--now", "yesterday"], "yesterday"),
    ] {
        let said = program.run(&[&["simulate-gateway"], args.as_slice()].concat());
        let line = said.failed(2, "USAGE");
        assert!(line.contains(word), "{line}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = program.run(&["simulate-gateway", "--port", &port]);
    assert!(said.failed(2, "USAGE").contains("cannot listen on 127.0.0.1:"));
}

/// A database with bars of SPY: 20 November 2026, minute by minute, or every second weekday by day.
async fn database(url: &str) -> Box<dyn Store> {
    let store = open(url, OpenMode::ReadWrite).await.unwrap();
    let minute = 60_000_000_000;
    // 09:30 in New York.
    let open_ns = NOW - 7 * 60 * minute;
    let minutes: Vec<i64> = (0..390).map(|row| open_ns + row * minute).collect();
    let days: Vec<i64> = (1..=3).rev().map(|row| (NOW / DAY_NS - row) * DAY_NS).collect();
    for (resolution, starts) in [(Resolution::Min1, minutes), (Resolution::Day1, days)] {
        let key = SeriesKey {
            instrument: Instrument::us_equity("SPY"),
            resolution,
            source: "csv".to_owned(),
            adjustment: "raw".to_owned(),
        };
        let rows: Vec<BarRow> = (0..).zip(&starts).map(|(row, ts)| bar_row(*ts, row)).collect();
        let mut writer = store.write_bars(&key).await.unwrap();
        writer.append(&rows).await.unwrap();
        let coverage = Coverage {
            from_ts: starts[0],
            to_ts: starts[starts.len() - 1],
            bars: rows.len() as i64,
            missing: 0,
            rejected: 0,
            source: "csv".to_owned(),
            asked: 1,
            fetched_at: 0,
        };
        writer.commit(&coverage, &[]).await.unwrap();
    }
    store
}

/// The bar that opens at 100 plus its row, reaches 2 above and 1 below, and closes 1 above.
fn bar_row(ts: i64, row: u32) -> BarRow {
    let open = 100.0 + f64::from(row);
    let bar = Bar { ts, open, high: open + 2.0, low: open - 1.0, close: open + 1.0, volume: 10.0 };
    BarRow { bar, is_final: true, ma20: None, ma50: None, ath: None }
}

#[test]
fn a_database_is_replayed_at_its_own_and_at_longer_lengths() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("x.db").display());
    block_on(async {
        let running = Simulator::replay(settings(), database(&url).await).await.unwrap();
        let client = Client::connect(&running.address().to_string(), 1).await.unwrap();
        let contract = Contract::stock("SPY").build();
        let fetch = async |size, duration| {
            client.historical_data(&contract, size).duration(duration).fetch().await.unwrap().bars
        };
        assert_eq!(fetch(HistoricalBarSize::Min, 1.days()).await.len(), 390);
        let hours = fetch(HistoricalBarSize::Hour, 1.days()).await;
        // 09:30 to 10:00 holds rows 0 to 29, the last hour rows 330 to 389.
        let ends: Vec<_> = hours.iter().map(|bar| (bar.open, bar.high, bar.close)).collect();
        assert_eq!(ends.len(), 7);
        assert_eq!((ends[0], ends[6]), ((100.0, 131.0, 130.0), (430.0, 491.0, 490.0)));
        assert_eq!((hours[0].volume, hours[6].volume), (300.0, 600.0));
        let days = fetch(HistoricalBarSize::Day, 5.days()).await;
        // 17, 18 and 19 November as they are held; the 20th is held in minutes only.
        assert_eq!(days.iter().map(|bar| bar.open).collect::<Vec<_>>(), [100.0, 101.0, 102.0]);
        let unknown = client.contract_details(&Contract::stock("MSFT").build()).await;
        assert!(unknown.is_err());
        running.stop().await;
    });
}

#[test]
fn nothing_of_a_database_is_known_before_the_clock_has_passed_it() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("x.db").display());
    block_on(async {
        // 10:00:30 in New York.
        let early = Settings { now: Some(NOW - 23_370_000_000_000), ..settings() };
        let running = Simulator::replay(early, database(&url).await).await.unwrap();
        let client = Client::connect(&running.address().to_string(), 1).await.unwrap();
        let contract = Contract::stock("SPY").build();
        let asked = client.historical_data(&contract, HistoricalBarSize::Min).duration(1.days());
        assert_eq!(asked.fetch().await.unwrap().bars.len(), 30);
        running.stop().await;
    });
}
