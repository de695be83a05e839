//! The page of a run, in a real browser: it draws, zooms, sorts and jumps, complains about nothing and
//! asks nobody for anything.

use std::path::PathBuf;

use serde_json::json;

use crate::{
    program::{Program, with_ma_cross},
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
    browser.asked_for_nothing_but("SPY_1d.html");
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
fn a_page_zooms_by_wheel_and_by_two_fingers_around_the_place_they_point_at() {
    let program = Program::new();
    let (path, ..) = page(&program);
    let mut browser = Browser::start(1280, 900);
    browser.open(&path, DRAWN);
    browser.value("scrollTo(0, document.getElementById('stack').getBoundingClientRect().top)");
    let rows = browser.value("report.view.rows").as_f64().unwrap();
    let span = |browser: &mut Browser| {
        browser.value(SETTLED);
        browser.value("report.view.to - report.view.from").as_f64().unwrap()
    };
    let mut wheel = |modifiers: u32| {
        let event = json!({ "type": "mouseWheel", "x": 400, "y": 200, "deltaX": 0, "deltaY": -120,
            "modifiers": modifiers });
        browser.ask("Input.dispatchMouseEvent", event);
        span(&mut browser)
    };
    assert_eq!(wheel(0), rows, "without Ctrl the wheel scrolls the page");
    assert!(wheel(2) < rows * 0.8);
    browser.value("scrollTo(0, document.getElementById('stack').offsetTop); report.view.show(0, report.view.rows)");
    let before = span(&mut browser);
    browser
        .ask("Emulation.setTouchEmulationEnabled", json!({ "enabled": true, "maxTouchPoints": 2 }));
    for (kind, apart) in [("touchStart", 50), ("touchMove", 80), ("touchMove", 150)] {
        let points = json!([{ "x": 500 - apart, "y": 150, "id": 0 }, { "x": 500 + apart, "y": 150, "id": 1 }]);
        browser.ask("Input.dispatchTouchEvent", json!({ "type": kind, "touchPoints": points }));
    }
    browser.ask("Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] }));
    let after = span(&mut browser);
    assert!((after / before - 1.0 / 3.0).abs() < 0.02, "{before} {after}");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// The texts below the axis at several zooms, from all bars to the nearest.
const TICKS: &str = "[1, 4, 12, 40, 150, 400].map(part => { const { view } = report; \
    const span = view.rows / part; view.show(1000, 1000 + span); view.drawNow(); \
    return view.ticks.map(({ text }) => text).join(', '); })";

#[test]
fn the_axis_says_the_year_and_the_legend_the_date_at_every_zoom() {
    let program = Program::new();
    let (path, ..) = page(&program);
    for width in [1280, 390] {
        let mut browser = Browser::start(width, 900);
        browser.open(&path, DRAWN);
        let shown = browser.value(TICKS);
        for texts in shown.as_array().unwrap() {
            let texts = texts.as_str().unwrap();
            let has_year = |text: &str| text.rsplit(' ').next().is_some_and(|end| end.len() == 4);
            assert!(texts.split(", ").any(has_year), "{width}: {texts}");
        }
        let date = browser.value("document.querySelector('#stack .when').textContent");
        let last = "new Date(report.view.times[report.view.lastRow()]).toISOString().slice(0, 10)";
        let last = browser.value(last);
        assert_eq!(date, last);
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}

#[test]
fn the_cursor_stays_in_view_and_keys_zoom_around_it() {
    let program = Program::new();
    let (path, ..) = page(&program);
    let mut browser = Browser::start(1280, 900);
    browser.open(&path, DRAWN);
    browser.value("report.view.show(1000, 1400); report.view.point(1020); document.getElementById('stack').focus()");
    for _ in 0..3 {
        browser
            .ask("Input.dispatchKeyEvent", json!({ "type": "keyDown", "key": "+", "text": "+" }));
    }
    browser.value(SETTLED);
    assert_eq!(browser.value("report.view.cursor"), json!(1020));
    browser.value("report.view.show(2000, 2100)");
    browser.value(SETTLED);
    assert_eq!(browser.value("report.view.cursor"), json!(null));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_tap_points_at_a_bar_until_another_one() {
    let program = Program::new();
    let (path, ..) = page(&program);
    let mut browser = Browser::start(390, 844);
    browser
        .ask("Emulation.setTouchEmulationEnabled", json!({ "enabled": true, "maxTouchPoints": 1 }));
    browser.open(&path, DRAWN);
    browser.value("document.getElementById('stack').scrollIntoView()");
    let mut tap = |x: u32| {
        let points = json!([{ "x": x, "y": 200 }]);
        browser.ask(
            "Input.dispatchTouchEvent",
            json!({ "type": "touchStart", "touchPoints": points }),
        );
        browser.ask("Input.dispatchTouchEvent", json!({ "type": "touchEnd", "touchPoints": [] }));
        browser.value(SETTLED);
        browser.value("report.view.cursor").as_f64().expect("a bar is pointed at")
    };
    let (one, other) = (tap(100), tap(200));
    assert!(other > one + 100.0, "{one} {other}");
    let shown = "[document.querySelector('#stack .when').textContent, \
        new Date(report.view.times[report.view.cursor]).toISOString().slice(0, 10)]";
    let shown = browser.value(shown);
    assert_eq!(shown[0], shown[1]);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn where_triangles_would_hide_the_price_a_strip_counts_the_fills() {
    let program = Program::new();
    let (path, ..) = page(&program);
    let mut browser = Browser::start(390, 844);
    browser.open(&path, DRAWN);
    // As many fills as bars, on the closes that the page has.
    let crowded = "(() => { const { view, markers: [fills] } = report; const rows = [...view.times.keys()]; \
        const prices = view.panels[0].layers[2].close; \
        Object.assign(fills, { rows, prices, quantities: rows.map(row => row % 2 ? 1 : -1) }); \
        view.drawNow(); const pen = view.panels[0].canvas.getContext('2d'); \
        const at = y => [...pen.getImageData(150, y, 1, 1).data].slice(0, 3).join(); \
        const { height } = view.panels[0]; const middle = height - Math.round(height * 0.045) - 1; \
        return [at(middle - 2), at(middle + 2)]; })()";
    assert_eq!(browser.value(crowded), json!(["4,120,87", "194,65,12"]));
}

#[test]
fn no_two_compared_runs_share_ink_and_dash_and_each_says_what_differs() {
    let program = with_ma_cross();
    let mut ids = Vec::new();
    for fast in 5..13 {
        let fast = format!("fast={fast}");
        let said = program.run(&[
            "backtest",
            "-s",
            "SPY",
            "--strategy",
            "ma_cross",
            "-p",
            &fast,
            "--json",
        ]);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        ids.push(said.json()["run"].as_str().unwrap().to_owned());
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let args = [&["runs", "compare"][..], &ids, &["--report", "compare.html"]].concat();
    let said = program.run(&args);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let mut browser = Browser::start(1280, 900);
    browser.open(&program.home().join("compare.html"), DRAWN);
    let looks = "new Set(report.runs.map(({ ink, dash }) => ink + ' ' + dash)).size";
    assert_eq!(browser.value(looks), json!(8));
    assert_eq!(browser.value("document.querySelectorAll('#stack .dashed').length"), json!(4));
    let named = "report.runs.every(({ name }, at) => name.endsWith(`ma_cross fast=${at + 5}`))";
    assert_eq!(browser.value(named), json!(true), "{}", browser.value("report.runs[0].name"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// Whether at several zooms the tip of a fill has the colour of a triangle just inside it.
const TIPS: &str = "(() => { const { view, markers: [fills] } = report; const panel = view.panels[0]; \
    const pen = panel.canvas.getContext('2d', { willReadFrequently: true }); \
    return [view.rows, 900, 120, 20].map(span => [3, 10, 20].every(at => { \
        const row = fills.rows[at]; view.show(row - span / 2, row + span / 2); view.drawNow(); \
        const { x, y } = panel.area(pen, view); const sign = Math.sign(fills.quantities[at]); \
        const [r, g, b] = pen.getImageData(Math.round(x(row)), Math.round(y(fills.prices[at]) + sign * 6), 1, 1).data; \
        return `${r},${g},${b}` === '4,120,87' || `${r},${g},${b}` === '194,65,12'; })); })()";

#[test]
fn a_fill_is_drawn_at_its_bar_and_price_at_every_zoom() {
    let program = Program::new();
    let (path, ..) = page(&program);
    let mut browser = Browser::start(1280, 900);
    browser.open(&path, DRAWN);
    assert_eq!(browser.value(TIPS), json!([true, true, true, true]));
}

#[test]
fn trades_are_found_by_text_and_by_outcome() {
    let program = Program::new();
    let (path, ..) = page(&program);
    let mut browser = Browser::start(1280, 900);
    browser.open(&path, DRAWN);
    let change = |id: &str, event: &str, value: &str| {
        format!(
            "(() => {{ const e = document.getElementById('{id}'); e.value = '{value}'; \
             e.dispatchEvent(new Event('{event}')); }})()"
        )
    };
    let listed =
        "Number(document.getElementById('trade-status').textContent.match(/(\\d+) trades/)[1])";
    browser.value(&change("trade-kind", "change", "won"));
    let won = browser.value("report.trades.filter(trade => trade.profit > 0).length");
    assert_eq!(browser.value(listed), won);
    browser.value(&change("trade-kind", "change", "all"));
    browser.value(&change("trade-filter", "input", "2008-"));
    let sizes = "['entry', 'exit'].map(key => { const cell = document.querySelector(`.cell-${key}`); \
        const { fontSize, color } = getComputedStyle(cell); return fontSize + color; })";
    let sizes = browser.value(sizes);
    assert_eq!(sizes[0], sizes[1], "the columns of prices look alike");
    let of_2008 = "report.trades.filter(({ opened, closed }) => [opened, closed] \
        .some(ts => ts >= Date.UTC(2008, 0) && ts < Date.UTC(2009, 0))).length";
    assert_eq!(browser.value(listed), browser.value(of_2008));
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
    let program = with_ma_cross();
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
