//! A run as one page for a browser: charts that zoom, figures with their definitions, months,
//! distributions, every trade, and what the result stands on.
//!
//! The page is one file that needs no other and asks nobody for anything: its policy forbids every
//! source but its own script and style, which it names by their sha256. What the user or a strategy
//! named (symbols, parameters, log lines) is text in it and nothing else. The numbers stand in it as
//! packed columns, which the script unpacks into a pyramid of extremes, so that a million bars zoom as
//! smoothly as a thousand and every fill is drawn at its price. Where the file goes is left to others.

mod column;
mod compare;
mod data;
mod drawdowns;
mod facts;
mod figures;
mod frame;
mod histogram;
mod markup;
mod months;
mod rolling;
mod study;
mod sweep;
#[cfg(test)]
mod tests;
mod times;
mod validation;
mod years;

use std::borrow::Cow;

use strategy_api::Columns;

use super::{Basis, Lists, Report, problems::plural};
pub use compare::compare;
use frame::Frame;
use histogram::Histogram;
use markup::{escaped, scrolled};
pub use sweep::{Axis, SweepPage, TrialColumns, sweep};
pub use validation::validation;

/// Everything that the page of a run shows.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// Strategy and parameters, for example `ma_cross(fast=20, slow=50)`.
    pub title: String,
    /// Figures, settings and digests.
    pub report: &'a Report,
    /// Orders, fills, trades, equity by session and log.
    pub lists: &'a Lists<'a>,
    /// Calendar, resolution and times of the traded bars.
    pub basis: &'a Basis<'a>,
    /// Equity at each of those times.
    pub equity: &'a [f64],
    /// Equity of the benchmark at each of them.
    pub benchmark: Option<&'a [f64]>,
    /// IANA name of the zone in which bars inside a session are dated.
    pub time_zone: &'a str,
    /// The bars of each symbol, in the order of the run.
    pub series: Vec<SymbolSeries<'a>>,
}

/// The traded bars of one symbol and its indicators.
#[derive(Clone, Debug)]
pub struct SymbolSeries<'a> {
    /// The symbol.
    pub symbol: String,
    /// Its bars; their times are among those of the page.
    pub bars: Columns<'a>,
    /// Indicators.
    pub overlays: Vec<Indicator<'a>>,
}

/// One indicator.
#[derive(Clone, Debug)]
pub struct Indicator<'a> {
    /// Name in the legend.
    pub name: String,
    /// Caption of its own panel, which indicators share by naming the same; `None` over the price.
    pub panel: Option<String>,
    /// A value for each bar; NaN where there is none.
    pub values: Cow<'a, [f64]>,
}

/// The page as the bytes of an HTML file.
#[must_use]
pub fn page(page: &Page<'_>) -> String {
    let report = page.report;
    let symbols = report.symbols.join(", ");
    let bars = plural(report.period.bars, "bar");
    let mut frame = Frame::new(
        &format!("{} on {symbols}", page.title),
        &format!("{bars} of {}, {}", report.resolution, times::period(page)),
    );
    frame.push(&facts::warnings(report));
    frame.push(&format!(
        "<section class=\"tiles\" aria-label=\"Headline\">{}</section>",
        figures::tiles(report)
    ));
    frame.push(CHARTS);
    frame.section("Figures", &format!("<div class=\"columns\">{}</div>", figures::table(report)));
    let months = months::table(&page.lists.equity);
    frame.section("Returns by month, %", &scrolled(&months));
    let curve = &page.lists.equity;
    let benchmark = page.report.benchmark.as_ref().zip(page.lists.benchmark.as_deref());
    let beside = benchmark.map(|(other, curve)| (other.name.as_str(), curve));
    frame.push(&format!(
        "<section class=\"columns\"><div><h2>Returns by year</h2>{}{}</div>\
         <div><h2>Deepest falls</h2>{}</div></section>",
        years::legend(&page.report.strategy.name, beside.map(|(name, _)| name)),
        years::picture(curve, beside).unwrap_or_else(|| "<p>None.</p>".to_owned()),
        drawdowns::table(curve)
    ));
    frame.section("Distribution of returns", &distributions(page));
    frame.push(&TRADES.replace("{zone}", &times::zone(page)));
    let rules = facts::table(report, times::said(page));
    let log = facts::log(report, page.lists);
    frame.section("What it stands on", &(scrolled(&rules) + &log));
    frame.push(&format!(
        "<footer>Made by algo-trader {}. The same run again: <code>algo-trader runs rerun {}</code></footer>",
        escaped(&report.engine),
        escaped(&report.run.chars().take(16).collect::<String>())
    ));
    frame.finish(&data::elements(page))
}

const CHARTS: &str = "<section id=\"charts\" aria-label=\"Charts\">\n\
<div id=\"controls\" role=\"toolbar\" aria-label=\"Charts\"></div>\n\
<div id=\"stack\" tabindex=\"0\" role=\"group\" aria-label=\"Charts. Left and right move the cursor, with \
Shift the view; plus and minus zoom; Home, End and 0 show the beginning, the end and everything.\"></div>\n\
<p class=\"hint\">Drag to move, Shift and drag to choose a span, Ctrl and wheel (or pinch) to zoom, double \
click for everything; on a screen that is touched, tap for the figures of a bar. Keys: arrows, plus, minus, \
Home, End, 0.</p>\n\
<p id=\"spoken\" class=\"unseen\" aria-live=\"polite\"></p>\n\
<noscript><p>The charts and the table of trades need scripts.</p></noscript></section>\n";

const TRADES: &str = "<section><h2>Trades{zone}</h2><div class=\"tools\">\
<label>Find <input id=\"trade-filter\" type=\"search\" placeholder=\"date, symbol, number\"></label>\
<label>Show <select id=\"trade-kind\"><option value=\"all\">all</option><option value=\"won\">winners</option>\
<option value=\"lost\">losers</option><option value=\"open\">open</option></select></label>\
<span id=\"trade-status\" class=\"status\" aria-live=\"polite\"></span>\
<button type=\"button\" id=\"trade-before\">Previous</button><button type=\"button\" id=\"trade-after\">Next</button>\
</div><div class=\"scroll\" tabindex=\"0\"><table id=\"trade-table\" class=\"rows\"></table></div></section>\n";

fn distributions(page: &Page<'_>) -> String {
    let mut sessions = page.lists.equity.returns().unwrap_or_default();
    // Sessions without a position would be one tall bar that hides all others.
    sessions.retain(|value| *value != 0.0);
    let trades: Vec<f64> =
        page.lists.trades.iter().filter_map(engine_core::ledger::Trade::return_fraction).collect();
    let picture = |name: &str, returns: &[f64], tail: Option<f64>| match Histogram::of(returns) {
        None => {
            format!("<figure><figcaption><strong>{name}</strong></figcaption><p>None.</p></figure>")
        }
        Some(histogram) => {
            let mut marks = vec![("mean", histogram.mean)];
            marks.extend(tail.map(|value| ("VaR 95 %", value)));
            let svg = histogram.svg(name, &marks);
            format!("<figure><figcaption><strong>{name}</strong></figcaption>{svg}</figure>")
        }
    };
    format!(
        "<div class=\"columns\">{}{}</div>",
        picture("Returns of sessions that were not flat", &sessions, page.report.metrics.var_95),
        picture("Returns of closed trades", &trades, None)
    )
}
