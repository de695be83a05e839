//! `runs export`: a run as files for notebooks.

use std::path::Path;

use super::read;
use crate::{
    cli::{Done, Outcome, app::App},
    report::{self, file::write_whole, listing},
    store::RunRecord,
};

pub(super) fn run(app: &App, run: &RunRecord, folder: &Path) -> Outcome {
    let (report, lists) = read(run)?;
    let json = report::full(&report, &lists);
    write_whole(&folder.join("run.json"), |writer| writer.write_all(json.as_bytes()))?;
    for kind in listing::Kind::ALL {
        let path = folder.join(format!("{}.csv", kind.name()));
        write_whole(&path, |writer| listing::csv(kind, &report, &lists, writer))?;
    }
    app.out.text(&folder.display().to_string())?;
    Ok(Done::Well)
}
