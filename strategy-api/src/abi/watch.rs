//! Where the triggers of a strategy hold next: each instrument's bars are looked through once, many rows
//! at a time, however often the strategy comes back in between.

use super::raw::Frame;
use crate::trigger::Trigger;

/// Rows that are looked through for one trigger before the next.
const LOOK: usize = 64;
/// The step of what does not happen.
const NEVER: usize = usize::MAX;

/// The triggers of a strategy, and where they hold next.
#[derive(Default)]
pub(super) struct Watch {
    triggers: Vec<Trigger>,
    /// For each instrument the first step, from the one that was asked for last on, at which a trigger
    /// holds.
    steps: Vec<usize>,
    /// What that was found in: how often it had been replaced, and how many steps there were.
    basis: Option<(u32, usize)>,
}

impl Watch {
    pub(super) fn new(triggers: Vec<Trigger>) -> Self {
        Self { triggers, steps: Vec::new(), basis: None }
    }

    /// Whether every bar is to be called for.
    pub(super) fn is_empty(&self) -> bool {
        self.triggers.is_empty()
    }

    /// The first step from `at` on at which a trigger holds for an instrument that has a bar there; `end`
    /// when there is none before. Steps are asked for in rising order.
    pub(super) fn next_call(&mut self, frame: &Frame<'_>, at: usize, end: usize) -> usize {
        let basis = Some((frame.changes(), frame.steps()));
        let Self { triggers, steps, .. } = self;
        if self.basis != basis {
            self.basis = basis;
            steps.clear();
            steps.resize(frame.n_series(), 0);
            for (instrument, step) in steps.iter_mut().enumerate() {
                *step = first_step(triggers, frame, instrument, at);
            }
        }
        let mut first = end;
        for (instrument, step) in steps.iter_mut().enumerate() {
            if *step < at {
                *step = first_step(triggers, frame, instrument, at);
            }
            first = first.min(*step);
        }
        first
    }

    /// The first instrument from `instrument` on for which a trigger holds at a step that
    /// [`Watch::next_call`] gave; the number of instruments when there is none.
    #[inline(always)]
    pub(super) fn called(&self, instrument: usize, at: usize) -> usize {
        let found = self.steps[instrument..].iter().position(|step| *step == at);
        found.map_or(self.steps.len(), |further| instrument + further)
    }
}

/// The first step from `at` on at which a trigger holds for an instrument.
fn first_step(triggers: &[Trigger], frame: &Frame<'_>, instrument: usize, at: usize) -> usize {
    let first = if at == 0 { 0 } else { frame.seen(instrument, at - 1) };
    let row = first_row(triggers, frame, instrument, first..frame.row_count(instrument));
    row.map_or(NEVER, |row| frame.step_of(instrument, row))
}

/// The first row of a range at which a trigger holds.
fn first_row(
    triggers: &[Trigger],
    frame: &Frame<'_>,
    instrument: usize,
    within: std::ops::Range<usize>,
) -> Option<usize> {
    let (mut from, end) = (within.start, within.end);
    if from == 0 && end > 0 {
        if triggers.iter().any(|trigger| frame.holds(trigger, instrument, 1)) {
            return Some(0);
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
            return Some(first);
        }
        from = to;
    }
    None
}
