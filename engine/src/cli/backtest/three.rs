//! The result under the three readings of bars that can be read in two ways: against the trader, as the
//! run has it, and for the trader.

use engine_core::{
    backtest::{Config, Rules, RunResult},
    broker::Ambiguity,
};

use super::{Judged, market::Bars};
use crate::{
    error::Failure,
    report::{AmbiguityFacts, read_three_ways},
    worker::{self, Limits, Mode, RunJob},
};

/// Runs the readings that the run itself is not; none when every bar can be read in one way only.
///
/// # Errors
/// When the strategy fails under another reading.
pub(super) fn readings(
    run: &Judged<'_>,
    bars: &Bars,
    mode: &Mode,
    result: &RunResult,
) -> Result<Option<AmbiguityFacts>, Failure> {
    if result.ambiguous_bars == 0 {
        return Ok(None);
    }
    // The bounds are those of the rule alone: finer bars are left out.
    let by_rule = bars.finer.iter().all(Option::is_none);
    let read = |ambiguity| -> Result<Option<RunResult>, Failure> {
        if run.config.rules.ambiguity == ambiguity && by_rule {
            return Ok(None);
        }
        let rules = Rules { ambiguity, ..run.config.rules.clone() };
        let config = Config { rules, ..run.config.clone() };
        let job = RunJob {
            files: &bars.files,
            values: run.values,
            config: &config,
            finer: &[],
            grounds: false,
        };
        Ok(Some(worker::run(run.strategy, &job, &Limits::default(), mode)?))
    };
    let against = read(Ambiguity::Pessimistic)?;
    let for_trader = read(Ambiguity::Optimistic)?;
    Ok(Some(read_three_ways(
        against.as_ref().unwrap_or(result),
        result,
        for_trader.as_ref().unwrap_or(result),
        run.config.cash,
    )))
}
