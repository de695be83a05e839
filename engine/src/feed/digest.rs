//! The digest of bars: which data a result stands on, whoever kept it and under which name.

use std::{borrow::Cow, fmt};

use sha2::{Digest as _, Sha256};
use strategy_api::Columns;

/// A sha256; shown as lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Digest of bars: sha256 of `bars v1` and a zero byte, the number of bars (u64), and the columns ts
/// (i64), open, high, low, close, volume (f64), all little-endian. It knows neither symbol nor
/// database, so that the same bars have the same digest everywhere.
#[must_use]
pub fn digest(columns: &Columns<'_>) -> Digest {
    let mut hash = Sha256::new();
    hash.update(b"bars v1\0");
    hash.update((columns.len() as u64).to_le_bytes());
    hash.update(bytemuck::cast_slice(columns.ts));
    for prices in [columns.open, columns.high, columns.low, columns.close] {
        hash.update(bytemuck::cast_slice(prices));
    }
    hash.update(bytemuck::cast_slice(&canonical(columns.volume)));
    Digest(hash.finalize().into())
}

/// Volumes without a negative zero, which one database keeps and another one does not.
pub(super) fn canonical(volume: &[f64]) -> Cow<'_, [f64]> {
    let is_negative_zero = |units: &f64| *units == 0.0 && units.is_sign_negative();
    if volume.iter().any(is_negative_zero) {
        Cow::Owned(volume.iter().map(|units| units + 0.0).collect())
    } else {
        Cow::Borrowed(volume)
    }
}

/// Digest of texts, each with its length before it, so that no two lists give the same bytes.
pub(super) fn digest_of_texts(texts: &[&str]) -> Digest {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    Digest(hash.finalize().into())
}

/// Digest of bytes.
pub(super) fn digest_of_bytes(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}
