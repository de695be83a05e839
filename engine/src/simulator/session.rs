//! One connection: the opening, then requests until it ends.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use prost::Message;
use tokio::{
    io::{AsyncRead, BufReader},
    net::TcpStream,
    task::AbortHandle,
};

use super::{
    answer,
    log::Request,
    outbox::{Gone, Out, Outbox, drain},
    request::Refusal,
    server::Shared,
    time,
    wire::{self, FrameError, incoming, outgoing},
};

/// One connection with its client.
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) out: Outbox,
    /// Number of the connection, from 1.
    pub(super) connection: u64,
    pub(super) client_id: i32,
    /// Requests for bars that are being answered.
    pub(super) open: Mutex<HashMap<i32, AbortHandle>>,
}

/// The id stays taken until the connection ends.
struct TakenId {
    shared: Arc<Shared>,
    client_id: i32,
}

impl Drop for TakenId {
    fn drop(&mut self) {
        let mut clients = self.shared.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.remove(&self.client_id);
    }
}

/// Serves one connection until it ends.
pub(super) async fn serve(shared: Arc<Shared>, stream: TcpStream, connection: u64) {
    let (reader, writer) = stream.into_split();
    let (out, queue) = Outbox::new();
    let talk = async {
        let mut reader = BufReader::new(reader);
        if let Err(error) = talk(&shared, &mut reader, out, connection).await {
            tracing::info!(connection, %error, "the connection ends");
        }
    };
    // Whoever ends first ends the other: both halves must go for the connection to end.
    let drain = drain(queue, writer);
    tokio::pin!(talk, drain);
    tokio::select! {
        () = &mut talk => drain.await,
        () = &mut drain => {}
    }
}

/// Why a conversation ended before the client left.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("the client is gone")]
    Gone,
}

impl From<Gone> for Ended {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

async fn talk(
    shared: &Arc<Shared>,
    reader: &mut (impl AsyncRead + Unpin),
    out: Outbox,
    connection: u64,
) -> Result<(), Ended> {
    let version = wire::read_versions(reader).await?.agree()?;
    let time = time::with_zone(shared.clock.now());
    out.put(Out::Bytes(wire::version_answer(version, &time))).await?;
    let Some(client_id) = start_api(reader).await? else { return Ok(()) };
    if !take_id(shared, client_id) {
        let text =
            "Unable to connect as the client id is already in use. Retry with a unique client id.";
        answer::error(&out, shared, -1, &Refusal::new(326, text)).await?;
        return Ok(out.put(Out::Finish).await?);
    }
    let _taken = TakenId { shared: Arc::clone(shared), client_id };
    let session = Arc::new(Session {
        shared: Arc::clone(shared),
        out,
        connection,
        client_id,
        open: Mutex::default(),
    });
    session.welcome().await?;
    let ended = session.requests(reader).await;
    session.abort_all();
    ended
}

/// Waits for the message that begins the session; everything before it is ignored.
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

/// Farms of data with the notice that says they can be reached.
pub(super) const FARMS: [(i32, &str); 3] = [
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefnj"),
];

impl Session {
    /// What a client is told as soon as its session has begun.
    async fn welcome(&self) -> Result<(), Gone> {
        answer::accounts(self).await?;
        answer::next_id(self).await?;
        for (code, text) in FARMS {
            self.error(-1, &Refusal::new(code, text)).await?;
        }
        Ok(())
    }

    async fn requests(
        self: &Arc<Self>,
        reader: &mut (impl AsyncRead + Unpin),
    ) -> Result<(), Ended> {
        while let Some((number, body)) = wire::read_frame(reader).await? {
            let Some(number) = number.checked_sub(wire::PROTOBUF_OFFSET) else {
                self.ignore(number);
                continue;
            };
            answer::answer(self, number, &body).await?;
        }
        Ok(())
    }

    /// Leaves a message without an answer.
    pub(super) fn ignore(&self, number: u32) {
        tracing::warn!(
            connection = self.connection,
            number,
            "a message that is not known is ignored"
        );
        self.note(None, Request::Unknown { number });
    }

    /// Notes a request.
    pub(super) fn note(&self, request_id: Option<i32>, asked: Request) {
        self.shared.note(self.connection, self.client_id, request_id, asked);
    }

    /// Sends an error or a notice; -1 stands for no request.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(super) async fn error(&self, req_id: i32, refusal: &Refusal) -> Result<(), Gone> {
        answer::error(&self.out, &self.shared, req_id, refusal).await
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(super) async fn send(&self, number: u32, message: &impl Message) -> Result<(), Gone> {
        debug_assert!(number >= outgoing::ERROR, "a number that no server sends");
        self.out.send(number, message).await
    }

    /// Ends whatever is still being answered.
    fn abort_all(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.drain().for_each(|(_, task)| task.abort());
    }
}
