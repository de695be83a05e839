//! Looks before anything is asked for: what the instrument is, what is held of it, and whether what is
//! wanted fits to that.

use super::{
    Fetcher, Watch,
    answer::Sound,
    identity::{self, Known},
    ledger,
    plan::{Ask, Chunk, plan},
    request::{FetchRequest, usual_calendar},
    sessions::Market,
    window::{Wanted, Window, period_window, span_window, usual_span},
};
use crate::{
    gateway::{Contract, Scope, Span, SpanUnit},
    ingest::{IngestError, check_symbol, sample},
    store::{Coverage, Listing, Reject, SeriesInfo, SeriesKey},
};
use engine_core::{
    calendar::{Calendar, DAY_NS, Gap},
    instrument::Instrument,
};
use std::sync::atomic::{AtomicU64, Ordering};

/// From how far back on the broker is asked where its history begins.
const HEAD_MATTERS_NS: i64 = 35 * DAY_NS;

/// One symbol that is being fetched.
pub(super) struct Job<'a> {
    pub(super) request: &'a FetchRequest,
    pub(super) contract: Contract,
    pub(super) market: Market,
    pub(super) key: SeriesKey,
    /// What the instrument was listed as when it began.
    pub(super) listed: Option<Listing>,
    /// The broker's clock when it began, nanoseconds UTC.
    pub(super) now: i64,
    /// What was held when it began, bars of it at least one.
    pub(super) held: Option<SeriesInfo>,
    /// Intervals that were asked for and answered.
    pub(super) covered: Vec<(i64, i64)>,
    /// Missing bars that are asked for again.
    pub(super) again: Vec<Gap>,
    pub(super) window: Option<Window>,
    pub(super) head: Option<i64>,
    pub(super) replacing: Option<Replacing>,
    /// Requests for bars so far, those that were in vain included.
    pub(super) asked: AtomicU64,
}

/// Why all of a series is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Replacing {
    /// It is the bundled sample.
    Sample,
    /// The user wants it so; what was held came from this source.
    Asked(String),
}

impl Job<'_> {
    /// The requests to make.
    pub(super) fn plan(&self) -> Result<Vec<Chunk>, IngestError> {
        let Some(window) = self.window else { return Ok(Vec::new()) };
        self.plan_of(window, &self.covered, &self.again_days())
    }

    fn plan_of(
        &self,
        window: Window,
        covered: &[(i64, i64)],
        again: &[(i64, i64)],
    ) -> Result<Vec<Chunk>, IngestError> {
        let (market, what, now, head) = (self.market, self.request.what, self.now, self.head);
        let is_forward = self.is_forward();
        Ok(plan(&Ask { market, what, now, window, covered, again, head, is_forward })?)
    }

    /// Whether a new series begins with its oldest bars.
    pub(super) fn is_forward(&self) -> bool {
        self.request.wanted == Wanted::New && self.held.is_none()
    }

    /// Counts requests for bars.
    pub(super) fn count(&self, requests: u32) {
        self.asked.fetch_add(u64::from(requests), Ordering::Relaxed);
    }

    /// What an answer is entered as in the ledger.
    pub(super) fn entries(&self, chunk: &Chunk, sound: &Sound) -> Vec<(Coverage, Vec<Reject>)> {
        let source = &self.key.source;
        let mut entries = ledger::entries(self.market, chunk, sound, self.now, source);
        // Before the head there is nothing: who wants bars from there on need not ask again.
        let head = self.head.map(|head| self.market.bounds(self.market.date_of(head)));
        if let Some((window, head)) = self.window.zip(head)
            && (head.0..=head.1).contains(&chunk.window.0)
            && let Some((coverage, _)) = entries.first_mut()
        {
            let wanted = self.market.bounds(window.first).0;
            coverage.from_ts = coverage.from_ts.min(wanted);
        }
        entries
    }

    /// Whole sessions that hold missing bars.
    fn again_days(&self) -> Vec<(i64, i64)> {
        let days = |gap: &Gap| {
            let first = self.market.bounds(self.market.date_of(gap.from_ts)).0;
            (first, self.market.bounds(self.market.date_of(gap.to_ts)).1)
        };
        self.again.iter().map(days).collect()
    }

    /// The whole of what is held and wanted, to be fetched anew.
    pub(super) fn plan_anew(&self) -> Result<Vec<Chunk>, IngestError> {
        let held = self.held.as_ref().and_then(|held| held.first_ts);
        let window = match (self.window, held) {
            // What is held goes, so only what is wanted comes.
            (Some(window), _) if self.replacing.is_some() => window,
            (None, None) => return Ok(Vec::new()),
            (Some(window), None) => Window { since: None, ..window },
            (window, Some(held)) => {
                let (held, last) = (self.market.date_of(held), self.market.latest(self.now));
                let first = window.map_or(held, |window| window.first.min(held));
                Window { first, last, is_open: true, since: None }
            }
        };
        self.plan_of(window, &[], &[])
    }
}

impl Fetcher {
    /// Looks at the instrument and at what is held.
    pub(super) async fn prepare<'a>(
        &self,
        request: &'a FetchRequest,
        watch: &dyn Watch,
    ) -> Result<Job<'a>, IngestError> {
        let symbol = &request.symbol;
        check_symbol(symbol)?;
        let held = self.store.series(symbol, request.resolution).await?;
        let held = held.filter(|held| held.bars > 0);
        let replacing = replacing(request, held.as_ref())?;
        let known = Known::of(&*self.store, symbol).await?;
        let asked = identity::contract(request, known.as_ref());
        let contract = self.patient(watch, self.gateway.contract(&asked)).await??;
        let now = self.patient(watch, self.gateway.now()).await??;
        let instrument = self.instrument(request, known.as_ref(), &contract).await?;
        let listed = known.and_then(|known| known.listing);
        let calendar = Calendar::of(&instrument)?;
        let market = Market { calendar, resolution: request.resolution, hours: request.hours };
        let key = SeriesKey {
            instrument,
            resolution: request.resolution,
            source: request.source(),
            adjustment: request.adjustment().to_owned(),
        };
        let (mut covered, mut again) = (Vec::new(), Vec::new());
        if let Some(held) = held.as_ref().filter(|_| replacing.is_none()) {
            let coverage = self.store.coverage(held.id).await?;
            covered = ledger::covered(&coverage, &key.source);
            if request.wanted == Wanted::Missing {
                let times = self.store.times(held.id).await?;
                let gaps = market.calendar.gaps(market.resolution, &times);
                again = ledger::missing(market, &gaps, &coverage, &key.source).open;
            }
        }
        let window = window(request, market, held.as_ref(), replacing.is_some(), now);
        let mut job = Job {
            request,
            contract,
            market,
            key,
            listed,
            now,
            held,
            covered,
            again,
            window,
            head: None,
            replacing,
            asked: AtomicU64::new(0),
        };
        job.head = self.head(&job, watch).await?;
        Ok(job)
    }

    /// The instrument as it is held or, when it is new or replaced by another one, as the broker describes
    /// it.
    ///
    /// # Errors
    /// When it is another one than what is held and stays.
    async fn instrument(
        &self,
        request: &FetchRequest,
        known: Option<&Known>,
        contract: &Contract,
    ) -> Result<Instrument, IngestError> {
        let symbol = &request.symbol;
        let other = known.filter(|known| identity::is_other(known, contract));
        if let Some(known) = other {
            let list = self.store.series_list().await?;
            let resolution = request.resolution.to_string();
            let is_alone = list.iter().all(|series| {
                series.symbol != *symbol || series.bars == 0 || series.resolution == resolution
            });
            if !(request.replace && is_alone) {
                return Err(identity::other(known, contract, is_alone));
            }
        } else if let Some(Known { instrument: held, .. }) = known {
            let given = request.calendar.map(|calendar| calendar.to_string());
            return match given.filter(|given| *given != held.calendar) {
                None => Ok(held.clone()),
                Some(given) => Err(IngestError::CalendarConflict {
                    symbol: symbol.clone(),
                    held: held.calendar.clone(),
                    given,
                }),
            };
        }
        let calendar = request.calendar.unwrap_or_else(|| usual_calendar(contract.security));
        Ok(Instrument {
            name: contract.name.clone(),
            currency: contract.currency.clone(),
            calendar: calendar.to_string(),
            ..Instrument::us_equity(symbol)
        })
    }

    /// Where the broker's history begins, when that matters and the broker says so.
    async fn head(&self, job: &Job<'_>, watch: &dyn Watch) -> Result<Option<i64>, IngestError> {
        let Some(window) = job.window else { return Ok(None) };
        let from = job.market.bounds(window.first).0;
        let held_first = job.held.as_ref().and_then(|held| held.first_ts);
        let is_held = job.replacing.is_none() && held_first.is_some_and(|first| first <= from);
        if is_held || from > job.now - HEAD_MATTERS_NS {
            return Ok(None);
        }
        let request = job.request;
        let head = self.gateway.head(&job.contract, request.what, request.hours);
        match self.patient(watch, head).await? {
            Ok(head) => Ok(head),
            Err(error) if error.scope() == Scope::Gateway => Err(error.into()),
            Err(error) => {
                tracing::debug!(%error, "the broker does not say where its history begins");
                Ok(None)
            }
        }
    }
}

/// Whether what is held is replaced.
///
/// # Errors
/// When it comes from another source and the user has not said that it may go.
fn replacing(
    request: &FetchRequest,
    held: Option<&SeriesInfo>,
) -> Result<Option<Replacing>, IngestError> {
    let Some(held) = held else { return Ok(None) };
    if request.replace {
        return Ok(Some(Replacing::Asked(held.source.clone())));
    }
    if held.source == sample::SOURCE {
        return Ok(Some(Replacing::Sample));
    }
    if held.source == request.source() {
        return Ok(None);
    }
    Err(IngestError::OtherSource {
        symbol: held.symbol.clone(),
        resolution: held.resolution.clone(),
        held: held.source.clone(),
        wanted: request.source(),
    })
}

fn window(
    request: &FetchRequest,
    market: Market,
    held: Option<&SeriesInfo>,
    is_replaced: bool,
    now: i64,
) -> Option<Window> {
    let latest = market.latest(now);
    let since_held = || {
        let first = held.and_then(|held| held.first_ts).map(|ts| market.date_of(ts))?;
        let first = market.calendar.session_from(first).min(latest);
        Some(Window { first, last: latest, is_open: true, since: None })
    };
    match request.wanted {
        Wanted::Span(span) => Some(span_window(market, span, now)),
        Wanted::Period { from, to } => period_window(market, from, to, now),
        Wanted::Missing => since_held().map(|window| Window { is_open: false, ..window }),
        Wanted::New if is_replaced => since_held(),
        Wanted::New if held.is_some() => {
            Some(span_window(market, Span { count: 1, unit: SpanUnit::D }, now))
        }
        Wanted::New => Some(span_window(market, usual_span(market.resolution), now)),
    }
}
