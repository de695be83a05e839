//! How a result is written: its long parts go out as they stand in memory, and length and checksum are
//! known when the last byte is.

use std::io::{self, Write};

use serde::Serialize;

/// A number that tells a whole result from a damaged one. It guards against accidents, not against a
/// plugin that means to forge.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    let mut sum = Checksum::default();
    sum.take(bytes);
    sum.value()
}

/// Words of a block: each has a sum of its own, so that a processor works on all of them at once.
const LANES: usize = 4;
const BLOCK: usize = LANES * 8;

/// A [`checksum`] under way.
#[derive(Clone, Copy, Debug)]
struct Checksum {
    sums: [u64; LANES],
    /// Bytes that make no whole block yet.
    part: [u8; BLOCK],
    filled: usize,
}

impl Default for Checksum {
    fn default() -> Self {
        Self { sums: [0xcbf2_9ce4_8422_2325; LANES], part: [0; BLOCK], filled: 0 }
    }
}

impl Checksum {
    fn take(&mut self, mut bytes: &[u8]) {
        if self.filled > 0 {
            let (more, rest) = bytes.split_at(bytes.len().min(BLOCK - self.filled));
            self.part[self.filled..][..more.len()].copy_from_slice(more);
            self.filled += more.len();
            bytes = rest;
            if self.filled < BLOCK {
                return;
            }
            self.sums = mixed(self.sums, &self.part);
        }
        let (blocks, rest) = bytes.as_chunks();
        self.sums = blocks.iter().fold(self.sums, mixed);
        self.part = [0; BLOCK];
        self.part[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }

    fn value(self) -> u64 {
        let last = mixed(self.sums, &self.part);
        last.iter().fold(self.filled as u64, |all, sum| turned(all ^ sum))
    }
}

fn mixed(sums: [u64; LANES], block: &[u8; BLOCK]) -> [u64; LANES] {
    let (words, _) = block.as_chunks::<8>();
    std::array::from_fn(|lane| turned(sums[lane] ^ u64::from_le_bytes(words[lane])))
}

/// The constants are those of Fowler, Noll and Vo's hash, applied to words.
fn turned(sum: u64) -> u64 {
    sum.wrapping_mul(0x0100_0000_01b3).rotate_left(23)
}

/// Writes a result without a copy of its long parts; gives its length and checksum.
pub(super) fn write_result<T: Serialize>(
    value: &T,
    out: &mut impl Write,
) -> io::Result<(u64, u64)> {
    let mut out = io::BufWriter::with_capacity(RESULT_BUFFER, Measured::new(out));
    postcard::to_io(value, &mut out).map_err(io::Error::other)?;
    out.flush()?;
    let measured = out.get_ref();
    Ok((measured.length, measured.sum.value()))
}

/// Bytes of a result that are collected before they are written.
const RESULT_BUFFER: usize = 64 << 10;

/// A writer that knows what went through it.
struct Measured<'w, W> {
    out: &'w mut W,
    length: u64,
    sum: Checksum,
}

impl<'w, W> Measured<'w, W> {
    fn new(out: &'w mut W) -> Self {
        Self { out, length: 0, sum: Checksum::default() }
    }
}

impl<W: Write> Write for Measured<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.sum.take(&bytes[..count]);
        self.length += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::wire::Numbers, *};

    #[test]
    fn a_result_is_written_as_it_is_serialised_and_measured_on_the_way() {
        for length in [0, 1, 7, 40_000] {
            let value = (3_u8, Numbers(vec![1.5; length]), "the rest".to_owned());
            let whole = postcard::to_stdvec(&value).unwrap();
            let mut written = Vec::new();
            let measured = write_result(&value, &mut written).unwrap();
            assert_eq!(measured, (whole.len() as u64, checksum(&whole)));
            assert_eq!(written, whole);
        }
    }

    #[test]
    fn a_checksum_does_not_depend_on_where_the_bytes_are_cut() {
        let bytes: Vec<u8> = (0..105).collect();
        for first in 0..105 {
            for second in first..105 {
                let mut sum = Checksum::default();
                for part in [&bytes[..first], &bytes[first..second], &bytes[second..]] {
                    sum.take(part);
                }
                assert_eq!(sum.value(), checksum(&bytes), "{first} {second}");
            }
        }
    }

    #[test]
    fn every_flipped_bit_changes_the_checksum() {
        let bytes: Vec<u8> = (0..105).collect();
        let sum = checksum(&bytes);
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(checksum(&changed), sum);
        }
    }
}
