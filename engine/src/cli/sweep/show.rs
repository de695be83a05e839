//! A finished sweep as a table of at most 80 columns, and as JSON.

use engine_core::sweep::{Metric, TrialFigures};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    SweepArgs,
    intervals::Intervals,
    luck::Luck,
    search::Searched,
    space::{self, plain},
    tally::Tally,
};
use crate::report::{
    number::{UNDEFINED, count, grouped, percent},
    plural,
    text::{fitted, left, right, width, wrapped},
};
use crate::store::StudyKind;

/// Columns of a terminal.
pub(super) const WIDTH: usize = 80;
/// Blanks between columns.
const GAP: usize = 2;

/// What is shown of a sweep; the names of the fields are the JSON schema.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Finished {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) engine: String,
    /// Content hash of everything that the trials depend on; `sweeps show` takes its first digits.
    pub(in crate::cli) id: String,
    pub(in crate::cli) kind: String,
    pub(in crate::cli) strategy: String,
    pub(in crate::cli) symbols: Vec<String>,
    pub(in crate::cli) resolution: String,
    pub(in crate::cli) data_digest: String,
    pub(in crate::cli) first: String,
    pub(in crate::cli) last: String,
    pub(in crate::cli) bars: usize,
    pub(in crate::cli) rank: String,
    pub(in crate::cli) axes: Vec<Axis>,
    #[serde(rename = "where")]
    pub(in crate::cli) constraint: Option<String>,
    pub(in crate::cli) random: Option<u64>,
    /// Trials that a model proposed.
    pub(in crate::cli) model: Option<u64>,
    pub(in crate::cli) combinations: u64,
    pub(in crate::cli) trials: u64,
    pub(in crate::cli) done: u64,
    pub(in crate::cli) refused: u64,
    pub(in crate::cli) failed: u64,
    pub(in crate::cli) undefined: u64,
    pub(in crate::cli) top: Vec<Best>,
    pub(in crate::cli) failures: Vec<Failed>,
    pub(in crate::cli) refusal: Option<Failed>,
    pub(in crate::cli) luck: Luck,
}

/// A parameter with more than one value.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Axis {
    pub(in crate::cli) name: String,
    pub(in crate::cli) values: usize,
    pub(in crate::cli) first: Value,
    pub(in crate::cli) last: Value,
}

/// One of the best trials.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Best {
    pub(in crate::cli) trial: u64,
    pub(in crate::cli) parameters: Map<String, Value>,
    pub(in crate::cli) metrics: TrialFigures,
}

/// A trial that failed or was refused.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Failed {
    pub(in crate::cli) trial: u64,
    pub(in crate::cli) parameters: Map<String, Value>,
    pub(in crate::cli) reason: String,
}

impl Finished {
    pub(super) fn of(searched: &Searched, tally: &Tally, luck: Luck, args: &SweepArgs) -> Self {
        let job = searched.job();
        let (strategy, plan) = (&job.strategy, &job.plan);
        let parameters = |position| space::shown(strategy, plan, position);
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
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            id: searched.record.id.clone(),
            kind: StudyKind::Sweep.name().to_owned(),
            strategy: strategy.asked().to_owned(),
            symbols: searched.symbols.clone(),
            resolution: args.rules.resolution.to_string(),
            data_digest: searched.digest.clone(),
            first: searched.period.0.clone(),
            last: searched.period.1.clone(),
            bars: searched.bars,
            rank: args.rank.name().to_owned(),
            axes: space::swept(strategy, plan).into_iter().map(axis).collect(),
            constraint: args.constraint.clone(),
            random: args.drawn(),
            model: args.proposed(),
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

/// The sweep for people.
pub(in crate::cli) fn text(sweep: &Finished) -> String {
    let mut text = paragraph(&format!(
        "{} on {} {}, {} to {}, {}",
        sweep.strategy,
        sweep.symbols.join(", "),
        sweep.resolution,
        sweep.first,
        sweep.last,
        plural(sweep.bars, "bar")
    ));
    text += &counts(sweep);
    if !sweep.top.is_empty() {
        text.push('\n');
        text += &table(sweep, sweep.rank.parse().unwrap_or(Metric::Sharpe));
        text.push('\n');
        text += &judgement(&sweep.luck);
    }
    text
}

/// The intervals of the best trial, and what all of it means.
fn judgement(luck: &Luck) -> String {
    intervals(&luck.intervals, "the best") + &paragraph(&luck.sentence)
}

/// Intervals in lines; those that are undefined are left out.
pub(super) fn intervals(found: &Intervals, of: &str) -> String {
    let ratio = |name: &str, ends: Option<[f64; 2]>| {
        ends.map(|[low, high]| format!("{name} {} to {}", grouped(low, 2), grouped(high, 2)))
    };
    let share = |name: &str, ends: Option<[f64; 2]>| {
        ends.map(|[low, high]| format!("{name} {} to {}", percent(low), percent(high)))
    };
    let parts = [
        ratio("sharpe", found.sharpe),
        share("return", found.total_return),
        share("CAGR", found.cagr),
        share("drawdown", found.max_drawdown),
        ratio("sortino", found.sortino),
        ratio("calmar", found.calmar),
        share("volatility", found.volatility),
        share("win rate", found.win_rate),
        ratio("profit factor", found.profit_factor),
        ratio("expectancy", found.expectancy),
    ];
    let mut lines: Vec<String> = Vec::new();
    for part in parts.into_iter().flatten() {
        match lines.last_mut() {
            Some(line) if width(line) + 2 + width(&part) < WIDTH => {
                line.push_str(", ");
                line.push_str(&part);
            }
            Some(line) => {
                line.push(',');
                lines.push(format!("  {part}"));
            }
            None => lines.push(format!("95 % of {of}: {part}")),
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn counts(sweep: &Finished) -> String {
    let sizes: Vec<String> = sweep
        .axes
        .iter()
        .map(|axis| format!("{} of {}", count(axis.values as u64), axis.name))
        .collect();
    let mut text = match sizes.is_empty() {
        true => String::new(),
        false => format!("values: {}\n", sizes.join(", ")),
    };
    text += &trials(sweep.trials, sweep.done, [sweep.refused, sweep.failed, sweep.undefined]);
    for failed in &sweep.failures {
        text += &example("failed", failed);
    }
    if let (Some(refused), true) = (&sweep.refusal, sweep.failures.is_empty()) {
        text += &example("refused, for example", refused);
    }
    text
}

/// How many trials there were, and what became of them: refused, failed, without a figure to rank by.
pub(super) fn trials(all: u64, done: u64, others: [u64; 3]) -> String {
    let mut parts = vec![format!("{} done", count(done))];
    let names = ["refused by the strategy", "failed", "without a figure to rank by"];
    let others = others.into_iter().zip(names).filter(|(number, _)| *number > 0);
    parts.extend(others.map(|(number, what)| format!("{} {what}", count(number))));
    format!("trials: {}: {}\n", count(all), parts.join(", "))
}

/// A text in lines of a terminal.
pub(super) fn paragraph(text: &str) -> String {
    wrapped(text, WIDTH).iter().map(|line| format!("{line}\n")).collect()
}

/// A trial that came to nothing, in lines.
fn example(what: &str, trial: &Failed) -> String {
    paragraph(&format!("{what}: {}: {}", words(&trial.parameters), trial.reason))
}

pub(super) fn words(parameters: &Map<String, Value>) -> String {
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

pub(super) fn lines(columns: &[Vec<String>], rows: usize) -> String {
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

pub(super) fn heading(metric: Metric) -> &'static str {
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
