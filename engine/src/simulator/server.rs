//! Listens, accepts, and ends.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
        watch,
    },
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use super::{
    fault::{Fault, Plan},
    log::{Logged, Request},
    market::Synthetic,
    pacing::Pacer,
    session,
    settings::Settings,
    source::Source,
    time::Clock,
};
use crate::{
    error::{Code, Failure},
    store::Store,
};

/// Why a simulated gateway cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// HOST:PORT.
        address: SocketAddr,
        /// What the system said.
        reason: String,
    },
}

impl From<SimulatorError> for Failure {
    fn from(error: SimulatorError) -> Self {
        Failure::new(Code::Usage, error.to_string())
            .help("name a free port, or 0 for any: algo-trader simulate-gateway --port 0")
    }
}

/// Requests that are remembered at most; half of them are forgotten when there are more.
const LOG_MAX: usize = 100_000;

/// What all connections share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) source: Source,
    pub(super) clock: Clock,
    /// Ids of the clients that are connected.
    pub(super) clients: Mutex<HashSet<i32>>,
    /// What goes wrong.
    pub(super) plan: Plan,
    pub(super) pacer: Pacer,
    /// Requests for bars that are open on all connections.
    pub(super) open: AtomicUsize,
    log: Mutex<Vec<Logged>>,
    accepted: AtomicU64,
    restarts: UnboundedSender<Duration>,
}

impl Shared {
    /// Notes a request.
    pub(super) fn note(
        &self,
        connection: u64,
        client_id: i32,
        request_id: Option<i32>,
        asked: Request,
    ) {
        let at = self.clock.now();
        tracing::debug!(connection, client_id, request_id, ?asked, "request");
        let logged = Logged { connection, client_id, request_id, at, asked };
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() >= LOG_MAX {
            log.drain(..LOG_MAX / 2);
        }
        log.push(logged);
    }

    /// Ends every connection, and listens again after a while.
    pub(super) fn go_down(&self, wait: Duration) {
        // Nobody hears it when the simulator has ended.
        let _ = self.restarts.send(wait);
    }

    /// The account of the simulated user: one for paper trading.
    pub(super) fn account(&self) -> String {
        format!("DU{:07}", self.settings.seed % 10_000_000)
    }
}

/// Starts simulated gateways.
#[derive(Debug)]
pub struct Simulator;

impl Simulator {
    /// Starts one with made-up prices. It runs on the runtime of the caller until it is stopped or
    /// dropped.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(settings: Settings) -> Result<Running, SimulatorError> {
        let prices = Synthetic::new(settings.seed, settings.actions.clone());
        start(settings, Source::synthetic(prices)).await
    }

    /// Starts one that replays what a database holds.
    ///
    /// # Errors
    /// As [`Simulator::start`].
    pub async fn replay(
        settings: Settings,
        store: Box<dyn Store>,
    ) -> Result<Running, SimulatorError> {
        start(settings, Source::replay(store)).await
    }
}

async fn start(settings: Settings, source: Source) -> Result<Running, SimulatorError> {
    let asked = SocketAddr::new(settings.host, settings.port);
    let failed = |error: std::io::Error| SimulatorError::Listen {
        address: asked,
        reason: error.to_string(),
    };
    let listener = TcpListener::bind(asked).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let clock = Clock::new(settings.now.unwrap_or_else(machine_time), settings.speed);
    let (restarts, down) = unbounded_channel();
    let shared = Arc::new(Shared {
        plan: Plan::new(settings.seed, settings.faults.clone()),
        pacer: Pacer::new(settings.pacing),
        clock,
        settings,
        source,
        clients: Mutex::default(),
        open: AtomicUsize::new(0),
        log: Mutex::default(),
        accepted: AtomicU64::new(0),
        restarts,
    });
    let (stop, stopped) = watch::channel(false);
    // Before anybody can connect, so that the first connection is refused for certain.
    let refused = shared.plan.refused_s().and_then(|s| Duration::try_from_secs_f64(s).ok());
    let listener = if refused.is_some() { None } else { Some(listener) };
    let server = Server { shared: Arc::clone(&shared), address, down, stopped };
    let task = tokio::spawn(server.serve(listener, refused));
    Ok(Running { address, shared, stop, task })
}

fn machine_time() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// The task that listens.
struct Server {
    shared: Arc<Shared>,
    address: SocketAddr,
    down: UnboundedReceiver<Duration>,
    stopped: watch::Receiver<bool>,
}

impl Server {
    /// Listens until it is stopped; without a listener, after a while.
    async fn serve(mut self, mut listener: Option<TcpListener>, mut pause: Option<Duration>) {
        let mut sessions = JoinSet::new();
        loop {
            if let Some(listener) = listener.take() {
                pause = self.listen(&listener, &mut sessions).await;
            }
            sessions.shutdown().await;
            let Some(pause) = pause else { break };
            tokio::select! {
                () = sleep(pause) => {}
                _ = self.stopped.changed() => break,
            }
            listener = self.bind_again().await;
        }
        self.shared.source.close().await;
    }

    /// Accepts connections until the simulator is stopped, or restarts after a pause.
    async fn listen(
        &mut self,
        listener: &TcpListener,
        sessions: &mut JoinSet<()>,
    ) -> Option<Duration> {
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => accept(&self.shared, stream, sessions),
                    Err(error) => tracing::warn!(%error, "a connection was not accepted"),
                },
                Some(_) = sessions.join_next() => {}
                pause = self.down.recv() => return pause,
                _ = self.stopped.changed() => return None,
            }
        }
    }

    /// Listens on the same address once more; tries again while somebody else has it.
    async fn bind_again(&self) -> Option<TcpListener> {
        loop {
            match TcpListener::bind(self.address).await {
                Ok(listener) => return Some(listener),
                Err(error) => tracing::warn!(%error, "cannot listen again yet"),
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

fn accept(shared: &Arc<Shared>, stream: TcpStream, sessions: &mut JoinSet<()>) {
    let connection = shared.accepted.fetch_add(1, Ordering::Relaxed) + 1;
    let _ = stream.set_nodelay(true);
    sessions.spawn(session::serve(Arc::clone(shared), stream, connection));
}

/// A simulated gateway that runs. Dropping it ends it.
pub struct Running {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far, in the order in which they came: all of them, or the last 50,000 at least.
    #[must_use]
    pub fn requests(&self) -> Vec<Logged> {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.accepted.load(Ordering::Relaxed)
    }

    /// What its clock shows, nanoseconds UTC.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.shared.clock.now()
    }

    /// Puts its clock to another time, nanoseconds UTC.
    pub fn set_now(&self, at_ns: i64) {
        self.shared.clock.set(at_ns);
    }

    /// Adds a fault.
    pub fn inject(&self, fault: Fault) {
        self.shared.plan.add(fault);
    }

    /// Forgets all faults, those of the settings too.
    pub fn heal(&self) {
        self.shared.plan.clear();
    }

    /// How many faults have happened so far, of those that are not forgotten.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.shared.plan.happened()
    }

    /// Ends every connection and stops listening.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let _ = (&mut self.task).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}
