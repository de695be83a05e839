//! `runs compare`: runs side by side, and their equity on one page.

use std::path::Path;

use super::read;
use crate::{
    cli::{Done, Outcome, app::App},
    error::Failure,
    report::{self, Lists, Report, file::write_whole, html},
    store::{RunRecord, RunSummary},
};

pub(super) fn run(app: &App, runs: &[RunRecord], page: Option<Option<&Path>>) -> Outcome {
    let summaries: Vec<RunSummary> = runs.iter().map(summary).collect();
    if app.out.json() {
        app.out.value(&report::runs::listed(&summaries))?;
    } else {
        app.out.text(&report::runs::table(&summaries))?;
    }
    if let Some(asked) = page {
        let read: Result<Vec<(Report, Lists<'_>)>, Failure> = runs.iter().map(read).collect();
        let path = asked.map_or_else(|| app.home.reports().join("compare.html"), Path::to_path_buf);
        let text = html::compare(&read?);
        write_whole(&path, |writer| writer.write_all(text.as_bytes()))?;
        app.out.note(&format!("wrote {}", path.display()));
    }
    Ok(Done::Well)
}

fn summary(run: &RunRecord) -> RunSummary {
    RunSummary {
        id: run.id.clone(),
        created_at: run.created_at,
        strategy: run.strategy.clone(),
        symbols: run.symbols.clone(),
        resolution: run.resolution.clone(),
        result: run.result.clone(),
    }
}
