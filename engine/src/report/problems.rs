//! What a reader should know before trusting the figures.

use super::{
    number,
    schema::{Report, Warning},
};

/// The warnings of a report, gravest first.
pub(super) fn warnings(report: &Report) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut warn = |code: &str, text: String| {
        found.push(Warning { code: code.to_owned(), text });
    };
    let Report { counts, metrics, settings, period, strategy, .. } = report;
    let bars = period.history_bars + period.bars;
    if strategy.warm_up_bars >= bars {
        let (needed, bars) = (plural(strategy.warm_up_bars, "bar"), number::count(bars as u64));
        warn(
            "too_few_bars",
            format!("the strategy needs {needed} before it can act; there are {bars}"),
        );
    }
    if counts.orders == 0 {
        warn("no_orders", "the strategy placed no order".to_owned());
    }
    if counts.rejected > 0 {
        warn("rejected_orders", format!("{} rejected", plural(counts.rejected, "order")));
    }
    if settings.fill == "same_close" {
        let text =
            "orders fill at the very close at which they were decided: no trader can have that";
        warn("optimistic_fill", text.to_owned());
    }
    let open = counts.ambiguous_bars.saturating_sub(counts.settled_bars);
    if open > 0 {
        let bars = plural(usize::try_from(open).unwrap_or(usize::MAX), "bar");
        let other = if settings.ambiguity == "optimistic" { "pessimistic" } else { "optimistic" };
        let text = format!(
            "{bars} reached two orders that exclude each other and were read as {}: the result may \
             differ when read as {other}",
            settings.ambiguity
        );
        warn("ambiguous_bars", text);
    }
    // Over less than a day there is nothing to stretch, and no CAGR.
    if metrics.cagr_extrapolated && metrics.cagr.is_some() {
        let days = metrics.calendar_days.unwrap_or_default();
        let days = plural(usize::try_from(days).unwrap_or_default(), "day");
        warn("cagr_extrapolated", format!("CAGR and Calmar stretch {days} to a year"));
    }
    for position in &report.positions {
        let quantity = number::plain(position.quantity);
        let profit = number::grouped(position.profit, 2);
        let text = format!(
            "{quantity} {} still held at the end: a profit of {profit} at the last close, which is in \
             the return but in no trade figure",
            position.symbol
        );
        warn("open_position", text);
    }
    if counts.log_lines_lost > 0 {
        let lines = number::count(counts.log_lines_lost);
        warn("log_lines_lost", format!("{lines} log lines lost: too many at one bar"));
    }
    found
}

/// `1 order`, `2 orders`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", number::count(count as u64))
}
