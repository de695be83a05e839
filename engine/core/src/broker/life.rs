//! The life of an order: how it enters the book, changes, waits for its parent, ends, and what its end
//! means for the others.

use strategy_api::{
    abi::layout::{
        ACTION_CANCEL, ACTION_CANCEL_ALL, ACTION_MODIFY, RawOrder, STATE_PARTLY_FILLED,
        STATE_TRIGGERED, STATE_WORKING,
    },
    order::{OrderId, Size, market_order},
};

use super::{
    Broker, Floor, Kind, OrderRecord, OrderState, Part, Portfolio, Reason, Report, Split,
    TimeInForce,
    book::{Entered, Phase, Working},
    fill::touch_stop,
    state_code,
    wish::Wish,
};
use crate::{
    journal::{OrderStep, Step},
    order::{Distance, Order},
    risk::{self, Approved},
};

impl Broker {
    /// Takes an order (or notes why it was refused) into the log.
    pub fn accept(&mut self, record: OrderRecord, checked: Result<Approved<Order>, Reason>) {
        let place = self.orders.len();
        let ts = record.decided_ts;
        self.orders.push(record);
        let entered = checked.map(|order| *order.get()).and_then(|order| {
            let mut working = Working::new(order, place);
            if let Some(parent) = order.parent {
                let parent = self.parent(parent)?;
                working.parent_filled = self.filled_by(parent);
                if self.orders[parent].filled == 0.0 {
                    working.phase = Phase::Held;
                }
            }
            Ok(working)
        });
        match entered {
            Ok(working) => self.book.push(working),
            Err(reason) => self.note_end(place, OrderState::Rejected, Some(reason), ts),
        }
    }

    /// The log entry of a parent that works or has filled.
    fn parent(&self, id: u64) -> Result<usize, Reason> {
        let working = self.book.iter().find(|working| working.is_alive && working.order.id == id);
        let ended = || {
            // Numbers rise; an order of a plugin that counts otherwise is simply not found.
            let place = self.orders.binary_search_by_key(&id, |record| record.id).ok()?;
            (self.orders[place].filled != 0.0).then_some(place)
        };
        working.map(|working| working.record).or_else(ended).ok_or(Reason::UnknownParent)
    }

    /// Units that an order has filled, in units of today.
    fn filled_by(&self, record: usize) -> f64 {
        let OrderRecord { id, instrument, filled, .. } = self.orders[record];
        let splits = || self.splits.iter().filter(|split| split.instrument == instrument as usize);
        if filled == 0.0 || splits().next().is_none() {
            return filled;
        }
        let since = |place: usize| splits().filter(move |split| split.fills > place);
        let today = |place: usize| since(place).map(|split| split.ratio).product::<f64>();
        let own = self.fills.iter().enumerate().filter(|(_, fill)| fill.order == id);
        own.map(|(place, fill)| fill.quantity * today(place)).sum()
    }

    /// Cancels or changes orders, decided at the close of the bar that began at `ts`.
    pub fn instruct(&mut self, raw: &RawOrder, ts: i64) {
        let mut found = false;
        for place in 0..self.book.len() {
            let Working { order, is_alive, .. } = self.book[place];
            let is_meant = match raw.action {
                ACTION_CANCEL_ALL => order.instrument == raw.instrument as usize,
                _ => order.id == raw.id,
            };
            if !is_alive || !is_meant {
                continue;
            }
            match raw.action {
                ACTION_CANCEL | ACTION_CANCEL_ALL => {
                    self.end(place, OrderState::Cancelled, Some(Reason::ByStrategy), ts);
                    found = true;
                }
                ACTION_MODIFY => found |= self.amend(place, raw),
                _ => {}
            }
        }
        self.steps.push(OrderStep::instruction(raw, ts, found));
        self.ignored_instructions += u64::from(!found && raw.action != ACTION_CANCEL_ALL);
        self.book.retain(|working| working.is_alive);
    }

    fn amend(&mut self, place: usize, raw: &RawOrder) -> bool {
        let Ok(approved) = risk::amend(&self.book[place].order, raw) else { return false };
        let working = &mut self.book[place];
        working.order = *approved.get();
        // The log keeps what was asked for at first: what it was changed to may depend on later bars.
        if !raw.size.is_nan() {
            working.left = None;
        }
        true
    }

    /// Ends an order; what waits for it without having filled ends with it.
    pub(super) fn end(&mut self, place: usize, state: OrderState, reason: Option<Reason>, ts: i64) {
        let working = &mut self.book[place];
        if !working.is_alive {
            return;
        }
        working.is_alive = false;
        let (record, id) = (working.record, working.order.id);
        self.note_end(record, state, reason, ts);
        if self.orders[record].filled != 0.0 {
            return;
        }
        for child in 0..self.book.len() {
            let Working { order, phase, .. } = self.book[child];
            if phase == Phase::Held && order.parent == Some(id) {
                self.end(child, OrderState::Cancelled, Some(Reason::ParentEnded), ts);
            }
        }
    }

    fn note_end(&mut self, record: usize, state: OrderState, reason: Option<Reason>, ts: i64) {
        let entry = &mut self.orders[record];
        entry.state = state;
        entry.reason = reason.or(entry.reason);
        entry.ended_ts = ts;
        let reason = entry.reason;
        self.reports.push(Report { record, state: state_code(state), reason, ts });
    }

    fn note(&mut self, record: usize, state: u32, ts: i64) {
        self.reports.push(Report { record, state, reason: None, ts });
    }

    fn enter_step(&mut self, record: usize, step: Step, ts: i64) {
        let OrderRecord { id, instrument, .. } = self.orders[record];
        self.steps.push(OrderStep::happened(id, instrument, ts, step));
    }

    /// What follows from a fill: the rest of the order, its group, its parent and its children.
    pub(super) fn filled(&mut self, wish: &Wish, left: f64, reason: Option<Reason>) {
        let place = wish.place;
        let Working { order, record, .. } = self.book[place];
        if left == 0.0 {
            self.end(place, OrderState::Filled, reason, wish.ts);
        } else {
            self.book[place].left = Some(left);
            self.orders[record].reason = reason.or(self.orders[record].reason);
            self.note(record, STATE_PARTLY_FILLED, wish.ts);
        }
        if self.book.len() == 1 {
            return;
        }
        let quantity = self.fills.last().map_or(0.0, |fill| fill.quantity);
        for other in 0..self.book.len() {
            let it = self.book[other];
            if other == place || !it.is_alive {
                continue;
            }
            if it.order.parent == Some(order.id) {
                self.book[other].parent_filled += quantity;
            }
            let in_group = order.oca_group.is_some() && it.order.oca_group == order.oca_group;
            let is_parent = is_attached(&order) && Some(it.order.id) == order.parent;
            let are_attached = in_group && is_attached(&order) && it.order.parent == order.parent;
            if left != 0.0 && are_attached && is_attached(&it.order) {
                self.reduce(other, quantity, wish);
            } else if in_group || is_parent {
                self.end(other, OrderState::Cancelled, Some(Reason::GroupFilled), wish.ts);
            } else if it.phase == Phase::Held && it.order.parent == Some(order.id) {
                let by_limit = self.book[place].is_limit();
                let (moment, price) = (wish.touch.moment, wish.touch.price);
                let child = &mut self.book[other];
                child.phase = Phase::Working;
                child.entered = Some(Entered { moment, price, by_limit });
                self.note(it.record, STATE_WORKING, wish.ts);
                self.enter_step(it.record, Step::Released, wish.ts);
            }
        }
    }

    /// Takes what another order attached to the same parent has closed off an order, so that what is still
    /// held stays guarded by both.
    fn reduce(&mut self, place: usize, closed: f64, wish: &Wish) {
        let working = &mut self.book[place];
        let Size::ParentFill(fraction) = working.order.size else { return };
        let whole = match fraction {
            1.0 => -working.parent_filled,
            _ => -wish.lot.round(fraction * working.parent_filled),
        };
        let left = working.left.unwrap_or(whole) - closed;
        if left * closed > 0.0 {
            working.left = Some(left);
        } else {
            self.end(place, OrderState::Cancelled, Some(Reason::GroupFilled), wish.ts);
        }
    }

    /// Before a bar is worked: orders whose time is over end, trailing stops find their beginning.
    pub(super) fn open_bar(&mut self, floor: &Floor<'_>) {
        for place in 0..self.book.len() {
            let quote = (floor.quote)(self.book[place].order.instrument);
            let Some(bar) = quote.bar else { continue };
            let working = &mut self.book[place];
            let over = match working.order.time_in_force {
                TimeInForce::Until(ts) if bar.ts > ts => Some(Reason::TimeOver),
                TimeInForce::Day if working.phase != Phase::Held => {
                    let day = (floor.session)(working.order.instrument).day;
                    let first = *working.day.get_or_insert(day);
                    (day != first).then_some(Reason::DayOver)
                }
                _ => None,
            };
            if matches!(working.order.kind, Kind::Trailing(_))
                && working.phase == Phase::Working
                && working.extremes.is_none()
                && quote.before > 0.0
            {
                working.extremes = Some((quote.before, quote.before));
            }
            if let Some(reason) = over {
                self.end(place, OrderState::Expired, Some(reason), bar.ts);
            }
        }
    }

    /// After a bar was worked: stops trigger, trailing stops follow, what was good for one bar ends.
    pub(super) fn close_bar(&mut self, portfolio: &Portfolio, floor: &Floor<'_>, part: Part) {
        for place in 0..self.book.len() {
            let working = self.book[place];
            let instrument = working.order.instrument;
            let Some(full) = (floor.quote)(instrument).bar else { continue };
            if working.phase == Phase::Held || !working.is_alive {
                continue;
            }
            if working.entered.is_some() || working.worked_bar(&full, &self.terms, part).is_some() {
                self.close_bar_of(place, portfolio, floor, part);
            }
        }
    }

    fn close_bar_of(&mut self, place: usize, portfolio: &Portfolio, floor: &Floor<'_>, part: Part) {
        let working = self.book[place];
        let instrument = working.order.instrument;
        let full = (floor.quote)(instrument).bar.expect("the caller has seen the bar");
        let worked = working.worked_bar(&full, &self.terms, part);
        match working.order.kind {
            Kind::Trailing(_) => self.book[place].trail(&full),
            Kind::StopLimit { stop, .. } if working.phase == Phase::Working => {
                let is_buy = self.buys(&working, portfolio, floor);
                if worked.is_some_and(|bar| touch_stop(stop, is_buy, &bar).is_some()) {
                    self.book[place].phase = Phase::Triggered;
                    self.note(working.record, STATE_TRIGGERED, full.ts);
                    self.enter_step(working.record, Step::Triggered, full.ts);
                }
            }
            _ => {}
        }
        self.book[place].had_bar |= worked.is_some();
        self.book[place].entered = None;
        if working.order.time_in_force == TimeInForce::Day && working.day.is_none() {
            self.book[place].day = Some((floor.session)(instrument).day);
        }
        let is_once = matches!(
            working.order.time_in_force,
            TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill
        );
        if is_once && worked.is_some() {
            self.end(place, OrderState::Cancelled, Some(Reason::NotAtOnce), full.ts);
        }
    }

    /// Orders follow a split of their instrument, whose last close was `before`: prices by one way, units
    /// by the other.
    pub fn split(&mut self, instrument: usize, ratio: f64, before: f64) {
        self.splits.push(Split { instrument, ratio, fills: self.fills.len() });
        for working in self.book.iter_mut().filter(|one| one.order.instrument == instrument) {
            let order = &mut working.order;
            order.kind = match order.kind {
                Kind::Limit(limit) => Kind::Limit(limit / ratio),
                Kind::Stop(stop) => Kind::Stop(stop / ratio),
                Kind::StopLimit { stop, limit } => {
                    Kind::StopLimit { stop: stop / ratio, limit: limit / ratio }
                }
                Kind::Trailing(Distance::Amount(amount)) => {
                    Kind::Trailing(Distance::Amount(amount / ratio))
                }
                kind => kind,
            };
            order.size = match order.size {
                Size::Units(units) => Size::Units(units * ratio),
                Size::TargetUnits(units) => Size::TargetUnits(units * ratio),
                size => size,
            };
            working.left = working.left.map(|left| left * ratio);
            if working.phase != Phase::Held && before > 0.0 {
                // A trailing stop that no bar has worked yet begins at the close before, in new units.
                working.extremes.get_or_insert((before, before));
            }
            working.extremes = working.extremes.map(|(low, high)| (low / ratio, high / ratio));
            working.parent_filled *= ratio;
        }
    }

    /// A margin call: every order ends and every position is to be closed at the market, by orders
    /// whose numbers come from `next_id`.
    pub fn liquidate(&mut self, portfolio: &Portfolio, ts: i64, mut next_id: impl FnMut() -> u64) {
        for place in 0..self.book.len() {
            self.end(place, OrderState::Cancelled, Some(Reason::MarginCall), ts);
        }
        self.book.clear();
        for instrument in portfolio.sequence() {
            if portfolio.position[*instrument] == 0.0 {
                continue;
            }
            let raw = market_order(OrderId(next_id()), *instrument, Size::TargetUnits(0.0));
            let mut record = OrderRecord::new(&raw, ts);
            record.reason = Some(Reason::MarginCall);
            let gate = risk::Gate { instruments: portfolio.position.len(), may_short: true };
            self.accept(record, risk::check(&raw, gate, ts));
        }
    }

    /// Whether positions are being closed after a margin call.
    #[must_use]
    pub fn is_liquidating(&self) -> bool {
        let is_forced =
            |working: &Working| self.orders[working.record].reason == Some(Reason::MarginCall);
        self.book.iter().any(is_forced)
    }

    /// Ends every order that still waits, at the bar that begins at `ts`, the last one.
    pub fn expire(&mut self, ts: i64) {
        for working in std::mem::take(&mut self.book) {
            let record = &mut self.orders[working.record];
            record.state = OrderState::Expired;
            record.ended_ts = ts;
            let was_worked = working.had_bar || record.filled != 0.0;
            let reason = if was_worked { Reason::RunEnded } else { Reason::NoNextBar };
            record.reason = Some(reason);
        }
    }
}

/// Whether an order closes what its parent fills.
fn is_attached(order: &Order) -> bool {
    matches!(order.size, Size::ParentFill(_))
}
