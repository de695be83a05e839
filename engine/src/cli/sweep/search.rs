//! One sweep under way: hands its blocks to workers, takes the trials in order, shows how far it is.

use std::{sync::Arc, time::Duration};

use indicatif::ProgressBar;

use super::{
    SweepArgs,
    args::Method,
    kept::{self, Kept},
    luck,
    tally::Tally,
};
use crate::{
    cli::{app::App, backtest::Bars, interrupt, progress},
    error::{Code, Failure},
    registry::Resolved,
    report::number::count,
    store::SweepRecord,
    worker::{Again, Crew, Limits, Mode, Next, Pending, Pool, Sharing, SweepJob, Trial},
};
use engine_core::sweep::{Passage, Plan, Span};

/// How long to wait for a block before looking for an interrupt.
const LOOK: Duration = Duration::from_millis(100);

/// What is searched.
#[derive(Clone)]
pub(super) struct Search {
    pub(super) job: SweepJob,
    pub(super) record: SweepRecord,
    /// Stands before the progress.
    pub(super) label: String,
    pub(super) symbols: Vec<String>,
    pub(super) digest: String,
    pub(super) period: (String, String),
    pub(super) bars: usize,
    pub(super) sharing: Sharing,
}

impl Search {
    pub(super) fn new(
        strategy: Arc<Resolved>,
        plan: Plan,
        bars: Bars,
        symbols: Vec<String>,
        args: &SweepArgs,
    ) -> Self {
        let config = bars.config(&args.rules);
        let (digest, calendar) = (bars.digest(), bars.calendar);
        let timeline = bars.timeline(&config, 0);
        let from = config.from_ts.unwrap_or(i64::MIN);
        let traded = &timeline[timeline.partition_point(|ts| *ts < from)..];
        let stamp = |ts: Option<&i64>| {
            ts.map_or(String::new(), |ts| crate::report::stamp(*ts, bars.resolution))
        };
        let period = (stamp(traded.first()), stamp(traded.last()));
        let mode = if args.in_process { Mode::InProcess } else { Mode::worker() };
        let sharing = Sharing { workers: args.workers(), from: 0, limits: Limits::default(), mode };
        let (count, annual_rf) = (traded.len(), args.rules.rf());
        let (files, spans) = (Arc::new(bars.files), Vec::new());
        let sample = Some(luck::sample_of(&plan));
        let job = SweepJob { strategy, files, plan, config, spans, calendar, annual_rf, sample };
        let record = kept::record(&job, &symbols, &digest, args);
        let label = String::new();
        Self { job, record, label, symbols, digest, period, bars: count, sharing }
    }

    /// The same search on other stretches of the bars.
    pub(super) fn within(&self, spans: &[Span], args: &SweepArgs) -> Self {
        let mut search = self.clone();
        search.job.spans = spans.to_vec();
        // It is judged by what its winners do elsewhere.
        search.job.sample = None;
        search.record = kept::record(&search.job, &self.symbols, &self.digest, args);
        search
    }

    /// Runs all trials.
    ///
    /// # Errors
    /// When the strategy cannot be run at all, no trial is any good, or the user interrupts.
    pub(super) async fn run(
        self,
        app: &App,
        args: &SweepArgs,
        tally: Tally,
        kept: &mut Option<Kept<'_>>,
    ) -> Result<(Searched, Tally), Failure> {
        match args.method() {
            Method::Model(budget) => self.run_model(app, args, tally, kept, budget).await,
            Method::Grid | Method::Random(_) => self.run_plan(app, tally, kept).await,
        }
    }

    async fn run_plan(
        self,
        app: &App,
        mut tally: Tally,
        kept: &mut Option<Kept<'_>>,
    ) -> Result<(Searched, Tally), Failure> {
        let Self { job, record, label, symbols, digest, period, bars, mut sharing } = self;
        if let Some(kept) = kept.as_ref() {
            kept.replay(|trial| tally.take(&job.plan, &trial)).await?;
            sharing.from = kept.reached();
            if sharing.from > 0 {
                app.out.note(&kept.greeting(tally.trials(), job.plan.positions()));
            }
        }
        let bar = progress(app, label, job.plan.trials().unwrap_or(job.plan.positions()));
        bar.set_position(tally.trials());
        bar.reset_eta();
        let mut pool = Pool::start(job, sharing);
        let ended = loop {
            if interrupt::requested() {
                break Ok(());
            }
            match pool.next(LOOK) {
                Ok(Next::Block(block)) => {
                    let plan = &pool.job().plan;
                    block.trials.iter().for_each(|trial| tally.take(plan, trial));
                    bar.set_position(tally.trials());
                    if let Some(kept) = kept.as_mut() {
                        kept.take(block).await?;
                    }
                }
                Ok(Next::Waiting) => {}
                Ok(Next::End) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        if let Some(kept) = kept.as_mut() {
            kept.flush().await?;
        }
        bar.finish_and_clear();
        ended?;
        go_on(tally.trials(), kept.is_some())?;
        let engine = Engine::Pool(pool);
        let searched = Searched { engine, record, symbols, digest, period, bars };
        searched.refuse_nothing(&tally)?;
        Ok((searched, tally))
    }
}

/// Ends a sweep that the user has interrupted, at one of the places where it can stop.
///
/// # Errors
/// When there was an interrupt: how far the sweep has come.
pub(super) fn go_on(trials: u64, is_kept: bool) -> Result<(), Failure> {
    if !interrupt::requested() {
        return Ok(());
    }
    let were = if trials == 1 { "trial was" } else { "trials were" };
    let mut message = format!("{} {were} done", count(trials));
    if is_kept {
        message += "; the same command goes on from there";
    }
    Err(Failure::new(Code::Partial, message))
}

/// Who ran the trials, and can run one again.
pub(super) enum Engine {
    /// All positions of the plan in turn.
    Pool(Pool),
    /// Those that were proposed; their positions, in that order.
    Crew { crew: Crew, order: Vec<u64> },
}

/// A sweep that was searched.
pub(super) struct Searched {
    pub(super) engine: Engine,
    pub(super) record: SweepRecord,
    pub(super) symbols: Vec<String>,
    pub(super) digest: String,
    pub(super) period: (String, String),
    pub(super) bars: usize,
}

impl Searched {
    pub(super) fn job(&self) -> &SweepJob {
        match &self.engine {
            Engine::Pool(pool) => pool.job(),
            Engine::Crew { crew, .. } => crew.job(),
        }
    }

    /// A kept trial under its position in the plan.
    pub(super) fn placed(&self, trial: Trial) -> Trial {
        match &self.engine {
            Engine::Pool(_) => trial,
            Engine::Crew { order, .. } => {
                let place = usize::try_from(trial.position).ok();
                let position = place.and_then(|place| order.get(place)).copied();
                Trial { position: position.unwrap_or(trial.position), ..trial }
            }
        }
    }

    /// Has the trial at a position run once more, alone.
    pub(super) fn again(&self, position: u64) -> Again {
        match &self.engine {
            Engine::Pool(pool) => pool.again(position),
            Engine::Crew { crew, .. } => crew.again(position),
        }
    }

    /// Has the returns of a trial given one by one.
    pub(super) fn returns(&self, position: u64, slices: usize) -> Pending {
        match &self.engine {
            Engine::Pool(pool) => pool.returns(position, slices),
            Engine::Crew { crew, .. } => crew.evidence(&[position], slices),
        }
    }

    /// Has the returns of the trials at some positions looked at, in slices.
    pub(super) fn evidence(&self, positions: &[u64], slices: usize) -> Pending {
        match &self.engine {
            Engine::Pool(pool) => pool.evidence(positions, slices),
            Engine::Crew { crew, .. } => crew.evidence(positions, slices),
        }
    }

    /// Runs the trial at a position on a stretch of its own, beginning with so much cash.
    pub(super) fn run(&self, position: u64, span: Span, cash: f64) -> Result<Passage, Failure> {
        Ok(match &self.engine {
            Engine::Pool(pool) => pool.run(position, span, cash)?,
            Engine::Crew { crew, .. } => crew.run(position, span, cash)?,
        })
    }

    /// A sweep of which no trial ran has no result.
    pub(super) fn refuse_nothing(&self, tally: &Tally) -> Result<(), Failure> {
        if tally.done > 0 {
            return Ok(());
        }
        let name = &self.job().strategy.facts().name;
        if let Some((_, reason)) = tally.failures.first() {
            let message = match tally.failed {
                1 => format!("the only trial failed: {reason}"),
                failed => format!("all {} trials failed; the first: {reason}", count(failed)),
            };
            return Err(Failure::new(Code::PluginFaulted, message));
        }
        let reason = tally.refusal.as_ref().map_or("", |(_, reason)| reason.as_str());
        let message = format!("strategy '{name}' refuses every combination; the first: {reason}");
        Err(Failure::new(Code::Usage, message).help(format!("algo-trader strategies show {name}")))
    }
}

/// How many of the trials are done.
pub(super) fn progress(app: &App, label: String, trials: u64) -> ProgressBar {
    let figures = "{human_pos} of {human_len}  {pace}  {left} left";
    let bar = progress::bar(&app.out, Some(trials), "{msg}", figures);
    bar.set_message(label);
    bar
}
