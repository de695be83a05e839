//! SQLite: one file, embedded.
//!
//! The file is in WAL mode, so that a reader never waits for a writer. Every write transaction begins
//! with BEGIN IMMEDIATE, because one that turns from reading to writing later ignores the waiting
//! time. A transaction that is not committed is undone by dropping its connection; no ROLLBACK is ever
//! sent that could fail and hide why.

mod bulk;
mod connect;
mod fault;
mod figures;
mod insert;
mod stage;
mod writer;

use async_trait::async_trait;
use engine_core::{event::Event, instrument::Instrument, series::Series};
use strategy_api::Resolution;

use super::statements::{BARS, on_sqlite as statements};
use super::{
    BarRow, BarWriter, Coverage, DbStatus, KeptRun, Listing, Reject, Revision, RunRecord,
    RunSummary, SeriesInfo, SeriesKey, Stage, Store, StoreError, StudyRecord, SweepRecord,
    SweepState, TrialBatch, TrialRow, migrate,
};
use connect::SqliteStore;
pub(super) use connect::open;

#[async_trait]
impl Store for SqliteStore {
    async fn status(&self) -> Result<DbStatus, StoreError> {
        let mut lease = self.lease().await?;
        let figures = figures::figures(lease.db(), self.fresh()).await;
        let figures = self.end(lease, figures)?;
        figures.status("sqlite", self.location(), migrate::SQLITE).map_err(|why| self.schema(why))
    }

    async fn probe(&self) -> Result<(), StoreError> {
        let mut lease = self.begin().await?;
        let found = statements::probe(lease.db()).await.map_err(|e| self.fault(e))?;
        let verdict = figures::quick_check(lease.db()).await.map_err(|e| self.fault(e))?;
        if verdict != "ok" {
            return Err(self.corrupt(verdict));
        }
        if !found {
            return Err(self.query("a row that was written could not be read back".to_owned()));
        }
        Ok(())
    }

    async fn instrument(&self, symbol: &str) -> Result<Option<Instrument>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::instrument(lease.db(), symbol).await;
        self.end(lease, out)
    }

    async fn listing(&self, symbol: &str) -> Result<Option<Listing>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::listing(lease.db(), symbol).await;
        self.end(lease, out)
    }

    async fn series_list(&self) -> Result<Vec<SeriesInfo>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::series_list(lease.db()).await;
        self.end(lease, out)
    }

    async fn series(
        &self,
        symbol: &str,
        resolution: Resolution,
    ) -> Result<Option<SeriesInfo>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::series(lease.db(), symbol, resolution).await;
        self.end(lease, out)
    }

    async fn load_bars(&self, series: i64) -> Result<Series, StoreError> {
        self.bulk.bars(series).await.map_err(|e| self.bulk_fault(&e))
    }

    async fn times(&self, series: i64) -> Result<Vec<i64>, StoreError> {
        self.bulk.times(series).await.map_err(|e| self.bulk_fault(&e))
    }

    async fn load_rows(&self, series: i64, from_ts: i64) -> Result<Vec<BarRow>, StoreError> {
        let rows = self.bulk.rows(BARS, series, from_ts..=i64::MAX, usize::MAX).await;
        rows.map_err(|e| self.bulk_fault(&e))
    }

    async fn rows_before(
        &self,
        series: i64,
        before_ts: i64,
        count: usize,
    ) -> Result<Vec<BarRow>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::rows_before(lease.db(), series, before_ts, count).await;
        self.end(lease, out)
    }

    async fn coverage(&self, series: i64) -> Result<Vec<Coverage>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::coverage(lease.db(), series).await;
        self.end(lease, out)
    }

    async fn rejects(&self, series: i64) -> Result<Vec<Reject>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::rejects(lease.db(), series).await;
        self.end(lease, out)
    }

    async fn revisions(&self, series: i64) -> Result<Vec<Revision>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::revisions(lease.db(), series).await;
        self.end(lease, out)
    }

    async fn begin_stage(&self, series: i64) -> Result<Stage, StoreError> {
        self.new_stage(series).await
    }

    async fn stage(&self, stage: Stage, rows: &[BarRow]) -> Result<(), StoreError> {
        self.put_aside(stage, rows).await
    }

    async fn staged(
        &self,
        stage: Stage,
        from_ts: i64,
        count: usize,
    ) -> Result<Vec<BarRow>, StoreError> {
        self.put_aside_rows(stage, from_ts, count).await
    }

    async fn write_bars(&self, key: &SeriesKey) -> Result<Box<dyn BarWriter + '_>, StoreError> {
        Ok(Box::new(writer::SqliteWriter::begin(self, key).await?))
    }

    async fn write_events(&self, events: &[Event]) -> Result<u64, StoreError> {
        let mut lease = self.begin().await?;
        let new = statements::write_events(lease.db(), events).await;
        self.commit(lease, new).await
    }

    async fn events(&self, symbol: &str) -> Result<Vec<Event>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::events(lease.db(), symbol).await;
        self.end(lease, out)
    }

    async fn kept_run(&self, id: &str) -> Result<Option<KeptRun>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::kept_run(lease.db(), id).await;
        self.end(lease, out)
    }

    async fn save_run(&self, run: &RunRecord) -> Result<(), StoreError> {
        let mut lease = self.begin().await?;
        let done = statements::save_run(lease.db(), run).await;
        self.commit(lease, done).await
    }

    async fn run(&self, prefix: &str) -> Result<Vec<RunRecord>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::run(lease.db(), prefix).await;
        self.end(lease, out)
    }

    async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::runs(lease.db(), limit).await;
        self.end(lease, out)
    }

    async fn begin_sweep(&self, sweep: &SweepRecord) -> Result<SweepState, StoreError> {
        let mut lease = self.begin().await?;
        let state = statements::begin_sweep(lease.db(), sweep).await;
        self.commit(lease, state).await
    }

    async fn save_trials(&self, batch: &TrialBatch<'_>) -> Result<(), StoreError> {
        let mut lease = self.begin().await?;
        let moved = statements::save_trials(lease.db(), batch).await;
        match self.commit(lease, moved).await? {
            true => Ok(()),
            false => Err(StoreError::Busy {
                location: self.location().to_owned(),
                reason: "another program runs the same sweep".to_owned(),
            }),
        }
    }

    async fn trials(
        &self,
        sweep: i64,
        from: i64,
        count: usize,
    ) -> Result<Vec<TrialRow>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::trials(lease.db(), sweep, from, count).await;
        self.end(lease, out)
    }

    async fn trials_on(&self, data_digest: &str) -> Result<i64, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::trials_on(lease.db(), data_digest).await;
        self.end(lease, out)
    }

    async fn save_study(&self, study: &StudyRecord) -> Result<(), StoreError> {
        let mut lease = self.begin().await?;
        let done = statements::save_study(lease.db(), study).await;
        self.commit(lease, done).await
    }

    async fn study(&self, prefix: &str) -> Result<Vec<StudyRecord>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::study(lease.db(), prefix).await;
        self.end(lease, out)
    }

    async fn studies(&self, limit: u32) -> Result<Vec<StudyRecord>, StoreError> {
        let mut lease = self.lease().await?;
        let out = statements::studies(lease.db(), limit).await;
        self.end(lease, out)
    }

    async fn close(&self) {
        self.shut().await;
    }
}
