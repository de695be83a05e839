//! From what the user wants (a span back from now, a period, or simply what is new) to sessions.

use super::{
    limits::{Limit, limit},
    sessions::Market,
};
use crate::gateway::{Span, SpanUnit};
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
    /// A start within the first session, nanoseconds UTC; only for bars that are asked for by seconds.
    pub(super) since: Option<i64>,
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
            since = matches!(limit(market), Limit::Seconds(_)).then_some(start);
            date
        }
    };
    Window {
        first: market.calendar.session_from(first).min(latest),
        last: latest,
        is_open: true,
        since,
    }
}

/// The session and the instant that lie so much trading time before now.
fn traded_before(market: Market, now: i64, mut length: i64) -> (Date, i64) {
    let mut session = market.latest(now);
    loop {
        let (open, close) = market.trading(session);
        let traded = close.min(now) - open;
        if length <= traded {
            return (session, close.min(now) - length);
        }
        length -= traded;
        session = market.calendar.session_before(session);
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
