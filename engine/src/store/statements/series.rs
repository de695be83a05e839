//! Instruments, series, rows before and after a time, coverage and rejects.

/// Functions over one connection type, `Connection`.
macro_rules! series_statements {
    () => {
        pub(in crate::store) async fn instrument(
            db: &mut Connection,
            symbol: &str,
        ) -> sqlx::Result<Option<Instrument>> {
            let row: Option<InstrumentRow> = query_as(
                "SELECT symbol, name, currency, calendar, lot FROM instruments WHERE symbol = $1",
            )
            .bind(symbol)
            .fetch_optional(db)
            .await?;
            Ok(row.map(|row| row.0))
        }

        pub(in crate::store) async fn listing(
            db: &mut Connection,
            symbol: &str,
        ) -> sqlx::Result<Option<Listing>> {
            query_as(
                "SELECT broker_id, security, exchange, primary_exchange FROM instruments \
                 WHERE symbol = $1 AND broker_id IS NOT NULL",
            )
            .bind(symbol)
            .fetch_optional(db)
            .await
        }

        /// Keeps what the broker knows an instrument as, and what follows from that.
        pub(in crate::store) async fn list(
            db: &mut Connection,
            instrument: &Instrument,
            listing: &Listing,
        ) -> sqlx::Result<()> {
            query(
                "UPDATE instruments SET name = $2, currency = $3, calendar = $4, broker_id = $5, \
                 security = $6, exchange = $7, primary_exchange = $8 WHERE symbol = $1",
            )
            .bind(&instrument.symbol)
            .bind(&instrument.name)
            .bind(&instrument.currency)
            .bind(&instrument.calendar)
            .bind(listing.broker_id)
            .bind(&listing.security)
            .bind(&listing.exchange)
            .bind(&listing.primary_exchange)
            .execute(db)
            .await
            .map(drop)
        }

        pub(in crate::store) async fn series_list(
            db: &mut Connection,
        ) -> sqlx::Result<Vec<SeriesInfo>> {
            query_as(concat!(crate::store::statements::series_columns!(), " ORDER BY i.symbol, s.resolution"))
                .fetch_all(db)
                .await
        }

        pub(in crate::store) async fn series(
            db: &mut Connection,
            symbol: &str,
            resolution: Resolution,
        ) -> sqlx::Result<Option<SeriesInfo>> {
            query_as(concat!(crate::store::statements::series_columns!(), " WHERE i.symbol = $1 AND s.resolution = $2"))
                .bind(symbol)
                .bind(resolution.to_string())
                .fetch_optional(db)
                .await
        }

        pub(in crate::store) async fn rows_before(
            db: &mut Connection,
            series: i64,
            before_ts: i64,
            count: usize,
        ) -> sqlx::Result<Vec<BarRow>> {
            let mut rows: Vec<BarRow> = query_as(concat!(
                "SELECT ",
                crate::store::statements::row_columns!(),
                " FROM bars WHERE series_id = $1 AND ts < $2 ORDER BY ts DESC LIMIT $3"
            ))
            .bind(series)
            .bind(before_ts)
            .bind(i64::try_from(count).unwrap_or(i64::MAX))
            .fetch_all(db)
            .await?;
            rows.reverse();
            Ok(rows)
        }

        pub(in crate::store) async fn coverage(
            db: &mut Connection,
            series: i64,
        ) -> sqlx::Result<Vec<Coverage>> {
            query_as(
                "SELECT from_ts, to_ts, bars, missing, rejected, source, asked, fetched_at FROM coverage \
                 WHERE series_id = $1 ORDER BY from_ts, to_ts, source",
            )
            .bind(series)
            .fetch_all(db)
            .await
        }

        pub(in crate::store) async fn rejects(
            db: &mut Connection,
            series: i64,
        ) -> sqlx::Result<Vec<Reject>> {
            query_as(
                "SELECT line, reason, raw FROM rejects \
                 WHERE series_id = $1 ORDER BY source, line, reason, raw",
            )
            .bind(series)
            .fetch_all(db)
            .await
        }

        pub(in crate::store) async fn revisions(
            db: &mut Connection,
            series: i64,
        ) -> sqlx::Result<Vec<Revision>> {
            query_as(
                "SELECT epoch, at, kind, factor, detail FROM revisions \
                 WHERE series_id = $1 ORDER BY epoch",
            )
            .bind(series)
            .fetch_all(db)
            .await
        }

        pub(in crate::store) async fn add_revision(
            db: &mut Connection,
            series: i64,
            revision: &Revision,
        ) -> sqlx::Result<()> {
            query(
                "INSERT INTO revisions (series_id, epoch, at, kind, factor, detail) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(series)
            .bind(revision.epoch)
            .bind(revision.at)
            .bind(&revision.kind)
            .bind(revision.factor)
            .bind(shortened(&revision.detail))
            .execute(db)
            .await?;
            Ok(())
        }

        /// Removes bars, coverage and rejects of a series; its revisions stay.
        pub(in crate::store) async fn clear(
            db: &mut Connection,
            series: i64,
        ) -> sqlx::Result<()> {
            for sql in [
                "DELETE FROM bars WHERE series_id = $1",
                "DELETE FROM coverage WHERE series_id = $1",
                "DELETE FROM rejects WHERE series_id = $1",
            ] {
                query(sql).bind(series).execute(&mut *db).await?;
            }
            Ok(())
        }

        /// Begins the next stage of a series, without a row.
        pub(in crate::store) async fn begin_stage(
            db: &mut Connection,
            series: i64,
        ) -> sqlx::Result<Stage> {
            let number = query_scalar(
                "UPDATE series SET stage = stage + 1 WHERE id = $1 RETURNING stage",
            )
            .bind(series)
            .fetch_one(&mut *db)
            .await?;
            drop_staged(db, series).await?;
            Ok(Stage { series, number })
        }

        /// Whether a stage is still that of its series, which it stays until the transaction ends.
        pub(in crate::store) async fn lock_stage(
            db: &mut Connection,
            stage: Stage,
        ) -> sqlx::Result<bool> {
            let done = query("UPDATE series SET stage = stage WHERE id = $1 AND stage = $2")
                .bind(stage.series)
                .bind(stage.number)
                .execute(db)
                .await?;
            Ok(done.rows_affected() == 1)
        }

        /// Removes the bars that are put aside for a series.
        pub(in crate::store) async fn drop_staged(
            db: &mut Connection,
            series: i64,
        ) -> sqlx::Result<()> {
            query("DELETE FROM staged_bars WHERE series_id = $1")
                .bind(series)
                .execute(db)
                .await
                .map(drop)
        }

        /// Raises the all-time high of the rows after a time to at least `ath`; how many it raised.
        pub(in crate::store) async fn raise_ath(
            db: &mut Connection,
            series: i64,
            after_ts: i64,
            ath: f64,
        ) -> sqlx::Result<u64> {
            let done =
                query("UPDATE bars SET ath = $3 WHERE series_id = $1 AND ts > $2 AND ath < $3")
                    .bind(series)
                    .bind(after_ts)
                    .bind(ath)
                    .execute(db)
                    .await?;
            Ok(done.rows_affected())
        }

        async fn add_instrument(
            db: &mut Connection,
            instrument: &Instrument,
        ) -> sqlx::Result<()> {
            query(
                "INSERT INTO instruments (symbol, name, currency, calendar, lot) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (symbol) DO NOTHING",
            )
            .bind(&instrument.symbol)
            .bind(&instrument.name)
            .bind(&instrument.currency)
            .bind(&instrument.calendar)
            .bind(instrument.lot)
            .execute(db)
            .await?;
            Ok(())
        }

        /// Makes instrument and series where they are missing; whether the series is new.
        pub(in crate::store) async fn add_series(
            db: &mut Connection,
            key: &SeriesKey,
        ) -> sqlx::Result<bool> {
            add_instrument(db, &key.instrument).await?;
            let done = query(
                "INSERT INTO series (instrument_id, resolution, source, adjustment) \
                 SELECT id, $2, $3, $4 FROM instruments WHERE symbol = $1 \
                 ON CONFLICT (instrument_id, resolution) DO NOTHING",
            )
            .bind(&key.instrument.symbol)
            .bind(key.resolution.to_string())
            .bind(&key.source)
            .bind(&key.adjustment)
            .execute(db)
            .await?;
            Ok(done.rows_affected() == 1)
        }

        /// Writes what a series has become.
        pub(in crate::store) async fn update_series(
            db: &mut Connection,
            series: &SeriesInfo,
        ) -> sqlx::Result<()> {
            query(
                "UPDATE series SET source = $2, adjustment = $3, version = $4, epoch = $5, \
                 bars = $6, first_ts = $7, last_ts = $8 WHERE id = $1",
            )
            .bind(series.id)
            .bind(&series.source)
            .bind(&series.adjustment)
            .bind(series.version)
            .bind(series.epoch)
            .bind(series.bars)
            .bind(series.first_ts)
            .bind(series.last_ts)
            .execute(db)
            .await?;
            Ok(())
        }

        pub(in crate::store) async fn add_coverage(
            db: &mut Connection,
            series: i64,
            coverage: &Coverage,
            rejects: &[Reject],
        ) -> sqlx::Result<()> {
            query(
                "INSERT INTO coverage \
                 (series_id, from_ts, to_ts, source, bars, missing, rejected, asked, fetched_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                 ON CONFLICT (series_id, from_ts, to_ts, source) DO UPDATE SET \
                 bars = excluded.bars, missing = excluded.missing, \
                 rejected = excluded.rejected, asked = coverage.asked + excluded.asked, \
                 fetched_at = excluded.fetched_at",
            )
            .bind(series)
            .bind(coverage.from_ts)
            .bind(coverage.to_ts)
            .bind(&coverage.source)
            .bind(coverage.bars)
            .bind(coverage.missing)
            .bind(coverage.rejected)
            .bind(coverage.asked)
            .bind(coverage.fetched_at)
            .execute(&mut *db)
            .await?;
            for reject in rejects {
                query(
                    "INSERT INTO rejects (series_id, source, line, reason, raw) \
                     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                )
                .bind(series)
                .bind(&coverage.source)
                .bind(reject.line)
                .bind(shortened(&reject.reason))
                .bind(shortened(&reject.raw))
                .execute(&mut *db)
                .await?;
            }
            Ok(())
        }
    };
}
pub(super) use series_statements;
