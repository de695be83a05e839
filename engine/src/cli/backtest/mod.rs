//! `backtest`: gets bars and strategies, runs them, measures, prints, draws and keeps the result.

mod account;
mod actions;
mod again;
mod args;
mod defaults;
mod dialect;
mod draw;
mod fetch;
mod identity;
mod kept;
mod known;
mod market;
mod page;
mod rerun;
mod rules;
mod three;

use std::{borrow::Cow, mem::take, num::NonZeroUsize, panic::resume_unwind, sync::Arc};

use engine_core::backtest::{Config, RunResult};
use serde_json::{Map, Value};

pub(super) use actions::check as check_actions;
pub(super) use again::{again, first};
pub(crate) use args::BacktestArgs;
pub(super) use market::Bars;
pub(super) use rerun::{KeptBars, kept_bars, rerun};
pub(super) use rules::{RulesArgs, no_symbol_twice};

use super::{Done, Outcome, app::App};
use crate::{
    error::{Code, Failure},
    plot,
    registry::{Registry, Resolved, Retry},
    report::{
        self, DataFacts, Lists, ProofFacts, Report, StrategyFacts, export, file::write_whole,
        record,
    },
    store::{OpenMode, RunRecord, Store},
    worker::{self, Detail, Limits, Mode, Ran, RunJob, Wants},
};

pub(super) async fn run(app: &App, args: &BacktestArgs) -> Outcome {
    let args = &args.checked(&app.config()?)?;
    if let Some(Some(path)) = &args.plot {
        plot::format(path)?;
    }
    if !args.in_process {
        worker::prepare(NonZeroUsize::MIN);
    }
    let registry = app.registry(Retry::No)?;
    let strategy = registry.resolve(&args.strategy)?;
    let values = strategy.values(&args.param)?;
    let benchmark = args.benchmark().map(|name| benchmark(&registry, name)).transpose()?;
    let (store, is_kept) = open(app, args).await?;
    let store: Arc<dyn Store> = store.into();
    let fetched = fetch::what_is_missing(app, args, &store).await;
    let worked = match fetched {
        Ok(()) => act(app, args, &*store, is_kept, &strategy, &values, benchmark.as_ref()).await,
        Err(failure) => Err(failure),
    };
    store.close().await;
    worked
}

/// The strategy to compare with, with its defaults.
fn benchmark(registry: &Registry, name: &str) -> Result<(Resolved, Vec<f64>), Failure> {
    let strategy = registry.resolve(name)?;
    let values = strategy.values(&[])?;
    Ok((strategy, values))
}

/// The database, and whether the run can be kept in it: a read-only one still serves its bars.
async fn open(app: &App, args: &BacktestArgs) -> Result<(Box<dyn Store>, bool), Failure> {
    match app.store(OpenMode::ReadWrite).await {
        Ok(store) => Ok((store, !args.no_save)),
        Err(failure) if failure.code == Code::Database => {
            let Ok(store) = app.store(OpenMode::ReadOnly).await else { return Err(failure) };
            if !args.no_save {
                app.out.note("the database is read-only: the run is not kept");
            }
            Ok((store, false))
        }
        Err(failure) => Err(failure),
    }
}

async fn act(
    app: &App,
    args: &BacktestArgs,
    store: &dyn Store,
    is_kept: bool,
    strategy: &Resolved,
    values: &[f64],
    benchmark: Option<&(Resolved, Vec<f64>)>,
) -> Outcome {
    let bars = Bars::obtain(app, store, &args.symbol, args.rules.resolution)
        .await?
        .with_finer(app, store, args.intrabar)
        .await?;
    let config = bars.config(&args.rules);
    check_actions(&bars, &config)?;
    let mode = if args.in_process { Mode::InProcess } else { Mode::worker() };
    if args.in_process {
        app.out.note("the strategy runs inside this process, unprotected (--in-process)");
    }
    let judged = Judged { strategy, values, benchmark, config: &config, args };
    let id = identity::of(&judged, &bars);
    let known = if is_kept && !args.rewrite { known::of(&id, store).await? } else { None };
    let wants = judged.wants(app.out.json(), is_kept && known.is_none());
    let (mut ran, beside) = execute(&judged, &bars, &mode, wants)?;
    let grounds = take(&mut ran.grounds);
    let mut finished = judged.finish(id, &bars, &ran, beside.as_ref());
    finished.report.ambiguity = three::readings(&judged, &bars, &mode, &ran)?;
    if args.prove {
        let job = RunJob { files: &bars.files, values, config: &config, finer: &bars.finer };
        let proof = worker::prove(strategy, &job, &Limits::default(), &mode)?;
        finished.report.proof = Some(ProofFacts::of(&proof, &args.symbol, args.rules.resolution));
    }
    if let Some(dialect) = args.metrics_as {
        finished.report.metrics_as = Some(dialect::facts(dialect, &bars, &config, &finished));
    }
    let ended = judged.publish(app, &bars, &finished).and(judged.verdict(&finished.report));
    if is_kept {
        kept::keep(app, &judged, &bars);
        let record = judged.record(&finished, grounds, &bars);
        let record = known::settled(known, record, || judged.anew(&bars, &mode))?;
        store.save_run(&record).await?;
    }
    tracing::info!(
        target: "algo_trader::backtest",
        run = finished.id, strategy = strategy.asked(), symbols = args.symbol.join(","), is_kept,
        "done"
    );
    ended.map(|()| Done::Well)
}

/// The run of the strategy and, at the same time, that of its benchmark, of which no list is wanted.
fn execute(
    run: &Judged<'_>,
    bars: &Bars,
    mode: &Mode,
    wants: Wants,
) -> Result<(Ran, Option<Ran>), Failure> {
    let execute = |strategy: &Resolved, values: &[f64], mode: &Mode, wants: Wants| {
        let (files, finer) = (&bars.files, &bars.finer);
        let job = RunJob { files, values, config: run.config, finer };
        worker::run(strategy, &job, wants, &Limits::default(), mode)
    };
    let (ran, beside) = std::thread::scope(|scope| {
        let beside = run.benchmark.map(|(other, values)| {
            // What is part of this program needs no protection from itself.
            let mode = if other.image().is_none() { &Mode::InProcess } else { mode };
            let wants = Wants { detail: Detail::Figures, ..wants };
            scope.spawn(move || execute(other, values, mode, wants))
        });
        let ran = execute(run.strategy, run.values, mode, wants);
        (ran, beside.map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))))
    });
    Ok((ran?, beside.transpose()?))
}

/// What was asked for, resolved.
struct Judged<'a> {
    strategy: &'a Resolved,
    values: &'a [f64],
    benchmark: Option<&'a (Resolved, Vec<f64>)>,
    config: &'a Config,
    args: &'a BacktestArgs,
}

/// A run with everything that is shown and kept of it.
struct Finished<'a> {
    id: String,
    result: &'a RunResult,
    beside: Option<&'a RunResult>,
    report: Report,
    lists: Lists<'a>,
    ts: Cow<'a, [i64]>,
}

impl Finished<'_> {
    /// Lists and grounds as the database keeps them.
    fn blobs(&self, grounds: Vec<(String, Vec<u8>)>) -> Vec<(String, Vec<u8>)> {
        let mut blobs = record::encode(&self.lists);
        blobs.extend(grounds);
        blobs
    }
}

impl Judged<'_> {
    /// What the outputs that were asked for are made of.
    fn wants(&self, is_json: bool, is_kept: bool) -> Wants {
        let BacktestArgs { plot, report, equity, trades, metrics_as, .. } = self.args;
        let shows_all = plot.is_some() || report.is_some() || metrics_as.is_some();
        let detail = match is_kept {
            true => Detail::Grounds,
            false if shows_all || is_json || trades.is_some() => Detail::Lists,
            false => Detail::Figures,
        };
        let risk_free_rate = self.args.rules.rf();
        Wants { risk_free_rate, equity: shows_all || equity.is_some(), detail }
    }

    /// A run for its record alone, with all that is kept of it.
    fn anew(&self, bars: &Bars, mode: &Mode) -> Result<RunRecord, Failure> {
        let (mut ran, beside) = execute(self, bars, mode, self.wants(false, true))?;
        let grounds = take(&mut ran.grounds);
        let mut finished = self.finish(identity::of(self, bars), bars, &ran, beside.as_ref());
        finished.report.ambiguity = three::readings(self, bars, mode, &ran)?;
        Ok(self.record(&finished, grounds, bars))
    }

    fn finish<'a>(
        &self,
        id: String,
        bars: &'a Bars,
        ran: &'a Ran,
        beside: Option<&'a Ran>,
    ) -> Finished<'a> {
        let Ran { result, tally, .. } = ran;
        let ts = bars.timeline(self.config, result.first_step);
        let basis = bars.basis(self.config, &self.args.rules, &ts);
        let sessions = beside.map(|beside| &beside.figures.sessions);
        let own = ran.figures.clone().beside(sessions, basis.risk_free_rate);
        let subject = report::Subject {
            engine: env!("CARGO_PKG_VERSION"),
            run: &id,
            strategy: self.facts(),
            symbols: self.args.symbol.clone(),
            data: DataFacts { digest: bars.digest(), series: bars.facts(self.config) },
            config: self.config,
            last_prices: bars.last_prices(self.config),
        };
        let outcome = report::Outcome { result, tally, metrics: &own.metrics };
        let beside_outcome = beside.zip(self.benchmark).map(|(beside, (strategy, _))| {
            let Ran { result, tally, figures, .. } = beside;
            (strategy.asked(), report::Outcome { result, tally, metrics: &figures.metrics })
        });
        let mut report = report::report(subject, &basis, outcome, beside_outcome);
        report.settings.intrabar = self.args.intrabar.map(|finer| finer.to_string());
        report.settings.origins = self.args.rules.origins().clone();
        report.warnings.extend(actions::warnings(bars, self.config));
        let lists = Lists::owning(result, own.sessions, sessions.cloned());
        let beside = beside.map(|beside| &beside.result);
        Finished { id, result, beside, report, lists, ts }
    }

    fn facts(&self) -> StrategyFacts {
        let facts = self.strategy.facts();
        StrategyFacts {
            name: self.strategy.asked().to_owned(),
            id: facts.name.clone(),
            version: facts.version.clone(),
            plugin_sha256: self.strategy.sha256().map(|sum| sum.to_string()),
            parameters: self.parameters(),
            warm_up_bars: 0,
        }
    }

    fn parameters(&self) -> Map<String, Value> {
        let shown = self.strategy.shown(self.values).into_iter();
        shown.map(|(name, text)| (name, plain(&text))).collect()
    }

    /// Prints the result first, then writes the files, so that the figures are there whatever fails.
    fn publish(&self, app: &App, bars: &Bars, finished: &Finished<'_>) -> Result<(), Failure> {
        if app.out.json() {
            app.out.styled(&report::full(&finished.report, &finished.lists))?;
        } else {
            app.out.summary(&finished.report, &finished.lists)?;
        }
        let written = self.write_lists(app, finished);
        let drawn = match &self.args.plot {
            Some(path) => draw::draw(app, self, bars, finished, path.as_deref()),
            None => Ok(()),
        };
        let paged = match &self.args.report {
            Some(path) => page::write(app, self, bars, finished, path.as_deref()),
            None => Ok(()),
        };
        written.and(drawn).and(paged)
    }

    fn write_lists(&self, app: &App, finished: &Finished<'_>) -> Result<(), Failure> {
        let resolution = self.args.rules.resolution;
        if let Some(path) = &self.args.trades {
            let trades = &finished.result.trades;
            write_whole(path, |writer| {
                export::trades(writer, trades, &self.args.symbol, resolution)
            })?;
            app.out.note(&format!("wrote {}", path.display()));
        }
        if let Some(path) = &self.args.equity {
            let curve = export::EquityCurve {
                ts: &finished.ts,
                equity: &finished.result.equity,
                benchmark: finished.beside.map_or(&[][..], |beside| &beside.equity),
                cash: self.config.cash,
                resolution,
            };
            write_whole(path, |writer| export::equity(writer, &curve))?;
            app.out.note(&format!("wrote {}", path.display()));
        }
        Ok(())
    }

    /// `--prove` and `--strict`: a look into the future is a failure, and so is a rejected order.
    fn verdict(&self, report: &Report) -> Result<(), Failure> {
        let breach = report.proof.as_ref().and_then(|proof| proof.breach.as_ref());
        let Some(breach) = breach else { return self.strictness(report) };
        let file = self.strategy.file().unwrap_or_else(|| "built in".to_owned());
        Err(Failure::new(
            Code::PluginFaulted,
            format!(
                "strategy '{}' ({file}) sees the future: {}",
                self.strategy.asked(),
                breach.text()
            ),
        ))
    }

    fn strictness(&self, report: &Report) -> Result<(), Failure> {
        let rejected = report.counts.rejected;
        if !self.args.strict || rejected == 0 {
            return Ok(());
        }
        let reason = report.counts.reasons.iter().find(|reason| reason.state == "rejected");
        let reason = reason.map_or("", |reason| reason.reason.as_str());
        Err(Failure::new(
            Code::PluginFaulted,
            format!(
                "{}: {rejected} of {} orders were rejected (--strict); the first reason: {reason}",
                self.strategy.asked(),
                report.counts.orders
            ),
        ))
    }

    fn record(
        &self,
        finished: &Finished<'_>,
        grounds: Vec<(String, Vec<u8>)>,
        bars: &Bars,
    ) -> RunRecord {
        RunRecord {
            id: finished.id.clone(),
            created_at: super::ingest::now(),
            strategy: self.strategy.asked().to_owned(),
            symbols: self.args.symbol.join(","),
            resolution: self.args.rules.resolution.to_string(),
            data_digest: finished.report.data.digest.clone(),
            plugin_sha256: self.strategy.sha256().map(|sum| sum.to_string()).unwrap_or_default(),
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
            config: rerun::with_bars(identity::configuration(self), bars, self.args.intrabar)
                .to_string(),
            result: report::stored(&finished.report),
            columns: finished.blobs(grounds),
        }
    }
}

/// A parameter's text as a JSON value: a number or a truth where it is one.
fn plain(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Number(_) | Value::Bool(_))) => value,
        _ => Value::from(text),
    }
}
