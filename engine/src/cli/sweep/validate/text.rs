//! A validation for people, in at most 80 columns.

use engine_core::sweep::{Metric, TrialFigures};

use super::{
    super::show::{self, WIDTH, heading, lines, words},
    Judged,
    judged::{Averages, FoldFacts, Window},
};
use crate::report::{
    number::{UNDEFINED, grouped},
    plural,
    text::{fitted, width},
};

/// Columns of the chosen parameters.
const CHOSEN: usize = 46;

/// The validation for people.
pub(in crate::cli) fn text(judged: &Judged) -> String {
    let rank = judged.rank.parse().unwrap_or(Metric::Sharpe);
    let mut text = show::paragraph(&format!(
        "{} on {} {}, {} to {}, {}",
        judged.strategy,
        judged.symbols.join(", "),
        judged.resolution,
        judged.first,
        judged.last,
        plural(judged.bars, "bar")
    ));
    text += &scheme(judged);
    text += &counts(judged);
    text.push('\n');
    text += &choices(judged);
    text.push('\n');
    text += &figures(judged, rank);
    text.push('\n');
    text += &show::intervals(&judged.luck.intervals, "out of sample");
    text += &show::paragraph(&judged.luck.sentence);
    text
}

fn scheme(judged: &Judged) -> String {
    let facts = &judged.scheme;
    let how = match (facts.anchored, facts.embargo) {
        (Some(true), _) => "walk-forward, anchored".to_owned(),
        (Some(false), _) => "walk-forward, rolling".to_owned(),
        (None, embargo) => format!(
            "cross-validation, purge {}, embargo {}",
            facts.purge.unwrap_or(0),
            plural(embargo.unwrap_or(0) as usize, "session")
        ),
    };
    let history = match facts.history {
        Some(bars) => format!(", {} of history", plural(bars as usize, "bar")),
        None => String::new(),
    };
    format!("{how}: {} folds, ranked by {}{history}\n", facts.folds, judged.rank)
}

fn counts(judged: &Judged) -> String {
    let others = [judged.refused, judged.failed, judged.undefined];
    let mut text = show::trials(judged.trials, judged.done, others);
    for fold in &judged.folds {
        if let Some(fault) = &fold.fault {
            text += &show::paragraph(&format!("fold {} out of sample: {fault}", fold.fold));
        }
    }
    text
}

/// Which parameters were chosen on which window.
fn choices(judged: &Judged) -> String {
    let mut columns = vec![vec!["fold".to_owned()], vec!["chosen on".to_owned()], vec![]];
    columns[2].push(left("parameters"));
    for fold in &judged.folds {
        columns[0].push(fold.fold.to_string());
        let inside = fold.in_sample.iter().map(period).collect::<Vec<_>>();
        columns[1].push(match &inside[..] {
            [only] => only.clone(),
            // Around the judged block.
            _ => format!("{} without the block", span(&fold.in_sample)),
        });
        columns[2].push(left(&chosen(fold)));
    }
    lines(&columns, judged.folds.len() + 1)
}

/// Cells of the last column begin at its left.
fn left(text: &str) -> String {
    crate::report::text::left(&fitted(text, CHOSEN), CHOSEN)
}

fn chosen(fold: &FoldFacts) -> String {
    fold.parameters.as_ref().map_or("none, nothing is traded".to_owned(), words)
}

/// The dates of a window; times of day are left out.
fn period(window: &Window) -> String {
    format!("{} {}", day(&window.first), day(&window.last))
}

fn span(windows: &[Window]) -> String {
    let ends = windows.first().zip(windows.last());
    ends.map_or(String::new(), |(first, last)| format!("{} {}", day(&first.first), day(&last.last)))
}

fn day(stamp: &str) -> &str {
    stamp.get(..10).unwrap_or(stamp)
}

/// Figures inside and outside, fold by fold and together.
fn figures(judged: &Judged, rank: Metric) -> String {
    let other = if rank == Metric::TotalReturn { Metric::Sharpe } else { Metric::TotalReturn };
    let mut rows: Vec<Vec<String>> = vec![
        ["", "", heading(rank), "", heading(other), "", "", ""].map(str::to_owned).to_vec(),
        ["fold", "out of sample", "in", "out", "in", "out", "drawdown", "trades"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for fold in &judged.folds {
        let inside = fold.in_sample_metrics.unwrap_or_default();
        let outside = &fold.out_of_sample_metrics;
        let mut row = vec![fold.fold.to_string(), period(&fold.out_of_sample)];
        for metric in [rank, other] {
            row.push(show::figure(&inside, metric));
            row.push(show::figure(outside, metric));
        }
        row.push(show::figure(outside, Metric::MaxDrawdown));
        row.push(show::figure(outside, Metric::Trades));
        rows.push(row);
    }
    let all = judged.equity.date.first().zip(judged.equity.date.last());
    let all = all.map_or(String::new(), |(first, last)| format!("{first} {last}"));
    rows.push(together(&all, rank, other, &judged.total));
    rows.push(spread(judged, "mean", rank, other, Averages::mean_of));
    rows.push(spread(judged, "std", rank, other, Averages::std_of));
    let columns = (0..rows[0].len()).map(|at| rows.iter().map(|row| row[at].clone()).collect());
    let mut columns: Vec<Vec<String>> = columns.collect();
    // Long numbers push the last columns out.
    while lines(&columns, rows.len()).lines().any(|line| width(line) > WIDTH) && columns.len() > 4 {
        columns.pop();
    }
    lines(&columns, rows.len())
}

/// The windows as one run; inside there is no such thing.
fn together(period: &str, rank: Metric, other: Metric, total: &TrialFigures) -> Vec<String> {
    let mut row = vec!["all".to_owned(), period.to_owned()];
    for metric in [rank, other] {
        row.extend([String::new(), show::figure(total, metric)]);
    }
    row.push(show::figure(total, Metric::MaxDrawdown));
    row.push(show::figure(total, Metric::Trades));
    row
}

fn spread(
    judged: &Judged,
    name: &str,
    rank: Metric,
    other: Metric,
    of: fn(&Averages, Metric) -> Option<f64>,
) -> Vec<String> {
    let cell = |averages: &Averages, metric: Metric| {
        of(averages, metric).map_or(UNDEFINED.to_owned(), |value| shown(metric, value))
    };
    let mut row = vec![name.to_owned(), "of the folds".to_owned()];
    for metric in [rank, other] {
        row.push(cell(&judged.in_sample, metric));
        row.push(cell(&judged.out_of_sample, metric));
    }
    row.push(cell(&judged.out_of_sample, Metric::MaxDrawdown));
    row.push(cell(&judged.out_of_sample, Metric::Trades));
    row
}

fn shown(metric: Metric, value: f64) -> String {
    if metric == Metric::Trades {
        return grouped(value, 1);
    }
    let mut figures = TrialFigures::default();
    figures.set(metric, Some(value));
    show::figure(&figures, metric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::number::percent;

    #[test]
    fn a_share_is_written_in_percent_and_a_ratio_with_two_digits() {
        assert_eq!(shown(Metric::TotalReturn, 0.125), percent(0.125));
        assert_eq!(shown(Metric::Sharpe, 1.236), "1.24");
        assert_eq!(shown(Metric::Trades, 2.25), "2.2");
    }
}
