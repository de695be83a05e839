//! Rules of a backtest from `strategies.toml`, and symbols from a file.

use std::fs;

use serde_json::json;

use crate::{
    program::{Program, with_ma_cross},
    support::plugins::library,
};

const RULES: &str = "\
[backtest]
commission = \"ibkr-fixed\"
slippage = \"bps:2\"
cash = 50_000

[strategies.golden_cross]
strategy = \"ma_cross\"
params = { fast = 50, slow = 200 }

[strategies.golden_cross.backtest]
account = \"margin\"
borrow_fee = 0.01
commission = \"ibkr-tiered\"
";

fn home() -> Program {
    let program = with_ma_cross();
    fs::write(program.home().join("strategies.toml"), RULES).unwrap();
    program
}

#[test]
fn rules_of_the_file_hold_until_an_option_says_otherwise() {
    let program = home();
    let run = |args: &[&str]| {
        let said = program.run(&[&["backtest", "-s", "SPY", "--json"], args].concat());
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        said.json()["settings"].clone()
    };
    let plain = run(&["--strategy", "ma_cross"]);
    let said = |key: &str| plain[key].as_str().unwrap().to_owned();
    assert_eq!((said("commission"), said("slippage")), ("ibkr-fixed".into(), "bps:2".into()));
    assert_eq!((&plain["cash"], said("account")), (&json!(50_000.0), "cash".into()));
    assert_eq!(plain["origins"]["commission"], "[backtest] of strategies.toml, line 2");

    let golden = run(&["--strategy", "golden_cross"]);
    assert_eq!(golden["commission"], "ibkr-tiered");
    assert_eq!((&golden["account"], &golden["borrow_fee"]), (&json!("margin"), &json!(0.01)));
    assert_eq!(golden["slippage"], "bps:2");
    let origin = "[strategies.golden_cross.backtest] of strategies.toml, line 13";
    assert_eq!(golden["origins"]["commission"], origin);

    let option = run(&["--strategy", "ma_cross", "--commission", "none", "--slippage-bps", "0"]);
    assert_eq!((&option["commission"], &option["slippage"]), (&json!("none"), &json!("none")));
    assert_eq!(option["origins"], json!({ "cash": "[backtest] of strategies.toml, line 4" }));
}

#[test]
fn the_summary_says_which_rules_come_from_the_file_and_whose_prices_they_are() {
    let program = home();
    let said = program.run(&["backtest", "-s", "SPY", "--strategy", "golden_cross"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let text = said.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "Defaults account, borrow_fee, commission from [strategies.golden_cross.backtest] of \
         strategies.toml; cash, slippage from [backtest] of strategies.toml",
        "Interactive Brokers, US stocks, tiered, 2026",
    ] {
        assert!(text.contains(part), "no '{part}' in {}", said.stdout);
    }
    assert!(said.stdout.lines().all(|line| line.chars().count() <= 80), "{}", said.stdout);
}

#[test]
fn a_run_with_rules_of_the_file_is_repeated_after_the_file_changed() {
    let program = home();
    let run = program.run(&["backtest", "-s", "SPY", "--strategy", "ma_cross", "--json"]);
    let id = run.json()["run"].as_str().unwrap().to_owned();
    fs::write(program.home().join("strategies.toml"), "[backtest]\ncash = 1\n").unwrap();
    let again = program.run(&["runs", "rerun", &id, "--json"]);
    assert_eq!((again.code, again.stdout), (Some(0), run.stdout), "{}", again.stderr);
}

#[test]
fn a_rate_without_an_effect_or_below_zero_is_refused() {
    let program = home();
    fs::remove_file(program.home().join("strategies.toml")).unwrap();
    let run = |more: &[&str]| {
        program.run(&[&["backtest", "-s", "SPY", "--strategy", "ma_cross"], more].concat())
    };
    for option in ["--margin-rate", "--borrow-fee"] {
        let said = run(&[option, "0.05"]);
        let line = said.failed(2, "USAGE");
        assert!(line.contains(&format!("{option} 0.05: a cash account borrows nothing")), "{line}");
        let said = run(&["--account", "margin", option, "-0.5"]);
        let line = said.failed(2, "USAGE");
        assert!(line.contains("'-0.5': not a fraction from 0 to 1"), "{line}");
        assert_eq!(run(&["--account", "margin", option, "0.05"]).code, Some(0));
    }
}

#[test]
fn a_key_that_there_is_not_is_answered_with_the_one_that_was_meant() {
    let program = home();
    fs::write(program.home().join("strategies.toml"), "[backtest]\nslipage = \"bps:2\"\n").unwrap();
    let said = program.run(&["backtest", "-s", "SPY", "--strategy", "ma_cross"]);
    let line = said.failed(3, "CONFIG");
    let expected = "strategies.toml:2:1: unknown key 'slipage', did you mean 'slippage'?";
    assert!(line.contains(expected), "{line}");
}

#[test]
fn a_rotation_trades_the_symbols_of_a_file_on_one_margin_account() {
    let program = Program::new();
    program.put_plugin("libmomentum_rotation.so", &library("momentum_rotation"));
    fs::write(program.home().join("list.txt"), "# three\nSPY\nAAPL  # fruit\n\nMSFT\nSPY\n")
        .unwrap();
    let rest = ["--strategy", "momentum_rotation", "--cash", "1000000", "--account", "margin"];
    let from = |file| [&["backtest", "--symbols-from", file], &rest[..]].concat();
    let said = program.run(&[&from("list.txt")[..], &["--json"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let result = said.json();
    assert_eq!(result["symbols"], json!(["SPY", "AAPL", "MSFT"]));
    assert_eq!(result["settings"]["account"], "margin");
    assert!(result["counts"]["closed_trades"].as_u64().unwrap() > 10);
    let named = ["backtest", "-s", "SPY", "-s", "AAPL", "-s", "MSFT", "--json"];
    let named = program.run(&[&named[..], &rest[..]].concat());
    assert_eq!(named.json()["run"], result["run"]);

    fs::write(program.home().join("bad.txt"), "SPY\nA\tB\n").unwrap();
    let line = program.run(&from("bad.txt")).failed(4, "DATA").to_owned();
    assert!(line.contains("bad.txt:2: 'A\\tB' is not a symbol"), "{line}");
    let line = program.run(&from("none.txt")).failed(4, "DATA").to_owned();
    assert!(line.contains("cannot read the symbols of none.txt"), "{line}");
    program.run(&["backtest", "--strategy", "momentum_rotation"]).failed(2, "USAGE");
}
