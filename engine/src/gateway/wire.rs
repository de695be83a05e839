//! The bytes between the protocol library and the gateway: passed on unchanged, and counted.
//!
//! The library shows neither how far an answer has come nor what went wrong before the first message,
//! so it talks to a relay on this machine, and the relay talks to the gateway. What passes is noted in
//! a [`Wire`]: how far the conversation came, bytes for each request, and why it ended. A frame that
//! cannot be ends the connection before the library would make room for it.

use std::{
    collections::HashMap,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::{mpsc, watch},
};

use super::{
    frames::{Frames, Part, Way},
    greeting::{Greeting, greeting, shown, what_else},
};

const BUFFER: usize = 64 * 1024;

/// Why there is no conversation any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The gateway closed the connection, or the network did.
    Dropped(String),
    /// It is no TWS or Gateway.
    Stranger(String),
    /// Its version is too old; the text is what it said of it.
    TooOld(String),
    /// A frame in the middle of the conversation that cannot be.
    Garbage(String),
    /// An answer of more bytes than the protocol carries.
    TooLarge(u32),
    /// We closed it.
    Ours,
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dropped(reason) | Self::Stranger(reason) => f.write_str(reason),
            Self::TooOld(found) => write!(f, "its version is {found}"),
            Self::Garbage(what) => write!(f, "it sent {what}"),
            Self::TooLarge(bytes) => write!(f, "it sent an answer of {bytes} bytes"),
            Self::Ours => f.write_str("the connection was closed"),
        }
    }
}

/// What has passed.
#[derive(Debug, Default)]
struct Counts {
    received: u64,
    server_version: Option<i32>,
    unclear: u64,
    answers: HashMap<i32, u64>,
    whole_answers: u64,
    first_bytes: Vec<u8>,
}

/// The record of one connection.
#[derive(Debug)]
pub(super) struct Wire {
    counts: Mutex<Counts>,
    questions: mpsc::UnboundedSender<i32>,
    end: watch::Sender<Option<End>>,
}

impl Wire {
    /// A record, and the numbers of the questions as they are sent.
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<i32>) {
        let (questions, sent) = mpsc::unbounded_channel();
        (Self { counts: Mutex::default(), questions, end: watch::Sender::new(None) }, sent)
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes that have come in all.
    pub(super) fn received(&self) -> u64 {
        self.counts().received
    }

    /// Answers that have come whole.
    pub(super) fn whole_answers(&self) -> u64 {
        self.counts().whole_answers
    }

    /// The gateway's version, once it has said it.
    pub(super) fn server_version(&self) -> Option<i32> {
        self.counts().server_version
    }

    /// A number that changes with every stretch of bytes that is, or may be, of the answer to a request.
    pub(super) fn mark(&self, request: i32) -> u64 {
        let counts = self.counts();
        counts.unclear + counts.answers.get(&request).copied().unwrap_or_default()
    }

    /// Forgets what was counted for a request.
    pub(super) fn forget(&self, request: i32) {
        self.counts().answers.remove(&request);
    }

    /// Why the conversation ended, when it has.
    pub(super) fn end(&self) -> Option<End> {
        self.end.borrow().clone()
    }

    /// Waits for the end of the conversation.
    pub(super) async fn ended(&self) -> End {
        let mut end = self.end.subscribe();
        let ended = end.wait_for(Option::is_some).await;
        ended.ok().and_then(|end| end.clone()).unwrap_or(End::Ours)
    }

    /// Notes the end; the first reason counts.
    pub(super) fn ends(&self, reason: End) {
        self.end.send_if_modified(|end| {
            let first = end.is_none();
            end.get_or_insert(reason);
            first
        });
    }

    /// Notes what comes from the gateway.
    fn came(&self, frames: &mut Frames, bytes: &[u8]) -> Result<(), End> {
        let mut counts = self.counts();
        counts.received += bytes.len() as u64;
        if counts.server_version.is_none() {
            let room = 32_usize.saturating_sub(counts.first_bytes.len()).min(bytes.len());
            counts.first_bytes.extend_from_slice(&bytes[..room]);
            if let Some(stranger) = what_else(&counts.first_bytes) {
                return Err(End::Stranger(stranger));
            }
        }
        let parts = frames.pass(bytes).map_err(|bad| match frames.greeted() {
            true if bad.is_too_large() => End::TooLarge(bad.length),
            true => End::Garbage(bad.to_string()),
            false => End::Stranger(format!("it begins with {}", shown(&counts.first_bytes))),
        })?;
        for part in parts {
            match part {
                Part::Greeting(text) => match greeting(&text) {
                    Greeting::Speaks(version) => counts.server_version = Some(version),
                    Greeting::TooOld(found) => return Err(End::TooOld(found)),
                    Greeting::Strange(reason) => return Err(End::Stranger(reason)),
                },
                Part::Answer { request, ends } => {
                    *counts.answers.entry(request).or_default() += 1;
                    counts.whole_answers += u64::from(ends);
                }
                Part::Unclear => counts.unclear += 1,
                Part::Question(_) => {}
            }
        }
        Ok(())
    }

    /// Notes what goes to the gateway.
    fn goes(&self, frames: &mut Frames, bytes: &[u8]) {
        // The library's own frames are always whole and well formed.
        for part in frames.pass(bytes).unwrap_or_default() {
            if let Part::Question(request) = part {
                // The session that listens may be gone already.
                let _ = self.questions.send(request);
            }
        }
    }
}

/// Passes bytes between the library and the gateway until either side is done.
pub(super) async fn relay(wire: &Wire, library: TcpStream, gateway: TcpStream) {
    let (from_library, to_library) = library.into_split();
    let (from_gateway, to_gateway) = gateway.into_split();
    let end = tokio::select! {
        end = inwards(wire, from_gateway, to_library) => end,
        end = outwards(wire, from_library, to_gateway) => end,
    };
    wire.ends(end);
}

async fn inwards(
    wire: &Wire,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) -> End {
    let mut frames = Frames::new(Way::In);
    let mut buffer = vec![0; BUFFER];
    loop {
        let bytes = match from.read(&mut buffer).await {
            Ok(0) => return End::Dropped("it closed the connection".to_owned()),
            Ok(count) => &buffer[..count],
            Err(error) => return End::Dropped(said(&error)),
        };
        if let Err(end) = wire.came(&mut frames, bytes) {
            return end;
        }
        if to.write_all(bytes).await.is_err() {
            return End::Ours;
        }
    }
}

async fn outwards(
    wire: &Wire,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) -> End {
    let mut frames = Frames::new(Way::Out);
    let mut buffer = vec![0; BUFFER / 8];
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else { return End::Ours };
        wire.goes(&mut frames, &buffer[..count]);
        if let Err(error) = to.write_all(&buffer[..count]).await {
            return End::Dropped(said(&error));
        }
    }
}

/// An error of the system without its number.
pub(super) fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::ConnectionReset => "connection reset".to_owned(),
        io::ErrorKind::BrokenPipe => "connection broken off".to_owned(),
        io::ErrorKind::TimedOut => "timed out".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_owned()
        }
    }
}
