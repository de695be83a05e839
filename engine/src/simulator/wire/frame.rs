//! Frames: how many bytes belong together, and which message they are.

use prost::{Message, bytes::BufMut, encoding::WireType};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::{HistoricalBar, LOWEST_VERSION, SERVER_VERSION, outgoing};

/// Longest body of a frame that clients accept, bytes.
pub(crate) const BODY_MAX: usize = 0x00FF_FFFF;
/// What the number of a protobuf message has on top of the number of the message.
pub(crate) const PROTOBUF_OFFSET: u32 = 200;

/// Longest greeting, bytes: `v213..226` with room for options.
const GREETING_MAX: usize = 1024;
/// Longest request that is read, bytes. Real ones have some hundred.
const REQUEST_MAX: usize = 1 << 20;

/// Why nothing can be read from a client any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The connection ended or broke.
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
    /// It does not begin as a client of this protocol does.
    #[error("the client does not open with API and its versions")]
    Greeting,
    /// It speaks only versions in which messages are text, or only newer ones.
    #[error(
        "the client speaks versions {low} to {high}; {LOWEST_VERSION} to {SERVER_VERSION} can be spoken here"
    )]
    Version {
        /// Lowest that it speaks.
        low: i32,
        /// Highest that it speaks.
        high: i32,
    },
    /// A length that no request has.
    #[error("a request of {0} bytes")]
    Length(usize),
}

/// The versions that a client says it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Versions {
    /// Lowest.
    pub(crate) low: i32,
    /// Highest.
    pub(crate) high: i32,
}

impl Versions {
    /// `v213..226`, or `v213` alone, with options after a blank.
    fn parse(text: &str) -> Option<Self> {
        let range = text.strip_prefix('v')?.split(' ').next()?;
        let (low, high) = range.split_once("..").unwrap_or((range, range));
        Some(Self { low: low.parse().ok()?, high: high.parse().ok()? })
    }

    /// The version of the session.
    ///
    /// # Errors
    /// When there is none that both sides speak.
    pub(crate) fn agree(self) -> Result<i32, FrameError> {
        let Self { low, high } = self;
        let version = high.min(SERVER_VERSION);
        if version < LOWEST_VERSION || low > version {
            return Err(FrameError::Version { low, high });
        }
        Ok(version)
    }
}

/// Reads how a client opens: `API\0`, a length, its versions.
///
/// # Errors
/// When it opens differently.
pub(crate) async fn read_versions(
    reader: &mut (impl AsyncRead + Unpin),
) -> Result<Versions, FrameError> {
    let mut prefix = [0; 4];
    reader.read_exact(&mut prefix).await?;
    if &prefix != b"API\0" {
        return Err(FrameError::Greeting);
    }
    let length = reader.read_u32().await? as usize;
    if length > GREETING_MAX {
        return Err(FrameError::Greeting);
    }
    let mut text = vec![0; length];
    reader.read_exact(&mut text).await?;
    std::str::from_utf8(&text).ok().and_then(Versions::parse).ok_or(FrameError::Greeting)
}

/// The answer to the opening: the version and the time of connection, for example
/// `20261120 18:00:00 US/Eastern`.
pub(crate) fn version_answer(version: i32, time: &str) -> Vec<u8> {
    let text = format!("{version}\0{time}\0");
    let mut bytes = Vec::with_capacity(text.len() + 4);
    bytes.put_u32(text.len() as u32);
    bytes.put_slice(text.as_bytes());
    bytes
}

/// Reads one request: the number on the wire and the body. `None` when the client is gone.
///
/// # Errors
/// When the connection breaks within a frame, or its length is none that a request has.
pub(crate) async fn read_frame(
    reader: &mut (impl AsyncRead + Unpin),
) -> Result<Option<(u32, Vec<u8>)>, FrameError> {
    let length = match reader.read_u32().await {
        Ok(length) => length as usize,
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if !(4..=REQUEST_MAX).contains(&length) {
        return Err(FrameError::Length(length));
    }
    let number = reader.read_u32().await?;
    let mut body = vec![0; length - 4];
    reader.read_exact(&mut body).await?;
    Ok(Some((number, body)))
}

/// A whole frame of one message.
pub(crate) fn frame(number: u32, message: &impl Message) -> Vec<u8> {
    let length = message.encoded_len() + 4;
    let mut bytes = Vec::with_capacity(length + 4);
    bytes.put_u32(length as u32);
    bytes.put_u32(number + PROTOBUF_OFFSET);
    message.encode_raw(&mut bytes);
    bytes
}

/// A frame of bars that is written bar by bar, so that an answer of any length needs the memory of
/// one frame only.
pub(crate) struct AnswerFrame {
    req_id: i32,
    bytes: Vec<u8>,
}

/// Length and number.
const HEAD: usize = 8;

impl AnswerFrame {
    /// An empty one.
    pub(crate) fn new(req_id: i32) -> Self {
        let mut frame = Self { req_id, bytes: Vec::new() };
        frame.begin();
        frame
    }

    fn begin(&mut self) {
        self.bytes = vec![0; HEAD];
        prost::encoding::int32::encode(1, &self.req_id, &mut self.bytes);
    }

    /// Adds a bar; gives the frame that was full before it.
    pub(crate) fn push(&mut self, bar: &HistoricalBar) -> Option<Vec<u8>> {
        // Tag and length take at most 6 bytes.
        let full = self.bytes.len() + bar.encoded_len() + 6 > BODY_MAX + 4;
        let ready = full.then(|| self.take());
        prost::encoding::encode_key(2, WireType::LengthDelimited, &mut self.bytes);
        prost::encoding::encode_varint(bar.encoded_len() as u64, &mut self.bytes);
        bar.encode_raw(&mut self.bytes);
        ready
    }

    /// Length of the frame so far, bytes.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The frame with the bars so far; a new one begins.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.bytes);
        self.begin();
        let length = (bytes.len() - 4) as u32;
        bytes[..4].copy_from_slice(&length.to_be_bytes());
        bytes[4..HEAD]
            .copy_from_slice(&(outgoing::HISTORICAL_DATA + PROTOBUF_OFFSET).to_be_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::wire::Number;

    #[tokio::test]
    async fn what_is_framed_is_read_again() {
        // Length 6 covers the number 9 + 200 and field 1 as the varint 5.
        let bytes = frame(outgoing::NEXT_VALID_ID, &Number { value: Some(5) });
        assert_eq!(bytes, [0, 0, 0, 6, 0, 0, 0, 209, 8, 5]);
        let mut reader = bytes.as_slice();
        let (number, body) = read_frame(&mut reader).await.unwrap().unwrap();
        assert_eq!((number, body), (209, vec![8, 5]));
        assert!(read_frame(&mut reader).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn lengths_that_no_request_has_are_refused() {
        for length in [0_u32, 3, u32::MAX] {
            let bytes = length.to_be_bytes();
            assert!(read_frame(&mut bytes.as_slice()).await.is_err(), "{length}");
        }
    }

    #[tokio::test]
    async fn the_highest_common_version_is_spoken() {
        let greeting = b"API\0\0\0\0\x09v213..226";
        let versions = read_versions(&mut greeting.as_slice()).await.unwrap();
        assert_eq!(versions, Versions { low: 213, high: 226 });
        assert_eq!(versions.agree().unwrap(), 225);
        assert_eq!(Versions { low: 100, high: 217 }.agree().unwrap(), 217);
        assert!(Versions { low: 100, high: 178 }.agree().is_err());
        assert!(Versions { low: 226, high: 230 }.agree().is_err());
        for other in [b"GET / HTTP/1.1\r\n\r\n".as_slice(), b"API\0\0\0\0\x04what", b"AP"] {
            assert!(read_versions(&mut &other[..]).await.is_err());
        }
    }

    #[test]
    fn an_answer_beyond_the_longest_frame_goes_on_in_the_next() {
        let bar = HistoricalBar { date: Some("x".repeat(1 << 16)), ..HistoricalBar::default() };
        let mut answer = AnswerFrame::new(3);
        let full: Vec<Vec<u8>> = (0..600).filter_map(|_| answer.push(&bar)).collect();
        let last = answer.take();
        // 255 bars of 65,536 bytes fit into 16,777,215 with their 8 bytes of tags and lengths.
        assert_eq!(full.len(), 2);
        for frame in full.iter().chain([&last]) {
            let length = u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]]) as usize;
            assert_eq!(length, frame.len() - 4);
            assert!(length <= BODY_MAX);
            assert_eq!(frame[4..8], [0, 0, 0, 217]);
        }
    }
}
