//! Questions about the trials of a sweep, and their answers: what a long-lived worker is asked block
//! by block over its socket.
//!
//! A question is its length and its bytes; an answer is a record with length and checksum, then its
//! bytes. The bars are aligned once and indicator columns computed once for all blocks of a worker.

use std::{
    fs::File,
    io::{self, ErrorKind, Read, Write},
    os::{fd::OwnedFd, unix::net::UnixStream},
    panic::{AssertUnwindSafe, catch_unwind},
};

use engine_core::{
    backtest::{Config, Stage, Trials},
    calendar::Calendar,
    metrics::slices,
    sweep::{Gauge, Plan, SessionRows, TrialFigures},
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
    /// Name of the session calendar.
    pub(super) calendar: String,
    /// Risk-free rate, fraction per year.
    pub(super) annual_rf: f64,
}

/// A question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Question {
    /// The trials among so many positions from the first on.
    Block { first: u64, count: u64 },
    /// The excess returns of the trials at these positions, by session, summed up in so many slices;
    /// of the last one all of them.
    Evidence { positions: Vec<u64>, slices: usize },
}

/// What is said to a question.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Said {
    /// The trials of a block, in order.
    Trials(Vec<(u64, Outcome)>),
    /// Slices (number, sum, squares) of the trials that have returns, and the returns of the last.
    Evidence { slices: Vec<Numbers>, returns: Numbers },
    /// No trial can be run at all.
    Unusable(Box<Reply>),
}

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
    let stage = Stage::new(&members, resolution, work.config.to_ts);
    let market = stage.market(&work.config);
    let trials = Trials::new(&stage, &market, def, &work.config, progress);
    let bench = trials.map_err(|error| Reply::Failed(failed(error)));
    let bench = bench.and_then(|trials| Bench::new(work, &stage, trials, resolution, progress));
    let mut bench = match bench {
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

/// What trials are run and measured on.
struct Bench<'a> {
    work: &'a SweepWork,
    stage: &'a Stage<'a>,
    runs: Trials<'a>,
    sessions: SessionRows,
    rf: f64,
    gauge: Gauge,
    values: Vec<f64>,
    progress: &'a ProgressPage,
}

impl<'a> Bench<'a> {
    fn new(
        work: &'a SweepWork,
        stage: &'a Stage<'a>,
        runs: Trials<'a>,
        resolution: Resolution,
        progress: &'a ProgressPage,
    ) -> Result<Self, Reply> {
        let timeline = stage.timeline();
        let from = work.config.from_ts.unwrap_or(i64::MIN);
        let traded = &timeline[timeline.partition_point(|ts| *ts < from)..];
        let calendar: Calendar =
            work.calendar.parse().map_err(|_| Reply::Bug("an unknown calendar".to_owned()))?;
        let sessions = SessionRows::of(calendar, resolution, traded);
        let rf = sessions.risk_free(work.annual_rf);
        let (gauge, values) = (Gauge::default(), Vec::new());
        Ok(Self { work, stage, runs, sessions, rf, gauge, values, progress })
    }

    fn answer(&mut self, question: &Question) -> Said {
        match question {
            Question::Block { first, count } => Said::Trials(self.trials(*first, *count)),
            Question::Evidence { positions, slices } => self.evidence(positions, *slices),
        }
    }

    fn trials(&mut self, first: u64, count: u64) -> Vec<(u64, Outcome)> {
        self.stage.forget_columns_beyond(MOST_COLUMN_BYTES);
        let mut trials = Vec::new();
        for position in first..(first + count).min(self.work.plan.positions()) {
            if self.work.plan.values(position, &mut self.values) {
                self.progress.beat();
                trials.push((position, self.trial()));
            }
        }
        trials
    }

    fn evidence(&mut self, positions: &[u64], count: usize) -> Said {
        let (mut found, mut returns) = (Vec::new(), Vec::new());
        for position in positions {
            self.work.plan.values(*position, &mut self.values);
            self.progress.beat();
            let cash = self.work.config.cash;
            let run = self.runs.run(&self.values);
            let has_returns =
                run.is_ok_and(|run| self.sessions.returns(cash, run.equity, &mut returns));
            if has_returns {
                returns.iter_mut().for_each(|value| *value -= self.rf);
                let slices = slices(&returns, count);
                let numbers =
                    slices.iter().flat_map(|slice| [slice.count, slice.sum, slice.squares]);
                found.push(Numbers(numbers.collect()));
            } else {
                returns.clear();
            }
        }
        Said::Evidence { slices: found, returns: Numbers(returns) }
    }

    fn trial(&mut self) -> Outcome {
        let cash = self.work.config.cash;
        match self.runs.run(&self.values) {
            Ok(run) => Outcome::Done(self.gauge.measure(&run, &self.sessions, cash, self.rf)),
            Err(error) => Outcome::Failed(failed(error)),
        }
    }
}
