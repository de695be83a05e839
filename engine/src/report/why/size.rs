//! How a fill came to its size, in words with its numbers.

use engine_core::{
    broker::Tariff,
    order::{FillRecord, Reason},
};
use strategy_api::order::Size;

use super::super::number::{grouped, plain};

/// What a size depends on.
pub(super) struct Question<'f> {
    /// Code and number of the size as asked, with the changes so far.
    pub(super) size: (u32, f64),
    pub(super) fill: &'f FillRecord,
    pub(super) equity: f64,
    pub(super) held: f64,
    pub(super) parent_filled: f64,
    /// Whether the order had no fill before.
    pub(super) is_first: bool,
    pub(super) reason: Option<Reason>,
    /// Smallest step of a quantity; `None` for any.
    pub(super) lot: Option<f64>,
    pub(super) tariff: Tariff,
    pub(super) cash: Option<f64>,
}

/// The words; `None` for a size of a kind that is not known.
pub(super) fn of(question: &Question<'_>) -> Option<String> {
    let (kind, number) = question.size;
    let size = Size::from_wire(kind, number)?;
    if !question.is_first {
        return Some("what was left of the order".to_owned());
    }
    let (held, equity) = (question.held, question.equity);
    let mut text = match size {
        Size::Units(units) => format!("{} units as asked", plain(units)),
        Size::TargetUnits(target) => {
            format!("{} units to hold less {} held", plain(target), plain(held))
        }
        Size::ParentFill(part) => {
            let whole = part * question.parent_filled.abs();
            let rest = if question.fill.quantity.abs() < whole - question.lot.unwrap_or(0.0) {
                ", as far as others of its group or the bar's volume have left it"
            } else {
                ""
            };
            let filled = plain(question.parent_filled);
            format!("{} x the {filled} that its parent filled, the other way{rest}", plain(part))
        }
        Size::Cash(amount) => {
            question.for_money(&format!("{} of cash", money(amount)), amount.abs())
        }
        Size::EquityFraction(part) => {
            let of =
                format!("{} x equity {} = {}", plain(part), money(equity), money(part * equity));
            question.for_money(&of, (part * equity).abs())
        }
        Size::TargetFraction(0.0) => format!("0 to hold: all {} held", plain(held)),
        Size::TargetFraction(part) => question.to_target(part),
    };
    match question.reason {
        Some(Reason::Reduced) => {
            let cash = question.cash.map_or_else(String::new, |cash| format!(" ({})", money(cash)));
            text.push_str(&format!("; {}{cash}", Reason::Reduced));
        }
        Some(reason @ (Reason::ReducedToMargin | Reason::ReducedToLimit)) => {
            text.push_str(&format!("; {reason}"));
        }
        _ => {}
    }
    Some(text)
}

fn money(amount: f64) -> String {
    grouped(amount, 2)
}

impl Question<'_> {
    fn to_target(&self, part: f64) -> String {
        let Question { held, equity, fill, .. } = self;
        let of = format!("{} x equity {} = {}", plain(part), money(*equity), money(part * equity));
        let grows = part * equity > held * fill.reference;
        if !grows {
            return format!(
                "{of} to hold, at {} a unit {} are kept of {}",
                plain(fill.price),
                plain(held + fill.quantity),
                plain(*held)
            );
        }
        if *held == 0.0 {
            return self.for_money(&of, part * equity);
        }
        let held_value = held * fill.price;
        let of = format!(
            "{of}, less {} x {} = {} held",
            plain(*held),
            plain(fill.price),
            money(held_value)
        );
        self.for_money(&of, part * equity - held_value)
    }

    /// The largest quantity that an amount pays for, commission included.
    fn for_money(&self, what: &str, amount: f64) -> String {
        let units = self.fill.quantity.abs();
        let cost = |units: f64| {
            units * self.fill.price
                + self.tariff.of(units.copysign(self.fill.quantity), self.fill.price)
        };
        let Some(lot) = self.lot else {
            return format!("{what}: {} with commission cost {}", plain(units), money(cost(units)));
        };
        let lots =
            if lot == 1.0 { "whole units".to_owned() } else { format!("lots of {}", plain(lot)) };
        let more = cost(units + lot);
        let next = if more > amount {
            format!(", {} would {}", plain(units + lot), money(more))
        } else {
            String::new()
        };
        format!(
            "{what}: in {lots} {} with commission cost {}{next}",
            plain(units),
            money(cost(units))
        )
    }
}
