//! Between the ends of a bar, one order after the other; and, where the bar can be read in two ways, from
//! one finer bar inside it to the next.

use engine_core::broker::Ambiguity;
use strategy_api::Bar;

use super::{Oracle, Ticket, When};
use crate::scenario::{Kind, SYMBOLS};

/// An order that a bar reaches between its ends.
#[derive(Clone, Copy)]
struct Reached {
    id: u64,
    price: f64,
    buy: bool,
    /// By the first price of a finer bar: before all that happens inside it.
    first: bool,
}

impl Oracle<'_> {
    /// Reads the bars of the step; those that leave something open are read again in finer bars, after
    /// all the others and in the order in which they were found.
    pub(super) fn inside(&mut self) {
        let (tickets, settled) = (self.tickets.clone(), self.settled);
        let (lines, doubts) = (self.lines.len(), self.ambiguous.len());
        self.middle(|_| true);
        let doubtful = self.ambiguous[doubts..].iter().map(|(_, instrument)| *instrument);
        let stories: Vec<(usize, Vec<Bar>)> =
            doubtful.filter_map(|one| Some((one, self.story(one)?))).collect();
        let has_finer = |one: usize| !self.finer(one).is_empty();
        let looked_at = self.ambiguous[doubts..].iter().filter(|(_, one)| has_finer(*one)).count();
        self.denied += (looked_at - stories.len()) as u64;
        if stories.is_empty() {
            return;
        }
        (self.tickets, self.settled) = (tickets, settled);
        self.lines.truncate(lines);
        self.ambiguous.truncate(doubts);
        self.middle(|instrument| stories.iter().all(|(one, _)| *one != instrument));
        for (instrument, bars) in stories {
            self.tell(instrument, &bars);
        }
    }

    fn tell(&mut self, instrument: usize, bars: &[Bar]) {
        let mut young = Vec::new();
        for bar in bars {
            self.glass = Some((instrument, *bar));
            self.middle(|one| one == instrument);
            // What came to life inside it is there from the beginning of the next.
            for ticket in &mut self.tickets {
                if let (Some((When::Middle, price, by_limit)), Kind::Limit(_) | Kind::Stop(_)) =
                    (ticket.fresh, ticket.ask.kind)
                {
                    young.push((ticket.id, ticket.fresh));
                    ticket.fresh = Some((When::Open, price, by_limit));
                }
            }
        }
        self.glass = None;
        for (id, fresh) in young {
            self.tickets.iter_mut().filter(|it| it.id == id).for_each(|it| it.fresh = fresh);
        }
        if !self.ambiguous.contains(&(self.step, instrument)) {
            self.ambiguous.push((self.step, instrument));
            self.told += 1;
        } else {
            self.open += 1;
        }
    }

    /// The finer bars of an instrument's bar; none where none are held.
    fn finer(&self, instrument: usize) -> &[Bar] {
        let inside = self.s.market.inside.as_ref();
        inside.map_or(&[], |inside| &inside.bars[instrument][self.step])
    }

    /// The finer bars of an instrument's bar, if they go as high and as low as the bar. The first begins
    /// where the bar does; prices that differ by rounding are the same.
    fn story(&self, instrument: usize) -> Option<Vec<Bar>> {
        let whole = self.bar_of(instrument)?;
        let mut bars = self.finer(instrument).to_vec();
        let same = |one: f64, other: f64| one / other < 1.0 + 1e-9 && one / other > 1.0 - 1e-9;
        let tops = bars.iter().filter(|bar| same(bar.high, whole.high)).count();
        let bottoms = bars.iter().filter(|bar| same(bar.low, whole.low)).count();
        let beyond = |bar: &Bar| bar.high > whole.high && !same(bar.high, whole.high);
        let below = |bar: &Bar| bar.low < whole.low && !same(bar.low, whole.low);
        if tops == 0 || bottoms == 0 || bars.iter().any(|bar| beyond(bar) || below(bar)) {
            return None;
        }
        bars[0].open = whole.open;
        for bar in &mut bars {
            (bar.ts, bar.volume) = (whole.ts, whole.volume);
            for price in [&mut bar.open, &mut bar.high, &mut bar.low] {
                *price = price.max(whole.low).min(whole.high);
            }
            bar.high = if same(bar.high, whole.high) { whole.high } else { bar.high.max(bar.open) };
            bar.low = if same(bar.low, whole.low) { whole.low } else { bar.low.min(bar.open) };
        }
        Some(bars)
    }

    /// Stops before limits, sales before buys, older before younger. An order whose target lies the
    /// other way after a fill of another waits for the next bar.
    fn middle(&mut self, asked: impl Fn(usize) -> bool) {
        let mut list = self.reached(|ticket| asked(ticket.ask.instrument));
        while let Some(best) = list.iter().min_by_key(|one| self.turn(one)).copied() {
            list.retain(|one| one.id != best.id);
            let Reached { id, price: reference, buy, first } = best;
            let ticket = self.ticket(id).clone();
            if ticket.end.is_some() {
                continue;
            }
            let own = Some((ticket.ask.instrument, reference));
            let equity = self.equity(When::Open, own);
            if self.buys(&ticket, When::Middle, own) != buy {
                continue;
            }
            match self.wish(&ticket, reference, buy, equity) {
                Ok((units, price)) => {
                    let lines = self.lines.len();
                    let when = if first { When::Open } else { When::Middle };
                    self.trade(&[(id, units, price, reference)], when);
                    if self.lines.len() > lines {
                        self.doubt(&ticket, first, &list);
                        list.extend(self.reached(|t| t.parent == Some(id) && t.fresh.is_some()));
                    }
                }
                Err((state, reason)) => self.finish(id, state, Some(reason)),
            }
        }
    }

    /// The turn of an order between the ends of a bar.
    fn turn(&self, one: &Reached) -> (bool, bool, bool, usize, &'static str, u64) {
        let ticket = self.ticket(one.id);
        let late = match self.s.config.rules.ambiguity {
            Ambiguity::Pessimistic => self.is_limit(ticket),
            Ambiguity::Optimistic => !self.is_limit(ticket),
        };
        (!one.first, late, one.buy, ticket.step, SYMBOLS[ticket.ask.instrument], one.id)
    }

    /// Orders that the bar reaches between its ends. What its own first price reaches has been worked
    /// before; that of a finer bar has not.
    fn reached(&self, wanted: impl Fn(&Ticket) -> bool) -> Vec<Reached> {
        let reach = |ticket: &Ticket| {
            let stretch = self.stretch(ticket, false)?;
            let buy = self.buys(ticket, When::Open, None);
            let (moment, price) = self.meets(ticket, buy, stretch)?;
            let waits_for_price =
                !matches!(ticket.ask.kind, Kind::Market | Kind::OnOpen | Kind::OnClose);
            let first = moment == When::Open && self.glass.is_some() && waits_for_price;
            let inside =
                moment == When::Middle || first || (moment == When::Open && ticket.fresh.is_some());
            inside.then_some(Reached { id: ticket.id, price, buy, first })
        };
        self.tickets.iter().filter(|ticket| wanted(ticket)).filter_map(reach).collect()
    }

    /// Whether the bar could be read otherwise: another order of the group was reached too, or one
    /// that was attached to this one is, perhaps before it was there.
    fn doubt(&mut self, filled: &Ticket, first: bool, reached: &[Reached]) {
        let instrument = filled.ask.instrument;
        let bar = self.bar_of(instrument).expect("it has a bar");
        let doubtful = self.tickets.iter().any(|other| {
            let sibling = !first
                && filled.ask.group.is_some()
                && other.ask.group == filled.ask.group
                && other.id != filled.id
                && other.ask.instrument == instrument
                && reached.iter().any(|one| one.id == other.id);
            let Some((When::Middle, price, by_limit)) = other.fresh else { return sibling };
            let born = other.parent == Some(filled.id) && other.end.is_none();
            let sure = by_limit && !self.is_limit(other);
            let stretch = (price, bar.high, bar.low);
            let hit = self.meets(other, self.buys(other, When::Open, None), stretch);
            sibling || (born && !sure && hit.is_some_and(|(when, _)| when != When::Close))
        });
        if doubtful && !self.ambiguous.contains(&(self.step, instrument)) {
            self.ambiguous.push((self.step, instrument));
        }
    }
}
