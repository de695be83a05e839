//! What tests share.

pub(crate) mod ingest;
pub(crate) mod plugins;
pub(crate) mod postgres;
pub(crate) mod store;

use std::future::Future;

/// Runs a future to its end on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}
