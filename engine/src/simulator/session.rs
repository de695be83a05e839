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
    time::Instant,
};

use super::{
    answer,
    log::Request,
    opening::{self, Ended},
    outbox::{Gone, Out, Outbox, drain},
    pacing::Rate,
    request::Refusal,
    server::Shared,
    wire::{self, outgoing},
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

async fn talk(
    shared: &Arc<Shared>,
    reader: &mut (impl AsyncRead + Unpin),
    out: Outbox,
    connection: u64,
) -> Result<(), Ended> {
    let Some(opened) = opening::open(shared, reader, &out).await? else { return Ok(()) };
    let client_id = opened.client_id;
    let _taken = TakenId { shared: Arc::clone(shared), client_id };
    let session = Arc::new(Session {
        shared: Arc::clone(shared),
        out,
        connection,
        client_id,
        open: Mutex::default(),
    });
    session.welcome(opened.next_id).await?;
    let ended = session.requests(reader).await;
    session.abort_others(i32::MIN);
    ended
}

/// Farms of data with the notice that says they can be reached.
pub(super) const FARMS: [(i32, &str); 3] = [
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefnj"),
];

impl Session {
    /// What a client is told as soon as its session has begun.
    async fn welcome(&self, next_id: bool) -> Result<(), Gone> {
        answer::accounts(self).await?;
        if next_id {
            answer::next_id(self).await?;
        }
        for (code, text) in FARMS {
            self.error(-1, &Refusal::new(code, text)).await?;
        }
        Ok(())
    }

    async fn requests(
        self: &Arc<Self>,
        reader: &mut (impl AsyncRead + Unpin),
    ) -> Result<(), Ended> {
        let mut messages = self.shared.pacer.messages();
        while let Some((number, body)) = wire::read_frame(reader).await? {
            match messages.one(Instant::now()) {
                Rate::Fine => {}
                Rate::Warned(refusal) => self.error(-1, &refusal).await?,
                Rate::Ended(refusal) => {
                    self.error(-1, &refusal).await?;
                    return Ok(self.out.put(Out::Finish).await?);
                }
            }
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

    /// Ends whatever is still being answered, but for one request.
    pub(super) fn abort_others(&self, req_id: i32) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|id, task| {
            let stays = *id == req_id;
            if !stays {
                task.abort();
            }
            stays
        });
    }
}
