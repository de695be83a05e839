//! What the account bears besides fills: interest, borrow fees, dividends, splits and the margin call.

use engine_core::{
    broker::Account,
    event::{Event, EventKind},
    order::{OrderState, Reason},
};
use strategy_api::order::Size;

use super::{Line, Oracle, When};
use crate::scenario::{Ask, DAY, Kind, SYMBOLS, Tif};

impl Oracle<'_> {
    /// Before the bars of a step are worked.
    pub(super) fn bear(&mut self) {
        if self.step > self.s.traded().start {
            self.charge();
        }
        if self.s.config.rules.apply_actions {
            for event in &self.s.market.events {
                if self.takes_effect(event) {
                    self.act(event);
                }
            }
        }
    }

    fn borrows(&self) -> bool {
        self.margin_account()
            && (self.cash() < 0.0 || self.instruments().any(|one| self.held(one) < 0.0))
    }

    /// A year of 360 days, from the step before to this one.
    fn charge(&mut self) {
        let Account::Margin(terms) = self.s.config.rules.account else { return };
        if !self.borrows() {
            return;
        }
        let steps = &self.s.market.steps;
        let years = (steps[self.step].ts - steps[self.step - 1].ts) as f64 / DAY as f64 / 360.0;
        let mut due = Vec::new();
        if self.cash() < 0.0 && terms.interest > 0.0 {
            due.push(Line::Money {
                instrument: None,
                amount: self.cash() * terms.interest * years,
            });
        }
        for one in self.instruments() {
            let value = self.held(one) * self.close_before(one).unwrap_or(0.0);
            if value < 0.0 && terms.borrow_fee > 0.0 {
                let amount = value * terms.borrow_fee * years;
                due.push(Line::Money { instrument: Some(one), amount });
            }
        }
        self.lines.extend(due);
    }

    fn instrument_of(&self, event: &Event) -> usize {
        let named = |one: &usize| Some(SYMBOLS[*one]) == event.symbol.as_deref();
        self.instruments().find(named).expect("events are of instruments of the run")
    }

    /// Whether this step has the first bar of the instrument at or after the ex-date.
    fn takes_effect(&self, event: &Event) -> bool {
        let (bars, steps) = (&self.s.market.bars[self.instrument_of(event)], &self.s.market.steps);
        let is_on = |step: &usize| bars[*step].is_some() && steps[*step].ts >= event.ts;
        (0..steps.len()).find(is_on) == Some(self.step)
    }

    fn act(&mut self, event: &Event) {
        let (instrument, value) = (self.instrument_of(event), event.value);
        if event.kind == EventKind::Dividend {
            let amount = self.held(instrument) * value;
            if amount != 0.0 {
                self.lines.push(Line::Money { instrument: Some(instrument), amount });
            }
            return;
        }
        self.lines.push(Line::Split { instrument, ratio: value });
        let before = self.close_before(instrument);
        for ticket in &mut self.tickets {
            let ask = &mut ticket.ask;
            if ask.instrument != instrument || ticket.end.is_some() {
                continue;
            }
            ask.kind = match ask.kind {
                Kind::Limit(at) => Kind::Limit(at / value),
                Kind::Stop(at) => Kind::Stop(at / value),
                Kind::StopLimit(at, limit) => Kind::StopLimit(at / value, limit / value),
                Kind::TrailAmount(distance) => Kind::TrailAmount(distance / value),
                kind => kind,
            };
            ask.size = match ask.size {
                Size::Units(n) => Size::Units(n * value),
                Size::TargetUnits(n) => Size::TargetUnits(n * value),
                size => size,
            };
            ticket.left = ticket.left.map(|left| left * value);
            if ticket.top.is_none() && !ticket.waits {
                (ticket.top, ticket.bottom) = (before, before);
            }
            (ticket.top, ticket.bottom) =
                (ticket.top.map(|top| top / value), ticket.bottom.map(|bottom| bottom / value));
        }
    }

    pub(super) fn margin(&mut self) {
        let calling = self
            .tickets
            .iter()
            .any(|ticket| ticket.note == Some(Reason::MarginCall) && ticket.end.is_none());
        if calling || !self.borrows() {
            return;
        }
        let required: f64 = self
            .instruments()
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
        let mut names: Vec<usize> = self.instruments().collect();
        names.sort_by_key(|one| SYMBOLS[*one]);
        names.retain(|one| self.held(*one) != 0.0);
        for instrument in names {
            let (kind, size) = (Kind::Market, Size::TargetUnits(0.0));
            let ask = Ask { instrument, kind, size, tif: Tif::Gtc, parent: None, group: None };
            self.place(ask, None);
            self.numbers.pop();
            self.tickets.last_mut().expect("it was placed").note = Some(Reason::MarginCall);
        }
    }
}
