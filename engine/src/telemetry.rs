//! Log events: human lines on standard error, and one JSON file a component under `logs/`.
//!
//! A component is the room that speaks: `algo_trader::store::sqlite` writes to
//! `logs/store.DATE.jsonl`. Files are opened at their first event, so a command that has nothing to
//! say creates none, and rotate daily by UTC. Events are written as they happen, without a thread, so
//! that a killed process loses none. Every line passes [`redact`]. A folder that cannot be written is
//! a warning, never a failure.

use std::{
    collections::HashMap,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use tracing::{Metadata, level_filters::LevelFilter};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::Targets,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::redact::redact;

/// Days of log files that are kept.
const KEPT_DAYS: usize = 30;

/// What to say, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// Most detailed level for people, unless `RUST_LOG` says otherwise.
    pub level: LevelFilter,
    /// Whether standard error takes colours.
    pub color: bool,
    /// Folder of the JSON files; `None` writes none.
    pub logs: Option<PathBuf>,
}

/// Installs the log for the process. A second call changes nothing.
pub fn init(options: &Options) {
    let human = fmt::layer()
        .without_time()
        .with_target(false)
        .with_ansi(options.color)
        .with_writer(|| Redacted(io::stderr()))
        .with_filter(human_filter(options.level));
    let files = options.logs.as_deref().map(|folder| {
        fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(Files::new(folder))
            .with_filter(ours_at(LevelFilter::INFO))
    });
    // The only failure is a subscriber that is already there, which then is the one wanted.
    if Registry::default().with(human).with(files).try_init().is_ok() {
        bridge_log(options.level);
    }
}

/// Takes up what libraries say through `log`; the protocol library of the broker does.
fn bridge_log(level: LevelFilter) {
    let most = if level >= LevelFilter::DEBUG { level } else { LevelFilter::WARN };
    let most = match most.into_level() {
        Some(tracing::Level::TRACE | tracing::Level::DEBUG) => tracing_log::log::LevelFilter::Debug,
        _ => tracing_log::log::LevelFilter::Warn,
    };
    let _ = tracing_log::LogTracer::builder().with_max_level(most).init();
}

fn human_filter(
    level: LevelFilter,
) -> Box<dyn tracing_subscriber::layer::Filter<Registry> + Send + Sync> {
    match std::env::var("RUST_LOG") {
        Ok(rules) if !rules.trim().is_empty() => Box::new(EnvFilter::new(rules)),
        _ => Box::new(ours_at(level)),
    }
}

/// Our own events at `level`, those of libraries from warnings on at most.
fn ours_at(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target("algo_trader", level)
        .with_target("engine_core", level)
        .with_target(PROTOCOL, protocol_at(level))
}

/// The library of the broker's protocol. It calls many things errors that the gateway room recovers
/// from and reports itself, so people see its words only when they ask for details.
const PROTOCOL: &str = "ibapi";

fn protocol_at(level: LevelFilter) -> LevelFilter {
    match level {
        LevelFilter::TRACE => LevelFilter::DEBUG,
        LevelFilter::DEBUG => LevelFilter::INFO,
        _ => LevelFilter::OFF,
    }
}

/// The room that an event's target belongs to.
fn component(target: &str) -> &str {
    let mut parts = target.split("::");
    match (parts.next(), parts.next()) {
        (Some("algo_trader"), Some(room)) => room,
        (Some("algo_trader"), None) => "engine",
        _ => "libraries",
    }
}

/// Writes whole lines without their secrets.
struct Redacted<W>(W);

impl<W: Write> Write for Redacted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        self.0.write_all(redact(&line).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The JSON files by component; `None` where opening failed.
#[derive(Clone)]
struct Files {
    folder: PathBuf,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    files: HashMap<String, Option<RollingFileAppender>>,
    warned: bool,
}

impl Files {
    fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), open: Arc::default() }
    }

    fn write_line(&self, component: &str, line: &[u8]) {
        let mut guard = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Open { files, warned } = &mut *guard;
        if !files.contains_key(component) {
            files.insert(component.to_owned(), open(&self.folder, component, warned));
        }
        if let Some(Some(file)) = files.get_mut(component) {
            // A full disk must not end a run whose results are still fine.
            let _ = file.write_all(line);
        }
    }
}

fn open(folder: &Path, component: &str, warned: &mut bool) -> Option<RollingFileAppender> {
    let built = std::fs::create_dir_all(folder).map_err(|error| error.to_string()).and_then(|()| {
        RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix(component)
            .filename_suffix("jsonl")
            .max_log_files(KEPT_DAYS)
            .build(folder)
            .map_err(|error| {
                std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string)
            })
    });
    match built {
        Ok(file) => Some(file),
        Err(reason) => {
            if !std::mem::replace(warned, true) {
                let shown = folder.display();
                let _ = writeln!(io::stderr(), "warning: no logs are kept in {shown}: {reason}");
            }
            None
        }
    }
}

/// A writer for one event of one component.
struct EventWriter {
    files: Files,
    component: String,
}

impl Write for EventWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        self.files.write_line(&self.component, redact(&line).as_bytes());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Files {
    type Writer = EventWriter;

    fn make_writer(&'a self) -> Self::Writer {
        EventWriter { files: self.clone(), component: "engine".to_owned() }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        EventWriter { files: self.clone(), component: component(meta.target()).to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_files(folder: &Path, act: impl FnOnce()) {
        let layer = fmt::layer().json().flatten_event(true).with_writer(Files::new(folder));
        tracing::subscriber::with_default(Registry::default().with(layer), act);
    }

    fn lines_of(folder: &Path, component: &str) -> Vec<serde_json::Value> {
        let prefix = format!("{component}.");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&prefix))
            .collect();
        assert_eq!(files.len(), 1, "{component}");
        let text = std::fs::read_to_string(files.remove(0)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn each_component_has_its_own_file_and_no_secret_reaches_it() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        with_files(&logs, || {
            tracing::info!(target: "algo_trader::store::sqlite", rows = 3, "written");
            tracing::warn!(target: "sqlx::query", url = "postgres://u:s3cret@h/d", "slow");
        });
        let store = lines_of(&logs, "store");
        assert_eq!(store[0]["message"], "written");
        assert_eq!(store[0]["rows"], 3);
        assert_eq!(lines_of(&logs, "libraries")[0]["url"], "postgres://u:***@h/d");
    }

    #[test]
    fn nothing_is_created_before_the_first_event() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        with_files(&logs, || {});
        assert!(!logs.exists());
    }
}
