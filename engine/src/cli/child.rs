//! A command in a process of its own that is waited for without standing still: other tasks go on
//! meanwhile, and a signal that ends this program ends it too.

use std::{
    io,
    process::{Child, ChildStdout, Command, ExitStatus},
    time::Duration,
};

/// How often a running command is looked at.
const PAUSE: Duration = Duration::from_millis(10);

/// A command that is killed when nobody waits for it any more.
pub(super) struct Started(Child);

impl Started {
    /// Starts a command.
    ///
    /// # Errors
    /// When there is no such program, or the system starts no more of them.
    pub(super) fn of(command: &mut Command) -> io::Result<Self> {
        command.spawn().map(Self)
    }

    /// What it prints, where that is a pipe; the first time only.
    pub(super) fn stdout(&mut self) -> Option<ChildStdout> {
        self.0.stdout.take()
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// When the system does not say how it is.
    pub(super) async fn ended(&mut self) -> io::Result<ExitStatus> {
        loop {
            match self.0.try_wait()? {
                Some(status) => return Ok(status),
                None => tokio::time::sleep(PAUSE).await,
            }
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
