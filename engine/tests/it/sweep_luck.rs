//! What a sweep says of its best trial: luck where there is nothing to find, skill where there is.

use std::{fmt::Write as _, fs};

use engine_core::{calendar::Calendar, sweep::random_bits};
use jiff::civil::date;
use serde_json::Value;

use crate::program::{Program, with_ma_cross};

/// A standard normal number of a seed and a place (Box and Muller, 1958).
fn normal(seed: u64, at: u64) -> f64 {
    let unit = |at| ((random_bits(seed, at) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    (-2.0 * unit(2 * at).ln()).sqrt() * (std::f64::consts::TAU * unit(2 * at + 1)).cos()
}

/// Daily bars of the NYSE whose returns are noise, and a part of the return before.
fn walk(seed: u64, memory: f64) -> String {
    let days = Calendar::Nyse.sessions(date(2004, 1, 1), date(2013, 12, 31));
    let (mut text, mut price, mut change) =
        ("date,open,high,low,close,volume\n".to_owned(), 100.0_f64, 0.0);
    for (row, day) in (0..).zip(days) {
        change = memory * change + 0.01 * normal(seed, row);
        let open = price;
        price *= change.exp();
        let (high, low) = (open.max(price) * 1.001, open.min(price) * 0.999);
        writeln!(text, "{day},{open:.6},{high:.6},{low:.6},{price:.6},1000").unwrap();
    }
    text
}

fn swept(program: &Program, symbol: &str, bars: &str) -> Value {
    fs::write(program.home().join("bars.csv"), bars).unwrap();
    let said = program.run(&["ingest", "-s", symbol, "--from-csv", "bars.csv"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let args = [
        "sweep",
        "-s",
        symbol,
        "--strategy",
        "ma_cross",
        "-p",
        "fast=2..20:3",
        "-p",
        "slow=25..115:10",
        "--json",
    ];
    let said = program.run(&args);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    said.json()["luck"].clone()
}

#[test]
fn over_pure_noise_the_last_sentence_says_luck_and_over_a_trend_it_does_not() {
    let program = with_ma_cross();
    let mut sure = 0;
    for seed in 1..=6 {
        let luck = swept(&program, &format!("N{seed}"), &walk(seed, 0.0));
        let sentence = luck["sentence"].as_str().unwrap().to_owned();
        let is_sure = luck["deflated_sharpe"].as_f64().unwrap() >= 0.95;
        assert_eq!(sentence.contains("luck alone does not explain it"), is_sure, "{sentence}");
        sure += usize::from(is_sure);
    }
    assert!(sure <= 1, "{sure} of 6 histories of noise were called skill");
    let luck = swept(&program, "TREND", &walk(1, 0.5));
    let sentence = luck["sentence"].as_str().unwrap();
    assert!(sentence.contains("luck alone does not explain it"), "{luck}");
    assert!(luck["p_value"].as_f64().unwrap() < 0.05, "{luck}");
    assert!(luck["overfitting"].as_f64().unwrap() < 0.5, "{luck}");
}

#[test]
fn every_trial_ever_made_on_the_bars_counts_and_is_said() {
    let program = with_ma_cross();
    let first = swept(&program, "SAME", &walk(9, 0.0));
    assert_eq!(first["trials_ever"], 70);
    let more =
        ["sweep", "-s", "SAME", "--strategy", "ma_cross", "-p", "fast=2..4", "-p", "slow=30"];
    let said = program.run(&[&more[..], &["--json"]].concat());
    let luck = said.json()["luck"].clone();
    assert_eq!(luck["trials_ever"], 73);
    let sentence = luck["sentence"].as_str().unwrap();
    assert!(sentence.contains("The best of 3 trials (73 ever on these bars)"), "{sentence}");
}

#[test]
fn headline_figures_have_intervals_that_hold_them() {
    let program = with_ma_cross();
    let args = [
        "sweep",
        "-s",
        "SPY",
        "--strategy",
        "ma_cross",
        "-p",
        "fast=10,20",
        "-p",
        "slow=50,100",
        "--json",
    ];
    let json = program.run(&args).json();
    let intervals = json["luck"]["intervals"].as_object().unwrap();
    let metrics = &json["top"][0]["metrics"];
    assert_eq!(intervals.len(), 10);
    for (name, ends) in intervals {
        let end = |at: usize| ends[at].as_f64().unwrap_or_else(|| panic!("{name}: {ends}"));
        let value = metrics[name].as_f64().unwrap();
        assert!(end(0) <= end(1), "{name}");
        // A drawdown of bars is as deep as one of sessions: the bars are daily.
        assert!(end(0) <= value && value <= end(1), "{name}: {value} in {ends}");
    }
}
