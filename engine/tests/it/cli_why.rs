//! `runs show --why`: the numbers of a trade, worked out again by hand.

use algo_trader::{
    report::record::is_ground,
    store::{OpenMode, RunRecord, open},
};
use serde_json::Value;

use crate::{
    program::{Program, Said, with_ma_cross},
    support::{block_on, plugins::fixture},
};

fn run(program: &Program, args: &[&str]) -> String {
    let said = program.run(&[&["backtest", "-s", "SPY", "--json"], args].concat());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    said.json()["run"].as_str().unwrap().to_owned()
}

const COSTS: [&str; 4] = ["--commission", "ibkr-fixed", "--slippage-bps", "2"];

fn ma_cross() -> (Program, String) {
    let program = with_ma_cross();
    let id = run(&program, &[&["--strategy", "ma_cross"], &COSTS[..]].concat());
    (program, id)
}

fn close(value: &Value, by_hand: f64) {
    let value = value.as_f64().unwrap_or(f64::NAN);
    assert!((value - by_hand).abs() < 1e-6, "{value} {by_hand}");
}

/// From the bundled bars by hand. Bought: 148.19 x 1.0002 = 148.219638; 100,000 pays for 674 of these and
/// 0.005 each (99,903.406012), not for 675 (100,051.63). Sold: 147.78 x 0.9998 = 147.750444. The profit is
/// 674 x (147.750444 - 148.219638) - 2 x 3.37 = -322.976756. The averages are those of the closes.
#[test]
fn the_first_trade_of_spy_is_that_of_a_pocket_calculator() {
    let (program, id) = ma_cross();
    let why = program.run(&["runs", "show", &id, "--why", "1", "--json"]).json();
    let (entry, exit) = (&why["orders"][0], &why["orders"][1]);
    assert_eq!((&entry["role"], &exit["role"]), (&"entry".into(), &"exit".into()));
    assert_eq!(entry["seen"]["time"], "2000-06-19");
    close(&entry["seen"]["close"], 148.47);
    close(&entry["seen"]["indicators"]["SMA(20)"], 144.536);
    close(&entry["seen"]["indicators"]["SMA(50)"], 144.2996);
    close(&entry["before"]["indicators"]["SMA(20)"], 144.169);
    close(&entry["before"]["indicators"]["SMA(50)"], 144.3398);
    let bought = &entry["fills"][0];
    assert_eq!(bought["bar"]["time"], "2000-06-20");
    close(&bought["reference"], 148.19);
    close(&bought["price"], 148.219_638);
    close(&bought["quantity"], 674.0);
    close(&bought["slippage"], 674.0 * 0.029_638);
    close(&bought["commission"], 3.37);
    let sold = &exit["fills"][0];
    close(&sold["price"], 147.750_444);
    close(&sold["held_before"], 674.0);
    close(&sold["cash_before"], 100_000.0 - 99_903.406_012);
    close(&why["sum"]["profit"], -322.976_756);
    assert_eq!(why["missing"], Value::Array(Vec::new()));

    let text = program.run(&["runs", "show", &id, "--why", "1"]).stdout;
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "SPY long 674, 2000-06-20 to 2000-08-14, net profit -322.98",
        "rule a market order: the open 148.19 of the next bar",
        "in whole units 674 with commission cost 99,903.41, 675 would 100,051.63",
        "slippage bps:2: 148.19 -> 148.219638, 0.029638 a unit x 674 = 19.98",
        "charged commission 3.37 (0.005 a share, at least 1, at most 1 % of the value)",
        "cash 674 x 148.219638 + 3.37 = 99,903.41 paid",
        "99,583.80 sold - 99,900.04 bought - 6.74 commission = -322.98 net",
    ] {
        assert!(words.contains(part), "no '{part}' in {text}");
    }
}

#[test]
fn every_trade_is_the_sum_of_its_fills_and_a_bracket_shows_what_became_of_its_orders() {
    let program = Program::new();
    program.put_plugin("libcheats.so", &fixture("cheats", "cheats"));
    let id = run(&program, &["--strategy", "cheat_orders", "--commission", "ibkr-tiered"]);
    let trades = program.run(&["runs", "show", &id, "--trades", "--json"]).json();
    let trades = trades.as_array().unwrap();
    assert!(trades.len() > 20);
    let mut events = Vec::new();
    for (number, trade) in (1..).zip(trades).take(25) {
        let why =
            program.run(&["runs", "show", &id, "--why", &number.to_string(), "--json"]).json();
        let orders = why["orders"].as_array().unwrap();
        let fills = orders.iter().flat_map(|order| order["fills"].as_array().unwrap());
        let flow: f64 = fills
            .map(|fill| -fill["value"].as_f64().unwrap() - fill["commission"].as_f64().unwrap())
            .sum();
        close(&trade["profit"], flow);
        close(&why["sum"]["profit"], flow);
        // The entry, a stop, a target and a trailing stop.
        assert!(orders.len() >= 4, "{number}");
        let life = orders.iter().flat_map(|order| order["life"].as_array().unwrap());
        events.extend(life.map(|row| row["event"].as_str().unwrap().to_owned()));
    }
    for event in ["placed", "modify", "released", "fill", "filled", "cancelled"] {
        assert!(events.iter().any(|known| known == event), "{event}");
    }
}

#[test]
fn a_number_that_there_is_not_is_answered_with_the_valid_ones() {
    let (program, id) = ma_cross();
    let ask = |option: &str, number: &str| program.run(&["runs", "show", &id, option, number]);
    let refused = |said: Said, what: &str, help: &str| {
        let line = said.failed(2, "USAGE").to_owned();
        assert!(line.contains(what), "{line}");
        assert!(said.stderr.contains(help), "{}", said.stderr);
    };
    let trades = format!("algo-trader runs show {} --trades", &id[..12]);
    refused(ask("--why", "0"), "the run has no trade 0: its trades are numbered 1 to 34", &trades);
    refused(
        ask("--why", "99"),
        "the run has no trade 99: its trades are numbered 1 to 34",
        &trades,
    );
    let orders = format!("algo-trader runs show {} --orders", &id[..12]);
    refused(ask("--why-order", "99"), "it has 67 orders, the last is 67", &orders);
    let one = ask("--why-order", "3");
    assert!(one.code == Some(0) && one.stdout.contains("Order 3"), "{}", one.stderr);
}

/// The record of the only run.
async fn record(program: &Program, id: &str, change: impl FnOnce(&mut RunRecord)) -> RunRecord {
    let url = format!("sqlite://{}", program.home().join("data/algo-trader.db").display());
    let store = open(&url, OpenMode::ReadWrite).await.unwrap();
    let mut found = store.run(id).await.unwrap().remove(0);
    let before = found.clone();
    change(&mut found);
    if found != before {
        store.save_run(&found).await.unwrap();
    }
    store.close().await;
    found
}

#[test]
fn a_run_that_is_repeated_is_kept_as_it_is_unless_something_is_missing_or_another_result_is_kept() {
    let (program, id) = ma_cross();
    let again = |more: &[&str]| {
        let args =
            [&["backtest", "-s", "SPY", "--strategy", "ma_cross"], &COSTS[..], more].concat();
        let said = program.run(&args);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
    };
    let kept = |change: fn(&mut RunRecord)| block_on(record(&program, &id, change));
    let first = kept(|_| {});
    let is_put_right = || {
        let now = kept(|_| {});
        assert!(now.created_at > first.created_at);
        assert!(RunRecord { created_at: first.created_at, ..now } == first);
    };
    again(&[]);
    is_put_right();
    // What is missing, and what another build has kept, is put right.
    kept(|run| run.columns.retain(|(kind, _)| kind != "seen"));
    again(&[]);
    is_put_right();
    kept(|run| run.result = run.result.replace("ma_cross", "ma_crossed"));
    again(&[]);
    is_put_right();
    // A damaged list is nobody's to see but for who reads it.
    kept(|run| run.columns.iter_mut().for_each(|(_, bytes)| bytes[0] = 9));
    let said = program.run(&["runs", "show", &id, "--orders"]);
    assert!(said.stderr.contains("again with --rewrite"), "{}", said.stderr);
    again(&["--rewrite"]);
    is_put_right();
}

/// A record of the first versions: the lists are there, what they stand on is not.
#[test]
fn a_run_of_an_older_version_says_what_is_missing_and_can_still_be_repeated() {
    let (program, id) = ma_cross();
    block_on(record(&program, &id, |old| old.columns.retain(|(kind, _)| !is_ground(kind))));
    let said = program.run(&["runs", "show", &id, "--why", "1"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let words = said.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "Missing the run was kept by a version that did not keep the bars and indicators",
        "99,583.80 sold - 99,900.04 bought - 6.74 commission = -322.98 net",
        "rule not kept with the run",
    ] {
        assert!(words.contains(part), "no '{part}' in {}", said.stdout);
    }
    let again = program.run(&["runs", "rerun", &id]);
    assert!(again.stderr.contains("identical to the kept run"), "{}", again.stderr);
}
