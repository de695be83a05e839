//! The identity of a run: a digest of everything that its result depends on, and of nothing else.
//! The same run on another day or from another database has the same one.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Judged, market::Bars};

/// Hexadecimal digits of an id.
const DIGITS: usize = 32;

/// The id of a run.
pub(super) fn of(run: &Judged<'_>, bars: &Bars) -> String {
    let everything = json!({
        "engine": env!("CARGO_PKG_VERSION"),
        "data": bars.digest(),
        "configuration": value(run),
    });
    let sum = Sha256::digest(everything.to_string().as_bytes());
    let mut id = String::with_capacity(64);
    for byte in sum {
        write!(id, "{byte:02x}").expect("a string takes everything");
    }
    id.truncate(DIGITS);
    id
}

/// What was asked for, as JSON: enough to ask for it again.
pub(super) fn configuration(run: &Judged<'_>) -> String {
    value(run).to_string()
}

fn value(run: &Judged<'_>) -> Value {
    let strategy = |strategy: &crate::registry::Resolved, values: &[f64]| {
        json!({
            "id": strategy.facts().name,
            "version": strategy.facts().version,
            "plugin_sha256": strategy.sha256().map(|sum| sum.to_string()),
            "parameters": strategy.shown(values),
        })
    };
    json!({
        "symbols": run.args.symbol,
        "resolution": run.args.rules.resolution.to_string(),
        "asked": run.strategy.asked(),
        "strategy": strategy(run.strategy, run.values),
        "benchmark": run.benchmark.map(|(other, values)| strategy(other, values)),
        "rules": serde_json::to_value(run.config).expect("rules have a JSON form"),
        "risk_free_rate": run.args.rules.rf,
    })
}
