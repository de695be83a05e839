//! `sweep`: tries many parameter sets of a strategy on the same bars, one worker for each core, and
//! shows the best.

mod args;
mod axis;
mod export;
mod heat;
mod intervals;
mod kept;
mod luck;
mod model;
mod page;
mod search;
mod show;
mod space;
mod tally;
mod trials;
mod validate;

use std::{path::Path, sync::Arc};

pub(crate) use args::SweepArgs;
pub(super) use show::{Finished, text as sweep_text};
pub(super) use validate::{Judged, text as validation_text};

use super::{
    Done, Outcome,
    app::App,
    backtest::{Bars, check_actions},
    interrupt,
};
use crate::{
    error::{Code, Failure},
    registry::{Resolved, Retry},
    store::{OpenMode, Store, StudyKind, StudyRecord, SweepRecord},
    worker,
};
use engine_core::sweep::{Plan, Sessions};
use heat::Cells;
use kept::Kept;
use luck::Luck;
use page::Gathered;
use search::{Search, Searched, go_on};
use serde::Serialize;
use tally::Tally;
use validate::Course;

pub(super) async fn run(app: &App, args: &SweepArgs) -> Outcome {
    let args = &args.settled(&app.config()?)?;
    if args.in_process {
        app.out.note("the strategy runs inside this process, unprotected (--in-process)");
    } else {
        worker::prepare(args.workers());
    }
    let registry = app.registry(Retry::No)?;
    // Before any bar is read, so that a wrong option is told at once.
    let strategy = Arc::new(registry.resolve(&args.strategy)?);
    let plan = space::plan(&strategy, args)?;
    interrupt::hold();
    let store = app.store(OpenMode::ReadWrite).await?;
    let (mut finished, mut failures, mut written) = (Vec::new(), Vec::new(), Ok(()));
    for symbols in args.sweeps() {
        let one = async {
            let bars = Bars::obtain(app, &*store, &symbols, args.rules.resolution).await?;
            check_actions(&bars, &bars.config(&args.rules))?;
            let subject = (Arc::clone(&strategy), plan.clone());
            study(app, args, &*store, subject, bars, &symbols).await
        };
        match one.await {
            Ok((study, files)) => {
                finished.push(study);
                written = written.and(files);
            }
            Err(failure) if args.sweeps().len() == 1 || interrupt::requested() => {
                store.close().await;
                return Err(failure);
            }
            Err(failure) => failures.push((symbols.join(","), failure)),
        }
    }
    store.close().await;
    // The figures are printed whatever became of the files.
    let published = publish(app, args, &finished, &failures)?;
    written.map(|()| published)
}

/// What became of the files that were asked for beside the figures.
type Written = Result<(), Failure>;

/// What a study came to.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Study {
    Sweep(Box<Finished>),
    Validation(Box<Judged>),
}

/// A sweep, or what judges its choice out of sample.
async fn study(
    app: &App,
    args: &SweepArgs,
    store: &dyn Store,
    (strategy, plan): (Arc<Resolved>, Plan),
    bars: Bars,
    symbols: &[String],
) -> Result<(Study, Written), Failure> {
    let Some(scheme) = args.validation.scheme() else {
        let search = Search::new(strategy, plan, bars, symbols.to_vec(), args);
        let (finished, written) = sweep(app, args, store, search).await?;
        return Ok((Study::Sweep(Box::new(finished)), written));
    };
    let config = bars.config(&args.rules);
    let timeline = bars.timeline(&config, 0);
    let sessions = Sessions::of(bars.calendar, bars.resolution, &timeline, config.from_ts);
    let search = Search::new(strategy, plan, bars, symbols.to_vec(), args);
    let course = Course { scheme, search, sessions };
    let (judged, written) = validate::run(app, args, store, course).await?;
    Ok((Study::Validation(Box::new(judged)), written))
}

async fn sweep(
    app: &App,
    args: &SweepArgs,
    store: &dyn Store,
    search: Search,
) -> Result<(Finished, Written), Failure> {
    let mut kept = Kept::wanted(store, &search, args).await?;
    if kept.is_some() {
        store.save_study(&record(&search.record, None)).await?;
    }
    let mut tally = Tally::new(args.rank, usize::from(args.top));
    if let Some(pair) = &args.heatmap {
        tally.map = Some(Cells::new(&search.job.strategy, &search.job.plan, pair)?);
    }
    if args.report.is_some() {
        tally.page = Some(Gathered::new(&search.job.strategy, &search.job.plan, args));
    }
    let (searched, mut tally) = search.run(app, args, tally, &mut kept).await?;
    let ever = store.trials_on(&searched.digest).await?;
    let luck = Luck::of(&searched, &tally, u64::try_from(ever).unwrap_or_default())?;
    go_on(tally.trials(), kept.is_some())?;
    let finished = Finished::of(&searched, &tally, luck, args);
    if kept.is_some() {
        let result = serde_json::to_string(&finished).expect("a result has a JSON form");
        store.save_study(&record(&searched.record, Some(result))).await?;
    }
    let files = write(app, args, &searched, (&mut tally, &finished), kept.as_ref()).await;
    Ok((finished, files))
}

/// Writes the files that were asked for, each whatever became of the others; the first failure counts.
async fn write(
    app: &App,
    args: &SweepArgs,
    searched: &Searched,
    (tally, finished): (&mut Tally, &Finished),
    kept: Option<&Kept<'_>>,
) -> Written {
    let mut written = heat::draw(app, searched, tally, args);
    written = written.and(page::write(app, searched, tally, finished, args));
    if let (Some(path), Some(kept)) = (&args.csv, kept) {
        let path = args.beside(path, &searched.symbols);
        let exported = export::csv(&path, kept, searched).await;
        written = written.and(exported.map(|()| wrote(app, &path)));
    }
    if let (Some(path), Some(kept)) = (&args.parquet, kept) {
        let path = args.beside(path, &searched.symbols);
        let exported = export::parquet(&path, kept, searched).await;
        written = written.and(exported.map(|()| wrote(app, &path)));
    }
    written
}

fn wrote(app: &App, path: &Path) {
    app.out.note(&format!("wrote {}", path.display()));
}

/// A sweep as the study that it is.
fn record(sweep: &SweepRecord, result: Option<String>) -> StudyRecord {
    StudyRecord {
        id: sweep.id.clone(),
        created_at: sweep.created_at,
        kind: StudyKind::Sweep,
        strategy: sweep.strategy.clone(),
        symbols: sweep.symbols.clone(),
        resolution: sweep.resolution.clone(),
        data_digest: sweep.data_digest.clone(),
        plugin_sha256: sweep.plugin_sha256.clone(),
        engine_version: sweep.engine_version.clone(),
        config: sweep.config.clone(),
        result,
    }
}

impl Study {
    fn text(&self) -> String {
        match self {
            Self::Sweep(sweep) => show::text(sweep),
            Self::Validation(judged) => validate::text(judged),
        }
    }

    /// Whether something failed.
    fn is_partial(&self) -> bool {
        match self {
            Self::Sweep(sweep) => sweep.failed > 0,
            Self::Validation(judged) => {
                judged.failed > 0 || judged.folds.iter().any(|fold| fold.fault.is_some())
            }
        }
    }
}

fn publish(
    app: &App,
    args: &SweepArgs,
    finished: &[Study],
    failures: &[(String, Failure)],
) -> Outcome {
    if app.out.json() {
        match finished {
            [only] if args.sweeps().len() == 1 => app.out.value(only)?,
            all => app.out.value(&serde_json::json!({ "sweeps": all }))?,
        }
    } else {
        let texts: Vec<String> = finished.iter().map(Study::text).collect();
        if !texts.is_empty() {
            app.out.text(&texts.join("\n"))?;
        }
    }
    for (symbols, failure) in failures {
        app.out.note(&format!("{symbols}: {failure}"));
    }
    if finished.is_empty() {
        let first = failures.first().map(|(_, failure)| failure.clone());
        return Err(first.unwrap_or_else(|| Failure::new(Code::Bug, "no sweep was run")));
    }
    let is_partial = !failures.is_empty() || finished.iter().any(Study::is_partial);
    Ok(if is_partial { Done::With(Code::Partial) } else { Done::Well })
}
