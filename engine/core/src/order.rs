//! An order from its decision to its end. Every order ends with a state and, unless it filled, a reason.

use serde::{Deserialize, Serialize};
use strategy_api::order::Size;

/// A market order that passed the risk checks and waits for its bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// Number within the run.
    pub id: u64,
    /// Index of the instrument in the universe.
    pub instrument: usize,
    /// How much.
    pub size: Size,
    /// Start of the bar at whose close it was decided, nanoseconds UTC.
    pub decided_ts: i64,
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderState {
    /// Traded in full, or reduced to what the account could pay for.
    Filled,
    /// There was nothing to do.
    Cancelled,
    /// The run ended first.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Reason {
    /// NaN or infinite size.
    #[error("the size is not a finite number")]
    NotFinite,
    /// A size of zero.
    #[error("the size is zero")]
    ZeroSize,
    /// No such instrument in the universe.
    #[error("there is no such instrument in this run")]
    UnknownInstrument,
    /// An action, kind, size kind or time in force that this engine does not know.
    #[error("this engine does not know that kind of order")]
    UnknownKind,
    /// A sale of more than is held.
    #[error("selling short needs a margin account")]
    Short,
    /// More than the account can pay.
    #[error("not enough cash")]
    NoCash,
    /// Rounded down to the lot nothing is left.
    #[error("less than one lot")]
    LessThanOneLot,
    /// The target is reached already.
    #[error("the position is there already")]
    AlreadyThere,
    /// No bar follows in which it could be worked.
    #[error("the run ended before its next bar")]
    NoNextBar,
    /// Placed after the last bar.
    #[error("placed after the last bar")]
    AfterTheEnd,
    /// The fraction of equity was more than the cash at hand (equity is tied up in other positions).
    #[error("reduced to the cash at hand")]
    Reduced,
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
