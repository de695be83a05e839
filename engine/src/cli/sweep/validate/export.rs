//! `--csv` of a validation: one line a fold, and last the out-of-sample windows as one run.

use std::path::Path;

use engine_core::sweep::{Metric, TrialFigures};

use super::{
    super::{export::cell, show::words},
    Judged,
};
use crate::{error::Failure, report::file::write_whole};

/// Writes the folds.
///
/// # Errors
/// When the file cannot be written; an older file of that name is then as it was.
pub(super) fn write(path: &Path, judged: &Judged) -> Result<(), Failure> {
    let text = lines(judged);
    Ok(write_whole(path, |file| file.write_all(text.as_bytes()))?)
}

fn lines(judged: &Judged) -> String {
    let mut header = vec!["fold".to_owned()];
    for window in ["in_sample", "out_of_sample"] {
        header.extend(["first", "last"].map(|end| format!("{window}_{end}")));
    }
    header.push("parameters".to_owned());
    for window in ["in_sample", "out_of_sample"] {
        header.extend(Metric::ALL.map(|metric| format!("{window}_{}", metric.name())));
    }
    header.push("fault".to_owned());
    let mut text = header.join(",") + "\n";
    for fold in &judged.folds {
        let ends = |first: Option<&super::judged::Window>, last: Option<&super::judged::Window>| {
            let end = |text: Option<&String>| text.cloned().unwrap_or_default();
            [end(first.map(|window| &window.first)), end(last.map(|window| &window.last))]
        };
        let mut cells = vec![fold.fold.to_string()];
        cells.extend(ends(fold.in_sample.first(), fold.in_sample.last()));
        cells.extend(ends(Some(&fold.out_of_sample), Some(&fold.out_of_sample)));
        cells.push(fold.parameters.as_ref().map_or(String::new(), words));
        cells.extend(figures(fold.in_sample_metrics.as_ref()));
        cells.extend(figures(Some(&fold.out_of_sample_metrics)));
        cells.push(fold.fault.clone().unwrap_or_default());
        push(&mut text, &cells);
    }
    let mut cells = vec!["total".to_owned(), String::new(), String::new()];
    cells.push(judged.equity.date.first().cloned().unwrap_or_default());
    cells.push(judged.equity.date.last().cloned().unwrap_or_default());
    cells.push(String::new());
    cells.extend(figures(None));
    cells.extend(figures(Some(&judged.total)));
    cells.push(String::new());
    push(&mut text, &cells);
    text
}

fn push(text: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    text.push_str(&cells.join(","));
    text.push('\n');
}

fn figures(figures: Option<&TrialFigures>) -> impl Iterator<Item = String> {
    let value = move |metric: Metric| {
        let value = figures.and_then(|figures| figures.get(metric));
        value.map_or(String::new(), |value| value.to_string())
    };
    Metric::ALL.map(value).into_iter()
}
