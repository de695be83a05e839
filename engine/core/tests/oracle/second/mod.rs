//! The oracle. It keeps no running account: cash, positions and equity are added up from the list of
//! fills whenever they are asked for; sizes are found by counting down; buys and sales are written
//! out apart. Slow and plain on purpose.

use engine_core::{
    broker::FillModel,
    order::{OrderState, Reason},
};
use strategy_api::{Bar, order::Size};

mod account;
mod bear;
mod costs;
mod inside;
mod reach;
mod rounds;
mod trade;

use crate::scenario::{Ask, Command, Kind, Scenario, Tif};
pub(crate) use rounds::Round;

#[derive(Clone, Debug)]
pub(crate) struct Filled {
    pub(crate) order: u64,
    pub(crate) instrument: usize,
    pub(crate) ts: i64,
    pub(crate) quantity: f64,
    pub(crate) price: f64,
    pub(crate) commission: f64,
}

/// What changes the account.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    Fill(Filled),
    Split {
        instrument: usize,
        ratio: f64,
    },
    /// A dividend, a fee or interest; the last belongs to no instrument.
    Money {
        instrument: Option<usize>,
        amount: f64,
    },
}

pub(crate) struct Outcome {
    pub(crate) fills: Vec<Filled>,
    pub(crate) rounds: Vec<Round>,
    pub(crate) cash: f64,
    pub(crate) held: Vec<f64>,
    pub(crate) invested_steps: u64,
    pub(crate) ignored: u64,
    pub(crate) ends: Vec<(u64, OrderState, Option<Reason>)>,
    pub(crate) equity: Vec<f64>,
    pub(crate) ambiguous_bars: u64,
    /// Those of them that finer bars have settled.
    pub(crate) settled_bars: u64,
    /// Those that finer bars leave open, and those whose finer bars tell another story.
    pub(crate) open_bars: u64,
    pub(crate) denied_bars: u64,
    /// Most units of a calendar month.
    pub(crate) month_units: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    Open,
    Middle,
    Close,
}

#[derive(Clone, Debug)]
struct Ticket {
    id: u64,
    ask: Ask,
    step: usize,
    parent: Option<u64>,
    waits: bool,
    armed: bool,
    /// Filled parent in this bar: when, at what price, by a limit.
    fresh: Option<(When, f64, bool)>,
    top: Option<f64>,
    bottom: Option<f64>,
    session: Option<i64>,
    worked: bool,
    /// Units that are left when a part has filled.
    left: Option<f64>,
    /// Whether its stop was reached in a bar that could not fill all of it: a market order from then on.
    loose: bool,
    /// What is to be said about its end if nothing else is.
    note: Option<Reason>,
    end: Option<(OrderState, Option<Reason>)>,
}

struct Oracle<'s> {
    s: &'s Scenario,
    step: usize,
    tickets: Vec<Ticket>,
    /// Number of the order at each place of the script.
    numbers: Vec<u64>,
    lines: Vec<Line>,
    /// Lines that belong to moments that are over.
    settled: usize,
    /// The finer bar that an instrument's bar is being looked at through.
    glass: Option<(usize, Bar)>,
    ambiguous: Vec<(usize, usize)>,
    /// Ambiguous bars whose finer bars left nothing open, left something open, told another story.
    told: u64,
    open: u64,
    denied: u64,
    ignored: u64,
}

pub(crate) fn work(s: &Scenario) -> Outcome {
    let mut o = Oracle {
        s,
        step: 0,
        tickets: Vec::new(),
        numbers: Vec::new(),
        lines: Vec::new(),
        settled: 0,
        glass: None,
        ambiguous: Vec::new(),
        told: 0,
        open: 0,
        denied: 0,
        ignored: 0,
    };
    let (mut equity, mut invested_steps, mut month_units) = (Vec::new(), 0, 0.0_f64);
    for step in s.traded() {
        o.step = step;
        o.bear();
        o.bar();
        o.commands();
        if s.config.fill == FillModel::SameClose {
            o.together(When::Close, true);
            o.after(true);
        }
        equity.push(o.equity(When::Close, None));
        invested_steps += u64::from(o.instruments().any(|one| o.held(one) != 0.0));
        month_units = month_units.max(o.units_of_the_month());
        o.margin();
    }
    let ends = o.tickets.iter().map(|ticket| {
        let late = if ticket.worked || o.has_fill(ticket.id) {
            Reason::RunEnded
        } else {
            Reason::NoNextBar
        };
        let (state, reason) = ticket.end.unwrap_or((OrderState::Expired, Some(late)));
        (ticket.id, state, reason)
    });
    let fill = |line: &Line| if let Line::Fill(fill) = line { Some(fill.clone()) } else { None };
    Outcome {
        fills: o.lines.iter().filter_map(fill).collect(),
        rounds: rounds::rounds(&o.lines, s.market.bars.len()),
        cash: o.cash(),
        held: o.instruments().map(|one| o.held(one)).collect(),
        invested_steps,
        ignored: o.ignored,
        ends: ends.collect(),
        equity,
        ambiguous_bars: o.ambiguous.len() as u64,
        settled_bars: o.told,
        open_bars: o.open,
        denied_bars: o.denied,
        month_units,
    }
}

impl Oracle<'_> {
    fn finish(&mut self, id: u64, state: OrderState, reason: Option<Reason>) {
        let Some(ticket) = self.tickets.iter_mut().find(|ticket| ticket.id == id) else { return };
        if ticket.end.is_some() {
            return;
        }
        ticket.end = Some((state, reason.or(ticket.note)));
        if !self.has_fill(id) {
            let orphans: Vec<u64> = self
                .tickets
                .iter()
                .filter(|other| other.waits && other.parent == Some(id))
                .map(|other| other.id)
                .collect();
            for orphan in orphans {
                self.finish(orphan, OrderState::Cancelled, Some(Reason::ParentEnded));
            }
        }
    }

    fn commands(&mut self) {
        let mut placed = 0;
        for command in &self.s.script[self.step] {
            match *command {
                Command::Place(ask) => {
                    placed += 1;
                    let most = self.s.config.rules.limits.orders_per_bar;
                    let too_many = most.is_some_and(|most| placed > most);
                    self.place(ask, too_many.then_some(Reason::TooManyOrders));
                }
                Command::Cancel(order) => {
                    let id = self.numbers[order];
                    self.ignored += u64::from(self.ticket(id).end.is_some());
                    self.finish(id, OrderState::Cancelled, Some(Reason::ByStrategy));
                }
                Command::CancelAll => {
                    for id in 1..=self.tickets.len() as u64 {
                        if self.ticket(id).ask.instrument == 0 {
                            self.finish(id, OrderState::Cancelled, Some(Reason::ByStrategy));
                        }
                    }
                }
                Command::Reprice(order, price) => self.change(order, |ask| {
                    ask.kind = match ask.kind {
                        Kind::Limit(_) => Kind::Limit(price),
                        Kind::Stop(_) => Kind::Stop(price),
                        Kind::StopLimit(..) => Kind::StopLimit(price, price),
                        // It has no price that could be changed.
                        _ => return false,
                    };
                    true
                }),
                Command::Retrail(order, distance) => self.change(order, |ask| {
                    ask.kind = match ask.kind {
                        Kind::TrailAmount(_) => Kind::TrailAmount(distance),
                        Kind::TrailFraction(_) if distance >= 1.0 => return false,
                        Kind::TrailFraction(_) => Kind::TrailFraction(distance),
                        _ => return false,
                    };
                    true
                }),
                Command::Resize(order, units) => {
                    self.change(order, |ask| {
                        ask.size = Size::Units(units);
                        true
                    });
                    // Whether or not a part has filled, this is what is wanted from now on.
                    let id = self.numbers[order];
                    let ticket = self.tickets.iter_mut().find(|ticket| ticket.id == id);
                    ticket.expect("it was placed").left = None;
                }
            }
        }
    }

    /// Changes an order that works; counts the change as passed over when it works no more or the
    /// change makes no sense.
    fn change(&mut self, order: usize, change: impl Fn(&mut Ask) -> bool) {
        let id = self.numbers[order];
        let alive = |ticket: &&mut Ticket| ticket.id == id && ticket.end.is_none();
        let done = self.tickets.iter_mut().find(alive).is_some_and(|it| change(&mut it.ask));
        self.ignored += u64::from(!done);
    }

    fn place(&mut self, ask: Ask, refused: Option<Reason>) {
        let id = self.tickets.len() as u64 + 1;
        self.numbers.push(id);
        let parent = ask.parent.map(|place| self.numbers[place]);
        let mut end = None;
        if let Size::TargetUnits(n) | Size::TargetFraction(n) = ask.size
            && n < 0.0
            && !self.margin_account()
        {
            end = Some((OrderState::Rejected, Some(Reason::Short)));
        }
        let mut waits = false;
        if let Some(parent) = parent {
            let has_filled = self.has_fill(parent);
            let works = self.tickets.iter().any(|t| t.id == parent && t.end.is_none());
            waits = works && !has_filled;
            if !works && !has_filled {
                end = Some((OrderState::Rejected, Some(Reason::UnknownParent)));
            }
        }
        if refused.is_some() {
            end = Some((OrderState::Rejected, refused));
        }
        self.tickets.push(Ticket {
            id,
            ask,
            step: self.step,
            parent,
            waits: waits && end.is_none(),
            armed: false,
            fresh: None,
            top: None,
            bottom: None,
            session: None,
            worked: false,
            left: None,
            loose: false,
            note: None,
            end,
        });
    }

    fn bar(&mut self) {
        for place in 0..self.tickets.len() {
            let ticket = &self.tickets[place];
            let Some(bar) = self.bar_of(ticket.ask.instrument) else { continue };
            if ticket.end.is_some() {
                continue;
            }
            let (id, before) = (ticket.id, self.close_before(ticket.ask.instrument));
            let session = self.session();
            let ticket = &mut self.tickets[place];
            if ticket.top.is_none() && !ticket.waits {
                (ticket.top, ticket.bottom) = (before, before);
            }
            match ticket.ask.tif {
                Tif::Until(ts) if bar.ts > ts => {
                    self.finish(id, OrderState::Expired, Some(Reason::TimeOver));
                }
                Tif::Day if !ticket.waits => match ticket.session {
                    None => ticket.session = Some(session),
                    Some(first) if first == session => {}
                    Some(_) => self.finish(id, OrderState::Expired, Some(Reason::DayOver)),
                },
                _ => {}
            }
        }
        self.together(When::Open, false);
        self.inside();
        self.together(When::Close, false);
        self.after(false);
    }

    fn after(&mut self, decision: bool) {
        for place in 0..self.tickets.len() {
            let ticket = self.tickets[place].clone();
            let Some(bar) = self.bar_of(ticket.ask.instrument) else { continue };
            if ticket.end.is_some() || ticket.waits {
                continue;
            }
            let stretch = self.stretch(&ticket, decision);
            if stretch.is_none() && ticket.fresh.is_none() {
                continue;
            }
            let (buy, session) = (self.buys(&ticket, When::Open, None), self.session());
            let it = &mut self.tickets[place];
            if let (Kind::StopLimit(at, _), Some((_, high, low))) = (ticket.ask.kind, stretch) {
                it.armed |= if buy { high >= at } else { low <= at };
            }
            let (high, low) = match ticket.fresh {
                Some(_) => (bar.close, bar.close),
                None => (bar.high, bar.low),
            };
            it.top = Some(it.top.map_or(high, |top| top.max(high)));
            it.bottom = Some(it.bottom.map_or(low, |bottom| bottom.min(low)));
            it.worked |= stretch.is_some();
            it.fresh = None;
            if it.ask.tif == Tif::Day && it.session.is_none() {
                it.session = Some(session);
            }
            if matches!(it.ask.tif, Tif::Once | Tif::All) && stretch.is_some() {
                self.finish(ticket.id, OrderState::Cancelled, Some(Reason::NotAtOnce));
            }
        }
    }
}
