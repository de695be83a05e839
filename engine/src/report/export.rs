//! Trades and equity as CSV for spreadsheets and data frames.
//!
//! RFC 4180 with a header, but lines end with a line feed alone. Numbers are written so that reading
//! them back gives the same bits; what is undefined is an empty field. Times are dates for daily and
//! longer bars, RFC 3339 in UTC for shorter ones. Control characters of a symbol are written out.

use std::io::{self, Write};

use engine_core::ledger::Trade;
use strategy_api::Resolution;

use super::{lists::Naming, text::printable, time::stamp};

/// Writes trades, one a line, closed ones by the time of closing, then open ones.
///
/// # Errors
/// What the writer says.
pub fn trades(
    writer: &mut dyn Write,
    trades: &[Trade],
    symbols: &[String],
    resolution: Resolution,
) -> io::Result<()> {
    let naming = Naming { symbols, resolution };
    writeln!(
        writer,
        "symbol,opened,closed,quantity,entry_price,exit_price,held,profit,return,commission,\
         slippage,entry_order,exit_order"
    )?;
    for trade in trades {
        let row = naming.trade(trade);
        let fields = [
            quoted(&printable(row.symbol.unwrap_or_default())),
            row.opened,
            row.closed.unwrap_or_default(),
            row.quantity.to_string(),
            row.entry_price.to_string(),
            optional(row.exit_price),
            row.held.to_string(),
            optional(row.profit),
            optional(row.return_fraction),
            row.commission.to_string(),
            row.slippage.to_string(),
            row.entry_order.to_string(),
            row.exit_order.map(|order| order.to_string()).unwrap_or_default(),
        ];
        writeln!(writer, "{}", fields.join(","))?;
    }
    Ok(())
}

/// The equity of a run, bar by bar.
#[derive(Clone, Copy, Debug)]
pub struct EquityCurve<'a> {
    /// Start of each bar, nanoseconds UTC.
    pub ts: &'a [i64],
    /// Equity at its close.
    pub equity: &'a [f64],
    /// Equity of the benchmark at the same bars; empty when there is none.
    pub benchmark: &'a [f64],
    /// Initial capital: the first peak of the drawdown.
    pub cash: f64,
    /// Length of the bars.
    pub resolution: Resolution,
}

/// Writes equity, drawdown (a fraction, zero or below) and the benchmark's equity, one bar a line.
///
/// # Errors
/// What the writer says.
pub fn equity(writer: &mut dyn Write, curve: &EquityCurve<'_>) -> io::Result<()> {
    writeln!(writer, "timestamp,equity,drawdown,benchmark")?;
    let mut peak = curve.cash;
    for (row, (ts, equity)) in curve.ts.iter().zip(curve.equity).enumerate() {
        peak = peak.max(*equity);
        let drawdown = (peak > 0.0).then(|| equity / peak - 1.0);
        let time = stamp(*ts, curve.resolution);
        let benchmark = optional(curve.benchmark.get(row).copied());
        writeln!(writer, "{time},{equity},{},{benchmark}", optional(drawdown))?;
    }
    Ok(())
}

fn optional(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map(|value| value.to_string()).unwrap_or_default()
}

/// A text field, in quotes where it needs them.
pub(super) fn quoted(text: &str) -> String {
    if text.contains([',', '"']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
