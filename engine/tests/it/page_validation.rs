//! The page of a walk-forward optimisation, in a real browser.

use serde_json::json;

use crate::{program::with_ma_cross, support::browser::Browser};

const DRAWN: &str = "Boolean(window.report && report.view.drawn && report.duel.drawn)";

#[test]
fn a_walk_forward_has_a_page_that_its_stored_form_gives_again() {
    let program = with_ma_cross();
    let sweep = ["sweep", "-s", "SPY", "--strategy", "ma_cross", "-p", "fast=5..25:5", "-p"];
    let more = ["slow=60..140:20", "--walk-forward", "--folds", "4", "--report", "page.html"];
    let said = program.run(&[&sweep[..], &more[..], &["--json"]].concat());
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let judged = said.json();
    let path = program.home().join("page.html");
    let mut browser = Browser::start(1280, 900);
    browser.open(&path, DRAWN);
    // The account ends where it was printed to end, and every fold has its bars and its beginning.
    let end = judged["equity"]["value"].as_array().unwrap().last().unwrap().as_f64().unwrap();
    let shown = browser.value("report.values.at(-1)").as_f64().unwrap();
    assert!((shown - end).abs() < 1e-3, "{shown} {end}");
    let sides = "['inside', 'outside'].map(side => report.duel.metric[side].length)";
    assert_eq!(browser.value(sides), json!([4, 4]));
    assert_eq!(browser.value("report.view.panels[0].layers.at(-1).rows.length"), json!(4));
    assert_eq!(browser.value("document.querySelectorAll('.folds tbody tr').length"), json!(4));
    let said = browser.value("document.querySelector('.verdict p').textContent");
    assert_eq!(said, judged["luck"]["sentence"]);
    assert_eq!(browser.complaints(), Vec::<String>::new());
    browser.asked_for_nothing_but("page.html");

    let id = judged["id"].as_str().unwrap();
    let again = program.run(&["sweeps", "show", id, "--report", "again.html"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    let read = |name: &str| std::fs::read(program.home().join(name)).unwrap();
    assert_eq!(read("again.html"), read("page.html"));
    let mut phone = Browser::start(390, 844);
    phone.open(&path, DRAWN);
    assert_eq!(phone.value("document.documentElement.scrollWidth <= innerWidth"), json!(true));
}
