//! What host and worker say to each other over a socket: one message with a job and the files it
//! needs, and one record that says the result is complete.

use std::{
    io::{self, IoSlice, IoSliceMut, Read, Write},
    mem::{MaybeUninit, take},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
};

use engine_core::{
    backtest::{self, prove::Proof},
    ledger::{AccountEntry, Trade},
    metrics::{Metrics, SessionEquity},
    order::{FillRecord, OrderRecord},
};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{Ran, Wants, blocks::SweepWork};
use crate::{
    registry::facts::StrategyFacts,
    report::{Measured, Tally, record::Stored},
};

/// The hidden command that makes this program a worker.
pub const COMMAND: &str = "worker";

/// Files that one message of the system may carry.
const FILES_AT_ONCE: usize = 250;
const JOB_MAGIC: u64 = u64::from_le_bytes(*b"algo.job");
const DONE_MAGIC: u64 = u64::from_le_bytes(*b"algo.end");
/// Largest job, bytes.
const MAX_JOB: usize = 64 << 20;

/// A job with what surrounds it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Envelope {
    /// Random number that the record of completion must repeat.
    pub(super) nonce: u64,
    /// Process that waits for the result.
    pub(super) host: u32,
    /// Address space that the worker may use, bytes.
    pub(super) memory: u64,
    /// Whether the third file is a library; else the strategy is built in.
    pub(super) has_library: bool,
    /// What to do.
    pub(super) job: Job,
}

/// What a worker can do. The files of a job come after the progress page, the file for the result,
/// and the library.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Job {
    /// Say what the library holds.
    Probe {
        /// Strategies, by index, that must not be started to learn their warm-up; `None` for all.
        skip: Option<Vec<u32>>,
    },
    /// Run a strategy over column files.
    Run {
        /// Name.
        strategy: String,
        /// Values of its parameters.
        values: Vec<f64>,
        /// What else the run depends on.
        config: backtest::Config,
        /// For each symbol whether a file of finer bars follows those of the run; empty for none.
        has_finer: Vec<bool>,
        /// What is to come back.
        wants: Wants,
    },
    /// Prove that the orders of a run do not depend on later bars.
    Prove {
        /// Name.
        strategy: String,
        /// Values of its parameters.
        values: Vec<f64>,
        /// What else the run depends on.
        config: backtest::Config,
        /// For each symbol whether a file of finer bars follows those of the run; empty for none.
        has_finer: Vec<bool>,
    },
    /// Answer questions about the trials of a sweep until there are no more.
    Sweep(Box<SweepWork>),
    /// Check that a strategy behaves, over one column file.
    Check {
        /// Name.
        strategy: String,
        /// Values of its parameters.
        values: Vec<f64>,
        /// Bars from which on the future is changed.
        cuts: usize,
    },
}

/// What came of a job.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    /// The strategies of the library.
    Probed(Vec<StrategyFacts>),
    /// The library cannot be used.
    NotOpened(Refusal),
    /// The result of a run.
    Ran(Box<Sent>),
    /// The run has no result.
    Failed(Failed),
    /// What a proof found.
    Proved(Box<Proof>),
    /// What a check found, empty when all is well.
    Checked(Vec<String>),
    /// Our own code failed.
    Bug(String),
}

/// A run on its way: what is long travels as columns, beside a result without it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Sent {
    rest: backtest::RunResult,
    equity: Numbers,
    orders: Columns<Vec<OrderRecord>>,
    fills: Columns<Vec<FillRecord>>,
    entries: Columns<Vec<AccountEntry>>,
    trades: Columns<Vec<Trade>>,
    metrics: Metrics,
    sessions: Columns<SessionEquity>,
    tally: Tally,
    grounds: Vec<(String, Bytes)>,
}

impl From<Ran> for Sent {
    fn from(ran: Ran) -> Self {
        let Ran { mut result, figures, tally, grounds } = ran;
        Self {
            equity: Numbers(take(&mut result.equity)),
            orders: Columns(take(&mut result.orders)),
            fills: Columns(take(&mut result.fills)),
            entries: Columns(take(&mut result.entries)),
            trades: Columns(take(&mut result.trades)),
            rest: result,
            metrics: figures.metrics,
            sessions: Columns(figures.sessions),
            tally,
            grounds: grounds.into_iter().map(|(kind, bytes)| (kind, Bytes(bytes))).collect(),
        }
    }
}

impl From<Sent> for Ran {
    fn from(sent: Sent) -> Self {
        let result = backtest::RunResult {
            equity: sent.equity.0,
            orders: sent.orders.0,
            fills: sent.fills.0,
            entries: sent.entries.0,
            trades: sent.trades.0,
            ..sent.rest
        };
        let figures = Measured { metrics: sent.metrics, sessions: sent.sessions.0 };
        let grounds = sent.grounds.into_iter().map(|(kind, bytes)| (kind, bytes.0)).collect();
        Self { result, figures, tally: sent.tally, grounds }
    }
}

/// Bytes that travel as they are.
#[derive(Debug)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: &[u8] = Deserialize::deserialize(deserializer)?;
        Ok(Self(bytes.to_owned()))
    }
}

/// A list that travels in its stored form.
#[derive(Debug)]
struct Columns<T>(T);

impl<T: Stored> Serialize for Columns<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0.to_bytes())
    }
}

impl<'de, T: Stored> Deserialize<'de> for Columns<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: &[u8] = Deserialize::deserialize(deserializer)?;
        T::from_bytes(bytes).map(Self).map_err(D::Error::custom)
    }
}

/// Numbers that travel as one piece of memory instead of one by one.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Numbers(pub(super) Vec<f64>);

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytemuck::cast_slice(&self.0))
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes: &[u8] = Deserialize::deserialize(deserializer)?;
        let (numbers, rest) = bytes.as_chunks();
        if !rest.is_empty() {
            return Err(D::Error::custom("a number is cut short"));
        }
        Ok(Self(numbers.iter().map(|bytes| f64::from_ne_bytes(*bytes)).collect()))
    }
}

/// Why a library cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// In one line.
    pub reason: String,
    /// All that there is to say, for the log.
    pub detail: Option<String>,
    /// Whether the same bytes would be refused again, whatever else changes.
    pub lasting: bool,
}

/// Why a run has no result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Failed {
    /// There is nothing to trade.
    NoBars,
    /// A column that this engine cannot compute.
    Column(String),
    /// A file of columns cannot be used.
    Columns(String),
    /// The strategy would not start.
    Refused(String),
    /// The strategy failed.
    Fault { callback: String, at: usize, ts: Option<i64>, text: String },
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Sends a job with its files.
pub(super) fn send_job(
    socket: &UnixStream,
    envelope: &Envelope,
    files: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let body = postcard::to_stdvec(envelope).map_err(io::Error::other)?;
    let mut head = Vec::with_capacity(24);
    for number in [JOB_MAGIC, body.len() as u64, files.len() as u64] {
        head.extend(number.to_le_bytes());
    }
    let mut socket = socket;
    socket.write_all(&head)?;
    for batch in files.chunks(FILES_AT_ONCE) {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES_AT_ONCE))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !control.push(SendAncillaryMessage::ScmRights(batch)) {
            return Err(invalid("too many files in one message"));
        }
        sendmsg(socket, &[IoSlice::new(&[0])], &mut control, SendFlags::NOSIGNAL)?;
    }
    socket.write_all(&body)
}

/// Receives a job with its files.
pub(super) fn receive_job(socket: &UnixStream) -> io::Result<(Envelope, Vec<OwnedFd>)> {
    let mut socket = socket;
    let mut head = [0; 24];
    socket.read_exact(&mut head)?;
    let number = |index: usize| {
        u64::from_le_bytes(head[index * 8..][..8].try_into().expect("8 bytes of 24"))
    };
    if number(0) != JOB_MAGIC {
        return Err(invalid("this is no job"));
    }
    let (length, count) = (number(1) as usize, number(2) as usize);
    if length > MAX_JOB {
        return Err(invalid("the job is too large"));
    }
    let mut files = Vec::with_capacity(count.min(FILES_AT_ONCE));
    while files.len() < count {
        let before = files.len();
        receive_files(socket, &mut files)?;
        if files.len() == before {
            return Err(invalid("a file of the job is missing"));
        }
    }
    let mut body = vec![0; length];
    socket.read_exact(&mut body)?;
    Ok((decode(&body)?, files))
}

fn receive_files(socket: &UnixStream, files: &mut Vec<OwnedFd>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FILES_AT_ONCE))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(
        socket.as_fd(),
        &mut [IoSliceMut::new(&mut byte)],
        &mut control,
        RecvFlags::CMSG_CLOEXEC | RecvFlags::WAITALL,
    )?;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            files.extend(received);
        }
    }
    Ok(())
}

/// Reads what was written with postcard.
pub(super) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> io::Result<T> {
    postcard::from_bytes(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// The record that says a result is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Done {
    /// The number of the job.
    pub(super) nonce: u64,
    /// Length of the result, bytes.
    pub(super) length: u64,
    /// [`super::measured::checksum`] of the result.
    pub(super) checksum: u64,
}

impl Done {
    /// Length of a record, bytes.
    pub(super) const BYTES: usize = 32;

    pub(super) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let numbers = [DONE_MAGIC, self.nonce, self.length, self.checksum];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let number = |index: usize| {
            u64::from_le_bytes(bytes[index * 8..][..8].try_into().expect("8 bytes of 32"))
        };
        let done = Self { nonce: number(1), length: number(2), checksum: number(3) };
        (number(0) == DONE_MAGIC).then_some(done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_arrives_with_all_its_files() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let files: Vec<_> = (0..600).map(|_| tempfile::tempfile().unwrap()).collect();
        let borrowed: Vec<_> = files.iter().map(AsFd::as_fd).collect();
        let job = Job::Probe { skip: Some(vec![3]) };
        let envelope = Envelope { nonce: 7, host: 1, memory: 9, has_library: true, job };
        let sent = std::thread::scope(|scope| {
            scope.spawn(|| send_job(&ours, &envelope, &borrowed).unwrap());
            receive_job(&theirs).unwrap()
        });
        assert_eq!(format!("{:?}", sent.0), format!("{envelope:?}"));
        assert_eq!(sent.1.len(), 600);
    }

    #[test]
    fn numbers_arrive_with_every_bit() {
        let numbers = Numbers(vec![1.5, -0.0, f64::MIN_POSITIVE, f64::NAN]);
        let bytes = postcard::to_stdvec(&(true, &numbers)).unwrap();
        let (_, read): (bool, Numbers) = decode(&bytes).unwrap();
        let bits =
            |numbers: &Numbers| -> Vec<u64> { numbers.0.iter().map(|n| n.to_bits()).collect() };
        assert_eq!(bits(&read), bits(&numbers));
        assert!(decode::<(bool, Numbers)>(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn a_record_is_read_as_it_was_written_and_nothing_else_is_one() {
        let done = Done { nonce: 1, length: 2, checksum: 3 };
        assert_eq!(Done::from_bytes(&done.to_bytes()), Some(done));
        assert_eq!(Done::from_bytes(&[0; Done::BYTES]), None);
    }
}
