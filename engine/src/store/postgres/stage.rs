//! Bars that are put aside until all of a series has come.

use sqlx::PgConnection;

use super::{
    connect::{self, Attempts, PostgresStore},
    read, statements, writer,
};
use crate::store::{BarRow, Stage, StoreError, diff, statements::STAGED};

impl PostgresStore {
    pub(super) async fn new_stage(&self, series: i64) -> Result<Stage, StoreError> {
        let mut attempts = Attempts::default();
        loop {
            let mut lease = self.lease().await?;
            match self.try_new_stage(lease.db(), series).await {
                Err(error) if attempts.again(&error).await => {}
                done => return self.end(lease, done),
            }
        }
    }

    async fn try_new_stage(&self, db: &mut PgConnection, series: i64) -> sqlx::Result<Stage> {
        self.begin(db).await?;
        let stage = statements::begin_stage(db, series).await?;
        connect::commit(db).await?;
        Ok(stage)
    }

    pub(super) async fn put_aside(&self, stage: Stage, rows: &[BarRow]) -> Result<(), StoreError> {
        diff::check_rows(rows, None).map_err(|reason| self.query(reason))?;
        let mut attempts = Attempts::default();
        loop {
            let mut lease = self.lease().await?;
            match self.try_put_aside(lease.db(), stage, rows).await {
                Err(error) if attempts.again(&error).await => {}
                done => {
                    return match self.end(lease, done)? {
                        true => Ok(()),
                        false => Err(StoreError::overtaken(self.location())),
                    };
                }
            }
        }
    }

    /// `false` when the stage is over.
    async fn try_put_aside(
        &self,
        db: &mut PgConnection,
        stage: Stage,
        rows: &[BarRow],
    ) -> sqlx::Result<bool> {
        self.begin(db).await?;
        let is_ours = statements::lock_stage(db, stage).await?;
        if is_ours {
            writer::upsert(db, STAGED, stage.series, rows).await?;
        }
        connect::commit(db).await?;
        Ok(is_ours)
    }

    pub(super) async fn put_aside_rows(
        &self,
        stage: Stage,
        from_ts: i64,
        count: usize,
    ) -> Result<Vec<BarRow>, StoreError> {
        let mut lease = self.lease().await?;
        let out = read::rows(lease.db(), STAGED, stage.series, from_ts..=i64::MAX, count).await;
        self.end(lease, out)
    }
}
