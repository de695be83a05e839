//! From the size of an order to the units that it would trade at a price.

use strategy_api::order::Size;

use super::{Broker, Commission, Lot, Quote, affordable, fill::Touch, size::affordable_at};
use crate::{
    order::{OrderState, Reason},
    portfolio::Portfolio,
};

/// An order at the price at which it fills, and the units that it would trade.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// Place in the book.
    pub(super) place: usize,
    pub(super) instrument: usize,
    pub(super) ts: i64,
    pub(super) touch: Touch,
    /// The price with slippage: at its worst where it depends on the quantity.
    pub(super) price: f64,
    pub(super) lot: Lot,
    pub(super) volume: f64,
    pub(super) is_buy: bool,
    pub(super) units: f64,
    /// Equity by which its size was resolved.
    pub(super) equity: f64,
    /// Whether the size is an amount of money, which may be reduced to what there is.
    pub(super) is_money: bool,
    /// Whether it only reduces a position (or, on a cash account, claims to).
    pub(super) is_closing: bool,
}

/// How an order ends that cannot trade.
pub(super) type End = (OrderState, Reason);

impl Broker {
    /// What an order would trade at a touch.
    pub(super) fn wish(
        &self,
        place: usize,
        touch: Touch,
        quote: &Quote,
        portfolio: &Portfolio,
        equity: f64,
    ) -> Result<Wish, End> {
        let working = &self.book[place];
        let (order, bar) = (&working.order, quote.bar.expect("an order is worked in a bar"));
        let held = portfolio.position[order.instrument];
        // Bought or sold is known before the price is: a target is compared at the reference price.
        let is_buy = working.is_buy(held, touch.price, equity);
        let slippage = self.terms.slippage;
        let slipped = slippage.price(touch.price, is_buy, slippage.volume_limit().unwrap_or(0.0));
        let price = if working.is_limit() { touch.price } else { slipped };
        let tariff = self.tariff(bar.ts);
        let afford = |money| affordable(money, price, quote.lot, tariff);
        // A sale has charges that a purchase does not have.
        let short =
            |money| -affordable_at(money, price, quote.lot, |units| tariff.of(-units, price));
        let keep = |money| affordable(money, price, quote.lot, Commission::None);
        let units = match (working.left, order.size) {
            (Some(left), _) => left,
            (None, Size::Units(units)) => units,
            (None, Size::EquityFraction(fraction)) if is_buy => afford(fraction * equity),
            (None, Size::EquityFraction(fraction)) => short(-fraction * equity),
            (None, Size::Cash(amount)) if is_buy => afford(amount),
            (None, Size::Cash(amount)) => short(-amount),
            (None, Size::TargetUnits(target)) => target - held,
            (None, Size::TargetFraction(fraction)) if is_buy => {
                afford(fraction * equity - held * price)
            }
            (None, Size::TargetFraction(0.0)) => -held,
            // Rounding down the position that is kept, long or short.
            (None, Size::TargetFraction(fraction)) if fraction > 0.0 => {
                keep(fraction * equity).min(held) - held
            }
            (None, Size::TargetFraction(fraction)) => (-keep(-fraction * equity) - held).min(0.0),
            // All of it whatever that is, a part in whole lots.
            (None, Size::ParentFill(1.0)) => -working.parent_filled,
            (None, Size::ParentFill(fraction)) => {
                -quote.lot.round(fraction * working.parent_filled)
            }
        };
        let is_target = matches!(order.size, Size::TargetUnits(_) | Size::TargetFraction(_));
        let units = if is_target { quote.lot.without_dust(units, held) } else { units };
        let units = quote.lot.closing_whole(units, held);
        if units == 0.0 {
            return Err(without_units(is_target && (held != 0.0 || !is_buy)));
        }
        let reduces = held * units < 0.0 && units.abs() <= held.abs();
        Ok(Wish {
            place,
            instrument: order.instrument,
            ts: bar.ts,
            touch,
            price,
            lot: quote.lot,
            volume: bar.volume,
            is_buy,
            units,
            equity,
            is_money: matches!(
                order.size,
                Size::EquityFraction(_) | Size::TargetFraction(_) | Size::Cash(_)
            ),
            is_closing: reduces || (units < 0.0 && !self.terms.account.may_short()),
        })
    }
}

/// The end of an order that has nothing to trade.
fn without_units(is_there: bool) -> End {
    if is_there {
        (OrderState::Cancelled, Reason::AlreadyThere)
    } else {
        (OrderState::Rejected, Reason::LessThanOneLot)
    }
}
