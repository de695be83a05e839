//! Stored runs: the table of `runs list`, and a run read back for `runs show`.

use engine_core::metrics::Metrics;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    number::{UNDEFINED, grouped, percent},
    schema::Report,
    summary,
    text::{fitted, left, right, wrapped},
    time::minute,
};
use crate::{
    error::{Code, Failure},
    store::RunSummary,
};

/// A stored result that is not a report.
#[derive(Debug, thiserror::Error)]
#[error("the stored result of run {id} cannot be read: {reason}")]
pub struct RunError {
    /// The run.
    pub id: String,
    /// What the reader said.
    pub reason: serde_json::Error,
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Failure::new(Code::Database, error.to_string())
            .help("run the same backtest again with --rewrite; its record is replaced")
    }
}

/// The report of a stored run.
///
/// # Errors
/// When the text is not a report.
pub fn read(id: &str, result: &str) -> Result<Report, RunError> {
    serde_json::from_str(result).map_err(|reason| RunError { id: id.to_owned(), reason })
}

/// One run of `runs list --json`; null figures for a result that cannot be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedRun<'a> {
    /// What identifies it.
    #[serde(flatten)]
    pub run: &'a RunSummary,
    /// Its figures.
    pub metrics: Option<Metrics>,
    /// The parameters of its strategy, with the values that they had.
    pub parameters: Option<Map<String, Value>>,
    /// The same as they are written.
    #[serde(skip)]
    words: String,
}

/// The runs with their figures, for `--json`.
#[must_use]
pub fn listed<'a>(runs: &'a [RunSummary]) -> Vec<ListedRun<'a>> {
    let listed = |run: &'a RunSummary| {
        let report = read(&run.id, &run.result).ok();
        let words = report.as_ref().map_or(String::new(), summary::parameters);
        let (metrics, parameters) =
            report.map(|report| (report.metrics, report.strategy.parameters)).unzip();
        ListedRun { run, metrics, parameters, words }
    };
    runs.iter().map(listed).collect()
}

/// The runs as a table of at most 80 columns, with the first digits of their ids; the parameters of each
/// stand below it, for by name alone runs of one strategy are all the same.
#[must_use]
pub fn table(runs: &[RunSummary]) -> String {
    if runs.is_empty() {
        return "no runs are stored yet\n".to_owned();
    }
    let header = ["run", "when (UTC)", "strategy", "symbols", "bar", "return", "sharpe"];
    let mut rows = vec![header.map(str::to_owned)];
    let listed = listed(runs);
    rows.extend(listed.iter().map(row));
    // The strategy's name gets what the other columns leave.
    let others = widths(&rows).iter().sum::<usize>() - widths(&rows)[STRATEGY];
    let room = WIDTH.saturating_sub(others + 2 * (header.len() - 1));
    for row in &mut rows {
        row[STRATEGY] = fitted(&row[STRATEGY], room.max(8));
    }
    let widths = widths(&rows);
    let mut text = String::new();
    // The header has no parameters.
    let below = std::iter::once("").chain(listed.iter().map(|listed| listed.words.as_str()));
    for (row, below) in rows.iter().zip(below) {
        for (place, (cell, width)) in row.iter().zip(widths).enumerate() {
            text.push_str(&if place < 5 { left(cell, width) } else { right(cell, width) });
            text.push_str("  ");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        for line in wrapped(below, WIDTH - INDENT) {
            text += &format!("{}{line}\n", " ".repeat(INDENT));
        }
    }
    text
}

/// Columns of the table.
const WIDTH: usize = 80;
/// Blanks before parameters, which then stand below the column of the time.
const INDENT: usize = 12;
/// Place of the strategy's name.
const STRATEGY: usize = 2;

fn row(listed: &ListedRun<'_>) -> [String; 7] {
    let run = listed.run;
    let metrics = listed.metrics.as_ref();
    let total_return = metrics.and_then(|metrics| metrics.total_return).map(percent);
    let sharpe = metrics.and_then(|metrics| metrics.sharpe).map(|value| grouped(value, 2));
    [
        fitted(&run.id.chars().take(10).collect::<String>(), 10),
        minute(run.created_at),
        fitted(&run.strategy, WIDTH),
        fitted(&run.symbols, 9),
        fitted(&run.resolution, 3),
        total_return.unwrap_or(UNDEFINED.to_owned()),
        sharpe.unwrap_or(UNDEFINED.to_owned()),
    ]
}

fn widths(rows: &[[String; 7]]) -> [usize; 7] {
    std::array::from_fn(|place| {
        rows.iter().map(|row| super::text::width(&row[place])).max().unwrap_or(0)
    })
}
