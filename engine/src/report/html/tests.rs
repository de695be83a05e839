//! What a page promises, whatever the run holds.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use engine_core::{backtest::LogEntry, calendar::Calendar, metrics::SessionEquity};
use jiff::civil::date;
use sha2::{Digest, Sha256};
use strategy_api::{Columns, Resolution};

use super::*;
use crate::report::schema::{Benchmark, StrategyFacts, Warning};

const EVIL: &str = "</script><script>alert(1)</script><img src=//x.example>";

fn hostile_page() -> String {
    let ts = [0_i64, 86_400_000_000_000];
    let prices = [1.0, 2.0];
    let bars = Columns {
        ts: &ts,
        open: &prices,
        high: &prices,
        low: &prices,
        close: &prices,
        volume: &prices,
    };
    let report = Report {
        run: EVIL.to_owned(),
        engine: EVIL.to_owned(),
        strategy: StrategyFacts { name: EVIL.to_owned(), ..StrategyFacts::default() },
        symbols: vec![EVIL.to_owned()],
        resolution: "1d".to_owned(),
        benchmark: Some(Benchmark { name: EVIL.to_owned(), ..Benchmark::default() }),
        warnings: vec![Warning { code: String::new(), text: EVIL.to_owned() }],
        ..Report::default()
    };
    let equity = SessionEquity {
        initial: 1.0,
        days: vec![date(1970, 1, 1), date(1970, 1, 2)],
        equity: vec![1.0, 2.0],
    };
    let log = vec![LogEntry { ts: 0, text: EVIL.to_owned() }];
    let lists = Lists {
        orders: Cow::Borrowed(&[]),
        fills: Cow::Borrowed(&[]),
        trades: Cow::Borrowed(&[]),
        equity: Cow::Owned(equity),
        benchmark: None,
        log: Cow::Owned(log),
    };
    let basis = Basis {
        calendar: Calendar::AlwaysOpen,
        resolution: Resolution::Day1,
        ts: &ts,
        cash: 1.0,
        risk_free_rate: 0.0,
    };
    let indicator =
        Indicator { name: EVIL.to_owned(), panel: Some(EVIL.to_owned()), values: (&prices).into() };
    page(&Page {
        title: EVIL.to_owned(),
        report: &report,
        lists: &lists,
        basis: &basis,
        equity: &prices,
        benchmark: Some(&prices),
        time_zone: "UTC",
        series: vec![SymbolSeries { symbol: EVIL.to_owned(), bars, overlays: vec![indicator] }],
    })
}

#[test]
fn nothing_that_a_user_or_a_strategy_named_becomes_markup() {
    let page = hostile_page();
    assert!(!page.contains("alert(1)</script>") && !page.contains("<img"));
    let data = page.matches("<script type=\"text/plain\" id=\"c").count();
    let facts = page.matches("<script type=\"application/json\" id=\"data\">").count();
    assert_eq!((facts, page.matches("<script>").count()), (1, 1));
    assert_eq!(page.matches("<script").count(), data + 2);
    assert_eq!(page.matches("</script>").count(), data + 2);
}

#[test]
fn the_page_names_no_source_but_itself() {
    let page = hostile_page();
    for (kind, tag) in [("script-src", "script"), ("style-src", "style")] {
        let inside = page.split(&format!("<{tag}>")).nth(1).unwrap();
        let inside = inside.split(&format!("</{tag}>")).next().unwrap();
        let sum = STANDARD.encode(Sha256::digest(inside.as_bytes()));
        assert!(page.contains(&format!("; {kind} 'sha256-{sum}';")));
    }
    assert!(page.contains("content=\"default-src 'none';"));
    assert!(
        !page.contains("unsafe-inline") && !page.contains("style=\"") && !page.contains("onclick")
    );
    assert_eq!(page.matches("href=").count(), 1, "only the icon, which is inside");
    assert_eq!(
        page.matches("src=").count(),
        page.matches("&lt;img src=").count() + page.matches("\\u003cimg src=").count()
    );
    assert!(
        !page.contains("fetch(") && !page.contains("XMLHttpRequest") && !page.contains("import(")
    );
}
