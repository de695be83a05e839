//! `runs`: the backtests that the database keeps.

use clap::{Args, Subcommand};

use super::{Done, Outcome, app::App};
use crate::{
    error::{Code, Failure},
    report,
    store::{OpenMode, RunRecord, Store, StoreError},
};

const EXAMPLES: &str = "\
Examples:
  algo-trader runs list
  algo-trader runs list --limit 100 --json
  algo-trader runs show 3f2a";

/// List or show the backtests that were kept
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RunsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The last runs, newest first
    List {
        /// How many at most
        #[arg(long, value_name = "NUMBER", default_value_t = 20)]
        limit: u32,
    },
    /// One run with its figures
    Show {
        /// The run's id, or its beginning as far as it is unique
        #[arg(value_name = "ID", value_parser = id)]
        id: String,
    },
}

/// An id or its beginning: hexadecimal digits.
fn id(text: &str) -> Result<String, super::value::Invalid> {
    let is_hex =
        !text.is_empty() && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hex {
        return Ok(text.to_ascii_lowercase());
    }
    Err(super::value::Invalid {
        reason: "an id is 1 to 64 hexadecimal digits".to_owned(),
        help: "algo-trader runs list".to_owned(),
    })
}

pub(super) async fn run(app: &App, args: &RunsArgs) -> Outcome {
    match &args.action {
        Action::List { limit } => list(app, *limit).await,
        Action::Show { id } => show(app, id).await,
    }
}

/// What is kept; a database that was never made keeps nothing.
async fn kept<T: Default>(
    app: &App,
    read: impl AsyncFnOnce(&dyn Store) -> Result<T, StoreError>,
) -> Result<T, Failure> {
    if app.sqlite_file().is_some_and(|path| !path.exists()) {
        return Ok(T::default());
    }
    let store = app.store(OpenMode::ReadOnly).await?;
    let found = read(&*store).await;
    store.close().await;
    Ok(found?)
}

async fn list(app: &App, limit: u32) -> Outcome {
    let runs = kept(app, async |store| store.runs(limit).await).await?;
    if app.out.json() {
        app.out.value(&report::runs::listed(&runs))?;
    } else {
        app.out.text(&report::runs::table(&runs))?;
    }
    Ok(Done::Well)
}

async fn show(app: &App, id: &str) -> Outcome {
    let mut found: Vec<RunRecord> = kept(app, async |store| store.run(id).await).await?;
    let run = match (found.pop(), found.is_empty()) {
        (Some(run), true) => run,
        (Some(_), false) => {
            return Err(Failure::new(Code::Usage, format!("more than one run begins with {id}"))
                .help("algo-trader runs list, then more digits of the id"));
        }
        (None, _) => {
            return Err(Failure::new(Code::Data, format!("no kept run begins with {id}"))
                .help("algo-trader runs list"));
        }
    };
    let report = report::runs::read(&run.id, &run.result)?;
    if app.out.json() {
        let lists = report::record::decode(&run.columns)?;
        app.out.styled(&report::full(&report, &lists))?;
    } else {
        app.out.text(&report::summary(&report))?;
    }
    Ok(Done::Well)
}
