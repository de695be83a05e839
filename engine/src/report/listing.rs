//! The lists of a kept run on their own: as a table of 80 columns, as rows of JSON, as CSV.

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::{
    export::quoted,
    lists::{Lists, Naming},
    number::{UNDEFINED, grouped, percent, plain},
    schema::Report,
    text::{fitted, left, printable, right, width},
};

/// Columns of a table.
const WIDTH: usize = 80;

/// Number of a trade, by which `--why` asks for it. Only a table has it: elsewhere it is the place.
const TRADE: &str = "trade";

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Every order, in the order of placing.
    Orders,
    /// Every fill.
    Fills,
    /// Closed trades by the time of closing, then open ones.
    Trades,
    /// Equity at the end of each session, with the benchmark's.
    Equity,
    /// Lines of the strategy's log.
    Log,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Orders, Self::Fills, Self::Trades, Self::Equity, Self::Log];

    /// Its name, of which a file is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Fills => "fills",
            Self::Trades => "trades",
            Self::Equity => "equity",
            Self::Log => "log",
        }
    }

    /// Keys of a row, in their order.
    pub(super) fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Orders => &[
                "id",
                "symbol",
                "decided",
                "size_kind",
                "size",
                "state",
                "reason",
                "filled",
                "kind",
                "limit_price",
                "stop_price",
                "trail",
                "time_in_force",
                "expires",
                "parent",
                "group",
                "ended",
            ],
            Self::Fills => {
                &["order", "symbol", "time", "quantity", "price", "reference", "commission"]
            }
            Self::Trades => &[
                "symbol",
                "opened",
                "closed",
                "quantity",
                "entry_price",
                "exit_price",
                "held",
                "profit",
                "return",
                "commission",
                "slippage",
                "entry_order",
                "exit_order",
            ],
            Self::Equity => &["date", "equity", "benchmark"],
            Self::Log => &["time", "text"],
        }
    }

    /// Keys that a table leaves out when it has no room for all, the first one first.
    fn spared(self, symbols: usize) -> &'static [&'static str] {
        match self {
            Self::Trades if symbols == 1 => &["symbol", "return", "quantity"],
            Self::Trades => &["return", "quantity"],
            _ => &[],
        }
    }

    /// Keys that a table shows; the last one takes what room is left.
    fn shown(self) -> &'static [&'static str] {
        match self {
            Self::Orders => {
                &["id", "decided", "symbol", "kind", "size", "filled", "state", "reason"]
            }
            Self::Fills => &["order", "time", "symbol", "quantity", "price", "commission"],
            Self::Trades => &[
                TRADE,
                "opened",
                "closed",
                "symbol",
                "quantity",
                "entry_price",
                "exit_price",
                "profit",
                "return",
            ],
            Self::Equity | Self::Log => self.keys(),
        }
    }
}

/// The rows of a list, with the keys of `docs/json.md`; none when the resolution is unknown.
#[must_use]
pub fn rows(kind: Kind, report: &Report, lists: &Lists<'_>) -> Vec<Map<String, Value>> {
    let Ok(resolution) = report.resolution.parse() else { return Vec::new() };
    let naming = Naming { symbols: &report.symbols, resolution };
    match kind {
        Kind::Orders => lists.orders.iter().map(|order| object(&naming.order(order))).collect(),
        Kind::Fills => lists.fills.iter().map(|fill| object(&naming.fill(fill))).collect(),
        Kind::Trades => lists.trades.iter().map(|trade| object(&naming.trade(trade))).collect(),
        Kind::Log => lists.log.iter().map(|line| object(&naming.log(line))).collect(),
        Kind::Equity => equity(lists),
    }
}

fn object<T: serde::Serialize>(row: &T) -> Map<String, Value> {
    match serde_json::to_value(row) {
        Ok(Value::Object(row)) => row,
        _ => Map::new(),
    }
}

fn equity(lists: &Lists<'_>) -> Vec<Map<String, Value>> {
    let curve = &lists.equity;
    let row = |(day, equity): (&jiff::civil::Date, &f64)| {
        let benchmark = lists.benchmark.as_ref().and_then(|other| {
            let at = other.days.binary_search(day).ok()?;
            other.equity.get(at).copied()
        });
        let mut row = Map::new();
        row.insert("date".to_owned(), Value::from(day.to_string()));
        row.insert("equity".to_owned(), Value::from(*equity));
        row.insert("benchmark".to_owned(), benchmark.map_or(Value::Null, Value::from));
        row
    };
    curve.days.iter().zip(&curve.equity).map(row).collect()
}

/// The list as CSV with a header; what is undefined is an empty field.
///
/// # Errors
/// What the writer says.
pub fn csv(kind: Kind, report: &Report, lists: &Lists<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", kind.keys().join(","))?;
    for row in rows(kind, report, lists) {
        let field = |key: &&str| match row.get(*key) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => quoted(&printable(text)),
            Some(other) => other.to_string(),
        };
        writeln!(out, "{}", kind.keys().iter().map(field).collect::<Vec<_>>().join(","))?;
    }
    Ok(())
}

/// A column of a table.
struct Column {
    key: &'static str,
    cells: Vec<String>,
    is_number: bool,
}

impl Column {
    fn of(key: &'static str, rows: &[Map<String, Value>]) -> Self {
        let is_number = rows.iter().all(|row| !row.get(key).is_some_and(Value::is_string));
        let number = |place: usize| Value::from(place + 1);
        let cells = rows.iter().enumerate().map(|(place, row)| match key {
            TRADE => cell(key, Some(&number(place))),
            _ => cell(key, row.get(key)),
        });
        let cells = std::iter::once(heading(key).to_owned()).chain(cells).collect();
        Self { key, cells, is_number }
    }

    fn width(&self) -> usize {
        self.cells.iter().map(|cell| width(cell)).max().unwrap_or(0)
    }
}

/// The list as a table of at most 80 columns where its words allow that.
#[must_use]
pub fn table(kind: Kind, report: &Report, lists: &Lists<'_>) -> String {
    let rows = rows(kind, report, lists);
    if rows.is_empty() {
        return format!("the run has no {}\n", kind.name());
    }
    let mut columns: Vec<Column> = kind.shown().iter().map(|key| Column::of(key, &rows)).collect();
    let taken = |columns: &[Column]| columns.iter().map(|one| one.width() + 2).sum::<usize>();
    for key in kind.spared(report.symbols.len()) {
        if taken(&columns) > WIDTH + 2 {
            columns.retain(|column| column.key != *key);
        }
    }
    let mut widths: Vec<usize> = columns.iter().map(Column::width).collect();
    let others = taken(&columns[..columns.len() - 1]);
    if let (Some(last), Some(Column { is_number: false, .. })) = (widths.last_mut(), columns.last())
    {
        *last = (*last).min(WIDTH.saturating_sub(others).max(6));
    }
    let mut text = String::new();
    for place in 0..=rows.len() {
        let line = columns.iter().zip(&widths).map(|(column, width)| {
            let cell = fitted(&column.cells[place], *width);
            if column.is_number { right(&cell, *width) } else { left(&cell, *width) }
        });
        text.push_str(line.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn heading(key: &'static str) -> &'static str {
    match key {
        "entry_price" => "entry",
        "exit_price" => "exit",
        key => key,
    }
}

fn cell(key: &str, value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => match key {
            "closed" => "open".to_owned(),
            "reason" => String::new(),
            _ => UNDEFINED.to_owned(),
        },
        Some(Value::String(text)) if key == "symbol" => fitted(text, 9),
        Some(Value::String(text)) => printable(text),
        Some(Value::Number(number)) => match (key, number.as_f64()) {
            ("return", Some(value)) => percent(value),
            ("profit" | "commission" | "equity" | "benchmark", Some(value)) => grouped(value, 2),
            ("price" | "entry_price" | "exit_price", Some(value)) => grouped(value, 4),
            (_, Some(value)) => plain((value * 1e4).round() / 1e4),
            (_, None) => number.to_string(),
        },
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use engine_core::{ledger::Trade, metrics::SessionEquity, order::FillRecord};
    use jiff::civil::date;

    use super::*;

    fn sample() -> (Report, Lists<'static>) {
        let report = Report {
            symbols: vec!["A,\"B".to_owned()],
            resolution: "1d".to_owned(),
            ..Report::default()
        };
        let fill = FillRecord {
            order: 1,
            instrument: 0,
            ts: 0,
            quantity: 10.0,
            price: 1234.5,
            reference: 1234.5,
            commission: 1.0,
        };
        let trade = Trade {
            instrument: 0,
            opened_ts: 0,
            closed_ts: Some(86_400_000_000_000),
            quantity: 10.0,
            entry_price: 100.0,
            exit_price: 110.0,
            held: 0.0,
            commission: 2.0,
            slippage: 0.0,
            cash_flow: 98.0,
            entry_order: 1,
            exit_order: 2,
        };
        let lists = Lists {
            orders: Vec::new().into(),
            fills: vec![fill].into(),
            trades: vec![trade].into(),
            equity: std::borrow::Cow::Owned(SessionEquity {
                initial: 1.0,
                days: vec![date(1970, 1, 1)],
                equity: vec![2.0],
            }),
            benchmark: None,
            log: Vec::new().into(),
        };
        (report, lists)
    }

    #[test]
    fn csv_has_every_key_of_a_row_and_quotes_what_needs_it() {
        let (report, lists) = sample();
        for kind in [Kind::Fills, Kind::Trades, Kind::Equity] {
            let row = &rows(kind, &report, &lists)[0];
            assert_eq!(row.keys().map(String::as_str).collect::<Vec<_>>(), kind.keys());
        }
        let mut out = Vec::new();
        csv(Kind::Trades, &report, &lists, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let line = text.lines().nth(1).unwrap();
        assert!(
            line.starts_with("\"A,\"\"B\",1970-01-01,1970-01-02,10.0,100.0,110.0,0.0,98.0,0.098,"),
            "{line}"
        );
        let mut empty = Vec::new();
        csv(Kind::Orders, &report, &lists, &mut empty).unwrap();
        assert!(empty.starts_with(b"id,symbol,decided,"));
    }

    #[test]
    fn a_table_fits_a_terminal_and_an_empty_list_says_so() {
        let (report, lists) = sample();
        let table = super::table(Kind::Trades, &report, &lists);
        assert_eq!(
            table,
            "trade  opened      closed      quantity     entry      exit  profit  return\n    \
             1  1970-01-01  1970-01-02        10  100.0000  110.0000   98.00  9.80 %\n"
        );
        assert_eq!(super::table(Kind::Orders, &report, &lists), "the run has no orders\n");
    }
}
