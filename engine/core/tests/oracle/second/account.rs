//! Cash, positions, equity and sizes, added up from the fills whenever they are asked for.

use engine_core::{
    broker::{Account, Slippage},
    order::{OrderState, Reason},
};
use strategy_api::{Bar, order::Size};

use super::{Filled, Oracle, Ticket, When};
use crate::scenario::Kind;

impl Oracle<'_> {
    pub(super) fn bar_of(&self, instrument: usize) -> Option<Bar> {
        self.s.bars[instrument][self.step]
    }

    pub(super) fn close_before(&self, instrument: usize) -> Option<f64> {
        self.s.bars[instrument][..self.step].iter().flatten().next_back().map(|bar| bar.close)
    }

    pub(super) fn price(&self, instrument: usize, when: When) -> f64 {
        match (self.bar_of(instrument), when) {
            (Some(bar), When::Close) => bar.close,
            (Some(bar), _) => bar.open,
            (None, _) => self.close_before(instrument).unwrap_or(0.0),
        }
    }

    pub(super) fn held(&self, instrument: usize) -> f64 {
        let of = self.fills.iter().filter(|fill| fill.instrument == instrument);
        of.map(|fill| fill.quantity).sum()
    }

    pub(super) fn cash(&self) -> f64 {
        let spent = |fill: &Filled| fill.quantity * fill.price + fill.commission;
        self.s.config.cash - self.fills.iter().map(spent).sum::<f64>()
    }

    /// Equity with one instrument at a price of its own.
    pub(super) fn equity(&self, when: When, own: Option<(usize, f64)>) -> f64 {
        (0..self.s.bars.len())
            .fold(self.cash(), |sum, one| sum + self.held(one) * self.mark(one, when, own))
    }

    pub(super) fn mark(&self, instrument: usize, when: When, own: Option<(usize, f64)>) -> f64 {
        match own {
            Some((one, price)) if one == instrument => price,
            _ => self.price(instrument, when),
        }
    }

    pub(super) fn gross(&self, when: When, own: Option<(usize, f64)>) -> f64 {
        (0..self.s.bars.len()).map(|one| self.held(one).abs() * self.mark(one, when, own)).sum()
    }

    pub(super) fn margin_account(&self) -> bool {
        self.s.config.rules.account != Account::Cash
    }

    pub(super) fn parent_fill(&self, ticket: &Ticket) -> f64 {
        let of = self.fills.iter().filter(|fill| Some(fill.order) == ticket.parent);
        of.map(|fill| fill.quantity).sum()
    }

    /// What an order takes of what there is.
    pub(super) fn need(&self, instrument: usize, units: f64, price: f64, reference: f64) -> f64 {
        let costs = self.costs(units, price);
        if !self.margin_account() {
            return units * price + costs;
        }
        let held = self.held(instrument);
        0.5 * ((held + units).abs() - held.abs()) * reference + (price - reference) * units + costs
    }

    pub(super) fn power(&self, when: When, own: Option<(usize, f64)>) -> f64 {
        if self.margin_account() {
            self.equity(when, own) - 0.5 * self.gross(when, own)
        } else {
            self.cash()
        }
    }

    pub(super) fn is_limit(&self, ticket: &Ticket) -> bool {
        matches!(ticket.ask.kind, Kind::Limit(_) | Kind::StopLimit(..))
    }

    pub(super) fn slipped(&self, ticket: &Ticket, reference: f64, buy: bool) -> f64 {
        let side = if buy { 1.0 } else { -1.0 };
        match self.s.config.slippage {
            _ if self.is_limit(ticket) => reference,
            Slippage::BasisPoints(bps) => reference * (1.0 + side * bps / 10_000.0),
            Slippage::Ticks(ticks) => reference + side * ticks * 0.01,
            _ => reference,
        }
    }

    pub(super) fn costs(&self, units: f64, price: f64) -> f64 {
        self.s.config.commission.of(units, price)
    }

    /// Most whole shares that money pays for, counted down.
    pub(super) fn shares(&self, money: f64, price: f64, with_costs: bool) -> f64 {
        let mut shares = (money / price).floor().max(0.0) + 2.0;
        let costs = |n: f64| if with_costs { self.costs(n, price) } else { 0.0 };
        while shares > 0.0 && shares * price + costs(shares) > money {
            shares -= 1.0;
        }
        if money <= 0.0 { 0.0 } else { shares }
    }

    /// Units, price and whether the size is money; or how the order ends.
    pub(super) fn wish(
        &self,
        ticket: &Ticket,
        reference: f64,
        buy: bool,
        equity: f64,
    ) -> Result<(f64, f64), (OrderState, Reason)> {
        let held = self.held(ticket.ask.instrument);
        let price = self.slipped(ticket, reference, buy);
        let units = match ticket.ask.size {
            Size::Units(n) => n,
            Size::EquityFraction(n) if buy => self.shares(n * equity, price, true),
            Size::EquityFraction(n) => -self.shares(-n * equity, price, true),
            Size::Cash(n) if buy => self.shares(n, price, true),
            Size::Cash(n) => -self.shares(-n, price, true),
            Size::TargetUnits(n) => n - held,
            Size::TargetFraction(n) if buy => self.shares(n * equity - held * price, price, true),
            Size::TargetFraction(0.0) => -held,
            Size::TargetFraction(n) if n > 0.0 => {
                self.shares(n * equity, price, false).min(held) - held
            }
            Size::TargetFraction(n) => (-self.shares(-n * equity, price, false) - held).min(0.0),
            Size::ParentFill(n) => -n * self.parent_fill(ticket),
        };
        if units != 0.0 {
            return Ok((units, price));
        }
        let target = matches!(ticket.ask.size, Size::TargetUnits(_) | Size::TargetFraction(_));
        if target && (held != 0.0 || !buy) {
            Err((OrderState::Cancelled, Reason::AlreadyThere))
        } else {
            Err((OrderState::Rejected, Reason::LessThanOneLot))
        }
    }
}
