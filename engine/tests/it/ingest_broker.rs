//! The real program and a simulated gateway over TCP: what a user types and sees.

use std::{
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use algo_trader::simulator::{Action, ActionKind, Settings};
use jiff::civil::date;

use crate::{
    program::Program,
    support::{ingest::at, over_tcp::OverTcp, plugins::library},
};

/// 2024-06-14, a Friday, an hour after the close.
const FRIDAY: &str = "2024-06-14T21:00:00Z";

fn on_friday() -> OverTcp {
    OverTcp::start(Settings { now: Some(at(FRIDAY)), speed: 0.0, ..Settings::default() })
}

fn counts(json: &serde_json::Value, at: usize) -> [u64; 4] {
    ["new", "same", "changed", "missing"].map(|key| json["symbols"][at][key].as_u64().unwrap())
}

#[test]
fn days_hours_and_years_come_once_and_the_second_run_asks_only_for_the_tail() {
    let (gateway, program) = (on_friday(), Program::new());
    // Sessions of five years: 138 of 2019, 253, 252, 251, 250, and 115 of 2024.
    for (symbol, resolution, span, bars, tail) in
        [("AAPL", "1d", "5 D", 5, 5), ("AAPL", "1h", "7 D", 49, 7), ("MSFT", "1d", "5 Y", 1_259, 7)]
    {
        let args = ["ingest", "-s", symbol, "-r", resolution, "-d", span, "--json"];
        let first = gateway.run(&program, &args).json();
        assert_eq!(counts(&first, 0), [bars, 0, 0, 0], "{first}");
        let second = gateway.run(&program, &args).json();
        assert_eq!(counts(&second, 0), [0, tail, 0, 0], "{second}");
        assert_eq!(second["symbols"][0]["bars_held"], bars);
    }
    let text = program.run(&["ingest", "--status"]).stdout;
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    let status = program.run(&["ingest", "--status", "-s", "MSFT", "--json"]).json();
    let msft = &status["series"][0];
    assert_eq!((&msft["bars"], &msft["missing"]), (&1_259.into(), &0.into()), "{status}");
    assert_eq!(msft["source"], "ibkr trades rth");
    let said = program.run(&["ingest", "--status", "-s", "NONE"]);
    said.failed(4, "DATA");
}

#[test]
fn several_symbols_come_from_options_and_files_and_one_failure_is_exit_10() {
    let (gateway, program) = (on_friday(), Program::new());
    std::fs::write(program.home().join("list.txt"), "# mine\nMSFT\nTSLA # cars\nAAPL\n").unwrap();
    let args = ["ingest", "-s", "AAPL", "--symbols-from", "list.txt", "-d", "5 D"];
    let said = gateway.run(&program, &args);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let rows: Vec<&str> = said.stdout.lines().skip(1).take(3).collect();
    assert!(rows[0].starts_with("AAPL") && rows[2].starts_with("TSLA"), "{}", said.stdout);
    assert!(said.stdout.lines().all(|line| line.len() <= 80), "{}", said.stdout);
    gateway.inject("error=200,for=contract,symbol=NOPE,times=always");
    let said = gateway.run(&program, &["ingest", "-s", "NOPE", "-s", "AAPL", "-d", "5 D"]);
    assert_eq!(said.code, Some(10), "{}{}", said.stdout, said.stderr);
    assert!(said.stderr.contains("error[DATA]: NOPE"), "{}", said.stderr);
    assert!(said.stdout.contains("failed") && said.stdout.contains("ok"), "{}", said.stdout);
    gateway.run(&program, &["ingest", "-s", "NOPE", "-d", "5 D"]).failed(4, "DATA");
}

#[test]
fn a_split_between_two_ingestions_restates_the_series_and_is_on_record() {
    let kind = ActionKind::Split(4.0);
    let action = Action { symbol: "AAPL".to_owned(), date: date(2024, 6, 17), kind };
    let settings = Settings {
        now: Some(at(FRIDAY)),
        speed: 0.0,
        actions: vec![action],
        ..Settings::default()
    };
    let (gateway, program) = (OverTcp::start(settings), Program::new());
    let args = ["ingest", "-s", "AAPL", "-d", "1 Y", "--json"];
    let before = gateway.run(&program, &args).json();
    gateway.gateway().set_now(at("2024-06-18T21:00:00Z"));
    let after = gateway.run(&program, &["ingest", "-s", "AAPL"]);
    assert_eq!(after.code, Some(0), "{}", after.stderr);
    assert!(after.stdout.contains("as after a split"), "{}", after.stdout);
    let status = program.run(&["ingest", "--status", "--json"]).json();
    let series = &status["series"][0];
    assert_eq!((&series["epoch"], &series["revisions"][0]["factor"]), (&1.into(), &0.25.into()));
    assert_eq!(series["bars"], before["symbols"][0]["bars_held"].as_i64().unwrap() + 2);
    // As one who comes only now has it.
    let fresh = Program::new();
    gateway.run(&fresh, &["ingest", "-s", "AAPL", "--from", "2023-06-15"]);
    let digest = |program: &Program| {
        let run = program.run(&["backtest", "-s", "AAPL", "--strategy", "buy_and_hold", "--json"]);
        run.json()["data"]["digest"].clone()
    };
    assert_eq!(digest(&program), digest(&fresh));
}

#[test]
fn faults_of_the_gateway_end_as_documented() {
    let (mut gateway, program) = (on_friday(), Program::new());
    let args = ["ingest", "-s", "AAPL", "-d", "10 D"];
    for fault in ["drop-after=3", "nan", "unordered", "duplicate-same", "stale", "error=pacing"] {
        if fault != "error=pacing" {
            gateway.inject(fault);
        }
        let said = gateway.run(&program, &[&args[..], &["--replace"]].concat());
        assert_eq!(said.code, Some(0), "{fault}: {}{}", said.stdout, said.stderr);
        gateway.gateway().heal();
    }
    gateway.inject("nan,times=always");
    let said = gateway.run(&program, &[&args[..], &["--replace"]].concat());
    assert_eq!(said.code, Some(10), "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.contains("rejected: a price is not a finite number"), "{}", said.stdout);
    assert!(said.stdout.contains("partly"), "{}", said.stdout);
    gateway.run(&program, &[&args[..], &["--replace", "--strict"]].concat()).failed(4, "DATA");
    gateway.gateway().heal();
    gateway.stop();
    let began = Instant::now();
    let said = gateway.run(&program, &[&args[..], &["--max-wait", "1s"]].concat());
    assert!(said.failed(5, "GATEWAY").contains("cannot reach a gateway"), "{}", said.stderr);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_is_too_much_for_one_answer_is_asked_for_in_halves() {
    let (gateway, program, undisturbed) = (on_friday(), Program::new(), Program::new());
    let args = ["ingest", "-s", "AAPL", "-r", "1h", "-d", "20 D", "--json"];
    let expected = gateway.run(&undisturbed, &args).json();
    // 140 bars are asked for, then twice 77.
    gateway.inject("too-long=80,times=always");
    let said = gateway.run(&program, &args);
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    let got = said.json();
    assert_eq!(counts(&got, 0), counts(&expected, 0), "{got}");
    assert_eq!((got["symbols"][0]["duplicates"].as_u64(), counts(&got, 0)[0]), (Some(0), 140));
    gateway.gateway().heal();
    gateway.inject("too-long=5,times=always");
    let said = gateway.run(&program, &["ingest", "-s", "MSFT", "-r", "1h", "-d", "1 D"]);
    assert!(said.failed(5, "GATEWAY").contains("16 MiB"), "{}", said.stderr);
}

#[test]
fn an_interrupted_fetch_ends_soon_and_says_how_far_it_came() {
    let (gateway, program) = (on_friday(), Program::new());
    gateway.inject("delay=60,at=3");
    let args = ["ingest", "-s", "AAPL", "-r", "1h", "-d", "3 Y"];
    let mut command = gateway.command(&program, &args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(600));
    let began = Instant::now();
    Command::new("kill").args(["-INT", &child.id().to_string()]).output().unwrap();
    let said: crate::program::Said = child.wait_with_output().unwrap().into();
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(said.code, Some(130), "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.contains("stopped"), "{}", said.stdout);
    assert!(said.stderr.contains("interrupted"), "{}", said.stderr);
    gateway.gateway().heal();
    let again = gateway.run(&program, &args);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
}

#[test]
fn a_backtest_fetches_what_it_needs_and_runs_offline_only_when_told() {
    let (mut gateway, program) = (OverTcp::start(Settings::default()), Program::new());
    program.put_plugin("libma_cross.so", &library("ma_cross"));
    let args = |symbol, span| {
        let common = ["backtest", "-s", symbol, "-r", "1d", "--strategy", "ma_cross", "--plot"];
        [&common[..], &["--auto-fetch", "--fetch-duration", span]].concat()
    };
    for (symbol, span) in [("SPY", "5 Y"), ("TSLA", "3 Y")] {
        let said = gateway.run(&program, &args(symbol, span));
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        assert!(said.stderr.contains("bars fetched"), "{}", said.stderr);
        let plot = program.home().join(format!("data/plots/{symbol}_1d.png"));
        assert!(std::fs::metadata(plot).unwrap().len() > 5_000);
    }
    gateway.stop();
    let said = gateway.run(&program, &args("SPY", "5 Y"));
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stderr.contains("nothing was fetched"), "{}", said.stderr);
    let mut more = args("SPY", "9 Y");
    more.extend(["--max-wait", "1s"]);
    let said = gateway.run(&program, &more);
    said.failed(5, "GATEWAY");
    assert!(said.stderr.contains("--offline-ok"), "{}", said.stderr);
    more.push("--offline-ok");
    let said = gateway.run(&program, &more);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    assert!(said.stderr.contains("runs on what is held"), "{}", said.stderr);
}
