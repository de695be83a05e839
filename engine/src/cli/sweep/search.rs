//! One sweep under way: hands its blocks to workers, takes the trials in order, shows how far it is.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{SweepArgs, kept::Kept, tally::Tally};
use crate::{
    cli::{app::App, backtest::Bars, interrupt},
    error::{Code, Failure},
    registry::Resolved,
    report::number::count,
    worker::{Evidence, Limits, Mode, Next, Pool, Sharing, SweepJob},
};
use engine_core::sweep::Plan;

/// How long to wait for a block before looking for an interrupt.
const LOOK: Duration = Duration::from_millis(100);

/// What is searched.
pub(super) struct Search {
    pub(super) job: SweepJob,
    pub(super) symbols: Vec<String>,
    pub(super) digest: String,
    pub(super) period: (String, String),
    pub(super) bars: usize,
    sharing: Sharing,
}

impl Search {
    pub(super) fn new(
        strategy: Resolved,
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
        let job = SweepJob { strategy, files: bars.files, plan, config, calendar, annual_rf };
        Self { job, symbols, digest, period, bars: count, sharing }
    }

    /// Runs all trials.
    ///
    /// # Errors
    /// When the strategy cannot be run at all, no trial is any good, or the user interrupts.
    pub(super) async fn run(
        self,
        app: &App,
        mut tally: Tally,
        kept: &mut Option<Kept<'_>>,
    ) -> Result<(Searched, Tally), Failure> {
        let Self { job, symbols, digest, period, bars, mut sharing } = self;
        if let Some(kept) = kept.as_ref() {
            kept.replay(|trial| tally.take(&job.plan, &trial)).await?;
            sharing.from = kept.reached();
            if sharing.from > 0 {
                app.out.note(&kept.greeting(tally.trials(), job.plan.positions()));
            }
        }
        let bar = progress(app, job.plan.trials().unwrap_or(job.plan.positions()));
        bar.set_position(tally.trials());
        bar.reset_eta();
        let mut pool = Pool::start(job, sharing);
        let ended = loop {
            if interrupt::requested() {
                break Ok(false);
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
                Ok(Next::End) => break Ok(true),
                Err(error) => break Err(error),
            }
        };
        if let Some(kept) = kept.as_mut() {
            kept.flush().await?;
        }
        bar.finish_and_clear();
        if !ended? {
            let mut message = format!("{} trials were done", count(tally.trials()));
            if kept.is_some() {
                message += "; the same command goes on from there";
            }
            return Err(Failure::new(Code::Partial, message));
        }
        let searched = Searched { pool, symbols, digest, period, bars };
        searched.refuse_nothing(&tally)?;
        Ok((searched, tally))
    }
}

/// A sweep that was searched.
pub(super) struct Searched {
    pool: Pool,
    pub(super) symbols: Vec<String>,
    pub(super) digest: String,
    pub(super) period: (String, String),
    pub(super) bars: usize,
}

impl Searched {
    pub(super) fn job(&self) -> &SweepJob {
        self.pool.job()
    }

    pub(super) fn evidence(
        &self,
        positions: Vec<u64>,
        slices: usize,
    ) -> Result<Option<Evidence>, Failure> {
        Ok(self.pool.evidence(positions, slices)?)
    }

    /// A sweep of which no trial ran has no result.
    fn refuse_nothing(&self, tally: &Tally) -> Result<(), Failure> {
        if tally.done > 0 {
            return Ok(());
        }
        let name = &self.job().strategy.facts().name;
        if let Some((_, reason)) = tally.failures.first() {
            let message = format!("all {} trials failed; the first: {reason}", count(tally.failed));
            return Err(Failure::new(Code::PluginFaulted, message));
        }
        let reason = tally.refusal.as_ref().map_or("", |(_, reason)| reason.as_str());
        let message = format!("strategy '{name}' refuses every combination; the first: {reason}");
        Err(Failure::new(Code::Usage, message).help(format!("algo-trader strategies show {name}")))
    }
}

/// A progress bar on standard error; invisible where that is no terminal.
fn progress(app: &App, trials: u64) -> ProgressBar {
    let target = if app.out.quiet() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr_with_hz(10)
    };
    let template = "{bar:30} {percent:>3} %  {human_pos} of {human_len}  {per_sec}  {eta} left";
    let style = ProgressStyle::with_template(template).expect("the template is a constant");
    let bar = ProgressBar::with_draw_target(Some(trials), target).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}
