//! A look at a gateway for `doctor connection`: what it is, whose it is, and whether it has data.
//!
//! Every step has its own short limit, so that the look takes 10 seconds at most, whatever is wrong.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use ibapi::subscriptions::NoticeStream;
use serde::Serialize;
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    BarsRequest, Contract, Farm, GatewayError, Hours, Limits, Settings, Span, SpanUnit, What,
    convert, dial,
    policy::{Verdict, verdict},
    question::{Bars, Details, Question},
    session::{NoAnswer, Session},
};

/// For finding a gateway, over all addresses.
const CONNECT: Duration = Duration::from_secs(5);
/// For the conversation before the first request, at one address.
const HANDSHAKE: Duration = Duration::from_secs(4);
/// For the notices that follow a connection.
const NOTICES: Duration = Duration::from_millis(700);
/// For the time.
const CLOCK: Duration = Duration::from_secs(1);
/// For one request.
const REQUEST: Duration = Duration::from_millis(1_500);
/// What is asked for as a trial.
const SYMBOL: &str = "SPY";

/// Whether orders would be real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trading {
    /// Play money.
    Paper,
    /// Real money.
    Live,
    /// The gateway names no account.
    Unknown,
}

/// What was found at a gateway.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// HOST:PORT.
    pub address: String,
    /// Version of its protocol.
    pub server_version: i32,
    /// Whether orders would be real.
    pub trading: Trading,
    /// The accounts, with all but their ends hidden.
    pub accounts: Vec<String>,
    /// The broker's services by name.
    pub farms: BTreeMap<String, Farm>,
    /// Whether the gateway has lost the broker.
    pub broker_away: bool,
    /// The broker's clock less ours, milliseconds; `None` when it did not say.
    pub skew_ms: Option<i64>,
    /// How many daily bars of [`Inspection::SYMBOL`] came, or why none did.
    pub history: Result<usize, GatewayError>,
}

impl Inspection {
    /// What is asked for as a trial.
    pub const SYMBOL: &'static str = SYMBOL;
}

/// Connects, looks and asks for a few bars, within 10 seconds.
///
/// # Errors
/// When no gateway can be connected to.
pub async fn inspect(settings: &Settings) -> Result<Inspection, GatewayError> {
    let limits = Limits {
        connect: CONNECT.min(settings.limits.connect),
        dial: settings.limits.dial.min(CONNECT / 2),
        handshake: settings.limits.handshake.min(HANDSHAKE),
        progress: settings.limits.progress.min(REQUEST),
        ..settings.limits
    };
    let settings = Settings { limits, ..settings.clone() };
    let (session, mut notices) = dial::first(&settings, *settings.client_ids.start()).await?;
    heed(&session, &mut notices).await;
    let asked = timeout(CLOCK, session.client.server_time()).await;
    let skew_ms = asked.ok().and_then(Result::ok).and_then(|theirs| {
        let ours = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
        // Their clock shows whole seconds, so half of one is to be expected.
        let theirs = i64::try_from(theirs.unix_timestamp_nanos() / 1_000_000).ok()? + 500;
        Some(theirs - i64::try_from(ours.as_millis()).ok()?)
    });
    let history = history(&session, limits.progress).await;
    let accounts = session.client.handshake_managed_accounts();
    let health = session.health().clone();
    let inspection = Inspection {
        address: session.address.clone(),
        server_version: session.client.server_version(),
        trading: trading(accounts),
        accounts: accounts.iter().map(|account| masked(account)).collect(),
        farms: health.farms().clone(),
        broker_away: health.is_down(),
        skew_ms,
        history,
    };
    session.close().await;
    Ok(inspection)
}

/// Takes the notices that come at the beginning: the state of the farms.
async fn heed(session: &Session, notices: &mut NoticeStream) {
    let until = Instant::now() + NOTICES;
    while let Ok(Some(notice)) = timeout_at(until, notices.next()).await {
        session.note(notice.code, &notice.message);
    }
}

/// Asks for five daily bars of an instrument that everybody knows.
async fn history(session: &Session, patience: Duration) -> Result<usize, GatewayError> {
    let asked = Contract::us_stock(SYMBOL);
    let found = once(session, &Details(&asked), patience).await?;
    let contract = found.first().map(|found| convert::known_contract(&asked, found));
    let request = BarsRequest {
        contract: contract.unwrap_or(asked),
        resolution: strategy_api::Resolution::Day1,
        end: None,
        span: Span { count: 5, unit: SpanUnit::D },
        what: What::Trades,
        hours: Hours::Regular,
    };
    Ok(once(session, &Bars(&request), patience).await?.bars.len())
}

/// Puts a question a single time.
async fn once<Q: Question>(
    session: &Session,
    question: &Q,
    patience: Duration,
) -> Result<Q::Reply, GatewayError> {
    let what = question.title();
    let asked = session.ask(question.put(&session.client), patience).await;
    asked.map_err(|no_answer| match no_answer {
        NoAnswer::Broker { code, text } => match verdict(code, &text) {
            Verdict::NoPermission => GatewayError::NoPermission { what, code, text },
            Verdict::CompetingSession => GatewayError::CompetingSession { what, code, text },
            _ => GatewayError::Refused { what, code, text },
        },
        NoAnswer::Stalled | NoAnswer::Forgotten => {
            GatewayError::NoProgress { what, waited_s: patience.as_secs().max(1), attempts: 1 }
        }
        NoAnswer::Ended => {
            GatewayError::BreaksOff { what, address: session.address.clone(), attempts: 1 }
        }
        NoAnswer::Garbled(reason) => GatewayError::Garbled { what, reason },
        NoAnswer::TooLarge => GatewayError::TooLarge { what },
        NoAnswer::UnknownZone(zone) => {
            GatewayError::Garbled { what, reason: format!("the time zone '{zone}' is not known") }
        }
    })
}

/// Accounts for play money begin with a D, as in DU or DF.
fn trading(accounts: &[String]) -> Trading {
    match accounts.iter().find(|account| !account.is_empty()) {
        None => Trading::Unknown,
        Some(account) if account.starts_with(['D', 'd']) => Trading::Paper,
        Some(_) => Trading::Live,
    }
}

/// The first two and last two characters of an account, of a short one only the first.
fn masked(account: &str) -> String {
    let characters: Vec<char> = account.chars().filter(|c| !c.is_control()).take(40).collect();
    match characters.as_slice() {
        [first, second, .., last_but_one, last] if characters.len() >= 6 => {
            format!("{first}{second}***{last_but_one}{last}")
        }
        [first, ..] => format!("{first}***"),
        [] => "***".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_show_their_ends_only() {
        assert_eq!(masked("DU1234567"), "DU***67");
        assert_eq!(masked("U12"), "U***");
        assert_eq!(masked(""), "***");
    }

    #[test]
    fn the_first_letter_tells_play_money_from_real_money() {
        let of = |name: &str| trading(&[name.to_owned()]);
        assert_eq!((of("DU1234567"), of("DF123")), (Trading::Paper, Trading::Paper));
        assert_eq!((of("U1234567"), of("F123")), (Trading::Live, Trading::Live));
        assert_eq!((trading(&[]), of("")), (Trading::Unknown, Trading::Unknown));
    }
}
