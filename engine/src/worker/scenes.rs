//! The stretches of bars that the trials of a sweep are run on, where parameters are chosen on what lies
//! around other bars.
//!
//! Each stretch sees no bar outside of it but its history. It begins with the cash that the one before
//! it ended with; a trade still open at its end counts at its last close.

use engine_core::{
    backtest::{Config, RunError, Stage, Summary},
    calendar::Calendar,
    sweep::{SessionRows, Span, closed_profits},
    universe::Member,
};
use strategy_api::{
    Resolution,
    abi::{layout::StrategyDef, raw::ProgressPage},
};

/// The stretches of a sweep, oldest first.
pub(super) struct Scenes<'a> {
    scenes: Vec<Scene<'a>>,
    cash: f64,
    equity: Vec<f64>,
    profits: Vec<f64>,
}

struct Scene<'a> {
    stage: Stage<'a>,
    config: Config,
}

impl<'a> Scenes<'a> {
    /// Prepares the stretches.
    pub(super) fn new(
        members: &[Member<'a>],
        resolution: Resolution,
        config: &Config,
        spans: &[Span],
    ) -> Self {
        let scene = |span: &Span| {
            let (seen, config) = narrowed(members, config, Some(span));
            Scene { stage: Stage::new(&seen, resolution, config.to_ts), config }
        };
        let (equity, profits) = (Vec::new(), Vec::new());
        Self { scenes: spans.iter().map(scene).collect(), cash: config.cash, equity, profits }
    }

    /// The sessions of all stretches.
    ///
    /// # Errors
    /// When a stretch has no bar.
    pub(super) fn sessions(
        &self,
        calendar: Calendar,
        resolution: Resolution,
    ) -> Result<SessionRows, RunError> {
        let bars = |scene| traded_of(scene);
        if self.scenes.iter().map(bars).any(<[i64]>::is_empty) {
            return Err(RunError::NoBars);
        }
        let rows = |scene| SessionRows::of(calendar, resolution, traded_of(scene));
        let parts: Vec<_> = self.scenes.iter().map(rows).collect();
        SessionRows::joined(&parts).ok_or(RunError::NoBars)
    }

    /// Forgets indicator columns that take more than so many bytes.
    pub(super) fn forget_columns_beyond(&self, bytes: usize) {
        self.scenes.iter().for_each(|scene| scene.stage.forget_columns_beyond(bytes));
    }

    /// Runs a trial on every stretch; the summary is that of one run.
    ///
    /// # Errors
    /// As [`Stage::run`].
    pub(super) fn run(
        &mut self,
        def: &'static StrategyDef,
        values: &[f64],
        progress: &ProgressPage,
    ) -> Result<Summary<'_>, RunError> {
        let (mut cash, mut invested_steps) = (self.cash, 0);
        self.equity.clear();
        self.profits.clear();
        for scene in &mut self.scenes {
            if cash > 0.0 {
                scene.config.cash = cash;
                let run = scene.stage.run(def, values, &scene.config, progress)?;
                cash = run.equity.last().copied().unwrap_or(cash);
                invested_steps += run.invested_steps;
                self.profits.extend(closed_profits(&run.trades));
                self.equity.extend(run.equity);
            } else {
                // Nobody trades without money.
                let bars = traded_of(scene).len();
                self.equity.resize(self.equity.len() + bars, cash);
            }
        }
        Ok(Summary { equity: &self.equity, invested_steps, profits: &self.profits })
    }
}

/// What a run on a stretch sees, and its rules; without one, all of it.
pub(super) fn narrowed<'a>(
    members: &[Member<'a>],
    config: &Config,
    span: Option<&Span>,
) -> (Vec<Member<'a>>, Config) {
    let Some(span) = span else { return (members.to_vec(), config.clone()) };
    let seen = |member: &Member<'a>| match span.since {
        None => *member,
        Some(since) => {
            let first = member.columns.ts.partition_point(|ts| *ts < since);
            Member { columns: member.columns.slice(first..member.columns.len()), ..*member }
        }
    };
    let config = Config { from_ts: Some(span.from), to_ts: Some(span.to), ..config.clone() };
    (members.iter().map(seen).collect(), config)
}

/// Starts of the traded bars.
pub(super) fn traded<'s>(stage: &'s Stage<'_>, config: &Config) -> &'s [i64] {
    let timeline = stage.timeline();
    &timeline[timeline.partition_point(|ts| *ts < config.from_ts.unwrap_or(i64::MIN))..]
}

fn traded_of<'s>(scene: &'s Scene<'_>) -> &'s [i64] {
    traded(&scene.stage, &scene.config)
}
