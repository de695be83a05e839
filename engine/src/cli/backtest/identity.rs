//! The identity of a run: a digest of everything that its result depends on, and of nothing else.
//! The same run on another day or from another database has the same one.

use std::fmt::Write as _;

use engine_core::backtest::{Config, Rules};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Judged, market::Bars};
use crate::feed::ColumnFile;

/// Hexadecimal digits of an id.
const DIGITS: usize = 32;

/// The id of a run.
pub(super) fn of(run: &Judged<'_>, bars: &Bars) -> String {
    let mut everything = json!({
        "engine": env!("CARGO_PKG_VERSION"),
        "data": bars.digest(),
        "configuration": value(run),
    });
    if let Some(finer) = run.args.intrabar {
        let digest = |file: &ColumnFile| file.info().digest.to_string();
        let digests: Vec<_> = bars.finer.iter().map(|file| file.as_ref().map(digest)).collect();
        everything["intrabar"] = json!({ "resolution": finer.to_string(), "data": digests });
    }
    let sum = Sha256::digest(everything.to_string().as_bytes());
    let mut id = String::with_capacity(64);
    for byte in sum {
        write!(id, "{byte:02x}").expect("a string takes everything");
    }
    id.truncate(DIGITS);
    id
}

/// What was asked for, as JSON: enough to ask for it again.
pub(super) fn configuration(run: &Judged<'_>) -> Value {
    value(run)
}

/// The rules without what is at its default, so that a rule that joins later changes no older id; the
/// calendar is a fact of the data.
fn rules(config: &Config) -> Value {
    let json = |config| serde_json::to_value(config).expect("rules have a JSON form");
    let mut value = json(config);
    let plain = json(&Config { rules: Rules::default(), ..config.clone() });
    let finer = value["rules"].as_object_mut().expect("rules are an object");
    finer.retain(|key, rule| key != "calendar" && plain["rules"][key] != *rule);
    if finer.is_empty() {
        value.as_object_mut().expect("a configuration is an object").shift_remove("rules");
    }
    value
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
        "rules": rules(run.config),
        "risk_free_rate": run.args.rules.rf(),
    })
}
