//! Merges checked bars into what the database holds of a series, inside one transaction.
//!
//! A bar after the last held one costs its indicators and nothing else. A bar before it (a back-fill, a
//! correction, or simply the same file again) is compared with the held rows, which are read in pages
//! beside it; the rows after it get new indicators until they no longer differ. Rows that stay as they
//! are are not written. Memory: a page and a block, whatever the lengths.

use super::{
    IngestError,
    derive::{Derive, TAIL, same_bar, same_row},
    rejects::Rejects,
    restate::Restatement,
    validate::Checked,
};
use crate::store::{BarRow, BarWriter, Coverage, Reject, SeriesInfo, StoreError};

/// Held rows read at a time.
const PAGE: usize = 4096;
/// Unchanged final rows in a row after which nothing later can change.
const SETTLED: usize = TAIL + 1;

/// What a merge did, in bars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Merged {
    /// Bars that were not held.
    pub(super) new: u64,
    /// Bars that were held with the same values.
    pub(super) same: u64,
    /// Bars that were held with other values.
    pub(super) changed: u64,
    /// Held bars that only got new indicators.
    pub(super) recomputed: u64,
}

/// The merge of one ingestion with one series.
pub(super) struct Merge<'w> {
    writer: Box<dyn BarWriter + 'w>,
    state: Derive,
    begun: bool,
    /// Held rows that are not merged yet, last one first.
    page: Vec<BarRow>,
    /// From where the next page is read; `None` when no held row is left to read.
    next_page: Option<i64>,
    out: Vec<BarRow>,
    /// Unchanged final rows since the last change.
    settled: usize,
    /// Final rows in a row of which nothing but the all-time high has changed, and that upwards.
    only_raised: usize,
    restatement: Restatement,
    /// Lines of partial bars that came after the final one was held.
    stale: Vec<u64>,
    done: Merged,
}

impl<'w> Merge<'w> {
    /// A merge through `writer` of bars that are adjusted as `adjustment` says.
    pub(super) fn new(writer: Box<dyn BarWriter + 'w>, adjustment: &str) -> Self {
        let restatement = Restatement::new(writer.held(), adjustment);
        Self {
            writer,
            state: Derive::default(),
            begun: false,
            page: Vec::new(),
            next_page: None,
            out: Vec::new(),
            settled: SETTLED,
            only_raised: 0,
            restatement,
            stale: Vec::new(),
            done: Merged::default(),
        }
    }

    /// Merges and writes a block of bars; times rise within a block and from block to block.
    pub(super) async fn push(&mut self, block: &[Checked]) -> Result<(), IngestError> {
        let Some(first) = block.first() else { return Ok(()) };
        if !self.begun {
            self.begin(first.bar.ts).await?;
        }
        self.out.reserve(block.len());
        for checked in block {
            let mut is_held = false;
            while let Some(held) = self.take_held(checked.bar.ts).await? {
                if held.bar.ts == checked.bar.ts {
                    self.replace(&held, checked);
                    is_held = true;
                    break;
                }
                self.keep(&held);
            }
            if !is_held {
                self.insert(checked);
            }
        }
        self.flush().await?;
        Ok(())
    }

    /// Brings the rows after the last bar up to date; adds what was not taken to `rejects`.
    pub(super) async fn finish(&mut self, rejects: &mut Rejects) -> Result<Merged, IngestError> {
        while self.settled < SETTLED || self.restatement.wants_every_row() {
            let Some(held) = self.take_held(i64::MAX).await? else { break };
            self.keep(&held);
            if self.only_raised >= SETTLED && !self.restatement.wants_every_row() {
                self.raise(held.bar.ts).await?;
                break;
            }
            if self.out.len() >= PAGE {
                self.flush().await?;
            }
        }
        self.flush().await?;
        self.restatement.check()?;
        for line in self.stale.drain(..) {
            let reason = || "has not ended, and the ended bar is held already".to_owned();
            rejects.add(line, reason, String::new);
        }
        Ok(self.done)
    }

    /// Ends the transaction.
    pub(super) async fn commit(
        self,
        coverage: &Coverage,
        rejects: &[Reject],
    ) -> Result<SeriesInfo, StoreError> {
        self.writer.commit(coverage, rejects).await
    }

    /// Ends the transaction with several rows of coverage, the rejects of each beside it.
    pub(super) async fn commit_all(
        mut self,
        entries: &[(Coverage, Vec<Reject>)],
    ) -> Result<SeriesInfo, StoreError> {
        let Some(((coverage, rejects), rest)) = entries.split_last() else {
            return self.writer.end().await;
        };
        for (coverage, rejects) in rest {
            self.writer.cover(coverage, rejects).await?;
        }
        self.writer.commit(coverage, rejects).await
    }

    /// Rebuilds the state before the first bar and finds out whether held rows follow it.
    async fn begin(&mut self, first_ts: i64) -> Result<(), IngestError> {
        self.begun = true;
        let held = self.writer.held().and_then(|held| held.first_ts.zip(held.last_ts));
        let Some((held_first, held_last)) = held else { return Ok(()) };
        if held_first < first_ts {
            self.state = Derive::after(&self.tail_before(first_ts).await?);
            self.restatement.row_kept();
        }
        if held_last >= first_ts {
            self.next_page = Some(first_ts);
        }
        Ok(())
    }

    /// The rows before `ts` that decide the indicators at `ts`: partial rows among them do not count.
    async fn tail_before(&mut self, ts: i64) -> Result<Vec<BarRow>, StoreError> {
        let mut count = TAIL + 1;
        loop {
            let rows = self.writer.rows_before(ts, count).await?;
            let finals = rows.iter().filter(|row| row.is_final).count();
            if finals >= TAIL || rows.len() < count {
                return Ok(rows);
            }
            count *= 2;
        }
    }

    /// The next held row at or before `until`.
    async fn take_held(&mut self, until: i64) -> Result<Option<BarRow>, StoreError> {
        if self.page.is_empty()
            && let Some(from) = self.next_page
        {
            // What a writer is given at once lies within a page, so that it need not compare more.
            self.flush().await?;
            self.page = self.writer.rows_from(from, PAGE).await?;
            self.next_page = match self.page.last() {
                Some(last) if self.page.len() == PAGE => last.bar.ts.checked_add(1),
                _ => None,
            };
            self.page.reverse();
        }
        Ok(self.page.pop_if(|held| held.bar.ts <= until))
    }

    /// A bar that is not held.
    fn insert(&mut self, checked: &Checked) {
        let row = self.state.row(checked.bar, checked.is_final);
        self.done.new += 1;
        self.write(row);
    }

    /// A bar that is held already.
    fn replace(&mut self, held: &BarRow, checked: &Checked) {
        if held.is_final && !checked.is_final {
            self.stale.push(checked.line);
            return self.keep_as_is(held);
        }
        if same_bar(&held.bar, &checked.bar) && held.is_final == checked.is_final {
            self.done.same += 1;
            return self.keep_as_is(held);
        }
        self.done.changed += 1;
        self.restatement.row_changed(&held.bar, &checked.bar);
        let row = self.state.row(checked.bar, checked.is_final);
        self.write(row);
    }

    /// A held row that the input does not have.
    fn keep(&mut self, held: &BarRow) {
        self.restatement.row_kept();
        self.keep_as_is(held);
    }

    /// The bar of a held row stays; its indicators may not.
    fn keep_as_is(&mut self, held: &BarRow) {
        let row = self.state.row(held.bar, held.is_final);
        if same_row(&row, held) {
            self.settled += usize::from(row.is_final);
            self.only_raised = 0;
        } else {
            let raised = row.ath > held.ath && same_row(&BarRow { ath: held.ath, ..row }, held);
            let only_raised = if raised { self.only_raised + 1 } else { 0 };
            self.done.recomputed += 1;
            self.write(row);
            self.only_raised = only_raised;
        }
    }

    /// All rows after `ts` need is a higher mark: that is one statement, however many they are.
    async fn raise(&mut self, ts: i64) -> Result<(), StoreError> {
        self.flush().await?;
        if let Some(ath) = self.state.ath() {
            self.done.recomputed += self.writer.raise_ath(ts, ath).await?;
        }
        Ok(())
    }

    fn write(&mut self, row: BarRow) {
        self.settled = 0;
        self.only_raised = 0;
        self.out.push(row);
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        if !self.out.is_empty() {
            self.writer.append(&self.out).await?;
            self.out.clear();
        }
        Ok(())
    }
}
