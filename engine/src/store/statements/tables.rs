//! Migrations, figures about the tables, and the probe.

/// Functions over one connection type, `Connection`.
macro_rules! table_statements {
    () => {
        pub(in crate::store) async fn applied(db: &mut Connection) -> sqlx::Result<Vec<Applied>> {
            query_as(migrate::RECORDS).persistent(false).fetch_all(db).await
        }

        /// Applies migrations and records them; the caller holds the lock and the transaction.
        pub(in crate::store) async fn migrate(
            db: &mut Connection,
            pending: &[Migration],
            now: i64,
        ) -> sqlx::Result<()> {
            for step in pending {
                sqlx::raw_sql(step.sql).execute(&mut *db).await?;
                query(migrate::ADD_RECORD)
                    .bind(step.version)
                    .bind(step.name)
                    .bind(step.checksum())
                    .bind(now)
                    .execute(&mut *db)
                    .await?;
            }
            Ok(())
        }

        pub(in crate::store) async fn row_counts(
            db: &mut Connection,
        ) -> sqlx::Result<Vec<(String, i64)>> {
            let mut out = Vec::with_capacity(TABLES.len());
            for table in TABLES {
                let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
                out.push((table.to_owned(), query_scalar(sql).fetch_one(&mut *db).await?));
            }
            Ok(out)
        }

        /// Writes an instrument and reads it back; the caller rolls back.
        pub(in crate::store) async fn probe(db: &mut Connection) -> sqlx::Result<bool> {
            let symbol = "\u{1}probe";
            add_instrument(db, &Instrument::us_equity(symbol)).await?;
            Ok(instrument(db, symbol).await?.is_some())
        }
    };
}
pub(super) use table_statements;
