//! Events as a strategy sees them: what became known from outside, and when.

use crate::abi::layout::{EVENT_DIVIDEND, EVENT_SPLIT, RawEvent};

/// What an event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind<'a> {
    /// New units for one old unit; the value is the ratio (2.0 for 2:1).
    Split,
    /// Cash a unit; the value is the amount.
    Dividend,
    /// A number from outside, by its name.
    Signal(&'a str),
}

/// An event that is known by now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event<'a> {
    /// Index of the instrument in the universe; `None` for the whole market.
    pub instrument: Option<usize>,
    /// What it tells.
    pub kind: EventKind<'a>,
    /// When it takes effect, nanoseconds UTC; may lie ahead.
    pub ts: i64,
    /// When it became known, nanoseconds UTC.
    pub known_at: i64,
    /// Its value; the unit depends on the kind.
    pub value: f64,
}

impl<'a> Event<'a> {
    pub(crate) fn new(raw: &RawEvent, name: &'a str) -> Self {
        Self {
            instrument: (raw.instrument != u32::MAX).then_some(raw.instrument as usize),
            kind: match raw.kind {
                EVENT_SPLIT => EventKind::Split,
                EVENT_DIVIDEND => EventKind::Dividend,
                _ => EventKind::Signal(name),
            },
            ts: raw.ts,
            known_at: raw.known_at,
            value: raw.value,
        }
    }
}
