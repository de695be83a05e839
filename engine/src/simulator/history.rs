//! Answers requests for bars and for schedules.

use std::sync::{Arc, PoisonError};

use engine_core::calendar::{Calendar, SECOND_NS, utc_date};

use super::{
    answer::{database, symbol_of},
    contracts::Listing,
    log::Request,
    market::{Hours, Query, Quote},
    outbox::{Gone, Out},
    request::{self, Asked, HistoryRequest, Refusal},
    session::Session,
    source::Source,
    time,
    window::{self, Window},
    wire::{self, AnswerFrame, Contract, HistoricalBar, outgoing},
};

/// Begins to answer a request; what takes long goes on beside other requests.
pub(super) fn begin(session: &Arc<Session>, request: wire::HistoricalDataRequest) {
    let req_id = request.req_id.unwrap_or(0);
    note(session, req_id, &request);
    // Locked until it is entered, so that an answer cannot end before.
    let mut open = session.open.lock().unwrap_or_else(PoisonError::into_inner);
    let task = tokio::spawn({
        let session = Arc::clone(session);
        async move {
            // A connection that is gone needs no answer.
            let _ = answer(&session, req_id, &request).await;
            session.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&req_id);
        }
    });
    open.insert(req_id, task.abort_handle());
}

fn note(session: &Session, req_id: i32, request: &wire::HistoricalDataRequest) {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    session.note(
        Some(req_id),
        Request::History {
            symbol: request.contract.as_ref().map(symbol_of).unwrap_or_default(),
            bar_size: text(&request.bar_size),
            duration: text(&request.duration),
            end: text(&request.end_date_time),
            what: text(&request.what_to_show),
            regular_hours: request.use_rth.unwrap_or(false),
        },
    );
}

async fn answer(
    session: &Session,
    req_id: i32,
    request: &wire::HistoricalDataRequest,
) -> Result<(), Gone> {
    match plan(session, req_id, request).await {
        Err(Stopped::Gone) => Err(Gone),
        Err(Stopped::Refused(refusal)) => session.error(req_id, &refusal).await,
        Ok(planned) => match planned.request.asked {
            Asked::Schedule => schedule(session, req_id, &planned).await,
            Asked::Bars(_) => bars(session, req_id, &planned).await,
        },
    }
}

/// Why there are no bars.
enum Stopped {
    Refused(Refusal),
    Gone,
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Gone> for Stopped {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// A request whose contract and window are known.
struct Planned {
    request: HistoryRequest,
    listing: Listing,
    window: Window,
    now: i64,
}

/// Reads a request and finds out what it means.
async fn plan(
    session: &Session,
    req_id: i32,
    request: &wire::HistoricalDataRequest,
) -> Result<Planned, Stopped> {
    let shared = &session.shared;
    let now = shared.clock.now();
    let read = request::read(request)?;
    if read.end_without_zone {
        let text = "Warning: You submitted a request with a date-time attribute without an explicit time zone; the zone of the instrument is taken.";
        session.error(req_id, &Refusal::new(2174, text)).await?;
    }
    let asked = request.contract.clone().unwrap_or_default();
    let listing = one(&shared.source, &asked).await?;
    if shared.settings.limits {
        request::check_limits(&read, now)?;
    }
    let end = read.end.unwrap_or(now).min(now);
    let listed = shared.source.listed(&listing.symbol).await.map_err(|error| database(&error))?;
    let resolution = match read.asked {
        Asked::Bars(resolution) => resolution,
        Asked::Schedule => strategy_api::Resolution::Day1,
    };
    if !request::is_in_reach(end) {
        return Err(Refusal::no_data(&listing.symbol, "Trades").into());
    }
    let window = window::window(read.duration, end, read.hours, resolution, listed);
    Ok(Planned { request: read, listing, window, now })
}

/// The one contract that a client means.
///
/// # Errors
/// When it is unknown or ambiguous.
pub(super) async fn one(source: &Source, asked: &Contract) -> Result<Listing, Refusal> {
    let mut found = source.listings(asked).await.map_err(|error| database(&error))?;
    match found.len() {
        0 => Err(Refusal::unknown_contract()),
        1 => Ok(found.remove(0)),
        _ => Err(Refusal::ambiguous(&symbol_of(asked))),
    }
}

async fn bars(session: &Session, req_id: i32, planned: &Planned) -> Result<(), Gone> {
    let Asked::Bars(resolution) = planned.request.asked else { return Ok(()) };
    let query = Query {
        symbol: planned.listing.symbol.clone(),
        has_volume: !planned.listing.index,
        resolution,
        hours: planned.request.hours,
        what: planned.request.what,
        sessions: planned.window.sessions,
        from: planned.window.from,
        to: planned.window.to,
        now: planned.now,
    };
    let stream = match session.shared.source.bars(&query).await {
        Ok(stream) => stream,
        Err(error) => return session.error(req_id, &database(&error)).await,
    };
    let intraday = resolution.is_intraday();
    let mut frame = AnswerFrame::new(req_id);
    let mut any = false;
    for portion in stream {
        for quote in portion {
            any = true;
            if let Some(full) = frame.push(&written(&quote, intraday, planned.request.epoch)) {
                session.out.put(Out::Bytes(full)).await?;
            }
        }
        // A long answer lets others have their turn.
        tokio::task::yield_now().await;
    }
    if !any {
        let refusal = Refusal::no_data(&planned.listing.symbol, what_word(&query));
        return session.error(req_id, &refusal).await;
    }
    session.out.put(Out::Bytes(frame.take())).await?;
    end(session, req_id, planned).await
}

fn what_word(query: &Query) -> &'static str {
    use super::market::What;
    match query.what {
        What::Trades => "Trades",
        What::AdjustedLast => "Adjusted_Last",
        What::Midpoint => "Midpoint",
        What::Bid => "Bid",
        What::Ask => "Ask",
        What::BidAsk => "Bid_Ask",
    }
}

async fn end(session: &Session, req_id: i32, planned: &Planned) -> Result<(), Gone> {
    let end = wire::HistoricalDataEnd {
        req_id: Some(req_id),
        start: Some(time::with_zone(planned.window.header)),
        end: Some(time::with_zone(planned.window.to)),
    };
    session.send(outgoing::HISTORICAL_DATA_END, &end).await
}

/// A bar as it travels.
fn written(quote: &Quote, intraday: bool, epoch: bool) -> HistoricalBar {
    let date = match (intraday, epoch) {
        (false, _) => time::compact(utc_date(quote.ts)),
        (true, true) => (quote.ts / SECOND_NS).to_string(),
        (true, false) => time::with_zone(quote.ts),
    };
    let average = (quote.high + quote.low + quote.close) / 3.0;
    let trades = quote.volume.map_or(-1, |volume| (volume / 120.0).ceil().min(1e9) as i32);
    let (volume, wap) = match quote.volume {
        Some(volume) => (volume.to_string(), format!("{average:.3}")),
        None => ("-1".to_owned(), "-1".to_owned()),
    };
    HistoricalBar {
        date: Some(date),
        open: Some(quote.open),
        high: Some(quote.high),
        low: Some(quote.low),
        close: Some(quote.close),
        volume: Some(volume),
        wap: Some(wap),
        count: Some(trades),
    }
}

async fn schedule(session: &Session, req_id: i32, planned: &Planned) -> Result<(), Gone> {
    let (first, last) = planned.window.sessions;
    let hours = planned.request.hours;
    let sessions = Calendar::Nyse.sessions(first, last).filter_map(|date| {
        let (open, close) = window::trading(date, hours)?;
        Some(wire::ScheduleSession {
            start: Some(time::dashed_new_york(open)),
            end: Some(time::dashed_new_york(close)),
            reference_date: Some(time::compact(date)),
        })
    });
    let bound = |date, end: bool| {
        let bounds = window::trading(date, Hours::Regular);
        let (open, close) = bounds.unwrap_or((planned.window.header, planned.window.to));
        Some(time::dashed_new_york(if end { close } else { open }))
    };
    let answer = wire::HistoricalSchedule {
        req_id: Some(req_id),
        start: bound(Calendar::Nyse.session_from(first), false),
        end: bound(last, true),
        time_zone: Some(time::ZONE.to_owned()),
        sessions: sessions.collect(),
    };
    session.send(outgoing::HISTORICAL_SCHEDULE, &answer).await
}
