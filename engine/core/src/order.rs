//! An order from its decision to its end. Every order ends with a state and, unless it filled, a reason.

use std::fmt;

use serde::{Deserialize, Serialize};
use strategy_api::{abi::layout::RawOrder, order::Size};

/// An order that passed the risk checks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Number within the run.
    pub id: u64,
    /// Index of the instrument in the universe.
    pub instrument: usize,
    /// How much.
    pub size: Size,
    /// At which price.
    pub kind: Kind,
    /// For how long.
    pub time_in_force: TimeInForce,
    /// The order that must fill first.
    pub parent: Option<u64>,
    /// The group whose orders cancel each other.
    pub oca_group: Option<u64>,
    /// Start of the bar at whose close it was decided, nanoseconds UTC.
    pub decided_ts: i64,
}

/// At which price an order may fill. Prices are above zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Kind {
    /// At the market.
    #[default]
    Market,
    /// At this price or better.
    Limit(f64),
    /// At the market once this price is reached.
    Stop(f64),
    /// At the limit or better from the bar after the one that reached the stop.
    StopLimit {
        /// The price that brings the order to life.
        stop: f64,
        /// The worst price at which it then fills.
        limit: f64,
    },
    /// A stop that follows the price of closed bars.
    Trailing(Distance),
    /// At the open of the next session.
    OnOpen,
    /// At the close of the next session.
    OnClose,
}

/// How far a trailing stop stays behind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distance {
    /// Currency a unit.
    Amount(f64),
    /// Fraction of the price, below 1.
    Fraction(f64),
}

/// How long an order is worked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeInForce {
    /// Until it is cancelled.
    #[default]
    Gtc,
    /// For the first session in which it can be worked.
    Day,
    /// In every bar that begins at or before this instant, nanoseconds UTC.
    Until(i64),
    /// In its first bar; what is left is cancelled.
    ImmediateOrCancel,
    /// In its first bar, all of it or nothing.
    FillOrKill,
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderState {
    /// Traded in full, or reduced to what the account could pay for.
    Filled,
    /// There was nothing to do, or the strategy, its group, its parent or its time in force ended it.
    Cancelled,
    /// Its time ran out, or the run ended first.
    Expired,
    /// Refused.
    Rejected,
}

impl OrderState {
    /// Name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }
}

/// Why an order did not simply fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reason {
    /// NaN or infinite size.
    NotFinite,
    /// A size of zero.
    ZeroSize,
    /// No such instrument in the universe.
    UnknownInstrument,
    /// An action, kind, size kind or time in force that this engine does not know.
    UnknownKind,
    /// A sale of more than is held.
    Short,
    /// More than the account can pay.
    NoCash,
    /// Rounded down to the lot nothing is left.
    LessThanOneLot,
    /// The target is reached already.
    AlreadyThere,
    /// No bar follows in which it could be worked.
    NoNextBar,
    /// Placed after the last bar.
    AfterTheEnd,
    /// The amount was more than the cash at hand: equity is tied up in other positions.
    Reduced,
    /// The amount was more than the margin of the account carries.
    ReducedToMargin,
    /// The amount was more than a limit on exposure allows.
    ReducedToLimit,
    /// A limit, stop or distance is missing, not finite or not above zero.
    BadPrice,
    /// Its parent is no order that can still fill or has filled.
    UnknownParent,
    /// Its parent ended without a fill.
    ParentEnded,
    /// Another order of its group, or one that was attached to it, has filled.
    GroupFilled,
    /// The strategy cancelled it.
    ByStrategy,
    /// It was good for one bar, which did not fill all of it.
    NotAtOnce,
    /// It was good for a session that is over.
    DayOver,
    /// It was good until a time that has passed.
    TimeOver,
    /// The run ended while it was worked.
    RunEnded,
    /// More than the margin of the account carries.
    NoMargin,
    /// More than a limit on exposure allows.
    OverLimit,
    /// More orders at one bar than the limit allows.
    TooManyOrders,
    /// The broker closed positions because equity fell below the maintenance margin.
    MarginCall,
}

impl Reason {
    /// The reason in words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::NotFinite => "the size is not a finite number",
            Self::ZeroSize => "the size is zero",
            Self::UnknownInstrument => "there is no such instrument in this run",
            Self::UnknownKind => "this engine does not know that kind of order",
            Self::Short => "selling short needs a margin account",
            Self::NoCash => "not enough cash",
            Self::LessThanOneLot => "less than one lot",
            Self::AlreadyThere => "the position is there already",
            Self::NoNextBar => "the run ended before its next bar",
            Self::AfterTheEnd => "placed after the last bar",
            Self::Reduced => "reduced to the cash at hand",
            Self::ReducedToMargin => "reduced to what the margin carries",
            Self::ReducedToLimit => "reduced to a limit on exposure",
            Self::BadPrice => "a price of the order is missing or not above zero",
            Self::UnknownParent => "its parent is not an order that can fill",
            Self::ParentEnded => "its parent ended without a fill",
            Self::GroupFilled => "another order of its group has filled",
            Self::ByStrategy => "cancelled by the strategy",
            Self::NotAtOnce => "not filled at once",
            Self::DayOver => "its session is over",
            Self::TimeOver => "its time has run out",
            Self::RunEnded => "the run ended while it was worked",
            Self::NoMargin => "not enough margin",
            Self::OverLimit => "over a limit on exposure",
            Self::TooManyOrders => "more orders at one bar than allowed",
            Self::MarginCall => "closed by the broker: below the maintenance margin",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for Reason {}

/// The terms of an order as it was asked for, whatever it was changed to later: codes and numbers of the
/// ABI (`strategy_api::abi::layout`). The default is a market order, good until cancelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderTerms {
    /// Code of the kind (`KIND_*`).
    pub kind: u32,
    /// Limit price.
    pub limit_price: Option<f64>,
    /// Stop price.
    pub stop_price: Option<f64>,
    /// Trailing distance, currency or a fraction by the kind.
    pub trail: Option<f64>,
    /// Code of the time in force (`TIF_*`).
    pub time_in_force: u32,
    /// Expiry, nanoseconds UTC; 0 for none.
    pub expires_at: i64,
    /// Order that must fill first; 0 for none.
    pub parent: u64,
    /// Group of orders that cancel each other; 0 for none.
    pub oca_group: u64,
}

impl From<&RawOrder> for OrderTerms {
    fn from(raw: &RawOrder) -> Self {
        let price = |price: f64| (!price.is_nan()).then_some(price);
        Self {
            kind: raw.kind,
            limit_price: price(raw.limit_price),
            stop_price: price(raw.stop_price),
            trail: price(raw.trail),
            time_in_force: raw.time_in_force,
            expires_at: raw.expires_at,
            parent: raw.parent,
            oca_group: raw.oca_group,
        }
    }
}

/// The log entry of an order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// Number within the run.
    pub id: u64,
    /// Index of the instrument in the universe.
    pub instrument: u32,
    /// Start of the bar at whose close it was decided, nanoseconds UTC.
    pub decided_ts: i64,
    /// Code of the size (`strategy_api::abi::layout::SIZE_*`).
    pub size_kind: u32,
    /// Size as it was asked for.
    pub size: f64,
    /// How it ended.
    pub state: OrderState,
    /// Why, unless it simply filled.
    pub reason: Option<Reason>,
    /// Units traded, negative for a sale.
    pub filled: f64,
    /// Kind, prices and conditions.
    pub terms: OrderTerms,
    /// Start of the bar in which it ended, nanoseconds UTC: the last one when the run ended, that of its
    /// decision when it was refused at once.
    pub ended_ts: i64,
}

impl OrderRecord {
    /// The entry of an order that has just been asked for.
    #[must_use]
    pub fn new(raw: &RawOrder, decided_ts: i64) -> Self {
        Self {
            id: raw.id,
            instrument: raw.instrument,
            decided_ts,
            size_kind: raw.size_kind,
            size: raw.size,
            state: OrderState::Expired,
            reason: None,
            filled: 0.0,
            terms: OrderTerms::from(raw),
            ended_ts: decided_ts,
        }
    }
}

/// A fill.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FillRecord {
    /// The order that filled.
    pub order: u64,
    /// Index of the instrument in the universe.
    pub instrument: u32,
    /// Start of the bar in which it filled, nanoseconds UTC.
    pub ts: i64,
    /// Units, negative for a sale.
    pub quantity: f64,
    /// Price a unit, slippage included.
    pub price: f64,
    /// Price a unit before slippage.
    pub reference: f64,
    /// Commission, in currency.
    pub commission: f64,
}
