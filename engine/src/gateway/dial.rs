//! Finds a gateway that speaks with us: over addresses, client ids and attempts.

use std::time::Duration;

use ibapi::subscriptions::NoticeStream;
use tokio::time::{Instant, sleep, timeout_at};

use super::{
    GatewayError, Settings,
    backoff::Backoff,
    session::{NoSession, Session},
};

/// After this time no further round over the addresses begins, when none ever answered.
const ROUNDS: Duration = Duration::from_secs(4);

/// The first connection: a few quick rounds over all addresses, within [`super::Limits::connect`].
///
/// `first_id` is where in the range of client ids to begin.
///
/// # Errors
/// The most telling of the reasons: a gateway that answers wrongly says more than one that is absent.
pub(super) async fn first(
    settings: &Settings,
    first_id: i32,
) -> Result<(Session, NoticeStream), GatewayError> {
    let limits = &settings.limits;
    let began = Instant::now();
    let deadline = began + limits.connect;
    let mut backoff = Backoff::new(limits.backoff_first, limits.backoff_most);
    let mut refused = 0;
    loop {
        let error = match round(settings, first_id, deadline).await {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        let passing =
            matches!(error, GatewayError::Unreachable { .. } | GatewayError::TurnedAway { .. });
        refused += 1;
        let wait = backoff.wait();
        if !passing || refused >= 3 || began.elapsed() + wait > ROUNDS.min(limits.connect) {
            return Err(error);
        }
        sleep(wait).await;
    }
}

/// The same gateway again, for as long as the user wants to wait from `lost` on. Another address is
/// never taken: it might be another account.
///
/// # Errors
/// [`GatewayError::Lost`] when it does not come back in time.
pub(super) async fn again(
    settings: &Settings,
    address: &str,
    first_id: i32,
    lost: Instant,
    backoff: &mut Backoff,
    mut reason: String,
) -> Result<(Session, NoticeStream), GatewayError> {
    let deadline = lost + settings.max_wait;
    loop {
        let wait = backoff.wait();
        if Instant::now() + wait >= deadline {
            return Err(GatewayError::Lost {
                address: address.to_owned(),
                waited_s: settings.max_wait.as_secs(),
                reason,
            });
        }
        sleep(wait).await;
        // An attempt that is begun may find out what is wrong, however little of the wait is left.
        let until = deadline.max(Instant::now() + settings.limits.dial);
        match at(settings, address, first_id, until).await {
            Ok(session) => return Ok(session),
            Err(error) => {
                tracing::info!(address, "not back yet: {error}");
                reason = error.to_string();
            }
        }
    }
}

/// Each address once.
async fn round(
    settings: &Settings,
    first_id: i32,
    deadline: Instant,
) -> Result<(Session, NoticeStream), GatewayError> {
    let mut errors = Vec::new();
    for address in &settings.addresses {
        match at(settings, address, first_id, deadline).await {
            Ok(session) => return Ok(session),
            Err(error) => errors.push(error),
        }
    }
    Err(most_telling(errors))
}

/// One address, with the first client id that is free.
async fn at(
    settings: &Settings,
    address: &str,
    first_id: i32,
    deadline: Instant,
) -> Result<(Session, NoticeStream), GatewayError> {
    let (first, last) = (*settings.client_ids.start(), *settings.client_ids.end());
    let ids = (first_id..=last).chain(first..first_id);
    for id in ids {
        let opened = timeout_at(deadline, Session::open(address, id, &settings.limits)).await;
        match opened {
            Ok(Ok(session)) => {
                tracing::info!(address, client_id = id, "connected to the gateway");
                return Ok(session);
            }
            Ok(Err(NoSession::ClientIdInUse)) => {
                tracing::info!(address, client_id = id, "the client id is in use; trying the next");
            }
            Ok(Err(NoSession::Failed(error))) => return Err(error),
            Err(_) => {
                let (address, stage) = (address.to_owned(), "from the first byte");
                return Err(GatewayError::Silent { address, stage });
            }
        }
    }
    Err(GatewayError::ClientIds { address: address.to_owned(), first, last })
}

/// Of several reasons the one that says most; those that say the least are put together.
fn most_telling(errors: Vec<GatewayError>) -> GatewayError {
    let absent = |error: &GatewayError| matches!(error, GatewayError::Unreachable { .. });
    if let Some(telling) = errors.iter().find(|error| !absent(error)) {
        return telling.clone();
    }
    let mut addresses = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    for error in errors {
        if let GatewayError::Unreachable { address, reason } = error {
            addresses.push(address);
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    GatewayError::Unreachable { address: addresses.join(" or "), reason: reasons.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absent(address: &str) -> GatewayError {
        GatewayError::Unreachable { address: address.to_owned(), reason: "refused".to_owned() }
    }

    #[test]
    fn a_gateway_that_answers_wrongly_says_more_than_one_that_is_absent() {
        let old = GatewayError::TooOld { address: "b:2".to_owned(), found: "176".to_owned() };
        assert_eq!(most_telling(vec![absent("a:1"), old.clone()]), old);
        let both = most_telling(vec![absent("a:1"), absent("b:2")]);
        assert_eq!(both.to_string(), "cannot reach a gateway at a:1 or b:2: refused");
    }
}
