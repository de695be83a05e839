//! How a job can end without a result, told so that the author of a strategy finds the place.

use std::{fmt, time::Duration};

use engine_core::calendar::utc_date;
use strategy_api::Resolution;

use crate::{
    error::{Code, Failure},
    feed::ColumnFile,
};

/// Which strategy it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Name of the strategy; `None` while a file is only looked into.
    pub strategy: Option<String>,
    /// Plain name of its file; `None` for a built-in one.
    pub file: Option<String>,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.strategy, &self.file) {
            (Some(strategy), Some(file)) => write!(f, "strategy '{strategy}' ({file})"),
            (Some(strategy), None) => write!(f, "strategy '{strategy}' (built in)"),
            (None, Some(file)) => f.write_str(file),
            (None, None) => f.write_str("it"),
        }
    }
}

/// Where a strategy was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The callback, `load` while its file is loaded, `engine` in our own code.
    pub callback: String,
    /// Step of the timeline.
    pub bar: usize,
    /// Start of that bar, nanoseconds UTC, when it is known.
    pub ts: Option<i64>,
    /// Length of the bars.
    pub resolution: Resolution,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.callback.as_str() {
            "load" => return f.write_str("while it was loaded"),
            "on_start" => return f.write_str("in on_start"),
            "engine" => write!(f, "in the engine, at bar {}", self.bar)?,
            callback => write!(f, "in {callback} at bar {}", self.bar)?,
        }
        let Some(ts) = self.ts else { return Ok(()) };
        let minutes = ts.div_euclid(60_000_000_000).rem_euclid(24 * 60);
        let date = utc_date(ts);
        match self.resolution {
            Resolution::Day1 | Resolution::Week1 | Resolution::Month1 => write!(f, " ({date})"),
            _ => write!(f, " ({date} {:02}:{:02} UTC)", minutes / 60, minutes % 60),
        }
    }
}

/// How a job can end without a result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    /// The process cannot be started or spoken to.
    #[error("a worker process cannot be started: {0}")]
    Start(String),
    /// The library cannot be used after all.
    #[error("{subject} is refused: {reason}")]
    NotOpened {
        /// Which.
        subject: Subject,
        /// Why, in one line.
        reason: String,
    },
    /// The strategy will not start with its parameters.
    #[error("{subject} refuses its parameters: {text}")]
    Refused {
        /// Which.
        subject: Subject,
        /// What it says.
        text: String,
    },
    /// The strategy declares a column that this engine cannot compute.
    #[error("{subject} declares a column that this engine cannot compute: {text}")]
    Column {
        /// Which.
        subject: Subject,
        /// Why.
        text: String,
    },
    /// There is nothing to trade; the text says what was asked for and what is held.
    #[error("there is no bar {0}")]
    NoBars(String),
    /// A file of columns cannot be used.
    #[error("{0}")]
    Columns(String),
    /// The strategy failed: it panicked or broke the rules.
    #[error("{subject} failed {place}: {text}")]
    Fault {
        /// Which.
        subject: Subject,
        /// Where.
        place: Box<Place>,
        /// What it said.
        text: String,
    },
    /// A signal ended the process.
    #[error("{subject} died by signal {signal} ({name}{}) {place}{}", meaning(*.signal), after(.said))]
    Died {
        /// Which.
        subject: Subject,
        /// Number of the signal.
        signal: i32,
        /// Name of the signal.
        name: &'static str,
        /// Where.
        place: Box<Place>,
        /// The last line that it printed.
        said: Option<String>,
    },
    /// The plugin ended the process.
    #[error("{subject} ended its process with code {code} before it was done, {place}{}", after(.said))]
    Exited {
        /// Which.
        subject: Subject,
        /// Exit code.
        code: i32,
        /// Where.
        place: Box<Place>,
        /// The last line that it printed.
        said: Option<String>,
    },
    /// Nothing happened for too long.
    #[error("{subject} made no progress for {} s {place}", .limit.as_secs_f64())]
    Silent {
        /// Which.
        subject: Subject,
        /// How long we waited.
        limit: Duration,
        /// Where.
        place: Box<Place>,
    },
    /// More memory was asked for than may be used.
    #[error("{subject} asked for more memory than its limit of {} MiB, {place}", .limit >> 20)]
    Memory {
        /// Which.
        subject: Subject,
        /// The limit, bytes.
        limit: u64,
        /// Where.
        place: Box<Place>,
    },
    /// The result is not what we write.
    #[error("{subject} left a damaged result")]
    Damaged {
        /// Which.
        subject: Subject,
    },
    /// Our own code failed.
    #[error("the engine failed one of its own checks while it ran {subject}: {text}")]
    Bug {
        /// Which.
        subject: Subject,
        /// What failed.
        text: String,
    },
}

/// What a signal says that is not the plugin's doing.
fn meaning(signal: i32) -> &'static str {
    if signal == SIGXFSZ { ": a file grew beyond the limit that ulimit -f sets" } else { "" }
}

/// `in the period from 2030-01-01 on: SPY 1d is held from 2000-02-01 to 2012-09-12`.
pub(super) fn no_bars((from, until): (Option<i64>, Option<i64>), files: &[ColumnFile]) -> String {
    let period = match (from.map(utc_date), until.map(utc_date)) {
        (Some(from), Some(until)) => format!("in the period from {from} to {until}"),
        (Some(from), None) => format!("in the period from {from} on"),
        (None, Some(until)) => format!("in the period up to {until}"),
        (None, None) => "to be traded".to_owned(),
    };
    let held = files.iter().take(3).map(|file| {
        let (info, ts) = (file.info(), file.columns().ts);
        let name = format!("{} {}", info.symbol.escape_debug(), info.resolution);
        match (ts.first(), ts.last()) {
            (Some(first), Some(last)) => {
                format!("{name} is held from {} to {}", utc_date(*first), utc_date(*last))
            }
            _ => format!("{name} holds none"),
        }
    });
    format!("{period}: {}", held.collect::<Vec<_>>().join(", "))
}

fn after(said: &Option<String>) -> String {
    said.as_ref().map_or_else(String::new, |said| format!(": {said}"))
}

impl From<WorkerError> for Failure {
    fn from(error: WorkerError) -> Self {
        use WorkerError as E;
        let code = match &error {
            E::Start(_) | E::Bug { .. } => Code::Bug,
            E::NotOpened { .. } | E::Column { .. } => Code::PluginRefused,
            E::Died { signal: SIGXFSZ, .. } => Code::Output,
            E::Refused { .. } => Code::Usage,
            E::NoBars(_) | E::Columns(_) => Code::Data,
            _ => Code::PluginFaulted,
        };
        let failure = Self::new(code, error.to_string());
        match &error {
            E::Refused { subject: Subject { strategy: Some(strategy), .. }, .. } => {
                failure.help(format!("algo-trader strategies show {strategy}"))
            }
            E::NoBars(_) => failure.help("algo-trader db status"),
            E::Died { signal: SIGXFSZ, .. } => failure.help("ulimit -f unlimited"),
            E::Died { subject: Subject { strategy: Some(strategy), .. }, .. }
            | E::Exited { subject: Subject { strategy: Some(strategy), .. }, .. }
            | E::Silent { subject: Subject { strategy: Some(strategy), .. }, .. } => {
                failure.help(format!("algo-trader strategies check {strategy}"))
            }
            _ => failure,
        }
    }
}

/// The signal of a file that grows beyond the limit of its process.
const SIGXFSZ: i32 = 25;

/// The name of a signal of this system.
pub(super) fn signal_name(signal: i32) -> &'static str {
    const NAMES: [(i32, &str); 16] = [
        (1, "SIGHUP"),
        (2, "SIGINT"),
        (3, "SIGQUIT"),
        (4, "SIGILL"),
        (5, "SIGTRAP"),
        (6, "SIGABRT"),
        (7, "SIGBUS"),
        (8, "SIGFPE"),
        (9, "SIGKILL"),
        (11, "SIGSEGV"),
        (13, "SIGPIPE"),
        (14, "SIGALRM"),
        (15, "SIGTERM"),
        (24, "SIGXCPU"),
        (SIGXFSZ, "SIGXFSZ"),
        (31, "SIGSYS"),
    ];
    NAMES.iter().find(|(number, _)| *number == signal).map_or("unnamed", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000_000;

    fn place(callback: &str, resolution: Resolution) -> Place {
        // 2002-02-11 is day 11,729 of the epoch (date -u -d @$((11729*86400))).
        let ts = Some(11_729 * DAY + 52_200_000_000_000);
        Place { callback: callback.to_owned(), bar: 500, ts, resolution }
    }

    #[test]
    fn a_fault_names_strategy_file_callback_bar_and_date() {
        let subject = Subject { strategy: Some("segv".into()), file: Some("libfaulty.so".into()) };
        let error = WorkerError::Died {
            subject,
            signal: 11,
            name: signal_name(11),
            place: Box::new(place("on_bar", Resolution::Day1)),
            said: None,
        };
        let expected = "strategy 'segv' (libfaulty.so) died by signal 11 (SIGSEGV) \
                        in on_bar at bar 500 (2002-02-11)";
        assert_eq!(error.to_string(), expected);
        assert_eq!(Failure::from(error).code, Code::PluginFaulted);
    }

    #[test]
    fn a_limit_of_file_sizes_is_not_blamed_on_the_plugin() {
        let error = WorkerError::Died {
            subject: Subject { strategy: Some("ma_cross".into()), file: None },
            signal: SIGXFSZ,
            name: signal_name(SIGXFSZ),
            place: Box::new(place("on_finish", Resolution::Day1)),
            said: None,
        };
        assert!(error.to_string().contains("(SIGXFSZ: a file grew beyond the limit"), "{error}");
        assert_eq!(Failure::from(error).code, Code::Output);
    }

    #[test]
    fn a_place_has_a_time_only_where_bars_are_shorter_than_a_day() {
        let minute = place("on_fill", Resolution::Min1).to_string();
        assert_eq!(minute, "in on_fill at bar 500 (2002-02-11 14:30 UTC)");
        assert_eq!(place("load", Resolution::Day1).to_string(), "while it was loaded");
        assert_eq!(place("on_start", Resolution::Day1).to_string(), "in on_start");
    }
}
