//! What an account can carry: how much an order needs, how much there is, and the limits on exposure.

use super::{Account, Tariff, Terms, wish::Wish};
use crate::portfolio::Portfolio;

/// An account at the prices of a moment.
pub(super) struct Funds<'p> {
    terms: &'p Terms,
    tariff: Tariff,
    portfolio: &'p Portfolio,
    equity: f64,
    /// Value of long and short positions.
    values: (f64, f64),
}

impl<'p> Funds<'p> {
    pub(super) fn new(
        terms: &'p Terms,
        tariff: Tariff,
        portfolio: &'p Portfolio,
        mark: impl Fn(usize) -> f64,
    ) -> Self {
        // A cash account without limits asks for its cash and nothing else.
        let is_simple = terms.account == Account::Cash && !terms.limits.bound_exposure();
        let (equity, values) =
            if is_simple { (portfolio.cash, (0.0, 0.0)) } else { portfolio.worth(mark) };
        Self { terms, tariff, portfolio, equity, values }
    }

    /// What there is for orders that open positions: cash, or equity beyond the initial margin.
    pub(super) fn power(&self) -> f64 {
        match self.terms.account.margin() {
            None => self.portfolio.cash,
            Some(terms) => self.equity - terms.initial * (self.values.0 + self.values.1),
        }
    }

    /// What a part of a wish takes of [`Funds::power`]; below zero it gives.
    pub(super) fn need(&self, wish: &Wish, units: f64) -> f64 {
        let commission = self.tariff.of(units, wish.price);
        let Some(terms) = self.terms.account.margin() else {
            return units * wish.price + commission;
        };
        let held = self.portfolio.position[wish.instrument];
        let added = ((held + units).abs() - held.abs()) * wish.touch.price;
        terms.initial * added + (wish.price - wish.touch.price) * units + commission
    }

    /// Units of a wish that close a position before the rest opens another.
    pub(super) fn closing(&self, wish: &Wish) -> f64 {
        let held = self.portfolio.position[wish.instrument];
        if held * wish.units < 0.0 { held.abs() } else { 0.0 }
    }

    /// Whether exposure stays within its limits, or does not grow, when a part of a wish is traded.
    pub(super) fn is_within_limits(&self, wish: &Wish, units: f64) -> bool {
        let limits = &self.terms.limits;
        if !limits.bound_exposure() {
            return true;
        }
        let mark = wish.touch.price;
        let held = self.portfolio.position[wish.instrument];
        let (before, after) = (held * mark, (held + units) * mark);
        let cost = (wish.price - mark) * units + self.tariff.of(units, wish.price);
        let equity = self.equity - cost;
        let (long, short) = self.values;
        let (gross, net) = (long + short, long - short);
        let passes = |limit: Option<f64>, before: f64, after: f64| {
            limit.is_none_or(|limit| after <= limit * equity || after <= before)
        };
        passes(limits.per_symbol, before.abs(), after.abs())
            && passes(limits.gross, gross, gross - before.abs() + after.abs())
            && passes(limits.net, net.abs(), (net - before + after).abs())
    }
}
