//! How many units a sum of money buys or sells short, commission included.

use super::Tariff;

/// The smallest step of a quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lot {
    /// Multiples of this many units.
    Of(f64),
    /// Any quantity.
    Fractional,
}

impl Lot {
    /// Whether a quantity is a number of whole lots.
    pub(super) fn divides(self, units: f64) -> bool {
        match self {
            Self::Of(lot) => units % lot == 0.0,
            Self::Fractional => true,
        }
    }

    /// A quantity, of either sign, rounded towards zero to whole lots.
    pub(super) fn round(self, units: f64) -> f64 {
        match self {
            Self::Of(lot) => (units / lot).trunc() * lot,
            Self::Fractional => units,
        }
    }

    /// What is left of a quantity once what rounding leaves of `whole` counts as nothing: a part of a
    /// unit may be any number, and no order is filled for a last bit.
    pub(super) fn without_dust(self, units: f64, whole: f64) -> f64 {
        let is_dust = self == Self::Fractional && units.abs() < DUST * whole.abs();
        if is_dust { 0.0 } else { units }
    }

    /// What an order trades against `held` units: all of them when the rest is what rounding leaves.
    /// Three tenths bought and three times a tenth sold leave nothing.
    pub(super) fn closing_whole(self, units: f64, held: f64) -> f64 {
        let is_all = held * units < 0.0 && self.without_dust(held + units, held) == 0.0;
        if is_all { -held } else { units }
    }
}

/// The part of a quantity that is taken for a rounding error.
const DUST: f64 = 1e-9;

/// The largest quantity whose value and commission together do not exceed `money`.
#[must_use]
pub fn affordable(money: f64, price: f64, lot: Lot, commission: impl Into<Tariff>) -> f64 {
    let commission = commission.into();
    affordable_at(money, price, lot, |units| commission.of(units, price))
}

/// The same for what `cost` takes of a quantity.
pub(super) fn affordable_at(
    money: f64,
    price: f64,
    lot: Lot,
    cost: impl Fn(f64) -> f64 + Copy,
) -> f64 {
    let fits = |units: f64| units * price + cost(units) <= money;
    if money <= 0.0 {
        return 0.0;
    }
    match lot {
        Lot::Of(lot) => {
            let most = (money / price / lot).floor() + 1.0;
            largest_below(most, |lots| fits(lots * lot)) * lot
        }
        Lot::Fractional => {
            let less_cost = |units: f64| (money - cost(units)).max(0.0) / price;
            let mut units = money / price;
            for _ in 0..64 {
                let next = less_cost(units);
                if next == units {
                    break;
                }
                units = next;
            }
            // Rounding may leave it a few steps too high; a commission that is most of the price, far off.
            let is_near = (less_cost(units) - units).abs() <= 1e-12 * units;
            let steps = std::iter::successors(Some(units), |units| Some(units.next_down()));
            let found = is_near.then(|| steps.take(64).find(|units| fits(*units))).flatten();
            found.unwrap_or_else(|| largest(0.0, money / price, lot, fits)).max(0.0)
        }
    }
}

/// The largest quantity from `least` to `most` (itself whether whole lots or not) that fits, or 0.
/// Between the two, smaller quantities fit when a larger one does.
pub(super) fn largest(least: f64, most: f64, lot: Lot, fits: impl Fn(f64) -> bool) -> f64 {
    if fits(most) {
        return most;
    }
    if least > 0.0 && !fits(least) {
        return 0.0;
    }
    match lot {
        Lot::Of(lot) => {
            // What lies below `least` need not be tried: it is taken to fit, and not given then.
            let try_above = |lots: f64| lots * lot <= least || fits(lots * lot);
            let found = largest_below((most / lot).floor(), try_above) * lot;
            if found < least && !fits(found) { 0.0 } else { found }
        }
        Lot::Fractional => {
            let (mut low, mut high) = (least, most);
            for _ in 0..64 {
                let middle = low + (high - low) / 2.0;
                if fits(middle) { low = middle } else { high = middle }
            }
            low
        }
    }
}

/// The largest whole number up to `most` that fits; smaller numbers fit when a larger one does.
fn largest_below(most: f64, fits: impl Fn(f64) -> bool) -> f64 {
    // Nearly always commission is small and one of these is the answer.
    for close in [most, most - 1.0] {
        if close <= 0.0 || fits(close) {
            return close.max(0.0);
        }
    }
    let (mut low, mut high) = (0.0, most);
    while high - low > 1.0 {
        let middle = ((low + high) / 2.0).floor();
        // Beyond 2^53 not every whole number has a form, and there may be none between the two.
        if middle <= low || middle >= high {
            break;
        }
        if fits(middle) { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::Commission, *};

    #[test]
    fn the_last_cent_buys_a_share_and_a_cent_less_does_not() {
        let whole = Lot::Of(1.0);
        assert_eq!(affordable(100.0, 25.0, whole, Commission::None), 4.0);
        assert_eq!(affordable(99.99, 25.0, whole, Commission::None), 3.0);
        assert_eq!(affordable(101.0, 25.0, whole, Commission::IbkrFixed), 4.0);
        // 1 % of 100 is 1.0, so 100.9 is not enough for four shares and their commission.
        assert_eq!(affordable(100.9, 25.0, whole, Commission::IbkrFixed), 3.0);
        assert_eq!(affordable(24.0, 25.0, whole, Commission::None), 0.0);
        assert_eq!(affordable(-5.0, 25.0, whole, Commission::None), 0.0);
        assert_eq!(affordable(1100.0, 1.0, Lot::Of(100.0), Commission::Percent(0.2)), 900.0);
    }

    #[test]
    fn fractional_units_spend_all_the_money() {
        assert_eq!(affordable(100.0, 40.0, Lot::Fractional, Commission::None), 2.5);
        let units = affordable(1000.0, 10.0, Lot::Fractional, Commission::Percent(0.25));
        assert!((units - 80.0).abs() < 1e-9, "{units}");
    }

    #[test]
    fn fractional_units_are_found_where_commission_is_more_than_the_price() {
        let afford = |price| affordable(100.0, price, Lot::Fractional, Commission::PerShare(5.0));
        for price in [0.001, 3.0, 5.0, 6.0, 500.0] {
            let expected = 100.0 / (price + 5.0);
            assert!((afford(price) - expected).abs() < 1e-12 * expected, "{price}");
        }
    }

    #[test]
    fn more_lots_than_there_are_whole_numbers_are_found_too() {
        let commission = Commission::Percent(0.001);
        let units = affordable(1e18, 0.01, Lot::Of(1.0), commission);
        assert!(units > 9e19 && units * 0.01 + commission.of(units, 0.01) <= 1e18, "{units}");
        assert_eq!(affordable(f64::INFINITY, 0.01, Lot::Of(1.0), Commission::None), f64::INFINITY);
    }

    proptest! {
        #[test]
        fn the_quantity_fits_and_one_lot_more_does_not(
            money in 0.0..1e7_f64,
            price in 0.01..5000.0_f64,
            model in prop::sample::select(vec![
                Commission::None,
                Commission::PerShare(0.005),
                Commission::Percent(0.03),
                Commission::IbkrFixed,
            ]),
        ) {
            let cost = |units: f64| units * price + model.of(units, price);
            let units = affordable(money, price, Lot::Of(1.0), model);
            prop_assert!(units >= 0.0 && units.fract() == 0.0);
            prop_assert!(cost(units) <= money);
            prop_assert!(cost(units + 1.0) > money);
            let fraction = affordable(money, price, Lot::Fractional, model);
            prop_assert!(cost(fraction) <= money && fraction >= units - 1e-9);
        }
    }
}
