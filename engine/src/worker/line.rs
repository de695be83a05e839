//! A thread's line to a worker of a sweep: asks for blocks, and finds the trial that a worker died of.

use std::{
    io::Write,
    os::{fd::AsFd, unix::net::UnixStream},
    sync::{PoisonError, atomic::Ordering},
    thread,
};

use engine_core::{
    metrics::Slice,
    sweep::{Passage, Span},
};
use strategy_api::abi::raw::ProgressPage;

use super::{
    BYTES_A_BAR, Mode, WorkerError,
    blocks::{Answer, Outcome, Question, Said, answer_blocks},
    evidence::Evidence,
    host::{End, Order, Worker},
    pool::{Desk, Trial, TrialResult},
    wire::{Failed, Job, Numbers, Reply, decode},
};
use crate::registry::image::Image;

/// Deaths of workers after which a sweep without a single good trial is given up.
const HOPELESS: u64 = 32;
/// One thread's connection to a worker, made when it is first needed and again after a death.
pub(super) struct Line<'a> {
    desk: &'a Desk,
    link: Option<Link>,
}

enum Link {
    Process(Box<Worker>),
    Here(UnixStream),
}

impl<'a> Line<'a> {
    pub(super) fn new(desk: &'a Desk) -> Self {
        Self { desk, link: None }
    }

    /// The trials of a block; `None` when the sweep was stopped.
    pub(super) fn block(
        &mut self,
        first: u64,
        count: u64,
    ) -> Result<Option<Vec<Trial>>, WorkerError> {
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
        let desk = self.desk;
        Ok(match self.put(&Question::Block { first, count })? {
            Ok(Said::Trials { trials, slices }) => {
                desk.keep(slices.iter().map(of_numbers));
                desk.good.fetch_add(trials.len() as u64, Ordering::Relaxed);
                Ok(trials.into_iter().map(|(at, outcome)| desk.trial(at, outcome)).collect())
            }
            Ok(Said::Unusable(reply)) => return Err(desk.about().no_result(*reply)),
            Ok(_) => Err(Some(End::Damaged)),
            Err(end) => Err(end),
        })
    }

    /// What the judgement of a sweep rests on; `None` when there is none to be had. A trial that a worker
    /// dies of has no returns.
    pub(super) fn evidence(
        &mut self,
        positions: Vec<u64>,
        slices: usize,
    ) -> Result<Option<Evidence>, WorkerError> {
        match self.look_at(positions.clone(), slices)? {
            Ok(found) => Ok(Some(found)),
            Err(Some(_)) if positions.len() > 1 => {
                let mut whole = Evidence::default();
                for position in positions {
                    match self.look_at(vec![position], slices)? {
                        Ok(found) => {
                            whole.slices.extend(found.slices);
                            (whole.returns, whole.profits) = (found.returns, found.profits);
                        }
                        Err(Some(_)) => {}
                        Err(None) => return Ok(None),
                    }
                }
                Ok(Some(whole))
            }
            Err(_) => Ok(None),
        }
    }

    fn look_at(
        &mut self,
        positions: Vec<u64>,
        slices: usize,
    ) -> Result<Result<Evidence, Option<End>>, WorkerError> {
        Ok(match self.put(&Question::Evidence { positions, slices })? {
            Ok(Said::Evidence { slices, returns, profits }) => {
                let slices = slices.iter().map(of_numbers).collect();
                Ok(Evidence { slices, returns: returns.0, profits: profits.0 })
            }
            Ok(_) => Err(Some(End::Damaged)),
            Err(end) => Err(end),
        })
    }

    /// The run of a trial on a stretch of its own, beginning with so much cash.
    pub(super) fn run(
        &mut self,
        position: u64,
        span: Span,
        cash: f64,
    ) -> Result<Passage, WorkerError> {
        let about = self.desk.about();
        match self.put(&Question::Run { position, span, cash })? {
            Ok(Said::Ran { equity, invested_steps, profits }) => {
                Ok(Passage { equity: equity.0, invested_steps, profits: profits.0 })
            }
            Ok(Said::NotRan(failed)) => Err(about.no_result(Reply::Failed(failed))),
            Ok(Said::Unusable(reply)) => Err(about.no_result(*reply)),
            Ok(_) | Err(None) => Err(WorkerError::Damaged { subject: about.subject }),
            Err(Some(end)) => match about.reply(end, &self.desk.sharing.limits) {
                Err(error) => Err(error),
                Ok(reply) => Err(about.no_result(reply)),
            },
        }
    }

    fn put(&mut self, question: &Question) -> Result<Result<Said, Option<End>>, WorkerError> {
        let start = |error: std::io::Error| WorkerError::Start(error.to_string());
        let question = question.to_bytes().map_err(start)?;
        let desk = self.desk;
        let link = match &mut self.link {
            Some(link) => link,
            none => none.insert(desk.connect().map_err(start)?),
        };
        let answer = match link {
            Link::Process(worker) => worker.ask(&question, desk.sharing.limits.silence, &desk.stop),
            Link::Here(socket) => ask_here(socket, &question),
        };
        let said = answer.and_then(|bytes| decode(&bytes).map_err(|_| Some(End::Damaged)));
        if said.is_err() {
            self.link = None;
        }
        Ok(said)
    }
}

/// Slices as they travel.
fn of_numbers((position, numbers): &(u64, Numbers)) -> (u64, Vec<Slice>) {
    let slice = |numbers: &[f64; 3]| {
        let [count, sum, squares] = *numbers;
        Slice { count, sum, squares }
    };
    (*position, numbers.0.as_chunks().0.iter().map(slice).collect())
}

impl Desk {
    fn keep(&self, slices: impl Iterator<Item = (u64, Vec<Slice>)>) {
        self.sampled.lock().unwrap_or_else(PoisonError::into_inner).extend(slices);
    }

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
    let mut answer = Answer::default();
    let read = socket.write_all(question).and_then(|()| answer.read(socket, 0));
    read.ok().flatten().ok_or(Some(End::Damaged))
}
