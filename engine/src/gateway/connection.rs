//! Keeps one connection: connects, watches over it, and connects again when it was lost.
//!
//! One task a connection, begun with the first request. What it knows is a [`State`] that everybody
//! can wait on; requests are sent by whoever asks.

use std::{sync::Arc, time::Duration};

use ibapi::subscriptions::NoticeStream;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    GatewayError, Settings, backoff::Backoff, clock::Clock, dial, health::Change, session::Session,
    turn::Turns,
};

/// Where a connection stands.
#[derive(Clone)]
pub(super) enum State {
    /// Being made for the first time.
    Connecting,
    /// Up.
    Up(Arc<Session>),
    /// Up, but the gateway has lost the broker.
    BrokerDown(Arc<Session>),
    /// Lost, being made again.
    Reconnecting,
    /// Given up.
    Failed(GatewayError),
}

/// One connection.
pub(super) struct Connection {
    state: watch::Receiver<State>,
    task: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Connection {
    /// Begins to connect, with a client id from `first_id` on.
    pub(super) fn begin(
        settings: Arc<Settings>,
        first_id: i32,
        clock: Arc<Clock>,
        turns: Arc<Turns>,
    ) -> Self {
        let (sender, state) = watch::channel(State::Connecting);
        let keeper = Keeper { settings, first_id, clock, turns, state: sender };
        Self { state, task: tokio::spawn(keeper.keep()) }
    }

    /// The session, once it is up and the broker is there.
    ///
    /// # Errors
    /// When it was given up.
    pub(super) async fn session(&self) -> Result<Arc<Session>, GatewayError> {
        let mut state = self.state.clone();
        loop {
            match &*state.borrow_and_update() {
                // One that has just ended is up until its keeper notices.
                State::Up(session) if session.wire().end().is_none() => {
                    return Ok(Arc::clone(session));
                }
                State::Failed(error) => return Err(error.clone()),
                State::Connecting | State::Reconnecting | State::Up(_) | State::BrokerDown(_) => {}
            }
            if state.changed().await.is_err() {
                return Err(closed());
            }
        }
    }

    /// Ends the connection in good order.
    pub(super) async fn close(&self) {
        self.task.abort();
        let state = self.state.borrow().clone();
        if let State::Up(session) | State::BrokerDown(session) = state {
            session.close().await;
        }
    }
}

fn closed() -> GatewayError {
    GatewayError::Lost {
        address: "the gateway".to_owned(),
        waited_s: 0,
        reason: "the connection was closed".to_owned(),
    }
}

/// How a session ended.
enum Over {
    /// It can be made again, at this port when one is said.
    Lost { reason: String, port: Option<u16> },
    /// The gateway is there, but the broker was away for too long.
    BrokerAway,
}

fn lost(reason: impl Into<String>) -> Over {
    Over::Lost { reason: reason.into(), port: None }
}

struct Keeper {
    settings: Arc<Settings>,
    first_id: i32,
    clock: Arc<Clock>,
    turns: Arc<Turns>,
    state: watch::Sender<State>,
}

impl Keeper {
    async fn keep(self) {
        let error = match dial::first(&self.settings, self.first_id).await {
            Ok((session, notices)) => self.keep_up(session, notices).await,
            Err(error) => error,
        };
        self.state.send_replace(State::Failed(error));
    }

    /// Holds the connection until it has to be given up, and says why.
    async fn keep_up(&self, mut session: Session, mut notices: NoticeStream) -> GatewayError {
        let limits = &self.settings.limits;
        let fresh = || Backoff::new(limits.backoff_first, limits.backoff_most);
        let mut backoff = fresh();
        let mut lost_at: Option<Instant> = None;
        loop {
            let up = Arc::new(session);
            let since = Instant::now();
            self.state.send_replace(State::Up(Arc::clone(&up)));
            let (reason, port) = match self.watch_over(&up, notices).await {
                Over::Lost { reason, port } => (reason, port),
                Over::BrokerAway => {
                    up.close().await;
                    return GatewayError::Lost {
                        address: up.address.clone(),
                        waited_s: self.settings.max_wait.as_secs(),
                        reason: "it has no connection to the broker (error 1100)".to_owned(),
                    };
                }
            };
            self.state.send_replace(State::Reconnecting);
            up.close().await;
            // One that breaks off again and again without an answer is one outage.
            if up.wire().whole_answers() > 0 || since.elapsed() >= limits.heartbeat {
                (backoff, lost_at) = (fresh(), None);
            }
            let lost_at = *lost_at.get_or_insert_with(Instant::now);
            let address = at_port(&up.address, port);
            tracing::warn!(address, "lost the gateway ({reason}); connecting again");
            let again =
                dial::again(&self.settings, &address, self.first_id, lost_at, &mut backoff, reason);
            (session, notices) = match again.await {
                Ok(both) => both,
                Err(error) => return error,
            };
            tracing::warn!(address, "the gateway is back");
        }
    }

    /// Watches over a session until it is over.
    async fn watch_over(&self, session: &Arc<Session>, notices: NoticeStream) -> Over {
        tokio::select! {
            biased;
            over = self.heed(session, notices) => over,
            end = session.wire().ended() => lost(end.to_string()),
            over = self.feel_the_pulse(session) => over,
        }
    }

    /// Takes the notices as they come.
    async fn heed(&self, session: &Arc<Session>, mut notices: NoticeStream) -> Over {
        let mut broker_missed_from: Option<Instant> = None;
        loop {
            let give_up_at = broker_missed_from.map(|from| from + self.settings.max_wait);
            let too_long = async {
                match give_up_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let notice = tokio::select! {
                notice = notices.next() => notice,
                () = too_long => return Over::BrokerAway,
            };
            let Some(notice) = notice else {
                // The library has ended; the relay knows why, or will in a moment.
                let end = timeout(Duration::from_secs(1), session.wire().ended()).await;
                return lost(
                    end.map_or_else(|_| "the connection ended".to_owned(), |e| e.to_string()),
                );
            };
            match session.note(notice.code, &notice.message) {
                Change::Down => {
                    broker_missed_from.get_or_insert_with(Instant::now);
                    self.state.send_replace(State::BrokerDown(Arc::clone(session)));
                }
                Change::Resumed | Change::Forgotten => {
                    broker_missed_from = None;
                    self.state.send_replace(State::Up(Arc::clone(session)));
                }
                Change::TooFast => self.turns.complained(),
                Change::Closing(port) => {
                    return Over::Lost { reason: "it ends this connection".to_owned(), port };
                }
                Change::Nothing => {}
            }
        }
    }

    /// Asks for the time now and then, which sets the clock and finds a connection that is dead
    /// without anybody having closed it.
    async fn feel_the_pulse(&self, session: &Session) -> Over {
        let limits = &self.settings.limits;
        loop {
            let before = session.wire().received();
            self.turns.note_message();
            match timeout(limits.heartbeat_answer, session.client.server_time()).await {
                Ok(Ok(time)) => self.clock.set(time),
                Ok(Err(error)) => tracing::debug!("the gateway does not say its time: {error}"),
                // A long answer to somebody else may be in the way.
                Err(_) if session.wire().received() > before => {}
                Err(_) => {
                    let waited = limits.heartbeat_answer.as_secs();
                    return lost(format!("no sign of life for {waited} s"));
                }
            }
            tokio::select! {
                () = sleep(limits.heartbeat) => {}
                () = session.doubt.notified() => {}
            }
        }
    }
}

/// The address with another port.
fn at_port(address: &str, port: Option<u16>) -> String {
    match (port, address.rsplit_once(':')) {
        (Some(port), Some((host, _))) => format!("{host}:{port}"),
        _ => address.to_owned(),
    }
}
