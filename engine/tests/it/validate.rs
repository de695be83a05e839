//! `sweep --walk-forward` and `--k-fold` as a user meets them: what is chosen where, what is judged,
//! what is kept, and that no fold sees what it is judged on.

use std::{fmt::Write as _, fs};

use engine_core::calendar::Calendar;
use jiff::civil::date;
use serde_json::Value;

use crate::program::{Program, Said, well, with_ma_cross};

fn sweep(program: &Program, symbol: &str, more: &[&str]) -> Said {
    let base = ["sweep", "-s", symbol, "--strategy", "ma_cross"];
    let grid = ["-p", "fast=5..50:15", "-p", "slow=60..180:40"];
    let args: Vec<&str> = base.iter().chain(&grid).chain(more).copied().collect();
    program.run(&args)
}

const YEARS: [&str; 5] = ["--walk-forward", "--in-sample", "4Y", "--out-of-sample", "3Y"];

#[test]
fn each_fold_is_the_sweep_of_its_window_and_the_backtest_of_what_follows() {
    let program = with_ma_cross();
    let more: Vec<&str> = YEARS.iter().chain(&["--commission", "ibkr-fixed"]).copied().collect();
    let json_args: Vec<&str> = more.iter().chain(&["--json"]).copied().collect();
    let judged = well(sweep(&program, "SPY", &json_args)).json();
    let folds = judged["folds"].as_array().unwrap();
    // 2000 to 2012: four years inside, then three times three outside.
    let outside: Vec<_> = folds.iter().map(|fold| window(&fold["out_of_sample"])).collect();
    assert_eq!(
        outside,
        [("2004-02-02", "2007-01-31"), ("2007-02-01", "2010-01-29"), ("2010-02-01", "2012-09-12")]
            .map(|(first, last)| (first.to_owned(), last.to_owned()))
    );
    let (mut cash, mut profits) = (100_000.0, Vec::new());
    for fold in folds {
        let (first, last) = window(&fold["in_sample"][0]);
        let inside =
            ["--from", &first, "--to", &last, "--commission", "ibkr-fixed", "--json", "--no-save"];
        let best = well(sweep(&program, "SPY", &inside)).json()["top"][0].clone();
        assert_eq!(fold["trial"], best["trial"]);
        assert_eq!(fold["in_sample_metrics"], best["metrics"]);
        let run = backtest(&program, fold, cash);
        for (name, figure) in fold["out_of_sample_metrics"].as_object().unwrap() {
            if !OF_TRADES.contains(&name.as_str()) {
                assert_eq!(figure, &run["metrics"][name], "{name} of {fold}");
            }
        }
        profits.extend(counts_its_trades(&fold["out_of_sample_metrics"], &run));
        cash = run["metrics"]["final_equity"].as_f64().unwrap();
    }
    let total = judged["total"]["total_return"].as_f64().unwrap();
    assert!((total - (cash / 100_000.0 - 1.0)).abs() < 1e-12, "the money is carried over");
    // What the trades made is what the account made.
    assert!((profits.iter().sum::<f64>() - (cash - 100_000.0)).abs() < 1e-6);
    assert_eq!(judged["total"]["trades"], profits.len());
    let value = judged["equity"]["value"].as_array().unwrap();
    assert_eq!(value.last().unwrap().as_f64(), Some(cash));
    let sessions = Calendar::Nyse.sessions(date(2004, 2, 2), date(2012, 9, 12));
    assert_eq!(value.len(), sessions.count());
    let mean = |which: &str| judged[which]["mean"]["cagr"].as_f64().unwrap();
    let efficiency = judged["total"]["cagr"].as_f64().unwrap() / mean("in_sample");
    assert_eq!(judged["efficiency"].as_f64(), Some(efficiency));
}

/// Figures to which a trade still open at the end of a window belongs, as it does not in a backtest.
const OF_TRADES: [&str; 5] = ["trades", "win_rate", "profit_factor", "expectancy", "sqn"];

/// The profits of a window's trades: those of the backtest, and that of the position it ends with.
fn counts_its_trades(figures: &Value, run: &Value) -> Vec<f64> {
    let of = |list: &str| -> Vec<f64> {
        let rows = run[list].as_array().unwrap().iter();
        rows.filter_map(|row| row["profit"].as_f64()).collect()
    };
    let profits = [of("trades"), of("positions")].concat();
    let mean = profits.iter().sum::<f64>() / profits.len() as f64;
    let won = profits.iter().filter(|profit| **profit > 0.0).count() as f64;
    assert_eq!(figures["trades"], profits.len());
    assert!((figures["expectancy"].as_f64().unwrap() - mean).abs() < 1e-6, "{figures}");
    assert_eq!(figures["win_rate"].as_f64(), Some(won / profits.len() as f64));
    profits
}

fn window(window: &Value) -> (String, String) {
    let end = |name: &str| window[name].as_str().unwrap().to_owned();
    (end("first"), end("last"))
}

/// The backtest of what a fold chose, on what it is judged on.
fn backtest(program: &Program, fold: &Value, cash: f64) -> Value {
    let (first, last) = window(&fold["out_of_sample"]);
    let params = ["fast", "slow"].map(|name| format!("{name}={}", fold["parameters"][name]));
    let cash = cash.to_string();
    let mut args = vec!["backtest", "-s", "SPY", "--strategy", "ma_cross", "--json", "--no-save"];
    args.extend(["-p", &params[0], "-p", &params[1], "--from", &first, "--to", &last]);
    args.extend(["--commission", "ibkr-fixed", "--cash", &cash]);
    program.run(&args).json()
}

#[test]
fn what_was_printed_is_kept_and_shown_again_to_the_last_byte() {
    let program = with_ma_cross();
    for more in [&YEARS[..], &["--k-fold", "4", "--embargo", "10"], &[]] {
        let text = well(sweep(&program, "SPY", more)).stdout;
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let with_json: Vec<&str> = more.iter().chain(&["--json"]).copied().collect();
        let json = well(sweep(&program, "SPY", &with_json));
        let id = json.json()["id"].as_str().unwrap()[..12].to_owned();
        assert_eq!(well(program.run(&["sweeps", "show", &id])).stdout, text);
        assert_eq!(well(program.run(&["sweeps", "show", &id, "--json"])).stdout, json.stdout);
    }
    let list = well(program.run(&["sweeps", "list", "--json"])).json();
    let mut kinds: Vec<_> =
        list.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["k-fold", "sweep", "walk-forward"]);
    let table = well(program.run(&["sweeps", "list"])).stdout;
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    program.run(&["sweeps", "show", "0000"]).failed(4, "DATA");
}

#[test]
fn workers_change_nothing_and_a_second_run_reads_the_trials_of_the_first() {
    let program = with_ma_cross();
    let with = |more: &[&str]| {
        let args = ["--k-fold", "3", "--embargo", "5", "--purge", "5", "--json"];
        well(sweep(&program, "SPY", &args.iter().chain(more).copied().collect::<Vec<_>>()))
    };
    let one = with(&["--no-save", "--jobs", "1"]);
    let plain = |said: &Said| said.json()["folds"].clone();
    assert_eq!(plain(&with(&["--no-save", "--jobs", "3"])), plain(&one));
    assert_eq!(plain(&with(&["--no-save", "--in-process"])), plain(&one));
    let kept = with(&[]);
    assert_eq!(plain(&kept), plain(&one));
    let again = with(&[]);
    assert_eq!(again.stdout, kept.stdout);
    assert!(again.stderr.contains("this sweep is complete"), "{}", again.stderr);
}

/// Daily bars of a wave, in which those of `changed` (rows) are tripled.
fn wave(changed: std::ops::Range<usize>) -> String {
    let days = Calendar::Nyse.sessions(date(2010, 1, 1), date(2013, 12, 31));
    let mut text = "date,open,high,low,close,volume\n".to_owned();
    for (row, day) in days.enumerate() {
        let at = row as f64;
        let close = 100.0 + 20.0 * (at / 25.0).sin() + 7.0 * (at / 7.0).cos();
        let close =
            if changed.contains(&row) { 3.0 * close + 5.0 * (at / 3.0).sin() } else { close };
        let (high, low) = (close + 1.0, close - 1.0);
        writeln!(text, "{day},{close:.4},{high:.4},{low:.4},{close:.4},1000").unwrap();
    }
    text
}

/// Two symbols that differ in some bars, swept in the same way.
fn perturbed(changed: std::ops::Range<usize>, more: &[&str]) -> [Value; 2] {
    let program = with_ma_cross();
    [("AAA", 0..0), ("BBB", changed)].map(|(symbol, changed)| {
        fs::write(program.home().join("bars.csv"), wave(changed)).unwrap();
        well(program.run(&["ingest", "-s", symbol, "--from-csv", "bars.csv"]));
        let args = ["--no-save", "--json"];
        let args: Vec<&str> = more.iter().chain(&args).copied().collect();
        let grid = ["-p", "fast=2..12:5", "-p", "slow=15..45:10"];
        let base = ["sweep", "-s", symbol, "--strategy", "ma_cross"];
        let all: Vec<&str> = base.iter().chain(&grid).chain(&args).copied().collect();
        well(program.run(&all)).json()
    })
}

#[track_caller]
fn same_inside(runs: &[Value; 2], fold: usize) {
    for key in ["trial", "parameters", "in_sample_metrics"] {
        assert_eq!(runs[0]["folds"][fold][key], runs[1]["folds"][fold][key], "{key}");
    }
    let outside = |run: &Value| run["folds"][fold]["out_of_sample_metrics"].clone();
    assert_ne!(outside(&runs[0]), outside(&runs[1]), "the bars were not changed");
}

#[test]
fn a_window_never_sees_the_bars_that_follow_it() {
    // 1,006 sessions: 4 folds of 125 after 506 sessions of choosing.
    let more = ["--walk-forward", "--folds", "4"];
    let runs = perturbed(506..1006, &more);
    same_inside(&runs, 0);
    let second = |run: &Value| run["folds"][1]["in_sample_metrics"].clone();
    assert_ne!(second(&runs[0]), second(&runs[1]), "what was judged is chosen on later");
}

#[test]
fn a_fold_never_sees_the_block_that_it_is_judged_on() {
    // 1,006 sessions in four blocks: the second one is rows 251 to 502.
    let runs = perturbed(251..503, &["--k-fold", "4"]);
    same_inside(&runs, 1);
    let runs = perturbed(251..503, &["--k-fold", "4", "--embargo", "20", "--history", "50"]);
    same_inside(&runs, 1);
}

#[test]
fn windows_that_do_not_fit_and_options_that_do_not_go_together_are_refused() {
    let program = with_ma_cross();
    let refused = |more: &[&str], code: i32, name: &str| {
        sweep(&program, "SPY", more).failed(code, name).to_owned()
    };
    let line =
        refused(&["--walk-forward", "--in-sample", "50Y", "--out-of-sample", "1Y"], 4, "DATA");
    assert!(line.contains("sessions with bars, and the windows need"), "{line}");
    refused(&["--walk-forward", "--in-sample", "2X", "--out-of-sample", "1Y"], 2, "USAGE");
    refused(&["--walk-forward", "--in-sample", "2Y"], 2, "USAGE");
    refused(&["--walk-forward", "--k-fold", "3"], 2, "USAGE");
    refused(&["--k-fold", "1"], 2, "USAGE");
    refused(&["--k-fold", "0"], 2, "USAGE");
    refused(&["--k-fold", "5000"], 4, "DATA");
    refused(&["--k-fold", "2", "--embargo", "4294967295"], 2, "USAGE");
    refused(&["--embargo", "5"], 2, "USAGE");
    refused(&["--history", "5"], 2, "USAGE");
    refused(&["--walk-forward", "--folds", "0"], 2, "USAGE");
    refused(&["--anchored"], 2, "USAGE");
}

#[test]
fn every_fold_is_a_line_of_the_csv_file_and_a_page_shows_them() {
    let program = with_ma_cross();
    let more: Vec<&str> = YEARS.iter().chain(&["--csv", "folds.csv"]).copied().collect();
    well(sweep(&program, "SPY", &more));
    let text = fs::read_to_string(program.home().join("folds.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 1 + 3 + 1);
    let cells = |line: &str| line.split(',').count();
    assert!(lines.iter().all(|line| cells(line) == cells(lines[0])), "{text}");
    assert!(lines[4].starts_with("total,,,2004-02-02,2012-09-12,"), "{text}");
    let more: Vec<&str> = YEARS.iter().chain(&["--report", "page.html"]).copied().collect();
    well(sweep(&program, "SPY", &more));
    let page = fs::read_to_string(program.home().join("page.html")).unwrap();
    assert!(page.contains("Walk-forward of ma_cross on SPY"), "{}", page.len());
}
