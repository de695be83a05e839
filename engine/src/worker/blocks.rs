//! Questions about the trials of a sweep, and their answers: what a long-lived worker is asked block
//! by block over its socket.
//!
//! A question is its length and its bytes; an answer is a record with length and checksum, then its
//! bytes. The bars are aligned once and indicator columns computed once for all blocks of a worker.

use std::{
    fs::File,
    io::{self, ErrorKind, Read, Write},
    mem::take,
    num::NonZeroU64,
    os::{fd::OwnedFd, unix::net::UnixStream},
    panic::{AssertUnwindSafe, catch_unwind},
};

use engine_core::{
    backtest::{Config, RunError, Stage, Summary, Trials},
    calendar::Calendar,
    metrics::slices,
    sweep::{Gauge, Passage, Plan, SessionRows, Span, TrialFigures},
    universe::Member,
};
use serde::{Deserialize, Serialize};
use strategy_api::{
    Resolution,
    abi::{layout::StrategyDef, raw::ProgressPage},
};

use super::{
    child::said,
    job::{definitions, failed, members, of_name, open_columns},
    measured::checksum,
    scenes::{Scenes, narrowed, traded},
    wire::{Done, Failed, Numbers, Reply, decode},
};
use crate::feed::ColumnFile;

/// Bytes of indicator columns that a worker keeps for later trials.
const MOST_COLUMN_BYTES: usize = 64 << 20;
/// Largest question and answer, bytes.
const MOST_BYTES: u64 = 1 << 30;

/// What all blocks of a sweep have in common.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SweepWork {
    /// Name of the strategy.
    pub(super) strategy: String,
    /// Which parameter sets.
    pub(super) plan: Plan,
    /// What else a trial depends on.
    pub(super) config: Config,
    /// The stretches that a trial is run on; none for the period that `config` names.
    pub(super) spans: Vec<Span>,
    /// Session calendar of what is traded.
    pub(super) calendar: Calendar,
    /// Risk-free rate, fraction per year.
    pub(super) annual_rf: f64,
    /// The trials whose returns are looked at while they are there.
    pub(super) sample: Option<Sample>,
}

/// Trials by which a sweep is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Of how many positions one is taken, from the first on.
    pub every: NonZeroU64,
    /// Slices that the sessions are cut into.
    pub slices: usize,
}

impl Sample {
    /// Whether a position belongs to it.
    #[must_use]
    pub fn has(&self, position: u64) -> bool {
        position.is_multiple_of(self.every.get())
    }
}

/// A question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Question {
    /// The trials among so many positions from the first on.
    Block { first: u64, count: u64 },
    /// The excess returns of the trials at these positions, by session, summed up in so many slices;
    /// of the last one all of them.
    Evidence { positions: Vec<u64>, slices: usize },
    /// The run of the trial at a position on a stretch of its own, beginning with so much cash.
    Run { position: u64, span: Span, cash: f64 },
}

/// What is said to a question.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Said {
    /// The trials of a block, in order, and the slices of those that belong to the sample.
    Trials { trials: Vec<(u64, Outcome)>, slices: Slices },
    /// Slices of the trials, and the returns of the last one with the net profits of its closed trades.
    Evidence { slices: Slices, returns: Numbers, profits: Numbers },
    /// A run.
    Ran { equity: Numbers, invested_steps: u64, profits: Numbers },
    /// There is no such run.
    NotRan(Failed),
    /// No trial can be run at all.
    Unusable(Box<Reply>),
}

/// Excess returns of the trials that have returns, by position: number, sum and sum of squares of each slice.
pub(super) type Slices = Vec<(u64, Numbers)>;

/// What came of a trial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Outcome {
    Done(TrialFigures),
    Failed(Failed),
}

impl Question {
    pub(super) fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let body = postcard::to_stdvec(self).map_err(io::Error::other)?;
        let mut bytes = (body.len() as u64).to_le_bytes().to_vec();
        bytes.extend(body);
        Ok(bytes)
    }

    /// The next question; `None` when the other side has no more.
    fn read(mut socket: &UnixStream) -> io::Result<Option<Self>> {
        let mut length = [0; 8];
        match socket.read_exact(&mut length) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let length = u64::from_le_bytes(length);
        if length > MOST_BYTES {
            return Err(ErrorKind::InvalidData.into());
        }
        let mut body = vec![0; length as usize];
        socket.read_exact(&mut body)?;
        decode(&body).map(Some)
    }
}

/// An answer that is being received.
#[derive(Debug, Default)]
pub(super) struct Answer {
    bytes: Vec<u8>,
}

impl Answer {
    /// Reads what is there without waiting; the bytes of the answer when it is whole.
    pub(super) fn read(
        &mut self,
        mut socket: &UnixStream,
        nonce: u64,
    ) -> io::Result<Option<Vec<u8>>> {
        let mut chunk = [0; 64 << 10];
        loop {
            match socket.read(&mut chunk) {
                Ok(0) => return Ok(None),
                Ok(count) => self.bytes.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            let Some(head) = self.bytes.first_chunk::<{ Done::BYTES }>() else { continue };
            let invalid = |what: &'static str| io::Error::new(ErrorKind::InvalidData, what);
            let done = Done::from_bytes(head).filter(|done| done.nonce == nonce);
            let done = done.ok_or_else(|| invalid("this is no answer"))?;
            if done.length > MOST_BYTES {
                return Err(invalid("the answer is too large"));
            }
            let body = &self.bytes[Done::BYTES..];
            if body.len() as u64 >= done.length {
                let whole = body.len() as u64 == done.length && checksum(body) == done.checksum;
                let body = whole.then(|| body.to_vec());
                return body.map(Some).ok_or_else(|| invalid("length or checksum differ"));
            }
        }
    }
}

/// Answers every question that comes over the socket, in a worker or a thread of this process.
pub(super) fn answer_blocks(
    socket: &UnixStream,
    nonce: u64,
    work: &SweepWork,
    library: Option<File>,
    files: Vec<OwnedFd>,
    progress: &ProgressPage,
) -> io::Result<()> {
    let prepared = catch_unwind(AssertUnwindSafe(|| prepare(work, library, files)));
    let prepared = prepared.unwrap_or_else(|payload| Err(Reply::Bug(said(payload))));
    let (def, files) = match prepared {
        Ok(found) => found,
        Err(reply) => return refuse(socket, nonce, reply),
    };
    let (members, resolution) = members(&files);
    let field = Field { def, members: &members, resolution, progress };
    let (seen, config) = narrowed(&members, &work.config, work.spans.first());
    let stage = Stage::new(&seen, resolution, config.to_ts);
    let market = stage.market(&config);
    let ground = match &work.spans[..] {
        [] | [_] => Trials::new(&stage, &market, def, &config, progress)
            .map(|trials| Ground::Whole(traded(&stage, &config), Box::new(trials))),
        spans => Ok(Ground::Stretches(Scenes::new(&members, resolution, &work.config, spans))),
    };
    let bench = ground.and_then(|ground| Bench::new(work, field, &stage, ground));
    let mut bench = match bench.map_err(|error| Reply::Failed(failed(error))) {
        Ok(bench) => bench,
        Err(reply) => return refuse(socket, nonce, reply),
    };
    while let Some(question) = Question::read(socket)? {
        progress.beat();
        let said = catch_unwind(AssertUnwindSafe(|| bench.answer(&question)))
            .unwrap_or_else(|payload| Said::Unusable(Box::new(Reply::Bug(said(payload)))));
        send(socket, nonce, &said)?;
    }
    Ok(())
}

fn prepare(
    work: &SweepWork,
    library: Option<File>,
    files: Vec<OwnedFd>,
) -> Result<(&'static StrategyDef, Vec<ColumnFile>), Reply> {
    Ok((of_name(&definitions(library)?, &work.strategy)?, open_columns(files)?))
}

/// Says the same to the first question, whatever it is.
fn refuse(socket: &UnixStream, nonce: u64, reply: Reply) -> io::Result<()> {
    match Question::read(socket)? {
        Some(_) => send(socket, nonce, &Said::Unusable(Box::new(reply))),
        None => Ok(()),
    }
}

fn send(mut socket: &UnixStream, nonce: u64, said: &Said) -> io::Result<()> {
    let body = postcard::to_stdvec(said).map_err(io::Error::other)?;
    let done = Done { nonce, length: body.len() as u64, checksum: checksum(&body) };
    socket.write_all(&done.to_bytes())?;
    socket.write_all(&body)
}

/// What is given.
#[derive(Clone, Copy)]
struct Field<'a> {
    def: &'static StrategyDef,
    members: &'a [Member<'a>],
    resolution: Resolution,
    progress: &'a ProgressPage,
}

/// What trials are run on: one stretch, by its traded bars, or several.
enum Ground<'a> {
    Whole(&'a [i64], Box<Trials<'a>>),
    Stretches(Scenes<'a>),
}

impl Ground<'_> {
    fn run(&mut self, field: &Field<'_>, values: &[f64]) -> Result<Summary<'_>, RunError> {
        match self {
            Self::Whole(_, trials) => trials.run(values),
            Self::Stretches(scenes) => scenes.run(field.def, values, field.progress),
        }
    }
}

/// What trials are run and measured on.
struct Bench<'a> {
    work: &'a SweepWork,
    field: Field<'a>,
    stage: &'a Stage<'a>,
    ground: Ground<'a>,
    sessions: SessionRows,
    rf: f64,
    gauge: Gauge,
    values: Vec<f64>,
    /// Excess returns of a trial, by session.
    excess: Vec<f64>,
}

impl<'a> Bench<'a> {
    fn new(
        work: &'a SweepWork,
        field: Field<'a>,
        stage: &'a Stage<'a>,
        ground: Ground<'a>,
    ) -> Result<Self, RunError> {
        let calendar = work.calendar;
        let sessions = match &ground {
            Ground::Whole(traded, _) => SessionRows::of(calendar, field.resolution, traded),
            Ground::Stretches(scenes) => scenes.sessions(calendar, field.resolution)?,
        };
        let rf = sessions.risk_free(work.annual_rf);
        let (gauge, values, excess) = (Gauge::default(), Vec::new(), Vec::new());
        Ok(Self { work, field, stage, ground, sessions, rf, gauge, values, excess })
    }

    fn answer(&mut self, question: &Question) -> Said {
        match question {
            Question::Block { first, count } => self.trials(*first, *count),
            Question::Evidence { positions, slices } => self.evidence(positions, *slices),
            Question::Run { position, span, cash } => self.stretch(*position, span, *cash),
        }
    }

    fn trials(&mut self, first: u64, count: u64) -> Said {
        self.stage.forget_columns_beyond(MOST_COLUMN_BYTES);
        if let Ground::Stretches(scenes) = &self.ground {
            scenes.forget_columns_beyond(MOST_COLUMN_BYTES);
        }
        let (mut trials, mut slices) = (Vec::new(), Vec::new());
        for position in first..(first + count).min(self.work.plan.positions()) {
            if self.work.plan.values(position, &mut self.values) {
                self.field.progress.beat();
                trials.push((position, self.trial()));
                if let Some(sample) = self.work.sample.filter(|sample| sample.has(position)) {
                    let sliced = self
                        .gauge
                        .returns()
                        .map(|returns| sliced(returns, self.rf, sample.slices, &mut self.excess));
                    slices.extend(sliced.map(|sliced| (position, sliced)));
                }
            }
        }
        Said::Trials { trials, slices }
    }

    fn evidence(&mut self, positions: &[u64], count: usize) -> Said {
        let (mut slices, mut returns, mut profits) = (Vec::new(), Vec::new(), Vec::new());
        self.excess.clear();
        for position in positions {
            self.work.plan.values(*position, &mut self.values);
            self.field.progress.beat();
            let cash = self.work.config.cash;
            let run = self.ground.run(&self.field, &self.values);
            profits.clear();
            let has_returns = run.is_ok_and(|run| {
                profits.extend_from_slice(run.profits);
                self.sessions.returns(cash, run.equity, &mut returns)
            });
            self.excess.clear();
            if has_returns {
                slices.push((*position, sliced(&returns, self.rf, count, &mut self.excess)));
            }
        }
        Said::Evidence {
            slices,
            returns: Numbers(take(&mut self.excess)),
            profits: Numbers(profits),
        }
    }

    fn stretch(&mut self, position: u64, span: &Span, cash: f64) -> Said {
        let Field { def, members, resolution, progress } = self.field;
        self.work.plan.values(position, &mut self.values);
        let (seen, config) = narrowed(members, &self.work.config, Some(span));
        let config = Config { cash, ..config };
        let stage = Stage::new(&seen, resolution, config.to_ts);
        match stage.run(def, &self.values, &config, progress) {
            Ok(run) => {
                let Passage { equity, invested_steps, profits } =
                    Passage::of(run, &stage.last_closes());
                Said::Ran { equity: Numbers(equity), invested_steps, profits: Numbers(profits) }
            }
            Err(error) => Said::NotRan(failed(error)),
        }
    }

    fn trial(&mut self) -> Outcome {
        let cash = self.work.config.cash;
        match self.ground.run(&self.field, &self.values) {
            Ok(run) => Outcome::Done(self.gauge.measure(&run, &self.sessions, cash, self.rf)),
            Err(error) => {
                self.gauge.forget();
                Outcome::Failed(failed(error))
            }
        }
    }
}

/// What returns are above the risk-free one, summed up in so many slices.
fn sliced(returns: &[f64], rf: f64, count: usize, excess: &mut Vec<f64>) -> Numbers {
    excess.clear();
    excess.extend(returns.iter().map(|value| value - rf));
    let slices = slices(excess, count);
    Numbers(slices.iter().flat_map(|slice| [slice.count, slice.sum, slice.squares]).collect())
}
