//! Reads bars in bulk.

use engine_core::series::Series;
use sqlx::{Row, SqliteConnection, query, query_as, query_scalar};
use strategy_api::Bar;

use super::{connect::SqliteStore, statements};
use crate::store::{
    BarRow, StoreError,
    migrate::{self, Figures},
    rows::next,
    statements::row_columns,
};

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

/// Figures about the database; `fresh` when it has no table yet.
pub(super) async fn figures(db: &mut SqliteConnection, fresh: bool) -> sqlx::Result<Figures> {
    let applied = if fresh { Vec::new() } else { statements::applied(db).await? };
    let counts = if applied.len() == migrate::SQLITE.len() {
        statements::row_counts(db).await?
    } else {
        Vec::new()
    };
    let version = query_scalar("SELECT sqlite_version()").fetch_one(&mut *db).await?;
    let bytes = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
    let bytes = query_scalar(bytes).fetch_one(db).await?;
    Ok(Figures { applied, counts, version, bytes })
}

/// What SQLite says about the structure of the file; `ok` when all is well.
pub(super) async fn quick_check(db: &mut SqliteConnection) -> sqlx::Result<String> {
    query_scalar("PRAGMA quick_check(1)").fetch_one(db).await
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
            let bar = row.and_then(|row| bar(&row)).map_err(|error| self.fault(error))?;
            out.push(&bar).map_err(|fault| self.corrupt(format!("series {series}: {fault}")))?;
        }
        drop(rows);
        self.end(lease, Ok(out))
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
