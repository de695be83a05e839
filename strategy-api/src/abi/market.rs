//! What a run sees: a timeline, the bars of every instrument on it, and events with the time at which
//! each becomes known. Checked once here, so that whoever drives an instance may trust it.

use crate::{Columns, Resolution};

/// The bars of one instrument, and which of them each step of the timeline has seen.
#[derive(Clone, Copy, Debug)]
pub struct InstrumentBars<'a> {
    /// Symbol.
    pub symbol: &'a str,
    /// Its bars.
    pub columns: Columns<'a>,
    /// For each step the number of bars closed by then; `None` when step and row agree.
    pub seen: Option<&'a [u32]>,
}

/// What a run sees: a timeline and the bars of every instrument on it.
#[derive(Clone, Debug)]
pub struct Market<'a> {
    timeline: &'a [i64],
    instruments: Vec<InstrumentBars<'a>>,
    resolution: Resolution,
    events: Vec<MarketEvent<'a>>,
    events_seen: Option<Vec<u32>>,
}

/// Something that becomes known during a run: a corporate action or a signal from outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarketEvent<'a> {
    /// Index of the instrument; `None` for the whole market.
    pub instrument: Option<usize>,
    /// One of the `EVENT_` codes.
    pub kind: u32,
    /// When it takes effect, nanoseconds UTC.
    pub ts: i64,
    /// When it becomes known, nanoseconds UTC.
    pub known_at: i64,
    /// Its value; the unit depends on the kind.
    pub value: f64,
    /// Name of a signal; else empty.
    pub name: &'a str,
}

impl<'a> Market<'a> {
    /// Checks that instruments and timeline fit together.
    ///
    /// # Panics
    /// When they do not: the caller builds both, so it would be a bug.
    #[must_use]
    pub fn new(
        timeline: &'a [i64],
        instruments: Vec<InstrumentBars<'a>>,
        resolution: Resolution,
    ) -> Self {
        assert!(!instruments.is_empty(), "a run has at least one instrument");
        for bars in &instruments {
            let (rows, columns) = (bars.columns.len(), &bars.columns);
            let lengths = [
                columns.open.len(),
                columns.high.len(),
                columns.low.len(),
                columns.close.len(),
                columns.volume.len(),
            ];
            assert!(lengths.iter().all(|length| *length == rows), "columns differ in length");
            match bars.seen {
                None => assert_eq!(rows, timeline.len(), "step and row must agree"),
                Some(seen) => {
                    assert_eq!(seen.len(), timeline.len(), "one count for each step");
                    assert!(seen.is_sorted(), "bars are never unseen");
                    assert!(seen.last().is_none_or(|last| *last as usize <= rows), "unseen bars");
                }
            }
        }
        Self { timeline, instruments, resolution, events: Vec::new(), events_seen: None }
    }

    /// The same with events. A strategy sees an event at the first step whose close, as `end_of` its
    /// start gives it, is at or after the time at which the event became known.
    #[must_use]
    pub fn with_events(
        mut self,
        mut events: Vec<MarketEvent<'a>>,
        end_of: impl Fn(i64) -> i64,
    ) -> Self {
        if !events.is_empty() {
            events.sort_by_key(|event| (event.known_at, event.ts));
            let known = |ts: &i64| {
                let end = end_of(*ts);
                let count = events.partition_point(|event| event.known_at <= end);
                u32::try_from(count).expect("a run has fewer than 4 billion events")
            };
            self.events_seen = Some(self.timeline.iter().map(known).collect());
            self.events = events;
        }
        self
    }

    /// The events, by the time at which they become known.
    #[must_use]
    pub fn events(&self) -> &[MarketEvent<'a>] {
        &self.events
    }

    /// For each step the number of events that are known at its close; `None` without events.
    #[must_use]
    pub fn events_seen(&self) -> Option<&[u32]> {
        self.events_seen.as_deref()
    }

    /// Starts of the steps, nanoseconds UTC.
    #[must_use]
    pub fn timeline(&self) -> &'a [i64] {
        self.timeline
    }

    /// The instruments, in universe order.
    #[must_use]
    pub fn instruments(&self) -> &[InstrumentBars<'a>] {
        &self.instruments
    }

    /// Length of the bars.
    #[must_use]
    pub fn resolution(&self) -> Resolution {
        self.resolution
    }
}
