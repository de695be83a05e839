//! How a connection begins: versions, the id of the client, and what can go wrong until then.

use prost::Message;
use std::sync::PoisonError;
use tokio::io::{AsyncRead, copy, sink};

use super::{
    answer,
    fault::{HUGE_FRAME, Kind, Stage, Target, ZERO_FRAME, garbage},
    outbox::{Gone, Out, Outbox},
    request::Refusal,
    server::Shared,
    time,
    wire::{self, FrameError, incoming},
};

/// Why a conversation ended before the client left.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// What the client sends cannot be read.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The client left.
    #[error("the client is gone")]
    Gone,
}

impl From<Gone> for Ended {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// A connection that has begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    /// The client's id, which is taken now.
    pub(super) client_id: i32,
    /// Whether the client is to be told the next order id.
    pub(super) next_id: bool,
}

/// What a web server says to bytes that are none of its own.
const HTTP: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 12\r\nConnection: close\r\n\r\nBad Request\n";
/// The alert of a TLS server that was not greeted as such: fatal, unexpected message.
const TLS: [u8; 7] = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0a];

/// Opens a connection. `None` when it has ended, or must not be answered.
///
/// # Errors
/// When the client opens in a way that cannot be answered, or leaves.
pub(super) async fn open(
    shared: &Shared,
    reader: &mut (impl AsyncRead + Unpin),
    out: &Outbox,
) -> Result<Option<Opened>, Ended> {
    let faults = Faults(shared.plan.happens(Target::Connect, ""));
    if faults.end(Stage::Accept, reader, out).await? {
        return Ok(None);
    }
    if let Some(bytes) = faults.instead() {
        out.put(Out::Bytes(bytes)).await?;
        if faults.0.iter().any(|kind| matches!(kind, Kind::Http | Kind::Tls)) {
            // Read first: what lies unread would break the answer off.
            let _ = wire::read_versions(reader).await;
            out.put(Out::Finish).await?;
        }
        return silence(reader).await;
    }
    if let Some(wait) = faults.down() {
        shared.go_down(wait);
        return silence(reader).await;
    }
    let mut version = wire::read_versions(reader).await?.agree()?;
    if let Some(old) = faults.old_version() {
        version = old;
    }
    let time = time::with_zone(shared.clock.now());
    out.put(Out::Bytes(wire::version_answer(version, &time))).await?;
    if faults.end(Stage::Version, reader, out).await? {
        return Ok(None);
    }
    let Some(client_id) = start_api(reader).await? else { return Ok(None) };
    let next_id = !faults.0.contains(&Kind::Silent(Stage::Start));
    if next_id && faults.end(Stage::Start, reader, out).await? {
        return Ok(None);
    }
    if faults.0.contains(&Kind::ClientIdInUse) || !take_id(shared, client_id) {
        let text =
            "Unable to connect as the client id is already in use. Retry with a unique client id.";
        answer::error(out, shared, -1, &Refusal::new(326, text)).await?;
        out.put(Out::Finish).await?;
        return Ok(None);
    }
    Ok(Some(Opened { client_id, next_id }))
}

/// The message that begins the session; everything before it is ignored.
async fn start_api(reader: &mut (impl AsyncRead + Unpin)) -> Result<Option<i32>, Ended> {
    while let Some((number, body)) = wire::read_frame(reader).await? {
        if number == incoming::START_API + wire::PROTOBUF_OFFSET
            && let Ok(start) = wire::StartApi::decode(body.as_slice())
        {
            return Ok(Some(start.client_id.unwrap_or(0)));
        }
    }
    Ok(None)
}

fn take_id(shared: &Shared, client_id: i32) -> bool {
    shared.clients.lock().unwrap_or_else(PoisonError::into_inner).insert(client_id)
}

/// Reads what the client sends until it leaves, and says nothing.
async fn silence<T>(reader: &mut (impl AsyncRead + Unpin)) -> Result<Option<T>, Ended> {
    copy(reader, &mut sink()).await.map_err(FrameError::from)?;
    Ok(None)
}

/// What goes wrong with this connection.
struct Faults(Vec<Kind>);

impl Faults {
    /// Ends the connection, or stays silent, when that is to happen here.
    async fn end(
        &self,
        here: Stage,
        reader: &mut (impl AsyncRead + Unpin),
        out: &Outbox,
    ) -> Result<bool, Ended> {
        if self.0.contains(&Kind::Silent(here)) {
            silence::<()>(reader).await?;
            return Ok(true);
        }
        let ways = [(Kind::Drop(here), Out::Finish), (Kind::Reset(here), Out::Reset)];
        for (kind, way) in ways {
            if self.0.contains(&kind) {
                out.put(way).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What is sent instead of a version.
    fn instead(&self) -> Option<Vec<u8>> {
        self.0.iter().find_map(|kind| match kind {
            Kind::Http => Some(HTTP.to_vec()),
            Kind::Tls => Some(TLS.to_vec()),
            Kind::ZeroFrame => Some(ZERO_FRAME.to_vec()),
            Kind::HugeFrame => Some(HUGE_FRAME.to_vec()),
            Kind::Garbage => Some(garbage()),
            _ => None,
        })
    }

    fn down(&self) -> Option<std::time::Duration> {
        self.0.iter().find_map(|kind| match kind {
            Kind::Down(wait) => std::time::Duration::try_from_secs_f64(*wait).ok(),
            _ => None,
        })
    }

    fn old_version(&self) -> Option<i32> {
        self.0.iter().find_map(|kind| match kind {
            Kind::OldVersion(version) => Some(*version),
            _ => None,
        })
    }
}
