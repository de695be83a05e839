//! PostgreSQL: one server for several people and programs.
//!
//! Bars travel as binary COPY both ways. Rows that are provably new go straight into `bars`; others
//! through a temporary table. A transaction that loses a race (serialization failure, deadlock) is
//! repeated a few times.

mod connect;
mod copy;
mod fault;
mod read;
mod stage;
mod writer;

use async_trait::async_trait;
use engine_core::{event::Event, instrument::Instrument, series::Series};
use sqlx::PgConnection;
use strategy_api::Resolution;

use super::statements::{BARS, on_postgres as statements};
use super::{
    BarRow, BarWriter, Coverage, DbStatus, KeptRun, Listing, Reject, Revision, RunRecord,
    RunSummary, SeriesInfo, SeriesKey, Stage, Store, StoreError, StudyRecord, SweepRecord,
    SweepState, TrialBatch, TrialRow, migrate,
};
pub(super) use connect::open;
use connect::{Attempts, PostgresStore};

#[async_trait]
impl Store for PostgresStore {
    async fn status(&self) -> Result<DbStatus, StoreError> {
        let mut lease = self.lease().await?;
        let figures = read::figures(lease.db(), self.fresh()).await;
        let figures = self.end(lease, figures)?;
        figures
            .status("postgres", self.location(), migrate::POSTGRES)
            .map_err(|why| self.schema(why))
    }

    async fn probe(&self) -> Result<(), StoreError> {
        let mut lease = self.lease().await?;
        let db = lease.db();
        let probed = async {
            self.begin(db).await?;
            let found = statements::probe(db).await?;
            sqlx::raw_sql("ROLLBACK").execute(db).await?;
            Ok(found)
        };
        let found = probed.await;
        if self.end(lease, found)? {
            Ok(())
        } else {
            Err(self.query("a row that was written could not be read back".to_owned()))
        }
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
        let mut lease = self.lease().await?;
        let out = read::bars(lease.db(), series).await;
        self.end(lease, out)
    }

    async fn times(&self, series: i64) -> Result<Vec<i64>, StoreError> {
        let mut lease = self.lease().await?;
        let out = read::times(lease.db(), series).await;
        self.end(lease, out)
    }

    async fn load_rows(&self, series: i64, from_ts: i64) -> Result<Vec<BarRow>, StoreError> {
        let mut lease = self.lease().await?;
        let out = read::rows(lease.db(), BARS, series, from_ts..=i64::MAX, usize::MAX).await;
        self.end(lease, out)
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
        Ok(Box::new(writer::PostgresWriter::begin(self, key).await?))
    }

    async fn write_events(&self, events: &[Event]) -> Result<u64, StoreError> {
        let mut attempts = Attempts::default();
        loop {
            let mut lease = self.lease().await?;
            match self.try_write_events(lease.db(), events).await {
                Err(error) if attempts.again(&error).await => {}
                done => return self.end(lease, done),
            }
        }
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
        let mut attempts = Attempts::default();
        loop {
            let mut lease = self.lease().await?;
            match self.try_save_run(lease.db(), run).await {
                Err(error) if attempts.again(&error).await => {}
                done => return self.end(lease, done),
            }
        }
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
        let mut lease = self.lease().await?;
        let state = statements::begin_sweep(lease.db(), sweep).await;
        self.end(lease, state)
    }

    async fn save_trials(&self, batch: &TrialBatch<'_>) -> Result<(), StoreError> {
        let mut attempts = Attempts::default();
        loop {
            let mut lease = self.lease().await?;
            match self.try_save_trials(lease.db(), batch).await {
                Err(error) if attempts.again(&error).await => {}
                done => {
                    return match self.end(lease, done)? {
                        true => Ok(()),
                        false => Err(StoreError::Busy {
                            location: self.location().to_owned(),
                            reason: "another program runs the same sweep".to_owned(),
                        }),
                    };
                }
            }
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
        let mut attempts = Attempts::default();
        loop {
            let mut lease = self.lease().await?;
            // One statement is a transaction of its own.
            match statements::save_study(lease.db(), study).await {
                Err(error) if attempts.again(&error).await => {}
                done => return self.end(lease, done),
            }
        }
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

impl PostgresStore {
    async fn try_write_events(&self, db: &mut PgConnection, events: &[Event]) -> sqlx::Result<u64> {
        self.begin(db).await?;
        let new = statements::write_events(db, events).await?;
        connect::commit(db).await?;
        Ok(new)
    }

    async fn try_save_trials(
        &self,
        db: &mut PgConnection,
        batch: &TrialBatch<'_>,
    ) -> sqlx::Result<bool> {
        self.begin(db).await?;
        let moved = statements::save_trials(db, batch).await?;
        connect::commit(db).await?;
        Ok(moved)
    }

    async fn try_save_run(&self, db: &mut PgConnection, run: &RunRecord) -> sqlx::Result<()> {
        self.begin(db).await?;
        statements::save_run(db, run).await?;
        connect::commit(db).await
    }
}
