//! The worker's side: a process that does one job for its host and ends.
//!
//! Before a byte of a plugin runs, everything that could disturb the host is out of reach: standard
//! output leads to where standard error leads, standard input to nothing, the socket to the host has
//! a number that nobody guesses by accident, memory is limited, and when the host dies so does the
//! worker.

use std::{
    any::Any,
    fs::File,
    io::{self, Write},
    os::{fd::OwnedFd, unix::net::UnixStream},
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
};

use rustix::{
    io::fcntl_dupfd_cloexec,
    process::{
        Resource, Rlimit, Signal, getppid, getrlimit, set_parent_process_death_signal, setrlimit,
    },
    stdio::{dup2_stdin, dup2_stdout, stderr, stdin},
    thread::set_no_new_privs,
};

use super::{
    blocks::answer_blocks,
    job::perform,
    measured::write_result,
    wire::{Done, Envelope, Job, Reply, receive_job},
};
use crate::registry::foreign::map_progress;

/// The socket gets the first free number from here on.
const SOCKET_NUMBER: i32 = 200;
/// Exit code of a process that was not started by a host.
const NO_HOST: u8 = 2;
/// Exit code when the host cannot be answered.
const NO_ANSWER: u8 = 1;

/// Does the one job that comes in over standard input, a socket to the host.
#[must_use]
pub fn serve() -> ExitCode {
    let Ok(socket) = leave_the_terminal() else { return ExitCode::from(NO_HOST) };
    match work(&socket) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(NO_ANSWER),
    }
}

/// Takes the socket out of standard input's place and makes standard output harmless.
fn leave_the_terminal() -> io::Result<UnixStream> {
    let socket: OwnedFd = fcntl_dupfd_cloexec(stdin(), SOCKET_NUMBER)?;
    let socket = UnixStream::from(socket);
    // Fails for anything but a socket, so a `worker` typed by hand ends here.
    socket.peer_addr()?;
    dup2_stdin(File::open("/dev/null")?)?;
    dup2_stdout(stderr())?;
    Ok(socket)
}

fn work(socket: &UnixStream) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    set_no_new_privs(true)?;
    limit(Resource::Core, 0)?;
    let (envelope, files) = receive_job(socket)?;
    // The host may have died before it could take us along.
    if getppid().map(|pid| pid.as_raw_nonzero().get().unsigned_abs()) != Some(envelope.host) {
        return Err(io::Error::other("the host is gone"));
    }
    let Envelope { nonce, memory, has_library, job, .. } = envelope;
    let mut files = files.into_iter();
    let mut next = || files.next().map(File::from).ok_or(io::ErrorKind::InvalidData);
    let (progress, result) = (map_progress(&next()?)?, next()?);
    let library = if has_library { Some(next()?) } else { None };
    limit(Resource::As, memory)?;
    let columns = files.collect();
    if let Job::Sweep(work) = &job {
        return answer_blocks(socket, nonce, work, library, columns, &progress);
    }
    let mut answered = None;
    let mut give = |reply: Reply| answered = Some(answer(socket, &result, nonce, &reply));
    let work = || perform(&job, library, columns, &progress, &mut give);
    let failed = catch_unwind(AssertUnwindSafe(work)).err();
    let unanswered = || {
        let bug = failed.map_or_else(|| "a job has no end".to_owned(), said);
        answer(socket, &result, nonce, &Reply::Bug(bug))
    };
    answered.unwrap_or_else(unanswered)
}

/// What a panic of our own said.
pub(super) fn said(payload: Box<dyn Any + Send>) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    std::mem::forget(payload);
    text.unwrap_or_else(|| "a check failed".to_owned())
}

fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let most = getrlimit(resource).maximum.map_or(most, |already| already.min(most));
    Ok(setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
}

/// Writes the result, and only when all of it is written says so.
fn answer(mut socket: &UnixStream, mut result: &File, nonce: u64, reply: &Reply) -> io::Result<()> {
    let (length, checksum) = write_result(reply, &mut result)?;
    let done = Done { nonce, length, checksum };
    socket.write_all(&done.to_bytes())
}
