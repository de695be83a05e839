//! The oracle. It keeps no running account: cash, positions and equity are added up from the list of
//! fills whenever they are asked for; sizes are found by counting down; buys and sales are written
//! out apart. Slow and plain on purpose.

use engine_core::{
    broker::FillModel,
    order::{OrderState, Reason},
};
use strategy_api::order::Size;

mod account;
mod reach;
mod trade;

use crate::scenario::{Ask, Command, Kind, SYMBOLS, Scenario, Tif};

#[derive(Clone, Debug)]
pub(crate) struct Filled {
    pub(crate) order: u64,
    pub(crate) instrument: usize,
    pub(crate) ts: i64,
    pub(crate) quantity: f64,
    pub(crate) price: f64,
    pub(crate) commission: f64,
}

pub(crate) struct Outcome {
    pub(crate) fills: Vec<Filled>,
    pub(crate) ends: Vec<(u64, OrderState, Option<Reason>)>,
    pub(crate) equity: Vec<f64>,
    pub(crate) ambiguous_bars: u64,
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
    end: Option<(OrderState, Option<Reason>)>,
    call: bool,
}

struct Oracle<'s> {
    s: &'s Scenario,
    step: usize,
    tickets: Vec<Ticket>,
    /// Number of the order at each place of the script.
    numbers: Vec<u64>,
    fills: Vec<Filled>,
    ambiguous: Vec<(usize, usize)>,
}

pub(crate) fn work(s: &Scenario) -> Outcome {
    let mut o = Oracle {
        s,
        step: 0,
        tickets: Vec::new(),
        numbers: Vec::new(),
        fills: Vec::new(),
        ambiguous: Vec::new(),
    };
    let mut equity = Vec::new();
    // The steps are those at which any instrument has a bar.
    for step in 0..s.script.len() {
        if s.bars.iter().all(|bars| bars[step].is_none()) {
            continue;
        }
        o.step = step;
        o.bar();
        o.commands();
        if s.config.fill == FillModel::SameClose {
            o.together(When::Close, true);
            o.after(true);
        }
        equity.push(o.equity(When::Close, None));
        o.margin();
    }
    let ends = o.tickets.iter().map(|ticket| {
        let late = if ticket.worked { Reason::RunEnded } else { Reason::NoNextBar };
        let (state, reason) = ticket.end.unwrap_or((OrderState::Expired, Some(late)));
        (ticket.id, state, reason)
    });
    let ends = ends.collect();
    let ambiguous_bars = o.ambiguous.len() as u64;
    Outcome { fills: o.fills, ends, equity, ambiguous_bars }
}

impl Oracle<'_> {
    fn finish(&mut self, id: u64, state: OrderState, reason: Option<Reason>) {
        let Some(ticket) = self.tickets.iter_mut().find(|ticket| ticket.id == id) else { return };
        if ticket.end.is_some() {
            return;
        }
        let reason =
            if ticket.call && reason.is_none() { Some(Reason::MarginCall) } else { reason };
        ticket.end = Some((state, reason));
        if self.fills.iter().all(|fill| fill.order != id) {
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
        for command in &self.s.script[self.step] {
            match *command {
                Command::Place(ask) => self.place(ask),
                Command::Cancel(order) => {
                    let id = self.numbers[order];
                    self.finish(id, OrderState::Cancelled, Some(Reason::ByStrategy));
                }
                Command::Reprice(order, price) => {
                    let id = self.numbers[order];
                    let alive = |ticket: &&mut Ticket| ticket.id == id && ticket.end.is_none();
                    if let Some(ticket) = self.tickets.iter_mut().find(alive) {
                        ticket.ask.kind = match ticket.ask.kind {
                            Kind::Limit(_) => Kind::Limit(price),
                            Kind::Stop(_) => Kind::Stop(price),
                            Kind::StopLimit(..) => Kind::StopLimit(price, price),
                            kind => kind,
                        };
                    }
                }
            }
        }
    }

    fn place(&mut self, ask: Ask) {
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
            let has_filled = self.fills.iter().any(|fill| fill.order == parent);
            let works = self.tickets.iter().any(|t| t.id == parent && t.end.is_none());
            waits = works && !has_filled;
            if !works && !has_filled {
                end = Some((OrderState::Rejected, Some(Reason::UnknownParent)));
            }
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
            end,
            call: false,
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
            let ticket = &mut self.tickets[place];
            if ticket.top.is_none() && !ticket.waits {
                (ticket.top, ticket.bottom) = (before, before);
            }
            match ticket.ask.tif {
                Tif::Until(ts) if bar.ts > ts => {
                    self.finish(id, OrderState::Expired, Some(Reason::TimeOver));
                }
                Tif::Day if !ticket.waits => match ticket.session {
                    None => ticket.session = Some(bar.ts),
                    Some(_) => self.finish(id, OrderState::Expired, Some(Reason::DayOver)),
                },
                _ => {}
            }
        }
        self.together(When::Open, false);
        self.middle();
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
            let buy = self.buys(&ticket, When::Open, None);
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
                it.session = Some(bar.ts);
            }
            if matches!(it.ask.tif, Tif::Once | Tif::All) && stretch.is_some() {
                self.finish(ticket.id, OrderState::Cancelled, Some(Reason::NotAtOnce));
            }
        }
    }

    fn margin(&mut self) {
        let short = (0..self.s.bars.len()).any(|one| self.held(one) < 0.0);
        let calling = self.tickets.iter().any(|ticket| ticket.call && ticket.end.is_none());
        if !self.margin_account() || calling || !(short || self.cash() < 0.0) {
            return;
        }
        let required: f64 = (0..self.s.bars.len())
            .map(|one| {
                let value = self.held(one) * self.price(one, When::Close);
                if value > 0.0 { 0.25 * value } else { -0.30 * value }
            })
            .sum();
        if self.equity(When::Close, None) >= required {
            return;
        }
        let alive: Vec<u64> =
            self.tickets.iter().filter(|t| t.end.is_none()).map(|t| t.id).collect();
        for id in alive {
            self.finish(id, OrderState::Cancelled, Some(Reason::MarginCall));
        }
        let mut names: Vec<usize> = (0..self.s.bars.len()).collect();
        names.sort_by_key(|one| SYMBOLS[*one]);
        names.retain(|one| self.held(*one) != 0.0);
        for instrument in names {
            let (kind, size) = (Kind::Market, Size::TargetUnits(0.0));
            let ask = Ask { instrument, kind, size, tif: Tif::Gtc, parent: None, group: None };
            self.place(ask);
            self.numbers.pop();
            self.tickets.last_mut().expect("it was placed").call = true;
        }
    }
}
