//! `sweeps`: the sweeps and validations that the database keeps: listed, and shown as they were.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::Value;

use super::{
    Done, Outcome,
    app::App,
    runs::{self, kept},
    sweep::{self, Finished, Judged},
    value::{self, Invalid},
};
use crate::{
    error::{Code, Failure},
    report::{
        file::write_whole,
        html, minute,
        text::{fitted, left},
    },
    store::{StudyKind, StudyRecord},
};

const EXAMPLES: &str = "\
Examples:
  algo-trader sweeps list
  algo-trader sweeps show 3f2a
  algo-trader sweeps show 3f2a --report
  algo-trader sweeps show 3f2a --json";

/// List or show the sweeps, walk-forwards and cross-validations that were kept
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SweepsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The last ones, newest first
    List {
        /// How many at most
        #[arg(long, value_name = "NUMBER", default_value_t = 20)]
        limit: u32,
    },
    /// One of them as it was printed
    Show {
        /// Its id, or its beginning as far as it is unique
        #[arg(value_name = "ID", value_parser = id)]
        id: String,
        /// Write a walk-forward or a cross-validation as one page for a browser
        #[arg(long, value_name = "FILE", value_parser = value::page())]
        report: Option<Option<PathBuf>>,
    },
}

pub(super) async fn run(app: &App, args: &SweepsArgs) -> Outcome {
    match &args.action {
        Action::List { limit } => list(app, *limit).await,
        Action::Show { id, report } => show(app, id, report.as_ref()).await,
    }
}

/// One line of `sweeps list --json`.
#[derive(Debug, Serialize)]
struct Listed {
    id: String,
    kind: &'static str,
    /// When it was last run, nanoseconds UTC.
    created_at: i64,
    strategy: String,
    symbols: String,
    resolution: String,
    finished: bool,
    trials: Option<u64>,
    /// The last sentence: what the result means.
    sentence: Option<String>,
}

impl Listed {
    fn of(study: &StudyRecord) -> Self {
        let result: Option<Value> =
            study.result.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let found = |path: &str| result.as_ref().and_then(|result| result.pointer(path));
        Self {
            id: study.id.clone(),
            kind: study.kind.name(),
            created_at: study.created_at,
            strategy: study.strategy.clone(),
            symbols: study.symbols.clone(),
            resolution: study.resolution.clone(),
            finished: result.is_some(),
            trials: found("/trials").and_then(Value::as_u64),
            sentence: found("/luck/sentence").and_then(Value::as_str).map(str::to_owned),
        }
    }
}

async fn list(app: &App, limit: u32) -> Outcome {
    let studies = kept(app, async |store| store.studies(limit).await).await?;
    let listed: Vec<Listed> = studies.iter().map(Listed::of).collect();
    if app.out.json() {
        app.out.value(&listed)?;
    } else {
        app.out.text(&table(&listed))?;
    }
    Ok(Done::Well)
}

/// The studies in at most 80 columns.
fn table(listed: &[Listed]) -> String {
    if listed.is_empty() {
        return "no sweeps are stored yet\n".to_owned();
    }
    let widths = [10, 16, 12, 14, 9, 3, 6];
    let header = ["sweep", "when (UTC)", "kind", "strategy", "symbols", "bar", "trials"];
    let mut rows = vec![header.map(str::to_owned)];
    rows.extend(listed.iter().map(|one| {
        let trials = match (one.finished, one.trials) {
            (false, _) => "open".to_owned(),
            (true, trials) => trials.map_or(String::new(), short),
        };
        [
            one.id.chars().take(10).collect(),
            minute(one.created_at),
            one.kind.to_owned(),
            one.strategy.clone(),
            one.symbols.clone(),
            one.resolution.clone(),
            trials,
        ]
    }));
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(widths);
        let cells = cells.map(|(cell, width)| left(&fitted(cell, width), width));
        text += cells.collect::<Vec<_>>().join(" ").trim_end();
        text.push('\n');
    }
    text
}

/// An id of a sweep, written as that of a run is.
fn id(text: &str) -> Result<String, Invalid> {
    runs::id(text).map_err(|wrong| Invalid { help: "algo-trader sweeps list".to_owned(), ..wrong })
}

/// A number of trials in six columns.
fn short(trials: u64) -> String {
    match trials {
        0..=999_999 => trials.to_string(),
        1_000_000..=999_999_999 => format!("{:.1} M", trials as f64 / 1e6),
        _ => format!("{:.1} G", trials as f64 / 1e9),
    }
}

async fn show(app: &App, id: &str, report: Option<&Option<PathBuf>>) -> Outcome {
    let mut found = kept(app, async |store| store.study(id).await).await?;
    let study = match (found.pop(), found.is_empty()) {
        (Some(study), true) => study,
        (Some(_), false) => {
            let message = format!("more than one sweep begins with {id}: more digits are needed");
            return Err(Failure::new(Code::Usage, message).help("algo-trader sweeps list --json"));
        }
        (None, _) => {
            return Err(Failure::new(Code::Data, format!("no kept sweep begins with {id}"))
                .help("algo-trader sweeps list"));
        }
    };
    let Some(result) = &study.result else {
        let message = format!("sweep {} was not finished", study.id);
        return Err(Failure::new(Code::Data, message)
            .help("run the same command again: it goes on where it was"));
    };
    let damaged = |reason: serde_json::Error| {
        let message = format!("the stored result of sweep {} cannot be read: {reason}", study.id);
        Failure::new(Code::Database, message).help("run the same sweep again; its trials are kept")
    };
    let text = match study.kind {
        StudyKind::Sweep => {
            if report.is_some() {
                // The page of a sweep holds its trials, which its own command reads again.
                let id = &study.id[..study.id.len().min(16)];
                let message = format!(
                    "the page of sweep {id} is made by its own command, given again with --report: \
                     no trial is run again"
                );
                return Err(Failure::new(Code::Usage, message)
                    .help(format!("algo-trader sweeps show {id}")));
            }
            let finished: Finished = serde_json::from_str(result).map_err(damaged)?;
            if app.out.json() {
                return app.out.value(&finished).map(|()| Done::Well);
            }
            sweep::sweep_text(&finished)
        }
        StudyKind::WalkForward | StudyKind::KFold => {
            let judged: Judged = serde_json::from_str(result).map_err(damaged)?;
            if let Some(asked) = report {
                let name = format!("{}_{}.html", judged.kind, &study.id[..study.id.len().min(10)]);
                let path = asked.clone().unwrap_or_else(|| app.home.reports().join(name));
                let page = html::validation(result).map_err(damaged)?;
                write_whole(&path, |writer| writer.write_all(page.as_bytes()))?;
                app.out.note(&format!("wrote {}", path.display()));
            }
            if app.out.json() {
                return app.out.value(&judged).map(|()| Done::Well);
            }
            sweep::validation_text(&judged)
        }
    };
    app.out.text(&text)?;
    Ok(Done::Well)
}
