//! Studies: what sweeps and validations came to.

/// Functions over one connection type, `Connection`.
macro_rules! study_statements {
    () => {
        /// Keeps a study; one without a result leaves the result that is there.
        pub(in crate::store) async fn save_study(
            db: &mut Connection,
            study: &StudyRecord,
        ) -> sqlx::Result<()> {
            query(
                "INSERT INTO studies (id, created_at, kind, strategy, symbols, resolution, \
                 data_digest, plugin_sha256, engine_version, config, result) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
                 ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at, \
                 strategy = excluded.strategy, config = excluded.config, \
                 result = coalesce(excluded.result, studies.result)",
            )
            .bind(&study.id)
            .bind(study.created_at)
            .bind(study.kind.name())
            .bind(&study.strategy)
            .bind(&study.symbols)
            .bind(&study.resolution)
            .bind(&study.data_digest)
            .bind(&study.plugin_sha256)
            .bind(&study.engine_version)
            .bind(&study.config)
            .bind(study.result.as_deref())
            .execute(db)
            .await
            .map(drop)
        }

        /// The studies whose id begins with `prefix`, at most two.
        pub(in crate::store) async fn study(
            db: &mut Connection,
            prefix: &str,
        ) -> sqlx::Result<Vec<StudyRecord>> {
            query_as(
                "SELECT id, created_at, kind, strategy, symbols, resolution, data_digest, \
                 plugin_sha256, engine_version, config, result FROM studies \
                 WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 2",
            )
            .bind(prefix)
            .bind(format!("{prefix}g"))
            .fetch_all(db)
            .await
        }

        /// The last studies, newest first.
        pub(in crate::store) async fn studies(
            db: &mut Connection,
            limit: u32,
        ) -> sqlx::Result<Vec<StudyRecord>> {
            query_as(
                "SELECT id, created_at, kind, strategy, symbols, resolution, data_digest, \
                 plugin_sha256, engine_version, config, result FROM studies \
                 ORDER BY created_at DESC, id LIMIT $1",
            )
            .bind(i64::from(limit))
            .fetch_all(db)
            .await
        }
    };
}
pub(super) use study_statements;
