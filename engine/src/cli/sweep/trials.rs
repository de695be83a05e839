//! Trials as a table of typed columns: number, parameters, state, figures, reason.

use std::borrow::Cow;

use engine_core::sweep::{Metric, TrialFigures};

use crate::{
    registry::facts::Kind,
    report::tables::{Column, Table},
    worker::{SweepJob, Trial, TrialResult},
};

/// State, figures and reason of a trial.
pub(super) fn parts(trial: &Trial) -> (&'static str, Option<&TrialFigures>, &str) {
    match &trial.result {
        TrialResult::Done(figures) => ("done", Some(figures), ""),
        TrialResult::Refused(reason) => ("refused", None, reason),
        TrialResult::Failed(reason) => ("failed", None, reason),
    }
}

/// Trials that become a group of rows.
#[derive(Default)]
pub(super) struct Group {
    trials: Vec<Option<i64>>,
    /// A column for each parameter.
    values: Vec<Vec<f64>>,
    states: Vec<Option<Cow<'static, str>>>,
    /// A column for each of [`Metric::ALL`].
    figures: Vec<Vec<Option<f64>>>,
    reasons: Vec<Option<Cow<'static, str>>>,
}

impl Group {
    pub(super) fn rows(&self) -> usize {
        self.trials.len()
    }

    pub(super) fn take(&mut self, job: &SweepJob, trial: &Trial) {
        let mut values = Vec::new();
        job.plan.values(trial.position, &mut values);
        let (state, figures, reason) = parts(trial);
        self.trials.push(i64::try_from(trial.position).ok());
        self.states.push(Some(Cow::Borrowed(state)));
        self.reasons.push((!reason.is_empty()).then(|| Cow::Owned(reason.to_owned())));
        self.values.resize(values.len(), Vec::new());
        self.values.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        self.figures.resize(Metric::ALL.len(), Vec::new());
        for (column, metric) in self.figures.iter_mut().zip(Metric::ALL) {
            column.push(figures.and_then(|figures| figures.get(metric)));
        }
    }

    /// The table; its columns are those of `--csv`.
    pub(super) fn table(mut self, job: &SweepJob) -> Table<'static> {
        let params = &job.strategy.facts().params;
        self.values.resize(params.len(), Vec::new());
        self.figures.resize(Metric::ALL.len(), Vec::new());
        let mut table = Table::default().with("trial", Column::Integers(self.trials));
        for (param, values) in params.iter().zip(self.values) {
            table = table.with(&param.name, parameter(&param.kind, &values));
        }
        table = table.with("state", Column::Texts(self.states));
        for (metric, values) in Metric::ALL.iter().zip(self.figures) {
            table = table.with(metric.name(), Column::Numbers(values));
        }
        table.with("reason", Column::Texts(self.reasons))
    }
}

fn parameter(kind: &Kind, values: &[f64]) -> Column<'static> {
    let choice = |texts: &[String], value: f64| {
        texts.get(value as usize).map(|text| Cow::Owned(text.clone()))
    };
    match kind {
        Kind::Integer => Column::Integers(values.iter().map(|value| Some(*value as i64)).collect()),
        Kind::Float => Column::Numbers(values.iter().copied().map(Some).collect()),
        Kind::Bool => Column::Flags(values.iter().map(|value| Some(*value != 0.0)).collect()),
        Kind::Choice(texts) => {
            Column::Texts(values.iter().map(|value| choice(texts, *value)).collect())
        }
    }
}
