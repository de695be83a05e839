//! Several runs on one page: their growth from the same start, how deep each went under water, and their
//! figures and parameters side by side.

use std::collections::BTreeSet;

use engine_core::{calendar::midnight_ns, metrics::SessionEquity};
use serde_json::{Value, json};

use super::{
    CHARTS, data, figures,
    frame::Frame,
    markup::{embedded, escaped, scrolled},
};
use crate::report::{Lists, Report, text::printable};

/// First digits of an id.
const DIGITS: usize = 10;

/// The page of several runs as the bytes of an HTML file.
#[must_use]
pub fn compare(runs: &[(Report, Lists<'_>)]) -> String {
    let named =
        |report: &Report| format!("{} on {}", report.strategy.name, report.symbols.join(", "));
    let names: Vec<String> = runs.iter().map(|(report, _)| named(report)).collect();
    let mut frame = Frame::new(
        &format!("{} runs side by side", runs.len()),
        &names.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect::<Vec<_>>().join(" | "),
    );
    frame.push(CHARTS);
    let reports: Vec<&Report> = runs.iter().map(|(report, _)| report).collect();
    let heads: Vec<[String; 2]> =
        reports.iter().map(|report| [id(report), told_apart(report, &reports)]).collect();
    let table = figures::beside(&reports, &heads);
    frame.section("Figures", &scrolled(&table));
    let inputs = inputs(&reports, &names, &heads);
    frame.section("Inputs", &scrolled(&inputs));
    frame.push("<footer>Made by algo-trader. One run in full: <code>algo-trader runs rerun ID --report</code></footer>");
    frame.finish(&elements(runs, &heads))
}

fn id(report: &Report) -> String {
    report.run.chars().take(DIGITS).collect()
}

/// The strategy of a run with what tells it from the other runs of that strategy: the parameters whose
/// values differ, and the symbols where they do.
fn told_apart(report: &Report, all: &[&Report]) -> String {
    let strategy = &report.strategy;
    let others = || all.iter().filter(|other| other.strategy.name == strategy.name);
    let differs = |name: &String, value: &_| {
        others().any(|other| other.strategy.parameters.get(name) != Some(value))
    };
    let mut text = strategy.name.clone();
    for (name, value) in &strategy.parameters {
        if differs(name, value) {
            text.push_str(&format!(" {name}={value}"));
        }
    }
    if all.iter().any(|other| other.symbols != report.symbols) {
        text.push_str(&format!(" on {}", report.symbols.join(", ")));
    }
    text
}

/// What each run is of: strategy, parameters, period, costs, bars.
fn inputs(reports: &[&Report], names: &[String], heads: &[[String; 2]]) -> String {
    let mut text = String::from("<table class=\"inputs\"><thead><tr>");
    for head in ["Run", "Strategy", "Parameters", "Bars", "Period", "Costs", "Data"] {
        text.push_str(&format!("<th scope=\"col\">{head}</th>"));
    }
    text.push_str("</tr></thead><tbody>");
    for ((report, name), [head, _]) in reports.iter().zip(names).zip(heads) {
        let parameters: Vec<String> = report
            .strategy
            .parameters
            .iter()
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        let [first, last] =
            [&report.period.first, &report.period.last].map(|day| day.clone().unwrap_or_default());
        let cells = [
            name.clone(),
            parameters.join(", "),
            report.resolution.clone(),
            format!("{first} to {last}"),
            format!("{}, {} bps", report.settings.commission, report.settings.slippage_bps),
            report.data.digest.chars().take(DIGITS).collect(),
        ];
        let cells: String =
            cells.iter().map(|cell| format!("<td>{}</td>", escaped(cell))).collect();
        text.push_str(&format!("<tr><th scope=\"row\">{}</th>{cells}</tr>", escaped(head)));
    }
    text + "</tbody></table>"
}

/// Every curve on its own days, as a multiple of its capital.
fn elements(runs: &[(Report, Lists<'_>)], heads: &[[String; 2]]) -> String {
    let mut sheet = data::Sheet::default();
    let days = |curve: &SessionEquity| {
        curve.days.iter().map(|day| midnight_ns(*day)).collect::<Vec<i64>>()
    };
    let all: BTreeSet<i64> = runs.iter().flat_map(|(_, lists)| days(&lists.equity)).collect();
    let curves: Vec<Value> = runs
        .iter()
        .zip(heads)
        .map(|((_, lists), [head, name])| {
            let growth: Vec<f64> =
                lists.equity.equity.iter().map(|equity| equity / lists.equity.initial).collect();
            let name = format!("{head} {name}");
            json!({
                "name": printable(&name),
                "ts": sheet.times(days(&lists.equity).iter().map(|ts| Some(*ts))),
                "values": sheet.curve(&growth),
            })
        })
        .collect();
    let facts = json!({
        "kind": "compare", "intraday": false, "zone": "UTC", "runs": curves,
        "ts": sheet.times(all.iter().map(|ts| Some(*ts))),
    });
    sheet.finish(&embedded(&facts.to_string()))
}
