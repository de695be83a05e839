//! Writes bars of one series in one transaction.

use async_trait::async_trait;
use engine_core::instrument::Instrument;
use sqlx::query_as;

use super::{
    connect::{Lease, SqliteStore},
    insert::Inserts,
    statements,
};
use crate::store::{
    BarRow, BarWriter, Coverage, Listing, Reject, Revision, SeriesInfo, SeriesKey, Stage,
    StoreError, Written,
    diff::{self, Diff},
    statements::{BARS, row_columns},
};

/// One write transaction.
pub(super) struct SqliteWriter<'s> {
    store: &'s SqliteStore,
    lease: Lease<'s>,
    held: Option<SeriesInfo>,
    is_new: bool,
    /// The series as it will be after the commit.
    series: SeriesInfo,
    changed: bool,
    /// The last time that was appended.
    appended: Option<i64>,
    inserts: Inserts,
}

impl<'s> SqliteWriter<'s> {
    pub(super) async fn begin(
        store: &'s SqliteStore,
        key: &SeriesKey,
    ) -> Result<SqliteWriter<'s>, StoreError> {
        diff::check_key(key).map_err(|reason| store.query(reason))?;
        let mut lease = store.begin().await?;
        let is_new = statements::add_series(lease.db(), key).await.map_err(|e| store.fault(e))?;
        let found = statements::series(lease.db(), &key.instrument.symbol, key.resolution)
            .await
            .map_err(|e| store.fault(e))?;
        let found = found.ok_or_else(|| store.query("a new series cannot be read".to_owned()))?;
        let mut series = found.clone();
        series.source.clone_from(&key.source);
        series.adjustment.clone_from(&key.adjustment);
        let inserts = Inserts::new(BARS, series.id);
        let held = (!is_new).then_some(found);
        Ok(Self { store, lease, held, is_new, series, changed: false, appended: None, inserts })
    }
}

#[async_trait]
impl BarWriter for SqliteWriter<'_> {
    fn held(&self) -> Option<&SeriesInfo> {
        self.held.as_ref()
    }

    async fn listing(&mut self) -> Result<Option<Listing>, StoreError> {
        statements::listing(self.lease.db(), &self.series.symbol)
            .await
            .map_err(|e| self.store.fault(e))
    }

    async fn list(&mut self, instrument: &Instrument, listing: &Listing) -> Result<(), StoreError> {
        statements::list(self.lease.db(), instrument, listing)
            .await
            .map_err(|e| self.store.fault(e))
    }

    async fn rows_before(
        &mut self,
        before_ts: i64,
        count: usize,
    ) -> Result<Vec<BarRow>, StoreError> {
        statements::rows_before(self.lease.db(), self.series.id, before_ts, count)
            .await
            .map_err(|e| self.store.fault(e))
    }

    async fn rows_from(&mut self, from_ts: i64, count: usize) -> Result<Vec<BarRow>, StoreError> {
        // What is committed cannot change while we hold the write lock, and whatever this writer has
        // appended lies before: the quick way sees the same as the transaction.
        if self.appended.is_none_or(|ts| ts < from_ts) {
            let rows = self.store.bulk.rows(BARS, self.series.id, from_ts..=i64::MAX, count).await;
            return rows.map_err(|e| self.store.bulk_fault(&e));
        }
        let select = concat!(
            "SELECT ",
            row_columns!(),
            " FROM bars WHERE series_id = ? AND ts >= ? ORDER BY ts LIMIT ?"
        );
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let select = query_as(select).bind(self.series.id).bind(from_ts).bind(count);
        select.fetch_all(self.lease.db()).await.map_err(|e| self.store.fault(e))
    }

    async fn append(&mut self, rows: &[BarRow]) -> Result<Written, StoreError> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Ok(Written::default());
        };
        diff::check_rows(rows, self.appended).map_err(|reason| self.store.query(reason))?;
        self.appended = Some(last.bar.ts);
        let written = if self.series.last_ts.is_none_or(|held| held < first.bar.ts) {
            self.changed = true;
            self.inserts.run(self.lease.db(), rows).await.map_err(|e| self.store.fault(e))?;
            Written { new: rows.len() as u64, ..Written::default() }
        } else {
            // As in `rows_from`: what this writer has appended lies before these rows.
            let range = first.bar.ts..=last.bar.ts;
            let held = self.store.bulk.rows(BARS, self.series.id, range, usize::MAX).await;
            let held = held.map_err(|e| self.store.bulk_fault(&e))?;
            let Diff { written, rows } = diff::diff(&held, rows);
            self.changed |= !rows.is_empty();
            let inserted = self.inserts.run(self.lease.db(), &rows).await;
            inserted.map_err(|e| self.store.fault(e))?;
            written
        };
        diff::grow(&mut self.series, rows, written);
        Ok(written)
    }

    async fn raise_ath(&mut self, after_ts: i64, ath: f64) -> Result<u64, StoreError> {
        let raised = statements::raise_ath(self.lease.db(), self.series.id, after_ts, ath).await;
        let raised = raised.map_err(|e| self.store.fault(e))?;
        self.changed |= raised > 0;
        Ok(raised)
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        statements::clear(self.lease.db(), self.series.id)
            .await
            .map_err(|e| self.store.fault(e))?;
        self.changed |= self.series.bars > 0;
        self.held = None;
        diff::empty(&mut self.series);
        Ok(())
    }

    async fn hold_stage(&mut self, stage: Stage) -> Result<(), StoreError> {
        let is_ours = statements::lock_stage(self.lease.db(), stage).await;
        match is_ours.map_err(|e| self.store.fault(e))? {
            true => Ok(()),
            false => Err(StoreError::overtaken(self.store.location())),
        }
    }

    async fn revise(&mut self, revision: &Revision) -> Result<(), StoreError> {
        let revision = diff::next_revision(&mut self.series, revision);
        statements::add_revision(self.lease.db(), self.series.id, &revision)
            .await
            .map_err(|e| self.store.fault(e))
    }

    async fn cover(&mut self, coverage: &Coverage, rejects: &[Reject]) -> Result<(), StoreError> {
        statements::add_coverage(self.lease.db(), self.series.id, coverage, rejects)
            .await
            .map_err(|e| self.store.fault(e))
    }

    async fn commit(
        mut self: Box<Self>,
        coverage: &Coverage,
        rejects: &[Reject],
    ) -> Result<SeriesInfo, StoreError> {
        self.cover(coverage, rejects).await?;
        self.end().await
    }

    async fn end(self: Box<Self>) -> Result<SeriesInfo, StoreError> {
        let Self { store, mut lease, mut series, changed, is_new, .. } = *self;
        if changed {
            series.version = series.next_version();
        }
        let mut done = statements::update_series(lease.db(), &series).await;
        if changed && !is_new && done.is_ok() {
            // What was put aside was to take the place of a series that is another one now.
            done = statements::drop_staged(lease.db(), series.id).await;
        }
        store.commit(lease, done).await?;
        Ok(series)
    }
}
