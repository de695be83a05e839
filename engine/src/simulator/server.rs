//! Listens, accepts, and ends.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use super::{
    log::{Logged, Request},
    market::Synthetic,
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

/// What all connections share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) source: Source,
    pub(super) clock: Clock,
    /// Ids of the clients that are connected.
    pub(super) clients: Mutex<HashSet<i32>>,
    log: Mutex<Vec<Logged>>,
    accepted: AtomicU64,
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
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(logged);
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
    let shared = Arc::new(Shared {
        clock,
        settings,
        source,
        clients: Mutex::default(),
        log: Mutex::default(),
        accepted: AtomicU64::new(0),
    });
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(serve(Arc::clone(&shared), listener, stopped));
    Ok(Running { address, shared, stop, task })
}

fn machine_time() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

async fn serve(shared: Arc<Shared>, listener: TcpListener, mut stopped: watch::Receiver<bool>) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => accept(&shared, stream, &mut sessions),
                Err(error) => tracing::warn!(%error, "a connection was not accepted"),
            },
            Some(_) = sessions.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    sessions.shutdown().await;
    shared.source.close().await;
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

    /// Every request so far, in the order in which they came.
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
