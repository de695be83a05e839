//! The merge against a database in memory: what came in which ingestion must not matter.

use super::{
    IngestError,
    derive::{Derive, same_row},
    merge::{Merge, Merged},
    rejects::Rejects,
    validate::Checked,
};
use crate::store::{
    BarRow, BarWriter, Coverage, Listing, Reject, Revision, SeriesInfo, Stage, StoreError, Written,
};
use async_trait::async_trait;
use engine_core::instrument::Instrument;
use proptest::prelude::*;
use std::collections::BTreeMap;
use strategy_api::Bar;

/// A series in memory whose writer shows nothing before its commit.
#[derive(Default)]
struct Memory {
    rows: BTreeMap<i64, BarRow>,
    adjustment: String,
}

struct MemoryWriter<'m> {
    memory: &'m mut Memory,
    held: Option<SeriesInfo>,
    rows: BTreeMap<i64, BarRow>,
    last_append: Option<i64>,
    appended: &'m mut u64,
}

fn info(memory: &Memory) -> Option<SeriesInfo> {
    let (first, last) = memory.rows.keys().next().zip(memory.rows.keys().next_back())?;
    Some(SeriesInfo {
        id: 1,
        symbol: "X".to_owned(),
        resolution: "1m".to_owned(),
        source: "csv".to_owned(),
        adjustment: memory.adjustment.clone(),
        version: 1,
        epoch: 0,
        bars: memory.rows.len() as i64,
        first_ts: Some(*first),
        last_ts: Some(*last),
    })
}

#[async_trait]
impl BarWriter for MemoryWriter<'_> {
    fn held(&self) -> Option<&SeriesInfo> {
        self.held.as_ref()
    }

    async fn listing(&mut self) -> Result<Option<Listing>, StoreError> {
        Ok(None)
    }

    async fn list(&mut self, _of: &Instrument, _listing: &Listing) -> Result<(), StoreError> {
        unreachable!("files do not come from the broker")
    }

    async fn rows_before(&mut self, before: i64, count: usize) -> Result<Vec<BarRow>, StoreError> {
        let mut rows: Vec<BarRow> =
            self.rows.range(..before).rev().take(count).map(|(_, row)| *row).collect();
        rows.reverse();
        Ok(rows)
    }

    async fn rows_from(&mut self, from: i64, count: usize) -> Result<Vec<BarRow>, StoreError> {
        Ok(self.rows.range(from..).take(count).map(|(_, row)| *row).collect())
    }

    async fn append(&mut self, rows: &[BarRow]) -> Result<Written, StoreError> {
        for row in rows {
            assert!(self.last_append.is_none_or(|last| last < row.bar.ts), "times must rise");
            self.last_append = Some(row.bar.ts);
            self.rows.insert(row.bar.ts, *row);
            *self.appended += 1;
        }
        Ok(Written::default())
    }

    async fn raise_ath(&mut self, after_ts: i64, ath: f64) -> Result<u64, StoreError> {
        let later = self.rows.range_mut(after_ts + 1..).map(|(_, row)| row);
        let mut raised = 0;
        for row in later.filter(|row| row.ath.is_some_and(|held| held < ath)) {
            row.ath = Some(ath);
            raised += 1;
        }
        *self.appended += raised;
        Ok(raised)
    }

    async fn hold_stage(&mut self, _stage: Stage) -> Result<(), StoreError> {
        unreachable!("files replace no series")
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        self.rows.clear();
        self.held = None;
        Ok(())
    }

    async fn revise(&mut self, _revision: &Revision) -> Result<(), StoreError> {
        Ok(())
    }

    async fn cover(&mut self, _coverage: &Coverage, _rejects: &[Reject]) -> Result<(), StoreError> {
        Ok(())
    }

    async fn end(self: Box<Self>) -> Result<SeriesInfo, StoreError> {
        self.memory.rows = self.rows;
        Ok(info(self.memory).expect("something was written"))
    }

    async fn commit(
        self: Box<Self>,
        _coverage: &Coverage,
        _rejects: &[Reject],
    ) -> Result<SeriesInfo, StoreError> {
        self.memory.rows = self.rows;
        Ok(info(self.memory).expect("something was written"))
    }
}

impl Memory {
    /// Ingests bars in blocks of `block`; gives what was done and how many rows were written.
    fn ingest(
        &mut self,
        bars: &[Checked],
        block: usize,
        adjustment: &str,
    ) -> Result<(Merged, u64), IngestError> {
        let mut appended = 0;
        let (held, rows) = (info(self), self.rows.clone());
        let writer =
            MemoryWriter { memory: self, held, rows, last_append: None, appended: &mut appended };
        let done =
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
                let mut merge = Merge::new(Box::new(writer), adjustment);
                for block in bars.chunks(block) {
                    merge.push(block).await?;
                }
                let done = merge.finish(&mut Rejects::default()).await?;
                let coverage = Coverage {
                    from_ts: 0,
                    to_ts: 0,
                    bars: 0,
                    missing: 0,
                    rejected: 0,
                    source: String::new(),
                    asked: 1,
                    fetched_at: 0,
                };
                merge.commit(&coverage, &[]).await?;
                Ok::<_, IngestError>(done)
            })?;
        self.adjustment = adjustment.to_owned();
        Ok((done, appended))
    }

    /// Whether the rows are those of a computation from scratch, bit for bit.
    fn is_as_from_scratch(&self) -> bool {
        let mut state = Derive::default();
        self.rows.values().all(|row| same_row(row, &state.row(row.bar, row.is_final)))
    }
}

fn checked(ts: i64, close: f64, is_final: bool) -> Checked {
    let bar = Bar { ts, open: close, high: close * 1.5, low: close / 2.0, close, volume: 1.0 };
    Checked { bar, is_final, line: 0 }
}

fn rising(times: std::ops::Range<i64>) -> Vec<Checked> {
    times.map(|ts| checked(ts, 100.0 + (ts * 37 % 11) as f64, true)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn how_bars_are_split_over_ingestions_does_not_change_a_bit(
        pieces in prop::collection::vec(
            (
                prop::collection::btree_map(
                    0i64..160, (0.01..900.0f64, prop::bool::weighted(0.95)), 1..120,
                ),
                1usize..60,
            ),
            1..7,
        ),
    ) {
        let mut memory = Memory::default();
        for (piece, block) in &pieces {
            let bars: Vec<Checked> =
                piece.iter().map(|(ts, (close, f))| checked(*ts, *close, *f)).collect();
            match memory.ingest(&bars, *block, "raw") {
                Ok((done, appended)) => {
                    prop_assert_eq!(done.new + done.changed + done.recomputed, appended);
                }
                Err(IngestError::Restated { .. }) => {}
                Err(error) => return Err(TestCaseError::fail(error.to_string())),
            }
            prop_assert!(memory.is_as_from_scratch());
        }
        let again: Vec<Checked> = memory
            .rows
            .values()
            .map(|row| Checked { bar: row.bar, is_final: row.is_final, line: 0 })
            .collect();
        let (done, appended) = memory.ingest(&again, 7, "raw").unwrap();
        prop_assert_eq!((done.same, appended), (again.len() as u64, 0));
    }
}

#[test]
fn an_appended_bar_writes_one_row_and_reads_no_more_than_the_tail() {
    let mut memory = Memory::default();
    memory.ingest(&rising(0..10_000), 4096, "raw").unwrap();
    let (done, appended) = memory.ingest(&rising(10_000..10_001), 1, "raw").unwrap();
    assert_eq!(done, Merged { new: 1, ..Merged::default() });
    assert_eq!(appended, 1);
    assert!(memory.is_as_from_scratch());
}

#[test]
fn a_back_fill_updates_what_follows_until_nothing_differs() {
    let mut memory = Memory::default();
    let mut bars = rising(0..10_000);
    // A high mark before the hole, so that the missing bar cannot change the highs after it.
    bars[10].bar.high = 1e6;
    bars[500] = checked(500, 1234.5, true);
    let missing = bars.remove(500);
    memory.ingest(&bars, 4096, "raw").unwrap();
    let (done, appended) = memory.ingest(&[missing], 1, "raw").unwrap();
    assert_eq!((done.new, done.recomputed, appended), (1, 49, 50));
    assert!(memory.is_as_from_scratch());
}

#[test]
fn a_new_high_in_a_back_fill_reaches_to_the_end_over_many_pages() {
    let mut memory = Memory::default();
    memory.ingest(&rising(1..12_000), 4096, "raw").unwrap();
    let (done, _) = memory.ingest(&[checked(0, 1e5, true)], 1, "raw").unwrap();
    assert_eq!((done.new, done.recomputed), (1, 11_999));
    assert!(memory.is_as_from_scratch());
}

#[test]
fn a_partial_bar_has_no_indicators_and_its_final_one_replaces_it() {
    let mut memory = Memory::default();
    memory.ingest(&rising(0..60), 60, "raw").unwrap();
    let (done, _) = memory.ingest(&[checked(60, 500.0, false)], 1, "raw").unwrap();
    assert_eq!(done.new, 1);
    let partial = memory.rows[&60];
    assert_eq!((partial.ma20, partial.ma50, partial.ath), (None, None, None));
    let (done, _) = memory.ingest(&[checked(60, 501.0, true)], 1, "raw").unwrap();
    assert_eq!(done.changed, 1);
    assert_eq!(memory.rows[&60].ath, Some(751.5));
    // A partial bar never takes the place of a final one.
    memory.ingest(&[checked(60, 7.0, false)], 1, "raw").unwrap();
    assert_eq!(memory.rows[&60].bar.close, 501.0);
    assert!(memory.is_as_from_scratch());
}

#[test]
fn prices_of_another_adjustment_must_replace_every_held_bar() {
    let mut memory = Memory::default();
    memory.ingest(&rising(0..100), 100, "raw").unwrap();
    for part in [0..99, 1..100, 100..200] {
        let refused = memory.ingest(&rising(part), 100, "adjusted");
        assert!(matches!(refused, Err(IngestError::MixedAdjustment { .. })));
    }
    memory.ingest(&rising(0..120), 100, "adjusted").unwrap();
    assert_eq!(memory.rows.len(), 120);
}

#[test]
fn prices_from_after_a_split_must_replace_every_held_bar() {
    let halved = |times| -> Vec<Checked> {
        let halve = |c: Checked| checked(c.bar.ts, c.bar.close / 2.0, true);
        rising(times).into_iter().map(halve).collect()
    };
    let mut memory = Memory::default();
    memory.ingest(&rising(0..100), 100, "raw").unwrap();
    let refused = memory.ingest(&halved(90..110), 100, "raw");
    assert!(matches!(refused, Err(IngestError::Restated { bars: 10, ratio: 0.5, .. })));
    let (done, _) = memory.ingest(&halved(0..110), 100, "raw").unwrap();
    assert_eq!((done.changed, done.new), (100, 10));
    assert!(memory.is_as_from_scratch());
}
