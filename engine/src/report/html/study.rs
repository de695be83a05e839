//! A walk-forward or a cross-validation as its JSON gives it.

use engine_core::sweep::TrialFigures;
use serde::Deserialize;
use serde_json::{Map, Value};

/// What `docs/sweep-json.md` says of a walk-forward or a cross-validation, as far as it is shown.
#[derive(Debug, Deserialize)]
pub(super) struct Validation {
    pub(super) engine: String,
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) strategy: String,
    pub(super) symbols: Vec<String>,
    pub(super) resolution: String,
    pub(super) data_digest: String,
    pub(super) first: String,
    pub(super) last: String,
    pub(super) bars: usize,
    pub(super) sessions: usize,
    pub(super) rank: String,
    #[serde(rename = "where")]
    pub(super) constraint: Option<String>,
    pub(super) random: Option<u64>,
    pub(super) model: Option<u64>,
    pub(super) scheme: Scheme,
    pub(super) trials: u64,
    pub(super) done: u64,
    pub(super) refused: u64,
    pub(super) failed: u64,
    pub(super) undefined: u64,
    pub(super) folds: Vec<Fold>,
    pub(super) in_sample: Averages,
    pub(super) out_of_sample: Averages,
    pub(super) total: TrialFigures,
    pub(super) efficiency: Option<f64>,
    pub(super) profitable_folds: u64,
    pub(super) luck: Luck,
    pub(super) equity: Equity,
}

#[derive(Debug, Deserialize)]
pub(super) struct Scheme {
    pub(super) anchored: Option<bool>,
    pub(super) purge: Option<u64>,
    pub(super) embargo: Option<u64>,
    pub(super) history: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Fold {
    pub(super) fold: u64,
    pub(super) in_sample: Vec<Window>,
    pub(super) out_of_sample: Window,
    pub(super) parameters: Option<Map<String, Value>>,
    pub(super) in_sample_metrics: Option<TrialFigures>,
    pub(super) out_of_sample_metrics: TrialFigures,
    pub(super) fault: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Window {
    pub(super) first: String,
    pub(super) last: String,
    pub(super) sessions: usize,
}

#[derive(Debug, Deserialize)]
pub(super) struct Averages {
    pub(super) mean: Map<String, Value>,
    pub(super) std: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Luck {
    pub(super) trials_ever: u64,
    pub(super) psr: Option<f64>,
    pub(super) intervals: Value,
    pub(super) sentence: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Equity {
    pub(super) initial: f64,
    pub(super) date: Vec<String>,
    pub(super) value: Vec<f64>,
}
