//! Puts checked bars in order of time, each time once, and cuts them into blocks.
//!
//! A row that repeats another one to the last bit is dropped and counted. Rows of one time that differ
//! are all rejected: nothing says which one is right.

use super::{derive::same_bar, gaps::GapCount, rejects::Rejects, validate::Checked};
use strategy_api::Bar;

/// Bars of one block.
pub(super) const BLOCK: usize = 4096;

/// Bars in rising order with what is known about them so far.
pub(super) struct Sequence {
    /// The last bar, held back because the next row may have the same time.
    pending: Option<Pending>,
    block: Vec<Checked>,
    gaps: GapCount,
    /// Bars given on.
    pub(super) bars: u64,
    /// Bars given on that are not final.
    pub(super) partial: u64,
    /// Rows that repeated another one.
    pub(super) duplicates: u64,
    /// Time of the first bar given on.
    pub(super) first_ts: Option<i64>,
    /// Time of the last bar given on.
    pub(super) last_ts: Option<i64>,
}

struct Pending {
    checked: Checked,
    /// Another row of the same time has other values.
    is_disputed: bool,
}

/// A bar earlier than the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfOrder;

impl Sequence {
    /// An empty sequence whose gaps are counted by `gaps`.
    pub(super) fn new(gaps: GapCount) -> Self {
        Self {
            pending: None,
            block: Vec::with_capacity(BLOCK),
            gaps,
            bars: 0,
            partial: 0,
            duplicates: 0,
            first_ts: None,
            last_ts: None,
        }
    }

    /// Takes the next bar.
    pub(super) fn push(
        &mut self,
        checked: Checked,
        rejects: &mut Rejects,
    ) -> Result<(), OutOfOrder> {
        let Some(pending) = &mut self.pending else {
            self.pending = Some(Pending { checked, is_disputed: false });
            return Ok(());
        };
        match checked.bar.ts.cmp(&pending.checked.bar.ts) {
            std::cmp::Ordering::Less => return Err(OutOfOrder),
            std::cmp::Ordering::Equal => {
                if same_bar(&checked.bar, &pending.checked.bar) {
                    self.duplicates += 1;
                    return Ok(());
                }
                if !pending.is_disputed {
                    pending.is_disputed = true;
                    dispute(&pending.checked, checked.line, rejects);
                }
                dispute(&checked, pending.checked.line, rejects);
            }
            std::cmp::Ordering::Greater => {
                let before = std::mem::replace(pending, Pending { checked, is_disputed: false });
                self.give(&before);
            }
        }
        Ok(())
    }

    /// The block, when it is full.
    pub(super) fn full_block(&mut self) -> Option<Vec<Checked>> {
        (self.block.len() >= BLOCK).then(|| self.take_block(BLOCK))
    }

    /// What is left after the last row, and the gaps.
    pub(super) fn finish(&mut self) -> (Vec<Checked>, GapCount) {
        if let Some(last) = self.pending.take() {
            self.give(&last);
        }
        (self.take_block(0), self.gaps.clone())
    }

    fn take_block(&mut self, next: usize) -> Vec<Checked> {
        self.gaps.block(&self.block);
        std::mem::replace(&mut self.block, Vec::with_capacity(next))
    }

    fn give(&mut self, pending: &Pending) {
        if pending.is_disputed {
            return;
        }
        let checked = pending.checked;
        self.bars += 1;
        self.partial += u64::from(!checked.is_final);
        self.first_ts = self.first_ts.or(Some(checked.bar.ts));
        self.last_ts = Some(checked.bar.ts);
        self.block.push(checked);
    }
}

fn dispute(checked: &Checked, other_line: u64, rejects: &mut Rejects) {
    let reason = || format!("line {other_line} has the same time with other values");
    rejects.add(checked.line, reason, || text(&checked.bar));
}

/// A bar as text.
fn text(bar: &Bar) -> String {
    let Bar { ts, open, high, low, close, volume } = bar;
    format!("{ts},{open},{high},{low},{close},{volume}")
}
