//! Events and runs.

/// Functions over one connection type, `Connection`.
macro_rules! record_statements {
    () => {
        /// Keeps events; how many were new.
        pub(in crate::store) async fn write_events(
            db: &mut Connection,
            events: &[Event],
        ) -> sqlx::Result<u64> {
            let mut new = 0;
            for event in events {
                let (kind, name) = event_kind(&event.kind);
                let changed = query(
                    "UPDATE events SET value = $6, source = $7 WHERE coalesce(symbol, '') = $1 \
                     AND kind = $2 AND name = $3 AND ts = $4 AND known_at = $5",
                )
                .bind(event.symbol.as_deref().unwrap_or(""))
                .bind(kind)
                .bind(name)
                .bind(event.ts)
                .bind(event.known_at)
                .bind(event.value)
                .bind(&event.source)
                .execute(&mut *db)
                .await?;
                if changed.rows_affected() > 0 {
                    continue;
                }
                let added = query(
                    "INSERT INTO events (symbol, kind, name, ts, known_at, value, source) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7) \
                     ON CONFLICT (coalesce(symbol, ''), kind, name, ts, known_at) \
                     DO UPDATE SET value = excluded.value, source = excluded.source",
                )
                .bind(event.symbol.as_deref())
                .bind(kind)
                .bind(name)
                .bind(event.ts)
                .bind(event.known_at)
                .bind(event.value)
                .bind(&event.source)
                .execute(&mut *db)
                .await?;
                new += added.rows_affected();
            }
            Ok(new)
        }

        pub(in crate::store) async fn events(
            db: &mut Connection,
            symbol: &str,
        ) -> sqlx::Result<Vec<Event>> {
            let rows: Vec<EventRow> = query_as(
                "SELECT symbol, kind, name, ts, known_at, value, source FROM events \
                 WHERE symbol = $1 OR symbol IS NULL \
                 ORDER BY known_at, ts, coalesce(symbol, ''), kind, name",
            )
            .bind(symbol)
            .fetch_all(db)
            .await?;
            Ok(rows.into_iter().map(Event::from).collect())
        }

        pub(in crate::store) async fn save_run(
            db: &mut Connection,
            run: &RunRecord,
        ) -> sqlx::Result<()> {
            query(
                "INSERT INTO runs (id, created_at, strategy, symbols, resolution, data_digest, \
                 plugin_sha256, engine_version, config, result) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                 ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at, \
                 strategy = excluded.strategy, symbols = excluded.symbols, \
                 resolution = excluded.resolution, data_digest = excluded.data_digest, \
                 plugin_sha256 = excluded.plugin_sha256, \
                 engine_version = excluded.engine_version, config = excluded.config, \
                 result = excluded.result",
            )
            .bind(&run.id)
            .bind(run.created_at)
            .bind(&run.strategy)
            .bind(&run.symbols)
            .bind(&run.resolution)
            .bind(&run.data_digest)
            .bind(&run.plugin_sha256)
            .bind(&run.engine_version)
            .bind(&run.config)
            .bind(&run.result)
            .execute(&mut *db)
            .await?;
            if run.columns.is_empty() {
                return Ok(());
            }
            save_columns(db, run).await
        }

        /// The result of a run, and which columns are kept with it.
        pub(in crate::store) async fn kept_run(
            db: &mut Connection,
            id: &str,
        ) -> sqlx::Result<Option<KeptRun>> {
            let result = query_scalar("SELECT result FROM runs WHERE id = $1")
                .bind(id)
                .fetch_optional(&mut *db)
                .await?;
            let Some(result) = result else { return Ok(None) };
            let kinds = query_scalar("SELECT kind FROM run_columns WHERE run_id = $1")
                .bind(id)
                .fetch_all(db)
                .await?;
            Ok(Some(KeptRun { result, kinds }))
        }

        /// A run that is repeated has the same columns: they are compared, which is much cheaper than
        /// to write them again.
        async fn save_columns(db: &mut Connection, run: &RunRecord) -> sqlx::Result<()> {
            let held: Vec<String> =
                query_scalar("SELECT kind FROM run_columns WHERE run_id = $1 ORDER BY kind")
                    .bind(&run.id)
                    .fetch_all(&mut *db)
                    .await?;
            for kind in held {
                if run.columns.iter().all(|(kept, _)| *kept != kind) {
                    query("DELETE FROM run_columns WHERE run_id = $1 AND kind = $2")
                        .bind(&run.id)
                        .bind(&kind)
                        .execute(&mut *db)
                        .await?;
                }
            }
            for (kind, data) in &run.columns {
                query(
                    "INSERT INTO run_columns (run_id, kind, data) VALUES ($1, $2, $3) \
                     ON CONFLICT (run_id, kind) DO UPDATE SET data = excluded.data \
                     WHERE run_columns.data IS DISTINCT FROM excluded.data",
                )
                .bind(&run.id)
                .bind(kind)
                .bind(data)
                .execute(&mut *db)
                .await?;
            }
            Ok(())
        }

        /// The runs whose id begins with `prefix`, at most two; ids are lower-case hex, so `g` is
        /// above whatever may follow.
        pub(in crate::store) async fn run(
            db: &mut Connection,
            prefix: &str,
        ) -> sqlx::Result<Vec<RunRecord>> {
            let rows: Vec<RunRow> = query_as(
                "SELECT id, created_at, strategy, symbols, resolution, data_digest, \
                 plugin_sha256, engine_version, config, result FROM runs \
                 WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 2",
            )
            .bind(prefix)
            .bind(format!("{prefix}g"))
            .fetch_all(&mut *db)
            .await?;
            let mut out = Vec::with_capacity(rows.len());
            for row in rows {
                let blobs =
                    query("SELECT kind, data FROM run_columns WHERE run_id = $1 ORDER BY kind")
                        .bind(&row.id)
                        .fetch_all(&mut *db)
                        .await?;
                let columns = blobs
                    .iter()
                    .map(|blob| Ok((blob.try_get(0)?, blob.try_get(1)?)))
                    .collect::<sqlx::Result<Vec<_>>>()?;
                out.push(row.with(columns));
            }
            Ok(out)
        }

        pub(in crate::store) async fn runs(
            db: &mut Connection,
            limit: u32,
        ) -> sqlx::Result<Vec<RunSummary>> {
            query_as(
                "SELECT id, created_at, strategy, symbols, resolution, result FROM runs \
                 ORDER BY created_at DESC, id LIMIT $1",
            )
            .bind(i64::from(limit))
            .fetch_all(db)
            .await
        }
    };
}
pub(super) use record_statements;
