//! A listener that plays a part of a gateway, byte by byte: what the simulated gateway is too well
//! behaved for, and a second opinion on the frames that it sends.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What the listener does next on a connection.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Waits until something comes.
    Hear,
    /// Says this.
    Say(Vec<u8>),
    /// Says this, a byte at a time.
    Drip(Vec<u8>, Duration),
    /// Says nothing more and keeps the connection.
    Hold,
    /// Breaks the connection off with a reset.
    Reset,
    /// Answers every question for the time, and keeps the connection.
    TellTime(i64),
}

/// A listener whose connections each play the next part; the last part is played for ever.
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    met: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Door {
    pub(crate) async fn open(parts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let met = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&met);
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let nth = count.fetch_add(1, Ordering::SeqCst);
                let part = parts[nth.min(parts.len() - 1)].clone();
                tokio::spawn(play(stream, part));
            }
        });
        Self { address, met, task }
    }

    /// How many connections came.
    pub(crate) fn met(&self) -> usize {
        self.met.load(Ordering::SeqCst)
    }
}

async fn play(mut stream: TcpStream, part: Vec<Step>) {
    let mut heard = [0; 1024];
    for step in part {
        match step {
            Step::Hear => {
                let _ = stream.read(&mut heard).await;
            }
            Step::Say(bytes) => {
                let _ = stream.write_all(&bytes).await;
            }
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    let _ = stream.write_all(&[byte]).await;
                    tokio::time::sleep(pause).await;
                }
            }
            Step::Hold => while !matches!(stream.read(&mut heard).await, Ok(0) | Err(_)) {},
            Step::Reset => {
                // A socket that is closed with a linger of zero is reset.
                stream.set_zero_linger().unwrap();
                return;
            }
            Step::TellTime(seconds) => {
                let time = frame(249, &[&[0x08], varint(seconds as u64).as_slice()].concat());
                while let Ok(count @ 1..) = stream.read(&mut heard).await {
                    // The request for the time is message 49 and has no fields.
                    if heard[..count].windows(4).any(|bytes| bytes == [0, 0, 0, 249]) {
                        let _ = stream.write_all(&time).await;
                    }
                }
            }
        }
    }
}

/// The first message of a gateway of this version.
pub(crate) fn greeting(version: i32) -> Vec<u8> {
    let text = format!("{version}\x0020261120 18:00:00 US/Eastern\0");
    [&u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

/// A frame with a message number and a body.
pub(crate) fn frame(number: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&length.to_be_bytes(), &number.to_be_bytes(), body].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn text(field: u8, text: &str) -> Vec<u8> {
    [&[field << 3 | 2], varint(text.len() as u64).as_slice(), text.as_bytes()].concat()
}

/// An error that belongs to no request.
pub(crate) fn error(code: u64, said: &str) -> Vec<u8> {
    let id = [&[0x08], varint(u64::MAX).as_slice()].concat();
    let code = [&[0x18], varint(code).as_slice()].concat();
    frame(204, &[id, code, text(4, said)].concat())
}

/// The accounts of the user.
pub(crate) fn accounts(list: &str) -> Vec<u8> {
    frame(215, &text(1, list))
}

/// The next order number.
pub(crate) fn next_valid_id() -> Vec<u8> {
    frame(209, &[0x08, 1])
}

/// A whole handshake of a paper account, after which the time is told.
pub(crate) fn welcome(seconds: i64) -> Vec<Step> {
    vec![
        Step::Hear,
        Step::Say(greeting(225)),
        Step::Hear,
        Step::Say([accounts("DU1234567"), next_valid_id()].concat()),
        Step::TellTime(seconds),
    ]
}
