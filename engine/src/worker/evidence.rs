//! What the judgement of a sweep asks for when its trials are done, and the waiting for it.

use std::{
    panic::resume_unwind,
    sync::{Arc, mpsc::Receiver},
    thread::{self, JoinHandle},
};

use engine_core::metrics::Slice;

use super::{
    WorkerError,
    line::Line,
    pool::{Desk, Trial},
};

/// What the judgement of a sweep rests on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Positions of a sample of trials, and their excess returns in slices of the sessions.
    pub slices: Vec<(u64, Vec<Slice>)>,
    /// Excess returns of the best trial, by session.
    pub returns: Vec<f64>,
    /// Net profits of its closed trades.
    pub profits: Vec<f64>,
}

/// A trial that is run once more, in a worker of its own.
#[derive(Debug)]
pub struct Again(JoinHandle<Result<Option<Vec<Trial>>, WorkerError>>);

impl Again {
    /// Starts.
    pub(super) fn start(desk: &Arc<Desk>, position: u64) -> Self {
        let desk = Arc::clone(desk);
        Self(thread::spawn(move || Line::new(&desk).block(position, 1)))
    }

    /// Waits for it; `None` when it was stopped.
    ///
    /// # Errors
    /// When no worker can be started.
    pub fn wait(self) -> Result<Option<Trial>, WorkerError> {
        let trials = self.0.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        Ok(trials.and_then(|trials| trials.into_iter().next()))
    }
}

/// Evidence that workers are looking for.
#[derive(Debug)]
pub struct Pending {
    /// What is known already.
    pub(super) known: Vec<(u64, Vec<Slice>)>,
    pub(super) shares: Receiver<Share>,
}

/// A share of the evidence: which one, and what was found; `None` when a worker was lost over it.
pub(super) type Share = (usize, Result<Option<Evidence>, WorkerError>);

impl Pending {
    /// Waits for all of it; `None` when there is none to be had.
    ///
    /// # Errors
    /// When no worker can be started.
    pub fn wait(self) -> Result<Option<Evidence>, WorkerError> {
        let mut shares: Vec<Share> = self.shares.iter().collect();
        shares.sort_by_key(|(share, _)| *share);
        let mut whole = Evidence { slices: self.known, ..Evidence::default() };
        for (_, found) in shares {
            let Some(found) = found? else { return Ok(None) };
            whole.slices.extend(found.slices);
            (whole.returns, whole.profits) = (found.returns, found.profits);
        }
        whole.slices.sort_by_key(|(position, _)| *position);
        Ok(Some(whole))
    }
}
