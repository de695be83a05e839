//! SQLite: one file, embedded.
//!
//! The file is in WAL mode, so that a reader never waits for a writer. Every write transaction begins
//! with BEGIN IMMEDIATE, because one that turns from reading to writing later ignores the waiting
//! time. A transaction that is not committed is undone by dropping its connection; no ROLLBACK is ever
//! sent that could fail and hide why.

mod connect;
mod fault;
mod read;
mod writer;

use async_trait::async_trait;
use engine_core::{event::Event, instrument::Instrument, series::Series};
use sqlx::query_scalar;
use strategy_api::Resolution;

use super::statements::on_sqlite as statements;
use super::{
    BarRow, BarWriter, Coverage, DbStatus, Reject, RunRecord, RunSummary, SeriesInfo, SeriesKey,
    Store, StoreError, migrate,
};
pub(super) use connect::SqliteStore;
pub(super) use connect::open;

#[async_trait]
impl Store for SqliteStore {
    async fn status(&self) -> Result<DbStatus, StoreError> {
        let mut lease = self.lease().await?;
        let db = lease.db();
        let applied = if self.fresh() {
            Vec::new()
        } else {
            statements::applied(db).await.map_err(|e| self.fault(e))?
        };
        let pending = migrate::pending(migrate::SQLITE, &applied).map_err(|r| self.schema(r))?;
        let rows = if pending.is_empty() {
            statements::row_counts(db).await.map_err(|e| self.fault(e))?
        } else {
            Vec::new()
        };
        let version: String = query_scalar("SELECT sqlite_version()")
            .fetch_one(&mut *db)
            .await
            .map_err(|e| self.fault(e))?;
        let size: i64 = query_scalar(
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
        )
        .fetch_one(db)
        .await
        .map_err(|e| self.fault(e))?;
        Ok(DbStatus {
            backend: "sqlite".to_owned(),
            server_version: version,
            location: self.location().to_owned(),
            applied: applied.iter().map(migrate::Applied::label).collect(),
            pending: pending.iter().map(migrate::Migration::label).collect(),
            rows,
            size_bytes: size,
        })
    }

    async fn probe(&self) -> Result<(), StoreError> {
        let mut lease = self.begin().await?;
        let found = statements::probe(lease.db()).await.map_err(|e| self.fault(e))?;
        let verdict: String = query_scalar("PRAGMA quick_check(1)")
            .fetch_one(lease.db())
            .await
            .map_err(|e| self.fault(e))?;
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
        statements::instrument(lease.db(), symbol).await.map_err(|e| self.fault(e))
    }

    async fn series_list(&self) -> Result<Vec<SeriesInfo>, StoreError> {
        let mut lease = self.lease().await?;
        statements::series_list(lease.db()).await.map_err(|e| self.fault(e))
    }

    async fn series(
        &self,
        symbol: &str,
        resolution: Resolution,
    ) -> Result<Option<SeriesInfo>, StoreError> {
        let mut lease = self.lease().await?;
        statements::series(lease.db(), symbol, resolution).await.map_err(|e| self.fault(e))
    }

    async fn load_bars(&self, series: i64) -> Result<Series, StoreError> {
        self.read_bars(series).await
    }

    async fn load_rows(&self, series: i64, from_ts: i64) -> Result<Vec<BarRow>, StoreError> {
        let mut lease = self.lease().await?;
        read::rows(lease.db(), series, from_ts, i64::MAX).await.map_err(|e| self.fault(e))
    }

    async fn rows_before(
        &self,
        series: i64,
        before_ts: i64,
        count: usize,
    ) -> Result<Vec<BarRow>, StoreError> {
        let mut lease = self.lease().await?;
        statements::rows_before(lease.db(), series, before_ts, count)
            .await
            .map_err(|e| self.fault(e))
    }

    async fn coverage(&self, series: i64) -> Result<Vec<Coverage>, StoreError> {
        let mut lease = self.lease().await?;
        statements::coverage(lease.db(), series).await.map_err(|e| self.fault(e))
    }

    async fn rejects(&self, series: i64) -> Result<Vec<Reject>, StoreError> {
        let mut lease = self.lease().await?;
        statements::rejects(lease.db(), series).await.map_err(|e| self.fault(e))
    }

    async fn write_bars(&self, key: &SeriesKey) -> Result<Box<dyn BarWriter + '_>, StoreError> {
        Ok(Box::new(writer::SqliteWriter::begin(self, key).await?))
    }

    async fn write_events(&self, events: &[Event]) -> Result<u64, StoreError> {
        let mut lease = self.begin().await?;
        let new = statements::write_events(lease.db(), events).await.map_err(|e| self.fault(e))?;
        lease.commit().await.map_err(|e| self.fault(e))?;
        Ok(new)
    }

    async fn events(&self, symbol: &str) -> Result<Vec<Event>, StoreError> {
        let mut lease = self.lease().await?;
        statements::events(lease.db(), symbol).await.map_err(|e| self.fault(e))
    }

    async fn save_run(&self, run: &RunRecord) -> Result<(), StoreError> {
        let mut lease = self.begin().await?;
        statements::save_run(lease.db(), run).await.map_err(|e| self.fault(e))?;
        lease.commit().await.map_err(|e| self.fault(e))
    }

    async fn run(&self, prefix: &str) -> Result<Vec<RunRecord>, StoreError> {
        let mut lease = self.lease().await?;
        statements::run(lease.db(), prefix).await.map_err(|e| self.fault(e))
    }

    async fn runs(&self, limit: u32) -> Result<Vec<RunSummary>, StoreError> {
        let mut lease = self.lease().await?;
        statements::runs(lease.db(), limit).await.map_err(|e| self.fault(e))
    }

    async fn close(&self) {
        self.end().await;
    }
}
