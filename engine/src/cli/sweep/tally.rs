//! What is known of a sweep so far, fed with its trials in the order of their positions, whether they
//! come from workers or from the database: counts, the best trials, how much the objective spreads.

use engine_core::{
    metrics::Spread,
    sweep::{Metric, Plan, Top, TrialFigures},
};

use super::{heat::Cells, page::Gathered};
use crate::{
    store::{TrialRow, TrialState},
    worker::{Trial, TrialResult},
};

/// Failed and refused trials that are shown.
const MOST_EXAMPLES: usize = 5;

/// A sweep so far.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) done: u64,
    pub(super) refused: u64,
    pub(super) failed: u64,
    /// Trials whose ranked figure is undefined.
    pub(super) undefined: u64,
    /// Positions and texts of the first trials that failed.
    pub(super) failures: Vec<(u64, String)>,
    /// The first refusal.
    pub(super) refusal: Option<(u64, String)>,
    /// How the annualised Sharpe ratios of the trials spread.
    pub(super) sharpes: Spread,
    /// The heatmap, when one is wanted.
    pub(super) map: Option<Cells>,
    /// The trials of the page, when one is wanted.
    pub(super) page: Option<Gathered>,
    rank: Metric,
    top: Top<TrialFigures>,
}

impl Tally {
    pub(super) fn new(rank: Metric, top: usize) -> Self {
        Self {
            done: 0,
            refused: 0,
            failed: 0,
            undefined: 0,
            failures: Vec::new(),
            refusal: None,
            sharpes: Spread::default(),
            map: None,
            page: None,
            rank,
            // The best one is wanted even when none is shown.
            top: Top::new(top.max(1)),
        }
    }

    /// Takes the next trial of a plan.
    pub(super) fn take(&mut self, plan: &Plan, trial: &Trial) {
        let at = trial.position;
        match &trial.result {
            TrialResult::Done(figures) => {
                self.done += 1;
                if let (Some(map), Some(value)) = (&mut self.map, figures.get(self.rank)) {
                    map.add(plan, at, value);
                }
                if let Some(page) = &mut self.page {
                    page.offer(plan, at, figures);
                }
                let rank = figures.rank(self.rank);
                figures.sharpe.into_iter().for_each(|sharpe| self.sharpes.add(sharpe));
                self.undefined += u64::from(rank.is_nan());
                self.top.offer(rank, at, *figures);
            }
            TrialResult::Refused(reason) => {
                self.refused += 1;
                self.refusal.get_or_insert_with(|| (at, reason.clone()));
            }
            TrialResult::Failed(reason) => {
                self.failed += 1;
                if self.failures.len() < MOST_EXAMPLES {
                    self.failures.push((at, reason.clone()));
                }
            }
        }
    }

    /// Trials so far, whatever came of them.
    pub(super) fn trials(&self) -> u64 {
        self.done + self.refused + self.failed
    }

    /// The best trials, best first.
    pub(super) fn best(&self) -> Vec<(u64, TrialFigures)> {
        self.top.clone().into_best_first()
    }
}

/// A trial as the database keeps it.
pub(super) fn row(trial: &Trial) -> TrialRow {
    let position = i64::try_from(trial.position).unwrap_or(i64::MAX);
    let (state, reason, figures) = match &trial.result {
        TrialResult::Done(figures) => (TrialState::Done, None, *figures),
        TrialResult::Refused(reason) => {
            (TrialState::Refused, Some(reason), TrialFigures::default())
        }
        TrialResult::Failed(reason) => (TrialState::Failed, Some(reason), TrialFigures::default()),
    };
    TrialRow { position, state, reason: reason.map(|text| text.replace('\0', " ")), figures }
}

/// A kept trial.
pub(super) fn kept(row: TrialRow) -> Trial {
    let reason = row.reason.unwrap_or_default();
    let result = match row.state {
        TrialState::Done => TrialResult::Done(row.figures),
        TrialState::Refused => TrialResult::Refused(reason),
        TrialState::Failed => TrialResult::Failed(reason),
    };
    Trial { position: u64::try_from(row.position).unwrap_or_default(), result }
}
