//! Whether, when and at what price a bar reaches an order; buys and sales written out apart.

use engine_core::broker::{Ambiguity, FillModel, LimitTouch};
use strategy_api::order::Size;

use super::{Oracle, Ticket, When};
use crate::scenario::Kind;

impl Oracle<'_> {
    pub(super) fn buys(&self, ticket: &Ticket, when: When, own: Option<(usize, f64)>) -> bool {
        let instrument = ticket.ask.instrument;
        if let Some(left) = ticket.left {
            return left > 0.0;
        }
        match ticket.ask.size {
            Size::Units(n) | Size::EquityFraction(n) | Size::Cash(n) => n > 0.0,
            Size::TargetUnits(n) => n > self.held(instrument),
            Size::TargetFraction(n) => {
                n * self.equity(when, own)
                    > self.held(instrument) * self.mark(instrument, when, own)
            }
            Size::ParentFill(_) => self.parent_fill(ticket) < 0.0,
        }
    }

    /// The stretch of the bar in which an order is worked, as its first, highest and lowest price.
    pub(super) fn stretch(&self, ticket: &Ticket, decision: bool) -> Option<(f64, f64, f64)> {
        let bar = self.bar_of(ticket.ask.instrument)?;
        let late = self.s.config.fill == FillModel::SameClose && ticket.ask.kind == Kind::Market;
        if ticket.end.is_some() || ticket.waits || late != decision {
            return None;
        }
        match ticket.fresh {
            None | Some((When::Open, ..)) => Some((bar.open, bar.high, bar.low)),
            Some((When::Middle, price, by_limit)) => {
                let goes_on = match (self.s.config.rules.ambiguity, ticket.ask.kind) {
                    (Ambiguity::Pessimistic, Kind::Stop(_))
                    | (Ambiguity::Optimistic, Kind::Limit(_)) => true,
                    (Ambiguity::Optimistic, Kind::Stop(_)) => by_limit,
                    _ => false,
                };
                goes_on.then_some((price, bar.high, bar.low))
            }
            Some(_) => None,
        }
    }

    /// When and at what price an order would fill in a stretch of its bar.
    pub(super) fn meets(
        &self,
        ticket: &Ticket,
        buy: bool,
        (first, high, low): (f64, f64, f64),
    ) -> Option<(When, f64)> {
        let bar = self.bar_of(ticket.ask.instrument)?;
        let strict = self.s.config.rules.limit_touch == LimitTouch::Strict;
        let limit = |at: f64| {
            if buy {
                if first <= at {
                    Some((When::Open, first))
                } else if low < at || (low == at && !strict) {
                    Some((When::Middle, at))
                } else {
                    None
                }
            } else if first >= at {
                Some((When::Open, first))
            } else if high > at || (high == at && !strict) {
                Some((When::Middle, at))
            } else {
                None
            }
        };
        let stop = |at: f64| {
            if buy {
                if first >= at {
                    Some((When::Open, first))
                } else {
                    (high >= at).then_some((When::Middle, at))
                }
            } else if first <= at {
                Some((When::Open, first))
            } else {
                (low <= at).then_some((When::Middle, at))
            }
        };
        let old = ticket.fresh.is_none();
        if ticket.loose {
            return Some((When::Open, bar.open));
        }
        match ticket.ask.kind {
            Kind::Market => match self.s.config.fill {
                FillModel::NextOpen => old.then_some((When::Open, bar.open)),
                FillModel::NextClose | FillModel::SameClose => {
                    old.then_some((When::Close, bar.close))
                }
            },
            Kind::OnOpen => (old && self.opens_session(ticket)).then_some((When::Open, bar.open)),
            Kind::OnClose => self.closes_session(ticket).then_some((When::Close, bar.close)),
            Kind::Limit(at) => limit(at),
            Kind::Stop(at) => stop(at),
            Kind::StopLimit(_, at) => ticket.armed.then(|| limit(at)).flatten(),
            Kind::TrailAmount(d) if buy => stop(ticket.bottom? + d),
            Kind::TrailAmount(d) => stop(ticket.top? - d),
            Kind::TrailFraction(d) if buy => stop(ticket.bottom? * (1.0 + d)),
            Kind::TrailFraction(d) => stop(ticket.top? * (1.0 - d)),
        }
    }

    pub(super) fn session(&self) -> i64 {
        self.s.market.steps[self.step].session
    }

    /// Whether no bar of the instrument was in this session before.
    fn opens_session(&self, ticket: &Ticket) -> bool {
        let bars = &self.s.market.bars[ticket.ask.instrument];
        let earlier = (0..self.step).filter(|step| bars[*step].is_some());
        earlier.map(|step| self.s.market.steps[step].session).all(|one| one != self.session())
    }

    /// Whether no bar of the instrument follows in this session; without any later bar the session
    /// must be over.
    fn closes_session(&self, ticket: &Ticket) -> bool {
        let (bars, steps) = (&self.s.market.bars[ticket.ask.instrument], &self.s.market.steps);
        let next = (self.step + 1..self.s.traded().end).find(|step| bars[*step].is_some());
        match next {
            Some(next) => steps[next].session != self.session(),
            None => steps[self.step].is_close,
        }
    }
}
