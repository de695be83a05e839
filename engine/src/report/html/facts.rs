//! What a result stands on: period, rules, bars and digests, warnings, orders by outcome, the log.

use std::fmt::Write as _;

use super::markup::escaped;
use crate::report::{
    lists::{Lists, Naming},
    number::{count, percent, plain},
    problems::plural,
    schema::Report,
};

/// Most log lines that a page holds.
const MOST_LINES: usize = 2_000;

/// Warnings, gravest first; nothing without one.
pub(super) fn warnings(report: &Report) -> String {
    let texts: Vec<String> = report.warnings.iter().map(|warning| warning.text.clone()).collect();
    cautions(&texts)
}

/// What has to be said before a result is trusted; nothing when there is nothing.
pub(super) fn cautions(texts: &[String]) -> String {
    let items: String = texts.iter().map(|text| format!("<li>{}</li>", escaped(text))).collect();
    if items.is_empty() {
        return items;
    }
    format!(
        "<aside class=\"warnings\" aria-label=\"Warnings\"><strong>Before you trust this</strong><ul>{items}</ul></aside>"
    )
}

/// Name and value of everything that the result depends on.
///
/// Records keep their times in UTC, marked by a Z; `zone` is that in which the page shows bars instead.
pub(super) fn table(report: &Report, zone: Option<&str>) -> String {
    let Report { settings, period, strategy, data, .. } = report;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let parameters: Vec<String> =
        strategy.parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let mut rows = vec![
        ("Run", report.run.clone()),
        ("Engine", format!("algo-trader {}", report.engine)),
        ("Strategy", format!("{} ({} {})", strategy.name, strategy.id, strategy.version)),
        ("Parameters", parameters.join(", ")),
        ("Plugin sha256", strategy.plugin_sha256.clone().unwrap_or_else(|| "built in".to_owned())),
        ("Warm-up", plural(strategy.warm_up_bars, "bar")),
        ("Period", format!("{} to {}", text(&period.first), text(&period.last))),
        (
            "Bars",
            format!(
                "{} of {}, {}, {} of history before",
                count(period.bars as u64),
                report.resolution,
                plural(period.sessions, "session"),
                count(period.history_bars as u64)
            ),
        ),
        (
            "Calendar",
            format!("{}, {} sessions a year", report.calendar, plain(settings.sessions_per_year)),
        ),
        ("Cash", plain(settings.cash)),
        ("Fill", settings.fill.clone()),
        ("Commission", settings.commission.clone()),
        ("Slippage", format!("{} basis points", plain(settings.slippage_bps))),
        ("Lots", lots(report)),
        ("Risk-free rate", format!("{} a year", percent(settings.risk_free_rate))),
        ("Seed", settings.seed.to_string()),
        ("Data digest", data.digest.clone()),
    ];
    for series in &data.series {
        let (first, last) = (text(&series.first), text(&series.last));
        let bars = plural(series.bars, "bar");
        let adjustment = &series.adjustment;
        rows.push((
            "Series",
            format!("{}: {bars}, {first} to {last}, {adjustment}", series.symbol),
        ));
    }
    rows.push(("Orders", orders(report)));
    rows.extend(zone.map(|zone| {
        ("Times", format!("charts, trades and the heading in {zone}; with a Z here, UTC"))
    }));
    listed(&rows)
}

/// Names and values as a table.
pub(super) fn listed(rows: &[(&'static str, String)]) -> String {
    let row = |(name, value): &(&'static str, String)| {
        format!("<tr><th scope=\"row\">{name}</th><td>{}</td></tr>", escaped(value))
    };
    format!(
        "<table class=\"facts\"><tbody>{}</tbody></table>",
        rows.iter().map(row).collect::<String>()
    )
}

fn lots(report: &Report) -> String {
    if report.settings.fractional {
        return "any quantity".to_owned();
    }
    report.settings.lots.iter().map(|lot| plain(*lot)).collect::<Vec<_>>().join(", ")
}

fn orders(report: &Report) -> String {
    let counts = &report.counts;
    let mut text =
        format!("{} placed, {} filled", count(counts.orders as u64), count(counts.filled as u64));
    for reason in &counts.reasons {
        let orders = count(reason.orders as u64);
        write!(text, "; {orders} {}: {}", reason.state, reason.reason)
            .expect("a string takes everything");
    }
    text
}

/// The strategy's log, cut after [`MOST_LINES`]; nothing without one.
pub(super) fn log(report: &Report, lists: &Lists<'_>) -> String {
    let Ok(resolution) = report.resolution.parse() else { return String::new() };
    if lists.log.is_empty() {
        return String::new();
    }
    let naming = Naming { symbols: &report.symbols, resolution };
    let mut text = String::new();
    for entry in lists.log.iter().take(MOST_LINES) {
        let (time, line) = naming.logged(entry);
        writeln!(text, "{time}  {}", escaped(line)).expect("a string takes everything");
    }
    let more = lists.log.len().saturating_sub(MOST_LINES);
    if more > 0 {
        writeln!(text, "and {} more", count(more as u64)).expect("a string takes everything");
    }
    let lines = plural(lists.log.len(), "line");
    format!(
        "<details><summary>Log of the strategy, {lines}</summary><pre tabindex=\"0\">{text}</pre></details>"
    )
}
