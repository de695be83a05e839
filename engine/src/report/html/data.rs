//! The numbers of a page: facts as JSON, columns as elements of text beside it.

use serde_json::{Value, json};
use strategy_api::Columns;

use super::{
    Page, SymbolSeries,
    column::{Order, encode},
    markup::embedded,
    rolling,
};
use crate::report::text::printable;

/// Significant digits of a curve: more than a screen can show.
const CURVE: i32 = 9;
/// Significant digits of amounts in tables.
const AMOUNT: i32 = 13;
/// Nanoseconds in a millisecond, the unit of time of a browser.
const MILLISECOND: i64 = 1_000_000;

/// Elements of columns in the making.
#[derive(Default)]
pub(super) struct Sheet {
    elements: String,
    columns: usize,
}

impl Sheet {
    /// All elements, with the facts that name them.
    pub(super) fn finish(self, facts: &str) -> String {
        let data = "<script type=\"application/json\" id=\"data\">";
        format!("{}{data}{facts}</script>\n", self.elements)
    }

    fn column(
        &mut self,
        values: impl Iterator<Item = f64> + Clone,
        order: Order,
        digits: i32,
    ) -> Value {
        let (facts, text) = encode(values, order, digits);
        let id = format!("c{}", self.columns);
        self.columns += 1;
        self.elements
            .push_str(&format!("<script type=\"text/plain\" id=\"{id}\">{text}</script>\n"));
        json!({ "id": id, "rows": facts.rows, "decimals": facts.decimals, "order": facts.order })
    }

    pub(super) fn curve(&mut self, values: &[f64]) -> Value {
        self.column(values.iter().copied(), Order::First, CURVE)
    }

    /// Whole numbers and others whose decimals end, as they are.
    pub(super) fn exact(&mut self, values: &[f64]) -> Value {
        self.column(values.iter().copied(), Order::First, AMOUNT)
    }

    /// Numbers of which a few digits are enough.
    pub(super) fn rounded(&mut self, values: &[f64], digits: i32) -> Value {
        self.column(values.iter().copied(), Order::First, digits)
    }

    pub(super) fn times(&mut self, ts: impl Iterator<Item = Option<i64>> + Clone) -> Value {
        let milliseconds =
            |ts: Option<i64>| ts.map_or(f64::NAN, |ts| ts.div_euclid(MILLISECOND) as f64);
        self.column(ts.map(milliseconds), Order::Second, AMOUNT)
    }

    fn symbol(&mut self, series: &SymbolSeries<'_>, axis: &[i64]) -> Value {
        let Columns { ts, open, high, low, close, volume } = series.bars;
        let own_times = (ts != axis).then(|| self.times(ts.iter().map(|ts| Some(*ts))));
        let overlays: Vec<Value> = series
            .overlays
            .iter()
            .map(|one| {
                let panel = one.panel.as_deref().map(printable);
                json!({ "name": printable(&one.name), "panel": panel, "values": self.curve(&one.values) })
            })
            .collect();
        json!({
            "name": printable(&series.symbol), "ts": own_times, "overlays": overlays,
            "open": self.curve(open), "high": self.curve(high), "low": self.curve(low),
            "close": self.curve(close), "volume": self.curve(volume),
        })
    }

    fn fills(&mut self, page: &Page<'_>) -> Value {
        let fills = || page.lists.fills.iter();
        json!({
            "ts": self.times(fills().map(|fill| Some(fill.ts))),
            "instrument": self.column(fills().map(|fill| f64::from(fill.instrument)), Order::First, AMOUNT),
            "quantity": self.column(fills().map(|fill| fill.quantity), Order::First, AMOUNT),
            "price": self.column(fills().map(|fill| fill.price), Order::First, AMOUNT),
        })
    }

    fn trades(&mut self, page: &Page<'_>) -> Value {
        let trades = || page.lists.trades.iter();
        let amount = |value: Option<f64>| value.unwrap_or(f64::NAN);
        json!({
            "opened": self.times(trades().map(|trade| Some(trade.opened_ts))),
            "closed": self.times(trades().map(|trade| trade.closed_ts)),
            "instrument": self.column(trades().map(|trade| f64::from(trade.instrument)), Order::First, AMOUNT),
            "quantity": self.column(trades().map(|trade| trade.quantity), Order::First, AMOUNT),
            "entry": self.column(trades().map(|trade| trade.entry_price), Order::First, AMOUNT),
            "exit": self.column(
                trades().map(|trade| if trade.exit_order == 0 { f64::NAN } else { trade.exit_price }),
                Order::First, AMOUNT,
            ),
            "profit": self.column(trades().map(|trade| amount(trade.profit())), Order::First, AMOUNT),
            "returned": self.column(trades().map(|trade| amount(trade.return_fraction())), Order::First, AMOUNT),
            "costs": self.column(trades().map(|trade| trade.commission + trade.slippage), Order::First, AMOUNT),
        })
    }
}

/// The elements that hold the page's numbers.
pub(super) fn elements(page: &Page<'_>) -> String {
    let mut sheet = Sheet::default();
    let axis = page.basis.ts;
    let resolution = page.basis.resolution;
    let rolling = rolling::rolling(&page.lists.equity, page.basis);
    let benchmark = page.benchmark.zip(page.report.benchmark.as_ref());
    let facts = json!({
        "kind": "run",
        "resolution": resolution.to_string(),
        "intraday": resolution.is_intraday(),
        "seconds": resolution.to_string().ends_with('s'),
        "zone": page.time_zone,
        "initial": page.basis.cash,
        "ts": sheet.times(axis.iter().map(|ts| Some(*ts))),
        "symbols": page.series.iter().map(|series| sheet.symbol(series, axis)).collect::<Vec<_>>(),
        "equity": {
            "name": printable(&page.report.strategy.name),
            "values": sheet.curve(page.equity),
            "benchmark": benchmark.map(|(values, other)| {
                json!({ "name": printable(&other.name), "values": sheet.curve(values) })
            }),
        },
        "sharpe": {
            "window": rolling::WINDOW,
            "rows": sheet.curve(&rolling.rows),
            "values": sheet.curve(&rolling.values),
        },
        "fills": sheet.fills(page),
        "trades": sheet.trades(page),
    });
    sheet.finish(&embedded(&facts.to_string()))
}
