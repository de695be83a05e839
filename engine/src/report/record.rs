//! The lists of a run as the database keeps them: one blob a kind, little-endian columns.
//!
//! A blob begins with its version (u32, 1), the number of its columns (u32) and of its rows (u64).
//! Then column follows column, each with one value a row:
//!
//! | kind | columns |
//! |---|---|
//! | `orders` | id u64, decided_ts i64, size f64, filled f64, instrument u32, size_kind u32, state u32, reason u32, kind u32, limit_price f64, stop_price f64, trail f64, time_in_force u32, expires_at i64, parent u64, oca_group u64, ended_ts i64 |
//! | `fills` | order u64, ts i64, quantity f64, price f64, reference f64, commission f64, instrument u32 |
//! | `trades` | opened_ts i64, closed_ts i64, quantity f64, entry_price f64, exit_price f64, held f64, commission f64, slippage f64, cash_flow f64, entry_order u64, exit_order u64, instrument u32 |
//! | `equity`, `benchmark` | equity f64, day i32; the first row is the initial capital with the lowest i32 as its day |
//! | `log` | ts i64, bytes u32; then the lines as UTF-8, one after the other |
//!
//! Times are nanoseconds UTC, days count from 1970-01-01, an open trade has the lowest i64 as its end.
//! States and reasons have the codes of this file, which never change; a reason of 0 is none, a price
//! that is not a number is none. Orders of the first version end with `reason`: they were market orders.

use std::borrow::Cow;

use engine_core::{
    backtest::LogEntry,
    calendar::{date_of, day_number},
    ledger::Trade,
    metrics::SessionEquity,
    order::{FillRecord, OrderRecord, OrderState, OrderTerms, Reason},
};

use super::lists::Lists;
use crate::error::{Code, Failure};

mod blob;
mod grounds;
mod stored;
use blob::{Reader, Writer};
pub use grounds::{Grounds, is_ground};
pub use stored::Stored;

/// A stored list that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored {kind} of the run cannot be read: {reason}")]
pub struct RecordError {
    /// Which list.
    pub kind: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        Failure::new(Code::Database, error.to_string())
            .help("run the same backtest again with --rewrite; its record is replaced")
    }
}

/// Columns of the orders, now and before orders had terms.
const ORDER_COLUMNS: u32 = 17;
const FIRST_ORDER_COLUMNS: u32 = 8;
const NO_DAY: i32 = i32::MIN;
const NOT_CLOSED: i64 = i64::MIN;

/// Names of the blobs of the lists that every run has.
const LISTS: [&str; 5] = ["orders", "fills", "trades", "equity", "log"];

/// Whether blobs of these kinds are all that is kept of a run: its lists and its grounds.
#[must_use]
pub fn is_whole(kinds: &[String]) -> bool {
    LISTS.iter().chain(&grounds::KINDS).all(|kind| kinds.iter().any(|kept| kept == kind))
}

/// The lists of a run as blobs: kind and bytes.
#[must_use]
pub fn encode(lists: &Lists<'_>) -> Vec<(String, Vec<u8>)> {
    let blobs = [
        encode_orders(&lists.orders),
        encode_fills(&lists.fills),
        encode_trades(&lists.trades),
        encode_curve(&lists.equity),
        encode_log(&lists.log),
    ];
    let mut blobs: Vec<_> = LISTS.map(str::to_owned).into_iter().zip(blobs).collect();
    if let Some(benchmark) = &lists.benchmark {
        blobs.push(("benchmark".to_owned(), encode_curve(benchmark)));
    }
    blobs
}

/// The lists that [`encode`] wrote, whatever their order; a kind that is not known is passed over.
///
/// # Errors
/// When a kind is missing (but for the benchmark) or its bytes are not what this module writes.
pub fn decode(blobs: &[(String, Vec<u8>)]) -> Result<Lists<'static>, RecordError> {
    let find = |kind: &str| blobs.iter().find(|(name, _)| name == kind).map(|(_, bytes)| bytes);
    let read = |kind: &str| Reader::new(find(kind).ok_or("it is missing")?);
    let named = |kind: &str| {
        let kind = kind.to_owned();
        move |reason| RecordError { kind, reason }
    };
    Ok(Lists {
        orders: read("orders").and_then(decode_orders).map_err(named("orders"))?,
        fills: read("fills").and_then(decode_fills).map_err(named("fills"))?,
        trades: read("trades").and_then(decode_trades).map_err(named("trades"))?,
        equity: read("equity").and_then(decode_curve).map_err(named("equity"))?,
        benchmark: find("benchmark")
            .map(|bytes| Reader::new(bytes).and_then(decode_curve))
            .transpose()
            .map_err(named("benchmark"))?,
        log: read("log").and_then(decode_log).map_err(named("log"))?,
    })
}

type Decoded<T> = Result<Cow<'static, [T]>, &'static str>;

fn encode_orders(orders: &[OrderRecord]) -> Vec<u8> {
    let mut blob = Writer::new(ORDER_COLUMNS, orders.len());
    blob.column(orders.iter().map(|order| order.id.to_le_bytes()));
    blob.column(orders.iter().map(|order| order.decided_ts.to_le_bytes()));
    blob.column(orders.iter().map(|order| order.size.to_le_bytes()));
    blob.column(orders.iter().map(|order| order.filled.to_le_bytes()));
    blob.column(orders.iter().map(|order| order.instrument.to_le_bytes()));
    blob.column(orders.iter().map(|order| order.size_kind.to_le_bytes()));
    blob.column(orders.iter().map(|order| state_code(order.state).to_le_bytes()));
    blob.column(orders.iter().map(|order| order.reason.map_or(0, reason_code).to_le_bytes()));
    let price = |price: Option<f64>| price.unwrap_or(f64::NAN).to_le_bytes();
    blob.column(orders.iter().map(|order| order.terms.kind.to_le_bytes()));
    blob.column(orders.iter().map(|order| price(order.terms.limit_price)));
    blob.column(orders.iter().map(|order| price(order.terms.stop_price)));
    blob.column(orders.iter().map(|order| price(order.terms.trail)));
    blob.column(orders.iter().map(|order| order.terms.time_in_force.to_le_bytes()));
    blob.column(orders.iter().map(|order| order.terms.expires_at.to_le_bytes()));
    blob.column(orders.iter().map(|order| order.terms.parent.to_le_bytes()));
    blob.column(orders.iter().map(|order| order.terms.oca_group.to_le_bytes()));
    blob.column(orders.iter().map(|order| order.ended_ts.to_le_bytes()));
    blob.finish()
}

fn decode_orders(mut blob: Reader<'_>) -> Decoded<OrderRecord> {
    let is_first_version = blob.expect(FIRST_ORDER_COLUMNS).is_ok();
    if !is_first_version {
        blob.expect(ORDER_COLUMNS)?;
    }
    let (id, decided, size, filled) =
        (blob.column()?, blob.column()?, blob.column()?, blob.column()?);
    let (instrument, size_kind) = (blob.column()?, blob.column()?);
    let (state, reason) = (blob.column()?, blob.column()?);
    let terms = if is_first_version { None } else { Some(decode_terms(&mut blob)?) };
    blob.end()?;
    let order = |row: usize| {
        let reason = u32::from_le_bytes(reason[row]);
        let decided_ts = i64::from_le_bytes(decided[row]);
        let terms = terms.as_ref().map(|terms| terms[row]);
        let (terms, ended_ts) = terms.unwrap_or((OrderTerms::default(), decided_ts));
        Ok(OrderRecord {
            id: u64::from_le_bytes(id[row]),
            instrument: u32::from_le_bytes(instrument[row]),
            decided_ts,
            size_kind: u32::from_le_bytes(size_kind[row]),
            size: f64::from_le_bytes(size[row]),
            state: state_of(u32::from_le_bytes(state[row]))?,
            reason: if reason == 0 { None } else { Some(reason_of(reason)?) },
            filled: f64::from_le_bytes(filled[row]),
            terms,
            ended_ts,
        })
    };
    (0..id.len()).map(order).collect()
}

/// Terms and end of every order.
fn decode_terms(blob: &mut Reader<'_>) -> Result<Vec<(OrderTerms, i64)>, &'static str> {
    let price = |bytes| Some(f64::from_le_bytes(bytes)).filter(|price| !price.is_nan());
    let (kind, limit, stop, trail) =
        (blob.column()?, blob.column()?, blob.column()?, blob.column()?);
    let (time_in_force, expires_at) = (blob.column()?, blob.column()?);
    let (parent, oca_group, ended) = (blob.column()?, blob.column()?, blob.column()?);
    let terms = |row: usize| OrderTerms {
        kind: u32::from_le_bytes(kind[row]),
        limit_price: price(limit[row]),
        stop_price: price(stop[row]),
        trail: price(trail[row]),
        time_in_force: u32::from_le_bytes(time_in_force[row]),
        expires_at: i64::from_le_bytes(expires_at[row]),
        parent: u64::from_le_bytes(parent[row]),
        oca_group: u64::from_le_bytes(oca_group[row]),
    };
    Ok((0..kind.len()).map(|row| (terms(row), i64::from_le_bytes(ended[row]))).collect())
}

fn encode_fills(fills: &[FillRecord]) -> Vec<u8> {
    let mut blob = Writer::new(7, fills.len());
    blob.column(fills.iter().map(|fill| fill.order.to_le_bytes()));
    blob.column(fills.iter().map(|fill| fill.ts.to_le_bytes()));
    blob.column(fills.iter().map(|fill| fill.quantity.to_le_bytes()));
    blob.column(fills.iter().map(|fill| fill.price.to_le_bytes()));
    blob.column(fills.iter().map(|fill| fill.reference.to_le_bytes()));
    blob.column(fills.iter().map(|fill| fill.commission.to_le_bytes()));
    blob.column(fills.iter().map(|fill| fill.instrument.to_le_bytes()));
    blob.finish()
}

fn decode_fills(mut blob: Reader<'_>) -> Decoded<FillRecord> {
    blob.expect(7)?;
    let (order, ts, quantity) = (blob.column()?, blob.column()?, blob.column()?);
    let (price, reference, commission) = (blob.column()?, blob.column()?, blob.column()?);
    let instrument = blob.column()?;
    blob.end()?;
    let fill = |row: usize| FillRecord {
        order: u64::from_le_bytes(order[row]),
        instrument: u32::from_le_bytes(instrument[row]),
        ts: i64::from_le_bytes(ts[row]),
        quantity: f64::from_le_bytes(quantity[row]),
        price: f64::from_le_bytes(price[row]),
        reference: f64::from_le_bytes(reference[row]),
        commission: f64::from_le_bytes(commission[row]),
    };
    Ok((0..order.len()).map(fill).collect())
}

/// The columns of money and units of a trade, in their order.
fn amounts(trade: &Trade) -> [f64; 7] {
    let Trade { quantity, entry_price, exit_price, held, commission, slippage, cash_flow, .. } =
        *trade;
    [quantity, entry_price, exit_price, held, commission, slippage, cash_flow]
}

fn encode_trades(trades: &[Trade]) -> Vec<u8> {
    let mut blob = Writer::new(12, trades.len());
    blob.column(trades.iter().map(|trade| trade.opened_ts.to_le_bytes()));
    blob.column(trades.iter().map(|trade| trade.closed_ts.unwrap_or(NOT_CLOSED).to_le_bytes()));
    for place in 0..7 {
        blob.column(trades.iter().map(|trade| amounts(trade)[place].to_le_bytes()));
    }
    blob.column(trades.iter().map(|trade| trade.entry_order.to_le_bytes()));
    blob.column(trades.iter().map(|trade| trade.exit_order.to_le_bytes()));
    blob.column(trades.iter().map(|trade| trade.instrument.to_le_bytes()));
    blob.finish()
}

fn decode_trades(mut blob: Reader<'_>) -> Decoded<Trade> {
    blob.expect(12)?;
    let (opened, closed) = (blob.column()?, blob.column()?);
    let mut amounts: [&[[u8; 8]]; 7] = [&[]; 7];
    for column in &mut amounts {
        *column = blob.column()?;
    }
    let (entry_order, exit_order) = (blob.column()?, blob.column()?);
    let instrument = blob.column()?;
    blob.end()?;
    let trade = |row: usize| {
        let closed_ts = i64::from_le_bytes(closed[row]);
        let [quantity, entry_price, exit_price, held, commission, slippage, cash_flow] =
            amounts.map(|column| f64::from_le_bytes(column[row]));
        Trade {
            instrument: u32::from_le_bytes(instrument[row]),
            opened_ts: i64::from_le_bytes(opened[row]),
            closed_ts: (closed_ts != NOT_CLOSED).then_some(closed_ts),
            quantity,
            entry_price,
            exit_price,
            held,
            commission,
            slippage,
            cash_flow,
            entry_order: u64::from_le_bytes(entry_order[row]),
            exit_order: u64::from_le_bytes(exit_order[row]),
        }
    };
    Ok((0..opened.len()).map(trade).collect())
}

fn encode_curve(curve: &SessionEquity) -> Vec<u8> {
    let values = [curve.initial].into_iter().chain(curve.equity.iter().copied());
    let days = [NO_DAY].into_iter().chain(curve.days.iter().map(|day| day_number(*day)));
    let mut blob = Writer::new(2, curve.equity.len() + 1);
    blob.column(values.map(f64::to_le_bytes));
    blob.column(days.map(i32::to_le_bytes));
    blob.finish()
}

fn decode_curve(mut blob: Reader<'_>) -> Result<Cow<'static, SessionEquity>, &'static str> {
    blob.expect(2)?;
    let (values, days) = (blob.column()?, blob.column()?);
    blob.end()?;
    let (initial, values) = values.split_first().ok_or("it has no initial capital")?;
    Ok(Cow::Owned(SessionEquity {
        initial: f64::from_le_bytes(*initial),
        days: days[1..].iter().map(|day| date_of(i32::from_le_bytes(*day))).collect(),
        equity: values.iter().map(|value| f64::from_le_bytes(*value)).collect(),
    }))
}

fn encode_log(log: &[LogEntry]) -> Vec<u8> {
    let length = |entry: &LogEntry| u32::try_from(entry.text.len()).expect("a line is short");
    let mut blob = Writer::new(2, log.len());
    blob.column(log.iter().map(|entry| entry.ts.to_le_bytes()));
    blob.column(log.iter().map(|entry| length(entry).to_le_bytes()));
    log.iter().for_each(|entry| blob.bytes(entry.text.as_bytes()));
    blob.finish()
}

fn decode_log(mut blob: Reader<'_>) -> Decoded<LogEntry> {
    blob.expect(2)?;
    let (ts, lengths) = (blob.column()?, blob.column()?);
    let mut log = Vec::with_capacity(ts.len());
    for (ts, length) in ts.iter().zip(lengths) {
        let text = blob.bytes(u32::from_le_bytes(*length) as usize)?;
        let text = std::str::from_utf8(text).map_err(|_| "a line is not UTF-8")?;
        log.push(LogEntry { ts: i64::from_le_bytes(*ts), text: text.to_owned() });
    }
    blob.end()?;
    Ok(Cow::Owned(log))
}

const STATES: [OrderState; 4] =
    [OrderState::Filled, OrderState::Cancelled, OrderState::Expired, OrderState::Rejected];

fn state_code(state: OrderState) -> u32 {
    match state {
        OrderState::Filled => 0,
        OrderState::Cancelled => 1,
        OrderState::Expired => 2,
        OrderState::Rejected => 3,
    }
}

fn state_of(code: u32) -> Result<OrderState, &'static str> {
    STATES.get(code as usize).copied().ok_or("an order has an unknown state")
}

/// By code, from 1 on.
const REASONS: [Reason; 26] = [
    Reason::NotFinite,
    Reason::ZeroSize,
    Reason::UnknownInstrument,
    Reason::UnknownKind,
    Reason::Short,
    Reason::NoCash,
    Reason::LessThanOneLot,
    Reason::AlreadyThere,
    Reason::NoNextBar,
    Reason::AfterTheEnd,
    Reason::Reduced,
    Reason::BadPrice,
    Reason::UnknownParent,
    Reason::ParentEnded,
    Reason::GroupFilled,
    Reason::ByStrategy,
    Reason::NotAtOnce,
    Reason::DayOver,
    Reason::TimeOver,
    Reason::RunEnded,
    Reason::NoMargin,
    Reason::OverLimit,
    Reason::TooManyOrders,
    Reason::MarginCall,
    Reason::ReducedToMargin,
    Reason::ReducedToLimit,
];

fn reason_code(reason: Reason) -> u32 {
    match reason {
        Reason::NotFinite => 1,
        Reason::ZeroSize => 2,
        Reason::UnknownInstrument => 3,
        Reason::UnknownKind => 4,
        Reason::Short => 5,
        Reason::NoCash => 6,
        Reason::LessThanOneLot => 7,
        Reason::AlreadyThere => 8,
        Reason::NoNextBar => 9,
        Reason::AfterTheEnd => 10,
        Reason::Reduced => 11,
        Reason::BadPrice => 12,
        Reason::UnknownParent => 13,
        Reason::ParentEnded => 14,
        Reason::GroupFilled => 15,
        Reason::ByStrategy => 16,
        Reason::NotAtOnce => 17,
        Reason::DayOver => 18,
        Reason::TimeOver => 19,
        Reason::RunEnded => 20,
        Reason::NoMargin => 21,
        Reason::OverLimit => 22,
        Reason::TooManyOrders => 23,
        Reason::MarginCall => 24,
        Reason::ReducedToMargin => 25,
        Reason::ReducedToLimit => 26,
    }
}

fn reason_of(code: u32) -> Result<Reason, &'static str> {
    let place = (code as usize).wrapping_sub(1);
    REASONS.get(place).copied().ok_or("an order has an unknown reason")
}

#[cfg(test)]
mod tests;
