//! Answers requests for bars and for schedules.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use engine_core::calendar::{Calendar, DAY_NS};
use strategy_api::Resolution;
use tokio::time::Instant;

use super::{
    answer::{database, symbol_of},
    contracts::Listing,
    deliver::{self, Form},
    fault::{self, Flow, Kind, Target},
    log::Request,
    market::{Hours, Query, Quote, What},
    outbox::Gone,
    pacing::Paced,
    request::{self, Asked, HistoryRequest, Refusal},
    server::Shared,
    session::Session,
    source::Source,
    time,
    window::{self, Window},
    wire::{self, Contract, HistoricalBar, outgoing},
};

/// Begins to answer a request; what takes long goes on beside other requests.
pub(super) fn begin(session: &Arc<Session>, request: wire::HistoricalDataRequest) {
    let req_id = request.req_id.unwrap_or(0);
    note(session, req_id, &request);
    // Locked until it is entered, so that an answer cannot end before.
    let mut open = session.open.lock().unwrap_or_else(PoisonError::into_inner);
    let counted = OpenRequest::new(&session.shared);
    let task = tokio::spawn({
        let session = Arc::clone(session);
        async move {
            // A connection that is gone needs no answer.
            let _ = answer(&session, req_id, &request, counted.before).await;
            drop(counted);
            session.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&req_id);
        }
    });
    open.insert(req_id, task.abort_handle());
}

/// A request that is open until it is dropped, answered or not.
struct OpenRequest {
    shared: Arc<Shared>,
    /// How many were open before it.
    before: usize,
}

impl OpenRequest {
    fn new(shared: &Arc<Shared>) -> Self {
        let before = shared.open.fetch_add(1, Ordering::Relaxed);
        Self { shared: Arc::clone(shared), before }
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::Relaxed);
    }
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
    session: &Arc<Session>,
    req_id: i32,
    request: &wire::HistoricalDataRequest,
    open_before: usize,
) -> Result<(), Gone> {
    if let Err(refusal) = session.shared.pacer.check_open(open_before) {
        return session.error(req_id, &refusal).await;
    }
    let symbol = request.contract.as_ref().map(symbol_of).unwrap_or_default();
    let kinds = session.shared.plan.happens(Target::History, &symbol);
    if fault::before(session, req_id, &kinds).await? == Flow::Stop {
        return Ok(());
    }
    let kinds: Vec<Kind> = kinds.into_iter().filter(Kind::shapes_answer).collect();
    match plan(session, req_id, request, fault::widened(&kinds)).await {
        Err(Stopped::Gone) => Err(Gone),
        Err(Stopped::Refused(refusal)) => session.error(req_id, &refusal).await,
        Ok(planned) => match planned.request.asked {
            Asked::Schedule => schedule(session, req_id, &planned).await,
            Asked::Bars(_) => bars(session, req_id, &planned, &kinds).await,
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
    (overlap, stale): (usize, usize),
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
    let resolution = match read.asked {
        Asked::Bars(resolution) => resolution,
        Asked::Schedule => Resolution::Day1,
    };
    shared.pacer.check(Instant::now(), resolution, paced(request, &read, &listing))?;
    if shared.settings.limits {
        request::check_limits(&read, now)?;
    }
    let end = read.end.unwrap_or(now).min(now) - DAY_NS * i64::try_from(stale).unwrap_or(0);
    let listed = shared.source.listed(&listing.symbol).await.map_err(|error| database(&error))?;
    if !request::is_in_reach(end) {
        return Err(Refusal::no_data(&listing.symbol, "Trades").into());
    }
    let mut window = window::window(read.duration, end, read.hours, resolution, listed);
    if overlap > 0 {
        window.from = i64::MIN;
        let sessions = u32::try_from(overlap + 1).unwrap_or(u32::MAX);
        window.sessions.0 = window::sessions_back(sessions, window.sessions.0, listed);
    }
    Ok(Planned { request: read, listing, window, now })
}

/// What the limits on the rate of requests look at.
fn paced(request: &wire::HistoricalDataRequest, read: &HistoryRequest, listing: &Listing) -> Paced {
    let exchange = request.contract.as_ref().and_then(|contract| contract.exchange.clone());
    let contract = format!("{} {exchange:?} {:?}", listing.con_id(), read.what);
    let whole = format!(
        "{contract} {:?} {:?} {:?} {:?} {:?}",
        request.bar_size, request.duration, request.end_date_time, read.hours, read.epoch
    );
    Paced { whole, contract, twice: read.what == What::BidAsk }
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

async fn bars(
    session: &Session,
    req_id: i32,
    planned: &Planned,
    kinds: &[Kind],
) -> Result<(), Gone> {
    let Asked::Bars(resolution) = planned.request.asked else { return Ok(()) };
    let query = query(planned, resolution);
    let stream = match session.shared.source.bars(&query).await {
        Ok(stream) => stream,
        Err(error) => return session.error(req_id, &database(&error)).await,
    };
    let form = Form { resolution, epoch: planned.request.epoch };
    let no_data = || Refusal::no_data(&planned.listing.symbol, what_word(&query));
    let end = end(req_id, planned);
    if kinds.is_empty() {
        return match deliver::stream(session, req_id, stream, form).await? {
            true => session.send(outgoing::HISTORICAL_DATA_END, &end).await,
            false => session.error(req_id, &no_data()).await,
        };
    }
    let quotes: Vec<Quote> = stream.flatten().collect();
    let Some(last) = quotes.last().map(|quote| quote.ts) else {
        return session.error(req_id, &no_data()).await;
    };
    let mut bars: Vec<HistoricalBar> = quotes.iter().map(|quote| form.bar(quote)).collect();
    let base = if resolution.is_intraday() { query.now.max(last) } else { last };
    fault::tamper(&mut bars, kinds, |steps| form.later(base, steps));
    deliver::faulty(session, req_id, &bars, end, kinds).await
}

fn query(planned: &Planned, resolution: Resolution) -> Query {
    Query {
        symbol: planned.listing.symbol.clone(),
        has_volume: !planned.listing.index,
        resolution,
        hours: planned.request.hours,
        what: planned.request.what,
        sessions: planned.window.sessions,
        from: planned.window.from,
        to: planned.window.to,
        now: planned.now,
    }
}

fn what_word(query: &Query) -> &'static str {
    match query.what {
        What::Trades => "Trades",
        What::AdjustedLast => "Adjusted_Last",
        What::Midpoint => "Midpoint",
        What::Bid => "Bid",
        What::Ask => "Ask",
        What::BidAsk => "Bid_Ask",
    }
}

fn end(req_id: i32, planned: &Planned) -> wire::HistoricalDataEnd {
    wire::HistoricalDataEnd {
        req_id: Some(req_id),
        start: Some(time::with_zone(planned.window.header)),
        end: Some(time::with_zone(planned.window.to)),
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
