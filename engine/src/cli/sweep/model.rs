//! `--search model`: trials are proposed from what the ones before came to, in batches of one size, so
//! that neither the number of workers nor an interruption changes which they are.

use engine_core::sweep::Metric;

use super::{
    SweepArgs,
    kept::Kept,
    search::{Engine, Search, Searched, go_on, progress},
    tally::Tally,
};
use crate::{
    cli::{app::App, interrupt},
    error::Failure,
    registry::{Resolved, facts::Kind},
    report::number::count,
    search::{Proposer, Scale},
    worker::{Block, Crew, Trial, TrialResult},
};

/// Trials that are proposed at once.
const BATCH: u64 = 8;

impl Search {
    /// Runs `budget` trials of a plan that holds every combination.
    ///
    /// # Errors
    /// As [`Search::run`].
    pub(super) async fn run_model(
        self,
        app: &App,
        args: &SweepArgs,
        mut tally: Tally,
        kept: &mut Option<Kept<'_>>,
        budget: u64,
    ) -> Result<(Searched, Tally), Failure> {
        let Self { job, record, label, symbols, digest, period, bars, sharing } = self;
        let known = known(app, kept).await?;
        let mut proposer = Proposer::new(job.plan.clone(), &scales(&job.strategy), args.rules.seed);
        let bar = progress(app, label, budget.min(job.plan.positions()));
        let crew = Crew::start(job, sharing);
        let plan = crew.job().plan.clone();
        let mut order: Vec<u64> = Vec::new();
        let ended = loop {
            let left = budget - tally.trials();
            let batch = proposer.propose(left.min(BATCH) as usize);
            if batch.is_empty() {
                break Ok(());
            }
            let first = order.len();
            let old = known.get(first..).unwrap_or_default();
            let old = &old[..old.len().min(batch.len())];
            let new = match crew.trials(&batch[old.len()..], interrupt::requested) {
                Ok(Some(trials)) => trials,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            let new = new.into_iter().map(|trial| trial.result);
            let results: Vec<TrialResult> = old.iter().cloned().chain(new).collect();
            if let Some(kept) = kept.as_mut() {
                kept.take(block(first, &results, old.len())).await?;
            }
            for (position, result) in batch.into_iter().zip(results) {
                let trial = Trial { position, result };
                tally.take(&plan, &trial);
                proposer.tell(position, rank(&trial, args.rank));
                order.push(position);
            }
            bar.set_position(tally.trials());
        };
        if let Some(kept) = kept.as_mut() {
            kept.flush().await?;
        }
        bar.finish_and_clear();
        ended?;
        go_on(tally.trials(), kept.is_some())?;
        let engine = Engine::Crew { crew, order };
        let searched = Searched { engine, record, symbols, digest, period, bars };
        searched.refuse_nothing(&tally)?;
        Ok((searched, tally))
    }
}

/// What the trials of an earlier run came to, in the order in which they were proposed.
async fn known(app: &App, kept: &Option<Kept<'_>>) -> Result<Vec<TrialResult>, Failure> {
    let mut known = Vec::new();
    let Some(kept) = kept else { return Ok(known) };
    kept.replay(|trial| known.push(trial.result)).await?;
    if !known.is_empty() {
        let number = count(known.len() as u64);
        app.out.note(&format!("{number} trials of an earlier run are read again"));
    }
    Ok(known)
}

/// The trials after the first `kept` ones of a batch as the database keeps them: by their place in the
/// order of proposing, which the seed gives again.
fn block(first: usize, results: &[TrialResult], kept: usize) -> Block {
    let trial = |(at, result): (usize, &TrialResult)| Trial {
        position: (first + at) as u64,
        result: result.clone(),
    };
    Block {
        first: (first + kept) as u64,
        end: (first + results.len()) as u64,
        trials: results.iter().enumerate().skip(kept).map(trial).collect(),
    }
}

fn rank(trial: &Trial, metric: Metric) -> Option<f64> {
    match &trial.result {
        TrialResult::Done(figures) => Some(figures.rank(metric)),
        TrialResult::Refused(_) | TrialResult::Failed(_) => None,
    }
}

fn scales(strategy: &Resolved) -> Vec<Scale> {
    let scale = |kind: &Kind| match kind {
        Kind::Integer | Kind::Float => Scale::Ordered,
        Kind::Bool | Kind::Choice(_) => Scale::Named,
    };
    strategy.facts().params.iter().map(|param| scale(&param.kind)).collect()
}
