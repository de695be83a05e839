//! The page of a run, in a real browser: it draws, zooms, sorts and jumps, complains about nothing and
//! asks nobody for anything.

use std::path::PathBuf;

use serde_json::json;

use crate::{
    program::Program,
    support::{browser::Browser, plugins::library},
};

/// Runs ma_cross over the bundled sample and gives the page and the number of its closed trades and fills.
fn page(program: &Program) -> (PathBuf, u64, u64) {
    program.put_plugin("libma_cross.so", &library("ma_cross"));
    let said =
        program.run(&["backtest", "-s", "SPY", "--strategy", "ma_cross", "--report", "--json"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let counts = &said.json()["counts"];
    let trades =
        counts["closed_trades"].as_u64().unwrap() + counts["open_trades"].as_u64().unwrap();
    let path = program.home().join("data/reports/SPY_1d.html");
    (path, trades, counts["fills"].as_u64().unwrap())
}

const DRAWN: &str = "Boolean(window.report && report.view.drawn)";

/// Waits until the page has drawn again after something happened to it.
const SETTLED: &str =
    "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";

#[test]
fn a_page_draws_every_trade_and_complains_about_nothing() {
    let program = Program::new();
    let (path, trades, fills) = page(&program);
    assert!(path.metadata().unwrap().len() < 3_000_000);
    let mut browser = Browser::start(1280, 900);
    browser.open(&path, DRAWN);
    assert_eq!(browser.value("report.trades.length"), json!(trades));
    assert_eq!(browser.value("report.markers[0].rows.length"), json!(fills));
    assert_eq!(browser.value("report.markers[0].prices.every(Number.isFinite)"), json!(true));
    let panels = browser.value("report.view.panels.map(panel => panel.name)");
    let names = ["SPY", "Volume", "Equity", "Under water", "Rolling Sharpe, 126 sessions"];
    assert_eq!(panels, json!(names));
    // Every panel has ink of its own beyond its grid.
    let inked = "report.view.panels.every(({ canvas }) => canvas.getContext('2d') \
        .getImageData(0, 0, canvas.width, canvas.height).data.filter(byte => byte).length > 9000)";
    assert_eq!(browser.value(inked), json!(true));
    assert_eq!(browser.complaints(), Vec::<String>::new());
    let asked = browser.requests();
    assert!(
        asked.iter().all(|url| url.ends_with("/SPY_1d.html") || url.starts_with("data:")),
        "{asked:?}"
    );
}

#[test]
fn a_page_zooms_by_keys_and_a_click_on_a_trade_shows_its_bars() {
    let program = Program::new();
    let (path, ..) = page(&program);
    let mut browser = Browser::start(1280, 900);
    browser.open(&path, DRAWN);
    browser.value("document.getElementById('stack').focus()");
    for _ in 0..3 {
        browser
            .ask("Input.dispatchKeyEvent", json!({ "type": "keyDown", "key": "+", "text": "+" }));
    }
    browser.value(SETTLED);
    let share = browser.value("(report.view.to - report.view.from) / report.view.rows");
    assert!((share.as_f64().unwrap() - 0.216).abs() < 1e-9, "{share}");
    browser.value("[...report.table.querySelectorAll('th button')].find(b => b.textContent === 'Profit').click()");
    browser.value("report.table.querySelector('tbody .jump').click()");
    browser.value(SETTLED);
    // The most profitable trade, by the figures that the page was given.
    let shown = "(() => { const best = report.trades.filter(t => t.profit > -Infinity) \
        .sort((a, b) => b.profit - a.profit)[0]; const { from, to } = report.view; \
        return from <= best.from && best.to < to && to - from < 4 * (best.to - best.from) + 40; })()";
    assert_eq!(browser.value(shown), json!(true));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_page_fits_a_phone_and_follows_the_colours_that_are_asked_for() {
    let program = Program::new();
    let (path, ..) = page(&program);
    let mut browser = Browser::start(390, 844);
    let dark = json!({ "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
    browser.ask("Emulation.setEmulatedMedia", dark);
    browser.open(&path, DRAWN);
    assert_eq!(browser.value("document.documentElement.scrollWidth <= innerWidth"), json!(true));
    let paper = "getComputedStyle(document.getElementById('charts')).backgroundColor";
    assert_eq!(browser.value(paper), json!("rgb(20, 26, 35)"));
    browser.value("document.getElementById('theme').click()");
    assert_eq!(browser.value(paper), json!("rgb(255, 255, 255)"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_symbol_that_looks_like_markup_stays_text() {
    let program = Program::new();
    program.put_plugin("libma_cross.so", &library("ma_cross"));
    let mut bars = String::from("date,open,high,low,close,volume\n");
    for day in 2..29 {
        bars.push_str(&format!("2024-02-{day:02},10,11,9,10.5,100\n"));
    }
    std::fs::write(program.home().join("bars.csv"), bars).unwrap();
    let symbol = "</script><script>window.owned=1</script>";
    let said =
        program.run(&["ingest", "-s", symbol, "--from-csv", "bars.csv", "--calendar", "24/7"]);
    assert!(matches!(said.code, Some(0)), "{}{}", said.stdout, said.stderr);
    let args = ["backtest", "-s", symbol, "--strategy", "ma_cross", "--report", "page.html"];
    let said = program.run(&args);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let mut browser = Browser::start(1280, 900);
    browser.open(&program.home().join("page.html"), DRAWN);
    assert_eq!(browser.value("window.owned === undefined"), json!(true));
    assert_eq!(browser.value("report.view.panels[0].name"), json!(symbol));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
