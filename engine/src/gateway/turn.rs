//! Whose turn it is: requests wait in line for the limits of [`super::pace`], over all connections.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as AsyncMutex, Notify},
    time::{Instant, sleep},
};

use super::{
    Settings,
    pace::{Ask, Ended, Pace, Wait},
};

/// The line.
#[derive(Debug)]
pub(super) struct Turns {
    began: Instant,
    pace: Mutex<Pace>,
    /// Only the first in line looks at the limits; the lock is fair, so nobody is overtaken.
    front: AsyncMutex<()>,
    ended: Notify,
}

impl Turns {
    pub(super) fn new(settings: &Settings) -> Self {
        let pace = Pace::new(settings.pacing, settings.in_flight, settings.limits.pacing_pause);
        Self {
            began: Instant::now(),
            pace: Mutex::new(pace),
            front: AsyncMutex::default(),
            ended: Notify::new(),
        }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Waits for the turn of a request. Dropping the turn ends it.
    pub(super) async fn next(&self, ask: &Ask) -> Turn<'_> {
        let _front = self.front.lock().await;
        loop {
            let ended = self.ended.notified();
            let started = self.pace().start(self.now(), ask);
            match started {
                Ok(()) => return Turn { turns: self, ended: Ended::Otherwise },
                Err(Wait::Until(free)) => {
                    let wait = free.saturating_sub(self.now());
                    tokio::select! {
                        () = sleep(wait) => {}
                        () = ended => {}
                    }
                }
                Err(Wait::ForAnother) => ended.await,
            }
        }
    }

    /// Counts a message that is no request.
    pub(super) fn note_message(&self) {
        self.pace().note_message(self.now());
    }

    /// The broker complained about our pace without naming a request.
    pub(super) fn complained(&self) {
        let first = self.pace().complain(self.now());
        self.say(first);
    }

    fn say(&self, first: bool) {
        if first {
            let pause = self.pace().paused_for(self.now()).as_secs();
            tracing::warn!("the broker asks for a slower pace; going on in {pause} s");
        }
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    ended: Ended,
}

impl Turn<'_> {
    /// Ends the turn.
    pub(super) fn end(mut self, ended: Ended) {
        self.ended = ended;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let first = self.turns.pace().end(self.turns.now(), self.ended);
        self.turns.say(first);
        self.turns.ended.notify_one();
    }
}
