//! Bars that are put aside until all of a series has come.

use super::{connect::SqliteStore, insert::Inserts, statements};
use crate::store::{BarRow, Stage, StoreError, diff, statements::STAGED};

impl SqliteStore {
    pub(super) async fn new_stage(&self, series: i64) -> Result<Stage, StoreError> {
        let mut lease = self.begin().await?;
        let stage = statements::begin_stage(lease.db(), series).await;
        self.commit(lease, stage).await
    }

    pub(super) async fn put_aside(&self, stage: Stage, rows: &[BarRow]) -> Result<(), StoreError> {
        diff::check_rows(rows, None).map_err(|reason| self.query(reason))?;
        let mut lease = self.begin().await?;
        let is_ours = statements::lock_stage(lease.db(), stage).await;
        if !is_ours.map_err(|e| self.fault(e))? {
            return Err(StoreError::overtaken(self.location()));
        }
        let done = Inserts::new(STAGED, stage.series).run(lease.db(), rows).await;
        self.commit(lease, done).await
    }

    pub(super) async fn put_aside_rows(
        &self,
        stage: Stage,
        from_ts: i64,
        count: usize,
    ) -> Result<Vec<BarRow>, StoreError> {
        let rows = self.bulk.rows(STAGED, stage.series, from_ts..=i64::MAX, count).await;
        rows.map_err(|e| self.bulk_fault(&e))
    }
}
