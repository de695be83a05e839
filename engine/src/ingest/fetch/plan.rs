//! The planner: from what is wanted and what is held to a list of requests. Pure; the clock is given.
//!
//! Promises: every wanted session that is not covered lies in the core of exactly one chunk, a chunk is
//! no longer than the broker's limit, and a chunk reaches into what is held or was fetched before it, so
//! that prices from before and after a split are never put side by side unseen. Where nothing overlaps by
//! itself, a probe of a few bars is put first. What follows on something that is held comes oldest first,
//! everything else newest first: wherever the work is broken off, there is no hole that was not there.

use super::{
    limits::{Limit, limit, overlap},
    pieces::{end_of, pieces},
    sessions::{Market, Sessions},
    window::Window,
};
use crate::gateway::{Span, SpanUnit, What};
use engine_core::calendar::SECOND_NS;
use jiff::{ToSpan, Unit, civil::Date};
use strategy_api::Resolution;

/// One request and what it is for. Times are starts of bars, nanoseconds UTC, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// The bars that are taken from the answer.
    pub(super) window: (i64, i64),
    /// The bars among them that are wanted; the others overlap with what is there already. `None` for a
    /// chunk that is only there to be compared.
    pub(super) core: Option<(i64, i64)>,
    /// First and last session of the window.
    pub(super) sessions: (Date, Date),
    /// End of the request; `None` for now.
    pub(super) end: Option<i64>,
    /// Length of the request.
    pub(super) span: Span,
}

/// What is planned for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<'a> {
    pub(super) market: Market,
    pub(super) what: What,
    /// The broker's clock, nanoseconds UTC.
    pub(super) now: i64,
    pub(super) window: Window,
    /// Intervals of bar starts that were asked for and answered, both ends included.
    pub(super) covered: &'a [(i64, i64)],
    /// Intervals that are asked for although they are covered.
    pub(super) again: &'a [(i64, i64)],
    /// Start of the first bar that the broker has, where it is known.
    pub(super) head: Option<i64>,
    /// Whether a new series begins with its oldest bars: who asks only for what is new could not tell
    /// later that older ones were wanted too.
    pub(super) is_forward: bool,
}

/// A wish that one request cannot fulfil and several may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{resolution} bars of adjusted-last come in one request that ends now, which reaches back {limit} sessions at most, and {wanted} are needed"
)]
pub struct PlanError {
    /// Length of the bars.
    pub resolution: Resolution,
    /// Sessions in one request.
    pub limit: usize,
    /// Sessions wanted.
    pub wanted: usize,
}

/// The requests, in the order in which they are to be made.
///
/// # Errors
/// When prices whose requests must end now are wanted from further back than one request reaches.
pub(super) fn plan(ask: &Ask<'_>) -> Result<Vec<Chunk>, PlanError> {
    let ask = &Ask { window: ask.window.without_hole(ask.market, ask.covered), ..*ask };
    let mut planner = Planner::new(ask);
    let wanted = planner.wanted(ask);
    if ask.what == What::AdjustedLast {
        return planner.in_one_request(&wanted);
    }
    let most = match limit(ask.market) {
        Limit::Seconds(most) => Some(most),
        Limit::Sessions(_) => ask.window.since.map(|_| Span::MOST_SECONDS),
    };
    if let Some(most) = most {
        return Ok(pieces(&planner.sessions, &wanted, ask, most));
    }
    let mut chunks = Vec::new();
    let mut hi = wanted.len();
    while let Some(last) = wanted[..hi].iter().rposition(|wanted| *wanted) {
        let first = wanted[..=last].iter().rposition(|wanted| !wanted).map_or(0, |at| at + 1);
        planner.run(first, last, &mut chunks);
        hi = first;
    }
    planner.compare(ask.window.is_open, &mut chunks);
    debug_assert!(chunks.iter().all(|chunk| chunk.end.is_none_or(|end| end <= ask.now)));
    Ok(chunks)
}

struct Planner {
    sessions: Sessions,
    what_is_held: Vec<bool>,
    /// Held, or in a chunk that comes before.
    known: Vec<bool>,
    overlap: usize,
    /// First and last session of the window.
    bounds: (usize, usize),
    /// The first session of which anything is held.
    anchor: Option<usize>,
    is_forward: bool,
    now: i64,
}

impl Planner {
    fn new(ask: &Ask<'_>) -> Self {
        let Ask { market, now, window, .. } = *ask;
        let overlap = overlap(market);
        // Covered sessions far outside of the window can matter as the place of a probe.
        let held_first = ask.covered.iter().map(|(from, _)| market.date_of(*from)).min();
        let first = held_first.map_or(window.first, |held| held.min(window.first));
        let sessions = Sessions::between(market, first, market.latest(now));
        let held = sessions.within(ask.covered);
        let bounds =
            (sessions.before(window.first), sessions.before(window.last.saturating_add(1.day())));
        let anchor = held_first.map(|date| sessions.before(date));
        let (known, is_forward) = (held.clone(), ask.is_forward);
        Self { known, what_is_held: held, sessions, overlap, bounds, anchor, is_forward, now }
    }

    /// Which sessions to ask for.
    fn wanted(&self, ask: &Ask<'_>) -> Vec<bool> {
        let (first, end) = self.bounds;
        let market = self.sessions.market;
        // A span that ends now leaves no hole behind it, between what is held or after it.
        let is_closing = ask.window.is_open && ask.window.since.is_none();
        let begin = match ask.what {
            // One request that ends now does not reach back to every hole.
            What::AdjustedLast => ask.covered.iter().map(|(_, to)| *to).max(),
            _ => ask.covered.iter().map(|(from, _)| *from).min(),
        };
        let begin = begin.filter(|_| is_closing);
        let holes = begin.map_or_else(
            || vec![false; self.sessions.len()],
            |begin| self.sessions.holes(ask.covered, (begin, i64::MAX)),
        );
        let head = ask.head.map_or(0, |head| {
            self.sessions
                .before(market.period_start(market.calendar.session_from(market.date_of(head))))
        });
        let again = self.sessions.within(ask.again);
        let mut wanted = vec![false; self.sessions.len()];
        for at in head..end {
            let is_asked = at >= first && (!self.what_is_held[at] || again[at]);
            wanted[at] = is_asked || holes[at];
        }
        // A week or a month is asked for as a whole.
        for at in (0..end).rev().filter(|at| *at < self.sessions.len()) {
            if wanted[at] {
                let start = self.sessions.period_start(at);
                wanted[start.max(head.min(at))..at].fill(true);
            }
        }
        wanted
    }

    /// Cuts a run of wanted sessions: oldest first where it follows on something, else newest first.
    fn run(&mut self, first: usize, last: usize, chunks: &mut Vec<Chunk>) {
        let most = match limit(self.sessions.market) {
            Limit::Sessions(most) => most,
            Limit::Seconds(_) => 1,
        };
        let step = most.saturating_sub(2 * self.overlap).max(1);
        let follows = first.checked_sub(1).is_some_and(|at| self.what_is_held[at]);
        let is_forward = follows || self.is_forward || self.anchor == Some(first);
        let (mut lo, mut hi) = (first, last + 1);
        while lo < hi {
            if is_forward {
                let end = (lo + step).min(hi);
                let whole = if end == hi { end } else { self.sessions.period_start(end) };
                let end = if whole > lo { whole } else { end };
                self.cut(lo, end, chunks);
                lo = end;
            } else {
                let begin = hi.saturating_sub(step).max(lo);
                let begin = self.sessions.period_start(begin).max(lo);
                self.cut(begin, hi, chunks);
                hi = begin;
            }
        }
    }

    /// The chunk of the sessions from `lo` up to but without `hi`, reaching into what is known beside them.
    fn cut(&mut self, lo: usize, hi: usize, chunks: &mut Vec<Chunk>) {
        let older = lo.checked_sub(1).is_some_and(|at| self.known[at]);
        let newer = self.known.get(hi).is_some_and(|known| *known);
        let from = if older { lo.saturating_sub(self.overlap) } else { lo };
        let to = if newer { (hi - 1 + self.overlap).min(self.sessions.len() - 1) } else { hi - 1 };
        let core = self.sessions.bounds(lo, hi - 1);
        chunks.push(self.chunk(self.sessions.period_start(from), to, Some(core)));
        self.known[lo..hi].fill(true);
    }

    /// Puts a comparison with what is held first, where the chunks hold none: at the end of an open
    /// window, otherwise where what is held comes nearest.
    fn compare(&self, is_open: bool, chunks: &mut Vec<Chunk>) {
        let held = |at: &usize| self.what_is_held[*at];
        let range = |chunk: &Chunk| {
            let (from, to) = chunk.sessions;
            self.sessions.before(from)..self.sessions.before(to.saturating_add(1.day()))
        };
        let (first, end) = self.bounds;
        let latest = self.sessions.len();
        let Some(last_held) = (0..latest).rfind(held) else { return };
        if !is_open && chunks.is_empty() {
            return;
        }
        let is_compared = match chunks.first() {
            Some(chunk) if is_open => range(chunk).contains(&last_held),
            _ => chunks.iter().any(|chunk| range(chunk).any(|at| held(&at))),
        };
        if is_compared {
            return;
        }
        let near = if is_open {
            last_held
        } else {
            let after = (end.min(latest)..latest).find(held);
            let before = (0..first.min(latest)).rfind(held);
            match (before, after) {
                (Some(before), _) => before,
                (None, Some(after)) => (after + self.overlap - 1).min(latest - 1),
                (None, None) => last_held,
            }
        };
        let from = self.sessions.period_start((near + 1).saturating_sub(self.overlap));
        chunks.insert(0, self.chunk(from, near, None));
    }

    fn in_one_request(&self, wanted: &[bool]) -> Result<Vec<Chunk>, PlanError> {
        let last = self.sessions.len() - 1;
        let first_wanted = wanted.iter().position(|wanted| *wanted);
        let is_held = self.what_is_held.iter().any(|held| *held);
        if first_wanted.is_none() && !is_held {
            return Ok(Vec::new());
        }
        let first = first_wanted.unwrap_or(last + 1);
        let from = if is_held { first.saturating_sub(self.overlap) } else { first.min(last) };
        let from = self.sessions.period_start(from);
        let market = self.sessions.market;
        let most = match limit(market) {
            Limit::Sessions(most) => most,
            Limit::Seconds(_) => 1,
        };
        if last + 1 - from > most {
            let (resolution, wanted) = (market.resolution, last + 1 - from);
            return Err(PlanError { resolution, limit: most, wanted });
        }
        let core = first_wanted.map(|first| self.sessions.bounds(first, last));
        Ok(vec![self.chunk(from, last, core)])
    }

    fn chunk(&self, first: usize, last: usize, core: Option<(i64, i64)>) -> Chunk {
        let (end, span) = request(&self.sessions, first, last, self.now);
        let sessions = (self.sessions.date(first), self.sessions.date(last));
        Chunk { window: self.sessions.bounds(first, last), core, sessions, end, span }
    }
}

/// The last bars before those of a chunk, to be compared with what is held.
pub(super) fn before(market: Market, now: i64, chunk: &Chunk) -> Chunk {
    let back = |date: Date, _| market.calendar.session_before(date);
    let first = (0..overlap(market)).fold(chunk.sessions.0, back);
    let last = market.calendar.session_before(chunk.sessions.0);
    if let Limit::Seconds(most) = limit(market) {
        return end_of(market, now, last, most);
    }
    let sessions = Sessions::between(market, market.period_start(first), market.latest(now));
    let last_at = sessions.before(chunk.sessions.0) - 1;
    let (end, span) = request(&sessions, 0, last_at, now);
    let (window, dates) = (sessions.bounds(0, last_at), (sessions.date(0), last));
    Chunk { window, core: None, sessions: dates, end, span }
}

/// End and length of the request for some of the sessions up to now.
pub(super) fn request(
    sessions: &Sessions,
    first: usize,
    last: usize,
    now: i64,
) -> (Option<i64>, Span) {
    let market = sessions.market;
    let (first_date, last_date) = (sessions.date(first), sessions.date(last));
    let end = Some(market.day_end(last_date))
        .filter(|end| last + 1 < sessions.len() && *end < now)
        .map(|end| end / SECOND_NS * SECOND_NS);
    let until = match end {
        Some(_) => last_date.saturating_add(1.day()),
        None => market.today(now),
    };
    // Before today's open the broker may count today already.
    let early = end.is_none() && until > last_date && market.calendar.is_session(until);
    let count = last - first + 1 + usize::from(early);
    (end, span(market.resolution, count, first_date, until))
}

/// The shortest span that reaches back to a date.
fn span(resolution: Resolution, sessions: usize, first: Date, until: Date) -> Span {
    let whole = |unit: Unit, days: i64| {
        first.until((unit, until)).map_or(days, |distance| match unit {
            Unit::Month => i64::from(distance.get_months()) + 1,
            _ => days,
        })
    };
    let days = i64::from(first.until(until).map_or(0, |distance| distance.get_days()));
    let shorter = match resolution {
        Resolution::Week1 => Span::new((days / 7 + 2) as u32, SpanUnit::W),
        Resolution::Month1 => Span::new(whole(Unit::Month, days) as u32 + 1, SpanUnit::M),
        _ => u32::try_from(sessions).ok().and_then(|count| Span::new(count, SpanUnit::D)),
    };
    shorter.unwrap_or_else(|| {
        let years = (1..=100).find(|years| until.saturating_sub(years.years()) <= first);
        Span { count: years.map_or(100, |years: i64| years as u32), unit: SpanUnit::Y }
    })
}
