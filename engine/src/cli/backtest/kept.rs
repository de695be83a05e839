//! What a kept run stands on: put into the archive when the run is kept, and found there again.

use std::fs::File;

use sha2::{Digest, Sha256};

use super::{Judged, market::Bars};
use crate::{
    archive::{Archive, Kind},
    cli::{app::App, bars::shell_word},
    error::{Code, Failure},
    feed::{self, ColumnFile},
    registry::{Registry, RegistryError, Resolved},
};

/// Keeps bars and plugins of a run. A folder that takes nothing fails no run: it only cannot be repeated
/// once its bars have changed.
pub(super) fn keep(app: &App, run: &Judged<'_>, bars: &Bars) {
    let archive = Archive::new(app.home.kept());
    let strategies = [Some(run.strategy), run.benchmark.map(|(other, _)| other)];
    let files = bars.files.iter().chain(bars.finer.iter().flatten());
    let files = files.map(|file| (Kind::Bars, name(file), file.file().try_clone()));
    let images = strategies.into_iter().flatten().filter_map(Resolved::image);
    let plugins = images.map(|image| (Kind::Plugin, image.sha256().to_string(), image.share()));
    for (kind, name, file) in files.chain(plugins) {
        let kept = file.and_then(|file| archive.keep(kind, &name, &file));
        if let Err(error) = kept {
            app.out.note(&format!("the run is kept, but not what it stands on: {error}"));
            return;
        }
    }
}

/// Names of the bars of a run, in the order of its symbols.
pub(super) fn names(bars: &Bars) -> Vec<String> {
    bars.files.iter().map(name).collect()
}

/// Names of the finer bars of a run, in the same order.
pub(super) fn finer_names(bars: &Bars) -> Vec<Option<String>> {
    bars.finer.iter().map(|file| file.as_ref().map(name)).collect()
}

/// Bars are kept by their digest and that of their symbol, which a strategy may look at.
fn name(file: &ColumnFile) -> String {
    let symbol = Sha256::digest(file.info().symbol.as_bytes());
    let symbol: String = symbol.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{symbol}", file.info().digest)
}

/// The bars of a name, checked against it; `anew` is the command that keeps them anew.
pub(super) fn bars(app: &App, name: &str, anew: &str) -> Result<ColumnFile, Failure> {
    let damaged =
        |why: &str| damaged(app, Kind::Bars, name, &format!("bars of the run are {why}"), anew);
    let file = found(app, Kind::Bars, name)
        .ok_or_else(|| gone(&format!("the bars of the run are not kept any more: {name}"), anew))?;
    let file = ColumnFile::open(file).map_err(|error| damaged(&format!("damaged: {error}")))?;
    let digest = feed::digest(&file.columns()).to_string();
    if name.starts_with(&digest) { Ok(file) } else { Err(damaged("damaged")) }
}

fn gone(what: &str, anew: &str) -> Failure {
    Failure::new(Code::Data, what).help(anew)
}

/// A damaged file is in the way of the whole one until it is removed.
fn damaged(app: &App, kind: Kind, name: &str, what: &str, anew: &str) -> Failure {
    let path = Archive::new(app.home.kept()).path(kind, name).display().to_string();
    let help = format!("rm -f {} && {anew}", shell_word(&path));
    Failure::new(Code::Data, format!("the {what}: {path}")).help(help)
}

/// A file of the archive; a name with anything but digits and a dash is none of ours.
pub(super) fn found(app: &App, kind: Kind, name: &str) -> Option<File> {
    let is_ours = name.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is_ours.then(|| Archive::new(app.home.kept()).find(kind, name)).flatten()
}

/// The strategy of a kept plugin, whatever the folders of plugins hold now; `anew` is the command that
/// keeps it anew.
pub(super) fn plugin(
    app: &App,
    registry: &Registry,
    (asked, id): (&str, &str),
    sha256: &str,
    anew: &str,
) -> Result<Resolved, Failure> {
    let file = found(app, Kind::Plugin, sha256).ok_or_else(|| {
        gone(&format!("the plugin of the run is not kept any more: {sha256}"), anew)
    })?;
    let path = Archive::new(app.home.kept()).path(Kind::Plugin, sha256);
    registry.kept(asked, id, sha256, (&path, &file)).map_err(|error| match error {
        RegistryError::Damaged(_) => {
            damaged(app, Kind::Plugin, sha256, "plugin of the run is damaged", anew)
        }
        other => other.into(),
    })
}
