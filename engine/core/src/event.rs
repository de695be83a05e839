//! External signals and corporate actions, each with the time at which it became known.

use serde::{Deserialize, Serialize};

/// What kind of thing an event tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// New shares for one old share; the value is the ratio (2.0 for 2:1).
    Split,
    /// Cash per share; the value is the amount.
    Dividend,
    /// A number from outside, by its name; the value is the number.
    Signal(String),
}

/// One event. It may be used only from `known_at` on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Symbol it belongs to; `None` for the whole market.
    pub symbol: Option<String>,
    /// What it is.
    pub kind: EventKind,
    /// When it takes effect, nanoseconds UTC (midnight UTC of the date for dated events).
    pub ts: i64,
    /// When it became known, nanoseconds UTC.
    pub known_at: i64,
    /// Its value; the unit depends on the kind.
    pub value: f64,
    /// Where it came from, for example a file name.
    pub source: String,
}
