//! Cash, positions, equity, costs and sizes, added up from the book of lines whenever they are asked for.

use engine_core::{
    broker::{Account, Slippage},
    order::{OrderState, Reason},
};
use strategy_api::{Bar, order::Size};

use super::{Line, Oracle, Ticket, When};
use crate::scenario::Kind;

impl Oracle<'_> {
    pub(super) fn bar_of(&self, instrument: usize) -> Option<Bar> {
        match self.glass {
            Some((one, bar)) if one == instrument => Some(bar),
            _ => self.s.market.bars[instrument][self.step],
        }
    }

    pub(super) fn close_before(&self, instrument: usize) -> Option<f64> {
        let before = &self.s.market.bars[instrument][..self.step];
        before.iter().flatten().next_back().map(|bar| bar.close)
    }

    pub(super) fn price(&self, instrument: usize, when: When) -> f64 {
        match (self.bar_of(instrument), when) {
            (Some(bar), When::Close) => bar.close,
            (Some(bar), _) => bar.open,
            (None, _) => self.close_before(instrument).unwrap_or(0.0),
        }
    }

    pub(super) fn instruments(&self) -> std::ops::Range<usize> {
        0..self.s.market.bars.len()
    }

    /// Units in an instrument of the fills that count, in units of today.
    fn units(&self, instrument: usize, counts: impl Fn(u64) -> bool) -> f64 {
        self.lines.iter().fold(0.0, |units, line| match line {
            Line::Fill(fill) if fill.instrument == instrument && counts(fill.order) => {
                units + fill.quantity
            }
            Line::Split { instrument: one, ratio } if *one == instrument => units * ratio,
            _ => units,
        })
    }

    pub(super) fn held(&self, instrument: usize) -> f64 {
        self.units(instrument, |_| true)
    }

    pub(super) fn parent_fill(&self, ticket: &Ticket) -> f64 {
        self.units(ticket.ask.instrument, |order| Some(order) == ticket.parent)
    }

    pub(super) fn has_fill(&self, id: u64) -> bool {
        self.lines.iter().any(|line| matches!(line, Line::Fill(fill) if fill.order == id))
    }

    pub(super) fn cash(&self) -> f64 {
        self.lines.iter().fold(self.s.config.cash, |cash, line| match line {
            Line::Fill(fill) => cash - (fill.quantity * fill.price + fill.commission),
            Line::Money { amount, .. } => cash + amount,
            Line::Split { .. } => cash,
        })
    }

    /// Equity with one instrument at a price of its own.
    pub(super) fn equity(&self, when: When, own: Option<(usize, f64)>) -> f64 {
        self.instruments()
            .fold(self.cash(), |sum, one| sum + self.held(one) * self.mark(one, when, own))
    }

    pub(super) fn mark(&self, instrument: usize, when: When, own: Option<(usize, f64)>) -> f64 {
        match own {
            Some((one, price)) if one == instrument => price,
            _ => self.price(instrument, when),
        }
    }

    /// Value of a position, with its sign.
    fn value(&self, instrument: usize, when: When, own: Option<(usize, f64)>) -> f64 {
        self.held(instrument) * self.mark(instrument, when, own)
    }

    pub(super) fn gross(&self, when: When, own: Option<(usize, f64)>) -> f64 {
        self.instruments().map(|one| self.value(one, when, own).abs()).sum()
    }

    pub(super) fn margin_account(&self) -> bool {
        self.s.config.rules.account != Account::Cash
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

    /// Whether every exposure after a trade is within its limit, or is no larger than before.
    pub(super) fn is_within_limits(
        &self,
        instrument: usize,
        units: f64,
        price: f64,
        reference: f64,
        when: When,
    ) -> bool {
        let limits = self.s.config.rules.limits;
        let own = Some((instrument, reference));
        let paid = (price - reference) * units + self.costs(units, price);
        let equity = self.equity(when, own) - paid;
        let after = |one: usize| {
            let more = if one == instrument { units } else { 0.0 };
            (self.held(one) + more) * self.mark(one, when, own)
        };
        let before = |one: usize| self.value(one, when, own);
        let fits = |limit: Option<f64>, before: f64, after: f64| {
            let cent = if self.s.config.fractional { 0.0 } else { 1e-9 * self.s.market.scale };
            limit.is_none_or(|limit| after <= limit * equity + cent || after <= before + cent)
        };
        let sum = |of: &dyn Fn(usize) -> f64| self.instruments().map(of).sum::<f64>();
        fits(limits.per_symbol, before(instrument).abs(), after(instrument).abs())
            && fits(limits.gross, sum(&|one| before(one).abs()), sum(&|one| after(one).abs()))
            && fits(limits.net, sum(&before).abs(), sum(&after).abs())
    }

    pub(super) fn is_limit(&self, ticket: &Ticket) -> bool {
        matches!(ticket.ask.kind, Kind::Limit(_) | Kind::StopLimit(..))
    }

    /// A price with slippage, when `share` of the bar's volume is taken.
    pub(super) fn slipped(&self, ticket: &Ticket, reference: f64, buy: bool, share: f64) -> f64 {
        let side = if buy { 1.0 } else { -1.0 };
        match self.s.config.slippage {
            _ if self.is_limit(ticket) => reference,
            Slippage::BasisPoints(bps) => reference * (1.0 + side * bps / 10_000.0),
            Slippage::Ticks(ticks) => reference + side * ticks * 0.01,
            Slippage::VolumeShare { impact, .. } => {
                reference * (1.0 + side * impact * share * share)
            }
            Slippage::None => reference,
        }
    }

    /// The largest number of units up to `most` that fits, if those that fit begin with none: lot by lot
    /// from above, or, where any part of a unit may be traded, halving what is in doubt.
    pub(super) fn most(&self, instrument: usize, most: f64, fits: impl Fn(f64) -> bool) -> f64 {
        if fits(most) {
            return most;
        }
        if self.s.config.fractional {
            let (mut sure, mut step) = (0.0, most);
            for _ in 0..90 {
                step /= 2.0;
                if fits(sure + step) {
                    sure += step;
                }
            }
            return sure;
        }
        let lot = self.s.config.lots[instrument];
        let mut lots = (most / lot).floor();
        while lots > 0.0 && !fits(lots * lot) {
            lots -= 1.0;
        }
        lots * lot
    }

    /// Most units, bought or sold, that are worth no more than money with their costs (or without).
    fn shares(&self, instrument: usize, money: f64, price: f64, costs: Option<f64>) -> f64 {
        if money <= 0.0 {
            return 0.0;
        }
        let costs = |units: f64| costs.map_or(0.0, |side| self.costs(side * units, price));
        let lot = if self.s.config.fractional { 0.0 } else { self.s.config.lots[instrument] };
        let most = money / price + lot;
        self.most(instrument, most, |units| units * price + costs(units) <= money)
    }

    /// Units that close what the parent has filled: all of it, or a part in whole lots.
    pub(super) fn exit_units(&self, ticket: &Ticket) -> f64 {
        let Size::ParentFill(part) = ticket.ask.size else { unreachable!("an exit") };
        if part == 1.0 {
            return -self.parent_fill(ticket);
        }
        let (filled, lot) = (self.parent_fill(ticket), self.s.config.lots[ticket.ask.instrument]);
        if self.s.config.fractional {
            return -filled * part;
        }
        -filled.signum() * (part * filled.abs() / lot).floor() * lot
    }

    /// Units, and the price at which they are reckoned; or how the order ends.
    pub(super) fn wish(
        &self,
        ticket: &Ticket,
        reference: f64,
        buy: bool,
        equity: f64,
    ) -> Result<(f64, f64), (OrderState, Reason)> {
        let instrument = ticket.ask.instrument;
        let held = self.held(instrument);
        let share = self.volume_limit().unwrap_or(0.0);
        let price = self.slipped(ticket, reference, buy, share);
        let afford = |money: f64| self.shares(instrument, money, price, Some(1.0));
        let short = |money: f64| -self.shares(instrument, money, price, Some(-1.0));
        let keep = |money: f64| self.shares(instrument, money, price, None);
        let units = match ticket.ask.size {
            _ if ticket.left.is_some() => ticket.left.unwrap(),
            Size::Units(n) => n,
            Size::EquityFraction(n) if buy => afford(n * equity),
            Size::EquityFraction(n) => short(-n * equity),
            Size::Cash(n) if buy => afford(n),
            Size::Cash(n) => short(-n),
            Size::TargetUnits(n) => n - held,
            Size::TargetFraction(n) if buy => afford(n * equity - held * price),
            Size::TargetFraction(0.0) => -held,
            Size::TargetFraction(n) if n > 0.0 => keep(n * equity).min(held) - held,
            Size::TargetFraction(n) => (-keep(-n * equity) - held).min(0.0),
            Size::ParentFill(_) => self.exit_units(ticket),
        };
        let target = matches!(ticket.ask.size, Size::TargetUnits(_) | Size::TargetFraction(_));
        // A target that is met but for rounding is met.
        let there = target && self.s.config.fractional && units.abs() < held.abs() / 1e9;
        if units != 0.0 && !there {
            return Ok((self.all_or(instrument, units), price));
        }
        if target && (held != 0.0 || !buy) {
            Err((OrderState::Cancelled, Reason::AlreadyThere))
        } else {
            Err((OrderState::Rejected, Reason::LessThanOneLot))
        }
    }

    /// Units of an order, or all that is held when it trades so much but for rounding.
    pub(super) fn all_or(&self, instrument: usize, units: f64) -> f64 {
        let held = self.held(instrument);
        let all = held * units < 0.0 && (held + units).abs() < held.abs() / 1e9;
        if all && self.s.config.fractional { -held } else { units }
    }

    pub(super) fn volume_limit(&self) -> Option<f64> {
        match self.s.config.slippage {
            Slippage::VolumeShare { limit, .. } => Some(limit),
            _ => None,
        }
    }
}
