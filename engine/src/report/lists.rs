//! The lists of a result: orders, fills, trades, equity by session and the log, and one row of each
//! as JSON and CSV show it.

use std::borrow::Cow;

use engine_core::{
    backtest::{LogEntry, RunResult},
    journal::OrderStep,
    ledger::Trade,
    metrics::SessionEquity,
    order::{FillRecord, OrderRecord},
};
use serde::Serialize;
use strategy_api::{Resolution, order::Size};

use super::{number::plain, time::stamp};

/// The lists of a result, borrowed from a run or read back from the database.
#[derive(Clone, Debug, PartialEq)]
pub struct Lists<'a> {
    /// Every order, in the order of placing.
    pub orders: Cow<'a, [OrderRecord]>,
    /// Every fill.
    pub fills: Cow<'a, [FillRecord]>,
    /// Closed trades by the time of closing, then open ones.
    pub trades: Cow<'a, [Trade]>,
    /// Equity at the end of each session.
    pub equity: Cow<'a, SessionEquity>,
    /// The same of the benchmark.
    pub benchmark: Option<Cow<'a, SessionEquity>>,
    /// The strategy's log.
    pub log: Cow<'a, [LogEntry]>,
}

impl<'a> Lists<'a> {
    /// The lists of a run.
    #[must_use]
    pub fn of(
        result: &'a RunResult,
        equity: &'a SessionEquity,
        benchmark: Option<&'a SessionEquity>,
    ) -> Self {
        Self {
            orders: Cow::Borrowed(&result.orders),
            fills: Cow::Borrowed(&result.fills),
            trades: Cow::Borrowed(&result.trades),
            equity: Cow::Borrowed(equity),
            benchmark: benchmark.map(Cow::Borrowed),
            log: Cow::Borrowed(&result.log),
        }
    }
}

impl<'a> Lists<'a> {
    /// The lists of a run, with curves of their own.
    #[must_use]
    pub fn owning(
        result: &'a RunResult,
        equity: SessionEquity,
        benchmark: Option<SessionEquity>,
    ) -> Self {
        Self {
            orders: Cow::Borrowed(&result.orders),
            fills: Cow::Borrowed(&result.fills),
            trades: Cow::Borrowed(&result.trades),
            equity: Cow::Owned(equity),
            benchmark: benchmark.map(Cow::Owned),
            log: Cow::Borrowed(&result.log),
        }
    }
}

/// An order as it is shown.
#[derive(Debug, Serialize)]
pub struct OrderRow<'a> {
    pub(super) id: u64,
    pub(super) symbol: Option<&'a str>,
    pub(super) decided: String,
    pub(super) size_kind: Option<&'static str>,
    pub(super) size: f64,
    state: &'static str,
    reason: Option<String>,
    filled: f64,
    pub(super) kind: Option<&'static str>,
    pub(super) limit_price: Option<f64>,
    pub(super) stop_price: Option<f64>,
    pub(super) trail: Option<f64>,
    pub(super) time_in_force: Option<&'static str>,
    pub(super) expires: Option<String>,
    pub(super) parent: Option<u64>,
    pub(super) group: Option<u64>,
    ended: String,
}

/// Name of the kind of a size.
pub(super) fn size_kind(size: Size) -> &'static str {
    match size {
        Size::Units(_) => "units",
        Size::EquityFraction(_) => "equity_fraction",
        Size::TargetUnits(_) => "target_units",
        Size::TargetFraction(_) => "target_fraction",
        Size::Cash(_) => "cash",
        Size::ParentFill(_) => "parent_fill",
    }
}

/// What a step changes about its order, name by name.
pub(super) fn changes(step: &OrderStep) -> Vec<(&'static str, String)> {
    let size = step.size.map(|(kind, size)| {
        let name = Size::from_wire(kind, size).map_or("size", size_kind);
        (name, plain(size))
    });
    let prices = given(step.limit_price, step.stop_price, step.trail);
    size.into_iter().chain(prices).collect()
}

/// The prices of an order or a step that it names, name by name.
pub(super) fn given(
    limit: Option<f64>,
    stop: Option<f64>,
    trail: Option<f64>,
) -> impl Iterator<Item = (&'static str, String)> {
    let prices = [("limit", limit), ("stop", stop), ("trail", trail)];
    prices.into_iter().filter_map(|(name, price)| Some((name, plain(price?))))
}

/// Names of the codes of kind and time in force, by code.
const KINDS: [&str; 8] = [
    "market",
    "limit",
    "stop",
    "stop_limit",
    "trailing_amount",
    "trailing_fraction",
    "on_open",
    "on_close",
];
const TIMES_IN_FORCE: [&str; 5] = ["gtc", "day", "gtd", "ioc", "fok"];

/// A fill as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct FillRow<'a> {
    order: u64,
    symbol: Option<&'a str>,
    time: String,
    quantity: f64,
    price: f64,
    reference: f64,
    commission: f64,
}

/// A trade as it is shown.
#[derive(Debug, Serialize)]
pub struct TradeRow<'a> {
    pub(super) symbol: Option<&'a str>,
    pub(super) opened: String,
    pub(super) closed: Option<String>,
    pub(super) quantity: f64,
    pub(super) entry_price: f64,
    pub(super) exit_price: Option<f64>,
    pub(super) held: f64,
    pub(super) profit: Option<f64>,
    #[serde(rename = "return")]
    pub(super) return_fraction: Option<f64>,
    pub(super) commission: f64,
    pub(super) slippage: f64,
    pub(super) entry_order: u64,
    pub(super) exit_order: Option<u64>,
}

/// A log line as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct LogRow<'a> {
    time: String,
    text: &'a str,
}

/// Names of symbols and the form of times, by which records become rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Naming<'a> {
    pub(super) symbols: &'a [String],
    pub(super) resolution: Resolution,
}

impl<'a> Naming<'a> {
    /// `None` for an order that named no instrument of the run.
    pub(super) fn symbol(&self, instrument: u32) -> Option<&'a str> {
        self.symbols.get(instrument as usize).map(String::as_str)
    }

    pub(super) fn time(&self, ts: i64) -> String {
        stamp(ts, self.resolution)
    }

    pub(super) fn order(&self, order: &OrderRecord) -> OrderRow<'a> {
        let size_kind = Size::from_wire(order.size_kind, order.size).map(size_kind);
        let terms = &order.terms;
        OrderRow {
            id: order.id,
            symbol: self.symbol(order.instrument),
            decided: self.time(order.decided_ts),
            size_kind,
            size: order.size,
            state: order.state.name(),
            reason: order.reason.map(|reason| reason.to_string()),
            filled: order.filled,
            kind: KINDS.get(terms.kind as usize).copied(),
            limit_price: terms.limit_price,
            stop_price: terms.stop_price,
            trail: terms.trail,
            time_in_force: TIMES_IN_FORCE.get(terms.time_in_force as usize).copied(),
            expires: (terms.expires_at != 0).then(|| self.time(terms.expires_at)),
            parent: (terms.parent != 0).then_some(terms.parent),
            // The top bit marks the group of what is attached to an order; its number is the order's.
            group: (terms.oca_group != 0).then_some(terms.oca_group & !(1 << 63)),
            ended: self.time(order.ended_ts),
        }
    }

    pub(super) fn fill(&self, fill: &FillRecord) -> FillRow<'a> {
        FillRow {
            order: fill.order,
            symbol: self.symbol(fill.instrument),
            time: self.time(fill.ts),
            quantity: fill.quantity,
            price: fill.price,
            reference: fill.reference,
            commission: fill.commission,
        }
    }

    pub(super) fn trade(&self, trade: &Trade) -> TradeRow<'a> {
        let sold = (trade.exit_order != 0).then_some(trade);
        TradeRow {
            symbol: self.symbol(trade.instrument),
            opened: self.time(trade.opened_ts),
            closed: trade.closed_ts.map(|ts| self.time(ts)),
            quantity: trade.quantity,
            entry_price: trade.entry_price,
            exit_price: sold.map(|trade| trade.exit_price),
            held: trade.held,
            profit: trade.profit(),
            return_fraction: trade.return_fraction().filter(|value| value.is_finite()),
            commission: trade.commission,
            slippage: trade.slippage,
            entry_order: trade.entry_order,
            exit_order: sold.map(|trade| trade.exit_order),
        }
    }

    /// Time and text of a log line.
    pub(super) fn logged<'t>(&self, entry: &'t LogEntry) -> (String, &'t str) {
        (self.time(entry.ts), &entry.text)
    }

    pub(super) fn log<'t>(&self, entry: &'t LogEntry) -> LogRow<'t> {
        LogRow { time: self.time(entry.ts), text: &entry.text }
    }
}
