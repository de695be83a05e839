//! Writes bars of one series in one transaction.

use async_trait::async_trait;
use engine_core::instrument::Instrument;
use sqlx::{AssertSqlSafe, PgConnection, query};

use super::{
    connect::{self, Attempts, Lease, PostgresStore},
    copy::copy_in,
    read, statements,
};
use crate::store::{
    BarRow, BarWriter, Coverage, Listing, Reject, Revision, SeriesInfo, SeriesKey, Stage,
    StoreError, Written,
    diff::{self, Diff},
    statements::{BARS, REPLACING},
};

/// One write transaction. The row of the series is locked, so a second writer of it waits.
pub(super) struct PostgresWriter<'s> {
    store: &'s PostgresStore,
    lease: Lease<'s>,
    held: Option<SeriesInfo>,
    is_new: bool,
    /// The series as it will be after the commit.
    series: SeriesInfo,
    changed: bool,
    /// The last time that was appended.
    appended: Option<i64>,
}

impl<'s> PostgresWriter<'s> {
    pub(super) async fn begin(
        store: &'s PostgresStore,
        key: &SeriesKey,
    ) -> Result<PostgresWriter<'s>, StoreError> {
        diff::check_key(key).map_err(|reason| store.query(reason))?;
        let mut attempts = Attempts::default();
        let (lease, held, mut series) = loop {
            let mut lease = store.lease().await?;
            match lock(store, &mut lease, key).await {
                Ok((held, series)) => break (lease, held, series),
                Err(error) if attempts.again(&error).await => {}
                Err(error) => return Err(store.fault(&error)),
            }
        };
        series.source.clone_from(&key.source);
        series.adjustment.clone_from(&key.adjustment);
        let is_new = held.is_none();
        Ok(Self { store, lease, held, is_new, series, changed: false, appended: None })
    }
}

/// Inserts or replaces rows of a series in a table with the columns of `bars`.
pub(super) async fn upsert(
    db: &mut PgConnection,
    table: &str,
    series: i64,
    rows: &[BarRow],
) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::raw_sql(
        "CREATE TEMPORARY TABLE IF NOT EXISTS incoming (LIKE bars) ON COMMIT DROP; \
         TRUNCATE incoming",
    )
    .execute(&mut *db)
    .await?;
    copy_in(db, "pg_temp.incoming", series, rows).await?;
    query(AssertSqlSafe(format!(
        "INSERT INTO {table} SELECT * FROM pg_temp.incoming ORDER BY ts {REPLACING}"
    )))
    .persistent(false)
    .execute(db)
    .await
    .map(drop)
}

/// Begins the transaction, makes the series where it is missing, and locks its row.
async fn lock(
    store: &PostgresStore,
    lease: &mut Lease<'_>,
    key: &SeriesKey,
) -> sqlx::Result<(Option<SeriesInfo>, SeriesInfo)> {
    let db = lease.db();
    store.begin(db).await?;
    let is_new = statements::add_series(db, key).await?;
    query(
        "SELECT s.id FROM series s JOIN instruments i ON i.id = s.instrument_id \
         WHERE i.symbol = $1 AND s.resolution = $2 FOR UPDATE OF s",
    )
    .bind(&key.instrument.symbol)
    .bind(key.resolution.to_string())
    .execute(&mut *db)
    .await?;
    let found = statements::series(db, &key.instrument.symbol, key.resolution).await?;
    let series = found.ok_or(sqlx::Error::RowNotFound)?;
    Ok(((!is_new).then(|| series.clone()), series))
}

#[async_trait]
impl BarWriter for PostgresWriter<'_> {
    fn held(&self) -> Option<&SeriesInfo> {
        self.held.as_ref()
    }

    async fn listing(&mut self) -> Result<Option<Listing>, StoreError> {
        statements::listing(self.lease.db(), &self.series.symbol)
            .await
            .map_err(|e| self.store.fault(&e))
    }

    async fn list(&mut self, instrument: &Instrument, listing: &Listing) -> Result<(), StoreError> {
        statements::list(self.lease.db(), instrument, listing)
            .await
            .map_err(|e| self.store.fault(&e))
    }

    async fn rows_before(
        &mut self,
        before_ts: i64,
        count: usize,
    ) -> Result<Vec<BarRow>, StoreError> {
        statements::rows_before(self.lease.db(), self.series.id, before_ts, count)
            .await
            .map_err(|e| self.store.fault(&e))
    }

    async fn rows_from(&mut self, from_ts: i64, count: usize) -> Result<Vec<BarRow>, StoreError> {
        read::rows(self.lease.db(), BARS, self.series.id, from_ts..=i64::MAX, count)
            .await
            .map_err(|e| self.store.fault(&e))
    }

    async fn append(&mut self, rows: &[BarRow]) -> Result<Written, StoreError> {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Ok(Written::default());
        };
        diff::check_rows(rows, self.appended).map_err(|reason| self.store.query(reason))?;
        self.appended = Some(last.bar.ts);
        let written = if self.series.last_ts.is_none_or(|held| held < first.bar.ts) {
            self.changed = true;
            copy_in(self.lease.db(), BARS, self.series.id, rows)
                .await
                .map_err(|e| self.store.fault(&e))?;
            Written { new: rows.len() as u64, ..Written::default() }
        } else {
            let range = first.bar.ts..=last.bar.ts;
            let held = read::rows(self.lease.db(), BARS, self.series.id, range, usize::MAX)
                .await
                .map_err(|e| self.store.fault(&e))?;
            let Diff { written, rows } = diff::diff(&held, rows);
            self.changed |= !rows.is_empty();
            let upserted = upsert(self.lease.db(), BARS, self.series.id, &rows).await;
            upserted.map_err(|e| self.store.fault(&e))?;
            written
        };
        diff::grow(&mut self.series, rows, written);
        Ok(written)
    }

    async fn raise_ath(&mut self, after_ts: i64, ath: f64) -> Result<u64, StoreError> {
        let raised = statements::raise_ath(self.lease.db(), self.series.id, after_ts, ath).await;
        let raised = raised.map_err(|e| self.store.fault(&e))?;
        self.changed |= raised > 0;
        Ok(raised)
    }

    async fn clear(&mut self) -> Result<(), StoreError> {
        statements::clear(self.lease.db(), self.series.id)
            .await
            .map_err(|e| self.store.fault(&e))?;
        self.changed |= self.series.bars > 0;
        self.held = None;
        diff::empty(&mut self.series);
        Ok(())
    }

    async fn hold_stage(&mut self, stage: Stage) -> Result<(), StoreError> {
        let is_ours = statements::lock_stage(self.lease.db(), stage).await;
        match is_ours.map_err(|e| self.store.fault(&e))? {
            true => Ok(()),
            false => Err(StoreError::overtaken(self.store.location())),
        }
    }

    async fn revise(&mut self, revision: &Revision) -> Result<(), StoreError> {
        let revision = diff::next_revision(&mut self.series, revision);
        statements::add_revision(self.lease.db(), self.series.id, &revision)
            .await
            .map_err(|e| self.store.fault(&e))
    }

    async fn cover(&mut self, coverage: &Coverage, rejects: &[Reject]) -> Result<(), StoreError> {
        statements::add_coverage(self.lease.db(), self.series.id, coverage, rejects)
            .await
            .map_err(|e| self.store.fault(&e))
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
        let done = async {
            let db = lease.db();
            statements::update_series(db, &series).await?;
            if changed && !is_new {
                // What was put aside was to take the place of a series that is another one now.
                statements::drop_staged(db, series.id).await?;
            }
            connect::commit(db).await
        };
        let done = done.await;
        store.end(lease, done)?;
        Ok(series)
    }
}
