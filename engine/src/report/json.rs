//! A result as JSON: one line for each key of the report, one for each row of a list.
//!
//! Keys stand in the order of the schema and numbers are written so that reading them back gives the
//! same bits; what is not finite is null. Letters that could steer a terminal are escaped.

use std::fmt::Write as _;

use engine_core::metrics::SessionEquity;
use serde::Serialize;

use super::{
    lists::{Lists, Naming},
    schema::Report,
    text::printable_json,
};

/// The report without its lists, a proof and the figures of other packages: what the database keeps.
#[must_use]
pub fn stored(report: &Report) -> String {
    let kept = Report { proof: None, metrics_as: None, ..report.clone() };
    printable_json(&(keys(&kept) + "\n}\n"))
}

/// The report with its lists: what `--json` prints.
///
/// # Panics
/// Never: every part of a report has a JSON form.
#[must_use]
pub fn full(report: &Report, lists: &Lists<'_>) -> String {
    let mut text = keys(report);
    let Ok(resolution) = report.resolution.parse() else {
        // A stored report of a later version may name a resolution that this one does not know.
        return stored(report);
    };
    let naming = Naming { symbols: &report.symbols, resolution };
    list(&mut text, "orders", lists.orders.iter().map(|order| naming.order(order)));
    list(&mut text, "fills", lists.fills.iter().map(|fill| naming.fill(fill)));
    list(&mut text, "trades", lists.trades.iter().map(|trade| naming.trade(trade)));
    curve(&mut text, "equity", Some(&lists.equity));
    curve(&mut text, "benchmark_equity", lists.benchmark.as_deref());
    list(&mut text, "log", lists.log.iter().map(|entry| naming.log(entry)));
    text.push_str("\n}\n");
    printable_json(&text)
}

/// The opening brace and every key of the report, without the closing brace.
fn keys(report: &Report) -> String {
    let value = serde_json::to_value(report).expect("a report has only text keys");
    let mut text = String::from("{");
    for (key, value) in value.as_object().expect("a report is an object") {
        begin(&mut text, key);
        write!(text, "{value}").expect("a string takes everything");
    }
    text
}

/// A line for a key, after a comma where there was one before.
fn begin(text: &mut String, key: &str) {
    let comma = if text.len() == 1 { "" } else { "," };
    write!(text, "{comma}\n  \"{key}\": ").expect("a string takes everything");
}

fn list<T: Serialize>(text: &mut String, key: &str, rows: impl Iterator<Item = T>) {
    begin(text, key);
    let mut separator = "[\n    ";
    for row in rows {
        text.push_str(separator);
        text.push_str(&serde_json::to_string(&row).expect("a row has only text keys"));
        separator = ",\n    ";
    }
    text.push_str(if separator.starts_with('[') { "[]" } else { "\n  ]" });
}

#[derive(Serialize)]
struct Curve<'a> {
    initial: f64,
    date: Vec<String>,
    value: &'a [f64],
}

fn curve(text: &mut String, key: &str, curve: Option<&SessionEquity>) {
    begin(text, key);
    let curve = curve.map(|curve| Curve {
        initial: curve.initial,
        date: curve.days.iter().map(ToString::to_string).collect(),
        value: &curve.equity,
    });
    text.push_str(&serde_json::to_string(&curve).expect("a curve has only text keys"));
}
