//! The summary for people: a table of at most 80 columns, the benchmark beside the strategy, and
//! below it the rules by which the figures came about.
//!
//! Plain ASCII but for what the user named otherwise; no colours, so it reads the same in a file.

use engine_core::{broker::Commission, metrics::Metrics};

use super::{
    number::{UNDEFINED, count, grouped, percent, plain},
    problems::plural,
    schema::{AmbiguityFacts, Costs, Counts, Report, Settings},
    spark,
    text::{fitted, left, printable, right, wrapped},
};

/// Columns of the summary.
const WIDTH: usize = 80;
const LABEL: usize = 22;
const VALUE: usize = 28;

/// How a figure is written.
type Cell = fn(&Metrics, &Costs) -> String;

/// The figures, from top to bottom; a row without a name is a gap.
const ROWS: [(&str, Cell); 26] = [
    ("Return", |m, _| share(m.total_return)),
    ("CAGR", |m, _| share(m.cagr)),
    ("Volatility", |m, _| share(m.volatility)),
    ("Sharpe", |m, _| ratio(m.sharpe)),
    ("Sortino", |m, _| ratio(m.sortino)),
    ("Calmar", |m, _| ratio(m.calmar)),
    ("", |_, _| String::new()),
    ("Max drawdown", |m, _| share(m.max_drawdown)),
    ("  peak to trough", |m, _| peak_to_trough(m)),
    ("  recovered", |m, _| recovered(m)),
    ("  duration", |m, _| duration(m)),
    ("Exposure", |m, _| share(m.exposure)),
    ("", |_, _| String::new()),
    ("Trades closed", |m, _| unitless(count(m.trades as u64))),
    ("Win rate", |m, _| share(m.win_rate)),
    ("Profit factor", |m, _| ratio(m.profit_factor)),
    ("Expectancy", |m, _| ratio(m.expectancy)),
    ("Expectancy, return", |m, _| share(m.expectancy_return)),
    ("SQN", |m, _| ratio(m.sqn)),
    ("", |_, _| String::new()),
    ("Alpha", |m, _| share(m.alpha)),
    ("Beta", |m, _| ratio(m.beta)),
    ("", |_, _| String::new()),
    ("Costs", |_, c| money(c.total)),
    ("  commission", |_, c| money(c.commission)),
    ("  slippage", |_, c| money(c.slippage)),
];

/// The summary, with a line end after each line.
#[must_use]
pub fn summary(report: &Report) -> String {
    let mut lines = heading(report);
    lines.push(String::new());
    match &report.metrics_as {
        Some(facts) => lines.extend(facts.lines(WIDTH)),
        None => lines.extend(table(report)),
    }
    lines.push(String::new());
    for (name, text) in notes(report) {
        lines.extend(paragraph(&name, &text));
    }
    if !report.warnings.is_empty() {
        lines.push(String::new());
    }
    for warning in &report.warnings {
        lines.extend(paragraph("Warning", &warning.text));
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The summary for a terminal of so many columns: with the course of the equity, one number a session,
/// drawn below its heading.
#[must_use]
pub fn summary_with_curve(report: &Report, equity: &[f64], columns: usize) -> String {
    let text = summary(report);
    match (text.split_once("\n\n"), spark::line(equity, columns.min(WIDTH))) {
        (Some((heading, rest)), Some(curve)) => format!("{heading}\n{curve}\n\n{rest}"),
        _ => text,
    }
}

/// The headline figures in one line, for the title of a plot.
#[must_use]
pub fn headline(report: &Report) -> String {
    let metrics = &report.metrics;
    let figure = |name: &str, text: String| format!("{name} {}", text.trim_end());
    let figures = [
        figure("Return", share(metrics.total_return)),
        figure("CAGR", share(metrics.cagr)),
        figure("Sharpe", ratio(metrics.sharpe)),
        figure("Max drawdown", share(metrics.max_drawdown)),
        figure("Exposure", share(metrics.exposure)),
        plural(metrics.trades, "trade"),
        figure("Win rate", share(metrics.win_rate)),
        figure("Profit factor", ratio(metrics.profit_factor)),
    ];
    figures.join("  \u{b7}  ")
}

fn heading(report: &Report) -> Vec<String> {
    let Report { strategy, symbols, resolution, period, metrics, .. } = report;
    let symbols: Vec<String> = symbols.iter().map(|symbol| printable(symbol)).collect();
    let subject = format!("{} on {} {resolution}", printable(&strategy.name), symbols.join(", "));
    let mut lines = wrapped(&subject, WIDTH);
    let parameters = parameters(report);
    if !parameters.is_empty() {
        lines.extend(wrapped(&parameters, WIDTH));
    }
    let [first, last] =
        [&period.first, &period.last].map(|end| end.as_deref().unwrap_or(UNDEFINED).to_owned());
    let (bars, sessions) = (plural(period.bars, "bar"), plural(period.sessions, "session"));
    lines.extend(wrapped(&format!("{first} to {last}, {bars} in {sessions}"), WIDTH));
    let [initial, end] = [metrics.initial_equity, metrics.final_equity]
        .map(|equity| equity.map_or(UNDEFINED.to_owned(), |equity| grouped(equity, 2)));
    lines.push(format!("equity {initial} -> {end}"));
    lines
}

/// `fast=20 slow=50`.
pub(super) fn parameters(report: &Report) -> String {
    let show = |(name, value): (&String, &serde_json::Value)| {
        let value = match (value.as_str(), value.as_f64()) {
            (Some(text), _) => printable(text),
            (None, Some(number)) => plain(number).replace(',', ""),
            (None, None) => value.to_string(),
        };
        format!("{}={value}", printable(name))
    };
    report.strategy.parameters.iter().map(show).collect::<Vec<_>>().join(" ")
}

fn table(report: &Report) -> Vec<String> {
    let benchmark = report.benchmark.as_ref();
    let head = |name: &str| right(&fitted(name, VALUE - 2), VALUE);
    let mut lines = vec![format!(
        "{}{}{}",
        left("", LABEL),
        head(&report.strategy.name),
        benchmark.map(|benchmark| head(&benchmark.name)).unwrap_or_default()
    )];
    for (name, cell) in ROWS {
        let own = right(&cell(&report.metrics, &report.costs), VALUE);
        let other = benchmark
            .map(|benchmark| match name {
                // A benchmark is not measured against itself.
                "Alpha" | "Beta" => unitless("-".to_owned()),
                _ => cell(&benchmark.metrics, &benchmark.costs),
            })
            .map(|text| right(&text, VALUE))
            .unwrap_or_default();
        lines.push(format!("{}{own}{other}", left(name, LABEL)));
    }
    lines
}

fn share(value: Option<f64>) -> String {
    value.map_or_else(|| unitless(UNDEFINED.to_owned()), percent)
}

fn ratio(value: Option<f64>) -> String {
    unitless(value.map_or(UNDEFINED.to_owned(), |value| grouped(value, 2)))
}

fn money(value: f64) -> String {
    unitless(grouped(value, 2))
}

/// Two blanks where others have their unit, so that digits stand below digits.
fn unitless(text: String) -> String {
    text + "  "
}

fn peak_to_trough(metrics: &Metrics) -> String {
    match (metrics.max_drawdown_peak, metrics.max_drawdown_trough) {
        (Some(peak), Some(trough)) => format!("{peak} to {trough}"),
        _ => unitless(UNDEFINED.to_owned()),
    }
}

fn recovered(metrics: &Metrics) -> String {
    match (metrics.max_drawdown_recovery, metrics.max_drawdown_recovered) {
        (Some(date), _) => date.to_string(),
        (None, false) => "not by the end".to_owned(),
        (None, true) => unitless(UNDEFINED.to_owned()),
    }
}

fn duration(metrics: &Metrics) -> String {
    match (metrics.max_drawdown_days, metrics.max_drawdown_bars) {
        (Some(days), Some(bars)) => {
            let days = plural(usize::try_from(days).unwrap_or_default(), "day");
            format!("{days}, {}", plural(bars, "bar"))
        }
        _ => unitless(UNDEFINED.to_owned()),
    }
}

/// The rules and counts below the table.
fn notes(report: &Report) -> Vec<(String, String)> {
    let Report { settings, counts, benchmark, .. } = report;
    let mut notes = vec![("Fills", fills(settings)), ("Costs", costs(settings))];
    if let Some(account) = account(settings) {
        notes.push(("Account", account));
    }
    if !settings.origins.is_empty() {
        notes.push(("Defaults", defaults(settings)));
    }
    if report.metrics_as.is_none() {
        notes.push(("Ratios", ratios(report)));
    }
    if let Some(benchmark) = benchmark {
        let name = printable(&benchmark.name);
        notes.push(("Benchmark", format!("{name}, with the same cash, period, fills and costs")));
    }
    notes.push(("Orders", orders(counts)));
    if counts.log_lines > 0 {
        notes.push(("Log", plural(counts.log_lines, "line")));
    }
    if let Some(ambiguity) = &report.ambiguity {
        notes.push(("Ambiguity", three_readings(report, ambiguity)));
    }
    if let Some(proof) = &report.proof {
        notes.push(("Causality", proof.text()));
    }
    notes.push(("Data", data(report)));
    if !report.run.is_empty() {
        notes.push(("Run", report.run.chars().take(16).collect()));
    }
    notes.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}

fn ratios(report: &Report) -> String {
    let Report { settings, calendar, .. } = report;
    format!(
        "of simple returns by session, risk-free rate {} a year, {} sessions a year ({calendar}); \
         drawdown and exposure by bar",
        percent(settings.risk_free_rate),
        plain(settings.sessions_per_year)
    )
}

fn fills(settings: &Settings) -> String {
    let fill = match settings.fill.as_str() {
        "next_open" => "at the open of the next bar (next_open)",
        "next_close" => "at the close of the next bar (next_close)",
        "same_close" => "at the close of the bar just seen (same_close)",
        other => other,
    };
    let lots = match settings.lots.as_slice() {
        _ if settings.fractional => "any quantity".to_owned(),
        lots if lots.iter().all(|lot| *lot == 1.0) => "whole shares".to_owned(),
        lots => {
            format!("lots of {}", lots.iter().map(|lot| plain(*lot)).collect::<Vec<_>>().join(", "))
        }
    };
    format!(
        "{fill}; sizes as a fraction are of equity at the fill price, net of commission; {lots}"
    )
}

/// The models with what they charge and whose prices these are.
fn costs(settings: &Settings) -> String {
    let model = settings.commission.parse::<Commission>().unwrap_or_default();
    let commission = match model.source() {
        Some(source) => format!("{model} ({}; {source})", model.rates()),
        None => settings.commission.clone(),
    };
    format!("commission {commission}, slippage {}", slippage(settings))
}

/// Which rules come from the file, grouped by the table that says them.
fn defaults(settings: &Settings) -> String {
    let mut tables: Vec<(&str, Vec<&str>)> = Vec::new();
    for (key, origin) in &settings.origins {
        let table = origin.split(", line").next().unwrap_or(origin);
        match tables.iter_mut().find(|(known, _)| *known == table) {
            Some((_, keys)) => keys.push(key),
            None => tables.push((table, vec![key])),
        }
    }
    let told = tables.iter().map(|(table, keys)| format!("{} from {table}", keys.join(", ")));
    told.collect::<Vec<_>>().join("; ")
}

fn slippage(settings: &Settings) -> String {
    if settings.slippage_bps != 0.0 {
        format!("{} basis points", plain(settings.slippage_bps))
    } else if settings.slippage.is_empty() {
        "none".to_owned()
    } else {
        settings.slippage.clone()
    }
}

/// What an account that is not plain costs and may do.
fn account(settings: &Settings) -> Option<String> {
    let mut parts = Vec::new();
    if settings.account == "margin" {
        let (interest, fee) = (percent(settings.margin_rate), percent(settings.borrow_fee));
        parts.push(format!("margin (Reg-T), {interest} interest and {fee} borrow fee a year"));
    }
    let limits = settings.limits;
    for (name, limit) in
        [("gross", limits.gross), ("net", limits.net), ("per symbol", limits.per_symbol)]
    {
        parts.extend(limit.map(|limit| format!("{name} at most {} of equity", percent(limit))));
    }
    parts.extend(limits.orders_per_bar.map(|most| format!("at most {most} orders a bar")));
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// `3 bars can be read in two ways, 2 settled by bars of 1m; against, as run, for the trader: ...`.
fn three_readings(report: &Report, facts: &AmbiguityFacts) -> String {
    let Report { counts, settings, .. } = report;
    let bars = plural(usize::try_from(counts.ambiguous_bars).unwrap_or(usize::MAX), "bar");
    let settled = settings.intrabar.as_ref().map_or_else(String::new, |finer| {
        format!(", {} settled by bars of {finer}", count(counts.settled_bars))
    });
    let undefined = || UNDEFINED.to_owned();
    let returns = facts.total_return.map(|one| one.map_or_else(undefined, percent));
    let ends = facts.end_equity.map(|one| one.map_or_else(undefined, |end| grouped(end, 2)));
    format!(
        "{bars} can be read in two ways{settled}; read against the trader, as run, for the trader: \
         return {}, end equity {}",
        returns.join(" / "),
        ends.join(" / ")
    )
}

/// `46 placed: 45 filled, 1 expired (the run ended before its next bar)`.
fn orders(counts: &Counts) -> String {
    let states = [
        ("filled", counts.filled),
        ("cancelled", counts.cancelled),
        ("expired", counts.expired),
        ("rejected", counts.rejected),
    ];
    let parts = states.iter().filter(|(_, orders)| *orders > 0).map(|(state, orders)| {
        let reasons: Vec<String> = counts
            .reasons
            .iter()
            .filter(|reason| reason.state == *state)
            .map(|reason| format!("{} {}", count(reason.orders as u64), reason.reason))
            .collect();
        let why =
            if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
        format!("{} {state}{why}", count(*orders as u64))
    });
    let parts: Vec<String> = parts.collect();
    let colon = if parts.is_empty() { "" } else { ": " };
    format!("{} placed{colon}{}", count(counts.orders as u64), parts.join(", "))
}

fn data(report: &Report) -> String {
    let mut adjustments: Vec<&str> =
        report.data.series.iter().map(|series| series.adjustment.as_str()).collect();
    adjustments.dedup();
    let digest: String = report.data.digest.chars().take(16).collect();
    let mut sources: Vec<&str> =
        report.data.series.iter().filter_map(|series| series.resampled_from.as_deref()).collect();
    sources.dedup();
    let made = if sources.is_empty() {
        String::new()
    } else {
        format!(", {} bars made of {}", report.resolution, sources.join(" and "))
    };
    let history = report.period.history_bars;
    let before = if history > 0 {
        format!(", {} of history before the period", plural(history, "bar"))
    } else {
        String::new()
    };
    format!("{} prices{made}, digest {digest}{before}", printable(&adjustments.join(", ")))
}

/// A name and a text that goes on below itself.
pub(super) fn paragraph(name: &str, text: &str) -> Vec<String> {
    const NAME: usize = 11;
    let lines = wrapped(&printable(text), WIDTH - NAME);
    let name = |place: usize| left(if place == 0 { name } else { "" }, NAME);
    lines.iter().enumerate().map(|(place, line)| name(place) + line).collect()
}
