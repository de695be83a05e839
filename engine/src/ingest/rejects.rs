//! The list of what was not taken: all are counted, the first ones kept with line, reason and text.

use crate::store::Reject;

/// Rejected rows that are kept; the others are only counted, so that memory stays bounded.
pub const KEPT: usize = 10_000;

/// Rejected rows of one ingestion.
#[derive(Clone, Debug, Default)]
pub(super) struct Rejects {
    /// Rows rejected.
    pub(super) count: u64,
    /// The first [`KEPT`] of them, by line as far as they came so.
    pub(super) kept: Vec<Reject>,
    /// Those on a day without a session.
    pub(super) off_session: u64,
    /// What would help against the first one that has a remedy.
    pub(super) remedy: Option<&'static str>,
}

impl Rejects {
    /// Takes a rejected row; its texts are only made when it is kept.
    pub(super) fn add(&mut self, line: u64, reason: impl Fn() -> String, raw: impl Fn() -> String) {
        self.count += 1;
        if self.kept.len() < KEPT {
            let line = i64::try_from(line).unwrap_or(i64::MAX);
            self.kept.push(Reject { line, reason: reason(), raw: raw() });
        }
    }

    /// Remembers what would help, the first time.
    pub(super) fn suggest(&mut self, remedy: Option<&'static str>) {
        self.remedy = self.remedy.or(remedy);
    }
}
