//! Works the orders that fill at one end of a bar together, and books fills.

use strategy_api::order::Size;

use super::{
    Account, Broker, Floor, Kind, Part, affordable,
    book::Phase,
    fill::{Moment, Touch},
    funds::Funds,
    size::{Lot, largest},
    wish::Wish,
};
use crate::{
    journal::FillBasis,
    order::{FillRecord, OrderState, Reason, TimeInForce},
    portfolio::Portfolio,
};

impl Broker {
    /// Works every order that fills at `moment`.
    pub(super) fn batch(
        &mut self,
        portfolio: &mut Portfolio,
        floor: &Floor<'_>,
        part: Part,
        moment: Moment,
    ) {
        let equity = portfolio.equity(|instrument| floor.price(instrument, moment));
        let mut wishes: Vec<Wish> = (0..self.book.len())
            .filter_map(|place| self.wish_at(place, portfolio, floor, (part, moment), equity))
            .collect();
        self.sort_by_symbol(&mut wishes, portfolio);
        self.trade_all(portfolio, floor, &wishes);
    }

    /// Works the only order, a plain one, without lists: nearly every step of a run with market orders
    /// comes through here.
    pub(super) fn trade_plain(
        &mut self,
        portfolio: &mut Portfolio,
        floor: &Floor<'_>,
        moment: Moment,
    ) {
        let instrument = self.book[0].order.instrument;
        let quote = (floor.quote)(instrument);
        let Some(bar) = quote.bar else { return };
        let price = if moment == Moment::Open { bar.open } else { bar.close };
        let before = self.fills.len();
        let equity = portfolio
            .equity(|one| if one == instrument { price } else { floor.price(one, moment) });
        match self.wish(0, Touch { moment, price }, &quote, portfolio, equity) {
            Ok(wish) if wish.is_closing => self.close_units(portfolio, floor, &wish),
            Ok(wish) if wish.is_money => {
                let funds = self.funds(portfolio, floor, &wish);
                let (need, power) = (funds.need(&wish, wish.units), funds.power());
                self.open_share(portfolio, floor, &wish, (need > power).then_some(power));
            }
            Ok(wish) => self.open_units(portfolio, floor, &wish),
            Err((state, reason)) => self.end(0, state, Some(reason), bar.ts),
        }
        self.count_month(before);
    }

    /// Older orders come first, those of one step by symbol: the order in which a strategy goes through
    /// its instruments does not show.
    fn sort_by_symbol(&self, wishes: &mut [Wish], portfolio: &Portfolio) {
        if wishes.len() > 1 && portfolio.sequence().len() > 1 {
            wishes.sort_by_key(|wish| {
                let order = &self.book[wish.place].order;
                (order.decided_ts, portfolio.rank(order.instrument), order.id)
            });
        }
    }

    fn wish_at(
        &mut self,
        place: usize,
        portfolio: &Portfolio,
        floor: &Floor<'_>,
        (part, moment): (Part, Moment),
        equity: f64,
    ) -> Option<Wish> {
        let working = &self.book[place];
        let instrument = working.order.instrument;
        let quote = (floor.quote)(instrument);
        let full = quote.bar?;
        let bar = working.worked_bar(&full, &self.terms, part)?;
        let held = portfolio.position[instrument];
        let is_buy = working.is_buy(held, floor.price(instrument, moment), equity);
        let touch = working.touch(&bar, is_buy, &self.terms, || (floor.session)(instrument))?;
        if touch.moment != moment {
            return None;
        }
        match self.wish(place, touch, &quote, portfolio, equity) {
            Ok(wish) => Some(wish),
            Err((state, reason)) => {
                self.end(place, state, Some(reason), full.ts);
                None
            }
        }
    }

    /// Trades wishes of one moment: what closes first, then fixed sizes, then amounts of money.
    pub(super) fn trade_all(
        &mut self,
        portfolio: &mut Portfolio,
        floor: &Floor<'_>,
        wishes: &[Wish],
    ) {
        let before = self.fills.len();
        let start = (portfolio.cash, before);
        for wish in wishes.iter().filter(|wish| wish.is_closing) {
            self.close_units(portfolio, floor, wish);
        }
        let start = self.settle(portfolio, start);
        for wish in wishes.iter().filter(|wish| !wish.is_closing && !wish.is_money) {
            self.open_units(portfolio, floor, wish);
        }
        let start = self.settle(portfolio, start);
        self.open_money(portfolio, floor, wishes);
        self.settle(portfolio, start);
        self.count_month(before);
    }

    /// Sums the cash of fills of one moment by symbol, so that the order of placing does not show in its
    /// last bits. Takes cash and number of fills before them, and gives those after.
    fn settle(&self, portfolio: &mut Portfolio, (cash, before): (f64, usize)) -> (f64, usize) {
        let fills = &self.fills[before..];
        if fills.len() > 1 && portfolio.sequence().len() > 1 {
            let rank = |fill: &FillRecord| portfolio.rank(fill.instrument as usize);
            let mut spent: Vec<_> = fills.iter().map(|fill| (rank(fill), fill)).collect();
            spent.sort_by_key(|(rank, _)| *rank);
            portfolio.cash = spent.iter().fold(cash, |cash, (_, fill)| {
                cash - (fill.quantity * fill.price + fill.commission)
            });
        }
        (portfolio.cash, self.fills.len())
    }

    fn funds<'p>(&'p self, portfolio: &'p Portfolio, floor: &Floor<'_>, wish: &Wish) -> Funds<'p> {
        let moment = wish.touch.moment;
        Funds::new(&self.terms, self.tariff(wish.ts), portfolio, |instrument| {
            if instrument == wish.instrument {
                wish.touch.price
            } else {
                floor.price(instrument, moment)
            }
        })
    }

    fn close_units(&mut self, portfolio: &mut Portfolio, floor: &Floor<'_>, wish: &Wish) {
        let held = portfolio.position[wish.instrument];
        // Other orders of this moment may have closed a part of it since.
        let wish = &Wish { units: wish.lot.closing_whole(wish.units, held), ..*wish };
        let still_closes = held * wish.units < 0.0 && wish.units.abs() <= held.abs();
        // A split may leave fractions of a lot: whatever leaves whole lots may trade them.
        let is_whole = || {
            held + wish.units == 0.0
                || wish.lot.divides(wish.units)
                || wish.lot.divides(held + wish.units)
                || matches!(self.book[wish.place].order.size, Size::ParentFill(_))
        };
        if still_closes && !is_whole() {
            self.end(wish.place, OrderState::Rejected, Some(Reason::LessThanOneLot), wish.ts);
        } else if still_closes {
            self.fill(portfolio, wish, wish.units, None);
        } else if self.terms.account == Account::Cash {
            self.end(wish.place, OrderState::Rejected, Some(Reason::Short), wish.ts);
        } else {
            // Another order of this moment has closed the position before.
            self.open_units(portfolio, floor, wish);
        }
    }

    fn no_funds(&self) -> Reason {
        if self.terms.account.may_short() { Reason::NoMargin } else { Reason::NoCash }
    }

    fn open_units(&mut self, portfolio: &mut Portfolio, floor: &Floor<'_>, wish: &Wish) {
        if !self.book[wish.place].is_alive {
            return;
        }
        let funds = self.funds(portfolio, floor, wish);
        let refused = if !wish.lot.divides(wish.units) {
            Some(Reason::LessThanOneLot)
        } else if funds.need(wish, wish.units) > funds.power() {
            Some(self.no_funds())
        } else if !funds.is_within_limits(wish, wish.units) {
            Some(Reason::OverLimit)
        } else {
            None
        };
        match refused {
            Some(reason) => self.end(wish.place, OrderState::Rejected, Some(reason), wish.ts),
            None => self.fill(portfolio, wish, wish.units, None),
        }
    }

    /// Amounts of money share what there is in proportion.
    fn open_money(&mut self, portfolio: &mut Portfolio, floor: &Floor<'_>, wishes: &[Wish]) {
        let opening = || wishes.iter().filter(|wish| !wish.is_closing && wish.is_money);
        let Some(first) = opening().next() else { return };
        let funds = self.funds(portfolio, floor, first);
        let mut needs: Vec<_> =
            opening().map(|wish| (wish.instrument, funds.need(wish, wish.units))).collect();
        needs.sort_by_key(|(instrument, _)| portfolio.rank(*instrument));
        let total: f64 = needs.iter().map(|(_, need)| need).sum();
        let power = funds.power();
        for wish in opening() {
            let own = |need: f64| need / total * power;
            let share = (total > power)
                .then(|| own(self.funds(portfolio, floor, wish).need(wish, wish.units)));
            self.open_share(portfolio, floor, wish, share);
        }
    }

    /// Opens a position of an amount of money, for `share` of what there is when that is not enough.
    fn open_share(
        &mut self,
        portfolio: &mut Portfolio,
        floor: &Floor<'_>,
        wish: &Wish,
        share: Option<f64>,
    ) {
        if !self.book[wish.place].is_alive {
            return;
        }
        let mut units = wish.units;
        let funds = self.funds(portfolio, floor, wish);
        if let Some(share) = share {
            // Shares of the power may add up to a rounding step more than there is.
            units = self.reduced(&funds, wish, share.min(funds.power()));
        }
        let (mut short_of, mut reduced) = (self.no_funds(), Reason::Reduced);
        if self.terms.account.may_short() {
            reduced = Reason::ReducedToMargin;
        }
        if units != 0.0 && !funds.is_within_limits(wish, units) {
            let fits = |part| funds.is_within_limits(wish, part);
            units = largest_signed(0.0, units, wish.lot, fits);
            (short_of, reduced) = (Reason::OverLimit, Reason::ReducedToLimit);
        }
        units = wish.lot.without_dust(units, wish.units);
        if units == 0.0 {
            return self.end(wish.place, OrderState::Rejected, Some(short_of), wish.ts);
        }
        let less = wish.units.abs() - units.abs();
        let is_reduced = wish.lot.without_dust(less, wish.units) > 0.0;
        self.fill(portfolio, wish, units, is_reduced.then_some(reduced));
    }

    /// The largest part of a wish that needs no more than `money`.
    fn reduced(&self, funds: &Funds<'_>, wish: &Wish, money: f64) -> f64 {
        if self.terms.account == Account::Cash {
            let units = affordable(money, wish.price, wish.lot, self.tariff(wish.ts));
            return units.max(0.0);
        }
        // Up to the units held an order closes, and needs the less the more it trades.
        let least = funds.closing(wish);
        largest_signed(least, wish.units, wish.lot, |units| funds.need(wish, units) <= money)
    }

    /// Books a fill of a wish, or of as much of it as the bar's volume allows.
    fn fill(&mut self, portfolio: &mut Portfolio, wish: &Wish, units: f64, reason: Option<Reason>) {
        let working = &self.book[wish.place];
        if !working.is_alive {
            return;
        }
        let quantity = self.within_volume(wish, units);
        let left = units - quantity;
        if working.order.time_in_force == TimeInForce::FillOrKill
            && (left != 0.0 || reason.is_some())
        {
            let state = OrderState::Cancelled;
            return self.end(wish.place, state, Some(Reason::NotAtOnce), wish.ts);
        }
        let record = working.record;
        if left != 0.0 && matches!(working.order.kind, Kind::Stop(_) | Kind::Trailing(_)) {
            // Its price was reached: what is left goes to the market.
            self.book[wish.place].phase = Phase::Triggered;
        }
        if quantity == 0.0 {
            return;
        }
        let working = &self.book[wish.place];
        let price = match self.terms.slippage.volume_limit() {
            Some(_) if !working.is_limit() && wish.volume > 0.0 => {
                let share = (self.taken_before(wish) + quantity.abs()) / wish.volume;
                self.terms.slippage.price(wish.touch.price, wish.is_buy, share)
            }
            _ => wish.price,
        };
        let tariff = self.tariff(wish.ts);
        let fill = FillRecord {
            order: working.order.id,
            instrument: self.orders[record].instrument,
            ts: wish.ts,
            quantity,
            price,
            reference: wish.touch.price,
            commission: tariff.of(quantity, price),
        };
        portfolio.apply(&fill);
        self.fills.push(fill);
        let (at, month_units) = (wish.touch.moment.into(), tariff.month_units);
        self.bases.push(FillBasis { at, equity: wish.equity, month_units });
        self.orders[record].filled += quantity;
        self.filled(wish, left, reason);
    }

    fn within_volume(&self, wish: &Wish, units: f64) -> f64 {
        let Some(limit) = self.terms.slippage.volume_limit() else { return units };
        let most = limit * wish.volume;
        let room = wish.lot.without_dust((most - self.taken_before(wish)).max(0.0), most);
        if units.abs() <= room { units } else { wish.lot.round(room).copysign(units) }
    }

    /// Units of the bar's volume that fills have taken already.
    fn taken_before(&self, wish: &Wish) -> f64 {
        let of_bar = self.fills.iter().rev().take_while(|fill| fill.ts == wish.ts);
        let of_instrument = of_bar.filter(|fill| fill.instrument as usize == wish.instrument);
        of_instrument.map(|fill| fill.quantity.abs()).sum()
    }
}

/// The largest part of `units`, long or short and of at least `least` units, that fits; or 0.
fn largest_signed(least: f64, units: f64, lot: Lot, fits: impl Fn(f64) -> bool) -> f64 {
    let sign = 1.0_f64.copysign(units);
    sign * largest(least, units.abs(), lot, |part| fits(sign * part))
}
