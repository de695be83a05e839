//! What the best trial is worth: how far luck alone would have come, and what the figures mean.

use std::{num::NonZero, panic::resume_unwind};

use engine_core::metrics::{
    Overfitting, SharpeEstimate, deflated_sharpe, expected_best_sharpe, family_p_value,
    min_track_record, moments_of, overfitting, probabilistic_sharpe, session_sharpe,
};
use serde::{Deserialize, Serialize};

use super::{
    intervals::Intervals,
    search::{Engine, Searched},
    tally::Tally,
};
use crate::{
    error::{Code, Failure},
    report::number::count,
    worker::{Again, Sample, TrialResult, WorkerError},
};
use engine_core::sweep::{Plan, TrialFigures};

/// Trials whose returns are looked at for overfitting.
const MOST_SAMPLED: u64 = 1000;
/// Slices of the sessions for cross-validation: 252 ways to take half of them.
const SLICES: usize = 10;

/// How likely the best trial is luck. What is undefined is null.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::cli) struct Luck {
    /// Trials and runs ever made on these bars, this sweep included.
    pub(in crate::cli) trials_ever: u64,
    /// Annualised Sharpe ratio of the trial that is best by the ranking.
    pub(in crate::cli) best_sharpe: Option<f64>,
    /// Annualised Sharpe ratio that the best of so many trials without skill is expected to reach.
    pub(in crate::cli) luck_sharpe: Option<f64>,
    /// Probability that the best trial's true Sharpe ratio is above zero, had it been the only one.
    pub(in crate::cli) psr: Option<f64>,
    /// Probability that it is above what luck would have reached.
    pub(in crate::cli) deflated_sharpe: Option<f64>,
    /// Chance that the best of so many trials without skill does as well.
    pub(in crate::cli) p_value: Option<f64>,
    /// Sessions needed for 95 % confidence that it is above what luck would have reached.
    pub(in crate::cli) min_track_record_sessions: Option<f64>,
    /// Sessions that there are.
    pub(in crate::cli) sessions: usize,
    /// Probability of backtest overfitting.
    pub(in crate::cli) overfitting: Option<f64>,
    /// Trials by which it was estimated.
    pub(in crate::cli) overfitting_trials: usize,
    /// Intervals of 95 % of the best trial.
    pub(in crate::cli) intervals: Intervals,
    /// All of that in a sentence.
    pub(in crate::cli) sentence: String,
}

impl Luck {
    /// Judges a sweep.
    ///
    /// # Errors
    /// When no worker can be started.
    pub(super) fn of(searched: &Searched, tally: &Tally, ever: u64) -> Result<Self, Failure> {
        let Some((best, figures)) = tally.best().into_iter().next() else {
            return Ok(Self::default());
        };
        let per_year = searched.job().calendar.sessions_per_year();
        let alone = searched.again(best);
        let Evidence { overfitting: over, sampled, returns, intervals } =
            Evidence::of(searched, best, per_year)?;
        confirm(searched, best, &figures, alone)?;
        let trials = ever.max(tally.done);
        let variance = tally.sharpes.variance().map(|variance| variance / per_year);
        let threshold = variance.and_then(|variance| expected_best_sharpe(trials, variance));
        let estimate = estimate(&returns);
        let mut luck = Self {
            trials_ever: trials,
            best_sharpe: figures.sharpe,
            luck_sharpe: threshold.map(|sharpe| sharpe * per_year.sqrt()),
            psr: estimate.and_then(|known| probabilistic_sharpe(&known, 0.0, returns.len())),
            deflated_sharpe: estimate.zip(variance).and_then(|(known, variance)| {
                deflated_sharpe(&known, returns.len(), trials, variance)
            }),
            p_value: estimate.and_then(|known| family_p_value(&known, returns.len(), trials)),
            min_track_record_sessions: estimate
                .zip(threshold)
                .and_then(|(known, threshold)| min_track_record(&known, threshold)),
            sessions: returns.len(),
            overfitting: over.map(|found| found.probability),
            overfitting_trials: sampled,
            intervals,
            sentence: String::new(),
        };
        luck.sentence = luck.in_words(tally.done);
        Ok(luck)
    }

    /// What the figures mean, in one plain sentence.
    fn in_words(&self, trials: u64) -> String {
        let (Some(best), Some(luck), Some(sure)) =
            (self.best_sharpe, self.luck_sharpe, self.deflated_sharpe)
        else {
            return "Too little was tried, or too few sessions, to tell skill from luck."
                .to_owned();
        };
        let ever = match self.trials_ever > trials {
            true => format!(" ({} ever on these bars)", count(self.trials_ever)),
            false => String::new(),
        };
        let verdict = if sure >= 0.95 {
            "so luck alone does not explain it"
        } else if sure >= 0.5 {
            "so luck is not ruled out"
        } else {
            "so treat it as luck"
        };
        let over = self.overfitting.map_or(String::new(), |over| {
            format!(
                " In {:.0} % of the ways to split the sessions, the best of one half was no better \
                 than the median of the other.",
                over * 100.0
            )
        });
        format!(
            "The best of {} trials{ever} would reach a Sharpe ratio of {luck:.2} by luck alone; this \
             one has {best:.2}, and the chance that its true one is above luck's is {:.0} %, \
             {verdict}.{over}",
            count(trials),
            sure * 100.0
        )
    }
}

/// What the judgement rests on.
struct Evidence {
    overfitting: Option<Overfitting>,
    /// Trials by which overfitting was estimated.
    sampled: usize,
    /// Excess returns of the best trial, by session.
    returns: Vec<f64>,
    intervals: Intervals,
}

impl Evidence {
    /// Looks at a sample of the trials and, at the same time, deals the history of the best one again.
    fn of(searched: &Searched, best: u64, per_year: f64) -> Result<Self, Failure> {
        let own = searched.returns(best, SLICES);
        let others = searched.evidence(&sample(searched, best), SLICES);
        let others = std::thread::spawn(move || {
            let found = others.wait()?.unwrap_or_default();
            let slices: Vec<_> = found.slices.into_iter().map(|(_, slices)| slices).collect();
            Ok::<_, WorkerError>((overfitting(&slices), slices.len()))
        });
        let own = own.wait()?.unwrap_or_default();
        let intervals = Intervals::of(&own.returns, &own.profits, per_year);
        let (overfitting, sampled) = others.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        Ok(Self { overfitting, sampled, returns: own.returns, intervals })
    }
}

/// The best trial has the same figures when it is run alone, or it is no trial.
fn confirm(
    searched: &Searched,
    best: u64,
    figures: &TrialFigures,
    alone: Again,
) -> Result<(), Failure> {
    let found = alone.wait()?.map(|trial| trial.result);
    if found.as_ref().is_none_or(|result| *result == TrialResult::Done(*figures)) {
        return Ok(());
    }
    let return_of = |figures: &TrialFigures| {
        figures.total_return.map_or("n/a".to_owned(), |value| format!("{:.4} %", value * 100.0))
    };
    let alone = match &found {
        Some(TrialResult::Done(figures)) => format!("returns {}", return_of(figures)),
        Some(TrialResult::Refused(text) | TrialResult::Failed(text)) => {
            format!("ends with: {text}")
        }
        None => String::new(),
    };
    let strategy = &searched.job().strategy;
    let file = strategy.file().unwrap_or_else(|| "built in".to_owned());
    let message = format!(
        "strategy '{}' ({file}): trial {best} returned {} after others, alone it {alone}; it keeps \
         something from one run to the next",
        strategy.facts().name,
        return_of(figures)
    );
    let help = format!("algo-trader strategies check {}", strategy.facts().name);
    Err(Failure::new(Code::PluginFaulted, message).help(help))
}

/// What the Sharpe ratio of excess returns by session rests on.
pub(super) fn estimate(returns: &[f64]) -> Option<SharpeEstimate> {
    let (sharpe, (skewness, kurtosis)) = session_sharpe(returns).zip(moments_of(returns))?;
    Some(SharpeEstimate { sharpe, skewness, kurtosis })
}

/// Positions spread evenly over a plan, which a pool looks at when it runs them.
pub(super) fn sample_of(plan: &Plan) -> Sample {
    let every = plan.positions().div_ceil(MOST_SAMPLED);
    Sample { every: NonZero::new(every).unwrap_or(NonZero::<u64>::MIN), slices: SLICES }
}

/// Positions spread evenly over the sweep, and last the best one.
fn sample(searched: &Searched, best: u64) -> Vec<u64> {
    if let Engine::Crew { order, .. } = &searched.engine {
        let mut tried = order.clone();
        tried.sort_unstable();
        let step = tried.len().div_ceil(MOST_SAMPLED as usize).max(1);
        let others = tried.iter().step_by(step).copied().filter(|position| *position != best);
        return others.chain([best]).collect();
    }
    let plan = &searched.job().plan;
    let step = sample_of(plan).every.get();
    let mut values = Vec::new();
    let mut sample: Vec<u64> = (0..plan.positions())
        .step_by(usize::try_from(step).unwrap_or(usize::MAX))
        .filter(|position| *position != best && plan.values(*position, &mut values))
        .collect();
    sample.push(best);
    sample
}
