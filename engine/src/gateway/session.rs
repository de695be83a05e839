//! One live conversation with a gateway: from the TCP connection to its end.
//!
//! The protocol library speaks through the relay of [`super::wire`] and is not allowed to reconnect or
//! to repeat a request by itself: when a session ends it ends for good, every request in it fails at
//! once, and whoever asked decides what is sent again.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ibapi::{Client, Error, subscriptions::NoticeStream};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Mutex as AsyncMutex, Notify, mpsc, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{
    GatewayError, Limits,
    frames::LARGEST_BODY,
    greeting::what_else_at,
    health::{Change, Health},
    wire::{self, End, Wire},
};

/// So many bytes since a question was put may be a full frame.
const FULL: u64 = LARGEST_BODY as u64 / 16 * 15;

/// A live conversation.
pub(super) struct Session {
    /// The protocol library.
    pub(super) client: Client,
    /// HOST:PORT of the gateway.
    pub(super) address: String,
    wire: Arc<Wire>,
    /// Numbers of the questions as they pass the relay; held while one question is being sent.
    sent: AsyncMutex<mpsc::UnboundedReceiver<i32>>,
    health: Mutex<Health>,
    /// How often the broker forgot what was asked.
    forgotten: watch::Sender<u64>,
    /// Asks the watch to see at once whether the gateway still answers.
    pub(super) doubt: Notify,
    relay: JoinHandle<()>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.relay.abort();
    }
}

/// Why no session came about.
#[derive(Clone, Debug)]
pub(super) enum NoSession {
    /// The client id is taken.
    ClientIdInUse,
    /// Any other reason.
    Failed(GatewayError),
}

/// Why a question has no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The broker said why.
    Broker {
        /// Its number.
        code: i32,
        /// Its text.
        text: String,
    },
    /// The session has ended.
    Ended,
    /// No byte of the answer came for too long.
    Stalled,
    /// The broker forgot the question.
    Forgotten,
    /// The answer makes no sense.
    Garbled(String),
    /// The answer is larger than the protocol carries.
    TooLarge,
    /// The text of a time that the library cannot place; naming the zone once helps.
    UnknownZone(String),
}

impl Session {
    /// Connects to one address under one client id.
    pub(super) async fn open(
        address: &str,
        client_id: i32,
        limits: &Limits,
    ) -> Result<(Self, NoticeStream), NoSession> {
        let unreachable = |reason: String| {
            NoSession::Failed(GatewayError::Unreachable { address: address.to_owned(), reason })
        };
        let gateway = match timeout(limits.dial, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(unreachable(wire::said(&error))),
            Err(_) => {
                let waited = limits.dial.as_secs();
                return Err(unreachable(format!("no answer within {waited} s")));
            }
        };
        let ours = |error: std::io::Error| unreachable(format!("on this machine: {error}"));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(ours)?;
        let local = listener.local_addr().map_err(ours)?;
        let (wire, sent) = Wire::new();
        let wire = Arc::new(wire);
        let relay = tokio::spawn(relay(Arc::clone(&wire), listener, gateway));
        let connecting = Client::builder()
            .address(local.to_string())
            .client_id(client_id)
            .max_reconnect_attempts(0)
            .connect_with_notice_stream();
        let (client, notices) = match timeout(limits.handshake, connecting).await {
            Ok(Ok(both)) => both,
            Ok(Err(Error::ClientIdInUse { .. })) => {
                relay.abort();
                return Err(NoSession::ClientIdInUse);
            }
            failed => {
                let failed = failed.ok().and_then(Result::err);
                let error = why_not(address, &wire, failed).await;
                relay.abort();
                return Err(NoSession::Failed(doubted(error, &wire).await));
            }
        };
        let session = Self {
            client,
            address: address.to_owned(),
            wire,
            sent: AsyncMutex::new(sent),
            health: Mutex::default(),
            forgotten: watch::Sender::new(0),
            doubt: Notify::new(),
            relay,
        };
        Ok((session, notices))
    }

    /// The record of what has passed.
    pub(super) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// What the gateway says of its own connection.
    pub(super) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a notice of the gateway.
    pub(super) fn note(&self, code: i32, text: &str) -> Change {
        let change = self.health().note(code, text);
        if change == Change::Forgotten {
            self.forgotten.send_modify(|times| *times += 1);
        }
        change
    }

    /// Puts a question and waits for its answer for as long as bytes of it keep coming.
    ///
    /// While the broker is away the clock stands still: the answer may come when it is back.
    pub(super) async fn ask<T>(
        &self,
        question: impl Future<Output = Result<T, Error>> + Send,
        patience: Duration,
    ) -> Result<T, NoAnswer> {
        let mut question = pin!(question);
        let mut forgotten = self.forgotten.subscribe();
        let Some(request) = self.sent_as(&mut question).await? else {
            return Err(NoAnswer::Ended);
        };
        let request = match request {
            Sent::As(number) => Counted { wire: &self.wire, number },
            Sent::Answered(answer) => return Ok(answer),
        };
        let before = self.wire.received();
        let tick = patience / 8;
        let (mut mark, mut quiet) = (self.wire.mark(request.number), Duration::ZERO);
        loop {
            let slept = tokio::time::Instant::now();
            tokio::select! {
                biased;
                answer = &mut question => return answer.map_err(|error| match no_answer(error) {
                    // More than fits into one frame comes in several, which the library does not read.
                    NoAnswer::Garbled(_) if self.wire.received() - before > FULL => NoAnswer::TooLarge,
                    other => other,
                }),
                _ = forgotten.changed() => return Err(NoAnswer::Forgotten),
                () = sleep(tick) => {}
            }
            let now = self.wire.mark(request.number);
            if now != mark || self.health().is_down() {
                (mark, quiet) = (now, Duration::ZERO);
                continue;
            }
            // A process that was suspended has not waited.
            quiet += slept.elapsed().min(tick * 2);
            if quiet >= patience {
                self.doubt.notify_one();
                return Err(NoAnswer::Stalled);
            }
        }
    }

    /// Lets a question go out, and learns the number under which it went.
    async fn sent_as<T>(
        &self,
        question: &mut (impl Future<Output = Result<T, Error>> + Unpin),
    ) -> Result<Option<Sent<T>>, NoAnswer> {
        let mut sent = self.sent.lock().await;
        // Those of questions that were given up in this very moment.
        while sent.try_recv().is_ok() {}
        tokio::select! {
            biased;
            number = sent.recv() => Ok(number.map(Sent::As)),
            answer = question => answer.map(|answer| Some(Sent::Answered(answer))).map_err(no_answer),
        }
    }

    /// Ends the session in good order.
    pub(super) async fn close(&self) {
        self.wire.ends(End::Ours);
        let _ = timeout(Duration::from_secs(1), self.client.disconnect()).await;
        self.relay.abort();
    }
}

enum Sent<T> {
    As(i32),
    Answered(T),
}

/// A request whose bytes are counted until it is dropped.
struct Counted<'a> {
    wire: &'a Wire,
    number: i32,
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.wire.forget(self.number);
    }
}

async fn relay(wire: Arc<Wire>, listener: TcpListener, gateway: TcpStream) {
    match listener.accept().await {
        Ok((library, _)) => {
            // One conversation, one connection.
            drop(listener);
            let _ = (library.set_nodelay(true), gateway.set_nodelay(true));
            wire::relay(&wire, library, gateway).await;
        }
        Err(error) => wire.ends(End::Dropped(wire::said(&error))),
    }
}

/// Says what was wrong with a conversation that did not get under way.
async fn why_not(address: &str, wire: &Wire, failed: Option<Error>) -> GatewayError {
    let address = address.to_owned();
    // The library sees the end of the relay a moment before the relay has said why.
    let end = match failed {
        Some(_) => timeout(Duration::from_millis(200), wire.ended()).await.ok(),
        None => wire.end(),
    };
    let greeted = wire.server_version().is_some();
    match (end, failed) {
        (Some(End::Stranger(reason)), _) => GatewayError::NotAGateway { address, reason },
        (Some(End::Garbage(what)), _) => {
            GatewayError::NotAGateway { address, reason: format!("it sent {what}") }
        }
        (Some(End::TooOld(found)), _) => GatewayError::TooOld { address, found },
        (Some(End::Dropped(reason)), _) => {
            let stage =
                if greeted { "after saying its version" } else { "before saying its version" };
            GatewayError::TurnedAway { address, stage, reason }
        }
        (_, Some(Error::ServerVersion(_, found, _))) => {
            GatewayError::TooOld { address, found: format!("server version {found}") }
        }
        (_, Some(error)) => GatewayError::NotAGateway { address, reason: error.to_string() },
        (_, None) => {
            let stage = match (wire.received(), greeted) {
                (0, _) => "from the first byte",
                (_, false) => "in the middle of its first message",
                (_, true) => "after saying its version",
            };
            GatewayError::Silent { address, stage }
        }
    }
}

/// Silence may be that of a program that waits for a greeting of another kind.
async fn doubted(error: GatewayError, wire: &Wire) -> GatewayError {
    match error {
        GatewayError::Silent { address, stage } if wire.received() == 0 => {
            match what_else_at(&address).await {
                Some(reason) => GatewayError::NotAGateway { address, reason },
                None => GatewayError::Silent { address, stage },
            }
        }
        other => other,
    }
}

fn no_answer(error: Error) -> NoAnswer {
    match error {
        Error::Notice(notice) => NoAnswer::Broker { code: notice.code, text: notice.message },
        Error::UnsupportedTimeZone(zone) => NoAnswer::UnknownZone(zone),
        Error::InvalidArgument(reason) => NoAnswer::Broker { code: 321, text: reason },
        Error::ConnectionFailed
        | Error::ConnectionReset
        | Error::ConnectionRejected(_)
        | Error::Shutdown
        | Error::Cancelled
        | Error::EndOfStream
        | Error::UnexpectedEndOfStream
        | Error::InvalidFrame(_)
        | Error::Io(_) => NoAnswer::Ended,
        Error::Timeout => NoAnswer::Stalled,
        error => NoAnswer::Garbled(error.to_string()),
    }
}
