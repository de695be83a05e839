//! Reads bars in bulk.

use std::ops::RangeInclusive;

use engine_core::series::Series;
use sqlx::{PgConnection, query_scalar};

use super::{copy::copy_out, statements};
use crate::store::{
    BarRow,
    migrate::{self, Figures},
    statements::row_columns,
};

/// The first `count` rows of a series within a range of times, oldest first.
pub(super) async fn rows(
    db: &mut PgConnection,
    table: &str,
    series: i64,
    range: RangeInclusive<i64>,
    count: usize,
) -> sqlx::Result<Vec<BarRow>> {
    let select = format!(
        "SELECT {} FROM {table} WHERE series_id = {series} AND ts >= '{}'::bigint AND ts <= '{}'::bigint \
         ORDER BY ts LIMIT {}",
        row_columns!(),
        range.start(),
        range.end(),
        i64::try_from(count).unwrap_or(i64::MAX)
    );
    let mut out = Vec::new();
    copy_out(db, &select, |fields| {
        out.push(fields.bar_row()?);
        Ok(())
    })
    .await?;
    Ok(out)
}

/// All final bars of a series, oldest first.
pub(super) async fn bars(db: &mut PgConnection, series: i64) -> sqlx::Result<Series> {
    let select = format!(
        "SELECT ts, open, high, low, close, volume FROM bars \
         WHERE series_id = {series} AND is_final ORDER BY ts"
    );
    let mut out = Series::default();
    copy_out(db, &select, |fields| {
        out.push(&fields.bar()?).map_err(|fault| sqlx::Error::Decode(fault.into()))
    })
    .await?;
    Ok(out)
}

/// Starts of all final bars of a series, oldest first.
pub(super) async fn times(db: &mut PgConnection, series: i64) -> sqlx::Result<Vec<i64>> {
    query_scalar("SELECT ts FROM bars WHERE series_id = $1 AND is_final ORDER BY ts")
        .bind(series)
        .fetch_all(db)
        .await
}

/// Figures about the database; `fresh` when it has no table yet.
pub(super) async fn figures(db: &mut PgConnection, fresh: bool) -> sqlx::Result<Figures> {
    let applied = if fresh { Vec::new() } else { statements::applied(db).await? };
    let counts = if applied.len() == migrate::POSTGRES.len() {
        statements::row_counts(db).await?
    } else {
        Vec::new()
    };
    let version = query_scalar("SHOW server_version").fetch_one(&mut *db).await?;
    let bytes = query_scalar("SELECT pg_database_size(current_database())").fetch_one(db).await?;
    Ok(Figures { applied, counts, version, bytes })
}
