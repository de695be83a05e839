//! The result under the three readings of bars that can be read in two ways: against the trader, as the
//! run has it, and for the trader.

use engine_core::{
    backtest::{Config, Rules},
    broker::Ambiguity,
};

use super::{Judged, market::Bars};
use crate::{
    error::Failure,
    report::{AmbiguityFacts, read_three_ways},
    worker::{self, Limits, Mode, Ran, RunJob, Wants},
};

/// Runs the readings that the run itself is not; none when every bar can be read in one way only.
///
/// # Errors
/// When the strategy fails under another reading.
pub(super) fn readings(
    run: &Judged<'_>,
    bars: &Bars,
    mode: &Mode,
    base: &Ran,
) -> Result<Option<AmbiguityFacts>, Failure> {
    if base.result.ambiguous_bars == 0 {
        return Ok(None);
    }
    // The bounds are those of the rule alone: finer bars are left out.
    let by_rule = bars.finer.iter().all(Option::is_none);
    let end = |ran: &Ran| ran.figures.metrics.final_equity;
    let read = |ambiguity| -> Result<Option<f64>, Failure> {
        if run.config.rules.ambiguity == ambiguity && by_rule {
            return Ok(end(base));
        }
        let rules = Rules { ambiguity, ..run.config.rules.clone() };
        let config = Config { rules, ..run.config.clone() };
        let job = RunJob { files: &bars.files, values: run.values, config: &config, finer: &[] };
        let wants = Wants::default();
        Ok(end(&worker::run(run.strategy, &job, wants, &Limits::default(), mode)?))
    };
    let ends = [read(Ambiguity::Pessimistic)?, end(base), read(Ambiguity::Optimistic)?];
    Ok(Some(read_three_ways(ends, run.config.cash)))
}
