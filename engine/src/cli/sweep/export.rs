//! `--csv`: every trial of a sweep as a line, streamed from the database, so that memory stays flat.

use std::{path::Path, sync::mpsc::sync_channel, thread};

use engine_core::sweep::Metric;

use super::{kept::Kept, search::Searched};
use crate::{
    error::{Code, Failure},
    report::file::write_whole,
    worker::{Trial, TrialResult},
};

/// Bytes that are handed to the writing thread at once.
const CHUNK: usize = 1 << 20;
/// Chunks that may wait for the disk.
const WAITING: usize = 4;

/// Writes all trials of a sweep.
///
/// # Errors
/// When the database or the file fails; an older file of that name is then as it was.
pub(super) async fn write(
    path: &Path,
    kept: &Kept<'_>,
    searched: &Searched,
) -> Result<(), Failure> {
    let (sender, chunks) = sync_channel::<String>(WAITING);
    let target = path.to_owned();
    let writer = thread::spawn(move || {
        write_whole(&target, |file| {
            let mut is_whole = false;
            for chunk in chunks {
                // An empty chunk says that nothing is missing.
                is_whole = chunk.is_empty();
                file.write_all(chunk.as_bytes())?;
            }
            if is_whole { Ok(()) } else { Err(std::io::Error::other("the database failed")) }
        })
    });
    let mut text = header(searched);
    let read = kept
        .replay(|trial| {
            line(&mut text, searched, &trial);
            if text.len() >= CHUNK {
                // A writer that is gone says itself why.
                let _ = sender.send(std::mem::take(&mut text));
            }
        })
        .await;
    if read.is_ok() {
        let _ = sender.send(text);
        let _ = sender.send(String::new());
    }
    drop(sender);
    let written =
        writer.join().map_err(|_| Failure::new(Code::Bug, "the writer of the CSV file ended"))?;
    read?;
    Ok(written?)
}

fn header(searched: &Searched) -> String {
    let params = searched.job().strategy.facts().params.iter().map(|param| cell(&param.name));
    let metrics = Metric::ALL.map(|metric| metric.name().to_owned());
    let columns = std::iter::once("trial".to_owned()).chain(params).chain(["state".to_owned()]);
    let columns: Vec<String> = columns.chain(metrics).chain(["reason".to_owned()]).collect();
    columns.join(",") + "\n"
}

fn line(text: &mut String, searched: &Searched, trial: &Trial) {
    use std::fmt::Write as _;
    let job = searched.job();
    write!(text, "{}", trial.position).expect("a string takes everything");
    let mut values = Vec::new();
    job.plan.values(trial.position, &mut values);
    for (_, value) in job.strategy.shown(&values) {
        text.push(',');
        text.push_str(&cell(&value));
    }
    let (state, figures, reason) = match &trial.result {
        TrialResult::Done(figures) => ("done", Some(figures), ""),
        TrialResult::Refused(reason) => ("refused", None, reason.as_str()),
        TrialResult::Failed(reason) => ("failed", None, reason.as_str()),
    };
    text.push(',');
    text.push_str(state);
    for metric in Metric::ALL {
        text.push(',');
        if let Some(value) = figures.and_then(|figures| figures.get(metric)) {
            write!(text, "{value}").expect("a string takes everything");
        }
    }
    text.push(',');
    text.push_str(&cell(reason));
    text.push('\n');
}

/// A text as a cell: quoted where it must be.
fn cell(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
