//! A sweep on one page: what its best trial is worth, the map of any two parameters, how each parameter
//! alone moves the figure, how the trials are distributed, and the trials themselves.

use engine_core::sweep::Metric;
use serde_json::{Value, json};

use super::{
    data, facts, figures,
    frame::Frame,
    markup::{embedded, escaped, scrolled},
};
use crate::report::text::printable;

/// Significant digits of a figure of a trial on the page.
const DIGITS: i32 = 6;

/// Everything that the page of a sweep shows.
#[derive(Clone, Debug)]
pub struct SweepPage<'a> {
    /// Strategy and symbols.
    pub title: String,
    /// Trials, bars, period.
    pub subtitle: String,
    /// What the best trial is worth, in words.
    pub sentence: &'a str,
    /// Figures of that judgement: name, value, note.
    pub tiles: Vec<[String; 3]>,
    /// What has to be said before the result is trusted.
    pub warnings: Vec<String>,
    /// Parameters with more than one value.
    pub axes: Vec<Axis>,
    /// The trials.
    pub trials: &'a TrialColumns,
    /// The figure by which they are ranked.
    pub rank: Metric,
    /// What the best of so many trials without skill would reach, when it is known of that figure.
    pub luck: Option<f64>,
    /// Name and value of everything that the result depends on.
    pub facts: Vec<(&'static str, String)>,
}

/// A parameter and its values as they are written.
#[derive(Clone, Debug)]
pub struct Axis {
    /// Name.
    pub name: String,
    /// Values, in the order in which they are tried.
    pub values: Vec<String>,
}

/// Trials that ran, column by column.
#[derive(Clone, Debug, Default)]
pub struct TrialColumns {
    /// Number of each trial.
    pub numbers: Vec<f64>,
    /// For each axis the place of its value.
    pub places: Vec<Vec<f64>>,
    /// For each of [`Metric::ALL`] the figure; NaN where it is undefined.
    pub figures: Vec<Vec<f64>>,
    /// One of so many trials is here, and all of the best.
    pub one_of: u64,
}

/// The page as the bytes of an HTML file.
#[must_use]
pub fn sweep(page: &SweepPage<'_>) -> String {
    let mut frame = Frame::new(&page.title, &page.subtitle);
    frame.push(&facts::cautions(&page.warnings));
    frame.push(&verdict("What the best trial is worth", page.sentence, &page.tiles));
    frame.push(MAP);
    frame.push(TRIALS);
    frame.section("What it stands on", &scrolled(&facts::listed(&page.facts)));
    frame.push(
        "<footer>Made by algo-trader. One trial in full: <code>algo-trader backtest --report</code> with its \
         parameters.</footer>",
    );
    frame.finish(&elements(page))
}

const MAP: &str = "<section id=\"map\"><h2>Map of two parameters</h2>\
<div id=\"map-tools\" class=\"tools\"></div>\
<div id=\"map-stage\" class=\"stage\"></div>\
<p id=\"map-said\" class=\"hint\" aria-live=\"polite\"></p></section>\n\
<section id=\"slices\"><h2>One parameter at a time</h2>\
<p class=\"hint\">The line is the mean over all values of the other parameters, the band holds the middle 80 % \
of the trials, the dots are the trials that differ from the best in this parameter alone.</p>\
<div id=\"slice-list\" class=\"columns\"></div></section>\n\
<section id=\"spread\"><h2>Distribution of the trials</h2><div id=\"spread-stage\" class=\"stage\"></div></section>\n\
<noscript><section><p>The charts and the table of trials need scripts.</p></section></noscript>\n";

const TRIALS: &str = "<section><h2>Trials</h2><div class=\"tools\">\
<label>Find <input id=\"trial-filter\" type=\"search\" placeholder=\"fast=20 slow=100\"></label>\
<span id=\"trial-status\" class=\"status\" aria-live=\"polite\"></span>\
<button type=\"button\" id=\"trial-before\">Previous</button><button type=\"button\" id=\"trial-after\">Next</button>\
</div><div class=\"scroll\" tabindex=\"0\"><table id=\"trial-table\" class=\"rows\"></table></div></section>\n";

/// The name of a figure that has a definition on the page, and how it is written.
pub(super) fn named(metric: Metric) -> (&'static str, &'static str) {
    match metric {
        Metric::Sharpe => ("Sharpe", "ratio"),
        Metric::Sortino => ("Sortino", "ratio"),
        Metric::TotalReturn => ("Return", "percent"),
        Metric::Cagr => ("CAGR", "percent"),
        Metric::Calmar => ("Calmar", "ratio"),
        Metric::MaxDrawdown => ("Max drawdown", "percent"),
        Metric::Volatility => ("Volatility", "percent"),
        Metric::Exposure => ("Exposure", "percent"),
        Metric::Trades => ("Trades closed", "count"),
        Metric::WinRate => ("Win rate", "percent"),
        Metric::ProfitFactor => ("Profit factor", "ratio"),
        Metric::Expectancy => ("Expectancy", "ratio"),
        Metric::Sqn => ("SQN", "ratio"),
    }
}

/// A figure as the script knows it.
pub(super) fn described(metric: Metric) -> Value {
    let (name, kind) = named(metric);
    let definition = figures::definition(name);
    json!({ "key": metric.name(), "name": name, "kind": kind, "definition": definition,
            "falls": metric == Metric::Volatility })
}

/// What a page says first: what its result is worth, in words and in figures (name, value, note).
pub(super) fn verdict(heading: &str, sentence: &str, tiles: &[[String; 3]]) -> String {
    let tile = |[name, value, note]: &[String; 3]| {
        // A number and its sign stay on one line.
        let whole = |text: &String| escaped(text).replace(" %", "\u{a0}%");
        let (name, value, note) = (escaped(name), whole(value), whole(note));
        format!("<div class=\"tile\"><span>{name}</span><b>{value}</b><small>{note}</small></div>")
    };
    format!(
        "<section class=\"verdict\"><h2>{heading}</h2><p>{}</p></section>\n\
         <section class=\"tiles\" aria-label=\"Headline\">{}</section>",
        escaped(sentence),
        tiles.iter().map(tile).collect::<String>()
    )
}

fn elements(page: &SweepPage<'_>) -> String {
    let mut sheet = data::Sheet::default();
    let axis = |(place, axis): (usize, &Axis)| {
        let values: Vec<String> = axis.values.iter().map(|value| printable(value)).collect();
        let places = page.trials.places.get(place).map_or(&[][..], Vec::as_slice);
        json!({ "name": printable(&axis.name), "values": values, "places": sheet.exact(places) })
    };
    let axes: Vec<Value> = page.axes.iter().enumerate().map(axis).collect();
    let with_values = |(at, one): (usize, Metric)| {
        let mut facts = described(one);
        let values = page.trials.figures.get(at).map_or(&[][..], Vec::as_slice);
        facts["values"] = sheet.rounded(values, DIGITS);
        facts
    };
    let metrics: Vec<Value> = Metric::ALL.into_iter().enumerate().map(with_values).collect();
    let facts = json!({
        "kind": "sweep", "intraday": false, "zone": "UTC", "axes": axes, "metrics": metrics,
        "numbers": sheet.exact(&page.trials.numbers), "rank": page.rank.name(),
        "luck": page.luck, "oneOf": page.trials.one_of,
    });
    sheet.finish(&embedded(&facts.to_string()))
}
