//! Which rule of filling gave the price of a fill, in words with its numbers.

use engine_core::{
    journal::{FillBasis, FilledAt, Step},
    order::{FillRecord, OrderRecord},
};
use strategy_api::abi::layout::{
    KIND_LIMIT, KIND_ON_CLOSE, KIND_ON_OPEN, KIND_STOP, KIND_STOP_LIMIT, KIND_TRAIL_AMOUNT,
    KIND_TRAIL_FRACTION,
};

use super::{
    super::number::plain,
    chain::{BarRow, Chains},
};

/// The rule behind a fill. Without a basis only the kind of the order is known.
pub(super) fn of(
    chains: &Chains<'_, '_>,
    order: &OrderRecord,
    fill: &FillRecord,
    basis: Option<&FillBasis>,
    bar: Option<&BarRow>,
) -> String {
    let (Some(basis), Some(bar)) = (basis, bar) else {
        return "not kept with the run".to_owned();
    };
    let terms = chains.terms_at(order, fill.ts);
    let is_buy = fill.quantity > 0.0;
    let earlier = chains.lists.fills.iter().find(|other| other.order == order.id);
    let is_rest = earlier.is_some_and(|earlier| earlier.ts < fill.ts);
    let touch = Touch { fill, at: basis.at, bar, is_buy, is_rest };
    let mut text = match order.terms.kind {
        KIND_LIMIT => touch.limit(terms.limit, chains),
        KIND_STOP => touch.stop("stop", terms.stop),
        KIND_STOP_LIMIT => {
            let triggered = chains.steps(order.id).find(|step| step.step == Step::Triggered);
            let since = triggered.map(|step| {
                format!(
                    "stop {} was reached on {}; ",
                    price(terms.stop),
                    chains.naming.time(step.ts)
                )
            });
            since.unwrap_or_default() + &touch.limit(terms.limit, chains)
        }
        KIND_TRAIL_AMOUNT => touch.stop(&format!("stop trailing by {}", price(terms.trail)), None),
        KIND_TRAIL_FRACTION => {
            let percent = terms.trail.map_or_else(String::new, |part| plain(part * 100.0));
            touch.stop(&format!("stop trailing by {percent} %"), None)
        }
        KIND_ON_OPEN => format!("an order for the open of a session: {}", plain(bar.open)),
        KIND_ON_CLOSE => format!("an order for the close of a session: {}", plain(bar.close)),
        _ => touch.market(&chains.report.settings.fill),
    };
    let released =
        chains.steps(order.id).any(|step| step.step == Step::Released && step.ts == fill.ts);
    if released {
        text.push_str("; its parent filled in the same bar, of which only the rest counts");
    }
    text
}

fn price(price: Option<f64>) -> String {
    price.map_or_else(|| "without a price".to_owned(), plain)
}

struct Touch<'f> {
    fill: &'f FillRecord,
    at: FilledAt,
    bar: &'f BarRow,
    is_buy: bool,
    /// Whether a part of the order filled in an earlier bar.
    is_rest: bool,
}

impl Touch<'_> {
    fn market(&self, fill: &str) -> String {
        match (self.at, fill) {
            (FilledAt::Close, "same_close") => format!(
                "a market order under same_close: the close {} of the bar just seen",
                plain(self.bar.close)
            ),
            (FilledAt::Close, _) => format!(
                "a market order under {fill}: the close {} of the next bar",
                plain(self.bar.close)
            ),
            _ => format!("a market order: the open {} of the next bar", plain(self.bar.open)),
        }
    }

    fn limit(&self, limit: Option<f64>, chains: &Chains<'_, '_>) -> String {
        let (limit, open) = (price(limit), plain(self.bar.open));
        let (side, reach) = match self.is_buy {
            true => ("buy", format!("the low {}", plain(self.bar.low))),
            false => ("sell", format!("the high {}", plain(self.bar.high))),
        };
        match self.at {
            FilledAt::Open => {
                format!(
                    "a {side} limit {limit}: the open {open} is there already, and is the price"
                )
            }
            _ => {
                let word = match chains.report.settings.limit_touch.as_str() {
                    "strict" => "goes beyond it",
                    _ => "reaches it",
                };
                format!(
                    "a {side} limit {limit}: {reach} {word}, the open {open} does not; the limit is the price"
                )
            }
        }
    }

    fn stop(&self, name: &str, level: Option<f64>) -> String {
        let open = plain(self.bar.open);
        if self.is_rest {
            return format!("what is left of a {name} that was reached: the open {open}");
        }
        let (side, reach) = match self.is_buy {
            true => ("buy", format!("the high {}", plain(self.bar.high))),
            false => ("sell", format!("the low {}", plain(self.bar.low))),
        };
        let told = level.map_or_else(String::new, |level| format!(" {}", plain(level)));
        match self.at {
            FilledAt::Open => format!(
                "a {side} {name}{told}: the open {open} is at it or beyond; a gap fills at the gap"
            ),
            _ => format!(
                "a {side} {name}{told}: {reach} reaches {}, which is the price",
                plain(self.fill.reference)
            ),
        }
    }
}
