//! Plans what is asked for by seconds within a session: bars of less than a minute, and the sessions of a
//! span of seconds.
//!
//! A piece reaches ten bars into the one after it. Across the night nothing can overlap, so the pieces
//! of several sessions end with a comparison: the bars that came first are asked for once more, and when
//! they are still the same, nothing was restated in between. As with whole sessions, what follows on
//! something that is held comes oldest first.

use super::{
    limits::overlap,
    plan::{Ask, Chunk},
    sessions::{Market, Sessions},
    window::Window,
};
use crate::gateway::{Span, SpanUnit, What};
use engine_core::calendar::SECOND_NS;
use jiff::civil::Date;

/// Bars that a piece reaches into the next one.
const OVERLAP: i64 = 10;
/// The shortest span that the broker takes, seconds.
const SHORTEST: i64 = 30;

/// The pieces of the wanted sessions: those after the first held bar, then those before it.
pub(super) fn pieces(sessions: &Sessions, wanted: &[bool], ask: &Ask<'_>, most: u32) -> Vec<Chunk> {
    let step = i64::from(ask.market.resolution.seconds().unwrap_or(1)) * SECOND_NS;
    let cutter = Cutter { ask, step, most: i64::from(most) * SECOND_NS };
    let mut chunks = Vec::new();
    let mut nights = 0;
    let begin = ask.covered.iter().map(|(from, _)| *from).min();
    let from = begin.map(|begin| sessions.before(ask.market.date_of(begin)));
    let from = from.unwrap_or(if ask.is_forward { 0 } else { wanted.len() }).min(wanted.len());
    for at in (from..wanted.len()).chain((0..from).rev()).filter(|at| wanted[*at]) {
        let before = chunks.len();
        cutter.session(sessions.date(at), &mut chunks);
        if at >= from {
            chunks[before..].reverse();
        }
        nights += usize::from(chunks.len() > before);
    }
    let held = sessions.within(ask.covered);
    let last_held = held.iter().rposition(|held| *held).map(|at| sessions.date(at));
    debug_assert!(overlap(ask.market) == 1, "a session has more bars than are compared");
    if let Some(date) = last_held.filter(|_| ask.window.is_open || !chunks.is_empty()) {
        chunks.insert(0, cutter.end_of(date));
    }
    if nights > 1 {
        let first = chunks.iter().find(|chunk| chunk.core.is_some()).map(|chunk| chunk.sessions.1);
        chunks.extend(first.map(|date| cutter.end_of(date)));
    }
    chunks
}

/// The last bars of a session, to be compared.
pub(super) fn end_of(market: Market, now: i64, date: Date, most: u32) -> Chunk {
    let window = Window { first: date, last: date, is_open: false, since: None };
    let (covered, again, head) = (&[][..], &[][..], None);
    let what = What::Trades;
    let ask = &Ask { market, what, now, window, covered, again, head, is_forward: false };
    let step = i64::from(market.resolution.seconds().unwrap_or(1)) * SECOND_NS;
    Cutter { ask, step, most: i64::from(most) * SECOND_NS }.end_of(date)
}

struct Cutter<'a> {
    ask: &'a Ask<'a>,
    step: i64,
    most: i64,
}

impl Cutter<'_> {
    /// The pieces of one session that are not covered, newest first.
    fn session(&self, date: Date, chunks: &mut Vec<Chunk>) {
        let market = self.ask.market;
        let (open, close) = market.trading(date);
        let (first, last) = market.bounds(date);
        let since = self.ask.window.since.unwrap_or(i64::MIN);
        // Up to the bar that has begun.
        let ended = close.min(self.ask.now / self.step * self.step + self.step);
        let length = (self.most / self.step - OVERLAP) * self.step;
        let mut hi = ended;
        while hi > open && hi > since {
            // The newest piece reaches into no other.
            let reached = hi - if hi == ended { self.most } else { length };
            let lo = reached.max(open).max(since);
            let from = if lo == open { first } else { lo };
            let to = if hi == close { last } else { hi - 1 };
            let reach = if hi == ended { hi } else { (hi + OVERLAP * self.step).min(ended) };
            let is_covered = self.ask.covered.iter().any(|(a, b)| *a <= from && to <= *b);
            if !is_covered {
                let window = (from, if reach == close { last } else { reach - 1 });
                chunks.push(self.chunk(date, window, (lo, reach), Some((from, to))));
            }
            hi = lo;
        }
    }

    /// The last bars of a session, to be compared.
    fn end_of(&self, date: Date) -> Chunk {
        let (open, close) = self.ask.market.trading(date);
        let hi = close.min(self.ask.now / self.step * self.step);
        let lo = (hi - OVERLAP * self.step).max(open);
        self.chunk(date, (lo, hi - 1), (lo, hi), None)
    }

    fn chunk(
        &self,
        date: Date,
        window: (i64, i64),
        (lo, hi): (i64, i64),
        core: Option<(i64, i64)>,
    ) -> Chunk {
        let end = Some(hi).filter(|hi| *hi <= self.ask.now);
        let length = (end.unwrap_or(self.ask.now + SECOND_NS) - lo) / SECOND_NS;
        let count = length.clamp(SHORTEST, self.most / SECOND_NS) as u32;
        Chunk { window, core, sessions: (date, date), end, span: Span { count, unit: SpanUnit::S } }
    }
}
