//! From what the user wants (a span back from now, a period, or simply what is new) to sessions.

use super::{
    limits::overlap,
    prepare::Job,
    sessions::{Market, Sessions},
};
use crate::{
    gateway::{Span, SpanUnit},
    ingest::IngestError,
};
use engine_core::calendar::SECOND_NS;
use jiff::{Span as Distance, ToSpan, civil::Date};
use strategy_api::Resolution;

/// Which bars are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those of a span that ends now.
    Span(Span),
    /// Those of a period of sessions, both ends included; without an end up to now.
    Period {
        /// First date.
        from: Date,
        /// Last date.
        to: Option<Date>,
    },
    /// Those since the last one held; of a new series a span that suits its resolution.
    New,
    /// Those that are missing between the first one held and now.
    Missing,
}

/// Sessions that are wanted, by their dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) first: Date,
    pub(super) last: Date,
    /// Whether it ends now.
    pub(super) is_open: bool,
    /// A start within the first session, where a bar begins, nanoseconds UTC: what is before it is not
    /// wanted. Only for spans of seconds.
    pub(super) since: Option<i64>,
}

impl Window {
    /// The same without a start within a session, unless what is held reaches up to that start without
    /// a gap, or nothing is held: otherwise there would be a hole.
    pub(super) fn without_hole(self, market: Market, covered: &[(i64, i64)]) -> Self {
        let first = covered.iter().map(|(from, _)| *from).min();
        let is_hole = |since: &i64| {
            first.is_some_and(|first| {
                let (from, to) = (market.date_of(first), market.date_of(*since));
                let sessions = Sessions::between(market, from, to);
                sessions.holes(covered, (first, since - 1)).contains(&true)
            })
        };
        Self { since: self.since.filter(|since| !is_hole(since)), ..self }
    }
}

/// The span of a new series when the user names none.
#[must_use]
pub fn usual_span(resolution: Resolution) -> Span {
    let (count, unit) = match resolution.seconds() {
        None => (5, SpanUnit::Y),
        Some(seconds) if seconds >= 3_600 => (1, SpanUnit::Y),
        Some(seconds) if seconds >= 60 => (1, SpanUnit::M),
        Some(_) => (1, SpanUnit::D),
    };
    Span { count, unit }
}

/// The sessions of a span that ends now.
pub(super) fn span_window(market: Market, span: Span, now: i64) -> Window {
    let (latest, count) = (market.latest(now), i64::from(span.count));
    let back = |distance: Distance| {
        let day = market.today(now).saturating_sub(distance).saturating_add(1.day());
        day.min(latest)
    };
    let mut since = None;
    let first = match span.unit {
        SpanUnit::D => (1..span.count).fold(latest, |day, _| market.calendar.session_before(day)),
        SpanUnit::W => back(count.weeks()),
        SpanUnit::M => back(count.months()),
        SpanUnit::Y => back(count.years()),
        SpanUnit::S => {
            let (date, start) = traded_before(market, now, count * SECOND_NS);
            // Where a session is a few bars, whole ones are needed to compare with what is held.
            since = (market.resolution.is_intraday() && overlap(market) == 1).then_some(start);
            date
        }
    };
    // A week or a month is one bar: its first day belongs to it, however short the span.
    let first = market.period_start(market.calendar.session_from(first)).min(latest);
    Window { first, last: latest, is_open: true, since }
}

/// The session and the start of the bar that lie so much trading time before now.
fn traded_before(market: Market, now: i64, mut length: i64) -> (Date, i64) {
    let mut session = market.latest(now);
    loop {
        let (open, close) = market.trading(session);
        let traded = close.min(now) - open;
        if length <= traded {
            let start = close.min(now) - length;
            let Some(step) = market.resolution.seconds() else { return (session, start) };
            let (midnight, step) = (market.bounds(session).0, i64::from(step) * SECOND_NS);
            return (session, (start - (start - midnight) % step).max(open));
        }
        length -= traded;
        session = market.calendar.session_before(session);
    }
}

/// Why nothing is wanted of a period.
pub(super) fn no_session(job: &Job<'_>) -> IngestError {
    let (symbol, calendar) = (job.key.instrument.symbol.clone(), job.market.calendar);
    match job.request.wanted {
        Wanted::Period { from, to: Some(to) } if calendar.session_from(from) > to => {
            let before = calendar.session_before(from);
            IngestError::NoSession { symbol, calendar: calendar.to_string(), from, to, before }
        }
        _ => IngestError::NotBegun { symbol },
    }
}

/// The sessions of a period; `None` when none of it has begun.
pub(super) fn period_window(
    market: Market,
    from: Date,
    to: Option<Date>,
    now: i64,
) -> Option<Window> {
    let latest = market.latest(now);
    let first = market.period_start(market.calendar.session_from(from));
    let last = match to {
        Some(to) if to < latest => market.calendar.session_before(to.saturating_add(1.day())),
        _ => latest,
    };
    let is_open = last == latest && to.is_none_or(|to| to >= latest);
    (first <= last).then_some(Window { first, last, is_open, since: None })
}
