//! Runs a strategy as it is now under the rules and on the bars of one of its kept runs.

use super::{BacktestArgs, Judged, kept, rerun::Kept};
use crate::{
    cli::{Outcome, app::App},
    error::Failure,
    registry::{Registry, Resolved, Retry},
    store::{OpenMode, RunRecord},
    worker::Mode,
};

/// The run of a strategy that has none yet: by the day on the bundled SPY, shown and kept.
pub(in crate::cli) async fn first(app: &App, name: &str) -> Outcome {
    use clap::{Args, FromArgMatches};
    let words = ["backtest", "--symbol=SPY", &format!("--strategy={name}")].map(str::to_owned);
    let command = BacktestArgs::augment_args(clap::Command::new("backtest"));
    let matches = command.get_matches_from(words);
    let args = BacktestArgs::from_arg_matches(&matches).expect("the words above are valid");
    super::run(app, &args).await
}

/// The same run with the strategy of this name as it is found now; kept, and given back.
///
/// A parameter that was at its default follows the default, wherever that is now; one that the
/// strategy no longer has is left out.
///
/// # Errors
/// When the bars are no longer kept, or the strategy cannot be had or breaks.
pub(in crate::cli) async fn again(
    app: &App,
    name: &str,
    run: &RunRecord,
) -> Result<RunRecord, Failure> {
    let registry = app.registry(Retry::Yes)?;
    let strategy = registry.resolve(name)?;
    let replay = super::rerun::Replay::of(app, run, &[])?;
    let values = strategy.values(&chosen(app, &registry, &replay.kept, &strategy))?;
    let benchmark = replay.benchmark(app, &registry)?;
    let judged = Judged {
        strategy: &strategy,
        values: &values,
        benchmark: benchmark.as_ref(),
        config: &replay.config,
        args: &replay.args,
    };
    let record = judged.anew(&replay.bars, &Mode::worker())?;
    kept::keep(app, &judged, &replay.bars);
    let store = app.store(OpenMode::ReadWrite).await?;
    let saved = store.save_run(&record).await;
    store.close().await;
    saved?;
    Ok(record)
}

/// The parameters of the kept run that somebody chose, and that the strategy still has.
fn chosen(app: &App, registry: &Registry, kept: &Kept, now: &Resolved) -> Vec<(String, String)> {
    let before = kept.strategy(app, registry).ok();
    let defaults = before.map(|(before, _)| before.shown(&before.facts().defaults()));
    let is_default = |pair: &&(String, String)| {
        defaults.as_ref().is_some_and(|defaults| defaults.contains(pair))
    };
    let is_known = |name: &str| {
        let known = now.facts().params.iter().any(|param| param.name == name);
        if !known {
            app.out.note(&format!("{name}: the strategy has no such parameter any more"));
        }
        known
    };
    let chosen = kept.parameters().iter().filter(|pair| !is_default(pair));
    chosen.filter(|(name, _)| is_known(name)).cloned().collect()
}
