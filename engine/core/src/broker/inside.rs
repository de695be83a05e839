//! Works the orders that fill between the two ends of a bar, one after the other: each sees what the
//! one before it has done to the account, its group and its children.

use std::cmp::Reverse;

use super::{
    Ambiguity, Broker, Floor, Part,
    book::Working,
    fill::{Moment, Touch},
};
use crate::portfolio::Portfolio;

/// An order that the bar touches inside.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    place: usize,
    touch: Touch,
    is_buy: bool,
    is_limit: bool,
    /// Touched by the open of a finer bar, and so before all that it touches inside.
    is_first: bool,
}

/// How a bar is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// By itself; what its open fills has been filled.
    Bar,
    /// As one of the finer bars inside a bar.
    Path,
}

impl Broker {
    /// Works what the bars of the instruments that are `asked` for touch inside.
    pub(super) fn work_queue(
        &mut self,
        portfolio: &mut Portfolio,
        floor: &Floor<'_>,
        reading: Reading,
        asked: impl Fn(usize) -> bool,
    ) {
        let mut queue: Vec<Candidate> = (0..self.book.len())
            .filter(|place| asked(self.book[*place].order.instrument))
            .filter_map(|place| self.candidate(place, portfolio, floor, reading))
            .collect();
        if queue.is_empty() {
            return;
        }
        self.sort(&mut queue, portfolio);
        while let Some(candidate) = queue.pop() {
            let fills = self.fills.len();
            self.attempt(candidate, portfolio, floor);
            if self.fills.len() == fills {
                continue;
            }
            self.note_ambiguity(candidate, &queue, floor);
            let born = self.born(candidate.place, portfolio, floor, reading);
            if !born.is_empty() {
                queue.extend(born);
                self.sort(&mut queue, portfolio);
            }
            queue.retain(|candidate| self.book[candidate.place].is_alive);
        }
    }

    /// Last comes first: the queue is taken from its end.
    fn sort(&self, queue: &mut [Candidate], portfolio: &Portfolio) {
        let limits_last = self.terms.ambiguity == Ambiguity::Pessimistic;
        queue.sort_by_key(|candidate| {
            let order = &self.book[candidate.place].order;
            let class = candidate.is_limit == limits_last;
            let tie = (order.decided_ts, portfolio.rank(order.instrument), order.id);
            Reverse((!candidate.is_first, class, candidate.is_buy, tie))
        });
    }

    /// An order that is touched inside the bar, or at its open by an order born there.
    fn candidate(
        &self,
        place: usize,
        portfolio: &Portfolio,
        floor: &Floor<'_>,
        reading: Reading,
    ) -> Option<Candidate> {
        let working = &self.book[place];
        let instrument = working.order.instrument;
        let full = (floor.quote)(instrument).bar?;
        let bar = working.worked_bar(&full, &self.terms, Part::Bar)?;
        let is_buy = self.buys(working, portfolio, floor);
        let touch = working.touch(&bar, is_buy, &self.terms, || (floor.session)(instrument))?;
        let is_at_open = touch.moment == Moment::Open;
        let is_first = reading == Reading::Path && is_at_open && working.is_priced();
        let is_inside = touch.moment == Moment::Inside
            || (is_at_open && (working.entered.is_some() || is_first));
        let is_limit = working.is_limit();
        is_inside.then_some(Candidate { place, touch, is_buy, is_limit, is_first })
    }

    /// Whether an order buys, at the prices of the open.
    pub(super) fn buys(&self, working: &Working, portfolio: &Portfolio, floor: &Floor<'_>) -> bool {
        let open = |instrument| floor.price(instrument, Moment::Open);
        let held = portfolio.position[working.order.instrument];
        let (price, equity) = (open(working.order.instrument), portfolio.equity(open));
        working.is_buy(held, price, equity)
    }

    fn attempt(&mut self, candidate: Candidate, portfolio: &mut Portfolio, floor: &Floor<'_>) {
        let Candidate { place, is_buy, .. } = candidate;
        // Other instruments are known at their open, this one at the price of the fill.
        let moment = if candidate.is_first { Moment::Open } else { Moment::Inside };
        let touch = Touch { moment, ..candidate.touch };
        let instrument = self.book[place].order.instrument;
        let quote = (floor.quote)(instrument);
        let equity = portfolio.equity(|one| {
            if one == instrument { touch.price } else { floor.price(one, Moment::Open) }
        });
        let working = &self.book[place];
        let held = portfolio.position[instrument];
        if working.is_buy(held, touch.price, equity) != is_buy {
            // An order before it has turned the way to the target round: another bar will tell.
            return;
        }
        match self.wish(place, touch, &quote, portfolio, equity) {
            Ok(wish) => self.trade_all(portfolio, floor, &[wish]),
            Err((state, reason)) => {
                let ts = quote.bar.map_or(0, |bar| bar.ts);
                self.end(place, state, Some(reason), ts);
            }
        }
    }

    /// A bar that touched two orders of a group could have filled either.
    fn note_ambiguity(&mut self, filled: Candidate, queue: &[Candidate], floor: &Floor<'_>) {
        let order = self.book[filled.place].order;
        let is_sibling = |other: &Candidate| {
            let other = &self.book[other.place].order;
            other.oca_group.is_some()
                && other.oca_group == order.oca_group
                && other.instrument == order.instrument
        };
        if !filled.is_first && queue.iter().any(is_sibling) {
            self.mark_ambiguous(order.instrument, floor);
        }
    }

    fn mark_ambiguous(&mut self, instrument: usize, floor: &Floor<'_>) {
        if (floor.quote)(instrument).bar.is_some() && !self.ambiguous.contains(&instrument) {
            self.ambiguous.push(instrument);
            self.ambiguous_bars += 1;
        }
    }

    /// Children of an order that has just filled inside the bar and are touched in what is left of it.
    fn born(
        &mut self,
        parent: usize,
        portfolio: &Portfolio,
        floor: &Floor<'_>,
        reading: Reading,
    ) -> Vec<Candidate> {
        let parent = self.book[parent].order.id;
        let is_born = |working: &Working| {
            working.is_alive && working.order.parent == Some(parent) && working.entered.is_some()
        };
        let born: Vec<usize> =
            (0..self.book.len()).filter(|place| is_born(&self.book[*place])).collect();
        for place in &born {
            if self.is_guess(&self.book[*place], portfolio, floor) {
                self.mark_ambiguous(self.book[*place].order.instrument, floor);
            }
        }
        born.into_iter()
            .filter_map(|place| self.candidate(place, portfolio, floor, reading))
            .collect()
    }

    /// Whether the bar reaches an order, perhaps before it was born.
    fn is_guess(&self, working: &Working, portfolio: &Portfolio, floor: &Floor<'_>) -> bool {
        let instrument = working.order.instrument;
        let (Some(entered), Some(bar)) = (working.entered, (floor.quote)(instrument).bar) else {
            return false;
        };
        let is_certain = entered.by_limit && !working.is_limit();
        let is_buy = self.buys(working, portfolio, floor);
        let rest = strategy_api::Bar { open: entered.price, ..bar };
        let session = || (floor.session)(instrument);
        entered.moment == Moment::Inside
            && !is_certain
            && working
                .touch(&rest, is_buy, &self.terms, session)
                .is_some_and(|touch| touch.moment != Moment::Close)
    }
}
