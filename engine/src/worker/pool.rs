//! Many workers on one sweep: each is handed one block of positions after the other, and the blocks
//! come back in the order of their positions, whoever was faster.
//!
//! A parameter set that kills or hangs its worker is found by asking a new worker for the trials of
//! the block one by one; it becomes a failed trial and the sweep goes on. Blocks are handed out only
//! so far ahead of the one that is waited for, so memory does not grow with the sweep.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{About, Limits, Mode, WorkerError, blocks::SweepWork, line::Line, subject_of};
use crate::{
    feed::ColumnFile,
    registry::{Resolved, image::Image},
};
use engine_core::{
    backtest::Config,
    calendar::Calendar,
    metrics::Slice,
    sweep::{Passage, Plan, Span, TrialFigures},
};

/// Blocks that each worker may be ahead of the one that is waited for.
const AHEAD: u64 = 8;

/// A sweep to be done.
#[derive(Clone, Debug)]
pub struct SweepJob {
    /// The strategy.
    pub strategy: Arc<Resolved>,
    /// The bars, in the order of the symbols.
    pub files: Arc<Vec<ColumnFile>>,
    /// Which parameter sets.
    pub plan: Plan,
    /// What else a trial depends on.
    pub config: Config,
    /// The stretches that a trial is run on; none for the period that `config` names.
    pub spans: Vec<Span>,
    /// Session calendar of what is traded.
    pub calendar: Calendar,
    /// Risk-free rate, fraction per year.
    pub annual_rf: f64,
}

/// How a sweep is shared out.
#[derive(Clone, Debug)]
pub struct Sharing {
    /// Number of workers.
    pub workers: NonZeroUsize,
    /// The first position that is not done yet.
    pub from: u64,
    /// What each worker may use.
    pub limits: Limits,
    /// Where trials are run.
    pub mode: Mode,
}

/// The trials among a range of positions.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// First position.
    pub first: u64,
    /// The position after the last one.
    pub end: u64,
    /// The trials, by position.
    pub trials: Vec<Trial>,
}

/// A trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Where it stands in the plan.
    pub position: u64,
    /// What came of it.
    pub result: TrialResult,
}

/// What came of a trial.
#[derive(Clone, Debug, PartialEq)]
pub enum TrialResult {
    /// Its figures.
    Done(TrialFigures),
    /// The strategy does not take these parameters; its reason.
    Refused(String),
    /// The strategy failed; how and where.
    Failed(String),
}

/// What the judgement of a sweep rests on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Excess returns of a sample of trials, in slices of the sessions.
    pub slices: Vec<Vec<Slice>>,
    /// Excess returns of the best trial, by session.
    pub returns: Vec<f64>,
    /// Net profits of its closed trades.
    pub profits: Vec<f64>,
}

/// What [`Pool::next`] found.
#[derive(Debug)]
pub enum Next {
    /// The next block.
    Block(Block),
    /// Nothing yet.
    Waiting,
    /// All blocks have been given.
    End,
}

/// Workers on a sweep. Dropping it stops them.
#[derive(Debug)]
pub struct Pool {
    desk: Arc<Desk>,
    threads: Vec<JoinHandle<()>>,
    results: Option<Receiver<Result<Block, WorkerError>>>,
    early: BTreeMap<u64, Block>,
    expected: u64,
}

/// What the threads share.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) job: SweepJob,
    pub(super) sharing: Sharing,
    block: u64,
    queue: Mutex<Queue>,
    moved: Condvar,
    pub(super) stop: AtomicBool,
    /// Workers that died.
    pub(super) deaths: AtomicU64,
    /// Trials that were answered.
    pub(super) good: AtomicU64,
}

#[derive(Debug)]
struct Queue {
    /// First position that nobody works on.
    next: u64,
    /// First position that has not been given to the caller.
    delivered: u64,
}

impl Pool {
    /// Starts the workers.
    #[must_use]
    pub fn start(job: SweepJob, sharing: Sharing) -> Self {
        let workers = sharing.workers.get();
        let expected = sharing.from;
        let desk = Arc::new(Desk::new(job, sharing));
        let (sender, results) = sync_channel(workers * 2);
        let start = |_| {
            let (desk, sender) = (Arc::clone(&desk), sender.clone());
            thread::spawn(move || desk.serve(&sender))
        };
        let threads = (0..workers).map(start).collect();
        Self { desk, threads, results: Some(results), early: BTreeMap::new(), expected }
    }

    /// The sweep.
    #[must_use]
    pub fn job(&self) -> &SweepJob {
        &self.desk.job
    }

    /// The block of the next positions; waits for it a while.
    ///
    /// # Errors
    /// When the workers cannot be started, or the strategy cannot be run at all.
    pub fn next(&mut self, wait: Duration) -> Result<Next, WorkerError> {
        loop {
            if let Some(block) = self.early.remove(&self.expected) {
                self.expected = block.end;
                self.desk.delivered(block.end);
                return Ok(Next::Block(block));
            }
            if self.expected >= self.desk.job.plan.positions() {
                return Ok(Next::End);
            }
            let Some(results) = &self.results else { return Ok(Next::End) };
            match results.recv_timeout(wait) {
                Ok(block) => {
                    let block = block?;
                    self.early.insert(block.first, block);
                }
                Err(RecvTimeoutError::Timeout) => return Ok(Next::Waiting),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(WorkerError::Start("a thread of the sweep ended".to_owned()));
                }
            }
        }
    }
}

impl Pool {
    /// Runs the trials at some positions once more, the best one last, and looks at their returns.
    ///
    /// # Errors
    /// When no worker can be started.
    pub fn evidence(
        &self,
        positions: Vec<u64>,
        slices: usize,
    ) -> Result<Option<Evidence>, WorkerError> {
        Line::new(&self.desk).evidence(positions, slices)
    }
}

impl Pool {
    /// Runs the trial at a position on a stretch of its own, beginning with so much cash.
    ///
    /// # Errors
    /// When the strategy fails there, or no worker can be started.
    pub fn run(&self, position: u64, span: Span, cash: f64) -> Result<Passage, WorkerError> {
        Line::new(&self.desk).run(position, span, cash)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.desk.stop.store(true, Ordering::Relaxed);
        self.desk.moved.notify_all();
        // Whoever waits to hand over a block finds nobody to take it.
        self.results = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Positions of a block: some tens of milliseconds of work, and enough blocks for every worker.
fn block_size(job: &SweepJob, workers: u64) -> u64 {
    let bars = job.files.iter().map(|file| file.info().bars as u64).sum::<u64>().max(1);
    let share = job.plan.positions() / (workers * 8);
    (8_000_000 / bars).clamp(1, 4096).min(share.max(16))
}

impl Desk {
    pub(super) fn new(job: SweepJob, sharing: Sharing) -> Self {
        let from = sharing.from;
        Self {
            block: block_size(&job, sharing.workers.get() as u64),
            job,
            sharing,
            queue: Mutex::new(Queue { next: from, delivered: from }),
            moved: Condvar::new(),
            stop: AtomicBool::new(false),
            deaths: AtomicU64::new(0),
            good: AtomicU64::new(0),
        }
    }

    fn delivered(&self, position: u64) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).delivered = position;
        self.moved.notify_all();
    }

    /// The next positions to work on; waits while they are too far ahead.
    fn take(&self) -> Option<(u64, u64)> {
        let most = self.block * AHEAD * self.sharing.workers.get() as u64;
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if self.is_stopped() || queue.next >= self.job.plan.positions() {
                return None;
            }
            if queue.next < queue.delivered.saturating_add(most) {
                let first = queue.next;
                queue.next = (first + self.block).min(self.job.plan.positions());
                return Some((first, queue.next - first));
            }
            queue = self.moved.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// What one thread does: works on block after block with a worker of its own.
    fn serve(&self, results: &SyncSender<Result<Block, WorkerError>>) {
        let mut line = Line::new(self);
        while let Some((first, count)) = self.take() {
            let block = match line.block(first, count) {
                Ok(Some(trials)) => Ok(Block { first, end: first + count, trials }),
                Ok(None) => return,
                Err(error) => Err(error),
            };
            let is_over = block.is_err();
            if results.send(block).is_err() || is_over {
                return;
            }
        }
    }

    pub(super) fn about(&self) -> About<'_> {
        let subject = subject_of(&self.job.strategy);
        // Where bars are counted from; unknown when a trial is run on several stretches.
        let (since, until) = match &self.job.spans[..] {
            [] => (None, self.job.config.to_ts),
            [only] => (only.since, Some(only.to)),
            _ => (Some(i64::MAX), None),
        };
        About { subject, files: &self.job.files, finer: &[], since, until }
    }

    pub(super) fn work(&self) -> SweepWork {
        SweepWork {
            strategy: self.job.strategy.facts().name.clone(),
            plan: self.job.plan.clone(),
            config: self.job.config.clone(),
            spans: self.job.spans.clone(),
            calendar: self.job.calendar,
            annual_rf: self.job.annual_rf,
        }
    }

    pub(super) fn image(&self) -> Option<&Image> {
        self.job.strategy.image()
    }
}
