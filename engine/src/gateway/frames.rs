//! Recognises the frames of the protocol in passing bytes, without keeping them.
//!
//! A frame is a length of four bytes (big endian) and a body. The first body in each direction is a
//! text; every later one begins with a message number of four bytes, above 200 for protobuf, whose
//! first field is mostly the number of the request. Nothing is decoded beyond that.

/// The largest body that the protocol allows.
pub(super) const LARGEST_BODY: u32 = 0x00ff_ffff;
/// The largest text of a first frame that makes sense; real ones are about 40 bytes.
const LARGEST_GREETING: u32 = 512;
/// Added to the number of a message whose body is protobuf.
const PROTOBUF: u32 = 200;
/// Bytes of a frame that are looked at: length, message number, and a field of one tag and ten bytes.
const HEAD: usize = 4 + 4 + 11;

/// Messages of the gateway that carry the number of the request that they answer.
const ANSWERS: [u32; 6] = [4, 10, 17, 52, 88, 108];
/// Messages that ask for bars, a contract, or the first bar.
const QUESTIONS: [u32; 3] = [9, 20, 87];

/// The largest body that may be an answer, too large as it is; a longer one is nonsense.
const LARGEST_ANSWER: u32 = 0x0fff_ffff;

/// A frame of a length that the protocol does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadFrame {
    /// What it says of its length, bytes.
    pub(super) length: u32,
}

impl BadFrame {
    /// Whether it is an answer to a question that asked for too much, and not just nonsense.
    pub(super) fn is_too_large(&self) -> bool {
        (LARGEST_BODY + 1..=LARGEST_ANSWER).contains(&self.length)
    }
}

impl std::fmt::Display for BadFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a frame of {} bytes", self.length)
    }
}

/// What a stretch of bytes was part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The text of the first frame, once it is whole.
    Greeting(String),
    /// Some of the answer to a request; `ends` when the frame is whole.
    Answer { request: i32, ends: bool },
    /// A question was sent under this number.
    Question(i32),
    /// The beginning of a frame that does not yet say whose it is.
    Unclear,
}

/// Which way the bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the gateway.
    In,
    /// To the gateway.
    Out,
}

/// Follows one direction of a conversation.
#[derive(Debug)]
pub(super) struct Frames {
    way: Way,
    greeted: bool,
    /// Bytes to leave out before the first frame.
    prefix: usize,
    /// The first bytes of the current frame, its length included.
    head: Vec<u8>,
    /// Bytes of the current frame that have passed, its length included.
    passed: usize,
}

impl Frames {
    pub(super) fn new(way: Way) -> Self {
        // A client says "API" and a zero byte before its first frame.
        let prefix = if way == Way::Out { 4 } else { 0 };
        Self { way, greeted: false, prefix, head: Vec::new(), passed: 0 }
    }

    /// Whether the first frame has passed.
    pub(super) fn greeted(&self) -> bool {
        self.greeted
    }

    /// Takes the next bytes and says what they were part of.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) -> Result<Vec<Part>, BadFrame> {
        let mut parts = Vec::new();
        let skipped = self.prefix.min(bytes.len());
        self.prefix -= skipped;
        bytes = &bytes[skipped..];
        while !bytes.is_empty() {
            let taken = self.take(bytes);
            bytes = &bytes[taken..];
            let length = self.length()?;
            let ends = length.is_some_and(|length| self.passed == length + 4);
            // Whose a frame is, is unclear only when no more of it has come.
            let part = self.part(ends);
            parts.extend(part.filter(|part| *part != Part::Unclear || bytes.is_empty()));
            if ends {
                self.greeted = true;
                self.head.clear();
                self.passed = 0;
            }
        }
        Ok(parts)
    }

    /// Takes bytes up to the end of the length or of the frame, and says how many.
    fn take(&mut self, bytes: &[u8]) -> usize {
        let known = self.head.first_chunk().map(|length| u32::from_be_bytes(*length) as usize + 4);
        let wanted = known.unwrap_or(4) - self.passed;
        let taken = wanted.min(bytes.len());
        let kept = if self.greeted { HEAD } else { 4 + LARGEST_GREETING as usize };
        let room = kept.saturating_sub(self.head.len()).min(taken);
        self.head.extend_from_slice(&bytes[..room]);
        self.passed += taken;
        taken
    }

    /// Length of the body, once it is known and makes sense.
    fn length(&self) -> Result<Option<usize>, BadFrame> {
        let Some(length) = self.head.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)) else {
            return Ok(None);
        };
        let valid = if self.greeted { 4..=LARGEST_BODY } else { 1..=LARGEST_GREETING };
        if valid.contains(&length) { Ok(Some(length as usize)) } else { Err(BadFrame { length }) }
    }

    fn part(&self, ends: bool) -> Option<Part> {
        if !self.greeted {
            let text = || String::from_utf8_lossy(&self.head[4..]).into_owned();
            return ends.then(|| Part::Greeting(text()));
        }
        match (self.way, self.owner(ends)) {
            (Way::In, Owner::Request(request)) => Some(Part::Answer { request, ends }),
            (Way::In, Owner::Unclear) => Some(Part::Unclear),
            (Way::Out, Owner::Request(request)) if ends => Some(Part::Question(request)),
            _ => None,
        }
    }

    /// Whose the current frame is.
    fn owner(&self, ends: bool) -> Owner {
        let unclear = if ends { Owner::Nobody } else { Owner::Unclear };
        let Some(number) = self.head.get(4..8).and_then(|bytes| bytes.first_chunk()) else {
            return unclear;
        };
        let of_interest: &[u32] = if self.way == Way::In { &ANSWERS } else { &QUESTIONS };
        let number = u32::from_be_bytes(*number);
        if !number.checked_sub(PROTOBUF).is_some_and(|number| of_interest.contains(&number)) {
            return Owner::Nobody;
        }
        match self.head.get(8) {
            Some(0x08) => varint(&self.head[9..]).map_or(unclear, Owner::Request),
            Some(_) => Owner::Nobody,
            None => unclear,
        }
    }
}

enum Owner {
    Request(i32),
    Nobody,
    Unclear,
}

/// A protobuf number of variable length, when it is whole; request numbers have 32 bits.
fn varint(bytes: &[u8]) -> Option<i32> {
    let mut value = 0_u64;
    for (at, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * at as u32)?;
        if byte & 0x80 == 0 {
            // Negative numbers are sent with 64 bits; the lower 32 are the number.
            return Some(value as u32 as i32);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes written down from the protocol: an error for request 7, then the answer 17 for request
    /// 1,500,000,000 (whose varint is 80 de a0 cb 05) with six more bytes.
    const GREETING: &[u8] = b"\0\0\0\x09225\x0020261";
    const ERROR_OF_7: &[u8] = &[0, 0, 0, 6, 0, 0, 0, 204, 0x08, 7];
    const BARS: &[u8] =
        &[0, 0, 0, 16, 0, 0, 0, 217, 0x08, 0x80, 0xde, 0xa0, 0xcb, 0x05, 0x12, 4, 1, 2, 3, 4];
    const TIME: &[u8] = &[0, 0, 0, 6, 0, 0, 0, 249, 0x08, 9];

    fn all(frames: &mut Frames, bytes: &[u8], step: usize) -> Vec<Part> {
        bytes.chunks(step).flat_map(|chunk| frames.pass(chunk).unwrap()).collect()
    }

    #[test]
    fn bytes_are_counted_for_the_request_that_they_answer_however_they_are_cut() {
        let stream = [GREETING, ERROR_OF_7, TIME, BARS].concat();
        for step in 1..=stream.len() {
            let mut frames = Frames::new(Way::In);
            let parts = all(&mut frames, &stream, step);
            assert_eq!(parts[0], Part::Greeting("225\x0020261".to_owned()), "{step}");
            let ends: Vec<i32> = parts
                .iter()
                .filter_map(|part| match part {
                    Part::Answer { request, ends: true, .. } => Some(*request),
                    _ => None,
                })
                .collect();
            assert_eq!(ends, [7, 1_500_000_000], "{step}");
            if step == stream.len() {
                assert!(!parts.contains(&Part::Unclear), "whole frames are clear");
            }
        }
    }

    #[test]
    fn a_frame_that_has_only_begun_is_nobodys_yet() {
        let mut frames = Frames::new(Way::In);
        frames.pass(GREETING).unwrap();
        assert_eq!(frames.pass(&BARS[..3]).unwrap(), [Part::Unclear]);
        assert_eq!(frames.pass(&BARS[3..9]).unwrap(), [Part::Unclear]);
        let answer = |ends| Part::Answer { request: 1_500_000_000, ends };
        assert_eq!(frames.pass(&BARS[9..15]).unwrap(), [answer(false)]);
        assert_eq!(frames.pass(&BARS[15..]).unwrap(), [answer(true)]);
    }

    #[test]
    fn a_question_is_told_from_a_cancellation() {
        let mut frames = Frames::new(Way::Out);
        let stream = [
            b"API\0\0\0\0\x09v213..226".as_slice(),
            &[0, 0, 0, 6, 0, 0, 0, 220, 0x08, 5],
            &[0, 0, 0, 6, 0, 0, 0, 225, 0x08, 5],
        ]
        .concat();
        let parts = frames.pass(&stream).unwrap();
        assert_eq!(parts, [Part::Greeting("v213..226".to_owned()), Part::Question(5)]);
    }

    #[test]
    fn lengths_that_cannot_be_are_refused_before_anything_is_kept() {
        for (greeted, length) in [(true, 0_u32), (true, 3), (true, 0x0100_0000), (false, 513)] {
            let mut frames = Frames::new(Way::In);
            if greeted {
                frames.pass(GREETING).unwrap();
            }
            let refused = frames.pass(&length.to_be_bytes()).unwrap_err();
            assert_eq!(refused, BadFrame { length });
            assert_eq!(refused.is_too_large(), length == 0x0100_0000);
        }
    }

    #[test]
    fn a_negative_number_is_read_as_one() {
        let minus_one = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(varint(&minus_one), Some(-1));
        assert_eq!(varint(&minus_one[..9]), None);
    }
}
