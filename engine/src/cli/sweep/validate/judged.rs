//! What a validation came to: the JSON that is printed and kept.

use engine_core::{
    metrics::{SessionEquity, Spread, min_track_record, probabilistic_sharpe},
    sweep::{Metric, Passage, Span, Stitched, TrialFigures, stitch},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    super::{SweepArgs, intervals::Intervals, luck::estimate, space},
    Course, Outcome, Scheme, Walked,
};
use crate::report::number::{count, percent};

/// A walk-forward optimisation or a cross-validation; the names of the fields are the JSON schema.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Judged {
    pub(in crate::cli) schema: u32,
    pub(in crate::cli) engine: String,
    /// Content hash of everything that it depends on; `sweeps show` takes its first digits.
    pub(in crate::cli) id: String,
    /// `walk-forward` or `k-fold`.
    pub(in crate::cli) kind: String,
    pub(in crate::cli) strategy: String,
    pub(in crate::cli) symbols: Vec<String>,
    pub(in crate::cli) resolution: String,
    pub(in crate::cli) data_digest: String,
    pub(in crate::cli) first: String,
    pub(in crate::cli) last: String,
    pub(in crate::cli) bars: usize,
    pub(in crate::cli) sessions: usize,
    pub(in crate::cli) rank: String,
    #[serde(rename = "where")]
    pub(in crate::cli) constraint: Option<String>,
    pub(in crate::cli) random: Option<u64>,
    /// Trials that a model proposed.
    pub(in crate::cli) model: Option<u64>,
    /// How the windows were cut; what does not apply is null.
    pub(in crate::cli) scheme: SchemeFacts,
    /// Trials of all folds together.
    pub(in crate::cli) trials: u64,
    pub(in crate::cli) done: u64,
    pub(in crate::cli) refused: u64,
    pub(in crate::cli) failed: u64,
    pub(in crate::cli) undefined: u64,
    pub(in crate::cli) folds: Vec<FoldFacts>,
    /// Figures of the folds: the mean and the standard deviation of each over the folds.
    pub(in crate::cli) in_sample: Averages,
    pub(in crate::cli) out_of_sample: Averages,
    /// Figures of all out-of-sample windows as one run.
    pub(in crate::cli) total: TrialFigures,
    /// Yearly growth out of sample over its mean in sample; null when the latter is not above zero.
    pub(in crate::cli) efficiency: Option<f64>,
    /// Folds that made money out of sample.
    pub(in crate::cli) profitable_folds: usize,
    pub(in crate::cli) luck: Luck,
    /// The out-of-sample account.
    pub(in crate::cli) equity: Equity,
}

/// How windows were cut.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cli) struct SchemeFacts {
    pub(in crate::cli) folds: usize,
    pub(in crate::cli) anchored: Option<bool>,
    pub(in crate::cli) purge: Option<u32>,
    pub(in crate::cli) embargo: Option<u32>,
    /// Bars of history before a window; null for all.
    pub(in crate::cli) history: Option<u32>,
}

/// A window.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Window {
    pub(in crate::cli) first: String,
    pub(in crate::cli) last: String,
    pub(in crate::cli) sessions: usize,
}

/// A fold.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cli) struct FoldFacts {
    pub(in crate::cli) fold: usize,
    pub(in crate::cli) in_sample: Vec<Window>,
    pub(in crate::cli) out_of_sample: Window,
    /// The chosen trial; null when none has a figure to rank by: then nothing is traded.
    pub(in crate::cli) trial: Option<u64>,
    pub(in crate::cli) parameters: Option<Map<String, Value>>,
    pub(in crate::cli) in_sample_metrics: Option<TrialFigures>,
    pub(in crate::cli) out_of_sample_metrics: TrialFigures,
    /// Why the chosen trial failed out of sample, where it did.
    pub(in crate::cli) fault: Option<String>,
}

/// Mean and standard deviation (ddof 1) of each figure over the folds that have it.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Averages {
    pub(in crate::cli) mean: Map<String, Value>,
    pub(in crate::cli) std: Map<String, Value>,
}

/// How sure the out-of-sample result is.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::cli) struct Luck {
    /// Trials and runs ever made on these bars, these folds included.
    pub(in crate::cli) trials_ever: u64,
    /// Probability that the true out-of-sample Sharpe ratio is above zero.
    pub(in crate::cli) psr: Option<f64>,
    /// Sessions needed for 95 % confidence of that.
    pub(in crate::cli) min_track_record_sessions: Option<f64>,
    /// Intervals of 95 % of the out-of-sample figures.
    pub(in crate::cli) intervals: Intervals,
    /// All of that in a sentence.
    pub(in crate::cli) sentence: String,
}

/// The out-of-sample account at the end of each session.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::cli) struct Equity {
    pub(in crate::cli) initial: f64,
    pub(in crate::cli) date: Vec<String>,
    pub(in crate::cli) value: Vec<f64>,
}

impl Judged {
    pub(super) fn of(
        course: &Course,
        walked: Walked,
        id: &str,
        ever: u64,
        args: &SweepArgs,
    ) -> Self {
        let Walked { outcomes, runs, counts } = walked;
        let search = &course.search;
        let folds: Vec<FoldFacts> =
            (1..).zip(&outcomes).map(|(number, outcome)| course.facts(number, outcome)).collect();
        let inside = folds.iter().filter_map(|fold| fold.in_sample_metrics);
        let inside = Averages::of(&inside.collect::<Vec<_>>());
        let outside: Vec<_> = folds.iter().map(|fold| fold.out_of_sample_metrics).collect();
        let (total, equity) = course.together(&outcomes, runs);
        let figures = total.as_ref().map(|total| total.figures).unwrap_or_default();
        let growth = inside.mean_of(Metric::Cagr).filter(|mean| *mean > 1e-9);
        let mut judged = Self {
            schema: crate::report::SCHEMA,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            id: id.to_owned(),
            kind: course.scheme.kind().name().to_owned(),
            strategy: search.job.strategy.asked().to_owned(),
            symbols: search.symbols.clone(),
            resolution: args.rules.resolution.to_string(),
            data_digest: search.digest.clone(),
            first: search.period.0.clone(),
            last: search.period.1.clone(),
            bars: search.bars,
            sessions: course.sessions.len(),
            rank: args.rank.name().to_owned(),
            constraint: args.constraint.clone(),
            random: args.drawn(),
            model: args.proposed(),
            scheme: SchemeFacts::of(&course.scheme, folds.len()),
            trials: counts.trials(),
            done: counts.done,
            refused: counts.refused,
            failed: counts.failed,
            undefined: counts.undefined,
            profitable_folds: outside.iter().filter(|f| f.total_return > Some(0.0)).count(),
            folds,
            in_sample: inside,
            out_of_sample: Averages::of(&outside),
            total: figures,
            efficiency: figures.cagr.zip(growth).map(|(outside, inside)| outside / inside),
            luck: Luck { trials_ever: ever.max(counts.done), ..Luck::default() },
            equity,
        };
        judged.reckon(total, search.job.calendar.sessions_per_year());
        judged
    }

    /// How sure the result is, and in words.
    fn reckon(&mut self, total: Option<Stitched>, per_year: f64) {
        let Some(Stitched { returns, whole, .. }) = total else { return };
        let known = estimate(&returns);
        self.luck.psr = known.and_then(|known| probabilistic_sharpe(&known, 0.0, returns.len()));
        self.luck.min_track_record_sessions = known.and_then(|known| min_track_record(&known, 0.0));
        self.luck.intervals = Intervals::of(&returns, &whole.profits, per_year);
        self.luck.sentence = self.in_words();
    }

    fn in_words(&self) -> String {
        let Some((growth, sure)) = self.total.cagr.zip(self.luck.psr) else {
            return "Too little was traded out of sample to tell whether the choice carries over."
                .to_owned();
        };
        let verdict = if sure >= 0.95 {
            "so what was chosen carries over"
        } else if sure >= 0.5 {
            "which does not prove that what was chosen carries over"
        } else {
            "so what was chosen does not carry over"
        };
        let inside = self.in_sample.mean_of(Metric::Cagr);
        let inside = inside.map_or(String::new(), |inside| {
            let efficiency = self
                .efficiency
                .map_or(String::new(), |ratio| format!(" (efficiency {:.0} %)", ratio * 100.0));
            format!(", against {} in sample{efficiency}", percent(inside))
        });
        format!(
            "Out of sample it made {} a year{inside}, and {} of {} windows made money; the chance \
             that its true Sharpe ratio there is above zero is {:.0} %, {verdict}. {} trials and \
             runs were ever made on these bars.",
            percent(growth),
            self.profitable_folds,
            self.folds.len(),
            sure * 100.0,
            count(self.luck.trials_ever)
        )
    }
}

impl Course {
    fn window(&self, span: &Span) -> Window {
        let resolution = self.search.job.files[0].info().resolution;
        let bars = self.sessions.bars(span);
        let stamp =
            |ts: Option<&i64>| ts.map_or(String::new(), |ts| crate::report::stamp(*ts, resolution));
        Window {
            first: stamp(bars.first()),
            last: stamp(bars.last()),
            sessions: self.sessions.count(span),
        }
    }

    fn facts(&self, number: usize, outcome: &Outcome) -> FoldFacts {
        let job = &self.search.job;
        let parameters = |position| space::shown(&job.strategy, &job.plan, position);
        FoldFacts {
            fold: number,
            in_sample: outcome.fold.inside.iter().map(|span| self.window(span)).collect(),
            out_of_sample: self.window(&outcome.fold.outside),
            trial: outcome.chosen.map(|(position, _)| position),
            parameters: outcome.chosen.map(|(position, _)| parameters(position)),
            in_sample_metrics: outcome.chosen.map(|(_, figures)| figures),
            out_of_sample_metrics: outcome.outside,
            fault: outcome.fault.clone(),
        }
    }

    /// All out-of-sample windows as one run, and its account.
    fn together(&self, outcomes: &[Outcome], runs: Vec<Passage>) -> (Option<Stitched>, Equity) {
        let ends = outcomes.first().zip(outcomes.last());
        let Some((first, last)) = ends else { return (None, Equity::default()) };
        // The windows follow each other without a gap.
        let span = Span { since: None, from: first.fold.outside.from, to: last.fold.outside.to };
        let (job, rows) = (&self.search.job, self.rows(&span));
        let initial = job.config.cash;
        let total = stitch(runs, &rows, initial, rows.risk_free(job.annual_rf));
        let bars = self.sessions.bars(&span);
        let equity = total.as_ref().map(|total| {
            let resolution = job.files[0].info().resolution;
            let curve =
                SessionEquity::of(job.calendar, resolution, initial, bars, &total.whole.equity);
            let date = curve.days.iter().map(ToString::to_string).collect();
            Equity { initial, date, value: curve.equity }
        });
        (total, equity.unwrap_or_default())
    }
}

impl SchemeFacts {
    fn of(scheme: &Scheme, folds: usize) -> Self {
        let (anchored, purge, embargo, history) = match scheme {
            Scheme::WalkForward(walk) => (Some(walk.is_anchored), None, None, walk.history),
            Scheme::KFold(kfold) => (None, Some(kfold.purge), Some(kfold.embargo), kfold.history),
        };
        Self { folds, anchored, purge, embargo, history }
    }
}

impl Averages {
    fn of(folds: &[TrialFigures]) -> Self {
        let (mut mean, mut std) = (Map::new(), Map::new());
        for metric in Metric::ALL {
            let mut spread = Spread::default();
            let known = folds.iter().filter_map(|figures| figures.get(metric));
            known.for_each(|value| spread.add(value));
            let name = metric.name().to_owned();
            mean.insert(name.clone(), spread.mean().map_or(Value::Null, Value::from));
            let deviation = spread.variance().map(f64::sqrt);
            std.insert(name, deviation.map_or(Value::Null, Value::from));
        }
        Self { mean, std }
    }

    /// The mean of a figure.
    pub(super) fn mean_of(&self, metric: Metric) -> Option<f64> {
        self.mean.get(metric.name()).and_then(Value::as_f64)
    }

    /// The standard deviation of a figure.
    pub(super) fn std_of(&self, metric: Metric) -> Option<f64> {
        self.std.get(metric.name()).and_then(Value::as_f64)
    }
}
