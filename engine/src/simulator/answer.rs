//! Which message is which request, and the short answers.

use std::sync::{Arc, PoisonError};

use engine_core::calendar::SECOND_NS;
use prost::Message;

use super::{
    contracts,
    fault::{Flow, Target, before},
    history,
    log::Request,
    market::Hours,
    outbox::{Gone, Outbox},
    request::{Refusal, what_to_show},
    server::Shared,
    session::Session,
    time, window,
    wire::{self, Contract, incoming, outgoing},
};

/// Answers one request.
///
/// # Errors
/// When the connection is gone.
pub(super) async fn answer(session: &Arc<Session>, number: u32, body: &[u8]) -> Result<(), Gone> {
    match number {
        incoming::REQ_HISTORICAL_DATA => match wire::HistoricalDataRequest::decode(body) {
            Ok(request) => {
                history::begin(session, request);
                Ok(())
            }
            Err(_) => unread(session, number),
        },
        incoming::CANCEL_HISTORICAL_DATA => match wire::RequestId::decode(body) {
            Ok(request) => cancel(session, request.req_id.unwrap_or(0)).await,
            Err(_) => unread(session, number),
        },
        incoming::REQ_HEAD_TIMESTAMP => match wire::HeadTimestampRequest::decode(body) {
            Ok(request) => head(session, &request).await,
            Err(_) => unread(session, number),
        },
        incoming::REQ_CONTRACT_DATA => match wire::ContractDataRequest::decode(body) {
            Ok(request) => contract(session, &request).await,
            Err(_) => unread(session, number),
        },
        incoming::REQ_MATCHING_SYMBOLS => match wire::RequestText::decode(body) {
            Ok(request) => matching(session, &request).await,
            Err(_) => unread(session, number),
        },
        incoming::REQ_ACCOUNT_SUMMARY => match wire::AccountSummaryRequest::decode(body) {
            Ok(request) => summary(session, &request).await,
            Err(_) => unread(session, number),
        },
        _ => without_fields(session, number).await,
    }
}

/// The requests whose fields do not matter, and those that are not known.
async fn without_fields(session: &Arc<Session>, number: u32) -> Result<(), Gone> {
    match number {
        incoming::REQ_CURRENT_TIME | incoming::REQ_CURRENT_TIME_IN_MILLIS => {
            session.note(None, Request::Time);
            let kinds = session.shared.plan.happens(Target::Time, "");
            if before(session, -1, &kinds).await? == Flow::Stop {
                return Ok(());
            }
            let now = session.shared.clock.now();
            let (number, unit) = if number == incoming::REQ_CURRENT_TIME {
                (outgoing::CURRENT_TIME, SECOND_NS)
            } else {
                (outgoing::CURRENT_TIME_IN_MILLIS, SECOND_NS / 1000)
            };
            session.send(number, &wire::Number { value: Some(now / unit) }).await
        }
        incoming::REQ_MANAGED_ACCOUNTS => {
            session.note(None, Request::Account);
            accounts(session).await
        }
        incoming::REQ_IDS => next_id(session).await,
        incoming::REQ_POSITIONS => {
            session.note(None, Request::Account);
            session.send(outgoing::POSITION_END, &wire::Empty {}).await
        }
        // Their requests are answered at once, so there is nothing left to cancel.
        incoming::CANCEL_ACCOUNT_SUMMARY
        | incoming::CANCEL_POSITIONS
        | incoming::CANCEL_HEAD_TIMESTAMP
        | incoming::CANCEL_CONTRACT_DATA => Ok(()),
        _ => unread(session, number),
    }
}

fn unread(session: &Session, number: u32) -> Result<(), Gone> {
    session.ignore(number + wire::PROTOBUF_OFFSET);
    Ok(())
}

/// Sends an error or a notice; -1 stands for no request.
///
/// # Errors
/// When the connection is gone.
pub(super) async fn error(
    out: &Outbox,
    shared: &Shared,
    req_id: i32,
    refusal: &Refusal,
) -> Result<(), Gone> {
    let message = wire::ErrorMessage {
        id: Some(req_id),
        time_ms: Some(shared.clock.now() / (SECOND_NS / 1000)),
        code: Some(refusal.code),
        text: Some(refusal.text.clone()),
    };
    out.send(outgoing::ERROR, &message).await
}

/// Tells the accounts.
///
/// # Errors
/// When the connection is gone.
pub(super) async fn accounts(session: &Session) -> Result<(), Gone> {
    let accounts = Some(session.shared.account());
    session.send(outgoing::MANAGED_ACCOUNTS, &wire::ManagedAccounts { accounts }).await
}

/// Tells the next order id.
///
/// # Errors
/// When the connection is gone.
pub(super) async fn next_id(session: &Session) -> Result<(), Gone> {
    session.send(outgoing::NEXT_VALID_ID, &wire::Number { value: Some(1) }).await
}

async fn cancel(session: &Session, req_id: i32) -> Result<(), Gone> {
    session.note(Some(req_id), Request::CancelHistory);
    let task = session.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&req_id);
    let Some(task) = task else {
        let text = format!("No historical data query found for ticker id:{req_id}");
        return session.error(req_id, &Refusal::new(366, text)).await;
    };
    task.abort();
    let text = format!("API historical data query cancelled: {req_id}");
    session.error(req_id, &Refusal::history(&text)).await
}

/// The symbol of a contract as the client wrote it.
pub(super) fn symbol_of(contract: &Contract) -> String {
    contract.symbol.clone().or_else(|| contract.local_symbol.clone()).unwrap_or_default()
}

/// The database behind the simulator failed: the client is told as the broker tells of its own faults.
pub(super) fn database(error: &crate::store::StoreError) -> Refusal {
    tracing::error!(%error, "the database cannot be read");
    Refusal::history("HMDS server connection was lost")
}

async fn contract(session: &Arc<Session>, request: &wire::ContractDataRequest) -> Result<(), Gone> {
    let req_id = request.req_id.unwrap_or(0);
    let asked = request.contract.clone().unwrap_or_default();
    let symbol = symbol_of(&asked);
    let kinds = session.shared.plan.happens(Target::Contract, &symbol);
    session.note(Some(req_id), Request::Contract { symbol });
    if before(session, req_id, &kinds).await? == Flow::Stop {
        return Ok(());
    }
    let found = match session.shared.source.listings(&asked).await {
        Ok(found) if found.is_empty() => Err(Refusal::unknown_contract()),
        Ok(found) => Ok(found),
        Err(error) => Err(database(&error)),
    };
    match found {
        Err(refusal) => session.error(req_id, &refusal).await,
        Ok(found) => {
            let now = session.shared.clock.now();
            for listing in found {
                session.send(outgoing::CONTRACT_DATA, &listing.data(req_id, now)).await?;
            }
            let end = wire::RequestId { req_id: Some(req_id) };
            session.send(outgoing::CONTRACT_DATA_END, &end).await
        }
    }
}

async fn head(session: &Arc<Session>, request: &wire::HeadTimestampRequest) -> Result<(), Gone> {
    let req_id = request.req_id.unwrap_or(0);
    let asked = request.contract.clone().unwrap_or_default();
    let symbol = symbol_of(&asked);
    let kinds = session.shared.plan.happens(Target::Head, &symbol);
    session.note(Some(req_id), Request::Head { symbol });
    if before(session, req_id, &kinds).await? == Flow::Stop {
        return Ok(());
    }
    match head_text(session, request, &asked).await {
        Err(refusal) => session.error(req_id, &refusal).await,
        Ok(text) => {
            let answer = wire::RequestText { req_id: Some(req_id), text: Some(text) };
            session.send(outgoing::HEAD_TIMESTAMP, &answer).await
        }
    }
}

async fn head_text(
    session: &Session,
    request: &wire::HeadTimestampRequest,
    asked: &Contract,
) -> Result<String, Refusal> {
    what_to_show(request.what_to_show.as_deref().unwrap_or(""))?;
    let source = &session.shared.source;
    let listing = history::one(source, asked).await?;
    let listed = source.listed(&listing.symbol).await.map_err(|error| database(&error))?;
    let hours = if request.use_rth.unwrap_or(false) { Hours::Regular } else { Hours::Extended };
    let (open, _) = window::trading(listed, hours).unwrap_or((0, 0));
    Ok(match request.format_date {
        Some(2) => (open / SECOND_NS).to_string(),
        _ => time::dashed_utc(open),
    })
}

async fn matching(session: &Session, request: &wire::RequestText) -> Result<(), Gone> {
    let pattern = request.text.clone().unwrap_or_default();
    session.note(request.req_id, Request::Matching { pattern });
    let descriptions = contracts::matching(request)
        .into_iter()
        .map(|contract| wire::ContractDescription { contract: Some(contract) })
        .collect();
    let samples = wire::SymbolSamples { req_id: request.req_id, descriptions };
    session.send(outgoing::SYMBOL_SAMPLES, &samples).await
}

/// The figures of an account that holds a million dollars and nothing else.
async fn summary(session: &Session, request: &wire::AccountSummaryRequest) -> Result<(), Gone> {
    session.note(request.req_id, Request::Account);
    let tags = request.tags.clone().unwrap_or_default();
    for tag in tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        let (value, currency) = match tag {
            "AccountType" => ("INDIVIDUAL", ""),
            "Cushion" => ("1", ""),
            "GrossPositionValue" | "InitMarginReq" | "MaintMarginReq" => ("0.00", "USD"),
            _ => ("1000000.00", "USD"),
        };
        let figure = wire::AccountSummary {
            req_id: request.req_id,
            account: Some(session.shared.account()),
            tag: Some(tag.to_owned()),
            value: Some(value.to_owned()),
            currency: Some(currency.to_owned()),
        };
        session.send(outgoing::ACCOUNT_SUMMARY, &figure).await?;
    }
    session.send(outgoing::ACCOUNT_SUMMARY_END, &wire::RequestId { req_id: request.req_id }).await
}
