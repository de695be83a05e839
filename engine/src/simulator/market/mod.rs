//! The market behind the simulated broker: bars of any symbol, or those that a database holds.
//!
//! Made-up prices follow from the seed and the symbol alone, whenever and in whatever order they are
//! asked for. A day has an open, a high, a low, a close and a volume; its minutes, and their seconds,
//! are cut out of it so that every longer bar is exactly the sum of the shorter ones. The calendar is
//! the one of the NYSE, with half days and daylight saving; extended hours are 04:00 to 20:00, and
//! four hours after the close of a half day. What lies after the clock of the simulator does not
//! exist yet: the bar in progress is partial.

mod actions;
mod bars;
mod noise;
mod replay;
mod split;
mod stock;
mod stream;
#[cfg(test)]
mod tests;

use engine_core::calendar::{Calendar, midnight_ns};
use jiff::civil::Date;
use strategy_api::Resolution;

pub use actions::{Action, ActionError, ActionKind};
pub(super) use replay::Replay;
pub(super) use stream::BarStream;

use super::time::{new_york_date, new_york_midnight};
use actions::Restatements;
use stock::Stock;

/// A number in `[0, 1)` that follows from a seed and a number.
pub(super) fn noise_of(seed: u64, number: i64) -> f64 {
    noise::uniform(noise::key(seed, number))
}

/// Which hours of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hours {
    /// Regular trading hours.
    Regular,
    /// The hours before and after them too.
    Extended,
}

/// Which prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Trades, restated by splits.
    Trades,
    /// Trades, restated by splits and dividends.
    AdjustedLast,
    /// Between bid and ask.
    Midpoint,
    /// A cent below the trade.
    Bid,
    /// A cent above the trade.
    Ask,
    /// Average bid, highest ask, lowest bid, average ask.
    BidAsk,
}

/// Bars of one symbol, all whose start lies in a window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Query {
    /// Symbol.
    pub(super) symbol: String,
    /// Whether volumes are traded: an index has none.
    pub(super) has_volume: bool,
    /// Length of a bar.
    pub(super) resolution: Resolution,
    /// Which hours.
    pub(super) hours: Hours,
    /// Which prices.
    pub(super) what: What,
    /// First and last session.
    pub(super) sessions: (Date, Date),
    /// Starts of intraday bars from here on, nanoseconds UTC,
    pub(super) from: i64,
    /// and before this.
    pub(super) to: i64,
    /// The clock of the simulator.
    pub(super) now: i64,
}

/// A bar as it is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Quote {
    /// Start, nanoseconds UTC; midnight UTC of the date for a day and longer.
    pub(crate) ts: i64,
    /// First price.
    pub(crate) open: f64,
    /// Highest price.
    pub(crate) high: f64,
    /// Lowest price.
    pub(crate) low: f64,
    /// Last price.
    pub(crate) close: f64,
    /// Shares; `None` for prices that are not of trades.
    pub(crate) volume: Option<f64>,
}

impl Quote {
    /// The bar together with the one after it, keyed by `ts`.
    fn and(self, next: Self, ts: i64) -> Self {
        Self {
            ts,
            open: self.open,
            high: self.high.max(next.high),
            low: self.low.min(next.low),
            close: next.close,
            volume: self.volume.zip(next.volume).map(|(one, other)| one + other),
        }
    }
}

/// Made-up prices.
#[derive(Clone, Debug)]
pub(super) struct Synthetic {
    seed: u64,
    actions: Vec<Action>,
}

impl Synthetic {
    /// Those of a seed, restated by the corporate actions that the clock has passed.
    pub(super) fn new(seed: u64, actions: Vec<Action>) -> Self {
        Self { seed, actions }
    }

    /// The date of the first session of a symbol.
    pub(super) fn listed(&self, symbol: &str) -> Date {
        Stock::new(self.seed, symbol, true).listed()
    }

    /// The bars of a query as a stream, session by session.
    pub(super) fn bars(&self, query: &Query) -> Sessions {
        let stock = Stock::new(self.seed, &query.symbol, query.has_volume);
        let today = new_york_date(query.now);
        let restatements =
            Restatements::of(&self.actions, &query.symbol, &stock, today, query.what);
        let next = query.sessions.0.max(stock.listed());
        Sessions { query: query.clone(), stock, restatements, next: Some(next), held: None }
    }
}

/// Bars of one session after the other; of one period after the other for weeks and months.
pub(super) struct Sessions {
    query: Query,
    stock: Stock,
    restatements: Restatements,
    next: Option<Date>,
    /// The week or month in progress.
    held: Option<(Date, Quote)>,
}

impl Iterator for Sessions {
    type Item = Vec<Quote>;

    fn next(&mut self) -> Option<Vec<Quote>> {
        loop {
            let Some(date) = self.next_session() else {
                return self.held.take().map(|(_, bar)| vec![bar]);
            };
            let bars = match self.query.resolution {
                Resolution::Week1 | Resolution::Month1 => self.longer(date),
                Resolution::Day1 => self.day(date).into_iter().collect(),
                _ => self.intraday(date),
            };
            if !bars.is_empty() {
                return Some(bars);
            }
        }
    }
}

impl Sessions {
    fn next_session(&mut self) -> Option<Date> {
        let date = Calendar::Nyse.session_from(self.next?);
        self.next = (date < self.query.sessions.1).then(|| date.tomorrow().ok()).flatten();
        (date <= self.query.sessions.1).then_some(date)
    }

    fn day(&self, date: Date) -> Option<Quote> {
        let segments = self.stock.day(date, self.query.hours);
        let base = bars::whole_day(&segments, self.query.now)?;
        Some(self.quote(date, midnight_ns(date), base))
    }

    /// Adds a day to the period in progress; gives the period before it when a new one begins.
    fn longer(&mut self, date: Date) -> Vec<Quote> {
        let Some(day) = self.day(date) else { return Vec::new() };
        let begin = period(self.query.resolution, date);
        match self.held.take() {
            Some((held, bar)) if held == begin => {
                self.held = Some((held, bar.and(day, day.ts)));
                Vec::new()
            }
            held => {
                self.held = Some((begin, day));
                held.into_iter().map(|(_, bar)| bar).collect()
            }
        }
    }

    fn intraday(&self, date: Date) -> Vec<Quote> {
        let step_s = i64::from(self.query.resolution.seconds().unwrap_or(86_400));
        let segments = self.stock.day(date, self.query.hours);
        let midnight = new_york_midnight(date);
        let bars = bars::intraday(&segments, step_s, midnight, self.query.now);
        let window = self.query.from..self.query.to;
        let inside = bars.into_iter().filter(|(ts, _)| window.contains(ts));
        inside.map(|(ts, base)| self.quote(date, ts, base)).collect()
    }

    fn quote(&self, date: Date, ts: i64, base: split::Base) -> Quote {
        let scale = self.restatements.on(date);
        let price = |cents: i64, shift: i64| scale.dollars((cents + shift).max(1));
        let (open, high, low, close) = match self.query.what {
            What::Bid => (-1, -1, -1, -1),
            What::Ask => (1, 1, 1, 1),
            What::BidAsk => (-1, 1, -1, 1),
            _ => (0, 0, 0, 0),
        };
        let traded = matches!(self.query.what, What::Trades | What::AdjustedLast);
        Quote {
            ts,
            open: price(base.open, open),
            high: price(base.high, high),
            low: price(base.low, low),
            close: price(base.close, close),
            volume: traded.then(|| scale.shares(base.before, base.volume) as f64),
        }
    }
}

/// The first day of the week or month that holds a date.
pub(super) fn period(resolution: Resolution, date: Date) -> Date {
    match resolution {
        Resolution::Month1 => date.first_of_month(),
        Resolution::Week1 => {
            let back = i64::from(date.weekday().to_monday_zero_offset());
            date.checked_sub(jiff::Span::new().days(back)).unwrap_or(date)
        }
        _ => date,
    }
}
