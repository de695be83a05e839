//! Bars from the broker: several symbols at once, each with its progress.

use std::sync::Arc;

use tokio::{sync::Semaphore, task::JoinSet};

use super::{
    super::{Outcome, app::App, gateway_args::GatewayArgs, interrupt},
    IngestArgs,
    progress::Board,
    summary::conclude,
};
use crate::{
    error::{Code, Failure},
    gateway::Gateway,
    ingest::fetch::{FetchReport, FetchRequest, FetchState, Fetcher},
    store::{OpenMode, Store},
};

/// Symbols that are fetched at once; how many requests are in flight is the gateway's business.
const AT_ONCE: usize = 8;

/// Fetches and prints what it came to.
pub(super) async fn run(app: &App, args: &IngestArgs, requests: Vec<FetchRequest>) -> Outcome {
    let store: Arc<dyn Store> = app.store(OpenMode::ReadWrite).await?.into();
    let reports = all(app, &args.gateway, &store, requests).await;
    store.close().await;
    conclude(app, &reports?)
}

/// Fetches every request; the reports in their order.
///
/// # Errors
/// When the settings of the gateway are wrong. What happens to a symbol is in its report.
pub(super) async fn all(
    app: &App,
    gateway: &GatewayArgs,
    store: &Arc<dyn Store>,
    requests: Vec<FetchRequest>,
) -> Result<Vec<FetchReport>, Failure> {
    let gateway: Arc<dyn Gateway> = gateway.open(app)?.into();
    let fetcher = Arc::new(Fetcher::new(Arc::clone(store), Arc::clone(&gateway)));
    let board = Board::new(app);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for (at, request) in requests.iter().cloned().enumerate() {
        let (fetcher, board, places) = (Arc::clone(&fetcher), board.clone(), Arc::clone(&places));
        tasks.spawn(async move {
            let _place = places.acquire().await;
            let progress = board.symbol(&request.symbol);
            let report = fetcher.symbol(&request, &progress).await;
            (at, report, progress)
        });
    }
    let mut reports: Vec<Option<FetchReport>> = vec![None; requests.len()];
    while let Some(done) = tasks.join_next().await {
        match done {
            Ok((at, report, progress)) => {
                board.done(app, &progress, &report);
                log(&report);
                reports[at] = Some(report);
            }
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    if !interrupt::requested() {
        gateway.close().await;
    }
    Ok(reports.into_iter().flatten().collect())
}

/// Fetches one request.
///
/// # Errors
/// When it failed.
pub(in crate::cli) async fn one(
    app: &App,
    gateway: &GatewayArgs,
    store: &Arc<dyn Store>,
    request: FetchRequest,
) -> Result<FetchReport, Failure> {
    let mut reports = all(app, gateway, store, vec![request]).await?;
    let Some(report) = reports.pop() else {
        return Err(Failure::new(Code::Bug, "a fetch gave no report"));
    };
    match &report.error {
        Some(error) => Err(error.failure.clone()),
        None => Ok(report),
    }
}

fn log(report: &FetchReport) {
    let FetchReport {
        symbol, resolution, source, requests, new, changed, rejected, missing, ..
    } = report;
    if report.state == FetchState::Done {
        tracing::info!(
            target: "algo_trader::ingest",
            symbol, resolution, source, requests, new, changed, rejected, missing, "bars fetched"
        );
    } else {
        let error = report.error.as_ref().map(|error| error.message.as_str()).unwrap_or_default();
        tracing::info!(
            target: "algo_trader::ingest",
            symbol, resolution, source, requests, new, changed, rejected, missing, error,
            state = ?report.state, "not all bars fetched"
        );
    }
}
