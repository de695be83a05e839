//! Reads bars in bulk.

use engine_core::series::Series;
use sqlx::{Row, SqliteConnection, query, query_as};
use strategy_api::Bar;

use super::connect::SqliteStore;
use crate::store::{BarRow, StoreError, rows::next, statements::row_columns};

/// Rows of a series from one time to another, both inclusive, oldest first.
pub(super) async fn rows(
    db: &mut SqliteConnection,
    series: i64,
    from_ts: i64,
    to_ts: i64,
) -> sqlx::Result<Vec<BarRow>> {
    query_as(concat!(
        "SELECT ",
        row_columns!(),
        " FROM bars WHERE series_id = $1 AND ts >= $2 AND ts <= $3 ORDER BY ts"
    ))
    .bind(series)
    .bind(from_ts)
    .bind(to_ts)
    .fetch_all(db)
    .await
}

impl SqliteStore {
    /// All final bars of a series, oldest first.
    pub(super) async fn read_bars(&self, series: i64) -> Result<Series, StoreError> {
        let mut lease = self.lease().await?;
        let mut out = Series::default();
        let mut rows = query(
            "SELECT ts, open, high, low, close, volume FROM bars \
             WHERE series_id = ? AND is_final = 1 ORDER BY ts",
        )
        .bind(series)
        .fetch(lease.db());
        while let Some(row) = next(&mut rows).await {
            let row = row.map_err(|error| self.fault(error))?;
            let bar = bar(&row).map_err(|error| self.fault(error))?;
            out.push(&bar).map_err(|fault| self.corrupt(format!("series {series}: {fault}")))?;
        }
        Ok(out)
    }
}

fn bar(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<Bar> {
    Ok(Bar {
        ts: row.try_get(0)?,
        open: row.try_get(1)?,
        high: row.try_get(2)?,
        low: row.try_get(3)?,
        close: row.try_get(4)?,
        volume: row.try_get(5)?,
    })
}
