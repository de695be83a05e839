//! `--report`: the sweep as one page for a browser.

use std::path::{Path, PathBuf};

use engine_core::sweep::{Metric, Plan, TrialFigures, mixed};

use super::{
    SweepArgs, args::Method, luck::Luck, search::Searched, show::Finished, space, tally::Tally,
};
use crate::{
    cli::app::App,
    error::Failure,
    plot,
    registry::Resolved,
    report::{
        file::write_whole,
        html::{self, Axis, SweepPage, TrialColumns},
        number::{UNDEFINED, count, grouped, percent},
        plural,
    },
};

/// Most trials of a page, which draws an even part of more.
const MOST_TRIALS: u64 = 50_000;

/// The trials of a page in the making.
#[derive(Debug)]
pub(super) struct Gathered {
    /// Places of the parameters with more than one value.
    swept: Vec<usize>,
    columns: TrialColumns,
    values: Vec<f64>,
}

impl Gathered {
    pub(super) fn new(strategy: &Resolved, plan: &Plan, args: &SweepArgs) -> Self {
        let swept: Vec<usize> =
            space::swept(strategy, plan).into_iter().map(|(place, _)| place).collect();
        let trials = match args.method() {
            Method::Model(budget) => budget,
            Method::Grid | Method::Random(_) => plan.trials().unwrap_or(plan.positions()),
        };
        let columns = TrialColumns {
            numbers: Vec::new(),
            places: vec![Vec::new(); swept.len()],
            figures: vec![Vec::new(); Metric::ALL.len()],
            one_of: trials.div_ceil(MOST_TRIALS).max(1),
        };
        Self { swept, columns, values: Vec::new() }
    }

    /// Takes a trial that ran, when it is one of those that are drawn.
    pub(super) fn offer(&mut self, plan: &Plan, position: u64, figures: &TrialFigures) {
        if self.is_drawn(position) {
            self.push(plan, position, figures);
        }
    }

    /// Whether a position is one of those that are drawn.
    fn is_drawn(&self, position: u64) -> bool {
        is_in_part(position, self.columns.one_of)
    }

    fn push(&mut self, plan: &Plan, position: u64, figures: &TrialFigures) {
        plan.values(position, &mut self.values);
        let place = |axis: usize| {
            let known = plan.axes()[axis].iter().position(|value| *value == self.values[axis]);
            known.unwrap_or_default() as f64
        };
        self.columns.numbers.push(position as f64);
        for (column, axis) in self.columns.places.iter_mut().zip(&self.swept) {
            column.push(place(*axis));
        }
        for (column, metric) in self.columns.figures.iter_mut().zip(Metric::ALL) {
            column.push(figures.get(metric).unwrap_or(f64::NAN));
        }
    }

    /// The columns with all of the best trials.
    fn with_best(mut self, plan: &Plan, best: &[(u64, TrialFigures)]) -> TrialColumns {
        for (position, figures) in best {
            if !self.is_drawn(*position) {
                self.push(plan, *position, figures);
            }
        }
        self.columns
    }
}

/// Whether a position is in a part of one of so many, which is even over every parameter.
fn is_in_part(position: u64, one_of: u64) -> bool {
    mixed(position).is_multiple_of(one_of)
}

/// Writes the page of a sweep, when one is wanted.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(
    app: &App,
    searched: &Searched,
    tally: &mut Tally,
    finished: &Finished,
    args: &SweepArgs,
) -> Result<(), Failure> {
    let (Some(asked), Some(gathered)) = (&args.report, tally.page.take()) else { return Ok(()) };
    let path = path(app, &searched.symbols, args, asked.as_deref());
    let trials = gathered.with_best(&searched.job().plan, &tally.best());
    let text = html::sweep(&page(searched, finished, args, &trials));
    write_whole(&path, |writer| writer.write_all(text.as_bytes()))?;
    app.out.note(&format!("wrote {}", path.display()));
    Ok(())
}

/// The file of a page.
pub(super) fn path(
    app: &App,
    symbols: &[String],
    args: &SweepArgs,
    asked: Option<&Path>,
) -> PathBuf {
    let name = plot::file_name(&symbols.join("+"), args.rules.resolution);
    match asked {
        Some(path) => args.beside(path, symbols),
        None => app.home.reports().join(Path::new(&format!("sweep_{name}")).with_extension("html")),
    }
}

fn page<'a>(
    searched: &Searched,
    sweep: &'a Finished,
    args: &SweepArgs,
    trials: &'a TrialColumns,
) -> SweepPage<'a> {
    let job = searched.job();
    let axis = |(place, name): (usize, String)| {
        let param = &job.strategy.facts().params[place];
        Axis {
            name,
            values: job.plan.axes()[place].iter().map(|value| param.show(*value)).collect(),
        }
    };
    SweepPage {
        title: format!("Sweep of {} on {}", sweep.strategy, sweep.symbols.join(", ")),
        subtitle: format!(
            "{} over {} of {}, {} to {}, ranked by {}",
            plural(usize::try_from(sweep.trials).unwrap_or(usize::MAX), "trial"),
            plural(sweep.bars, "bar"),
            sweep.resolution,
            sweep.first,
            sweep.last,
            sweep.rank
        ),
        sentence: &sweep.luck.sentence,
        tiles: tiles(sweep),
        warnings: warnings(sweep, trials),
        axes: space::swept(&job.strategy, &job.plan).into_iter().map(axis).collect(),
        trials,
        rank: args.rank,
        luck: sweep.luck.luck_sharpe.filter(|_| args.rank == Metric::Sharpe),
        facts: facts(searched, sweep, args),
    }
}

/// The judgement in figures.
fn tiles(sweep: &Finished) -> Vec<[String; 3]> {
    let Luck { best_sharpe, luck_sharpe, deflated_sharpe, overfitting, .. } = &sweep.luck;
    let ratio = |value: &Option<f64>| value.map_or(UNDEFINED.to_owned(), |value| grouped(value, 2));
    let share = |value: &Option<f64>| value.map_or(UNDEFINED.to_owned(), percent);
    let between = |interval: Option<[f64; 2]>, show: fn(f64) -> String| {
        interval
            .map_or(String::new(), |[low, high]| format!("95 %: {} to {}", show(low), show(high)))
    };
    let tile = |name: &str, value: String, note: String| [name.to_owned(), value, note];
    let two = |value: f64| grouped(value, 2);
    vec![
        tile("Sharpe of the best", ratio(best_sharpe), between(sweep.luck.intervals.sharpe, two)),
        tile(
            "Sharpe by luck alone",
            ratio(luck_sharpe),
            format!("best of {} ever", count(sweep.luck.trials_ever)),
        ),
        tile("Above luck", share(deflated_sharpe), "deflated Sharpe ratio".to_owned()),
        tile(
            "Overfitting",
            share(overfitting),
            format!("probability, by {} trials", count(sweep.luck.overfitting_trials as u64)),
        ),
        tile(
            "Return of the best",
            share(&sweep.top.first().and_then(|best| best.metrics.get(Metric::TotalReturn))),
            between(sweep.luck.intervals.total_return, percent),
        ),
        tile(
            "Drawdown of the best",
            share(&sweep.top.first().and_then(|best| best.metrics.get(Metric::MaxDrawdown))),
            between(sweep.luck.intervals.max_drawdown, percent),
        ),
    ]
}

fn warnings(sweep: &Finished, trials: &TrialColumns) -> Vec<String> {
    let mut texts = Vec::new();
    if trials.one_of > 1 {
        texts.push(format!(
            "Map, slices and table show one of {} trials, drawn evenly, and the best; the judgement is of all.",
            count(trials.one_of)
        ));
    }
    if let Some(failed) = sweep.failures.first() {
        let number = count(sweep.failed);
        texts.push(format!("{number} trials failed; the first: {}", failed.reason));
    }
    texts
}

/// Everything that the result depends on.
fn facts(searched: &Searched, sweep: &Finished, args: &SweepArgs) -> Vec<(&'static str, String)> {
    let job = searched.job();
    let values = |(place, name): (usize, String)| {
        let (values, param) = (&job.plan.axes()[place], &job.strategy.facts().params[place]);
        let end = |value: Option<&f64>| value.map_or(String::new(), |value| param.show(*value));
        let number = count(values.len() as u64);
        format!("{name} {} to {} ({number} values)", end(values.first()), end(values.last()))
    };
    let values: Vec<String> =
        space::swept(&job.strategy, &job.plan).into_iter().map(values).collect();
    let sha256 = job.strategy.sha256().map(|sum| sum.to_string());
    let mut rows = vec![
        ("Engine", format!("algo-trader {}", sweep.engine)),
        ("Strategy", format!("{} {}", job.strategy.facts().name, job.strategy.facts().version)),
        ("Plugin sha256", sha256.unwrap_or_else(|| "built in".to_owned())),
        ("Values", values.join(", ")),
        ("Ranked by", sweep.rank.clone()),
    ];
    rows.extend(sweep.constraint.clone().map(|text| ("Constraint", text)));
    rows.extend(sweep.random.map(|drawn| {
        ("Drawn", format!("{} at random with seed {}", count(drawn), args.rules.seed))
    }));
    rows.extend(sweep.model.map(|proposed| {
        ("Proposed", format!("{} by a model with seed {}", count(proposed), args.rules.seed))
    }));
    rows.extend([
        (
            "Trials",
            format!(
                "{} done, {} refused, {} failed, {} without a figure to rank by",
                count(sweep.done),
                count(sweep.refused),
                count(sweep.failed),
                count(sweep.undefined)
            ),
        ),
        ("Cash", grouped(job.config.cash, 2)),
        ("Fill", job.config.fill.to_string()),
        ("Commission", job.config.commission.to_string()),
        ("Slippage", job.config.slippage.to_string()),
        ("Risk-free rate", format!("{} a year", percent(args.rules.rf()))),
        ("Data digest", sweep.data_digest.clone()),
    ]);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_positions_is_even_over_every_value_of_a_parameter() {
        // A parameter of ten values that changes fastest: each tenth position has the same value.
        let mut found = [0_u32; 10];
        for position in (0..100_000).filter(|at| is_in_part(*at, 10)) {
            found[(position % 10) as usize] += 1;
        }
        assert!(found.iter().all(|found| (850..1150).contains(found)), "{found:?}");
    }
}
