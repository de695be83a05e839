//! What is kept of sweeps: one row a sweep with how far it has come, one row a trial.

use engine_core::sweep::TrialFigures;

/// A sweep, apart from its trials.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRecord {
    /// Content hash of everything that its trials depend on, in hex.
    pub id: String,
    /// When it was begun, nanoseconds UTC.
    pub created_at: i64,
    /// Strategy (or alias) as it was asked for.
    pub strategy: String,
    /// Symbols, comma-separated.
    pub symbols: String,
    /// Name of the resolution.
    pub resolution: String,
    /// Digest of the bars in hex.
    pub data_digest: String,
    /// sha256 of the plugin in hex; empty for a built-in strategy.
    pub plugin_sha256: String,
    /// Version of the engine.
    pub engine_version: String,
    /// What was asked for, as JSON.
    pub config: String,
    /// Number of positions.
    pub positions: i64,
}

/// How far a sweep has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepState {
    /// Its key in the database.
    pub number: i64,
    /// The first position that is not done.
    pub reached: i64,
    /// Trials among those that are.
    pub trials: i64,
}

/// A trial as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialRow {
    /// Its position.
    pub position: i64,
    /// What came of it.
    pub state: TrialState,
    /// Why, unless it is done.
    pub reason: Option<String>,
    /// Its figures; all undefined unless it is done.
    pub figures: TrialFigures,
}

/// What came of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialState {
    /// It has figures.
    Done,
    /// The strategy does not take the parameters.
    Refused,
    /// The strategy failed.
    Failed,
}

impl TrialState {
    /// The state of its number in the database.
    pub(super) fn of_code(code: u8) -> Option<Self> {
        [Self::Done, Self::Refused, Self::Failed].into_iter().find(|state| *state as u8 == code)
    }
}

/// The trials of a range of positions, to be kept all together or not at all.
#[derive(Clone, Copy, Debug)]
pub struct TrialBatch<'a> {
    /// Key of the sweep.
    pub sweep: i64,
    /// First position; must be where the sweep stands.
    pub first: i64,
    /// The position after the last one.
    pub end: i64,
    /// The trials among them, by position.
    pub rows: &'a [TrialRow],
}
