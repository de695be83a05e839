//! Runs the code of strategies in a process of its own, so that nothing a plugin does can end, block
//! or mislead the program that was asked for a result.
//!
//! A worker is this program again, started with a hidden command. It gets a job and open files over a
//! socket, maps the bars read-only, runs the engine around the strategy, writes the result into shared
//! memory, and says in a last record that the result is whole. Only that record makes a result: a
//! plugin that ends the process with code 0 has none. Meanwhile a page shared by both says where the
//! strategy is, so that a fault is named with callback and bar, and one that gets nowhere is killed.
//!
//! The same job can be done in this process ([`Mode::InProcess`]), for benchmarks and debuggers; then
//! none of these promises hold. Finding strategies is left to the registry, bars to the feed.

mod blocks;
mod child;
mod crew;
mod error;
mod evidence;
mod host;
mod job;
mod line;
mod measured;
mod output;
mod pool;
mod ran;
mod scenes;
mod spare;
mod wire;

use std::{
    os::fd::AsFd,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use engine_core::{
    backtest::{Config, prove::Proof},
    universe::Alignment,
};
use strategy_api::{
    Resolution,
    abi::{
        host::callback_name,
        layout::{CALLBACK_START, Progress},
        raw::ProgressPage,
    },
};

use crate::{
    feed::ColumnFile,
    registry::{Resolved, facts::StrategyFacts, image::Image},
};
use host::{End, Order, execute, signal_of};
use wire::{Failed, Job, Reply};

pub use blocks::Sample;
pub use child::serve;
pub use crew::Crew;
pub use error::{Place, Subject, WorkerError};
pub use evidence::{Again, Evidence, Pending};
pub use host::see_off;
pub use pool::{Block, Next, Pool, Sharing, SweepJob, Trial, TrialResult};
pub use ran::{Detail, Ran, Wants};
pub use spare::prepare;
pub use wire::{COMMAND, Refusal};

/// How long a file may take to be looked into.
const PROBE_SILENCE: Duration = Duration::from_secs(2);

/// The program that is running.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// What a worker may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long it may get nowhere.
    pub silence: Duration,
    /// Address space over and above the bars, bytes.
    pub memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { silence: Duration::from_secs(10), memory: 2 << 30 }
    }
}

/// Where a job is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In a worker: this program.
    Worker(PathBuf),
    /// In this process, without its protection.
    InProcess,
}

impl Mode {
    /// A worker of the program that is running.
    #[must_use]
    pub fn worker() -> Self {
        Self::Worker(PathBuf::from(THIS_PROGRAM))
    }
}

/// A run to be done.
#[derive(Clone, Copy, Debug)]
pub struct RunJob<'a> {
    /// The bars, in the order of the run's symbols.
    pub files: &'a [ColumnFile],
    /// Values of the strategy's parameters.
    pub values: &'a [f64],
    /// What else the run depends on.
    pub config: &'a Config,
    /// Finer bars that settle what the bars leave open, in the order of the run's symbols where they
    /// are held; empty for none.
    pub finer: &'a [Option<ColumnFile>],
}

impl RunJob<'_> {
    /// Which symbols have finer bars.
    fn has_finer(&self) -> Vec<bool> {
        self.finer.iter().map(Option::is_some).collect()
    }
}

/// Runs a strategy and measures it.
///
/// # Errors
/// When the strategy fails, dies, hangs or refuses, or there is nothing to trade.
pub fn run(
    strategy: &Resolved,
    job: &RunJob<'_>,
    wants: Wants,
    limits: &Limits,
    mode: &Mode,
) -> Result<Ran, WorkerError> {
    let asked = Job::Run {
        strategy: strategy.facts().name.clone(),
        values: job.values.to_vec(),
        config: job.config.clone(),
        has_finer: job.has_finer(),
        wants,
    };
    let about = About::run(strategy, job);
    match about.perform(strategy, asked, limits, mode)? {
        Reply::Ran(sent) => Ok((*sent).into()),
        other => Err(about.no_result(other)),
    }
}

/// Proves that no order of a run depends on bars after its decision.
///
/// # Errors
/// As [`run`], also when the strategy fails in a future of the proof.
pub fn prove(
    strategy: &Resolved,
    job: &RunJob<'_>,
    limits: &Limits,
    mode: &Mode,
) -> Result<Proof, WorkerError> {
    let asked = Job::Prove {
        strategy: strategy.facts().name.clone(),
        values: job.values.to_vec(),
        config: job.config.clone(),
        has_finer: job.has_finer(),
    };
    let about = About::run(strategy, job);
    match about.perform(strategy, asked, limits, mode)? {
        Reply::Proved(proof) => Ok(*proof),
        other => Err(about.no_result(other)),
    }
}

/// Checks that a strategy behaves on the bars of one file: no fault, the same result twice and at
/// every pace, and no look into the future at `cuts` places. Gives what was found.
///
/// # Errors
/// As [`run`].
pub fn check(
    strategy: &Resolved,
    file: &ColumnFile,
    values: &[f64],
    cuts: usize,
    limits: &Limits,
    mode: &Mode,
) -> Result<Vec<String>, WorkerError> {
    let name = strategy.facts().name.clone();
    let asked = Job::Check { strategy: name, values: values.to_vec(), cuts };
    let files = std::slice::from_ref(file);
    let subject = subject_of(strategy);
    let about = About { subject, files, finer: &[], from: None, since: None, until: None };
    match about.perform(strategy, asked, limits, mode)? {
        Reply::Checked(findings) => Ok(findings),
        other => Err(about.no_result(other)),
    }
}

/// Asks the sealed bytes of a library for its strategies, in a worker of `program`.
///
/// A strategy that breaks when it is started without bars is still described, without its warm-up.
///
/// # Errors
/// When the library breaks its process or hangs; inside, when it cannot be used.
pub fn probe(
    program: &Path,
    image: &Image,
) -> Result<Result<Vec<StrategyFacts>, Refusal>, WorkerError> {
    let subject = Subject { strategy: None, file: None };
    let about = About { subject, files: &[], finer: &[], from: None, since: None, until: None };
    let limits = Limits { silence: PROBE_SILENCE, ..Limits::default() };
    let (began, mut skip) = (Instant::now(), Some(Vec::new()));
    loop {
        let job = Job::Probe { skip: skip.clone() };
        let end = about.execute(program, job, Some(image), &limits)?;
        let breaker = match &end {
            End::Exit(_, progress, _) | End::Silent(progress, _)
                if progress.callback == CALLBACK_START && skip.is_some() =>
            {
                progress.beat.saturating_sub(1)
            }
            _ => {
                return match about.reply(end, &limits)? {
                    Reply::Probed(all) => Ok(Ok(all)),
                    Reply::NotOpened(refusal) => Ok(Err(refusal)),
                    other => Err(about.no_result(other)),
                };
            }
        };
        let in_time = began.elapsed() < PROBE_SILENCE / 2;
        skip = skip.filter(|skip| in_time && !skip.contains(&breaker));
        skip.iter_mut().for_each(|skip| skip.push(breaker));
    }
}

fn subject_of(strategy: &Resolved) -> Subject {
    Subject { strategy: Some(strategy.facts().name.clone()), file: strategy.file() }
}

/// What a job is about, to name the place of a fault.
struct About<'a> {
    subject: Subject,
    files: &'a [ColumnFile],
    finer: &'a [Option<ColumnFile>],
    /// First instant that may be traded.
    from: Option<i64>,
    /// Start of the first step, where steps are not counted from the first bar.
    since: Option<i64>,
    until: Option<i64>,
}

impl<'a> About<'a> {
    fn run(strategy: &Resolved, job: &RunJob<'a>) -> Self {
        let RunJob { files, finer, config, .. } = *job;
        let (from, until) = (config.from_ts, config.to_ts);
        Self { subject: subject_of(strategy), files, finer, from, since: None, until }
    }

    /// Every file of the job: the bars, then the finer ones.
    fn all_files(&self) -> impl Iterator<Item = &'a ColumnFile> + use<'a> {
        self.files.iter().chain(self.finer.iter().flatten())
    }

    fn perform(
        &self,
        strategy: &Resolved,
        job: Job,
        limits: &Limits,
        mode: &Mode,
    ) -> Result<Reply, WorkerError> {
        let image = strategy.image();
        match mode {
            Mode::Worker(program) => self.reply(self.execute(program, job, image, limits)?, limits),
            Mode::InProcess => self.perform_here(&job, image),
        }
    }

    fn perform_here(&self, job: &Job, image: Option<&Image>) -> Result<Reply, WorkerError> {
        let start = |error: std::io::Error| WorkerError::Start(error.to_string());
        let library = image.map(Image::share).transpose().map_err(start)?;
        let files = self.all_files().map(|file| file.file().try_clone().map(Into::into));
        let files = files.collect::<Result<Vec<_>, _>>().map_err(start)?;
        let mut done = None;
        job::perform(job, library, files, &ProgressPage::default(), |reply| done = Some(reply));
        Ok(done.expect("every job has an end"))
    }

    fn execute(
        &self,
        program: &Path,
        job: Job,
        image: Option<&Image>,
        limits: &Limits,
    ) -> Result<End, WorkerError> {
        let bars: u64 = self.all_files().map(|file| file.info().bars as u64).sum();
        let order = Order {
            program,
            job,
            library: image.map(Image::fd),
            files: self.all_files().map(|file| file.file().as_fd()).collect(),
            memory: limits.memory.saturating_add(bars.saturating_mul(BYTES_A_BAR)),
            silence: limits.silence,
        };
        execute(&order).map_err(|error| WorkerError::Start(error.to_string()))
    }

    fn reply(&self, end: End, limits: &Limits) -> Result<Reply, WorkerError> {
        let subject = self.subject.clone();
        let (progress, output, status) = match end {
            End::Reply(reply) => return Ok(*reply),
            End::Damaged => return Err(WorkerError::Damaged { subject }),
            End::Exit(status, progress, output) => (progress, output, Some(status)),
            End::Silent(progress, output) => (progress, output, None),
        };
        let place = self.place(progress);
        if output.is_out_of_memory() {
            return Err(WorkerError::Memory { subject, limit: limits.memory, place });
        }
        let said = output.last().map(str::to_owned);
        let Some(status) = status else {
            return Err(WorkerError::Silent { subject, limit: limits.silence, place });
        };
        Err(match signal_of(status) {
            Some(signal) => {
                let name = error::signal_name(signal);
                WorkerError::Died { subject, signal, name, place, said }
            }
            None => {
                let code = status.code().unwrap_or_default();
                WorkerError::Exited { subject, code, place, said }
            }
        })
    }

    fn no_result(&self, reply: Reply) -> WorkerError {
        let subject = self.subject.clone();
        match reply {
            Reply::NotOpened(Refusal { reason, detail, .. }) => {
                tracing::debug!(detail, "a plugin is refused: {reason}");
                WorkerError::NotOpened { subject, reason }
            }
            Reply::Failed(Failed::NoBars) => {
                WorkerError::NoBars(error::no_bars((self.from, self.until), self.files))
            }
            Reply::Failed(Failed::Columns(text)) => WorkerError::Columns(text),
            Reply::Failed(Failed::Column(text)) => WorkerError::Column { subject, text },
            Reply::Failed(Failed::Refused(text)) => {
                WorkerError::Refused { subject, text: one_line(&text) }
            }
            Reply::Failed(Failed::Fault { callback, at, ts, text }) => {
                let place =
                    Box::new(Place { callback, bar: at, ts, resolution: self.resolution() });
                WorkerError::Fault { subject, place, text: one_line(&text) }
            }
            Reply::Bug(text) => WorkerError::Bug { subject, text: one_line(&text) },
            Reply::Ran(..) | Reply::Probed(_) | Reply::Proved(_) | Reply::Checked(_) => {
                WorkerError::Damaged { subject }
            }
        }
    }

    fn place(&self, progress: Progress) -> Box<Place> {
        let bar = usize::try_from(progress.at).unwrap_or(usize::MAX);
        Box::new(Place {
            callback: callback_name(progress.callback).to_owned(),
            bar,
            ts: self.start_of(bar),
            resolution: self.resolution(),
        })
    }

    fn resolution(&self) -> Resolution {
        job::members(self.files).1
    }

    /// Start of a step of the timeline that the worker worked on.
    fn start_of(&self, bar: usize) -> Option<i64> {
        if self.files.is_empty() {
            return None;
        }
        let until = self.until.unwrap_or(i64::MAX);
        let (members, _) = job::members(self.files);
        let alignment = Alignment::of(&members);
        let timeline = alignment.timeline(&members);
        let first = timeline.partition_point(|ts| *ts < self.since.unwrap_or(i64::MIN));
        timeline[first..].get(bar).copied().filter(|ts| *ts <= until)
    }
}

/// Address space that a bar may take: mapped columns, indicator columns, equity and the result.
const BYTES_A_BAR: u64 = 256;

/// A text of a plugin, in one line and without control characters.
fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    lines.join(" ").chars().map(plain).take(1000).collect()
}
