//! What SQLite says about itself.

use sqlx::{SqliteConnection, query_scalar};

use super::statements;
use crate::store::migrate::{self, Figures};

/// Figures about the database; `fresh` when it has no table yet.
pub(super) async fn figures(db: &mut SqliteConnection, fresh: bool) -> sqlx::Result<Figures> {
    let applied = if fresh { Vec::new() } else { statements::applied(db).await? };
    let counts = if applied.len() == migrate::SQLITE.len() {
        statements::row_counts(db).await?
    } else {
        Vec::new()
    };
    let version = query_scalar("SELECT sqlite_version()").fetch_one(&mut *db).await?;
    let bytes = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
    let bytes = query_scalar(bytes).fetch_one(db).await?;
    Ok(Figures { applied, counts, version, bytes })
}

/// What SQLite says about the structure of the file; `ok` when all is well.
pub(super) async fn quick_check(db: &mut SqliteConnection) -> sqlx::Result<String> {
    query_scalar("PRAGMA quick_check(1)").fetch_one(db).await
}
