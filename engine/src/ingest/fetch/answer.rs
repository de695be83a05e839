//! Checks the answer to one request: what is valid, in order and once; what repeats; what cannot be.

use super::{plan::Chunk, sessions::Market};
use crate::{
    gateway::{SourceBar, SpanUnit},
    ingest::{
        derive::same_bar,
        rejects::KEPT,
        validate::{BarReason, Checked, Validator},
    },
    store::Reject,
};
use engine_core::calendar::{DAY_NS, SECOND_NS};
use jiff::Timestamp;
use strategy_api::Bar;

/// A bar that cannot be, with its time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bad {
    pub(super) ts: i64,
    pub(super) reject: Reject,
}

/// An answer, checked.
#[derive(Clone, Debug, Default)]
pub(super) struct Sound {
    /// Valid bars in rising order, each time once.
    pub(super) bars: Vec<Checked>,
    /// Bars that repeat another one.
    pub(super) duplicates: u64,
    /// Bars from outside of what was asked for.
    pub(super) outside: u64,
    /// Whether the bars came out of order.
    pub(super) is_unordered: bool,
    /// Bars that cannot be.
    pub(super) bad: Vec<Bad>,
}

impl Sound {
    /// Whether the whole answer belongs to another request, or cannot be right.
    pub(super) fn is_stray(&self) -> bool {
        self.bars.is_empty() && (self.outside > 0 || !self.bad.is_empty())
    }

    /// Whether asking once more may bring something better.
    pub(super) fn is_doubtful(&self) -> bool {
        !self.bad.is_empty() || self.is_stray()
    }
}

/// The broker's clock before a request was made and after its answer came, nanoseconds UTC: a bar that
/// began between the two is new, not wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) before: i64,
    pub(super) after: i64,
}

/// Checks the bars of an answer against the rules of a valid bar and against what was asked for.
pub(super) fn check(market: Market, chunk: &Chunk, clock: Clock, answer: &[SourceBar]) -> Sound {
    let mut sound = Sound::default();
    let mut validator = Validator::new(market.calendar, market.resolution, clock.before);
    let mut later = Validator::new(market.calendar, market.resolution, clock.after);
    let mut valid: Vec<Checked> = Vec::with_capacity(answer.len());
    for source in answer {
        let bar = bar_of(source);
        match validator.check(bar, 0) {
            Ok(checked) => match place(market, chunk, clock, checked.bar.ts) {
                Place::Inside => valid.push(checked),
                Place::Beside => {}
                Place::Outside => sound.outside += 1,
            },
            Err(BarReason::Future { .. }) if later.check(bar, 0).is_ok() => {}
            Err(reason) => match place(market, chunk, clock, bar.ts) {
                Place::Outside if !matches!(reason, BarReason::Future { .. }) => sound.outside += 1,
                Place::Beside => {}
                _ => sound.bad.push(bad(&bar, reason.to_string())),
            },
        }
    }
    sound.is_unordered = !valid.is_sorted_by_key(|checked| checked.bar.ts);
    valid.sort_by_key(|checked| checked.bar.ts);
    for run in valid.chunk_by(|a, b| a.bar.ts == b.bar.ts) {
        once(run, &mut sound);
    }
    sound
}

/// Takes the bars of one time: equal ones once, different ones not at all.
fn once(run: &[Checked], sound: &mut Sound) {
    let first = run[0];
    if run.iter().all(|checked| same_bar(&checked.bar, &first.bar)) {
        sound.bars.push(first);
        sound.duplicates += run.len() as u64 - 1;
        return;
    }
    for checked in run {
        let reason = "another bar of the same time has other values".to_owned();
        sound.bad.push(bad(&checked.bar, reason));
    }
}

enum Place {
    Inside,
    /// Not wanted, but the broker counts spans in its own way.
    Beside,
    Outside,
}

fn place(market: Market, chunk: &Chunk, clock: Clock, ts: i64) -> Place {
    let (from, to) = chunk.window;
    if (from..=to).contains(&ts) {
        return Place::Inside;
    }
    let slack = match chunk.span.unit {
        SpanUnit::S if market.resolution.is_intraday() => 900 * SECOND_NS,
        SpanUnit::S | SpanUnit::D => 5 * DAY_NS,
        SpanUnit::W => 15 * DAY_NS,
        SpanUnit::M => 62 * DAY_NS,
        SpanUnit::Y => 370 * DAY_NS,
    };
    let before = from.saturating_sub(slack)..from;
    // What begins after the end that was asked for has no excuse; the end of now moves.
    let after = to..=chunk.end.map_or(clock.after, |end| end + DAY_NS);
    if before.contains(&ts) || after.contains(&ts) { Place::Beside } else { Place::Outside }
}

/// The bar without the broker's sign for 'no volume'.
fn bar_of(source: &SourceBar) -> Bar {
    let SourceBar { ts, open, high, low, close, volume } = *source;
    Bar { ts, open, high, low, close, volume: if volume == -1.0 { 0.0 } else { volume } }
}

fn bad(bar: &Bar, reason: String) -> Bad {
    let time = Timestamp::from_nanosecond(i128::from(bar.ts)).unwrap_or_default();
    let Bar { ts, open, high, low, close, volume } = *bar;
    let raw = format!("{time},{open},{high},{low},{close},{volume}");
    Bad { ts, reject: Reject { line: 0, reason, raw } }
}

/// The rejects of an answer, as many as are kept.
pub(super) fn rejects(bad: &[Bad]) -> Vec<Reject> {
    bad.iter().take(KEPT).map(|bad| bad.reject.clone()).collect()
}
