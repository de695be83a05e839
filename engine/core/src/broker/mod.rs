//! Works pending orders against a bar. The models of fill, commission and slippage are pure and
//! chosen by configuration; the account is a cash account: no short sale, no credit.
//!
//! Orders of one step are worked together and independently of their order: sales first, then buys
//! of a fixed number of units, then buys of a fraction of equity, which are reduced in proportion
//! when the cash at hand does not pay for all of them.

mod commission;
mod fill;
mod size;
mod slippage;

use strategy_api::order::Size;

pub use commission::{Commission, UnknownCommission};
pub use fill::{FillModel, UnknownFillModel};
pub use size::{Lot, affordable};
pub use slippage::Slippage;

use crate::{
    order::{FillRecord, Order, OrderRecord, OrderState, Reason},
    portfolio::Portfolio,
    risk::Approved,
};

/// What the broker charges and how it fills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Price of a market order.
    pub fill: FillModel,
    /// Commission.
    pub commission: Commission,
    /// Slippage.
    pub slippage: Slippage,
}

/// An instrument in the bar that is being worked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quote {
    /// Start of the bar, nanoseconds UTC; `None` when the instrument has no bar at this step.
    pub ts: Option<i64>,
    /// Reference price of a fill; the last close when there is no bar.
    pub reference: f64,
    /// Smallest step of a quantity.
    pub lot: Lot,
}

/// The pending orders, and the log of all orders and fills.
#[derive(Clone, Debug)]
pub struct Broker {
    terms: Terms,
    pending: Vec<Pending>,
    /// Every order so far, in the order of placing.
    pub orders: Vec<OrderRecord>,
    /// Every fill so far.
    pub fills: Vec<FillRecord>,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    order: Order,
    record: usize,
}

/// An order of this step with its price and the units that it would trade.
#[derive(Clone, Copy, Debug)]
struct Wish {
    pending: Pending,
    ts: i64,
    reference: f64,
    price: f64,
    lot: Lot,
    units: f64,
    is_fraction: bool,
}

impl Broker {
    /// A broker without orders.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        Self { terms, pending: Vec::new(), orders: Vec::new(), fills: Vec::new() }
    }

    /// Whether orders wait for a bar.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes an order (or notes why it was refused) into the log.
    pub fn accept(&mut self, mut record: OrderRecord, checked: Result<Approved<Order>, Reason>) {
        match checked {
            Ok(order) => {
                self.pending.push(Pending { order: *order.get(), record: self.orders.len() });
            }
            Err(reason) => {
                record.state = OrderState::Rejected;
                record.reason = Some(reason);
            }
        }
        self.orders.push(record);
    }

    /// Works every pending order whose instrument has a bar, and books the fills.
    pub fn work(&mut self, portfolio: &mut Portfolio, quote: impl Fn(usize) -> Quote) {
        let equity = portfolio.equity(|instrument| quote(instrument).reference);
        if let [only] = self.pending[..] {
            return self.work_one(portfolio, only, &quote(only.order.instrument), equity);
        }
        let mut wishes = Vec::with_capacity(self.pending.len());
        let waiting = std::mem::take(&mut self.pending);
        for pending in waiting {
            let at = quote(pending.order.instrument);
            match at.ts {
                None => self.pending.push(pending),
                Some(ts) => {
                    let held = portfolio.position[pending.order.instrument];
                    match self.wish(pending, ts, &at, equity, held) {
                        Ok(wish) => wishes.push(wish),
                        Err((state, reason)) => self.end(pending, state, reason),
                    }
                }
            }
        }
        let (sales, buys): (Vec<_>, Vec<_>) = wishes.into_iter().partition(|wish| wish.units < 0.0);
        let (fractions, fixed): (Vec<_>, Vec<_>) =
            buys.into_iter().partition(|wish| wish.is_fraction);
        sales.iter().for_each(|wish| self.sell(portfolio, wish));
        fixed.iter().for_each(|wish| self.buy_units(portfolio, wish));
        self.buy_fractions(portfolio, &fractions);
    }

    /// The usual case: a single order, with nothing to weigh it against.
    fn work_one(&mut self, portfolio: &mut Portfolio, only: Pending, at: &Quote, equity: f64) {
        let Some(ts) = at.ts else { return };
        self.pending.clear();
        let held = portfolio.position[only.order.instrument];
        match self.wish(only, ts, at, equity, held) {
            Ok(wish) if wish.units < 0.0 => self.sell(portfolio, &wish),
            Ok(wish) if wish.is_fraction => self.buy_fractions(portfolio, &[wish]),
            Ok(wish) => self.buy_units(portfolio, &wish),
            Err((state, reason)) => self.end(only, state, reason),
        }
    }

    /// Ends every order that still waits.
    pub fn expire(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            self.end(pending, OrderState::Expired, Reason::NoNextBar);
        }
    }

    fn end(&mut self, pending: Pending, state: OrderState, reason: Reason) {
        let record = &mut self.orders[pending.record];
        record.state = state;
        record.reason = Some(reason);
    }

    fn wish(
        &self,
        pending: Pending,
        ts: i64,
        at: &Quote,
        equity: f64,
        held: f64,
    ) -> Result<Wish, (OrderState, Reason)> {
        let size = pending.order.size;
        // Bought or sold is known before the price is: a target is compared at the reference price.
        let is_buy = match size {
            Size::Units(units) => units > 0.0,
            Size::EquityFraction(fraction) => fraction > 0.0,
            Size::TargetUnits(target) => target > held,
            Size::TargetFraction(fraction) => fraction * equity > held * at.reference,
        };
        let price = self.terms.slippage.price(at.reference, is_buy);
        let afford = |money| affordable(money, price, at.lot, self.terms.commission);
        let units = match size {
            Size::Units(units) => units,
            Size::EquityFraction(fraction) if is_buy => afford(fraction * equity),
            Size::EquityFraction(fraction) => -afford(-fraction * equity),
            Size::TargetUnits(target) => target - held,
            Size::TargetFraction(fraction) if is_buy => afford(fraction * equity - held * price),
            Size::TargetFraction(0.0) => -held,
            // Rounding down the position that is kept.
            Size::TargetFraction(fraction) => {
                affordable(fraction * equity, price, at.lot, Commission::None).min(held) - held
            }
        };
        if units == 0.0 {
            return Err(match size {
                Size::TargetUnits(_) | Size::TargetFraction(_) if held != 0.0 || !is_buy => {
                    (OrderState::Cancelled, Reason::AlreadyThere)
                }
                _ => (OrderState::Rejected, Reason::LessThanOneLot),
            });
        }
        let is_fraction = matches!(size, Size::EquityFraction(_) | Size::TargetFraction(_));
        Ok(Wish { pending, ts, reference: at.reference, price, lot: at.lot, units, is_fraction })
    }

    fn sell(&mut self, portfolio: &mut Portfolio, wish: &Wish) {
        let held = portfolio.position[wish.pending.order.instrument];
        if held + wish.units < 0.0 {
            return self.end(wish.pending, OrderState::Rejected, Reason::Short);
        }
        self.fill(portfolio, wish, wish.units);
    }

    fn cost(&self, wish: &Wish, units: f64) -> f64 {
        units * wish.price + self.terms.commission.of(units, wish.price)
    }

    fn buy_units(&mut self, portfolio: &mut Portfolio, wish: &Wish) {
        if let Lot::Of(lot) = wish.lot
            && wish.units % lot != 0.0
        {
            return self.end(wish.pending, OrderState::Rejected, Reason::LessThanOneLot);
        }
        if self.cost(wish, wish.units) > portfolio.cash {
            return self.end(wish.pending, OrderState::Rejected, Reason::NoCash);
        }
        self.fill(portfolio, wish, wish.units);
    }

    fn buy_fractions(&mut self, portfolio: &mut Portfolio, wishes: &[Wish]) {
        let total: f64 = wishes.iter().map(|wish| self.cost(wish, wish.units)).sum();
        let share = if total > portfolio.cash { portfolio.cash / total } else { 1.0 };
        let cash = portfolio.cash;
        for wish in wishes {
            let mut units = wish.units;
            if share < 1.0 {
                let money = self.cost(wish, wish.units) / total * cash;
                // Shares of the cash may add up to a rounding step more than there is.
                let money = money.min(portfolio.cash);
                units = affordable(money, wish.price, wish.lot, self.terms.commission);
            }
            if units <= 0.0 {
                self.end(wish.pending, OrderState::Rejected, Reason::NoCash);
                continue;
            }
            self.fill(portfolio, wish, units);
            if units < wish.units {
                self.orders[wish.pending.record].reason = Some(Reason::Reduced);
            }
        }
    }

    fn fill(&mut self, portfolio: &mut Portfolio, wish: &Wish, units: f64) {
        let order = wish.pending.order;
        let fill = FillRecord {
            order: order.id,
            instrument: self.orders[wish.pending.record].instrument,
            ts: wish.ts,
            quantity: units,
            price: wish.price,
            reference: wish.reference,
            commission: self.terms.commission.of(units, wish.price),
        };
        portfolio.apply(&fill);
        let record = &mut self.orders[wish.pending.record];
        record.state = OrderState::Filled;
        record.filled = units;
        self.fills.push(fill);
    }
}

#[cfg(test)]
mod tests;
