//! `ingest`: brings market data and events into the database, from the broker or from files.

mod args;
mod fetch;
mod files;
mod progress;
mod repair;
mod status;
mod summary;

use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) use args::IngestArgs;
use args::Task;
use engine_core::calendar::{Gap, utc_date};
pub(super) use fetch::one as fetch_one;

use super::{Outcome, app::App, interrupt};

/// The clock, nanoseconds UTC.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// A gap with its days: `2024-01-02 to 2024-01-04 (3)`.
fn gap_text(gap: &Gap) -> String {
    match (utc_date(gap.from_ts), utc_date(gap.to_ts)) {
        (from, to) if from == to => format!("{from} ({})", gap.missing),
        (from, to) => format!("{from} to {to} ({})", gap.missing),
    }
}

pub(super) async fn run(app: &App, args: &IngestArgs) -> Outcome {
    interrupt::hold();
    match args.task() {
        Task::Bars(file) => files::bars(app, args, file, args.one_symbol()?).await,
        Task::Events(file) => files::events(app, args, file).await,
        Task::Status => status::run(app, args).await,
        Task::Repair => repair::run(app, args).await,
        Task::Fetch => {
            let symbols = args.symbols()?;
            let requests = symbols.iter().map(|symbol| args.fetch(symbol));
            let requests = requests.collect::<Result<Vec<_>, _>>()?;
            fetch::run(app, args, requests).await
        }
    }
}
