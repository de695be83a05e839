//! Workers that are started before it is known what they are to do: they come up while the host still
//! reads its bars.

use std::{
    num::NonZeroUsize,
    path::Path,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, channel},
    },
    thread,
};

use super::{THIS_PROGRAM, host::Worker};

/// Where they wait for a job. There is one program, and so one such place.
static WAITING: Mutex<Option<Receiver<Worker>>> = Mutex::new(None);

/// Starts so many workers of the program that is running; the next jobs are given to them. One that cannot
/// be started is missed when it is needed.
pub fn prepare(count: NonZeroUsize) {
    let (sender, waiting) = channel();
    let start = move || {
        for _ in 0..count.get() {
            let Ok(worker) = Worker::idle(Path::new(THIS_PROGRAM)) else { break };
            if sender.send(worker).is_err() {
                break;
            }
        }
        drop(sender);
        // A worker dies with the thread that has started it.
        loop {
            thread::park();
        }
    };
    if thread::Builder::new().name("workers".to_owned()).spawn(start).is_ok() {
        *WAITING.lock().unwrap_or_else(PoisonError::into_inner) = Some(waiting);
    }
}

/// One of them, when it is of that program.
pub(super) fn take(program: &Path) -> Option<Worker> {
    if program != Path::new(THIS_PROGRAM) {
        return None;
    }
    let waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut worker = waiting.as_ref()?.recv().ok()?;
    worker.is_alive().then_some(worker)
}
