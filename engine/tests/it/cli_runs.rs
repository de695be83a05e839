//! `runs` as a user meets it: a run is shown, compared, exported and repeated after all it stood on is gone.

use std::{fmt::Write as _, fs};

use serde_json::json;

use crate::{
    program::{Program, with_ma_cross},
    support::browser::Browser,
};

/// A home with ma_cross and daily bars of a symbol that go up and down.
fn home() -> Program {
    let program = with_ma_cross();
    ingest(&program, 0.0);
    program
}

/// Bars of WAVE: a wave of sixty days around 100, moved up by a shift.
fn ingest(program: &Program, shift: f64) {
    let mut bars = String::from("date,open,high,low,close,volume\n");
    let first = jiff::civil::date(2023, 1, 1);
    for day in 0..400_i64 {
        let date = first.checked_add(jiff::Span::new().days(day)).unwrap();
        let level = 100.0 + shift + 20.0 * (day as f64 / 60.0 * std::f64::consts::TAU).sin();
        let (open, close) = (level - 0.25, level + 0.25);
        writeln!(bars, "{date},{open:.2},{:.2},{:.2},{close:.2},1000", level + 1.0, level - 1.0)
            .unwrap();
    }
    fs::write(program.home().join("bars.csv"), bars).unwrap();
    let said =
        program.run(&["ingest", "-s", "WAVE", "--from-csv", "bars.csv", "--calendar", "24/7"]);
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
}

/// Runs ma_cross with a fast window and gives its id and what it printed.
fn run(program: &Program, fast: &str) -> (String, String) {
    let fast = format!("fast={fast}");
    let args = ["backtest", "-s", "WAVE", "--strategy", "ma_cross", "-p", &fast, "--json"];
    let said = program.run(&args);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    (said.json()["run"].as_str().unwrap().to_owned(), said.stdout)
}

#[test]
fn a_run_is_repeated_to_the_last_byte_after_its_plugin_and_its_bars_are_gone() {
    let program = home();
    let (id, printed) = run(&program, "10");
    fs::remove_file(program.home().join("plugins/libma_cross.so")).unwrap();
    ingest(&program, 7.0);
    fs::remove_dir_all(program.home().join("data/cache")).unwrap();
    let again = program.run(&["runs", "rerun", &id[..12], "--json", "--report", "again.html"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(again.stdout, printed);
    assert!(again.stderr.contains("identical to the kept run"), "{}", again.stderr);
    assert!(program.home().join("again.html").exists());
}

#[test]
fn a_run_whose_bars_or_plugin_were_removed_or_damaged_says_which() {
    let program = home();
    let (id, _) = run(&program, "10");
    let kept = |kind: &str| {
        let folder = program.home().join("data/kept").join(kind);
        fs::read_dir(folder).unwrap().next().unwrap().unwrap().path()
    };
    let plugin = kept("plugins");
    let bytes = fs::read(&plugin).unwrap();
    fs::remove_file(&plugin).unwrap();
    fs::write(&plugin, &bytes[..bytes.len() - 1]).unwrap();
    let said = program.run(&["runs", "rerun", &id]);
    assert!(said.failed(4, "DATA").contains("the plugin of the run is damaged"));
    let anew = "algo-trader backtest -s WAVE -r 1d --strategy ma_cross -p fast=10 -p slow=50";
    assert!(said.stderr.contains(&format!(" && {anew}")), "{}", said.stderr);
    fs::remove_file(&plugin).unwrap();
    let said = program.run(&["runs", "rerun", &id]);
    assert!(said.failed(4, "DATA").contains("the plugin of the run is not kept any more"));
    fs::write(&plugin, &bytes).unwrap();
    let bars = kept("bars");
    let mut bytes = fs::read(&bars).unwrap();
    let last = bytes.len() - 9;
    bytes[last] ^= 1;
    fs::remove_file(&bars).unwrap();
    fs::write(&bars, &bytes).unwrap();
    let said = program.run(&["runs", "rerun", &id]);
    assert!(said.failed(4, "DATA").contains("the bars of the run are damaged"));
    fs::remove_file(&bars).unwrap();
    let said = program.run(&["runs", "rerun", &id]);
    assert!(said.failed(4, "DATA").contains("not kept any more"));
}

#[test]
fn a_difference_names_the_input_and_the_first_other_trade() {
    let program = home();
    let ((one, _), (other, _)) = (run(&program, "10"), run(&program, "15"));
    let said = program.run(&["runs", "diff", &one, &other, "--json"]).json();
    let inputs = json!([{ "name": "strategy.parameters.fast", "one": "10", "other": "15" }]);
    assert_eq!(said["inputs"], inputs);
    assert_eq!(said["trade"]["number"], 1);
    assert_ne!(said["trade"]["one"]["opened"], said["trade"]["other"]["opened"]);
    let text = program.run(&["runs", "diff", &one, &other]);
    for part in ["strategy.parameters.fast", "\n  Sharpe ", "\n  entry price "] {
        assert!(text.stdout.contains(part), "{part}: {}", text.stdout);
    }
    assert!(text.stdout.lines().all(|line| line.chars().count() <= 80), "{}", text.stdout);
    let same = program.run(&["runs", "diff", &one, &one]).stdout;
    assert!(same.contains("same inputs") && same.contains("All trades are the same"), "{same}");
}

#[test]
fn the_lists_of_a_run_fit_a_terminal_and_are_exported_whole() {
    let program = home();
    let (id, printed) = run(&program, "10");
    let whole: serde_json::Value = serde_json::from_str(&printed).unwrap();
    for (option, list) in [("--orders", "orders"), ("--fills", "fills"), ("--trades", "trades")] {
        let shown = program.run(&["runs", "show", &id, option]);
        assert_eq!(shown.code, Some(0), "{}", shown.stderr);
        assert!(shown.stdout.lines().all(|line| line.chars().count() <= 80), "{}", shown.stdout);
        if list == "trades" {
            for heading in ["trade ", "  entry", "  exit", "  profit"] {
                assert!(shown.stdout.contains(heading), "{heading}: {}", shown.stdout);
            }
        }
        let rows = whole[list].as_array().unwrap();
        assert_eq!(shown.stdout.lines().count(), rows.len() + 1, "{}", shown.stdout);
        assert_eq!(&program.run(&["runs", "show", &id, option, "--json"]).json(), &whole[list]);
    }
    let said = program.run(&["runs", "export", &id, "--csv", "out"]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(0), "out\n"), "{}", said.stderr);
    let read = |name: &str| fs::read_to_string(program.home().join("out").join(name)).unwrap();
    assert_eq!(read("run.json"), printed);
    let lines = |name: &str| read(name).lines().count() - 1;
    assert_eq!(lines("trades.csv"), whole["trades"].as_array().unwrap().len());
    assert_eq!(lines("fills.csv"), whole["fills"].as_array().unwrap().len());
    assert_eq!(lines("orders.csv"), whole["orders"].as_array().unwrap().len());
    assert_eq!(lines("equity.csv"), whole["equity"]["date"].as_array().unwrap().len());
    assert!(read("equity.csv").starts_with("date,equity,benchmark\n2023-"));
}

#[test]
fn runs_are_compared_on_one_page() {
    let program = home();
    let ((one, first), (other, _)) = (run(&program, "10"), run(&program, "15"));
    let said = program.run(&["runs", "compare", &one, &other, "--report", "compare.html"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    // A header, and each run with its parameters below it.
    assert_eq!(said.stdout.lines().count(), 5, "{}", said.stdout);
    assert!(said.stdout.contains("fast=15 slow=50"), "{}", said.stdout);
    let mut browser = Browser::start(1280, 900);
    let drawn = "Boolean(window.report && report.view.drawn)";
    browser.open(&program.home().join("compare.html"), drawn);
    assert_eq!(browser.value("report.runs.length"), json!(2));
    // The growth at the end is the return of the run.
    let first: serde_json::Value = serde_json::from_str(&first).unwrap();
    let grown = 1.0 + first["metrics"]["total_return"].as_f64().unwrap();
    let shown = browser.value("report.runs[0].growth.at(-1)").as_f64().unwrap();
    assert!((shown - grown).abs() < 1e-8, "{shown} {grown}");
    assert_eq!(browser.complaints(), Vec::<String>::new());
    browser.asked_for_nothing_but("compare.html");
}

#[test]
fn a_shell_gets_its_completions_and_a_manual_its_pages() {
    let program = Program::new();
    for shell in ["bash", "zsh", "fish"] {
        let said = program.run(&["completions", shell]);
        assert!(said.code == Some(0) && said.stdout.contains("backtest"), "{}", said.stderr);
    }
    assert_eq!(program.run(&["completions", "cmd"]).code, Some(2));
    let said = program.run(&["man", "--dir", "man1"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let page = fs::read_to_string(program.home().join("man1/algo-trader-runs-rerun.1")).unwrap();
    assert!(page.contains("Repeat a run"), "{page}");
    assert!(program.run(&["man"]).stdout.starts_with(".ie"));
}

#[test]
fn a_symbol_that_nobody_has_is_answered_with_the_nearest_that_is_held() {
    let program = home();
    let said = program.run(&["backtest", "-s", "WAVES", "--strategy", "buy_and_hold"]);
    said.failed(4, "DATA");
    assert!(said.stderr.contains("did you mean WAVE?"), "{}", said.stderr);
}
