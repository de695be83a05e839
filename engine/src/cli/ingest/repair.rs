//! `ingest --repair`: asks the broker again for what is missing of what is held.

use std::sync::Arc;

use super::{
    super::{Outcome, app::App},
    IngestArgs, fetch,
    status::{is_asked_for, none_held},
    summary::conclude,
};
use crate::{
    error::{Code, Failure},
    ingest::fetch::{FetchRequest, Wanted, of_source},
    store::{OpenMode, SeriesInfo, Store},
};

pub(super) async fn run(app: &App, args: &IngestArgs) -> Outcome {
    let symbols = args.symbols()?;
    let store: Arc<dyn Store> = app.store(OpenMode::ReadWrite).await?.into();
    let reports = async {
        let requests = requests(app, args, &*store, &symbols).await?;
        fetch::all(app, &args.gateway, &store, requests).await
    };
    let reports = reports.await;
    store.close().await;
    conclude(app, &reports?)
}

/// A request for each series that came from the broker.
async fn requests(
    app: &App,
    args: &IngestArgs,
    store: &dyn Store,
    symbols: &[String],
) -> Result<Vec<FetchRequest>, Failure> {
    let held = store.series_list().await?;
    let mut requests = Vec::new();
    for series in held.iter().filter(|series| is_asked_for(series, symbols, args.resolution())) {
        match request(args, series) {
            Some(request) => requests.push(request),
            None => app.out.note(&format!(
                "{} {} did not come from the broker (its source is '{}') and is left as it is",
                series.symbol, series.resolution, series.source
            )),
        }
    }
    if requests.is_empty() {
        return Err(none_held(symbols).unwrap_or_else(|| {
            Failure::new(Code::Data, "nothing is held that came from the broker")
                .help("algo-trader ingest -s AAPL -r 1d -d \"5 Y\"")
        }));
    }
    Ok(requests)
}

fn request(args: &IngestArgs, series: &SeriesInfo) -> Option<FetchRequest> {
    let (what, hours) = of_source(&series.source)?;
    let resolution = series.resolution.parse().ok()?;
    Some(FetchRequest {
        named: args.named(),
        what,
        hours,
        strict: args.is_strict(),
        ..FetchRequest::new(&series.symbol, resolution, Wanted::Missing)
    })
}
