//! `runs diff`: which inputs of two runs differ, what became of their figures, and the first trade that
//! is another one.

use serde_json::{Value, json};

use super::read;
use crate::{
    cli::{Done, Outcome, app::App},
    error::Failure,
    report::difference,
    store::RunRecord,
};

/// What differs, in both forms.
pub(in crate::cli) struct Differences {
    pub(in crate::cli) json: Value,
    pub(in crate::cli) text: String,
}

pub(super) fn run(app: &App, one: &RunRecord, other: &RunRecord) -> Outcome {
    let found = differences(one, other)?;
    if app.out.json() {
        app.out.value(&found.json)?;
    } else {
        app.out.text(&found.text)?;
    }
    Ok(Done::Well)
}

/// Compares two kept runs.
///
/// # Errors
/// When a record cannot be read.
pub(in crate::cli) fn differences(
    one: &RunRecord,
    other: &RunRecord,
) -> Result<Differences, Failure> {
    let (before, after) = (read(one)?, read(other)?);
    let inputs = difference::inputs((&one.config, &before.0), (&other.config, &after.0))?;
    let figures = difference::figures(&before.0, &after.0);
    let trade = difference::first_trade((&before.0, &before.1), (&after.0, &after.1));
    let text = difference::text(&inputs, &figures, trade.as_ref());
    let json = json!({
        "one": one.id, "other": other.id, "inputs": inputs, "figures": figures, "trade": trade,
    });
    Ok(Differences { json, text })
}
