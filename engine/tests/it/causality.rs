//! `backtest --prove`: strategies that see the future are caught by name, honest ones never are.

use crate::{
    program::{Program, Said},
    support::plugins::{fixture, library},
};

const SHIPPED: [&str; 7] = [
    "ma_cross",
    "rsi_reversion",
    "bollinger_reversion",
    "donchian_breakout",
    "macd_trend",
    "momentum",
    "momentum_rotation",
];

fn with_cheats() -> Program {
    let program = Program::new();
    program.put_plugin("libcheats.so", &fixture("cheats", "cheats"));
    program
}

fn prove(program: &Program, symbols: &[&str], how: &str) -> Said {
    let how = format!("how={how}");
    let mut args = vec!["backtest", "--strategy", "cheat", "-p", &how, "--prove", "--json"];
    args.extend(symbols.iter().flat_map(|symbol| ["-s", symbol]));
    program.run(&args)
}

#[test]
fn every_way_to_see_the_future_is_caught_by_name() {
    let program = with_cheats();
    for how in ["next_close", "far", "size", "refrain", "volume", "once", "range"] {
        let said = prove(&program, &["SPY"], how);
        assert_eq!(said.code, Some(8), "{how}: {}", said.stderr);
        let message = "error[PLUGIN_FAULTED]: strategy 'cheat' (libcheats.so) sees the future: with other bars after ";
        assert!(said.stderr.contains(message), "{how}: {}", said.stderr);
        let result = said.json();
        assert!(result["proof"]["breach"]["known"].is_string(), "{how}");
    }
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
    // Two futures after each decision and after the bar before it; before the first there is none.
    assert_eq!(proof["futures"].as_u64().unwrap(), 4 * decisions - 2);
    assert!(proof["breach"].is_null());
}

#[test]
fn no_shipped_strategy_sees_the_future_and_the_summary_says_so() {
    let program = Program::new();
    for name in SHIPPED {
        program.put_plugin(&format!("lib{name}.so"), &library(name));
        let run = ["backtest", "-s", "AAPL", "--strategy", name, "--prove", "--to", "2004-12-31"];
        let said = program.run(&run);
        assert_eq!(said.code, Some(0), "{name}: {}", said.stderr);
        let line = said.stdout.lines().find(|line| line.starts_with("Causality")).unwrap();
        assert!(line.contains("at which orders were placed"), "{name}: {line}");
    }
}

#[test]
fn a_proof_is_not_kept_with_the_run() {
    let program = Program::new();
    program.put_plugin("libma_cross.so", &library("ma_cross"));
    let args = ["backtest", "-s", "SPY", "--strategy", "ma_cross", "--json"];
    let plain = program.run(&args);
    let proved = program.run(&[&args[..], &["--prove"]].concat());
    assert!(plain.json().get("proof").is_none());
    assert_eq!(proved.json()["run"], plain.json()["run"]);
    let run = plain.json()["run"].as_str().unwrap().to_owned();
    assert_eq!(program.run(&["runs", "show", &run, "--json"]).stdout, plain.stdout);
}
