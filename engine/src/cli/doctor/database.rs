//! Whether the database answers, is up to date, can be written, has room, and how quick it is.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use super::{
    super::{app::App, db::bytes},
    Check,
};
use crate::{
    error::Failure,
    store::{DbStatus, OpenMode, Store, StoreError},
};

/// Reads that the latency is the median of.
const READS: usize = 21;
/// Free space below which a warning is due, in bytes.
const LOW_SPACE: u64 = 256 << 20;

/// The checks, in the order in which one needs the other; they end at the first that makes the rest moot.
pub(super) async fn checks(app: &App) -> Vec<Check> {
    let file = app.sqlite_file();
    let is_new = file.as_deref().is_some_and(|path| !path.exists());
    let mode = if is_new { OpenMode::ReadWrite } else { OpenMode::Inspect };
    let began = Instant::now();
    let store = match app.store(mode).await {
        Ok(store) => store,
        Err(failure) => return vec![Check::failed("database", failure)],
    };
    let took = began.elapsed();
    let checks = match store.status().await {
        Ok(status) => all(&*store, &status, file.as_deref(), took, is_new).await,
        Err(error) => vec![Check::failed("database", error.into())],
    };
    store.close().await;
    checks
}

async fn all(
    store: &dyn Store,
    status: &DbStatus,
    file: Option<&Path>,
    took: Duration,
    is_new: bool,
) -> Vec<Check> {
    let made = if is_new { "made just now and opened" } else { "opened" };
    let mut checks = vec![
        Check::ok("database", format!("{} {made} in {}", status.location, milliseconds(took))),
        Check::ok("version", format!("{} {}", status.backend, status.server_version)),
        space(status, file),
    ];
    if status.pending.is_empty() {
        checks.push(Check::ok(
            "migrations",
            format!("{} applied, none pending", status.applied.len()),
        ));
        checks.push(write(store).await);
        checks.push(latency(store).await);
    } else {
        let pending = status.pending.join(", ");
        let detail = format!("{} pending: {pending}", status.pending.len());
        checks.push(Check::warning("migrations", detail, "algo-trader db init"));
    }
    checks
}

async fn write(store: &dyn Store) -> Check {
    match store.probe().await {
        Ok(()) => Check::ok("write", "a row was written, read back and rolled back"),
        Err(error @ StoreError::ReadOnly { .. }) => {
            let failure = Failure::from(error);
            Check::warning("write", failure.message, failure.help.as_deref().unwrap_or_default())
        }
        Err(error) => Check::failed("write", error.into()),
    }
}

async fn latency(store: &dyn Store) -> Check {
    let mut times = Vec::with_capacity(READS);
    for _ in 0..READS {
        let began = Instant::now();
        if let Err(error) = store.instrument("SPY").await {
            return Check::failed("latency", error.into());
        }
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let median = milliseconds(times[READS / 2]);
    Check::ok("latency", format!("{median} for a small read (median of {READS})"))
}

fn space(status: &DbStatus, file: Option<&Path>) -> Check {
    let used = bytes(status.size_bytes);
    let Some(folder) = file.and_then(Path::parent) else {
        return Check::ok("space", format!("{used} used; free space is the server's to know"));
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match rustix::fs::statvfs(folder) {
        Err(error) => Check::ok("space", format!("{used} used; free space is not known: {error}")),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let shown = bytes(i64::try_from(free).unwrap_or(i64::MAX));
            let detail = format!("{used} used, {shown} free in {}", folder.display());
            if free < LOW_SPACE {
                Check::warning("space", detail, &format!("df -h {}", folder.display()))
            } else {
                Check::ok("space", detail)
            }
        }
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
