//! A broker in memory behind the port `Gateway`: every bar follows from its symbol and time, the clock
//! is set by the test, and faults happen when the test says so.

use std::{
    collections::VecDeque,
    sync::{
        Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use algo_trader::gateway::{
    Answer, BarsRequest, Contract, Gateway, GatewayError, Hours, SourceBar, Span, SpanUnit,
    Unanswered, What,
};
use engine_core::calendar::{Calendar, DAY_NS, SECOND_NS, date_of, midnight_ns, utc_day};
use jiff::{ToSpan, civil::Date};
use strategy_api::Resolution;

const NYSE: Calendar = Calendar::Nyse;

/// What happens to one answer.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// The request fails.
    Error(GatewayError),
    /// The bars of an answer are changed in some way.
    Bars(fn(&mut Vec<SourceBar>)),
    /// So many bars are repeated, dropped, disordered and so on, as the number says.
    Random(u64),
    /// The answer never comes.
    Silence,
}

/// The broker.
pub(crate) struct Broker {
    now: AtomicI64,
    /// First session that it has.
    head: Date,
    /// When the broker restates everything, and by which factor.
    splits: Mutex<Vec<(i64, f64)>>,
    /// What happens to the next answers.
    faults: Mutex<VecDeque<Fault>>,
    /// Requests for bars so far, as text.
    asked: Mutex<Vec<String>>,
    answers: AtomicU64,
}

impl Broker {
    /// A broker whose clock stands at `now` and whose history begins with the session `head`.
    pub(crate) fn new(now: i64, head: Date) -> Self {
        Self {
            now: AtomicI64::new(now),
            head,
            splits: Mutex::default(),
            faults: Mutex::default(),
            asked: Mutex::default(),
            answers: AtomicU64::new(0),
        }
    }

    pub(crate) fn set_now(&self, now: i64) {
        self.now.store(now, Ordering::Relaxed);
    }

    /// From `at` on, all prices before it are given times `factor`.
    pub(crate) fn split(&self, at: i64, factor: f64) {
        self.splits.lock().unwrap().push((at, factor));
    }

    /// What happens to the next answers, in order.
    pub(crate) fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap().extend(faults);
    }

    /// No more faults.
    pub(crate) fn behave(&self) {
        self.faults.lock().unwrap().clear();
    }

    /// The requests for bars since it was last asked, as `SPAN until END`.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// The bars that it would give by its clock, without any fault.
    pub(crate) fn truth(&self, symbol: &str, resolution: Resolution) -> Vec<SourceBar> {
        let now = self.now.load(Ordering::Relaxed);
        self.bars_between(symbol, resolution, midnight_ns(self.head), now)
    }

    fn bars_between(
        &self,
        symbol: &str,
        resolution: Resolution,
        from: i64,
        end: i64,
    ) -> Vec<SourceBar> {
        let now = self.now.load(Ordering::Relaxed);
        let first = date_of(utc_day(from)).max(self.head);
        let mut bars = Vec::new();
        for session in NYSE.sessions(first, date_of(utc_day(end))) {
            let open = NYSE.session_hours(session).unwrap().0;
            for ts in NYSE.expected_bars(resolution, session) {
                let begins = if resolution.is_intraday() { ts } else { open };
                if ts < from || begins >= end || begins > now {
                    continue;
                }
                let ended = NYSE.bar_end(resolution, ts) <= now;
                bars.push(self.bar(symbol, resolution, ts, ended, now));
            }
        }
        bars
    }

    fn bar(
        &self,
        symbol: &str,
        resolution: Resolution,
        ts: i64,
        ended: bool,
        now: i64,
    ) -> SourceBar {
        let name = symbol.bytes().fold(7u64, |sum, byte| sum.wrapping_mul(31) + u64::from(byte));
        let of_resolution = name ^ u64::from(resolution.code()) << 40;
        let noise = mix(of_resolution ^ ts.unsigned_abs());
        let years = (ts / DAY_NS) as f64 / 365.0;
        let level = 90.0 + 30.0 * (years * 2.3 + (name % 7) as f64).sin();
        let open = level + (noise % 200) as f64 / 100.0;
        let mut close = level + (noise >> 8 & 0xff) as f64 / 100.0;
        if !ended {
            close += 0.5 + (mix(now.unsigned_abs()) % 50) as f64 / 100.0;
        }
        let high = open.max(close) + (noise >> 16 & 0x7f) as f64 / 100.0;
        let low = open.min(close) - (noise >> 24 & 0x7f) as f64 / 100.0;
        let volume = (noise >> 32 & 0xffff) as f64;
        let splits = self.splits.lock().unwrap();
        let known = splits.iter().filter(|(at, _)| *at <= now && ts < *at);
        let factor: f64 = known.map(|(_, factor)| factor).product();
        let cents = |price: f64| (price * factor * 100.0).round() / 100.0;
        let [open, high, low, close] = [open, high, low, close].map(cents);
        SourceBar { ts, open, high, low, close, volume: (volume / factor).round() }
    }

    fn start(&self, span: Span, end: i64) -> i64 {
        let date = date_of(utc_day(end - 1));
        let count = i64::from(span.count);
        let back = match span.unit {
            SpanUnit::S => return end - count * SECOND_NS,
            SpanUnit::D => {
                let mut day = NYSE.session_before(date.saturating_add(1.day()));
                // A session that has not begun by then does not count.
                if NYSE.session_hours(day).unwrap().0 >= end {
                    day = NYSE.session_before(day);
                }
                (1..span.count).for_each(|_| day = NYSE.session_before(day));
                return midnight_ns(day);
            }
            SpanUnit::W => count.weeks(),
            SpanUnit::M => count.months(),
            SpanUnit::Y => count.years(),
        };
        midnight_ns(date.saturating_sub(back))
    }
}

/// Whirls the bits of a number.
pub(crate) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Disturbs an answer as a seed says.
fn disturb(bars: &mut Vec<SourceBar>, seed: u64) {
    let pick = |salt: u64, n: usize| (mix(seed ^ salt) % n.max(1) as u64) as usize;
    let n = bars.len();
    if n == 0 {
        return;
    }
    match seed % 9 {
        0 => bars.reverse(),
        1 => bars.push(bars[pick(1, n)]),
        2 => bars[pick(2, n)].close = f64::NAN,
        3 => bars[pick(3, n)].low = -1.0,
        4 => bars.insert(0, SourceBar { close: bars[0].open, open: bars[0].close, ..bars[0] }),
        5 => {
            bars.remove(pick(5, n));
        }
        6 => {
            let bar = &mut bars[pick(6, n)];
            std::mem::swap(&mut bar.high, &mut bar.low);
        }
        7 => {
            let mut stale = bars[0];
            stale.ts -= 4_000 * DAY_NS;
            bars.push(stale);
        }
        _ => {
            let mut future = bars[n - 1];
            future.ts += 400 * DAY_NS;
            bars.push(future);
        }
    }
}

#[async_trait::async_trait]
impl Gateway for Broker {
    async fn contract(&self, asked: &Contract) -> Result<Contract, GatewayError> {
        if asked.symbol.starts_with("NONE") {
            let text = "No security definition has been found".to_owned();
            return Err(GatewayError::UnknownSymbol { symbol: asked.symbol.clone(), text });
        }
        Ok(Contract { id: 1, name: "A Company".to_owned(), ..asked.clone() })
    }

    async fn head(
        &self,
        _contract: &Contract,
        _what: What,
        _hours: Hours,
    ) -> Result<Option<i64>, GatewayError> {
        Ok(NYSE.session_hours(self.head).map(|(open, _)| open))
    }

    async fn bars(&self, request: &BarsRequest) -> Result<Answer, Unanswered> {
        self.answers.fetch_add(1, Ordering::Relaxed);
        let now = self.now.load(Ordering::Relaxed);
        let end = request.end.unwrap_or(now + 1);
        let until = request.end.map_or("now".to_owned(), |end| {
            jiff::Timestamp::from_nanosecond(i128::from(end)).unwrap().to_string()
        });
        self.asked.lock().unwrap().push(format!("{} until {until}", request.span));
        let fault = self.faults.lock().unwrap().pop_front().unwrap_or(Fault::None);
        let start = self.start(request.span, end);
        let mut bars = self.bars_between(&request.contract.symbol, request.resolution, start, end);
        match fault {
            Fault::None => {}
            Fault::Error(error) => return Err(Unanswered { error, attempts: 1 }),
            Fault::Bars(change) => change(&mut bars),
            Fault::Random(seed) => disturb(&mut bars, seed),
            Fault::Silence => std::future::pending().await,
        }
        Ok(Answer { bars, attempts: 1 })
    }

    async fn now(&self) -> Result<i64, GatewayError> {
        Ok(self.now.load(Ordering::Relaxed))
    }

    async fn close(&self) {}
}
