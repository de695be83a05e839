//! `backtest --prove`: strategies that see the future are caught by name, honest ones never are.

use crate::{
    program::{Program, Said, with_ma_cross},
    support::plugins::{fixture, library},
};

/// Every plugin of the workspace, on how many of the bundled symbols.
const SHIPPED: [(&str, usize); 8] = [
    ("ma_cross", 1),
    ("rsi_reversion", 1),
    ("bollinger_reversion", 1),
    ("donchian_breakout", 1),
    ("macd_trend", 1),
    ("momentum", 1),
    ("momentum_rotation", 3),
    ("pairs", 2),
];

const SYMBOLS: [&str; 3] = ["AAPL", "MSFT", "SPY"];

fn with_cheats() -> Program {
    let program = Program::new();
    program.put_plugin("libcheats.so", &fixture("cheats", "cheats"));
    program
}

fn prove(program: &Program, symbols: &[&str], how: &str) -> Said {
    prove_of(program, "cheat", symbols, how)
}

fn prove_of(program: &Program, strategy: &str, symbols: &[&str], how: &str) -> Said {
    let how = format!("how={how}");
    let mut args = vec!["backtest", "--strategy", strategy, "-p", &how, "--prove", "--json"];
    args.extend(symbols.iter().flat_map(|symbol| ["-s", symbol]));
    program.run(&args)
}

#[test]
fn every_way_to_see_the_future_is_caught_by_name() {
    let program = with_cheats();
    let all = [
        "next_close",
        "far",
        "size",
        "refrain",
        "volume",
        "once",
        "range",
        "week",
        "shape",
        "body",
        "clock",
        "memory",
    ];
    for how in all {
        let said = prove(&program, &["SPY"], how);
        assert_eq!(said.code, Some(8), "{how}: {}", said.stderr);
        let message = "error[PLUGIN_FAULTED]: strategy 'cheat' (libcheats.so) sees the future: with other bars after ";
        assert!(said.stderr.contains(message), "{how}: {}", said.stderr);
        let result = said.json();
        assert!(result["proof"]["breach"]["known"].is_string(), "{how}");
    }
}

/// What differs, by the name of the field: the order that was changed is named with its bar.
#[test]
fn a_look_ahead_through_an_order_that_rests_is_caught_with_its_order_and_the_difference() {
    let program = with_cheats();
    for (how, field) in [
        ("modify_price", "limit"),
        ("modify_size", "units"),
        ("cancel", "instruction"),
        ("cancel_all", "instruction"),
        ("stop_loss", "stop"),
        ("take_profit", "limit"),
        ("limit", "limit"),
        ("trail", "trail"),
        ("expiry", "expires"),
        ("kind", "kind"),
    ] {
        let said = prove_of(&program, "cheat_orders", &["SPY"], how);
        assert_eq!(said.code, Some(8), "{how}: {}", said.stderr);
        let breach = &said.json()["proof"]["breach"];
        let fields: Vec<&str> = breach["difference"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["field"].as_str().unwrap())
            .collect();
        assert!(fields.contains(&field), "{how}: {breach}");
        assert_eq!(breach["symbol"], "SPY", "{how}");
        let bar = breach["bar"].as_str().unwrap();
        let named = if how == "cancel_all" { " cancel_all" } else { " order " };
        for part in ["'cheat_orders' (libcheats.so) sees the future", named, bar, field] {
            assert!(said.stderr.contains(part), "{how} without {part}: {}", said.stderr);
        }
    }
}

/// Trials of a sweep share their workers; the best one is run again where nothing was run before it.
#[test]
fn a_trial_that_lives_on_what_others_left_behind_is_a_fault_of_its_strategy() {
    let program = with_cheats();
    let sweep = |how: &str| {
        let args =
            ["sweep", "-s", "SPY", "--strategy", "cheat", "-p", how, "-p", "until=2991..2999"];
        program.run(&[&args[..], &["--jobs", "1"]].concat())
    };
    let said = sweep("how=memory");
    let line = said.failed(8, "PLUGIN_FAULTED");
    assert!(line.contains("it keeps something from one run to the next"), "{line}");
    assert_eq!(sweep("how=honest").code, Some(0));
}

/// Sizes of money beyond what whole numbers can say, which other futures may bring about.
#[test]
fn strategies_that_trade_all_the_time_are_proved_to_the_end() {
    let program = Program::new();
    for (name, quick) in [
        ("rsi_reversion", &["-p", "window=2"][..]),
        ("bollinger_reversion", &["-p", "window=5", "-p", "width=1"]),
        ("momentum", &["-p", "lookback=20", "-p", "rebalance=1"]),
    ] {
        program.put_plugin(&format!("lib{name}.so"), &library(name));
        let run = ["backtest", "-s", "SPY", "--to", "2003-12-31", "--strategy", name, "--prove"];
        let said = program.run(&[&run[..], quick].concat());
        assert_eq!(said.code, Some(0), "{name}: {}", said.stderr);
    }
    program.put_plugin("libma_cross.so", &library("ma_cross"));
    let rich = ["backtest", "-s", "SPY", "--strategy", "buy_and_hold", "--cash", "1e15"];
    let said = program.run(&[&rich[..], &["--commission", "percent:0.1"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
}

/// The strategy that foresees does nothing at all there, far from its orders.
#[test]
fn an_order_that_is_held_back_is_found_where_nothing_was_decided() {
    let program = with_cheats();
    let said = prove_of(&program, "cheat_orders", &["SPY"], "withhold");
    assert_eq!(said.code, Some(8), "{}", said.stderr);
    let breach = &said.json()["proof"]["breach"];
    assert!(breach["placed"].is_null(), "{breach}");
    assert!(breach["instead"].as_str().unwrap().ends_with("of 2008-01-16"), "{breach}");
}

#[test]
fn a_strategy_that_handles_its_orders_honestly_is_not_suspected() {
    let program = with_cheats();
    let said = prove_of(&program, "cheat_orders", &["SPY"], "honest");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let proof = &said.json()["proof"];
    assert!(proof["decisions"].as_u64().unwrap() > 400, "{proof}");
    assert_eq!(proof["proved"], proof["decisions"]);
    assert_eq!(proof["places"], proof["bars"]);
}

#[test]
fn the_future_of_another_symbol_is_the_future_too() {
    let program = with_cheats();
    let said = prove(&program, &["SPY", "AAPL"], "other");
    assert_eq!(said.code, Some(8), "{}", said.stderr);
}

#[test]
fn an_honest_strategy_beside_the_cheats_is_proved_at_every_decision() {
    let program = with_cheats();
    let said = prove(&program, &["SPY"], "honest");
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let proof = &said.json()["proof"];
    let decisions = proof["decisions"].as_u64().unwrap();
    assert!(decisions > 250, "{proof}");
    assert_eq!(proof["proved"].as_u64().unwrap(), decisions);
    // Two futures after each of the 3,175 bars but the last.
    assert_eq!(proof["futures"].as_u64().unwrap(), 2 * 3174);
    assert!(proof["breach"].is_null());
}

#[test]
fn no_shipped_strategy_sees_the_future_and_the_summary_says_so() {
    let program = Program::new();
    for (name, symbols) in SHIPPED {
        program.put_plugin(&format!("lib{name}.so"), &library(name));
        let mut run = vec!["backtest", "--strategy", name, "--prove", "--to", "2002-12-31"];
        run.extend(SYMBOLS[..symbols].iter().flat_map(|symbol| ["-s", symbol]));
        run.extend(if name == "pairs" { ["--account", "margin"] } else { ["--account", "cash"] });
        let said = program.run(&run);
        assert_eq!(said.code, Some(0), "{name}: {}", said.stderr);
        let line = said.stdout.lines().find(|line| line.starts_with("Causality")).unwrap();
        assert!(line.contains("at which orders were placed"), "{name}: {line}");
    }
}

#[test]
fn a_proof_is_not_kept_with_the_run() {
    let program = with_ma_cross();
    let args = ["backtest", "-s", "SPY", "--strategy", "ma_cross", "--json"];
    let plain = program.run(&args);
    let proved = program.run(&[&args[..], &["--prove"]].concat());
    assert!(plain.json().get("proof").is_none());
    assert_eq!(proved.json()["run"], plain.json()["run"]);
    let run = plain.json()["run"].as_str().unwrap().to_owned();
    assert_eq!(program.run(&["runs", "show", &run, "--json"]).stdout, plain.stdout);
}
