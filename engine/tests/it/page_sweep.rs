//! The page of a sweep, in a real browser: its map has the figures of the trials, and it is reached by
//! pointer and by keys.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    program::Program,
    support::{browser::Browser, plugins::library},
};

const DRAWN: &str = "Boolean(window.report && report.view.drawn)";

/// Waits until what happened is drawn.
const SETTLED: &str =
    "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";

/// Sweeps ma_cross over the bundled sample and gives the page and what was printed.
fn page(program: &Program, more: &[&str]) -> (PathBuf, Value) {
    program.put_plugin("libma_cross.so", &library("ma_cross"));
    let args = ["sweep", "-s", "SPY", "--strategy", "ma_cross", "--where", "fast < slow", "--json"];
    let said = program.run(&[&args[..], more].concat());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    (program.home().join("page.html"), said.json())
}

const GRID: [&str; 6] = ["-p", "fast=5..50:5", "-p", "slow=20..200:20", "--report", "page.html"];

#[test]
fn a_map_has_the_figures_of_the_trials_and_says_what_the_best_is_worth() {
    let program = Program::new();
    let (path, swept) = page(&program, &GRID);
    assert!(path.metadata().unwrap().len() < 3_000_000);
    let mut browser = Browser::start(1280, 900);
    browser.open(&path, DRAWN);
    assert_eq!(browser.value("report.sweep.rows"), swept["done"]);
    let best = &swept["top"][0];
    assert_eq!(browser.value("report.sweep.numbers[report.sweep.best]"), best["trial"]);
    // The cell of the best trial holds its figure, and as many cells have one as there are trials.
    let cell = browser.value("report.map.cells[report.map.cellOf(report.sweep.best)]");
    let sharpe = best["metrics"]["sharpe"].as_f64().unwrap();
    assert!((cell.as_f64().unwrap() - sharpe).abs() < 1e-5, "{cell} {sharpe}");
    let filled = browser.value("report.map.cells.filter(cell => !Number.isNaN(cell)).length");
    assert_eq!(filled, swept["done"]);
    let said = browser.value("document.querySelector('.verdict p').textContent");
    assert_eq!(said, swept["luck"]["sentence"]);
    assert_eq!(browser.value("report.slices.length"), json!(2));
    assert_eq!(browser.complaints(), Vec::<String>::new());
    browser.asked_for_nothing_but("page.html");
}

#[test]
fn a_cell_is_reached_by_keys_and_lists_its_trials() {
    let program = Program::new();
    let (path, _) = page(&program, &GRID);
    let mut browser = Browser::start(1280, 900);
    browser.open(&path, DRAWN);
    browser.value("report.map.canvas.focus()");
    let mut press = |key: &str| {
        browser.ask("Input.dispatchKeyEvent", json!({ "type": "keyDown", "key": key }));
        browser.value(SETTLED);
        (
            browser.value("report.map.said.textContent").as_str().unwrap().to_owned(),
            browser.value("report.table.status.textContent").as_str().unwrap().to_owned(),
        )
    };
    let (said, _) = press("ArrowDown");
    assert!(said.starts_with("fast ") && said.contains(": Sharpe "), "{said}");
    let (_, listed) = press("Enter");
    assert_eq!(listed, "1 to 1 of 1 trial");
    // Another figure for all pictures, and the sides changed about.
    let choose = |name: &str, value: &str| {
        format!(
            "(() => {{ const label = [...document.querySelectorAll('#map-tools label')] \
             .find(label => label.textContent.startsWith('{name}')); \
             const select = label.querySelector('select'); \
             select.value = String([...select.options].findIndex(o => o.textContent === '{value}')); \
             select.dispatchEvent(new Event('change')); }})()"
        )
    };
    browser.value(&choose("Figure", "Max drawdown"));
    browser.value(&choose("Across", "slow"));
    browser.value(SETTLED);
    let shown = "[report.map.metric.key, report.slices[0].metric.key, report.spread.metric.key, \
        report.sweep.axes[report.map.up].name]";
    let wanted = json!(["max_drawdown", "max_drawdown", "max_drawdown", "fast"]);
    assert_eq!(browser.value(shown), wanted);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn sweeps_of_one_parameter_and_of_three_have_pages_that_fit_a_phone() {
    let program = Program::new();
    let one = ["-p", "fast=5..50:5", "--report", "page.html"];
    let (path, _) = page(&program, &one);
    let mut browser = Browser::start(390, 844);
    browser.open(&path, DRAWN);
    assert_eq!(browser.value("document.getElementById('map').hidden"), json!(true));
    assert_eq!(browser.value("document.documentElement.scrollWidth <= innerWidth"), json!(true));
    program.put_plugin("librsi_reversion.so", &library("rsi_reversion"));
    let three = ["sweep", "-s", "SPY", "--strategy", "rsi_reversion", "-p", "window=10,14,20"];
    let more = ["-p", "oversold=20..40:10", "-p", "overbought=60..80:10", "--report", "page.html"];
    let said = program.run(&[&three[..], &more[..], &["--json"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let swept = said.json();
    browser.open(&path, DRAWN);
    assert_eq!(browser.value("document.documentElement.scrollWidth <= innerWidth"), json!(true));
    assert_eq!(browser.value("report.map.tools.querySelectorAll('select').length"), json!(5));
    // The three trials of a cell are summed up.
    let counted = "report.map.counts.reduce((a, b) => a + b)";
    let ranked = swept["done"].as_u64().unwrap() - swept["undefined"].as_u64().unwrap();
    assert_eq!(browser.value(counted), json!(ranked));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
