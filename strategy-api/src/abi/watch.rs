//! Where the triggers of a strategy hold next: each instrument's bars are looked through once, many rows
//! at a time, however often the strategy comes back in between.

use super::raw::Frame;
use crate::{lanes::ROWS, trigger::Trigger};

/// The step of what does not happen.
const NEVER: usize = usize::MAX;

/// The triggers of a strategy, and where they hold next.
#[derive(Default)]
pub(super) struct Watch {
    triggers: Vec<Trigger>,
    ahead: Vec<Ahead>,
    /// What that was found in: how often it had been replaced, and how many steps there were.
    basis: Option<(u32, usize)>,
}

/// What is known of the bars of one instrument.
#[derive(Clone, Copy, Default)]
struct Ahead {
    /// The first step, from the one that was asked for last on, at which a trigger holds.
    step: usize,
    /// The first row of the window that was looked through last.
    window: usize,
    /// The rows of that window at which a trigger holds, a bit each, those of earlier steps left out.
    rows: u64,
}

impl Watch {
    pub(super) fn new(triggers: Vec<Trigger>) -> Self {
        Self { triggers, ahead: Vec::new(), basis: None }
    }

    /// Whether every bar is to be called for.
    pub(super) fn is_empty(&self) -> bool {
        self.triggers.is_empty()
    }

    /// The first step from `at` on at which a trigger holds for an instrument that has a bar there; `end`
    /// when there is none before. Steps are asked for in rising order.
    pub(super) fn next_call(&mut self, frame: &Frame<'_>, at: usize, end: usize) -> usize {
        let basis = Some((frame.changes(), frame.steps()));
        let Self { triggers, ahead, .. } = self;
        if self.basis != basis {
            self.basis = basis;
            ahead.clear();
            ahead.resize(frame.n_series(), Ahead::default());
            for (instrument, ahead) in ahead.iter_mut().enumerate() {
                let window = rows_before(frame, instrument, at);
                let rows = look(triggers, frame, instrument, window);
                *ahead = Ahead { step: 0, window, rows };
                ahead.go_on(triggers, frame, instrument, at);
            }
        }
        let mut first = end;
        for (instrument, ahead) in ahead.iter_mut().enumerate() {
            if ahead.step < at {
                ahead.go_on(triggers, frame, instrument, at);
            }
            first = first.min(ahead.step);
        }
        first
    }

    /// The first instrument from `instrument` on for which a trigger holds at a step that
    /// [`Watch::next_call`] gave; the number of instruments when there is none.
    #[inline(always)]
    pub(super) fn called(&self, instrument: usize, at: usize) -> usize {
        let found = self.ahead[instrument..].iter().position(|ahead| ahead.step == at);
        found.map_or(self.ahead.len(), |further| instrument + further)
    }
}

impl Ahead {
    /// Goes on to the first step from `at` on at which a trigger holds.
    fn go_on(&mut self, triggers: &[Trigger], frame: &Frame<'_>, instrument: usize, at: usize) {
        let first = rows_before(frame, instrument, at);
        let end = frame.row_count(instrument);
        loop {
            let over = first.saturating_sub(self.window);
            self.rows &= if over < ROWS { !0 << over } else { 0 };
            if self.rows != 0 {
                let row = self.window + self.rows.trailing_zeros() as usize;
                self.step = frame.step_of(instrument, row);
                return;
            }
            self.window = first.max(self.window + ROWS);
            if self.window >= end {
                self.step = NEVER;
                return;
            }
            self.rows = look(triggers, frame, instrument, self.window);
        }
    }
}

/// Rows that are closed before a step.
fn rows_before(frame: &Frame<'_>, instrument: usize, at: usize) -> usize {
    if at == 0 { 0 } else { frame.seen(instrument, at - 1) }
}

/// The rows of a window, a bit each, at which a trigger holds.
fn look(triggers: &[Trigger], frame: &Frame<'_>, instrument: usize, window: usize) -> u64 {
    let end = frame.row_count(instrument).min(window + ROWS);
    let mut found = 0;
    for trigger in triggers {
        let before = |column| frame.value(column, instrument, window, 0);
        let before = (before(trigger.column()), before(trigger.other()));
        let rows = |column| frame.rows(column, instrument, window..end);
        let columns = rows(trigger.column()).zip(rows(trigger.other()));
        let Some((column, other)) = columns else { continue };
        found |= match (column.first_chunk(), other.first_chunk()) {
            (Some(column), Some(other)) => trigger.rows(column, other, before),
            _ => trigger.rows(&filled_up(column), &filled_up(other), before),
        };
    }
    found
}

/// The last rows, and NaN where there are no more: nothing holds there.
fn filled_up(rows: &[f64]) -> [f64; ROWS] {
    let mut filled = [f64::NAN; ROWS];
    filled[..rows.len()].copy_from_slice(rows);
    filled
}
