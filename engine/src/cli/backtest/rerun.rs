//! `runs rerun`: repeats a kept run from its own bars, rules and plugin, and compares every byte.

use engine_core::{
    backtest::{Config, Rules},
    calendar::Calendar,
};
use serde::Deserialize;
use serde_json::{Value, json};
use strategy_api::{Columns, Resolution};

use super::{BacktestArgs, Judged, execute, identity, kept, market::Bars, three};
use crate::{
    cli::{Done, Outcome, app::App, bars::shell_word},
    error::{Code, Failure},
    registry::{Registry, Resolved, Retry},
    report::{self, Report, record},
    store::RunRecord,
    worker::Mode,
};

/// What the configuration of a kept run says.
#[derive(Deserialize)]
pub(super) struct Kept {
    symbols: Vec<String>,
    resolution: String,
    asked: String,
    strategy: KeptStrategy,
    benchmark: Option<KeptStrategy>,
    rules: Value,
    risk_free_rate: f64,
    /// Names in the archive; runs of the first versions have none.
    #[serde(default)]
    bars: Vec<String>,
    /// Length of the finer bars, when there were some, and their names.
    #[serde(default)]
    intrabar: Option<(String, Vec<Option<String>>)>,
}

#[derive(Deserialize)]
struct KeptStrategy {
    id: String,
    plugin_sha256: Option<String>,
    parameters: Vec<(String, String)>,
}

/// What a kept run saw: its bars and its rules, of which the end of the run cuts the bars.
pub(in crate::cli) struct KeptBars {
    /// The symbols of the run, in its order.
    pub(in crate::cli) symbols: Vec<String>,
    bars: Bars,
    config: Config,
}

impl KeptBars {
    /// The bars of a symbol that the run could see, history before its first traded bar included.
    pub(in crate::cli) fn of(&self, symbol: usize) -> Columns<'_> {
        self.bars.visible(symbol, &self.config)
    }
}

/// The bars of a kept run.
///
/// # Errors
/// When the record cannot be read, or the bars are not kept any more.
pub(in crate::cli) fn kept_bars(app: &App, run: &RunRecord) -> Result<KeptBars, Failure> {
    let (kept, before) = read(run)?;
    let (config, bars) = seen(app, run, &kept, &before)?;
    Ok(KeptBars { symbols: kept.symbols, bars, config })
}

fn read(run: &RunRecord) -> Result<(Kept, Report), Failure> {
    let kept =
        serde_json::from_str(&run.config).map_err(|error| unreadable(run, &error.to_string()))?;
    Ok((kept, report::runs::read(&run.id, &run.result)?))
}

/// The rules and the bars of a kept run.
fn seen(
    app: &App,
    run: &RunRecord,
    kept: &Kept,
    before: &Report,
) -> Result<(Config, Bars), Failure> {
    let calendar: Calendar =
        before.calendar.parse().map_err(|_| unreadable(run, "its calendar is unknown"))?;
    let config = config(kept, calendar).map_err(|error| unreadable(run, &error.to_string()))?;
    let resolution = kept.resolution.parse();
    let resolution = resolution
        .map_err(|_| unreadable(run, &format!("its resolution is {}", kept.resolution)))?;
    Ok((config, bars(app, kept, before, calendar, resolution)?))
}

fn unreadable(run: &RunRecord, reason: &str) -> Failure {
    let message = format!("the record of run {} cannot be read: {reason}", run.id);
    Failure::new(Code::Database, message)
}

impl Kept {
    /// The strategy of the run from its kept plugin, with the values that it had.
    pub(super) fn strategy(
        &self,
        app: &App,
        registry: &Registry,
    ) -> Result<(Resolved, Vec<f64>), Failure> {
        strategy(app, registry, (&self.asked, &self.strategy), &self.command())
    }

    /// The command that runs the strategy on the bars that are held now, and keeps both anew. What the
    /// rules of the run say beyond its symbols, their bars and its parameters is at its default.
    fn command(&self) -> String {
        let mut words = vec!["algo-trader".to_owned(), "backtest".to_owned()];
        for symbol in &self.symbols {
            words.extend(["-s".to_owned(), shell_word(symbol)]);
        }
        words.extend(["-r".to_owned(), self.resolution.clone()]);
        words.extend(["--strategy".to_owned(), shell_word(&self.asked)]);
        for (name, value) in &self.strategy.parameters {
            words.extend(["-p".to_owned(), shell_word(&format!("{name}={value}"))]);
        }
        words.join(" ")
    }

    /// Every parameter of the strategy with its value.
    pub(super) fn parameters(&self) -> &[(String, String)] {
        &self.strategy.parameters
    }
}

/// A kept run, ready to be run again: all but its strategy.
pub(super) struct Replay {
    pub(super) kept: Kept,
    pub(super) args: BacktestArgs,
    pub(super) config: Config,
    pub(super) bars: Bars,
    before: Report,
}

impl Replay {
    /// What the record and the archive hold of a run.
    ///
    /// # Errors
    /// When the record cannot be read, or the bars are no longer kept.
    pub(super) fn of(app: &App, run: &RunRecord, outputs: &[String]) -> Result<Self, Failure> {
        let (kept, before) = read(run)?;
        let args = arguments(&kept, outputs).map_err(|reason| unreadable(run, &reason))?;
        let (config, bars) = seen(app, run, &kept, &before)?;
        Ok(Self { kept, args, config, bars, before })
    }

    /// The strategy that the run was compared with.
    ///
    /// # Errors
    /// When its plugin is no longer kept.
    pub(super) fn benchmark(
        &self,
        app: &App,
        registry: &Registry,
    ) -> Result<Option<(Resolved, Vec<f64>)>, Failure> {
        let name = self.before.benchmark.as_ref().map_or("", |benchmark| benchmark.name.as_str());
        let found = |kept| strategy(app, registry, (name, kept), &self.kept.command());
        self.kept.benchmark.as_ref().map(found).transpose()
    }
}

/// Repeats a run and prints its result; a result that differs from the record is a failure.
pub(in crate::cli) fn rerun(app: &App, run: &RunRecord, outputs: &[String]) -> Outcome {
    let replay = Replay::of(app, run, outputs)?;
    let registry = app.registry(Retry::No)?;
    let (strategy, values) = replay.kept.strategy(app, &registry)?;
    let benchmark = replay.benchmark(app, &registry)?;
    let (config, bars) = (&replay.config, &replay.bars);
    let judged = Judged {
        strategy: &strategy,
        values: &values,
        benchmark: benchmark.as_ref(),
        config,
        args: &replay.args,
    };
    let mode = Mode::worker();
    let wants = judged.wants(app.out.json(), true);
    let (mut ran, beside) = execute(&judged, bars, &mode, wants)?;
    let grounds = std::mem::take(&mut ran.grounds);
    let mut finished = judged.finish(identity::of(&judged, bars), bars, &ran, beside.as_ref());
    if replay.before.ambiguity.is_some() {
        finished.report.ambiguity = three::readings(&judged, bars, &mode, &ran)?;
    }
    // Today's file has no part in a repeated run.
    finished.report.settings.origins = replay.before.settings.origins.clone();
    judged.publish(app, bars, &finished)?;
    // A run of an older version was kept without its grounds.
    let is_kept = |kind: &str| run.columns.iter().any(|(kept, _)| kept == kind);
    let mut blobs = finished.blobs(grounds);
    blobs.retain(|(kind, _)| !record::is_ground(kind) || is_kept(kind));
    let mut kept = run.columns.clone();
    blobs.sort_unstable();
    kept.sort_unstable();
    let same_lists = blobs == kept;
    verdict(app, run, report::stored(&finished.report) == run.result, same_lists)
}

fn verdict(app: &App, run: &RunRecord, same_result: bool, same_lists: bool) -> Outcome {
    let engine = env!("CARGO_PKG_VERSION");
    let made_by = format!("it was made by engine {}, this is {engine}", run.engine_version);
    match (same_lists, same_result) {
        (true, true) => app.out.note("identical to the kept run, byte for byte"),
        (true, false) if run.engine_version != engine => {
            app.out.note(&format!("orders, fills and equity are those of the kept run; {made_by}"));
        }
        _ => {
            let what = if same_lists { "figures" } else { "orders, fills or equity" };
            let code = if run.engine_version == engine { Code::Bug } else { Code::Data };
            return Err(Failure::new(
                code,
                format!("the {what} differ from those of the kept run {}; {made_by}", run.id),
            )
            .help(format!("algo-trader runs show {}", &run.id[..run.id.len().min(16)])));
        }
    }
    Ok(Done::Well)
}

/// The options of `backtest` that would have asked for the run; its rules come from the record.
fn arguments(kept: &Kept, outputs: &[String]) -> Result<BacktestArgs, String> {
    use clap::{Args, FromArgMatches};
    let mut words = vec!["backtest".to_owned()];
    words.extend(kept.symbols.iter().map(|symbol| format!("--symbol={symbol}")));
    words.push(format!("--strategy={}", kept.asked));
    words.push(format!("--resolution={}", kept.resolution));
    words.push(format!("--rf={}", kept.risk_free_rate));
    words.extend(kept.intrabar.iter().map(|(finer, _)| format!("--intrabar={finer}")));
    words.extend_from_slice(outputs);
    let command = BacktestArgs::augment_args(clap::Command::new("backtest"));
    let matches = command.try_get_matches_from(words).map_err(|error| error.kind().to_string())?;
    BacktestArgs::from_arg_matches(&matches).map_err(|error| error.kind().to_string())
}

/// The rules, with what was at its default when they were kept.
fn config(kept: &Kept, calendar: Calendar) -> Result<Config, serde_json::Error> {
    let mut value = kept.rules.clone();
    let mut finer = serde_json::to_value(Rules { calendar, ..Rules::default() })?;
    if let (Some(all), Some(Value::Object(stored))) = (finer.as_object_mut(), value.get("rules")) {
        all.extend(stored.clone());
    }
    value["rules"] = finer;
    serde_json::from_value(value)
}

fn bars(
    app: &App,
    kept: &Kept,
    before: &Report,
    calendar: Calendar,
    resolution: Resolution,
) -> Result<Bars, Failure> {
    if kept.bars.len() != kept.symbols.len() {
        return Err(Failure::new(Code::Data, "the bars of the run were not kept with it")
            .help(kept.command()));
    }
    let anew = kept.command();
    let files: Result<Vec<_>, Failure> =
        kept.bars.iter().map(|name| kept::bars(app, name, &anew)).collect();
    let named = kept.intrabar.iter().flat_map(|(_, names)| names);
    let finer =
        named.map(|name| name.as_ref().map(|name| kept::bars(app, name, &anew)).transpose());
    let finer: Vec<_> = finer.collect::<Result<_, _>>()?;
    Ok(Bars::kept((files?, finer), calendar, resolution, before))
}

fn strategy(
    app: &App,
    registry: &Registry,
    (asked, kept): (&str, &KeptStrategy),
    anew: &str,
) -> Result<(Resolved, Vec<f64>), Failure> {
    let found = match &kept.plugin_sha256 {
        None => registry.built_in(&kept.id)?.called(asked),
        Some(sha256) => kept::plugin(app, registry, (asked, &kept.id), sha256, anew)?,
    };
    let values = found.values(&kept.parameters)?;
    Ok((found, values))
}

/// What joins the configuration of a record but not the identity of the run.
pub(super) fn with_bars(
    mut configuration: Value,
    bars: &Bars,
    intrabar: Option<Resolution>,
) -> Value {
    configuration["bars"] = json!(kept::names(bars));
    if let Some(finer) = intrabar {
        configuration["intrabar"] = json!((finer.to_string(), kept::finer_names(bars)));
    }
    configuration
}
