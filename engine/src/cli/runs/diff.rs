//! `runs diff`: which inputs of two runs differ, what became of their figures, and the first trade that
//! is another one.

use serde_json::json;

use super::read;
use crate::{
    cli::{Done, Outcome, app::App},
    report::difference,
    store::RunRecord,
};

pub(super) fn run(app: &App, one: &RunRecord, other: &RunRecord) -> Outcome {
    let (before, after) = (read(one)?, read(other)?);
    let inputs = difference::inputs((&one.config, &before.0), (&other.config, &after.0))?;
    let figures = difference::figures(&before.0, &after.0);
    let trade = difference::first_trade((&before.0, &before.1), (&after.0, &after.1));
    if app.out.json() {
        app.out.value(&json!({
            "one": one.id, "other": other.id, "inputs": inputs, "figures": figures, "trade": trade,
        }))?;
    } else {
        app.out.text(&difference::text(&inputs, &figures, trade.as_ref()))?;
    }
    Ok(Done::Well)
}
