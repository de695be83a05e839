//! A finished sweep as a table of at most 80 columns, and as JSON.

use engine_core::sweep::{Metric, TrialFigures};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{SweepArgs, luck::Luck, search::Searched, space, tally::Tally};
use crate::report::{
    number::{UNDEFINED, count, grouped, percent},
    text::{fitted, left, right, width, wrapped},
};

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Blanks between columns.
const GAP: usize = 2;

/// What is shown of a sweep; the names of the fields are the JSON schema.
#[derive(Debug, Serialize)]
pub(super) struct Finished {
    pub(super) schema: u32,
    pub(super) engine: &'static str,
    pub(super) strategy: String,
    pub(super) symbols: Vec<String>,
    pub(super) resolution: String,
    pub(super) data_digest: String,
    pub(super) first: String,
    pub(super) last: String,
    pub(super) bars: usize,
    pub(super) rank: &'static str,
    pub(super) axes: Vec<Axis>,
    #[serde(rename = "where")]
    pub(super) constraint: Option<String>,
    pub(super) random: Option<u64>,
    pub(super) combinations: u64,
    pub(super) trials: u64,
    pub(super) done: u64,
    pub(super) refused: u64,
    pub(super) failed: u64,
    pub(super) undefined: u64,
    pub(super) top: Vec<Best>,
    pub(super) failures: Vec<Failed>,
    pub(super) refusal: Option<Failed>,
    pub(super) luck: Luck,
}

/// A parameter with more than one value.
#[derive(Debug, Serialize)]
pub(super) struct Axis {
    pub(super) name: String,
    pub(super) values: usize,
    pub(super) first: Value,
    pub(super) last: Value,
}

/// One of the best trials.
#[derive(Debug, Serialize)]
pub(super) struct Best {
    pub(super) trial: u64,
    pub(super) parameters: Map<String, Value>,
    pub(super) metrics: TrialFigures,
}

/// A trial that failed or was refused.
#[derive(Debug, Serialize)]
pub(super) struct Failed {
    pub(super) trial: u64,
    pub(super) parameters: Map<String, Value>,
    pub(super) reason: String,
}

impl Finished {
    pub(super) fn of(searched: &Searched, tally: &Tally, luck: Luck, args: &SweepArgs) -> Self {
        let job = searched.job();
        let (strategy, plan) = (&job.strategy, &job.plan);
        let parameters = |position| -> Map<String, Value> {
            let shown = space::shown(strategy, plan, position).into_iter();
            shown.map(|(name, text)| (name, plain(&text))).collect()
        };
        let failed = |(trial, reason): &(u64, String)| Failed {
            trial: *trial,
            parameters: parameters(*trial),
            reason: reason.clone(),
        };
        let best = tally.best().into_iter().take(usize::from(args.top));
        let best =
            best.map(|(trial, metrics)| Best { trial, parameters: parameters(trial), metrics });
        let axis = |(place, name): (usize, String)| {
            let (values, param) = (&plan.axes()[place], &strategy.facts().params[place]);
            let show = |value: Option<&f64>| value.map_or(Value::Null, |v| plain(&param.show(*v)));
            Axis {
                name,
                values: values.len(),
                first: show(values.first()),
                last: show(values.last()),
            }
        };
        Self {
            schema: crate::report::SCHEMA,
            engine: env!("CARGO_PKG_VERSION"),
            strategy: strategy.asked().to_owned(),
            symbols: searched.symbols.clone(),
            resolution: args.rules.resolution.to_string(),
            data_digest: searched.digest.clone(),
            first: searched.period.0.clone(),
            last: searched.period.1.clone(),
            bars: searched.bars,
            rank: args.rank.name(),
            axes: space::swept(strategy, plan).into_iter().map(axis).collect(),
            constraint: args.constraint.clone(),
            random: args.random,
            combinations: plan.axes().iter().map(|axis| axis.len() as u64).product(),
            trials: tally.trials(),
            done: tally.done,
            refused: tally.refused,
            failed: tally.failed,
            undefined: tally.undefined,
            top: best.collect(),
            failures: tally.failures.iter().map(failed).collect(),
            refusal: tally.refusal.as_ref().map(failed),
            luck,
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

/// The sweep for people.
pub(super) fn text(sweep: &Finished, args: &SweepArgs) -> String {
    let mut text = format!(
        "{} on {} {}, {} to {}, {} bars\n",
        sweep.strategy,
        sweep.symbols.join(", "),
        sweep.resolution,
        sweep.first,
        sweep.last,
        count(sweep.bars as u64)
    );
    text += &counts(sweep);
    if !sweep.top.is_empty() {
        text.push('\n');
        text += &table(sweep, args.rank);
        text.push('\n');
        text += &judgement(&sweep.luck);
    }
    text
}

/// The intervals of the best trial, and what all of it means.
fn judgement(luck: &Luck) -> String {
    let mut text = String::new();
    if let (Some(sharpe), Some(total), Some(depth)) =
        (luck.sharpe_interval, luck.return_interval, luck.drawdown_interval)
    {
        text += &format!(
            "95 % of the best: sharpe {:.2} to {:.2}, return {} to {},\n  drawdown {} to {}\n",
            sharpe[0],
            sharpe[1],
            percent(total[0]),
            percent(total[1]),
            percent(depth[0]),
            percent(depth[1])
        );
    }
    for line in wrapped(&luck.sentence, WIDTH) {
        text += &line;
        text.push('\n');
    }
    text
}

fn counts(sweep: &Finished) -> String {
    let sizes: Vec<String> = sweep
        .axes
        .iter()
        .map(|axis| format!("{} of {}", count(axis.values as u64), axis.name))
        .collect();
    let mut parts = vec![format!("{} done", count(sweep.done))];
    let more = [
        (sweep.refused, "refused by the strategy"),
        (sweep.failed, "failed"),
        (sweep.undefined, "without a figure to rank by"),
    ];
    parts.extend(
        more.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", count(*n))),
    );
    let mut text = match sizes.is_empty() {
        true => String::new(),
        false => format!("values: {}\n", sizes.join(", ")),
    };
    text += &format!("trials: {}: {}\n", count(sweep.trials), parts.join(", "));
    for failed in &sweep.failures {
        text += &format!("failed: {}: {}\n", words(&failed.parameters), failed.reason);
    }
    if let (Some(refused), true) = (&sweep.refusal, sweep.failures.is_empty()) {
        text +=
            &format!("refused, for example: {}: {}\n", words(&refused.parameters), refused.reason);
    }
    text
}

fn words(parameters: &Map<String, Value>) -> String {
    let words = parameters.iter().map(|(name, value)| format!("{name}={}", bare(value)));
    words.collect::<Vec<_>>().join(" ")
}

/// A value without quotes.
pub(super) fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The best trials: swept parameters first, then as many figures as fit.
fn table(sweep: &Finished, rank: Metric) -> String {
    let mut columns: Vec<Vec<String>> = Vec::new();
    for axis in &sweep.axes {
        let cell = |best: &Best| best.parameters.get(&axis.name).map_or(String::new(), bare);
        let cells = sweep.top.iter().map(|best| fitted(&cell(best), 16));
        columns.push(std::iter::once(fitted(&axis.name, 16)).chain(cells).collect());
    }
    let shown = [
        Metric::Sharpe,
        Metric::TotalReturn,
        Metric::MaxDrawdown,
        Metric::Trades,
        Metric::WinRate,
        Metric::Calmar,
        Metric::Sortino,
        Metric::ProfitFactor,
    ];
    let figures = std::iter::once(rank).chain(shown.into_iter().filter(|other| *other != rank));
    let figures = figures.map(|metric| {
        let cells = sweep.top.iter().map(|best| figure(&best.metrics, metric));
        std::iter::once(heading(metric).to_owned()).chain(cells).collect::<Vec<_>>()
    });
    let mut room = WIDTH;
    let fits = |column: &Vec<String>, room: &mut usize| {
        let need = widest(column) + GAP;
        *room = room.checked_sub(need)?;
        Some(())
    };
    let mut kept: Vec<Vec<String>> = Vec::new();
    for column in columns.into_iter().chain(figures) {
        if fits(&column, &mut room).is_none() {
            break;
        }
        kept.push(column);
    }
    lines(&kept, sweep.top.len() + 1)
}

fn lines(columns: &[Vec<String>], rows: usize) -> String {
    let mut text = String::new();
    for row in 0..rows {
        let cells = columns.iter().map(|column| right(&column[row], widest(column)));
        let line = cells.collect::<Vec<_>>().join(&left("", GAP));
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn widest(column: &[String]) -> usize {
    column.iter().map(|cell| width(cell)).max().unwrap_or(0)
}

fn heading(metric: Metric) -> &'static str {
    match metric {
        Metric::TotalReturn => "return",
        Metric::MaxDrawdown => "drawdown",
        Metric::WinRate => "win rate",
        Metric::ProfitFactor => "profit factor",
        Metric::Cagr => "CAGR",
        Metric::Sqn => "SQN",
        other => other.name(),
    }
}

/// A figure of the table.
pub(super) fn figure(figures: &TrialFigures, metric: Metric) -> String {
    let Some(value) = figures.get(metric) else { return UNDEFINED.to_owned() };
    match metric {
        Metric::TotalReturn
        | Metric::Cagr
        | Metric::MaxDrawdown
        | Metric::Volatility
        | Metric::Exposure
        | Metric::WinRate => percent(value),
        Metric::Trades => count(figures.trades),
        _ => grouped(value, 2),
    }
}
