//! Bars of an answer in portions, so that a long answer needs little memory.

use super::{Quote, Sessions, replay::Replayed};

/// Bars of one query, oldest first.
pub(crate) enum BarStream {
    /// Made up, a session at a time.
    Synthetic(Box<Sessions>),
    /// From a database, some thousand at a time.
    Replay(Replayed),
}

impl Iterator for BarStream {
    type Item = Vec<Quote>;

    fn next(&mut self) -> Option<Vec<Quote>> {
        match self {
            Self::Synthetic(sessions) => sessions.next(),
            Self::Replay(replayed) => replayed.next(),
        }
    }
}
