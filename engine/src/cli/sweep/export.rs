//! `--csv` and `--parquet`: every trial of a sweep, streamed from the database, so that memory stays
//! flat.

use std::{
    io::{self, Write},
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

use engine_core::sweep::Metric;

use super::{
    kept::Kept,
    search::Searched,
    trials::{self, Group},
};
use crate::{
    error::{Code, Failure},
    report::{
        file::{FileError, write_whole},
        tables::{Table, TableWriter},
    },
    worker::Trial,
};

/// Bytes that are handed to the writing thread at once.
const CHUNK: usize = 1 << 20;
/// Trials of a group of rows in a Parquet file.
const GROUP: usize = 50_000;
/// Pieces that may wait for the disk.
const WAITING: usize = 4;

/// Writes all trials of a sweep as lines of text.
///
/// # Errors
/// When the database or the file fails; an older file of that name is then as it was.
pub(super) async fn csv(path: &Path, kept: &Kept<'_>, searched: &Searched) -> Result<(), Failure> {
    let writer = Writer::start(path, |file, texts| {
        texts.pour(|text: String| file.write_all(text.as_bytes()))
    });
    let mut text = header(searched);
    let read = kept
        .replay(|trial| {
            line(&mut text, searched, &searched.placed(trial));
            if text.len() >= CHUNK {
                writer.hand(std::mem::take(&mut text));
            }
        })
        .await;
    writer.end(read, text)
}

/// Writes all trials of a sweep as a Parquet file.
///
/// # Errors
/// As [`csv`].
pub(super) async fn parquet(
    path: &Path,
    kept: &Kept<'_>,
    searched: &Searched,
) -> Result<(), Failure> {
    let writer = Writer::start(path, |file, groups| {
        let mut out = TableWriter::new(file);
        groups.pour(|group: Table<'static>| out.write(&group))?;
        out.finish()
    });
    let mut group = Group::default();
    let read = kept
        .replay(|trial| {
            group.take(searched.job(), &searched.placed(trial));
            if group.rows() >= GROUP {
                writer.hand(std::mem::take(&mut group).table(searched.job()));
            }
        })
        .await;
    writer.end(read, group.table(searched.job()))
}

/// A file that a thread of its own writes, piece by piece.
struct Writer<T> {
    pieces: SyncSender<Option<T>>,
    thread: JoinHandle<Result<(), FileError>>,
}

/// What the thread gets. `None` says that nothing is missing.
struct Pieces<T>(Receiver<Option<T>>);

impl<T> Pieces<T> {
    fn pour(self, mut take: impl FnMut(T) -> io::Result<()>) -> io::Result<()> {
        for piece in self.0 {
            match piece {
                Some(piece) => take(piece)?,
                None => return Ok(()),
            }
        }
        Err(io::Error::other("the database failed"))
    }
}

impl<T: Send + 'static> Writer<T> {
    fn start(
        path: &Path,
        write: impl FnOnce(&mut (dyn Write + Send), Pieces<T>) -> io::Result<()> + Send + 'static,
    ) -> Self {
        let (sender, receiver) = sync_channel(WAITING);
        let target = path.to_owned();
        let write = move || write_whole(&target, |file| write(file, Pieces(receiver)));
        Self { pieces: sender, thread: thread::spawn(write) }
    }

    fn hand(&self, piece: T) {
        // A writer that is gone says itself why.
        let _ = self.pieces.send(Some(piece));
    }

    /// Hands over the last piece and waits, unless reading failed.
    fn end(self, read: Result<(), Failure>, last: T) -> Result<(), Failure> {
        if read.is_ok() {
            self.hand(last);
            let _ = self.pieces.send(None);
        }
        drop(self.pieces);
        let bug = |_| Failure::new(Code::Bug, "the writer of the trials ended");
        let written = self.thread.join().map_err(bug)?;
        read?;
        Ok(written?)
    }
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
    let (state, figures, reason) = trials::parts(trial);
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
pub(super) fn cell(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
