//! Fetches history from the broker and keeps it: politely, wholly, and never twice.
//!
//! The way of a symbol: `prepare` looks at what is held and `identity` at which instrument it is, `plan` cuts
//! what is wanted into requests, `answer` checks what comes, `overlap` compares it with what is held, and `chunk` writes it with
//! its row of the `ledger` in one transaction. When prices were restated, `replace` fetches everything
//! anew and swaps it in one transaction. Promises: whatever happens, what is in the database is valid, of
//! one adjustment, and accounted for; the same request again asks only for what is not there. How to
//! reach the broker, how fast to ask and what to retry is the business of `gateway`.

mod answer;
mod chunk;
mod expected;
mod halves;
mod identity;
mod ledger;
mod limits;
mod overlap;
mod pieces;
mod plan;
mod prepare;
mod replace;
mod report;
mod request;
mod rows;
mod sessions;
mod status;
#[cfg(test)]
mod tests;
mod window;

use std::{
    future::Future,
    sync::{Arc, OnceLock, atomic::Ordering},
    time::Duration,
};

pub use identity::Named;
pub use ledger::Missing;
pub use plan::PlanError;
pub use report::{FetchFailure, FetchReport, FetchState};
pub use request::{FetchRequest, of_source, what_name};
pub use status::{Need, SeriesStatus, need, status};
pub use window::{Wanted, usual_span};

use super::IngestError;
use crate::{
    gateway::{Gateway, GatewayError, Scope},
    store::{SeriesInfo, Store},
};
use chunk::Stored;
use prepare::Job;
use tokio::sync::Mutex;

/// How often a wait looks whether it should be given up.
const LOOK: Duration = Duration::from_millis(50);

/// Is told how far the fetch of one symbol is, and may stop it.
pub trait Watch: Send + Sync {
    /// So many requests are to be made, as far as is known by now.
    fn planned(&self, _requests: usize) {}

    /// One of them is answered.
    fn answered(&self) {}

    /// Whether to stop: nothing new is begun then.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// A fetch that nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoWatch;

impl Watch for NoWatch {}

/// Fetches from one gateway into one database; symbols may be fetched at once.
pub struct Fetcher {
    store: Arc<dyn Store>,
    gateway: Arc<dyn Gateway>,
    /// Who writes: a database that takes one writer at a time need not find that out by waiting.
    turn: Mutex<()>,
    /// Why no further symbol is worth a try.
    down: OnceLock<GatewayError>,
}

impl Fetcher {
    /// A fetcher.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, gateway: Arc<dyn Gateway>) -> Self {
        Self { store, gateway, turn: Mutex::new(()), down: OnceLock::new() }
    }

    /// Brings the history of one instrument up to date. What happened, failures included, is in the
    /// report; what was written before a failure stays.
    pub async fn symbol(&self, request: &FetchRequest, watch: &dyn Watch) -> FetchReport {
        let mut report = FetchReport {
            symbol: request.symbol.clone(),
            resolution: request.resolution.to_string(),
            source: request.source(),
            ..FetchReport::default()
        };
        let done = match self.down.get() {
            Some(down) => Err(down.clone().into()),
            None => self.bring(request, &mut report, watch).await,
        };
        if let Err(error) = done {
            if let IngestError::Gateway(down) = &error
                && down.scope() == Scope::Gateway
            {
                self.down.get_or_init(|| down.clone());
            }
            report.fail(error);
        }
        report
    }

    async fn bring(
        &self,
        request: &FetchRequest,
        report: &mut FetchReport,
        watch: &dyn Watch,
    ) -> Result<(), IngestError> {
        let job = self.prepare(request, watch).await?;
        if let Some(held) = &job.held {
            report.held(held);
        }
        if job.window.is_none() {
            return Err(window::no_session(&job));
        }
        let done = match &job.replacing {
            Some(_) => self.replace(&job, None, report, watch).await,
            None => self.walk(&job, report, watch).await,
        };
        report.requests = job.asked.load(Ordering::Relaxed);
        if !matches!(done, Err(IngestError::Store(_))) {
            report.missing = status::still_missing(&*self.store, &job, done.is_ok()).await?;
        }
        done?;
        if report.bars_held == 0 {
            return Err(replace::nothing(&job, report));
        }
        Ok(())
    }

    /// Fetches and writes chunk by chunk; the next one is fetched while one is written.
    async fn walk(
        &self,
        job: &Job<'_>,
        report: &mut FetchReport,
        watch: &dyn Watch,
    ) -> Result<(), IngestError> {
        let chunks = job.plan()?;
        watch.planned(chunks.len());
        let mut waiting = Vec::new();
        let Some(first) = chunks.first() else { return Ok(()) };
        let mut fetched = self.fetch(job, first, watch).await?;
        for (at, chunk) in chunks.iter().enumerate() {
            if !fetched.sound.bad.is_empty() && job.request.strict {
                report.count(&fetched.sound);
                return Err(replace::strict(job, &fetched.sound));
            }
            // Further back there is nothing either, when nobody says where the history begins.
            let is_back = job.head.is_none() && job.held.is_none() && !job.is_forward();
            let is_end = is_back && at > 0 && fetched.sound.bars.is_empty();
            let next = chunks.get(at + 1).filter(|_| !is_end);
            let next = async {
                match next {
                    Some(next) => Some(self.fetch(job, next, watch).await),
                    None => None,
                }
            };
            let (stored, next) =
                tokio::join!(self.store(job, chunk, &fetched, &mut waiting, watch), next);
            match stored? {
                Stored::Restated(factor) => return self.replace(job, factor, report, watch).await,
                Stored::Written(merged, info) => {
                    report.add(&merged);
                    report.held(&info);
                }
                Stored::Nothing | Stored::Doubtful => {}
            }
            report.count(&fetched.sound);
            match next {
                Some(next) => fetched = next?,
                None => break,
            }
        }
        Ok(())
    }

    /// Waits for the broker, unless the user asks to stop.
    async fn patient<T>(
        &self,
        watch: &dyn Watch,
        work: impl Future<Output = T>,
    ) -> Result<T, IngestError> {
        let stopped = async {
            while !watch.is_cancelled() {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            biased;
            () = stopped => Err(IngestError::Cancelled),
            done = work => Ok(done),
        }
    }
}

impl FetchReport {
    /// Says what the series is now.
    fn held(&mut self, info: &SeriesInfo) {
        self.bars_held = info.bars;
        self.epoch = info.epoch;
        (self.first_ts, self.last_ts) = (info.first_ts, info.last_ts);
    }
}
