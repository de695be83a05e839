//! Sweeps and their trials.

/// Functions over one connection type, `Connection`.
macro_rules! sweep_statements {
    () => {
        /// Trials in one statement; fewer follow one by one.
        const TRIALS_AT_ONCE: usize = 250;

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
            let moved = query(
                "UPDATE sweeps SET reached = $3, trials = trials + $4 \
                 WHERE number = $1 AND reached = $2",
            )
            .bind(batch.sweep)
            .bind(batch.first)
            .bind(batch.end)
            .bind(count)
            .execute(&mut *db)
            .await?;
            if moved.rows_affected() == 0 {
                return Ok(false);
            }
            let (many, one) = (insert_trials(TRIALS_AT_ONCE), insert_trials(1));
            let chunks = batch.rows.chunks_exact(TRIALS_AT_ONCE);
            for row in chunks.remainder().chunks(1) {
                add_trials(db, &one, batch.sweep, row).await?;
            }
            for rows in chunks {
                add_trials(db, &many, batch.sweep, rows).await?;
            }
            Ok(true)
        }

        /// The statement that inserts so many trials.
        fn insert_trials(rows: usize) -> String {
            let columns = 4 + Metric::ALL.len();
            let row = |row: usize| {
                let places = (1..=columns).map(|column| place(row * columns + column));
                let places: Vec<_> = places.collect();
                format!("({})", places.join(","))
            };
            let values: Vec<String> = (0..rows).map(row).collect();
            let names = Metric::ALL.map(Metric::name).join(", ");
            let values = values.join(",");
            format!("INSERT INTO trials (sweep, position, state, reason, {names}) VALUES {values}")
        }

        async fn add_trials(
            db: &mut Connection,
            insert: &str,
            sweep: i64,
            rows: &[TrialRow],
        ) -> sqlx::Result<()> {
            let mut insert = query(AssertSqlSafe(insert.to_owned()));
            for row in rows {
                let reason = row.reason.as_deref();
                insert = insert.bind(sweep).bind(row.position).bind(row.state.name()).bind(reason);
                for metric in Metric::ALL {
                    insert = insert.bind(row.figures.get(metric));
                }
            }
            insert.execute(db).await.map(drop)
        }

        /// The first `count` trials of a sweep from a position on.
        pub(in crate::store) async fn trials(
            db: &mut Connection,
            sweep: i64,
            from: i64,
            count: usize,
        ) -> sqlx::Result<Vec<TrialRow>> {
            let names = Metric::ALL.map(Metric::name).join(", ");
            let select = format!(
                "SELECT position, state, reason, {names} FROM trials \
                 WHERE sweep = $1 AND position >= $2 ORDER BY position LIMIT $3"
            );
            let rows = query(AssertSqlSafe(select))
                .bind(sweep)
                .bind(from)
                .bind(i64::try_from(count).unwrap_or(i64::MAX))
                .fetch_all(db)
                .await?;
            let read = |row: &_| trial_of(row);
            rows.iter().map(read).collect()
        }

        fn trial_of(row: &<<Connection as sqlx::Connection>::Database as sqlx::Database>::Row) -> sqlx::Result<TrialRow> {
            let mut figures = TrialFigures::default();
            for (index, metric) in Metric::ALL.into_iter().enumerate() {
                figures.set(metric, row.try_get(3 + index)?);
            }
            let state: String = row.try_get(1)?;
            let state = TrialState::of(&state)
                .ok_or_else(|| sqlx::Error::Decode(format!("the state '{state}'").into()))?;
            Ok(TrialRow { position: row.try_get(0)?, state, reason: row.try_get(2)?, figures })
        }

        /// Trials of all sweeps over the same bars, and the single runs.
        pub(in crate::store) async fn trials_on(
            db: &mut Connection,
            data_digest: &str,
        ) -> sqlx::Result<i64> {
            query_scalar(
                "SELECT CAST((SELECT coalesce(sum(trials), 0) FROM sweeps WHERE data_digest = $1) \
                 + (SELECT count(*) FROM runs WHERE data_digest = $1) AS BIGINT)",
            )
            .bind(data_digest)
            .fetch_one(db)
            .await
        }
    };
}
pub(super) use sweep_statements;
