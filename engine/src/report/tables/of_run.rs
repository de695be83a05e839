//! The tables of a run.

use std::borrow::Cow;

use engine_core::{
    calendar::day_number, ledger::Trade, metrics::SessionEquity, order::OrderRecord,
};
use strategy_api::Columns;

use super::{Column, Table};
use crate::report::{
    listing::Kind,
    lists::{Lists, Naming, OrderRow},
    schema::Report,
};

/// A list of a run; without rows when its resolution is unknown.
#[must_use]
pub fn list<'a>(kind: Kind, report: &'a Report, lists: &'a Lists<'_>) -> Table<'a> {
    let resolution = report.resolution.parse().unwrap_or(strategy_api::Resolution::Day1);
    let naming = Naming { symbols: &report.symbols, resolution };
    match kind {
        Kind::Orders => orders(naming, &lists.orders),
        Kind::Fills => fills(naming, lists),
        Kind::Trades => trades(naming, &lists.trades),
        Kind::Equity => equity(lists),
        Kind::Log => log(lists),
    }
}

/// The simple return of each session, with the benchmark's; null where it has no meaning.
#[must_use]
pub fn returns<'a>(lists: &Lists<'_>) -> Table<'a> {
    let own = changes(&lists.equity);
    let other = lists.benchmark.as_ref().map(|curve| changes(curve));
    let beside = |day: &jiff::civil::Date| {
        let curve = lists.benchmark.as_ref()?;
        other.as_ref()?[curve.days.binary_search(day).ok()?]
    };
    let other = lists.equity.days.iter().map(beside).collect();
    Table::default()
        .with("date", days(&lists.equity))
        .with("return", Column::Numbers(own))
        .with("benchmark", Column::Numbers(other))
}

/// Bars of a symbol.
#[must_use]
pub fn bars<'a>(symbol: &'a str, bars: &Columns<'_>) -> Table<'a> {
    let numbers = |values: &[f64]| Column::Numbers(values.iter().copied().map(finite).collect());
    Table::default()
        .with("symbol", Column::Texts(vec![Some(Cow::Borrowed(symbol)); bars.ts.len()]))
        .with("time", Column::Times(bars.ts.iter().copied().map(Some).collect()))
        .with("open", numbers(bars.open))
        .with("high", numbers(bars.high))
        .with("low", numbers(bars.low))
        .with("close", numbers(bars.close))
        .with("volume", numbers(bars.volume))
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn days(curve: &SessionEquity) -> Column<'static> {
    Column::Days(curve.days.iter().map(|day| Some(day_number(*day))).collect())
}

/// From one session to the next, the first one from the initial capital.
fn changes(curve: &SessionEquity) -> Vec<Option<f64>> {
    let before = [curve.initial].into_iter().chain(curve.equity.iter().copied());
    let change = |(before, now): (f64, &f64)| {
        (before > 0.0).then(|| now / before - 1.0).filter(|value| value.is_finite())
    };
    before.zip(&curve.equity).map(change).collect()
}

/// A column of every row of a list.
macro_rules! column {
    ($kind:ident, $rows:expr, $value:expr) => {
        Column::$kind($rows.iter().map($value).collect())
    };
}

fn orders<'a>(naming: Naming<'a>, orders: &[OrderRecord]) -> Table<'a> {
    let number = |number: u64| i64::try_from(number).ok();
    let above_zero = |value: u64| number(value).filter(|value| *value > 0);
    let text = |text: Option<&'static str>| text.map(Cow::Borrowed);
    let named = |order: &OrderRecord| {
        let OrderRow { size_kind, kind, time_in_force, group, .. } = naming.order(order);
        (size_kind, kind, time_in_force, group)
    };
    let named: Vec<_> = orders.iter().map(named).collect();
    let reason = |order: &OrderRecord| order.reason.map(|why| Cow::Owned(why.to_string()));
    let symbol = |order: &OrderRecord| naming.symbol(order.instrument).map(Cow::Borrowed);
    let expires = |order: &OrderRecord| Some(order.terms.expires_at).filter(|ts| *ts != 0);
    Table::default()
        .with("id", column!(Integers, orders, |order| number(order.id)))
        .with("symbol", column!(Texts, orders, symbol))
        .with("decided", column!(Times, orders, |order| Some(order.decided_ts)))
        .with("size_kind", column!(Texts, named, |(size_kind, ..)| text(*size_kind)))
        .with("size", column!(Numbers, orders, |order| finite(order.size)))
        .with("state", column!(Texts, orders, |order| Some(order.state.name().into())))
        .with("reason", column!(Texts, orders, reason))
        .with("filled", column!(Numbers, orders, |order| finite(order.filled)))
        .with("kind", column!(Texts, named, |(_, kind, ..)| text(*kind)))
        .with("limit_price", column!(Numbers, orders, |order| order.terms.limit_price))
        .with("stop_price", column!(Numbers, orders, |order| order.terms.stop_price))
        .with("trail", column!(Numbers, orders, |order| order.terms.trail))
        .with("time_in_force", column!(Texts, named, |(_, _, in_force, _)| text(*in_force)))
        .with("expires", column!(Times, orders, expires))
        .with("parent", column!(Integers, orders, |order| above_zero(order.terms.parent)))
        .with("group", column!(Integers, named, |(.., group)| group.and_then(number)))
        .with("ended", column!(Times, orders, |order| Some(order.ended_ts)))
}

fn fills<'a>(naming: Naming<'a>, lists: &Lists<'_>) -> Table<'a> {
    let fills = &lists.fills;
    Table::default()
        .with("order", column!(Integers, fills, |fill| i64::try_from(fill.order).ok()))
        .with(
            "symbol",
            column!(Texts, fills, |fill| naming.symbol(fill.instrument).map(Into::into)),
        )
        .with("time", column!(Times, fills, |fill| Some(fill.ts)))
        .with("quantity", column!(Numbers, fills, |fill| finite(fill.quantity)))
        .with("price", column!(Numbers, fills, |fill| finite(fill.price)))
        .with("reference", column!(Numbers, fills, |fill| finite(fill.reference)))
        .with("commission", column!(Numbers, fills, |fill| finite(fill.commission)))
}

fn trades<'a>(naming: Naming<'a>, trades: &[Trade]) -> Table<'a> {
    let symbol = |trade: &Trade| naming.symbol(trade.instrument).map(Cow::Borrowed);
    let sold = |trade: &Trade| trade.exit_order != 0;
    let order = |order: u64| i64::try_from(order).ok().filter(|order| *order > 0);
    let exit = |trade: &Trade| finite(trade.exit_price).filter(|_| sold(trade));
    Table::default()
        .with("symbol", column!(Texts, trades, symbol))
        .with("opened", column!(Times, trades, |trade| Some(trade.opened_ts)))
        .with("closed", column!(Times, trades, |trade| trade.closed_ts))
        .with("quantity", column!(Numbers, trades, |trade| finite(trade.quantity)))
        .with("entry_price", column!(Numbers, trades, |trade| finite(trade.entry_price)))
        .with("exit_price", column!(Numbers, trades, exit))
        .with("held", column!(Numbers, trades, |trade| finite(trade.held)))
        .with("profit", column!(Numbers, trades, |trade| trade.profit().and_then(finite)))
        .with("return", column!(Numbers, trades, |trade| trade.return_fraction().and_then(finite)))
        .with("commission", column!(Numbers, trades, |trade| finite(trade.commission)))
        .with("slippage", column!(Numbers, trades, |trade| finite(trade.slippage)))
        .with("entry_order", column!(Integers, trades, |trade| order(trade.entry_order)))
        .with("exit_order", column!(Integers, trades, |trade| order(trade.exit_order)))
}

fn equity<'a>(lists: &Lists<'_>) -> Table<'a> {
    let curve = &lists.equity;
    let beside = |day: &jiff::civil::Date| {
        let other = lists.benchmark.as_ref()?;
        other.equity.get(other.days.binary_search(day).ok()?).copied()
    };
    let mut peak = curve.initial;
    let drawdown = curve.equity.iter().map(|equity| {
        peak = peak.max(*equity);
        (peak > 0.0).then(|| equity / peak - 1.0)
    });
    let drawdown = drawdown.collect();
    Table::default()
        .with("date", days(curve))
        .with("equity", column!(Numbers, curve.equity, |equity| finite(*equity)))
        .with("drawdown", Column::Numbers(drawdown))
        .with("benchmark", column!(Numbers, curve.days, beside))
}

fn log<'a>(lists: &'a Lists<'_>) -> Table<'a> {
    Table::default()
        .with("time", column!(Times, lists.log, |line| Some(line.ts)))
        .with("text", column!(Texts, lists.log, |line| Some(Cow::Borrowed(line.text.as_str()))))
}
