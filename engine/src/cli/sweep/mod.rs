//! `sweep`: tries many parameter sets of a strategy on the same bars, one worker for each core, and
//! shows the best.

mod args;
mod axis;
mod export;
mod heat;
mod kept;
mod luck;
mod page;
mod search;
mod show;
mod space;
mod tally;
mod trials;

pub(crate) use args::SweepArgs;

use super::{Done, Outcome, app::App, backtest::Bars, interrupt};
use crate::{
    error::{Code, Failure},
    registry::Retry,
    store::{OpenMode, Store},
};
use heat::Cells;
use kept::Kept;
use luck::Luck;
use page::Gathered;
use search::Search;
use show::Finished;
use tally::Tally;

pub(super) async fn run(app: &App, args: &SweepArgs) -> Outcome {
    let args = &args.settled(&app.config()?)?;
    if args.in_process {
        app.out.note("the strategy runs inside this process, unprotected (--in-process)");
    }
    let registry = app.registry(Retry::No)?;
    // Before any bar is read, so that a wrong option is told at once.
    let plan = space::plan(&registry.resolve(&args.strategy)?, args)?;
    interrupt::hold();
    let store = app.store(OpenMode::ReadWrite).await?;
    let (mut finished, mut failures) = (Vec::new(), Vec::new());
    for symbols in args.sweeps() {
        let one = async {
            let strategy = registry.resolve(&args.strategy)?;
            let bars = Bars::obtain(app, &*store, &symbols, args.rules.resolution).await?;
            one(
                app,
                args,
                &*store,
                Search::new(strategy, plan.clone(), bars, symbols.clone(), args),
            )
            .await
        };
        match one.await {
            Ok(sweep) => finished.push(sweep),
            Err(failure) if args.sweeps().len() == 1 || interrupt::requested() => {
                store.close().await;
                return Err(failure);
            }
            Err(failure) => failures.push((symbols.join(","), failure)),
        }
    }
    store.close().await;
    publish(app, args, &finished, &failures)
}

async fn one(
    app: &App,
    args: &SweepArgs,
    store: &dyn Store,
    search: Search,
) -> Result<Finished, Failure> {
    let mut kept = match args.no_save {
        true => None,
        false => Some(Kept::find(store, &search, args).await?),
    };
    let mut tally = Tally::new(args.rank, usize::from(args.top));
    if let Some(pair) = &args.heatmap {
        tally.map = Some(Cells::new(&search.job.strategy, &search.job.plan, pair)?);
    }
    if args.report.is_some() {
        tally.page = Some(Gathered::new(&search.job.strategy, &search.job.plan));
    }
    let (searched, mut tally) = search.run(app, tally, &mut kept).await?;
    let ever = store.trials_on(&searched.digest).await?;
    let luck = Luck::of(&searched, &tally, u64::try_from(ever).unwrap_or_default())?;
    let finished = Finished::of(&searched, &tally, luck, args);
    heat::draw(app, &searched, &tally, args)?;
    page::write(app, &searched, &mut tally, &finished, args)?;
    if let (Some(path), Some(kept)) = (&args.csv, &kept) {
        let path = args.beside(path, &searched.symbols);
        export::csv(&path, kept, &searched).await?;
        app.out.note(&format!("wrote {}", path.display()));
    }
    if let (Some(path), Some(kept)) = (&args.parquet, &kept) {
        let path = args.beside(path, &searched.symbols);
        export::parquet(&path, kept, &searched).await?;
        app.out.note(&format!("wrote {}", path.display()));
    }
    Ok(finished)
}

fn publish(
    app: &App,
    args: &SweepArgs,
    finished: &[Finished],
    failures: &[(String, Failure)],
) -> Outcome {
    if app.out.json() {
        match finished {
            [only] if args.sweeps().len() == 1 => app.out.value(&only)?,
            all => app.out.value(&serde_json::json!({ "sweeps": all }))?,
        }
    } else {
        let texts: Vec<String> = finished.iter().map(|sweep| show::text(sweep, args)).collect();
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
    let is_partial = !failures.is_empty() || finished.iter().any(|sweep| sweep.failed > 0);
    Ok(if is_partial { Done::With(Code::Partial) } else { Done::Well })
}
