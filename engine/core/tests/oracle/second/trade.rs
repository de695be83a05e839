//! Fills: those at one end of a bar together, those between its ends one after the other.

use engine_core::order::{OrderState, Reason};
use strategy_api::order::Size;

use super::{Filled, Line, Oracle, Ticket, When};
use crate::scenario::{Kind, SYMBOLS, Tif};

impl Oracle<'_> {
    /// Orders that fill at one end of the bar.
    pub(super) fn together(&mut self, when: When, decision: bool) {
        let equity = self.equity(when, None);
        let mut batch = Vec::new();
        for place in 0..self.tickets.len() {
            let ticket = self.tickets[place].clone();
            let Some(stretch) = self.stretch(&ticket, decision) else { continue };
            let buy = self.buys(&ticket, when, None);
            let Some((moment, reference)) = self.meets(&ticket, buy, stretch) else { continue };
            if moment != when {
                continue;
            }
            match self.wish(&ticket, reference, buy, equity) {
                Ok((units, price)) => batch.push((ticket.id, units, price, reference)),
                Err((state, reason)) => self.finish(ticket.id, state, Some(reason)),
            }
        }
        // Older orders first, those of one step by symbol.
        batch.sort_by_key(|wish| {
            let ticket = self.ticket(wish.0);
            (ticket.step, SYMBOLS[ticket.ask.instrument], wish.0)
        });
        self.trade(&batch, when);
    }

    pub(super) fn ticket(&self, id: u64) -> &Ticket {
        self.tickets.iter().find(|ticket| ticket.id == id).expect("it was placed")
    }

    /// Trades what fills at one moment, which counts as traded in the month when all of it is done.
    pub(super) fn trade(&mut self, batch: &[(u64, f64, f64, f64)], when: When) {
        self.trade_one_by_one(batch, when);
        self.settled = self.lines.len();
    }

    fn trade_one_by_one(&mut self, batch: &[(u64, f64, f64, f64)], when: When) {
        let lacks = if self.margin_account() { Reason::NoMargin } else { Reason::NoCash };
        let (mut fixed, mut money, mut closing) = (Vec::new(), Vec::new(), Vec::new());
        for wish in batch {
            let ask = self.ticket(wish.0).ask;
            let held = self.held(ask.instrument);
            let reduces = held * wish.1 < 0.0 && wish.1.abs() <= held.abs();
            if reduces || (wish.1 < 0.0 && !self.margin_account()) {
                closing.push(*wish);
            } else if matches!(
                ask.size,
                Size::EquityFraction(_) | Size::TargetFraction(_) | Size::Cash(_)
            ) {
                money.push(*wish);
            } else {
                fixed.push(*wish);
            }
        }
        closing.into_iter().for_each(|wish| self.close(wish, when, lacks));
        for wish in fixed {
            self.fixed(wish, when, lacks);
        }
        let own =
            |o: &Self, wish: &(u64, f64, f64, f64)| Some((o.ticket(wish.0).ask.instrument, wish.3));
        let total = self.total_need(&money);
        let Some(first) = money.first() else { return };
        let power = self.power(when, own(self, first));
        for wish in money {
            if self.ticket(wish.0).end.is_some() {
                continue;
            }
            let instrument = self.ticket(wish.0).ask.instrument;
            let mut units = wish.1;
            if total > power {
                let now = self.need(instrument, units, wish.2, wish.3);
                let share = (now / total * power).min(self.power(when, own(self, &wish)));
                units = self.part(instrument, units, |part| {
                    self.need(instrument, part, wish.2, wish.3) <= share
                });
            }
            let mut lacks = lacks;
            let mut cut =
                if self.margin_account() { Reason::ReducedToMargin } else { Reason::Reduced };
            let fits = |part: f64| self.is_within_limits(instrument, part, wish.2, wish.3, when);
            if units != 0.0 && !fits(units) {
                units = self.part(instrument, units, fits);
                (lacks, cut) = (Reason::OverLimit, Reason::ReducedToLimit);
            }
            // What rounding leaves of the money buys nothing.
            if units == 0.0 || self.s.config.fractional && units.abs() < wish.1.abs() / 1e9 {
                self.finish(wish.0, OrderState::Rejected, Some(lacks));
            } else {
                let gone = (wish.1 - units).abs();
                let rounding = self.s.config.fractional && gone < wish.1.abs() / 1e9;
                let reason = (gone != 0.0 && !rounding).then_some(cut);
                self.fill(wish, units, when, reason);
            }
        }
    }

    /// Trades what reduces a position, unless another order has done so before.
    fn close(&mut self, wish: (u64, f64, f64, f64), when: When, lacks: Reason) {
        let ask = self.ticket(wish.0).ask;
        let held = self.held(ask.instrument);
        let wish = (wish.0, self.all_or(ask.instrument, wish.1), wish.2, wish.3);
        if held * wish.1 < 0.0 && wish.1.abs() <= held.abs() {
            let whole = self.is_whole(ask.instrument, wish.1)
                || self.is_whole(ask.instrument, held + wish.1);
            if whole || matches!(ask.size, Size::ParentFill(_)) {
                self.fill(wish, wish.1, when, None);
            } else {
                self.finish(wish.0, OrderState::Rejected, Some(Reason::LessThanOneLot));
            }
        } else if self.margin_account() {
            self.fixed(wish, when, lacks);
        } else {
            self.finish(wish.0, OrderState::Rejected, Some(Reason::Short));
        }
    }

    /// What all of `money` need together, added in the order of their symbols.
    fn total_need(&self, money: &[(u64, f64, f64, f64)]) -> f64 {
        let mut named: Vec<(&str, f64)> = Vec::new();
        for wish in money {
            let instrument = self.ticket(wish.0).ask.instrument;
            named.push((SYMBOLS[instrument], self.need(instrument, wish.1, wish.2, wish.3)));
        }
        named.sort_by_key(|(symbol, _)| *symbol);
        named.iter().map(|(_, need)| need).sum()
    }

    /// The largest part of some units, bought or sold, that fits.
    fn part(&self, instrument: usize, units: f64, fits: impl Fn(f64) -> bool) -> f64 {
        units.signum() * self.most(instrument, units.abs(), |part| fits(units.signum() * part))
    }

    /// Whether a quantity is one of whole lots, where that is asked for.
    fn is_whole(&self, instrument: usize, units: f64) -> bool {
        self.s.config.fractional || units % self.s.config.lots[instrument] == 0.0
    }

    pub(super) fn fixed(&mut self, wish: (u64, f64, f64, f64), when: When, lacks: Reason) {
        let instrument = self.ticket(wish.0).ask.instrument;
        let need = self.need(instrument, wish.1, wish.2, wish.3);
        if !self.is_whole(instrument, wish.1) {
            self.finish(wish.0, OrderState::Rejected, Some(Reason::LessThanOneLot));
        } else if need > self.power(when, Some((instrument, wish.3))) {
            self.finish(wish.0, OrderState::Rejected, Some(lacks));
        } else if !self.is_within_limits(instrument, wish.1, wish.2, wish.3, when) {
            self.finish(wish.0, OrderState::Rejected, Some(Reason::OverLimit));
        } else {
            self.fill(wish, wish.1, when, None);
        }
    }

    /// Units of the bar's volume that fills have taken, and the volume.
    fn volume(&self, instrument: usize) -> (f64, f64) {
        let bar = self.bar_of(instrument).expect("it has a bar");
        let taken = self.lines.iter().map(|line| match line {
            Line::Fill(fill) if fill.instrument == instrument && fill.ts == bar.ts => {
                fill.quantity.abs()
            }
            _ => 0.0,
        });
        (taken.sum(), bar.volume)
    }

    /// As much of `units` as the volume of the bar allows.
    fn within_volume(&self, instrument: usize, units: f64) -> f64 {
        let Some(limit) = self.volume_limit() else { return units };
        let (taken, volume) = self.volume(instrument);
        let room = (limit * volume - taken).max(0.0);
        if units.abs() <= room {
            return units;
        }
        if self.s.config.fractional {
            let room = if room < limit * volume / 1e9 { 0.0 } else { room };
            return units.signum() * room;
        }
        let lot = self.s.config.lots[instrument];
        units.signum() * (room / lot).floor() * lot
    }

    pub(super) fn fill(
        &mut self,
        (id, _, price, reference): (u64, f64, f64, f64),
        units: f64,
        when: When,
        reason: Option<Reason>,
    ) {
        let ticket = self.ticket(id).clone();
        if ticket.end.is_some() {
            return;
        }
        let instrument = ticket.ask.instrument;
        let quantity = self.within_volume(instrument, units);
        if ticket.ask.tif == Tif::All && (reason.is_some() || quantity != units) {
            return self.finish(id, OrderState::Cancelled, Some(Reason::NotAtOnce));
        }
        let it = self.tickets.iter_mut().find(|ticket| ticket.id == id).expect("it was placed");
        if quantity != units {
            let is_stop = matches!(
                it.ask.kind,
                Kind::Stop(_) | Kind::TrailAmount(_) | Kind::TrailFraction(_)
            );
            it.loose |= is_stop;
        }
        if quantity == 0.0 {
            return;
        }
        it.note = reason.or(it.note);
        it.left = (quantity != units).then_some(units - quantity);
        let mut price = price;
        if self.volume_limit().is_some() {
            let (taken, volume) = self.volume(instrument);
            let share = (taken + quantity.abs()) / volume;
            price = self.slipped(&ticket, reference, quantity > 0.0, share);
        }
        let ts = self.bar_of(instrument).expect("it has a bar").ts;
        let commission = self.costs(quantity, price);
        let filled = Filled { order: id, instrument, ts, quantity, price, commission };
        self.lines.push(Line::Fill(filled));
        if quantity == units {
            self.finish(id, OrderState::Filled, reason);
        }
        let part = (quantity != units).then_some(quantity);
        self.follow(&ticket, reference, when, part);
    }

    /// What a fill means for the other orders; `part` is its quantity when more of the order is left.
    fn follow(&mut self, filled: &Ticket, reference: f64, when: When, part: Option<f64>) {
        let by_limit = self.is_limit(filled);
        for place in 0..self.tickets.len() {
            let other = self.tickets[place].clone();
            if other.id == filled.id || other.end.is_some() {
                continue;
            }
            let in_group = filled.ask.group.is_some() && other.ask.group == filled.ask.group;
            let is_entry =
                matches!(filled.ask.size, Size::ParentFill(_)) && filled.parent == Some(other.id);
            let exits = [filled, &other].map(|one| matches!(one.ask.size, Size::ParentFill(_)));
            let twins = in_group && exits == [true, true] && filled.parent == other.parent;
            if let (Some(part), true) = (part, twins) {
                // Both go on guarding what is still held.
                let whole = other.left.unwrap_or_else(|| self.exit_units(&other));
                let rest = whole - part;
                if rest.signum() == whole.signum() && rest != 0.0 && rest.abs() < whole.abs() {
                    self.tickets[place].left = Some(rest);
                } else {
                    self.finish(other.id, OrderState::Cancelled, Some(Reason::GroupFilled));
                }
            } else if in_group || is_entry {
                self.finish(other.id, OrderState::Cancelled, Some(Reason::GroupFilled));
            } else if other.waits && other.parent == Some(filled.id) {
                self.tickets[place].waits = false;
                self.tickets[place].fresh = Some((when, reference, by_limit));
            }
        }
    }
}
