//! PostgreSQL: one server for several people and programs.

use super::{OpenMode, Patience, StoreError, address::Server, sqlite};

pub(super) async fn open(
    server: Server,
    _mode: OpenMode,
    _patience: Patience,
) -> Result<Never, StoreError> {
    let _ = server.options;
    Err(StoreError::Connect { location: server.location, reason: "not built yet".to_owned() })
}
pub(super) type Never = sqlite::SqliteStore;
