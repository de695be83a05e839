//! Whether the splits and dividends that are known fit the prices of a run: none twice, none forgotten
//! without a word.

use engine_core::{
    backtest::Config,
    event::{Event, EventKind},
};

use super::market::Bars;
use crate::{
    cli::bars::shell_word,
    error::{Code, Failure},
    report::{Warning, plural, stamp},
};

/// Refuses actions that the prices contain already.
///
/// # Errors
/// When `--actions` would count one twice.
pub(in crate::cli) fn check(bars: &Bars, config: &Config) -> Result<(), Failure> {
    if !config.rules.apply_actions {
        return Ok(());
    }
    for (symbol, adjustment) in bars.adjusted() {
        let twice = |event: &&Event| contains(adjustment, &event.kind);
        if let Some(event) = of_symbol(bars, config, symbol).find(twice) {
            let (kind, day) = (name(&event.kind), stamp(event.ts, bars.resolution));
            let message = format!(
                "{symbol}: its prices are adjusted for {kind}s ('{adjustment}'), so --actions would \
                 count the {kind} of {day} twice"
            );
            return Err(Failure::new(Code::Data, message)
                .help(format!("algo-trader ingest -s {} --status", shell_word(symbol))));
        }
    }
    Ok(())
}

/// Actions that a run leaves out, and symbols whose prices are adjusted in different ways.
pub(super) fn warnings(bars: &Bars, config: &Config) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut warn = |code: &str, text| found.push(Warning { code: code.to_owned(), text });
    for (symbol, adjustment) in bars.adjusted() {
        if config.rules.apply_actions || adjustment != "raw" {
            continue;
        }
        let count = |wanted: &EventKind| {
            of_symbol(bars, config, symbol).filter(|event| event.kind == *wanted).count()
        };
        let counts =
            [EventKind::Split, EventKind::Dividend].map(|kind| (count(&kind), name(&kind)));
        let parts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| plural(*count, name))
            .collect();
        if !parts.is_empty() {
            let parts = parts.join(" and ");
            warn(
                "actions_left_out",
                format!(
                    "{parts} of {symbol} within the run are left out: its prices are raw, and --actions was not given"
                ),
            );
        }
    }
    let adjusted: Vec<_> = bars.adjusted().collect();
    if adjusted.iter().any(|(_, adjustment)| *adjustment != adjusted[0].1) {
        let parts: Vec<_> =
            adjusted.iter().map(|(symbol, adjustment)| format!("{symbol} {adjustment}")).collect();
        let parts = parts.join(", ");
        warn("adjusted_differently", format!("prices are adjusted in different ways: {parts}"));
    }
    found
}

/// Splits and dividends of a symbol from its first bar within the run on, until its last.
fn of_symbol<'e>(
    bars: &Bars,
    config: &'e Config,
    symbol: &'e str,
) -> impl Iterator<Item = &'e Event> {
    let (first, last) = bars.span(symbol, config);
    config.rules.events.iter().filter(move |event| {
        event.symbol.as_deref() == Some(symbol)
            && !matches!(event.kind, EventKind::Signal(_))
            && (first..=last).contains(&event.ts)
    })
}

fn contains(adjustment: &str, kind: &EventKind) -> bool {
    match kind {
        EventKind::Split => adjustment != "raw",
        EventKind::Dividend => adjustment == "adjusted",
        EventKind::Signal(_) => false,
    }
}

fn name(kind: &EventKind) -> &'static str {
    if *kind == EventKind::Split { "split" } else { "dividend" }
}
