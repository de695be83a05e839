//! What the best trial is worth: how far luck alone would have come, and what the figures mean.

use engine_core::metrics::{
    Resampling, SharpeEstimate, deflated_sharpe, expected_best_sharpe, max_drawdown,
    min_track_record, moments_of, overfitting, probabilistic_sharpe, session_sharpe, sharpe,
    stationary_bootstrap,
};
use serde::Serialize;

use super::{search::Searched, tally::Tally};
use crate::{error::Failure, report::number::count};

/// Trials whose returns are looked at for overfitting.
const MOST_SAMPLED: u64 = 1000;
/// Slices of the sessions for cross-validation: 252 ways to take half of them.
const SLICES: usize = 10;

/// How likely the best trial is luck. What is undefined is null.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Luck {
    /// Trials and runs ever made on these bars, this sweep included.
    pub(super) trials_ever: u64,
    /// Annualised Sharpe ratio of the trial that is best by the ranking.
    pub(super) best_sharpe: Option<f64>,
    /// Annualised Sharpe ratio that the best of so many trials without skill is expected to reach.
    pub(super) luck_sharpe: Option<f64>,
    /// Probability that the best trial's true Sharpe ratio is above zero, had it been the only one.
    pub(super) psr: Option<f64>,
    /// Probability that it is above what luck would have reached.
    pub(super) deflated_sharpe: Option<f64>,
    /// Sessions needed for 95 % confidence that it is above what luck would have reached.
    pub(super) min_track_record_sessions: Option<f64>,
    /// Sessions that there are.
    pub(super) sessions: usize,
    /// Probability of backtest overfitting.
    pub(super) overfitting: Option<f64>,
    /// Trials by which it was estimated.
    pub(super) overfitting_trials: usize,
    /// Intervals of 95 % of the best trial: low and high.
    pub(super) sharpe_interval: Option<[f64; 2]>,
    /// Likewise of the total return above the risk-free rate.
    pub(super) return_interval: Option<[f64; 2]>,
    /// Likewise of the maximum drawdown.
    pub(super) drawdown_interval: Option<[f64; 2]>,
    /// All of that in a sentence.
    pub(super) sentence: String,
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
        let evidence = searched.evidence(sample(searched, best), SLICES)?.unwrap_or_default();
        let trials = ever.max(tally.done);
        let variance = tally.sharpes.variance().map(|variance| variance / per_year);
        let threshold = variance.and_then(|variance| expected_best_sharpe(trials, variance));
        let returns = &evidence.returns;
        let estimate = session_sharpe(returns).zip(moments_of(returns));
        let estimate = estimate.map(|(sharpe, (skewness, kurtosis))| SharpeEstimate {
            sharpe,
            skewness,
            kurtosis,
        });
        let over = overfitting(&evidence.slices);
        let mut luck = Self {
            trials_ever: trials,
            best_sharpe: figures.sharpe,
            luck_sharpe: threshold.map(|sharpe| sharpe * per_year.sqrt()),
            psr: estimate.and_then(|known| probabilistic_sharpe(&known, 0.0, returns.len())),
            deflated_sharpe: estimate.zip(variance).and_then(|(known, variance)| {
                deflated_sharpe(&known, returns.len(), trials, variance)
            }),
            min_track_record_sessions: estimate
                .zip(threshold)
                .and_then(|(known, threshold)| min_track_record(&known, threshold)),
            sessions: returns.len(),
            overfitting: over.map(|found| found.probability),
            overfitting_trials: evidence.slices.len(),
            ..Self::default()
        };
        luck.intervals(returns, per_year);
        luck.sentence = luck.in_words(tally.trials());
        Ok(luck)
    }

    fn intervals(&mut self, returns: &[f64], per_year: f64) {
        let figures = |dealt: &[f64]| {
            let mut value = 1.0;
            let curve: Vec<f64> = dealt
                .iter()
                .map(|change| {
                    value *= 1.0 + change;
                    value
                })
                .collect();
            let depth = max_drawdown(1.0, &curve).map_or(0.0, |found| found.depth);
            [sharpe(dealt, per_year), Some(value - 1.0), Some(depth)]
        };
        let how = Resampling::of(returns.len());
        let found = stationary_bootstrap(returns, &how, figures);
        let [sharpe, total, depth] = found.map(|interval| interval.map(|it| [it.low, it.high]));
        (self.sharpe_interval, self.return_interval, self.drawdown_interval) =
            (sharpe, total, depth);
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

/// Positions spread evenly over the sweep, and last the best one.
fn sample(searched: &Searched, best: u64) -> Vec<u64> {
    let plan = &searched.job().plan;
    let step = plan.positions().div_ceil(MOST_SAMPLED).max(1);
    let mut values = Vec::new();
    let mut sample: Vec<u64> = (0..plan.positions())
        .step_by(usize::try_from(step).unwrap_or(usize::MAX))
        .filter(|position| *position != best && plan.values(*position, &mut values))
        .collect();
    sample.push(best);
    sample
}
