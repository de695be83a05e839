//! Inserts or replaces rows of a series, many to a statement.

use std::sync::Arc;

use sqlx::{Arguments, AssertSqlSafe, SqliteConnection, query_with, sqlite::SqliteArguments};

use crate::store::{
    BarRow,
    statements::{REPLACING, row_columns},
};

/// Rows in one INSERT, largest first. The fewer statements, the fewer hand-overs to SQLite's thread. The
/// few sizes, whatever the series, keep every statement prepared: parsing one costs as much as its rows.
const BATCHES: [usize; 6] = [1_024, 256, 64, 16, 4, 1];

/// The statements for one series in one table.
pub(super) struct Inserts {
    table: &'static str,
    series: i64,
    /// The statement of each size, made when it is first needed.
    statements: [Option<Arc<str>>; BATCHES.len()],
}

impl Inserts {
    /// For rows of a series in a table with the columns of `bars`.
    pub(super) fn new(table: &'static str, series: i64) -> Self {
        Self { table, series, statements: Default::default() }
    }

    /// Inserts rows, or replaces those of the same time.
    pub(super) async fn run(
        &mut self,
        db: &mut SqliteConnection,
        mut rows: &[BarRow],
    ) -> sqlx::Result<()> {
        for (size, slot) in BATCHES.into_iter().zip(&mut self.statements) {
            while rows.len() >= size {
                let (batch, rest) = rows.split_at(size);
                let sql = slot.get_or_insert_with(|| insert(self.table, size).into());
                query_with(AssertSqlSafe(Arc::clone(sql)), binds(self.series, batch)?)
                    .execute(&mut *db)
                    .await?;
                rows = rest;
            }
        }
        Ok(())
    }
}

/// The statement that inserts or replaces so many rows of a series.
fn insert(table: &str, rows: usize) -> String {
    let values = "(?,?,?,?,?,?,?,?,?,?,?)";
    format!(
        "INSERT INTO {table} (series_id, {}) VALUES {} {REPLACING}",
        row_columns!(),
        vec![values; rows].join(",")
    )
}

fn binds(series: i64, rows: &[BarRow]) -> sqlx::Result<SqliteArguments> {
    let mut out = SqliteArguments::default();
    out.reserve(rows.len() * 11, 0);
    for row in rows {
        let bar = &row.bar;
        out.add(series).map_err(sqlx::Error::Encode)?;
        out.add(bar.ts).map_err(sqlx::Error::Encode)?;
        for price in [bar.open, bar.high, bar.low, bar.close, bar.volume] {
            out.add(price).map_err(sqlx::Error::Encode)?;
        }
        out.add(row.is_final).map_err(sqlx::Error::Encode)?;
        for value in [row.ma20, row.ma50, row.ath] {
            out.add(value).map_err(sqlx::Error::Encode)?;
        }
    }
    Ok(out)
}
