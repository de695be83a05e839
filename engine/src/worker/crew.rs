//! Workers that are asked for trials one by one, as somebody comes up with them.
//!
//! Where a [`super::Pool`] goes through a plan from its beginning to its end, a crew runs what it is
//! given, and gives the results in the order in which it was asked, whoever was faster.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use engine_core::sweep::{Passage, Span};

use super::{
    Sharing, SweepJob, Trial, WorkerError,
    evidence::{Again, Pending},
    line::Line,
    pool::Desk,
};

/// How long to wait for a trial before looking whether it is still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// Place among the trials that were asked for, and what came of it; `None` when it was stopped.
type Found = (usize, Result<Option<Trial>, WorkerError>);

/// Workers that wait for trials. Dropping it stops them.
#[derive(Debug)]
pub struct Crew {
    desk: Arc<Desk>,
    threads: Vec<JoinHandle<()>>,
    asked: Option<Sender<(usize, u64)>>,
    found: Receiver<Found>,
}

impl Crew {
    /// Starts the workers.
    #[must_use]
    pub fn start(job: SweepJob, sharing: Sharing) -> Self {
        let workers = sharing.workers.get();
        let desk = Arc::new(Desk::new(job, sharing));
        let (asked, todo) = channel::<(usize, u64)>();
        let (sender, found) = channel();
        let todo = Arc::new(Mutex::new(todo));
        let start = |_| {
            let (desk, todo, sender) = (Arc::clone(&desk), Arc::clone(&todo), sender.clone());
            thread::spawn(move || serve(&desk, &todo, &sender))
        };
        let threads = (0..workers).map(start).collect();
        Self { desk, threads, asked: Some(asked), found }
    }

    /// The sweep.
    #[must_use]
    pub fn job(&self) -> &SweepJob {
        &self.desk.job
    }

    /// Runs the trials at some positions; `None` when `is_stopped` says so before all are done.
    ///
    /// # Errors
    /// When the workers cannot be started, or the strategy cannot be run at all.
    pub fn trials(
        &self,
        positions: &[u64],
        is_stopped: impl Fn() -> bool,
    ) -> Result<Option<Vec<Trial>>, WorkerError> {
        let ended = || WorkerError::Start("the threads of the search ended".to_owned());
        let asked = self.asked.as_ref().ok_or_else(ended)?;
        for one in positions.iter().copied().enumerate() {
            asked.send(one).map_err(|_| ended())?;
        }
        let mut trials: Vec<Option<Trial>> = vec![None; positions.len()];
        let mut missing = positions.len();
        while missing > 0 {
            if is_stopped() {
                return Ok(None);
            }
            match self.found.recv_timeout(LOOK) {
                Ok((at, trial)) => {
                    let Some(trial) = trial? else { return Ok(None) };
                    trials[at] = Some(trial);
                    missing -= 1;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
            }
        }
        Ok(Some(trials.into_iter().flatten().collect()))
    }

    /// As [`super::Pool::again`].
    #[must_use]
    pub fn again(&self, position: u64) -> Again {
        Again::start(&self.desk, position)
    }

    /// As [`super::Pool::evidence`].
    #[must_use]
    pub fn evidence(&self, positions: &[u64], slices: usize) -> Pending {
        let (desk, positions) = (Arc::clone(&self.desk), positions.to_vec());
        let (answer, answers) = channel();
        thread::spawn(move || answer.send((0, Line::new(&desk).evidence(positions, slices))));
        Pending { known: Vec::new(), shares: answers }
    }

    /// As [`super::Pool::run`].
    ///
    /// # Errors
    /// When the strategy fails there, or no worker can be started.
    pub fn run(&self, position: u64, span: Span, cash: f64) -> Result<Passage, WorkerError> {
        Line::new(&self.desk).run(position, span, cash)
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.desk.stop.store(true, Ordering::Relaxed);
        self.asked = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// What one thread does: runs trial after trial with a worker of its own.
fn serve(desk: &Desk, todo: &Mutex<Receiver<(usize, u64)>>, found: &Sender<Found>) {
    let mut line = Line::new(desk);
    loop {
        let next = todo.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((at, position)) = next else { return };
        let trial =
            line.block(position, 1).map(|trials| trials.and_then(|all| all.into_iter().next()));
        if found.send((at, trial)).is_err() {
            return;
        }
    }
}
