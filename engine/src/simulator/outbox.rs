//! What one connection still has to send, in order, and how it ends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    net::tcp::OwnedWriteHalf,
    sync::mpsc::{Receiver, Sender, channel},
    time::sleep,
};

use super::wire;

/// Frames that may wait for a client that reads slowly.
const WAITING: usize = 2;

/// One thing to do on the connection.
#[derive(Debug)]
pub(super) enum Out {
    /// Send.
    Bytes(Vec<u8>),
    /// Send byte by byte, with a pause before each.
    Drip(Vec<u8>, Duration),
    /// End the connection in order.
    Finish,
    /// Break the connection off.
    Reset,
}

/// The connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gone;

/// The way to the client.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    queue: Sender<Out>,
    silent: Arc<AtomicBool>,
}

impl Outbox {
    /// An outbox and the queue behind it.
    pub(super) fn new() -> (Self, Receiver<Out>) {
        let (sender, receiver) = channel(WAITING);
        (Self { queue: sender, silent: Arc::default() }, receiver)
    }

    /// Puts something into the queue, and waits while it is full.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(super) async fn put(&self, out: Out) -> Result<(), Gone> {
        if self.silent.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.queue.send(out).await.map_err(|_| Gone)
    }

    /// From now on nothing is put into the queue, while the connection stays.
    pub(super) fn fall_silent(&self) {
        self.silent.store(true, Ordering::Relaxed);
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(super) async fn send(
        &self,
        number: u32,
        message: &impl prost::Message,
    ) -> Result<(), Gone> {
        self.put(Out::Bytes(wire::frame(number, message))).await
    }
}

/// Sends what is in the queue until the connection ends.
pub(super) async fn drain(mut queue: Receiver<Out>, mut writer: OwnedWriteHalf) {
    while let Some(out) = queue.recv().await {
        let sent = match out {
            Out::Bytes(bytes) => writer.write_all(&bytes).await,
            Out::Drip(bytes, pause) => drip(&mut writer, &bytes, pause).await,
            Out::Finish => return,
            Out::Reset => {
                // With no time to linger, the socket breaks the connection off when both its halves
                // are dropped, unless this half says an orderly end first.
                let _ = writer.as_ref().set_zero_linger();
                writer.forget();
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn drip(writer: &mut OwnedWriteHalf, bytes: &[u8], pause: Duration) -> std::io::Result<()> {
    for byte in bytes {
        sleep(pause).await;
        writer.write_all(std::slice::from_ref(byte)).await?;
    }
    Ok(())
}
