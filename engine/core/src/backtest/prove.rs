//! Proves on the run itself that nothing was decided with knowledge of later bars.
//!
//! At each bar at which the strategy decided something (placed, changed or cancelled an order), at the
//! bar before it, where it did not, and at every other bar that the effort allows, the later bars are
//! replaced, twice over, and the run is repeated: with the future mirrored (what rose falls) and with
//! another one drawn at random, whose bars have other shapes and other times. A decision that was taken by then and now is another one, is gone, or
//! is new, can only have come from what was replaced. Bars at which nothing was decided are looked at for
//! strategies that hold an order back because they know better.
//!
//! Later signals and corporate actions are replaced with the bars. What a strategy knows from elsewhere (a
//! file that it reads, dates written into it) is no part of the run and cannot be seen here.

mod difference;
mod future;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use strategy_api::{
    Resolution,
    abi::{layout::StrategyDef, raw::ProgressPage},
};

pub use difference::{Breach, Decision};

use self::{
    difference::{Decisions, first_difference},
    future::{Bars, FUTURES},
};
use super::{Config, Finer, RunError, Stage};
use crate::universe::Member;

/// Bars that a proof may run through before it leaves out decisions: some 20 seconds.
pub const EFFORT: u64 = 1_500_000_000;
/// The part of it that may be spent on bars at which nothing was decided, as one in so many.
const QUIET_PART: u64 = 5;
/// Fewest places at which the future is replaced, for strategies that hardly trade.
const FEWEST_PLACES: usize = 20;

/// A run to be proved.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The strategy.
    pub def: &'static StrategyDef,
    /// Values of its parameters.
    pub params: &'a [f64],
    /// The bars.
    pub members: &'a [Member<'a>],
    /// Their length.
    pub resolution: Resolution,
    /// What else the run depends on.
    pub config: &'a Config,
    /// Finer bars; where the future is replaced they tell another story, and settle nothing.
    pub finer: Option<&'a Finer<'a>>,
}

/// What a proof found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// Bars at which the strategy placed, changed or cancelled orders.
    pub decisions: usize,
    /// Those of them after which the future was replaced.
    pub proved: usize,
    /// Bars after which the future could be replaced: all but the last.
    pub bars: usize,
    /// Those of them after which it was.
    pub places: usize,
    /// Other futures that were run through, in all.
    pub futures: usize,
    /// The first decision that moved; none when the strategy sees only the past.
    pub breach: Option<Breach>,
}

/// Repeats a run with other futures. `effort` bounds the bars that are run through; decisions in
/// excess of it are left out evenly, and the proof says how many were looked at.
///
/// # Errors
/// When the run itself, or the run in another future, has no result.
pub fn prove(case: &Case<'_>, effort: u64, progress: &ProgressPage) -> Result<Proof, RunError> {
    let stage = case.stage(case.members);
    let made = case.decisions(&stage, case.config, progress)?;
    let places = Places::of(&made, stage.timeline(), case.members.len(), effort);
    let mut proof = places.proof();
    for (number, known_ts) in (0..).zip(&places.ts) {
        for future in FUTURES {
            progress.beat();
            let others: Vec<Bars> =
                case.members.iter().map(|one| future.after(one, *known_ts, number)).collect();
            let members: Vec<Member<'_>> =
                others.iter().zip(case.members).map(|(bars, one)| bars.member(one)).collect();
            let config = future.rules(case.config, case.resolution, *known_ts, number);
            let changed = case.decisions(&case.stage(&members), &config, progress)?;
            proof.futures += 1;
            if let Some(breach) = first_difference(&made, &changed, *known_ts) {
                return Ok(Proof { breach: Some(breach), ..proof });
            }
        }
    }
    Ok(proof)
}

impl<'a> Case<'a> {
    fn stage<'m>(&self, members: &[Member<'m>]) -> Stage<'m>
    where
        'a: 'm,
    {
        Stage::new(members, self.resolution, self.config.to_ts).settled_by(self.finer.cloned())
    }

    fn decisions(
        &self,
        stage: &Stage<'_>,
        config: &Config,
        progress: &ProgressPage,
    ) -> Result<Decisions, RunError> {
        let result = stage.run(self.def, self.params, config, progress)?;
        Ok(Decisions::of(&result.orders, result.steps))
    }
}

/// The bars after which the future is replaced.
struct Places {
    ts: Vec<i64>,
    decisions: usize,
    proved: usize,
    bars: usize,
}

impl Places {
    fn of(made: &Decisions, timeline: &[i64], members: usize, effort: u64) -> Self {
        let Some((last, known)) = timeline.split_last() else {
            return Self { ts: Vec::new(), decisions: 0, proved: 0, bars: 0 };
        };
        let mut decided = made.bars();
        decided.retain(|ts| ts < last);
        let a_place = (timeline.len() * members * FUTURES.len()).max(1) as u64;
        let most = usize::try_from(effort / a_place).unwrap_or(usize::MAX).max(FEWEST_PLACES);
        let mut ts = evenly(&decided, (most / 2).max(FEWEST_PLACES));
        let proved = ts.len();
        let before =
            |ts: &i64| Some(known[known.partition_point(|known| known < ts).checked_sub(1)?]);
        let waited: Vec<i64> = ts.iter().filter_map(before).collect();
        ts.extend(waited);
        ts.sort_unstable();
        ts.dedup();
        let is_quiet = |one: &&i64| ts.binary_search(one).is_err();
        let quiet: Vec<i64> = known.iter().filter(is_quiet).copied().collect();
        let a_part = usize::try_from(effort / QUIET_PART / a_place).unwrap_or(usize::MAX);
        let room = most.saturating_sub(ts.len()).min(a_part.max(FEWEST_PLACES));
        ts.extend(evenly(&quiet, room));
        ts.sort_unstable();
        Self { ts, decisions: decided.len(), proved, bars: known.len() }
    }

    fn proof(&self) -> Proof {
        let Self { decisions, proved, bars, .. } = *self;
        Proof { decisions, proved, bars, places: self.ts.len(), futures: 0, breach: None }
    }
}

/// At most `most` of `all`, evenly spread.
fn evenly(all: &[i64], most: usize) -> Vec<i64> {
    if all.len() <= most {
        return all.to_vec();
    }
    (0..most).map(|index| all[index * all.len() / most]).collect()
}
