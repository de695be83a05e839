//! Gets the bars of a command: from the database, made of finer ones if need be, or else from the bundled
//! sample, and says so.

use strategy_api::Resolution;

use super::{app::App, ingest::now};
use crate::{
    error::{Code, Failure},
    feed::{self, Cache, FeedError, Found},
    ingest::sample::{self, SAMPLES},
    store::Store,
};

/// The final bars of a symbol.
///
/// # Errors
/// When neither the database nor the sample has any, or the database fails.
pub(super) async fn obtain(
    app: &App,
    store: &dyn Store,
    symbol: &str,
    resolution: Resolution,
) -> Result<Found, Failure> {
    let cache = Cache::new(app.home.cache(), &app.database);
    match feed::load_or_make(store, &cache, symbol, resolution).await {
        Ok(found) => Ok(found),
        Err(error @ FeedError::NoBars { .. }) => {
            let Some(sample) = sample::find(symbol, resolution) else {
                let near = near(store, symbol).await;
                return Err(missing(&error, symbol, resolution, near.as_deref()));
            };
            sample.load(store, now()).await?;
            let (first, last) = sample.sessions;
            app.out.note(&format!(
                "{symbol} {resolution} was not in the database: loaded the bundled sample, {first} to \
                 {last}, {} prices",
                sample.prices.name()
            ));
            let file = feed::load(store, &cache, symbol, resolution).await?;
            Ok(Found { file, made_of: None })
        }
        Err(error) => Err(error.into()),
    }
}

/// The bars of a symbol if the database holds them or what they are made of; none if not.
///
/// # Errors
/// When the database fails.
pub(super) async fn held(
    app: &App,
    store: &dyn Store,
    symbol: &str,
    resolution: Resolution,
) -> Result<Option<Found>, Failure> {
    let cache = Cache::new(app.home.cache(), &app.database);
    match feed::load_or_make(store, &cache, symbol, resolution).await {
        Ok(found) => Ok(Some(found)),
        Err(FeedError::NoBars { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The symbol with bars, held or bundled, that was probably meant.
async fn near(store: &dyn Store, symbol: &str) -> Option<String> {
    let held = store.series_list().await.unwrap_or_default();
    let held = held.into_iter().filter(|series| series.bars > 0).map(|series| series.symbol);
    let known = held.chain(SAMPLES.iter().map(|sample| sample.symbol.to_owned()));
    let wanted = symbol.to_uppercase();
    let alike = |other: &String| strsim::jaro_winkler(&wanted, &other.to_uppercase());
    let best =
        known.filter(|other| other != symbol).max_by(|a, b| alike(a).total_cmp(&alike(b)))?;
    (alike(&best) >= 0.8).then_some(best)
}

/// The error of a symbol that nobody has, with the ways to get it.
fn missing(error: &FeedError, symbol: &str, resolution: Resolution, near: Option<&str>) -> Failure {
    let symbol = shell_word(symbol);
    let meant =
        near.map_or_else(String::new, |near| format!("did you mean {}? ", shell_word(near)));
    let bundled: Vec<&str> = SAMPLES.iter().map(|sample| sample.symbol).collect();
    Failure::new(Code::Data, error.to_string()).help(format!(
        "{meant}{} are bundled (1d); from a file with --from-csv, or from the broker: \
         algo-trader ingest -s {symbol} -r {resolution} -d \"5 Y\"",
        bundled.join(", ")
    ))
}

/// A text as one word of a shell.
pub(super) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "./_-^=:,+@%".contains(c);
    if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
