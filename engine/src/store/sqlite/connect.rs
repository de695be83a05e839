//! Opens a SQLite file, brings its tables up to date, and lends connections.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection, query_scalar, sqlite::SqliteConnectOptions,
};

use super::{
    bulk::{Bulk, BulkError, Opened},
    fault, statements,
};
use crate::store::{
    OpenMode, Patience, StoreError,
    address::SqliteFile,
    lease,
    migrate::{self, Applied, Migration},
};

/// How long SQLite itself waits for a lock before we are asked again.
const BUSY_STEP: Duration = Duration::from_secs(2);

/// Room for pages in KiB (negative by SQLite's convention), so that pages of one transaction reach the
/// log once and not again and again.
const CACHE_SIZE: &str = "-8192";
/// How long to sleep where SQLite does not wait by itself.
const BUSY_NAP: Duration = Duration::from_millis(10);

/// An open SQLite database.
pub(in crate::store) struct SqliteStore {
    options: SqliteConnectOptions,
    location: String,
    patience: Patience,
    /// Whether there is no table yet; only when inspecting.
    fresh: bool,
    pub(super) bulk: Bulk,
    idle: lease::Idle<SqliteConnection>,
}

/// A connection on loan.
pub(super) type Lease<'s> = lease::Lease<'s, SqliteConnection>;

/// Opens the database and brings its tables up to date.
///
/// # Errors
/// As [`crate::store::open`].
pub(in crate::store) async fn open(
    file: SqliteFile,
    patience: Patience,
) -> Result<SqliteStore, StoreError> {
    make_ready(&file)?;
    let options = SqliteConnectOptions::new()
        .filename(&file.path)
        .create_if_missing(file.mode == OpenMode::ReadWrite)
        .read_only(file.mode == OpenMode::ReadOnly)
        .busy_timeout(patience.lock.min(BUSY_STEP))
        .pragma("cache_size", CACHE_SIZE)
        .disable_statement_logging();
    let mut opening =
        Opening { options, location: file.location, path: file.path, patience, immutable: false };
    let (mut db, applied) = opening.first_look().await?;
    let fresh = applied.is_none();
    let pending = opening.pending(applied.as_deref().unwrap_or_default())?;
    if !pending.is_empty() {
        match file.mode {
            OpenMode::ReadWrite => opening.migrate(&mut db).await?,
            OpenMode::ReadOnly => return Err(opening.schema(pending[0].pending_for_reader())),
            OpenMode::Inspect => {}
        }
    }
    let bulk = Bulk::new(Opened {
        path: opening.path,
        read_only: opening.immutable || file.mode == OpenMode::ReadOnly,
        immutable: opening.immutable,
        busy: patience.lock.min(BUSY_STEP),
    });
    Ok(SqliteStore {
        bulk,
        options: opening.options,
        location: opening.location,
        patience,
        fresh: fresh && file.mode != OpenMode::ReadWrite,
        idle: lease::Idle::with(db),
    })
}

/// Checks what stands at the path; makes its folder when the database is to be made.
fn make_ready(file: &SqliteFile) -> Result<(), StoreError> {
    let path = &file.path;
    let refuse = |reason: String| StoreError::Connect { location: file.location.clone(), reason };
    match std::fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(found) if found.is_dir() => Err(refuse("it is a folder".to_owned())),
        Ok(_) => Err(refuse("it is not a regular file".to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if file.mode != OpenMode::ReadWrite {
                return Err(refuse("there is no such file".to_owned()));
            }
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            match folder.map(std::fs::create_dir_all) {
                Some(Err(error)) => Err(refuse(format!("its folder cannot be made: {error}"))),
                _ => Ok(()),
            }
        }
        Err(error) => Err(refuse(error.to_string())),
    }
}

/// A database that is being opened.
struct Opening {
    options: SqliteConnectOptions,
    location: String,
    path: PathBuf,
    patience: Patience,
    immutable: bool,
}

impl Opening {
    async fn connect(&self) -> Result<SqliteConnection, StoreError> {
        self.options.connect().await.map_err(|error| self.fault(&error))
    }

    /// Connects and reads which migrations were applied; `None` when there is no table at all.
    async fn first_look(&mut self) -> Result<(SqliteConnection, Option<Vec<Applied>>), StoreError> {
        let mut db = match self.options.connect().await {
            Ok(db) => db,
            Err(error) => return self.look_immutable(&error).await,
        };
        match records(&mut db).await {
            Ok(applied) => Ok((db, self.known(applied)?)),
            Err(error) => {
                drop(db);
                self.look_immutable(&error).await
            }
        }
    }

    /// On a read-only mount the write-ahead log cannot be opened, so the file is read as it stands;
    /// but never past a log with transactions in it, which would be left out.
    async fn look_immutable(
        &mut self,
        error: &sqlx::Error,
    ) -> Result<(SqliteConnection, Option<Vec<Applied>>), StoreError> {
        let path = self.path.as_path();
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        if !fault::wants_immutable(error) || size(path) == 0 || size(Path::new(&log)) > 0 {
            return Err(self.fault(error));
        }
        self.immutable = true;
        self.options =
            self.options.clone().read_only(true).create_if_missing(false).immutable(true);
        let mut db = self.connect().await?;
        let applied = records(&mut db).await.map_err(|error| self.fault(&error))?;
        Ok((db, self.known(applied)?))
    }

    fn known(&self, found: Records) -> Result<Option<Vec<Applied>>, StoreError> {
        match found {
            Records::Some(applied) => Ok(Some(applied)),
            Records::Empty => Ok(None),
            Records::Stranger(table) => Err(self.schema(migrate::stranger(&table))),
        }
    }

    fn pending(&self, applied: &[Applied]) -> Result<&'static [Migration], StoreError> {
        migrate::pending(migrate::SQLITE, applied).map_err(|reason| self.schema(reason))
    }

    /// Applies what is pending, under the write lock; whoever comes second finds nothing to do.
    async fn migrate(&self, db: &mut SqliteConnection) -> Result<(), StoreError> {
        self.write_ahead(db).await?;
        begin_immediate(db, self.patience.lock, &self.location)
            .await
            .map_err(|error| self.fault(&error))?;
        let found = records(db).await.map_err(|error| self.fault(&error))?;
        let applied = self.known(found)?;
        let pending = self.pending(applied.as_deref().unwrap_or_default())?;
        let done = async {
            if applied.is_none() {
                sqlx::raw_sql(migrate::CREATE_RECORDS).execute(&mut *db).await?;
            }
            statements::migrate(db, pending, now()).await?;
            sqlx::raw_sql("COMMIT").execute(&mut *db).await
        };
        done.await.map(drop).map_err(|error| self.fault(&error))
    }

    /// Turns the write-ahead log on. SQLite does not wait for a lock here, so we do.
    async fn write_ahead(&self, db: &mut SqliteConnection) -> Result<(), StoreError> {
        let deadline = Instant::now() + self.patience.lock;
        loop {
            match sqlx::raw_sql("PRAGMA journal_mode = WAL").execute(&mut *db).await {
                Ok(_) => return Ok(()),
                Err(error) if fault::is_busy(&error) && Instant::now() < deadline => {
                    tokio::time::sleep(BUSY_NAP).await;
                }
                Err(error) => return Err(self.fault(&error)),
            }
        }
    }

    fn fault(&self, error: &sqlx::Error) -> StoreError {
        fault::to_store(&self.location, error)
    }

    fn schema(&self, reason: String) -> StoreError {
        StoreError::Schema { location: self.location.clone(), reason }
    }
}

/// What a file says about its migrations.
enum Records {
    Some(Vec<Applied>),
    Empty,
    Stranger(String),
}

async fn records(db: &mut SqliteConnection) -> sqlx::Result<Records> {
    loop {
        match statements::applied(db).await {
            Ok(applied) => return Ok(Records::Some(applied)),
            Err(error) if fault::is_missing_table(&error) => {}
            Err(error) => return Err(error),
        }
        let tables: Vec<String> = query_scalar("SELECT name FROM sqlite_master ORDER BY name")
            .fetch_all(&mut *db)
            .await?;
        // Another program may have made the tables between the two statements.
        if !tables.iter().any(|table| table == migrate::TABLE) {
            return Ok(tables.into_iter().next().map_or(Records::Empty, Records::Stranger));
        }
    }
}

/// Begins a write transaction; waits for another writer, and says so.
async fn begin_immediate(
    db: &mut SqliteConnection,
    patience: Duration,
    location: &str,
) -> sqlx::Result<()> {
    let deadline = Instant::now() + patience;
    let mut told = false;
    loop {
        match sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *db).await {
            Ok(_) => return Ok(()),
            Err(error) if fault::is_busy(&error) && Instant::now() < deadline => {
                if !told {
                    tracing::warn!(location, "waiting for another program that writes");
                    told = true;
                }
                tokio::time::sleep(BUSY_NAP).await;
            }
            Err(error) => return Err(error),
        }
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

impl SqliteStore {
    /// Lends a connection.
    pub(super) async fn lease(&self) -> Result<Lease<'_>, StoreError> {
        let db = match self.idle.take() {
            Some(db) => db,
            None => self.options.connect().await.map_err(|error| self.fault(error))?,
        };
        Ok(self.idle.lend(db))
    }

    /// Lends a connection with a write transaction begun on it.
    pub(super) async fn begin(&self) -> Result<Lease<'_>, StoreError> {
        let mut lease = self.lease().await?;
        begin_immediate(lease.db(), self.patience.lock, &self.location)
            .await
            .map_err(|error| self.fault(error))?;
        Ok(lease)
    }

    /// Commits the transaction that [`SqliteStore::begin`] began when all in it went well.
    pub(super) async fn commit<T>(
        &self,
        mut lease: Lease<'_>,
        result: sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        let result = match result {
            Ok(value) => sqlx::raw_sql("COMMIT").execute(lease.db()).await.map(|_| value),
            Err(error) => Err(error),
        };
        self.end(lease, result)
    }

    /// Takes a connection back.
    pub(super) fn end<T>(
        &self,
        lease: Lease<'_>,
        result: sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        lease.end(result).map_err(|error| self.fault(error))
    }

    /// Ends every idle connection; the last one folds the write-ahead log into the file.
    pub(super) async fn shut(&self) {
        self.bulk.shut();
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

    #[expect(clippy::needless_pass_by_value, reason = "reads as map_err(|e| self.fault(e))")]
    pub(super) fn fault(&self, error: sqlx::Error) -> StoreError {
        fault::to_store(&self.location, &error)
    }

    pub(super) fn bulk_fault(&self, error: &BulkError) -> StoreError {
        fault::of_bulk(&self.location, error)
    }

    pub(super) fn schema(&self, reason: String) -> StoreError {
        StoreError::Schema { location: self.location.clone(), reason }
    }

    pub(super) fn corrupt(&self, reason: String) -> StoreError {
        StoreError::Corrupt { location: self.location.clone(), reason }
    }

    pub(super) fn query(&self, reason: String) -> StoreError {
        StoreError::Query { location: self.location.clone(), reason }
    }
}
