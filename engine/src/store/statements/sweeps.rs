//! Sweeps and their trials.

/// Functions over one connection type, `Connection`.
macro_rules! sweep_statements {
    () => {
        /// Makes the row of a sweep where it is missing; how far the sweep has come.
        pub(in crate::store) async fn begin_sweep(
            db: &mut Connection,
            sweep: &SweepRecord,
        ) -> sqlx::Result<SweepState> {
            query(
                "INSERT INTO sweeps (id, created_at, strategy, symbols, resolution, data_digest, \
                 plugin_sha256, engine_version, config, positions) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING",
            )
            .bind(&sweep.id)
            .bind(sweep.created_at)
            .bind(&sweep.strategy)
            .bind(&sweep.symbols)
            .bind(&sweep.resolution)
            .bind(&sweep.data_digest)
            .bind(&sweep.plugin_sha256)
            .bind(&sweep.engine_version)
            .bind(&sweep.config)
            .bind(sweep.positions)
            .execute(&mut *db)
            .await?;
            let row = query("SELECT number, reached, trials FROM sweeps WHERE id = $1")
                .bind(&sweep.id)
                .fetch_one(db)
                .await?;
            Ok(SweepState {
                number: row.try_get(0)?,
                reached: row.try_get(1)?,
                trials: row.try_get(2)?,
            })
        }

        /// Keeps trials and moves the sweep on; `false` when it stands elsewhere by now.
        pub(in crate::store) async fn save_trials(
            db: &mut Connection,
            batch: &TrialBatch<'_>,
        ) -> sqlx::Result<bool> {
            let count = i64::try_from(batch.rows.len()).unwrap_or(i64::MAX);
            let is_refused = |row: &&TrialRow| row.state == TrialState::Refused;
            let refused = batch.rows.iter().filter(is_refused).count();
            let moved = query(
                "UPDATE sweeps SET reached = $3, trials = trials + $4, refused = refused + $5 \
                 WHERE number = $1 AND reached = $2",
            )
            .bind(batch.sweep)
            .bind(batch.first)
            .bind(batch.end)
            .bind(count)
            .bind(i64::try_from(refused).unwrap_or(i64::MAX))
            .execute(&mut *db)
            .await?;
            if moved.rows_affected() == 0 {
                return Ok(false);
            }
            let columns = TrialColumns::of(batch.first, batch.end, batch.rows);
            query(
                "INSERT INTO trial_blocks (sweep, first, until, positions, states, figures, reasons) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(batch.sweep)
            .bind(batch.first)
            .bind(batch.end)
            .bind(columns.positions)
            .bind(columns.states)
            .bind(columns.figures)
            .bind(columns.reasons)
            .execute(db)
            .await?;
            Ok(true)
        }

        /// The first `count` trials of a sweep from a position on.
        pub(in crate::store) async fn trials(
            db: &mut Connection,
            sweep: i64,
            from: i64,
            count: usize,
        ) -> sqlx::Result<Vec<TrialRow>> {
            let (mut rows, mut next) = (Vec::new(), from);
            while rows.len() < count {
                let Some((until, block)) = trial_block(db, sweep, next).await? else { break };
                rows.extend(block.into_iter().filter(|row| row.position >= from));
                next = until;
            }
            rows.truncate(count);
            Ok(rows)
        }

        /// The block that holds a position or follows it: the position after it, and its trials.
        async fn trial_block(
            db: &mut Connection,
            sweep: i64,
            at: i64,
        ) -> sqlx::Result<Option<(i64, Vec<TrialRow>)>> {
            let select = "SELECT first, until, positions, states, figures, reasons \
                 FROM trial_blocks WHERE sweep = $1 AND until > $2 ORDER BY first LIMIT 1";
            let found = query(select).bind(sweep).bind(at).fetch_optional(db).await?;
            let Some(row) = found else { return Ok(None) };
            let columns = TrialColumns {
                positions: row.try_get(2)?,
                states: row.try_get(3)?,
                figures: row.try_get(4)?,
                reasons: row.try_get(5)?,
            };
            let rows = columns.rows(row.try_get(0)?);
            let rows = rows.map_err(|error| sqlx::Error::Decode(error.into()))?;
            Ok(Some((row.try_get(1)?, rows)))
        }

        /// Trials of all sweeps over the same bars that their strategy ran, and the single runs.
        pub(in crate::store) async fn trials_on(
            db: &mut Connection,
            data_digest: &str,
        ) -> sqlx::Result<i64> {
            query_scalar(
                "SELECT CAST((SELECT coalesce(sum(trials - refused), 0) FROM sweeps WHERE data_digest = $1) \
                 + (SELECT count(*) FROM runs WHERE data_digest = $1) AS BIGINT)",
            )
            .bind(data_digest)
            .fetch_one(db)
            .await
        }
    };
}
pub(super) use sweep_statements;
