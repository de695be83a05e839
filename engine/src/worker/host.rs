//! The host's side: starts a worker, waits for its record, and when there is none finds out why.

use std::{
    fs::File,
    hash::{BuildHasher, RandomState},
    io::{self, PipeReader, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt, process::ExitStatusExt},
    },
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create},
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open},
};
use strategy_api::abi::layout::Progress;

use super::{
    blocks::Answer,
    measured::checksum,
    output::Output,
    spare,
    wire::{COMMAND, Done, Envelope, Job, Reply, decode, send_job},
};
use crate::registry::foreign::{SharedProgress, map_progress, map_whole};

/// How long the rest of what a worker printed is read after its end.
const GRACE: Duration = Duration::from_millis(50);
/// How long a worker may take to die after it said that it has no memory.
const DYING: Duration = Duration::from_millis(500);
/// How long it may take to notice that the waiting is to stop.
const STOPPING: Duration = Duration::from_millis(100);
/// All of a worker's environment: long columns in large pages, which saves a million bars some ten
/// thousand page faults.
const LARGE_PAGES: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
/// Bytes of the file that holds the progress page.
const PAGE: u64 = 4096;

/// Workers that have answered and were killed, until somebody has seen their end.
static LEFT: Mutex<Vec<Child>> = Mutex::new(Vec::new());

/// How a worker ended.
#[derive(Debug)]
pub(super) enum End {
    /// With a whole result.
    Reply(Box<Reply>),
    /// With a result that is not whole.
    Damaged,
    /// Without one.
    Exit(ExitStatus, Progress, Output),
    /// Not at all, for longer than it may.
    Silent(Progress, Output),
}

/// What a worker is started with.
pub(super) struct Order<'a> {
    pub(super) program: &'a Path,
    pub(super) job: Job,
    pub(super) library: Option<BorrowedFd<'a>>,
    pub(super) files: Vec<BorrowedFd<'a>>,
    pub(super) memory: u64,
    pub(super) silence: Duration,
}

/// Waits until the system has cleared away every worker that has answered, so that nothing is left running
/// and their time and memory are counted with those of the host.
pub fn see_off() {
    let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    left.drain(..).for_each(|mut child| drop(child.wait()));
}

/// Starts a worker and waits for its end.
///
/// The worker dies with the thread that calls this, so a thread that may end first must not.
///
/// # Errors
/// When it cannot be started.
pub(super) fn execute(order: &Order<'_>) -> io::Result<End> {
    let worker = Worker::start(order)?;
    Ok(worker.wait(order.silence))
}

/// A worker that runs.
pub(super) struct Worker {
    /// None once it was left to end by itself.
    child: Option<Child>,
    ended: OwnedFd,
    socket: UnixStream,
    output: Output,
    pipe: Option<PipeReader>,
    page: File,
    progress: SharedProgress,
    result: File,
    nonce: u64,
}

impl Worker {
    /// A worker with something to do: one that waits, or a new one.
    pub(super) fn start(order: &Order<'_>) -> io::Result<Self> {
        let worker = match spare::take(order.program) {
            Some(worker) => worker,
            None => Self::idle(order.program)?,
        };
        if let Err(error) = worker.give(order) {
            // A worker that is gone before it listened is reported by how it ended.
            tracing::debug!(%error, "the worker does not take its job");
        }
        Ok(worker)
    }

    /// A worker that has no job yet.
    pub(super) fn idle(program: &Path) -> io::Result<Self> {
        let (socket, theirs) = UnixStream::pair()?;
        let (pipe, writer) = io::pipe()?;
        let page = memory_file("progress", MemfdFlags::empty())?;
        page.set_len(PAGE)?;
        let result = memory_file("result", MemfdFlags::ALLOW_SEALING)?;
        let progress = map_progress(&page)?;
        let mut command = Command::new(program);
        command
            .arg0("algo-trader")
            .arg(COMMAND)
            .env_clear()
            .env(LARGE_PAGES.0, LARGE_PAGES.1)
            // Its own group: an interrupt at the terminal is the host's to handle, and whatever a
            // plugin starts can be killed with it.
            .process_group(0)
            .stdin(OwnedFd::from(theirs))
            .stdout(writer.try_clone()?)
            .stderr(Stdio::from(writer));
        let mut child = command.spawn()?;
        drop(command);
        let ended = pidfd_open(Pid::from_child(&child), PidfdFlags::empty());
        let ended = ended.inspect_err(|_| {
            let _ = child.kill().and_then(|()| child.wait());
        })?;
        let nonce = RandomState::new().hash_one(child.id());
        let (output, pipe, child) = (Output::default(), Some(pipe), Some(child));
        Ok(Self { child, ended, socket, output, pipe, page, progress, result, nonce })
    }

    fn give(&self, order: &Order<'_>) -> io::Result<()> {
        let envelope = Envelope {
            nonce: self.nonce,
            host: std::process::id(),
            memory: order.memory,
            has_library: order.library.is_some(),
            job: order.job.clone(),
        };
        let mut files = vec![self.page.as_fd(), self.result.as_fd()];
        files.extend(order.library);
        files.extend(&order.files);
        send_job(&self.socket, &envelope, &files)
    }

    /// Whether it has not ended.
    pub(super) fn is_alive(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// Waits until there is a record, the process has ended, or nothing has happened for too long.
    fn wait(mut self, silence: Duration) -> End {
        let mut seen = self.progress.read();
        let mut deadline = Instant::now() + silence;
        let mut dying = false;
        loop {
            let ready = self.poll(deadline.min(Instant::now() + silence / 8));
            if let Some(done) = ready.socket.then(|| self.record()).flatten() {
                return self.finish(done);
            }
            if ready.ended {
                // The record may have come between the two looks.
                let late = self.record();
                return match late {
                    Some(done) => self.finish(done),
                    None => self.exited(),
                };
            }
            let now = self.progress.read();
            if now != seen && !dying {
                (seen, deadline) = (now, Instant::now() + silence);
            }
            if !dying && self.output.is_out_of_memory() {
                (dying, deadline) = (true, deadline.min(Instant::now() + DYING));
            }
            if Instant::now() >= deadline {
                let progress = self.progress.read();
                self.end();
                return End::Silent(progress, std::mem::take(&mut self.output));
            }
        }
    }

    /// Asks a worker that answers many questions, and waits for the answer. An error is how it ended
    /// instead, or `None` when the waiting was to stop.
    pub(super) fn ask(
        &mut self,
        question: &[u8],
        silence: Duration,
        stop: &AtomicBool,
    ) -> Result<Vec<u8>, Option<End>> {
        let sent = self.socket.set_nonblocking(true).and_then(|()| self.socket.write_all(question));
        if sent.is_err() {
            return Err(Some(self.ending()));
        }
        let mut seen = self.progress.read();
        let mut deadline = Instant::now() + silence;
        let mut answer = Answer::default();
        loop {
            let ready = self.poll(deadline.min(Instant::now() + STOPPING));
            match answer.read(&self.socket, self.nonce) {
                Ok(Some(bytes)) => return Ok(bytes),
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(%error, "an answer of a worker cannot be read");
                    let _ = self.end();
                    return Err(Some(End::Damaged));
                }
            }
            if stop.load(Ordering::Relaxed) {
                return Err(None);
            }
            if ready.ended {
                return Err(Some(self.ending()));
            }
            let now = self.progress.read();
            if now != seen {
                (seen, deadline) = (now, Instant::now() + silence);
            }
            if Instant::now() >= deadline {
                self.end();
                return Err(Some(End::Silent(now, std::mem::take(&mut self.output))));
            }
        }
    }

    /// Waits until something can be read or the process has ended; reads what it printed.
    fn poll(&mut self, until: Instant) -> Ready {
        let timeout = until.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(timeout).ok();
        let mut fds =
            vec![PollFd::new(&self.ended, PollFlags::IN), PollFd::new(&self.socket, PollFlags::IN)];
        fds.extend(self.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        // An interrupted wait is a short one.
        let _ = poll(&mut fds, timeout.as_ref());
        let is_ready = |index: usize| fds.get(index).is_some_and(|fd| !fd.revents().is_empty());
        let (ended, socket, output) = (is_ready(0), is_ready(1), is_ready(2));
        if output {
            self.read_output();
        }
        Ready { ended, socket }
    }

    /// Reads once what is there; never waits.
    fn read_output(&mut self) {
        let mut bytes = [0; 16 * 1024];
        match self.pipe.as_mut().map(|pipe| pipe.read(&mut bytes)) {
            Some(Ok(count)) if count > 0 => self.output.take(&bytes[..count]),
            Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            _ => self.pipe = None,
        }
    }

    /// The record, when it is there.
    fn record(&mut self) -> Option<Done> {
        self.socket.set_nonblocking(true).ok()?;
        let mut bytes = [0; Done::BYTES];
        self.socket.read_exact(&mut bytes).ok()?;
        Done::from_bytes(&bytes).filter(|done| done.nonce == self.nonce)
    }

    fn exited(mut self) -> End {
        self.ending()
    }

    fn ending(&mut self) -> End {
        let progress = self.progress.read();
        let status = self.end();
        let output = std::mem::take(&mut self.output);
        status.map_or(End::Silent(progress, Output::default()), |status| {
            End::Exit(status, progress, output)
        })
    }

    fn finish(mut self, done: Done) -> End {
        // From here on nobody can write to the result, whatever a plugin has left running.
        let sealed = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK;
        let reply = fcntl_add_seals(&self.result, sealed)
            .map_err(io::Error::from)
            .and_then(|()| map_whole(&self.result))
            .and_then(|bytes| read_reply(&bytes, done));
        self.leave();
        match reply {
            Ok(reply) => End::Reply(Box::new(reply)),
            Err(error) => {
                tracing::debug!(%error, "the result of a worker cannot be read");
                End::Damaged
            }
        }
    }

    /// Kills what is still there, and lets the system clear it away while the host goes on.
    fn leave(&mut self) {
        let Some(child) = self.child.take() else { return };
        let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
        let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
        left.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        left.push(child);
    }

    /// Kills what is still there, reads the rest of what it printed, and gives how it ended.
    fn end(&mut self) -> Option<ExitStatus> {
        // Before the process is waited for, so that its number cannot be another's by now.
        let child = self.child.as_mut()?;
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
        let status = child.wait().ok();
        let rest = Instant::now() + GRACE;
        while self.pipe.is_some() && Instant::now() < rest {
            let mut fds = [PollFd::new(self.pipe.as_ref().expect("checked above"), PollFlags::IN)];
            let none = Timespec { tv_sec: 0, tv_nsec: 0 };
            match poll(&mut fds, Some(&none)) {
                Ok(0) | Err(_) => break,
                Ok(_) => self.read_output(),
            }
        }
        self.output.end();
        status
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.is_alive() {
            self.leave();
        }
    }
}

struct Ready {
    ended: bool,
    socket: bool,
}

fn memory_file(name: &str, flags: MemfdFlags) -> io::Result<File> {
    Ok(File::from(memfd_create(name, flags | MemfdFlags::CLOEXEC)?))
}

fn read_reply(bytes: &[u8], done: Done) -> io::Result<Reply> {
    if bytes.len() as u64 != done.length || checksum(bytes) != done.checksum {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "length or checksum differ"));
    }
    decode(bytes)
}

/// Number of the signal that ended a process.
pub(super) fn signal_of(status: ExitStatus) -> Option<i32> {
    status.signal()
}
