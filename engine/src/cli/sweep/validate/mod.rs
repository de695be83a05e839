//! `sweep --walk-forward` and `--k-fold`: parameters are chosen on the inside of each fold and judged
//! on its outside, and what they make there is put together.
//!
//! The search of each fold is a sweep of its own in the database, so that one that was broken off goes
//! on where it was. The account of the outside is carried from fold to fold; a trade still open at the
//! end of a window counts at its last close, and the next window begins in cash.

mod args;
mod export;
mod judged;
mod text;

use engine_core::sweep::{Fold, Passage, SessionRows, Sessions, Span, TrialFigures};
use serde_json::json;

pub(super) use args::{Scheme, ValidationArgs};
pub(in crate::cli) use judged::Judged;
pub(in crate::cli) use text::text;

use super::{
    SweepArgs, Written,
    kept::{self, Kept},
    page,
    search::{Search, Searched, go_on},
    tally::Tally,
    wrote,
};
use crate::{
    cli::{app::App, ingest::now},
    error::{Code, Failure},
    report::{file::write_whole, html},
    store::{Store, StudyRecord},
};

/// A search, and the sessions that its folds are cut from.
pub(super) struct Course {
    pub(super) scheme: Scheme,
    pub(super) search: Search,
    pub(super) sessions: Sessions,
}

/// What came of a fold.
pub(super) struct Outcome {
    pub(super) fold: Fold,
    /// Position and inside figures of the trial that was chosen; `None` when no trial has a rank.
    pub(super) chosen: Option<(u64, TrialFigures)>,
    /// Figures on the outside; of somebody who does nothing when nothing was chosen.
    pub(super) outside: TrialFigures,
    /// Why the chosen trial has no run on the outside.
    pub(super) fault: Option<String>,
}

/// All folds.
pub(super) struct Walked {
    pub(super) outcomes: Vec<Outcome>,
    /// Runs on the outsides, oldest first.
    pub(super) runs: Vec<Passage>,
    pub(super) counts: Counts,
}

/// Trials of all folds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) done: u64,
    pub(super) refused: u64,
    pub(super) failed: u64,
    pub(super) undefined: u64,
}

/// Runs a validation and keeps what it came to.
///
/// # Errors
/// When the windows do not fit, the search of a fold fails, or the user interrupts.
pub(super) async fn run(
    app: &App,
    args: &SweepArgs,
    store: &dyn Store,
    course: Course,
) -> Result<(Judged, Written), Failure> {
    let folds = course.scheme.folds(&course.sessions)?;
    let record = record(&course, args);
    if !args.no_save {
        store.save_study(&record).await?;
    }
    let mut walked = Walked { outcomes: Vec::new(), runs: Vec::new(), counts: Counts::default() };
    let mut cash = course.search.job.config.cash;
    let count = folds.len();
    for (number, fold) in (1..).zip(folds) {
        let mut search = course.search.within(&fold.inside, args);
        search.label = format!("fold {number} of {count}  ");
        let (searched, tally) = search_one(app, args, store, search).await?;
        let (outcome, run) = judge(&course, fold, &searched, &tally, cash);
        cash = run.equity.last().copied().unwrap_or(cash);
        walked.counts.add(&tally);
        walked.outcomes.push(outcome);
        walked.runs.push(run);
    }
    go_on(walked.counts.trials(), !args.no_save)?;
    let ever = store.trials_on(&course.search.digest).await?;
    let judged = Judged::of(&course, walked, &record.id, u64::try_from(ever).unwrap_or(0), args);
    let json = serde_json::to_string(&judged).expect("a result has a JSON form");
    if !args.no_save {
        store.save_study(&StudyRecord { result: Some(json.clone()), ..record }).await?;
    }
    let written = write(app, args, &judged, &json);
    Ok((judged, written))
}

/// Writes the files that were asked for; the first failure counts.
fn write(app: &App, args: &SweepArgs, judged: &Judged, json: &str) -> Written {
    let mut written = Ok(());
    if let Some(asked) = &args.report {
        let path = page::path(app, &judged.symbols, args, asked.as_deref());
        let page = html::validation(json)
            .map_err(|error| Failure::new(Code::Bug, format!("the result has no page: {error}")))?;
        written = write_whole(&path, |writer| writer.write_all(page.as_bytes()))
            .map_err(Failure::from)
            .map(|()| wrote(app, &path));
    }
    if let Some(path) = &args.csv {
        let path = args.beside(path, &judged.symbols);
        written = written.and(export::write(&path, judged).map(|()| wrote(app, &path)));
    }
    written
}

/// The search on the inside of a fold.
async fn search_one(
    app: &App,
    args: &SweepArgs,
    store: &dyn Store,
    search: Search,
) -> Result<(Searched, Tally), Failure> {
    let mut kept = Kept::wanted(store, &search, args).await?;
    search.run(app, args, Tally::new(args.rank, 1), &mut kept).await
}

/// Runs what was chosen on the outside.
fn judge(
    course: &Course,
    fold: Fold,
    searched: &Searched,
    tally: &Tally,
    cash: f64,
) -> (Outcome, Passage) {
    let bars = course.sessions.bars(&fold.outside).len();
    let chosen = tally.best().into_iter().next();
    let mut fault = None;
    let run = match chosen {
        // Nobody trades without money.
        Some((position, _)) if cash > 0.0 => {
            searched.run(position, fold.outside, cash).unwrap_or_else(|failure| {
                fault = Some(failure.message);
                Passage::idle(bars, cash)
            })
        }
        _ => Passage::idle(bars, cash),
    };
    let outside = course.measure(&fold.outside, &run, cash);
    (Outcome { fold, chosen, outside, fault }, run)
}

impl Course {
    /// Figures of a run on a span.
    fn measure(&self, span: &Span, run: &Passage, cash: f64) -> TrialFigures {
        let rows = self.rows(span);
        let rf = rows.risk_free(self.search.job.annual_rf);
        run.figures(&rows, cash, rf)
    }

    /// The sessions of a span.
    pub(super) fn rows(&self, span: &Span) -> SessionRows {
        let job = &self.search.job;
        let resolution = job.files[0].info().resolution;
        SessionRows::of(job.calendar, resolution, self.sessions.bars(span))
    }
}

impl Counts {
    fn add(&mut self, tally: &Tally) {
        self.done += tally.done;
        self.refused += tally.refused;
        self.failed += tally.failed;
        self.undefined += tally.undefined;
    }

    pub(super) fn trials(&self) -> u64 {
        self.done + self.refused + self.failed
    }
}

/// What is kept of a validation before it has a result.
fn record(course: &Course, args: &SweepArgs) -> StudyRecord {
    let of = &course.search.record;
    let sweep: serde_json::Value = serde_json::from_str(&of.config).unwrap_or_default();
    let config = json!({
        "kind": course.scheme.kind().name(),
        "scheme": serde_json::to_value(course.scheme).expect("a scheme has a JSON form"),
        "rank": args.rank.name(),
        "sweep": sweep,
    });
    StudyRecord {
        id: kept::id(&course.search.digest, &config),
        created_at: now(),
        kind: course.scheme.kind(),
        config: config.to_string(),
        ..super::record(of, None)
    }
}
