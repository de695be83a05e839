//! What is kept of a study: a sweep, a walk-forward optimisation or a cross-validation, with the JSON
//! that it printed.

/// What a study did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StudyKind {
    /// Tried parameter sets on the same bars.
    Sweep,
    /// Chose parameters on a window and judged them on the one that follows.
    WalkForward,
    /// Judged every block with parameters chosen on the others.
    KFold,
}

impl StudyKind {
    const ALL: [Self; 3] = [Self::Sweep, Self::WalkForward, Self::KFold];

    /// Its name in the database and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sweep => "sweep",
            Self::WalkForward => "walk-forward",
            Self::KFold => "k-fold",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A study.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyRecord {
    /// Content hash of everything that its trials depend on, in hex.
    pub id: String,
    /// When it was last run, nanoseconds UTC.
    pub created_at: i64,
    /// What it did.
    pub kind: StudyKind,
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
    /// What `--json` prints; `None` while it is not finished.
    pub result: Option<String>,
}
