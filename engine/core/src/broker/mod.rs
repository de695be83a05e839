//! Keeps the orders and works them against bars. The models of fill, commission and slippage are pure
//! and chosen by configuration.
//!
//! Within a bar come the fills at its open, then those inside it (stops before limits, unless the
//! optimistic reading of a bar is asked for), then those at its close. Orders that fill at one of the
//! two ends are worked together and independently of their order: first those that reduce a position,
//! then those of a fixed size, then those of a size in money, which are reduced in proportion when
//! the account cannot carry all of them. Every order ends with a state and a reason.

mod account;
mod batch;
mod book;
mod commission;
mod fill;
mod funds;
mod inside;
mod life;
mod month;
mod quiet;
mod settle;
mod size;
mod slippage;
mod wish;

use strategy_api::{
    Bar,
    abi::layout::{STATE_CANCELLED, STATE_EXPIRED, STATE_FILLED, STATE_REJECTED},
};

pub use account::{Account, MarginTerms, UnknownAccount};
pub use commission::{Charge, Commission, Tariff, UnknownCommission};
pub use fill::{Ambiguity, FillModel, LimitTouch, UnknownFillModel, UnknownLimitTouch};
pub use quiet::Alarm;
pub use size::{Lot, affordable};
pub use slippage::{Slippage, UnknownSlippage};

use crate::{
    journal::{FillBasis, OrderStep},
    order::{FillRecord, Kind, OrderRecord, OrderState, Reason, TimeInForce},
    portfolio::Portfolio,
    risk::Limits,
};
use book::Working;
use fill::Moment;
use month::Month;

/// What the broker charges, how it fills, and what it lets an account do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Terms {
    /// Price of a market order.
    pub fill: FillModel,
    /// Commission.
    pub commission: Commission,
    /// Slippage.
    pub slippage: Slippage,
    /// When a limit fills.
    pub limit_touch: LimitTouch,
    /// What is assumed of a bar that can be read in two ways.
    pub ambiguity: Ambiguity,
    /// Kind of account.
    pub account: Account,
    /// Limits on exposure and orders.
    pub limits: Limits,
}

/// An instrument in the step that is being worked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quote {
    /// Its bar; `None` when it has none at this step.
    pub bar: Option<Bar>,
    /// The close before this step; 0 when there is none.
    pub before: f64,
    /// Smallest step of a quantity.
    pub lot: Lot,
}

/// The session of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Number that is the same for all bars of a session.
    pub day: i32,
    /// Whether the bar is the first of its session.
    pub is_first: bool,
    /// Whether the bar is the last of its session.
    pub is_last: bool,
}

/// The market at one step.
#[derive(Clone, Copy)]
pub struct Floor<'f> {
    /// Quote of an instrument.
    pub quote: &'f dyn Fn(usize) -> Quote,
    /// First and last price of each instrument's bar, twice the close before when it has none; those of
    /// instruments that are neither held nor ordered are not looked at.
    pub ends: &'f [(f64, f64)],
    /// Session of an instrument's bar; asked only for orders that depend on it.
    pub session: &'f dyn Fn(usize) -> Session,
    /// The finer bars inside an instrument's bar, oldest first, none when they are not held; asked
    /// only for bars that can be read in two ways. `None` when nothing settles such bars.
    pub path: Option<&'f dyn Fn(usize) -> Vec<Bar>>,
}

impl Floor<'_> {
    /// Price of an instrument at a moment of the step; the close before when it has no bar.
    fn price(&self, instrument: usize, moment: Moment) -> f64 {
        let (open, close) = self.ends[instrument];
        match moment {
            Moment::Open | Moment::Inside => open,
            Moment::Close => close,
        }
    }
}

/// Which orders are worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Those of earlier steps, against the bars of this one.
    Bar,
    /// Those that fill at the very close at which they were decided ([`FillModel::SameClose`]).
    Decision,
}

/// A change of an order, for the strategy to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// Place of the order in [`Broker::orders`].
    pub record: usize,
    /// Code of what it has become (`STATE_*` of the ABI).
    pub state: u32,
    /// Why.
    pub reason: Option<Reason>,
    /// Start of the bar in which it happened, nanoseconds UTC.
    pub ts: i64,
}

/// A split that orders have followed.
#[derive(Clone, Copy, Debug)]
struct Split {
    instrument: usize,
    ratio: f64,
    /// Fills that came before it.
    fills: usize,
}

/// The working orders, and the log of all orders and fills.
#[derive(Clone, Debug)]
pub struct Broker {
    terms: Terms,
    book: Vec<Working>,
    splits: Vec<Split>,
    /// What was traded in the calendar month, for a commission that depends on it.
    month: Month,
    /// Instruments whose bar of this step was found ambiguous.
    ambiguous: Vec<usize>,
    /// Every order so far, in the order of placing.
    pub orders: Vec<OrderRecord>,
    /// Every fill so far.
    pub fills: Vec<FillRecord>,
    /// What each fill stands on, in their order.
    pub bases: Vec<FillBasis>,
    /// What happened to orders between their placing and their end.
    pub steps: Vec<OrderStep>,
    /// What the strategy has not been told yet.
    pub reports: Vec<Report>,
    /// Bars in which more than one order of a group was reached, so that the result depends on
    /// [`Ambiguity`].
    pub ambiguous_bars: u64,
    /// Those of them that finer bars have settled.
    pub settled_bars: u64,
    /// Instructions that named no working order, or a change that made no sense.
    pub ignored_instructions: u64,
}

impl Broker {
    /// A broker without orders.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        Self {
            terms,
            book: Vec::new(),
            splits: Vec::new(),
            month: Month::default(),
            ambiguous: Vec::new(),
            orders: Vec::new(),
            fills: Vec::new(),
            bases: Vec::new(),
            steps: Vec::new(),
            reports: Vec::new(),
            ambiguous_bars: 0,
            settled_bars: 0,
            ignored_instructions: 0,
        }
    }

    /// Forgets every order and fill.
    pub fn reset(&mut self) {
        // By name, so that a field that is added is not forgotten here.
        let Self {
            terms: _,
            book,
            splits,
            ambiguous,
            month,
            orders,
            fills,
            bases,
            steps,
            reports,
            ambiguous_bars,
            settled_bars,
            ignored_instructions,
        } = self;
        book.clear();
        splits.clear();
        ambiguous.clear();
        orders.clear();
        fills.clear();
        bases.clear();
        steps.clear();
        reports.clear();
        *month = Month::default();
        (*ambiguous_bars, *settled_bars, *ignored_instructions) = (0, 0, 0);
    }

    /// Whether orders wait for a bar.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.book.is_empty()
    }

    /// Instruments of the orders that wait.
    pub fn ordered(&self) -> impl Iterator<Item = usize> {
        self.book.iter().map(|working| working.order.instrument)
    }

    /// Works orders against the bars of a step, and books the fills.
    pub fn work(&mut self, portfolio: &mut Portfolio, floor: &Floor<'_>, part: Part) {
        if self.book.is_empty() {
            return;
        }
        if let [only] = &self.book[..]
            && only.is_plain()
        {
            return self.work_plain(portfolio, floor, part);
        }
        self.ambiguous.clear();
        match part {
            Part::Bar => {
                self.open_bar(floor);
                self.batch(portfolio, floor, part, Moment::Open);
                if self.book.iter().any(|working| working.is_alive) {
                    self.work_inside(portfolio, floor);
                    self.batch(portfolio, floor, part, Moment::Close);
                }
            }
            Part::Decision => self.batch(portfolio, floor, part, Moment::Close),
        }
        self.close_bar(portfolio, floor, part);
        self.book.retain(|working| working.is_alive);
    }

    /// The usual case: a single market order, with nothing to weigh it against.
    fn work_plain(&mut self, portfolio: &mut Portfolio, floor: &Floor<'_>, part: Part) {
        let moment = match (self.terms.fill, part) {
            (FillModel::NextOpen, Part::Bar) => Moment::Open,
            (FillModel::NextClose, Part::Bar) | (FillModel::SameClose, Part::Decision) => {
                Moment::Close
            }
            _ => return,
        };
        self.trade_plain(portfolio, floor, moment);
        if self.book[0].is_alive {
            self.close_bar(portfolio, floor, part);
        } else {
            self.book.clear();
        }
    }
}

/// Code of an end, for the strategy.
fn state_code(state: OrderState) -> u32 {
    match state {
        OrderState::Filled => STATE_FILLED,
        OrderState::Cancelled => STATE_CANCELLED,
        OrderState::Expired => STATE_EXPIRED,
        OrderState::Rejected => STATE_REJECTED,
    }
}

#[cfg(test)]
mod tests;
