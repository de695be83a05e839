//! Many workers on one sweep: each is handed one block of positions after the other, and the blocks
//! come back in the order of their positions, whoever was faster.
//!
//! A parameter set that kills or hangs its worker is found by asking a new worker for the trials of
//! the block one by one; it becomes a failed trial and the sweep goes on. Blocks are handed out only
//! so far ahead of the one that is waited for, so memory does not grow with the sweep.

use std::{
    collections::{BTreeMap, VecDeque},
    num::NonZeroUsize,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{
    About, Limits, Mode, WorkerError,
    blocks::{Sample, SweepWork},
    evidence::{Again, Pending, Share},
    line::Line,
    subject_of,
};
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
    /// The trials that a [`Pool`] looks at for evidence when it runs them; none where nobody asks for it.
    pub sample: Option<Sample>,
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
    /// Slices of the trials of the sample that were run.
    pub(super) sampled: Mutex<BTreeMap<u64, Vec<Slice>>>,
}

#[derive(Debug)]
struct Queue {
    /// First position that nobody works on.
    next: u64,
    /// First position that has not been given to the caller.
    delivered: u64,
    /// What the judgement of the sweep asks for.
    asked: VecDeque<Asked>,
}

/// A share of the trials that evidence is wanted of.
#[derive(Debug)]
struct Asked {
    /// Which share.
    share: usize,
    positions: Vec<u64>,
    slices: usize,
    answer: Sender<Share>,
}

/// What a thread does next.
enum Task {
    /// The trials among so many positions from the first on.
    Block(u64, u64),
    Evidence(Asked),
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

    /// Has the trial at a position run once more, where no other was run before.
    #[must_use]
    pub fn again(&self, position: u64) -> Again {
        Again::start(&self.desk, position)
    }

    /// Has the returns of the trials at some positions looked at. What the sample has of them is known; the
    /// others are run once more, shared among the workers.
    #[must_use]
    pub fn evidence(&self, positions: &[u64], slices: usize) -> Pending {
        let (run, rest): (Vec<u64>, Vec<u64>) =
            positions.iter().partition(|position| self.desk.has_sampled(**position, slices));
        let sampled = self.desk.sampled.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |position| Some((position, sampled.get(&position)?.clone()));
        let known = run.into_iter().filter_map(known).collect();
        Pending { known, shares: self.share_out(&rest, slices) }
    }

    /// Has the trial at a position run once more for its returns, one by one.
    #[must_use]
    pub fn returns(&self, position: u64, slices: usize) -> Pending {
        Pending { known: Vec::new(), shares: self.share_out(&[position], slices) }
    }

    fn share_out(&self, positions: &[u64], slices: usize) -> Receiver<Share> {
        let share = positions.len().div_ceil(self.threads.len().max(1)).max(1);
        let (answer, answers) = channel();
        for (share, positions) in positions.chunks(share).enumerate() {
            let (positions, answer) = (positions.to_vec(), answer.clone());
            self.desk.ask(Asked { share, positions, slices, answer });
        }
        answers
    }

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
        self.desk.end();
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
            queue: Mutex::new(Queue { next: from, delivered: from, asked: VecDeque::new() }),
            moved: Condvar::new(),
            stop: AtomicBool::new(false),
            deaths: AtomicU64::new(0),
            good: AtomicU64::new(0),
            sampled: Mutex::default(),
        }
    }

    /// Whether the trial at a position was run, with so many slices of its returns kept if it has any.
    fn has_sampled(&self, position: u64, slices: usize) -> bool {
        let fits = |sample: Sample| sample.slices == slices && sample.has(position);
        position >= self.sharing.from && self.job.sample.is_some_and(fits)
    }

    fn delivered(&self, position: u64) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).delivered = position;
        self.moved.notify_all();
    }

    fn ask(&self, asked: Asked) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).asked.push_back(asked);
        self.moved.notify_all();
    }

    /// What to do next; waits until there is something, and while positions are too far ahead. `None` when
    /// the sweep was stopped.
    fn take(&self) -> Option<Task> {
        let most = self.block * AHEAD * self.sharing.workers.get() as u64;
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if self.is_stopped() {
                return None;
            }
            if let Some(asked) = queue.asked.pop_front() {
                return Some(Task::Evidence(asked));
            }
            let end = self.job.plan.positions().min(queue.delivered.saturating_add(most));
            if queue.next < end {
                let first = queue.next;
                queue.next = (first + self.block).min(self.job.plan.positions());
                return Some(Task::Block(first, queue.next - first));
            }
            queue = self.moved.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Stops the threads. The queue is held meanwhile: a thread that has just seen that it is not stopped,
    /// and is about to wait, would miss the call and wait for ever.
    fn end(&self) {
        let _held = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        self.stop.store(true, Ordering::Relaxed);
        self.moved.notify_all();
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// What one thread does: works on block after block with a worker of its own, and is then there for
    /// what the judgement asks.
    fn serve(&self, results: &SyncSender<Result<Block, WorkerError>>) {
        let mut line = Line::new(self);
        while let Some(task) = self.take() {
            match task {
                Task::Evidence(Asked { share, positions, slices, answer }) => {
                    // Nobody may wait for it any more.
                    let _ = answer.send((share, line.evidence(positions, slices)));
                }
                Task::Block(first, count) => {
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
        let from = self.job.config.from_ts;
        About { subject, files: &self.job.files, finer: &[], from, since, until }
    }

    pub(super) fn work(&self) -> SweepWork {
        SweepWork {
            strategy: self.job.strategy.facts().name.clone(),
            plan: self.job.plan.clone(),
            config: self.job.config.clone(),
            spans: self.job.spans.clone(),
            calendar: self.job.calendar,
            annual_rf: self.job.annual_rf,
            sample: self.job.sample,
        }
    }

    pub(super) fn image(&self) -> Option<&Image> {
        self.job.strategy.image()
    }
}
