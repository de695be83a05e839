//! What a fetch did for one symbol, for people and for `--json`.

use super::answer::Sound;
use crate::{
    error::{Code, Failure},
    ingest::{IngestError, merge::Merged},
    store::Reject,
};
use serde::Serialize;

/// Rejected bars that a report lists.
const REJECTS_LISTED: usize = 20;

/// How a symbol ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FetchState {
    /// All that was asked for is there, as far as the broker has it.
    #[default]
    Done,
    /// Some bars were rejected; the others are there.
    Partly,
    /// It failed; what came before the failure is there.
    Failed,
    /// The user asked to stop; what came before is there.
    Stopped,
}

/// Why a symbol failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FetchFailure {
    /// The code, as in `error[CODE]`.
    pub code: &'static str,
    /// What, where and the value.
    pub message: String,
    /// What would help.
    pub help: Option<String>,
    /// The failure itself.
    #[serde(skip)]
    pub failure: Failure,
}

/// What a fetch did for one symbol. Bars of overlaps count as the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FetchReport {
    /// Symbol of the instrument.
    pub symbol: String,
    /// Name of the resolution.
    pub resolution: String,
    /// Source of the bars, for example `ibkr trades rth`.
    pub source: String,
    /// How it ended.
    pub state: FetchState,
    /// Requests for bars, those that were made again included.
    pub requests: u64,
    /// Bars that were not held before.
    pub new: u64,
    /// Bars that were held with the same values.
    pub same: u64,
    /// Bars that were held with other values, or were not final.
    pub changed: u64,
    /// Other held bars that got new indicators.
    pub recomputed: u64,
    /// Bars that cannot be.
    pub rejected: u64,
    /// Bars that repeated another one.
    pub duplicates: u64,
    /// Bars from outside of what was asked for.
    pub outside: u64,
    /// Answers that were out of order.
    pub unordered: u64,
    /// Bars whose interval has not ended.
    pub partial: u64,
    /// Bars that the calendar expects in the series and in what was asked for, that are not held, and
    /// that the broker was not asked for twice.
    pub missing: u64,
    /// Bars of the series now.
    pub bars_held: i64,
    /// First bar of the series, nanoseconds UTC.
    pub first_ts: Option<i64>,
    /// Last bar of the series, nanoseconds UTC.
    pub last_ts: Option<i64>,
    /// Restatements of the series so far.
    pub epoch: i64,
    /// What the user should know: a restatement, a replaced source.
    pub notes: Vec<String>,
    /// The first rejected bars.
    pub rejects: Vec<Reject>,
    /// Why it failed.
    pub error: Option<FetchFailure>,
}

impl FetchReport {
    /// Counts an answer that is taken.
    pub(super) fn count(&mut self, sound: &Sound) {
        self.duplicates += sound.duplicates;
        self.outside += sound.outside;
        self.unordered += u64::from(sound.is_unordered);
        self.rejected += sound.bad.len() as u64;
        let room = REJECTS_LISTED.saturating_sub(self.rejects.len());
        self.rejects.extend(sound.bad.iter().take(room).map(|bad| bad.reject.clone()));
        // Two answers may both reach to now.
        let partial = sound.bars.iter().filter(|checked| !checked.is_final).count() as u64;
        self.partial = self.partial.max(partial);
        if !sound.bad.is_empty() || sound.is_stray() {
            self.state = FetchState::Partly;
        }
    }

    /// Adds what another report has counted of answers.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.duplicates += other.duplicates;
        self.outside += other.outside;
        self.unordered += other.unordered;
        self.rejected += other.rejected;
        let room = REJECTS_LISTED.saturating_sub(self.rejects.len());
        self.rejects.extend(other.rejects.iter().take(room).cloned());
        self.partial = self.partial.max(other.partial);
        if other.state == FetchState::Partly {
            self.state = FetchState::Partly;
        }
    }

    /// Adds what was written.
    pub(super) fn add(&mut self, merged: &Merged) {
        self.new += merged.new;
        self.same += merged.same;
        self.changed += merged.changed;
        self.recomputed += merged.recomputed;
    }

    /// Ends it with an error.
    pub(super) fn fail(&mut self, error: IngestError) {
        if matches!(error, IngestError::Cancelled) {
            self.state = FetchState::Stopped;
            return;
        }
        self.state = FetchState::Failed;
        let failure = Failure::from(error);
        self.error = Some(FetchFailure {
            code: failure.code.name(),
            message: failure.message.clone(),
            help: failure.help.clone(),
            failure,
        });
    }

    /// The exit code of this symbol alone; `None` when all is well.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self.state {
            FetchState::Done | FetchState::Stopped => None,
            FetchState::Partly => Some(Code::Partial),
            FetchState::Failed => Some(self.error.as_ref().map_or(Code::Bug, |e| e.failure.code)),
        }
    }
}
