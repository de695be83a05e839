//! What happens to an order between its placing and its end, apart from its fills.
//!
//! The log of orders keeps what was asked for at first and how it ended; the journal keeps the steps
//! between, so that a reader can follow an order and a proof of causality sees what a strategy changed
//! or cancelled. A plain market order leaves nothing here.

use serde::{Deserialize, Serialize};
use strategy_api::abi::layout::{ACTION_CANCEL, ACTION_CANCEL_ALL, RawOrder};

/// A step in the life of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// The strategy asked for new prices or a new size.
    Modify,
    /// The strategy asked for its end.
    Cancel,
    /// The strategy asked for the end of every order of the instrument.
    CancelAll,
    /// Its parent has filled: it is worked from now on.
    Released,
    /// The stop of a stop-limit order was reached: its limit is worked from the next bar on.
    Triggered,
}

impl Step {
    /// Whether the strategy decided it, at the close of the bar; else it happened within the bar.
    #[must_use]
    pub fn is_instruction(self) -> bool {
        matches!(self, Self::Modify | Self::Cancel | Self::CancelAll)
    }

    /// Name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Modify => "modify",
            Self::Cancel => "cancel",
            Self::CancelAll => "cancel_all",
            Self::Released => "released",
            Self::Triggered => "triggered",
        }
    }
}

/// An entry of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderStep {
    /// Number of the order; 0 when every order of the instrument is meant.
    pub order: u64,
    /// Index of the instrument in the universe, as the strategy named it.
    pub instrument: u32,
    /// Start of the bar at whose close it was decided, or in which it happened, nanoseconds UTC.
    pub ts: i64,
    /// What it is.
    pub step: Step,
    /// New size and its code (`strategy_api::abi::layout::SIZE_*`), when it was to change.
    pub size: Option<(u32, f64)>,
    /// New limit price.
    pub limit_price: Option<f64>,
    /// New stop price.
    pub stop_price: Option<f64>,
    /// New trailing distance.
    pub trail: Option<f64>,
    /// Whether it had an effect: an instruction for an order that has ended has none.
    pub is_effective: bool,
}

impl OrderStep {
    /// An instruction of the strategy.
    #[must_use]
    pub fn instruction(raw: &RawOrder, ts: i64, is_effective: bool) -> Self {
        let given = |number: f64| (!number.is_nan()).then_some(number);
        let (order, step) = match raw.action {
            ACTION_CANCEL => (raw.id, Step::Cancel),
            ACTION_CANCEL_ALL => (0, Step::CancelAll),
            _ => (raw.id, Step::Modify),
        };
        Self {
            order,
            instrument: raw.instrument,
            ts,
            step,
            size: given(raw.size).map(|size| (raw.size_kind, size)),
            limit_price: given(raw.limit_price),
            stop_price: given(raw.stop_price),
            trail: given(raw.trail),
            is_effective,
        }
    }

    /// A step that the market made.
    #[must_use]
    pub fn happened(order: u64, instrument: u32, ts: i64, step: Step) -> Self {
        Self {
            order,
            instrument,
            ts,
            step,
            size: None,
            limit_price: None,
            stop_price: None,
            trail: None,
            is_effective: true,
        }
    }
}

/// Where within its bar a fill took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FilledAt {
    /// At the open.
    Open,
    /// Between open and close, at the level of the order.
    Inside,
    /// At the close.
    Close,
}

/// What a fill stands on beside its record.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FillBasis {
    /// Where within the bar.
    pub at: FilledAt,
    /// Equity by which a size in fractions of it was resolved, currency: at the price of the fill
    /// before slippage, other instruments at their price of that moment.
    pub equity: f64,
    /// Units that the account had traded in the calendar month before, for a commission that depends
    /// on it; else 0.
    pub month_units: f64,
}
