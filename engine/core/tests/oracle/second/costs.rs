//! What a fill costs, from the brokers' price lists in words.

use engine_core::broker::Commission;

use super::{Line, Oracle};
use crate::scenario::DAY;

impl Oracle<'_> {
    /// Of units bought (above zero) or sold (below), at the bar that is looked at.
    pub(super) fn costs(&self, quantity: f64, price: f64) -> f64 {
        let (units, value) = (quantity.abs(), quantity.abs() * price);
        match self.s.config.commission {
            Commission::None => 0.0,
            Commission::PerShare(rate) => rate * units,
            Commission::Percent(fraction) => fraction * units * price,
            // Half a cent a share, at least a dollar, but never more than a hundredth of the value.
            Commission::IbkrFixed => (units * 0.005).max(1.0).min(value * 0.01),
            Commission::IbkrTiered if quantity > 0.0 => self.tiered(units, value),
            // Trading activity fee, 9.79 at most, and 20.60 a million.
            Commission::IbkrTiered => {
                let activity = if units * 0.000195 > 9.79 { 9.79 } else { units * 0.000195 };
                self.tiered(units, value) + activity + value * 20.6 / 1e6
            }
        }
    }

    /// What purchases and sales are charged alike: the broker, the exchange, the clearing house, what
    /// is passed through of two of them, and the audit trail.
    fn tiered(&self, units: f64, value: f64) -> f64 {
        let before = self.units_of_the_month();
        let rated = self.tier_by_tier(before + units) - self.tier_by_tier(before);
        let own = rated.max(0.35).min(value / 100.0);
        own * (1.0 + 0.000175 + 0.00056) + units * (0.003 + 0.0002 + 0.000003)
    }

    /// Commission of the first `units` of a month: what lies above a threshold costs so much less.
    fn tier_by_tier(&self, units: f64) -> f64 {
        let above = |threshold: f64| (units - threshold).max(0.0);
        0.0035 * units
            - 0.0015 * above(300_000.0)
            - 0.0005 * above(3_000_000.0)
            - 0.0005 * above(20_000_000.0)
            - 0.0005 * above(100_000_000.0)
    }

    /// Units bought and sold in this calendar month, up to the moment that is worked.
    pub(super) fn units_of_the_month(&self) -> f64 {
        let now = month(self.s.market.steps[self.step].ts);
        let of_month = |line: &Line| match line {
            Line::Fill(fill) if month(fill.ts) == now => fill.quantity.abs(),
            _ => 0.0,
        };
        self.lines[..self.settled].iter().map(of_month).sum()
    }
}

/// Months since January 1970, counted off one by one.
fn month(ts: i64) -> u64 {
    let (mut day, mut month) = (ts.div_euclid(DAY), 0);
    loop {
        let year = 1970 + month / 12;
        let days = match month % 12 {
            1 if year % 4 == 0 => 29,
            1 => 28,
            3 | 5 | 8 | 10 => 30,
            _ => 31,
        };
        if day < days {
            return month;
        }
        day -= days;
        month += 1;
    }
}
