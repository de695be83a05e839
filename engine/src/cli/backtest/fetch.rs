//! `--auto-fetch`: brings the bars of the run up to date before it begins.

use std::sync::Arc;

use super::{
    super::{app::App, ingest},
    BacktestArgs,
};
use crate::{
    error::{Code, Failure},
    gateway::{Span, SpanUnit},
    ingest::{
        fetch::{FetchReport, FetchRequest, Need, Wanted, need},
        sample,
    },
    report::number::count,
    store::Store,
};

/// How far back is fetched when nothing is said of it.
const USUAL: Span = Span { count: 5, unit: SpanUnit::Y };

/// Fetches what is missing or stale of each symbol, when that is asked for.
///
/// # Errors
/// When the broker cannot be reached, unless the user is content with what is held.
pub(super) async fn what_is_missing(
    app: &App,
    args: &BacktestArgs,
    store: &Arc<dyn Store>,
) -> Result<(), Failure> {
    if !args.auto_fetch {
        return Ok(());
    }
    for symbol in &args.symbol {
        let wanted = Wanted::Span(args.fetch_duration.unwrap_or(USUAL));
        let request = FetchRequest::new(symbol, args.rules.resolution, wanted);
        let name = format!("{symbol} {}", args.rules.resolution);
        let need = need(&**store, &request, ingest::now()).await?;
        match &need {
            Need::None => {
                app.out.note(&format!("{name} is held and current: nothing was fetched"));
                continue;
            }
            Need::OtherSource(source) if source != sample::SOURCE => {
                return Err(other_source(symbol, &name, source));
            }
            _ => {}
        }
        match ingest::fetch_one(app, &args.gateway, store, request).await {
            Ok(report) => told(app, &name, &report),
            Err(failure) if failure.code == Code::Gateway && args.offline_ok => {
                app.out.note(&format!("{name}: {}", failure.message));
                app.out.note(&format!("{name}: runs on what is held (--offline-ok)"));
            }
            Err(failure) if failure.code == Code::Gateway && need != Need::All => {
                let held = "or run on what is held: --offline-ok";
                let help =
                    failure.help.as_deref().map_or(held.to_owned(), |h| format!("{h}; {held}"));
                return Err(failure.clone().help(help));
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

fn told(app: &App, name: &str, report: &FetchReport) {
    let FetchReport { new, changed, rejected, missing, .. } = report;
    let mut text = format!(
        "{name}: {} {} fetched, {} changed",
        count(*new),
        if *new == 1 { "bar" } else { "bars" },
        count(*changed)
    );
    for (n, what) in [(rejected, "rejected"), (missing, "missing")] {
        if *n > 0 {
            text.push_str(&format!(", {} {what}", count(*n)));
        }
    }
    app.out.note(&text);
    report.notes.iter().for_each(|note| app.out.note(&format!("{name}: {note}")));
}

fn other_source(symbol: &str, name: &str, source: &str) -> Failure {
    Failure::new(
        Code::Data,
        format!("{name} is held from another source ('{source}'): it is not mixed with bars of the broker"),
    )
    .help(format!(
        "run without --auto-fetch, or replace it first: algo-trader ingest -s '{symbol}' --replace -d \"5 Y\""
    ))
}
