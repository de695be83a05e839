//! Where the triggers of a strategy hold next: each instrument's bars are looked through once, many rows
//! at a time, however often the strategy comes back in between.

use super::raw::Frame;
use crate::trigger::Trigger;

/// Rows that are looked through for one trigger before the next.
const LOOK: usize = 128;

/// The triggers of a strategy, and what is known of where they hold.
#[derive(Default)]
pub(super) struct Watch {
    triggers: Vec<Trigger>,
    next: Vec<Next>,
}

/// What is known of one instrument.
#[derive(Clone, Copy)]
struct Next {
    /// No trigger holds at rows from `from` to before `row`.
    from: usize,
    row: usize,
    /// The step of `row`, when a trigger holds there.
    step: Option<usize>,
    /// The column that was looked at: another one has other values.
    column: *const f64,
}

impl Watch {
    pub(super) fn new(triggers: Vec<Trigger>) -> Self {
        Self { triggers, next: Vec::new() }
    }

    /// Whether every bar is to be called for.
    pub(super) fn is_empty(&self) -> bool {
        self.triggers.is_empty()
    }

    /// The first step from `at` on at which a trigger holds for an instrument that has a bar there; `end`
    /// when there is none before.
    pub(super) fn next_call(&mut self, frame: &Frame<'_>, at: usize, end: usize) -> usize {
        let unknown = Next { from: 0, row: 0, step: None, column: std::ptr::null() };
        self.next.resize(frame.n_series(), unknown);
        let Self { triggers, next } = self;
        let mut first = end;
        for (instrument, next) in next.iter_mut().enumerate() {
            next.look(triggers, frame, instrument, at);
            first = next.step.map_or(first, |step| step.min(first));
        }
        first
    }

    /// Whether a trigger holds for an instrument at a step that [`Watch::next_call`] gave.
    #[inline(always)]
    pub(super) fn is_called(&self, instrument: usize, at: usize) -> bool {
        self.next[instrument].step == Some(at)
    }
}

impl Next {
    /// Looks for the first row that is seen at `at` or later.
    fn look(&mut self, triggers: &[Trigger], frame: &Frame<'_>, instrument: usize, at: usize) {
        let column = frame.column(triggers[0].column(), instrument);
        let is_known = self.column == column;
        if is_known && self.step.is_some_and(|step| step >= at) {
            return;
        }
        let least = if at == 0 { 0 } else { frame.seen(instrument, at - 1) };
        let is_continued =
            is_known && self.step.is_none() && (self.from..=self.row).contains(&least);
        let from = if is_continued { self.row } else { least };
        let rows = frame.row_count(instrument);
        let (row, found) = first_row(triggers, frame, instrument, from, rows);
        let step = found.then(|| frame.step_of(instrument, row));
        *self = Self { from: least, row, step, column };
    }
}

/// The first row of a range at which a trigger holds, or its end.
fn first_row(
    triggers: &[Trigger],
    frame: &Frame<'_>,
    instrument: usize,
    mut from: usize,
    end: usize,
) -> (usize, bool) {
    if from == 0 && end > 0 {
        if triggers.iter().any(|trigger| frame.holds(trigger, instrument, 1)) {
            return (0, true);
        }
        from = 1;
    }
    while from < end {
        let to = end.min(from + LOOK);
        let mut first = to;
        for trigger in triggers {
            let rows = |column| frame.rows(column, instrument, from - 1..first);
            let columns = rows(trigger.column()).zip(rows(trigger.other()));
            let found = columns.and_then(|(column, other)| trigger.first(column, other));
            first = found.map_or(first, |row| from + row);
        }
        if first < to {
            return (first, true);
        }
        from = to;
    }
    (from, false)
}
