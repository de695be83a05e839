//! Connects to a PostgreSQL server, brings its tables up to date, and lends connections.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions, query_scalar};

use super::{fault, statements};
use crate::store::{
    OpenMode, Patience, StoreError,
    address::Server,
    lease,
    migrate::{self, Applied, Migration},
    statements::TABLES,
};

/// How long to sleep between attempts to connect to a server that takes nobody at the moment.
const CONNECT_NAP: Duration = Duration::from_millis(100);

/// How often a transaction that lost a race is tried again.
const REPEATS: u32 = 6;

/// The sleep before the first repetition; each next one is twice as long.
const REPEAT_NAP: Duration = Duration::from_millis(15);

/// Whoever migrates holds this advisory lock: the letters `algotrad`.
const MIGRATION_LOCK: i64 = 0x616c_676f_7472_6164;

/// A PostgreSQL database.
pub(in crate::store) struct PostgresStore {
    options: PgConnectOptions,
    location: String,
    patience: Patience,
    /// Whether there is no table yet; only when inspecting.
    fresh: bool,
    idle: lease::Idle<PgConnection>,
}

/// A connection on loan.
pub(super) type Lease<'s> = lease::Lease<'s, PgConnection>;

/// Connects and brings the tables up to date.
///
/// # Errors
/// As [`crate::store::open`].
pub(in crate::store) async fn open(
    server: Server,
    mode: OpenMode,
    patience: Patience,
) -> Result<PostgresStore, StoreError> {
    let mut options = server.options.disable_statement_logging();
    if mode == OpenMode::ReadOnly {
        options = options.options([("default_transaction_read_only", "on")]);
    }
    let db = connect(&options, &server.location, patience.connect).await?;
    let idle = lease::Idle::with(db);
    let mut store =
        PostgresStore { options, location: server.location, patience, fresh: false, idle };
    let mut lease = store.lease().await?;
    let found = records(lease.db()).await;
    let applied = store.known(store.end(lease, found)?)?;
    let pending = store.pending(applied.as_deref().unwrap_or_default())?;
    store.fresh = applied.is_none() && mode != OpenMode::ReadWrite;
    match (pending, mode) {
        ([], _) | (_, OpenMode::Inspect) => {}
        (_, OpenMode::ReadWrite) => store.migrate().await?,
        ([first, ..], OpenMode::ReadOnly) => return Err(store.schema(first.pending_for_reader())),
    }
    Ok(store)
}

async fn connect(
    options: &PgConnectOptions,
    location: &str,
    patience: Duration,
) -> Result<PgConnection, StoreError> {
    let mut said = None;
    let attempts = async {
        loop {
            match options.connect().await {
                Err(error) if fault::may_connect_soon(&error) => {
                    said = Some(fault::to_store(location, &error));
                    tokio::time::sleep(CONNECT_NAP).await;
                }
                done => return done,
            }
        }
    };
    match tokio::time::timeout(patience, attempts).await {
        Ok(done) => done.map_err(|error| fault::to_store(location, &error)),
        Err(_) => Err(said.unwrap_or_else(|| StoreError::Connect {
            location: location.to_owned(),
            reason: format!("no answer within {:.1} s", patience.as_secs_f64()),
        })),
    }
}

/// What a database says about its migrations.
enum Records {
    Some(Vec<Applied>),
    Empty,
    Stranger(String),
}

async fn records(db: &mut PgConnection) -> sqlx::Result<Records> {
    let ours: Vec<&str> = TABLES.into_iter().chain([migrate::TABLE]).collect();
    let tables: Vec<String> = query_scalar(
        "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = current_schema() AND c.relname = ANY($1) ORDER BY 1",
    )
    .bind(ours)
    .fetch_all(&mut *db)
    .await?;
    if !tables.iter().any(|table| table == migrate::TABLE) {
        return Ok(tables.into_iter().next().map_or(Records::Empty, Records::Stranger));
    }
    match statements::applied(db).await {
        Ok(applied) => Ok(Records::Some(applied)),
        Err(error) if fault::is_other_table(&error) => {
            Ok(Records::Stranger(migrate::TABLE.to_owned()))
        }
        Err(error) => Err(error),
    }
}

/// Counts the attempts at one transaction.
#[derive(Default)]
pub(super) struct Attempts(u32);

impl Attempts {
    /// Whether to try again after this error; sleeps first, a little longer each time.
    pub(super) async fn again(&mut self, error: &sqlx::Error) -> bool {
        if self.0 >= REPEATS || !fault::may_be_repeated(error) {
            return false;
        }
        tracing::debug!(%error, attempt = self.0 + 1, "a transaction lost a race and is repeated");
        tokio::time::sleep(REPEAT_NAP * 2u32.pow(self.0)).await;
        self.0 += 1;
        true
    }
}

impl PostgresStore {
    fn known(&self, found: Records) -> Result<Option<Vec<Applied>>, StoreError> {
        match found {
            Records::Some(applied) => Ok(Some(applied)),
            Records::Empty => Ok(None),
            Records::Stranger(table) => Err(self.schema(migrate::stranger(&table))),
        }
    }

    fn pending(&self, applied: &[Applied]) -> Result<&'static [Migration], StoreError> {
        migrate::pending(migrate::POSTGRES, applied).map_err(|reason| self.schema(reason))
    }

    /// Applies what is pending, under the lock; whoever comes second finds nothing to do.
    async fn migrate(&self) -> Result<(), StoreError> {
        let mut lease = self.lease().await?;
        let db = lease.db();
        let locked = async {
            self.begin(db).await?;
            sqlx::query("SELECT pg_advisory_xact_lock($1)")
                .bind(MIGRATION_LOCK)
                .execute(&mut *db)
                .await?;
            records(db).await
        };
        let applied = self.known(locked.await.map_err(|error| self.fault(&error))?)?;
        let pending = self.pending(applied.as_deref().unwrap_or_default())?;
        let done = async {
            if applied.is_none() {
                sqlx::raw_sql(migrate::CREATE_RECORDS).execute(&mut *db).await?;
            }
            statements::migrate(db, pending, now()).await?;
            commit(db).await
        };
        let done = done.await;
        self.end(lease, done)
    }

    /// Lends a connection.
    pub(super) async fn lease(&self) -> Result<Lease<'_>, StoreError> {
        let db = match self.idle.take() {
            Some(db) => db,
            None => connect(&self.options, &self.location, self.patience.connect).await?,
        };
        Ok(self.idle.lend(db))
    }

    /// Begins a write transaction that waits for others no longer than our patience.
    pub(super) async fn begin(&self, db: &mut PgConnection) -> sqlx::Result<()> {
        let sql = format!(
            "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = {}",
            self.patience.lock.as_millis().clamp(1, i32::MAX as u128)
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(db).await.map(drop)
    }

    /// Takes a connection back.
    pub(super) fn end<T>(
        &self,
        lease: Lease<'_>,
        result: sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        lease.end(result).map_err(|error| self.fault(&error))
    }

    /// Ends every idle connection.
    pub(super) async fn shut(&self) {
        while let Some(db) = self.idle.take() {
            if let Err(error) = db.close().await {
                tracing::debug!(%error, "a connection did not close cleanly");
            }
        }
    }

    pub(super) fn location(&self) -> &str {
        &self.location
    }

    pub(super) fn fresh(&self) -> bool {
        self.fresh
    }

    pub(super) fn fault(&self, error: &sqlx::Error) -> StoreError {
        fault::to_store(&self.location, error)
    }

    pub(super) fn schema(&self, reason: String) -> StoreError {
        StoreError::Schema { location: self.location.clone(), reason }
    }

    pub(super) fn query(&self, reason: String) -> StoreError {
        StoreError::Query { location: self.location.clone(), reason }
    }
}

/// Commits the transaction that [`PostgresStore::begin`] began.
pub(super) async fn commit(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql("COMMIT").execute(db).await.map(drop)
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
