//! Ends the program within two seconds of SIGINT or SIGTERM, and at once on a second one.
//!
//! A command that waits is dropped where it stands: open transactions roll back, and everything that
//! is written is renamed into place only when whole. A command that [`holds`](hold) is asked instead
//! to stop at its next good place, so that it can say how far it came.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
};

use super::Outcome;
use crate::error::{Code, Failure};

/// Time that a command which holds has to stop by itself.
const GRACE: Duration = Duration::from_millis(1500);
/// Time that any other has to come to its next waiting, where it is dropped.
const SHORT_GRACE: Duration = Duration::from_millis(300);

/// SIGXFSZ on Linux.
const FILE_SIZE_LIMIT: i32 = 25;

/// Exit code of the signal that came; 0 while none has.
static CODE: AtomicU8 = AtomicU8::new(0);
static HELD: AtomicBool = AtomicBool::new(false);

/// The exit code that a signal asks for, when one came.
pub(crate) fn code() -> Option<u8> {
    Some(CODE.load(Ordering::Acquire)).filter(|code| *code != 0)
}

/// Whether the command should stop at its next good place.
pub(crate) fn requested() -> bool {
    code().is_some()
}

/// From now on the command is not dropped on a signal; it looks at [`requested`] itself.
pub(crate) fn hold() {
    HELD.store(true, Ordering::Release);
}

/// Runs a command to its end or to the first signal.
pub(crate) fn or(command: impl Future<Output = Outcome>) -> Outcome {
    let came = Arc::new(Notify::new());
    watch(Arc::clone(&came)).map_err(|error| cannot_start(&error))?;

    let runtime = runtime().map_err(|error| cannot_start(&error))?;
    let ended = runtime.block_on(async {
        tokio::pin!(command);
        tokio::select! {
            biased;
            () = came.notified() => {}
            ended = &mut command => return Some(ended),
        }
        if HELD.load(Ordering::Acquire) { Some(command.await) } else { None }
    });
    runtime.shutdown_background();
    ended.unwrap_or_else(|| Err(Failure::new(Code::Bug, "interrupted")))
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn cannot_start(error: &std::io::Error) -> Failure {
    Failure::new(Code::Bug, format!("cannot start: {error}"))
}

/// Listens from now on, on a thread of its own, because a command may compute for long without
/// waiting for anything.
fn watch(came: Arc<Notify>) -> std::io::Result<()> {
    let runtime = runtime()?;
    let entered = runtime.enter();
    let interrupt = signal(SignalKind::interrupt())?;
    let terminate = signal(SignalKind::terminate())?;
    // Heard and not heeded: a write beyond a limit of file size then fails with an error that says so.
    drop(signal(SignalKind::from_raw(FILE_SIZE_LIMIT))?);
    drop(entered);
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || runtime.block_on(end_on_signal(interrupt, terminate, &came)))
        .map(drop)
}

/// Waits for the first signal, tells the command, and ends the program when that does not help.
async fn end_on_signal(mut interrupt: Signal, mut terminate: Signal, came: &Notify) {
    let code = tokio::select! {
        _ = interrupt.recv() => 130,
        _ = terminate.recv() => 143,
    };
    CODE.store(code, Ordering::Release);
    came.notify_one();
    let grace = if HELD.load(Ordering::Acquire) { GRACE } else { SHORT_GRACE };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = tokio::time::sleep(grace) => {}
    }
    eprintln!("interrupted");
    std::process::exit(i32::from(code))
}
