//! Many workers on one sweep: each is handed one block of positions after the other, and the blocks
//! come back in the order of their positions, whoever was faster.
//!
//! A parameter set that kills or hangs its worker is found by asking a new worker for the trials of
//! the block one by one; it becomes a failed trial and the sweep goes on. Blocks are handed out only
//! so far ahead of the one that is waited for, so memory does not grow with the sweep.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    os::{fd::AsFd, unix::net::UnixStream},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use engine_core::{
    backtest::Config,
    calendar::Calendar,
    sweep::{Plan, TrialFigures},
};
use strategy_api::abi::raw::ProgressPage;

use super::{
    About, BYTES_A_BAR, Limits, Mode, WorkerError,
    blocks::{Answer, Outcome, Question, Said, SweepWork, answer_blocks},
    host::{End, Order, Worker},
    subject_of,
    wire::{Failed, Job, Reply, decode},
};
use crate::{
    feed::ColumnFile,
    registry::{Resolved, Source, image::Image},
};

/// Deaths of workers after which a sweep without a single good trial is given up.
const HOPELESS: u64 = 32;
/// Blocks that each worker may be ahead of the one that is waited for.
const AHEAD: u64 = 8;

/// A sweep to be done.
#[derive(Debug)]
pub struct SweepJob {
    /// The strategy.
    pub strategy: Resolved,
    /// The bars, in the order of the symbols.
    pub files: Vec<ColumnFile>,
    /// Which parameter sets.
    pub plan: Plan,
    /// What else a trial depends on.
    pub config: Config,
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
struct Desk {
    job: SweepJob,
    sharing: Sharing,
    block: u64,
    queue: Mutex<Queue>,
    moved: Condvar,
    stop: AtomicBool,
    deaths: AtomicU64,
    good: AtomicU64,
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
        let queue = Mutex::new(Queue { next: expected, delivered: expected });
        let desk = Arc::new(Desk {
            block: block_size(&job, workers as u64),
            job,
            sharing,
            queue,
            moved: Condvar::new(),
            stop: AtomicBool::new(false),
            deaths: AtomicU64::new(0),
            good: AtomicU64::new(0),
        });
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
        let mut line = Line { desk: self, link: None };
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

    fn about(&self) -> About<'_> {
        let subject = subject_of(&self.job.strategy);
        About { subject, files: &self.job.files, until: self.job.config.to_ts }
    }

    fn work(&self) -> SweepWork {
        SweepWork {
            strategy: self.job.strategy.facts().name.clone(),
            plan: self.job.plan.clone(),
            config: self.job.config.clone(),
            calendar: self.job.calendar.to_string(),
            annual_rf: self.job.annual_rf,
        }
    }

    fn image(&self) -> Option<&Image> {
        match self.job.strategy.source() {
            Source::BuiltIn => None,
            Source::File { image, .. } => Some(image),
        }
    }
}

/// One thread's connection to a worker, made when it is first needed and again after a death.
struct Line<'a> {
    desk: &'a Desk,
    link: Option<Link>,
}

enum Link {
    Process(Box<Worker>),
    Here(UnixStream),
}

impl Line<'_> {
    /// The trials of a block; `None` when the sweep was stopped.
    fn block(&mut self, first: u64, count: u64) -> Result<Option<Vec<Trial>>, WorkerError> {
        match self.ask(first, count)? {
            Ok(trials) => Ok(Some(trials)),
            Err(None) => Ok(None),
            Err(Some(_)) if count > 1 => self.one_by_one(first, count),
            Err(Some(end)) => self.death(first, end).map(|trial| Some(vec![trial])),
        }
    }

    fn one_by_one(&mut self, first: u64, count: u64) -> Result<Option<Vec<Trial>>, WorkerError> {
        let (mut trials, mut values) = (Vec::new(), Vec::new());
        for position in first..first + count {
            if self.desk.job.plan.values(position, &mut values) {
                match self.block(position, 1)? {
                    Some(one) => trials.extend(one),
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(trials))
    }

    /// The trial that a worker died of.
    fn death(&self, position: u64, end: End) -> Result<Trial, WorkerError> {
        let error = match self.desk.about().reply(end, &self.desk.sharing.limits) {
            Err(error) => error,
            Ok(reply) => self.desk.about().no_result(reply),
        };
        let deaths = self.desk.deaths.fetch_add(1, Ordering::Relaxed) + 1;
        if deaths >= HOPELESS && self.desk.good.load(Ordering::Relaxed) == 0 {
            return Err(error);
        }
        Ok(Trial { position, result: TrialResult::Failed(error.to_string()) })
    }

    fn ask(
        &mut self,
        first: u64,
        count: u64,
    ) -> Result<Result<Vec<Trial>, Option<End>>, WorkerError> {
        let start = |error: std::io::Error| WorkerError::Start(error.to_string());
        let question = Question::Block { first, count }.to_bytes().map_err(start)?;
        let desk = self.desk;
        let link = match &mut self.link {
            Some(link) => link,
            none => none.insert(desk.connect().map_err(start)?),
        };
        let answer = match link {
            Link::Process(worker) => worker.ask(&question, desk.sharing.limits.silence, &desk.stop),
            Link::Here(socket) => ask_here(socket, &question),
        };
        let bytes = match answer {
            Ok(bytes) => bytes,
            Err(end) => {
                self.link = None;
                return Ok(Err(end));
            }
        };
        match decode(&bytes) {
            Ok(Said::Trials(trials)) => {
                let trials: Vec<_> =
                    trials.into_iter().map(|(at, of)| desk.trial(at, of)).collect();
                desk.good.fetch_add(trials.len() as u64, Ordering::Relaxed);
                Ok(Ok(trials))
            }
            Ok(Said::Unusable(reply)) => Err(desk.about().no_result(*reply)),
            Err(_) => {
                self.link = None;
                Ok(Err(Some(End::Damaged)))
            }
        }
    }
}

impl Desk {
    fn trial(&self, position: u64, outcome: Outcome) -> Trial {
        let result = match outcome {
            Outcome::Done(figures) => TrialResult::Done(figures),
            Outcome::Failed(Failed::Refused(text)) => TrialResult::Refused(super::one_line(&text)),
            Outcome::Failed(failed) => {
                TrialResult::Failed(self.about().no_result(Reply::Failed(failed)).to_string())
            }
        };
        Trial { position, result }
    }

    fn connect(&self) -> std::io::Result<Link> {
        let image = self.image();
        let program = match &self.sharing.mode {
            Mode::InProcess => return self.connect_here(image),
            Mode::Worker(program) => program,
        };
        let files = &self.job.files;
        let bars: u64 = files.iter().map(|file| file.info().bars as u64).sum();
        let order = Order {
            program,
            job: Job::Sweep(Box::new(self.work())),
            library: image.map(Image::fd),
            files: files.iter().map(|file| file.file().as_fd()).collect(),
            memory: self.sharing.limits.memory.saturating_add(bars.saturating_mul(BYTES_A_BAR)),
            silence: self.sharing.limits.silence,
        };
        Ok(Link::Process(Box::new(Worker::start(&order)?)))
    }

    /// The same conversation with a thread of this process, without protection.
    fn connect_here(&self, image: Option<&Image>) -> std::io::Result<Link> {
        let (ours, theirs) = UnixStream::pair()?;
        let library = image.map(Image::share).transpose()?;
        let files = self.job.files.iter().map(|file| file.file().try_clone().map(Into::into));
        let files = files.collect::<Result<Vec<_>, _>>()?;
        let work = self.work();
        thread::spawn(move || {
            answer_blocks(&theirs, 0, &work, library, files, &ProgressPage::default())
        });
        Ok(Link::Here(ours))
    }
}

fn ask_here(mut socket: &UnixStream, question: &[u8]) -> Result<Vec<u8>, Option<End>> {
    use std::io::Write;
    let mut answer = Answer::default();
    let read = socket.write_all(question).and_then(|()| answer.read(socket, 0));
    read.ok().flatten().map_or(Err(Some(End::Damaged)), Ok)
}
