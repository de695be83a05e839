//! `doctor`: looks at everything a backtest needs and says in plain words what is well and what is not.

mod connection;
mod database;
mod folders;
mod strategies;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Done, Outcome, app::App, gateway_args::GatewayArgs, table::table};
use crate::{
    error::{Code, Failure},
    ingest::sample::SAMPLES,
};

const EXAMPLES: &str = "\
Examples:
  algo-trader doctor
  algo-trader doctor database
  algo-trader doctor connection --gateway 127.0.0.1:7497
  algo-trader doctor --json";

/// Check that everything a backtest needs is there and works
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    #[command(subcommand)]
    part: Option<Part>,
}

/// A single part to look at.
#[derive(Debug, Subcommand)]
enum Part {
    /// The database alone: connects, writes and reads back, leaves nothing behind
    Database,
    /// The connection to the broker alone: connects, asks for a few bars
    Connection(GatewayArgs),
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// It works.
    Ok,
    /// It works, with something to know.
    Warning,
    /// It does not work.
    Failed,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    name: &'static str,
    verdict: Verdict,
    detail: String,
    help: Option<String>,
    #[serde(skip)]
    code: Option<Code>,
}

impl Check {
    pub(super) fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Ok, detail: detail.into(), help: None, code: None }
    }

    pub(super) fn warning(name: &'static str, detail: impl Into<String>, help: &str) -> Self {
        let help = Some(help.to_owned());
        Self { name, verdict: Verdict::Warning, detail: detail.into(), help, code: None }
    }

    pub(super) fn failed(name: &'static str, failure: Failure) -> Self {
        let Failure { code, message, help } = failure;
        Self { name, verdict: Verdict::Failed, detail: message, help, code: Some(code) }
    }
}

pub(super) async fn run(app: &App, args: &DoctorArgs) -> Outcome {
    let checks = match &args.part {
        Some(Part::Database) => database::checks(app).await,
        Some(Part::Connection(args)) => connection::checks(app, args).await?,
        None => {
            let mut checks = folders::checks(app);
            checks.push(configuration(app));
            checks.extend(strategies::checks(app));
            checks.push(sample());
            checks.extend(database::checks(app).await);
            checks
        }
    };
    show(app, &checks)
}

/// Prints the checks; the exit code is that of the first one that failed.
fn show(app: &App, checks: &[Check]) -> Outcome {
    let failed: Vec<&Check> = checks.iter().filter(|c| c.verdict == Verdict::Failed).collect();
    if app.out.json() {
        app.out.value(&serde_json::json!({ "well": failed.is_empty(), "checks": checks }))?;
    } else {
        let mut rows = Vec::new();
        for check in checks {
            let word = match check.verdict {
                Verdict::Ok => "ok",
                Verdict::Warning => "warning",
                Verdict::Failed => "FAILED",
            };
            rows.push(vec![word.to_owned(), check.name.to_owned(), check.detail.clone()]);
            if let Some(help) = &check.help {
                rows.push(vec![String::new(), String::new(), format!("help: {help}")]);
            }
        }
        let verdict = if failed.is_empty() {
            "all is well".to_owned()
        } else {
            let names: Vec<&str> = failed.iter().map(|check| check.name).collect();
            format!("{} of {} checks failed: {}", failed.len(), checks.len(), names.join(", "))
        };
        app.out.text(&format!("{}\n{verdict}", table(&rows)))?;
    }
    Ok(failed.first().and_then(|check| check.code).map_or(Done::Well, Done::With))
}

fn configuration(app: &App) -> Check {
    let path = app.home.strategies_toml();
    let shown = path.display();
    match app.config() {
        Ok(_) if !path.exists() => Check::ok("strategies.toml", "there is none, which is fine"),
        Ok(config) => Check::ok(
            "strategies.toml",
            format!(
                "{shown}: {} strategies, {} plugins",
                config.strategies.len(),
                config.plugins.len()
            ),
        ),
        Err(failure) => Check::failed("strategies.toml", failure),
    }
}

/// The bundled sample is part of the program; only a damaged build could have lost it.
fn sample() -> Check {
    let broken: Vec<&str> = SAMPLES
        .iter()
        .filter(|sample| !sample.csv().starts_with(b"timestamp,"))
        .map(|sample| sample.symbol)
        .collect();
    if !broken.is_empty() {
        let message = format!("the bundled bars of {} are damaged", broken.join(", "));
        return Check::failed("sample", Failure::new(Code::Data, message));
    }
    let shown = SAMPLES.iter().map(|sample| {
        let bars = sample.csv().iter().filter(|byte| **byte == b'\n').count().saturating_sub(1);
        format!("{} {} ({bars} bars)", sample.symbol, sample.resolution)
    });
    Check::ok("sample", shown.collect::<Vec<_>>().join(", "))
}
