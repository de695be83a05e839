//! `runs show --why`: how a trade or an order came about, step by step.

use super::read;
use crate::{
    cli::{Done, Outcome, app::App},
    report::{record::Grounds, why},
    store::RunRecord,
};

/// What is asked about, by its number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    Trade(u64),
    Order(u64),
}

pub(super) fn run(app: &App, run: &RunRecord, asked: Asked) -> Outcome {
    let (report, lists) = read(run)?;
    let grounds = Grounds::decode(&run.columns)?;
    let found = match asked {
        Asked::Trade(number) => why::trade(&report, &lists, grounds.as_ref(), number),
        Asked::Order(number) => why::order(&report, &lists, grounds.as_ref(), number),
    };
    let found = found.map_err(|error| error.failure(&run.id))?;
    if app.out.json() {
        app.out.value(&found)?;
    } else {
        app.out.text(why::text(&found).trim_end())?;
    }
    Ok(Done::Well)
}
