//! An order from the bar that caused it to its end, with each of its fills.

use engine_core::{
    broker::{Charge, Commission, Tariff},
    journal::{FillBasis, OrderStep, Step},
    ledger::{EntryKind, Part, parts},
    order::{FillRecord, OrderRecord, OrderState},
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    super::{
        lists::{Lists, Naming, OrderRow, changes},
        number::plain,
        record::Grounds,
        schema::Report,
    },
    rule, size,
};

/// A bar with the indicators of the strategy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BarRow {
    /// Time of the bar.
    pub time: String,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Units traded.
    pub volume: f64,
    /// Each by its name; null while it warms up.
    pub indicators: Map<String, Value>,
}

/// A step in the life of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LifeRow {
    /// Time of the bar.
    pub time: String,
    /// `placed`, `modify`, `cancel`, `released`, `triggered`, `fill`, or the state in which it ended.
    pub event: &'static str,
    /// In words.
    pub text: String,
}

/// A fill with what it stands on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FillChain {
    /// Time of the bar.
    pub time: String,
    /// Units that count for the trade, negative for a sale.
    pub quantity: f64,
    /// Units of the whole fill: more than `quantity` when it went through zero into another trade.
    pub whole: f64,
    /// Units held before.
    pub held_before: f64,
    /// Cash before; null when it is not known.
    pub cash_before: Option<f64>,
    /// The bar in which it filled; null when it was not kept.
    pub bar: Option<BarRow>,
    /// Which rule of filling gave its price.
    pub rule: String,
    /// Price before slippage.
    pub reference: f64,
    /// Price paid or got.
    pub price: f64,
    /// Slippage of the units that count, currency.
    pub slippage: f64,
    /// Commission of the units that count, currency.
    pub commission: f64,
    /// Parts of the commission of the whole fill.
    pub charges: Vec<Charge>,
    /// Rates of the commission in words.
    pub rates: &'static str,
    /// The slippage model.
    pub slippage_model: String,
    /// How it came to its size; null when that was not kept.
    pub size: Option<String>,
    /// Price times units that count: paid, or below zero got.
    pub value: f64,
}

/// An order with its fills.
#[derive(Debug, Serialize)]
pub struct OrderChain<'a> {
    /// What it did in the trade: `entry`, `exit`, or `none` when it did not fill.
    pub role: &'static str,
    /// The order as the list of orders shows it.
    pub order: OrderRow<'a>,
    /// The bar at whose close it was placed; null when it was not kept.
    pub seen: Option<BarRow>,
    /// The bar before that.
    pub before: Option<BarRow>,
    /// Its life, step by step.
    pub life: Vec<LifeRow>,
    /// Its fills within the trade.
    pub fills: Vec<FillChain>,
}

/// A run, from which chains are made.
pub(super) struct Chains<'a, 'l> {
    pub(super) report: &'a Report,
    pub(super) lists: &'a Lists<'l>,
    pub(super) grounds: Option<&'a Grounds>,
    pub(super) naming: Naming<'a>,
}

impl<'a> Chains<'a, '_> {
    /// The orders of a trade: those that filled, and those that belong to them.
    pub(super) fn of_parts(&self, parts: &[Part]) -> Vec<OrderChain<'a>> {
        let filled = |order: u64| {
            parts.iter().any(|part| matches!(part, Part::Fill { fill, .. } if fill.order == order))
        };
        let orders = &self.lists.orders;
        let groups: Vec<u64> = orders
            .iter()
            .filter(|order| order.terms.oca_group != 0 && filled(order.id))
            .map(|order| order.terms.oca_group)
            .collect();
        let belongs = |order: &OrderRecord| {
            filled(order.id)
                || filled(order.terms.parent)
                || groups.contains(&order.terms.oca_group)
        };
        let places = (0..orders.len()).filter(|place| belongs(&orders[*place]));
        places.map(|place| self.of_order(place, parts)).collect()
    }

    /// The chain of the order at a place of the list, with its fills among `parts`.
    pub(super) fn of_order(&self, place: usize, parts: &[Part]) -> OrderChain<'a> {
        let order = &self.lists.orders[place];
        let own = parts.iter().filter_map(|part| match part {
            Part::Fill { place, fill, held } if fill.order == order.id => {
                Some((*place, *fill, *held))
            }
            _ => None,
        });
        let own: Vec<(usize, FillRecord, f64)> = own.collect();
        let role = match own.first() {
            Some((_, fill, held)) if held * fill.quantity < 0.0 => "exit",
            Some(_) => "entry",
            None => "none",
        };
        let before = self.seen_before(order);
        OrderChain {
            role,
            order: self.naming.order(order),
            seen: self.seen(order.instrument, order.decided_ts),
            before,
            life: self.life(order),
            fills: own.iter().map(|one| self.fill(order, one)).collect(),
        }
    }

    /// The fills of an order, whatever trades they belong to.
    pub(super) fn parts_of(&self, order: u64) -> Vec<Part> {
        let (trades, fills) = (&self.lists.trades, &self.lists.fills);
        let entries = self.grounds.map_or(&[][..], |grounds| &grounds.entries);
        let own: Vec<&FillRecord> = fills.iter().filter(|fill| fill.order == order).collect();
        let holds = |number: &usize| {
            let trade = &trades[*number];
            let until = trade.closed_ts.unwrap_or(i64::MAX);
            own.iter().any(|fill| {
                fill.instrument == trade.instrument && (trade.opened_ts..=until).contains(&fill.ts)
            })
        };
        let all = (0..trades.len()).filter(holds);
        let all = all.flat_map(|trade| parts(trades, trade, fills, entries));
        all.filter(|part| matches!(part, Part::Fill { fill, .. } if fill.order == order)).collect()
    }

    /// The last kept bar of an instrument at or before a time.
    fn seen(&self, instrument: u32, ts: i64) -> Option<BarRow> {
        let grounds = self.grounds?;
        let (bar, values) = grounds.seen.at(instrument, ts, grounds.indicators.len())?;
        let number =
            |value: &f64| serde_json::Number::from_f64(*value).map_or(Value::Null, Value::from);
        let named = grounds.indicators.iter().cloned().zip(values.iter().map(number));
        Some(BarRow {
            time: self.naming.time(bar.ts),
            open: bar.open,
            high: bar.high,
            low: bar.low,
            close: bar.close,
            volume: bar.volume,
            indicators: named.collect(),
        })
    }

    fn seen_before(&self, order: &OrderRecord) -> Option<BarRow> {
        let grounds = self.grounds?;
        let columns = grounds.indicators.len();
        let (bar, _) = grounds.seen.at(order.instrument, order.decided_ts, columns)?;
        self.seen(order.instrument, bar.ts - 1)
    }

    /// What happened to an order, in its order.
    fn life(&self, order: &OrderRecord) -> Vec<LifeRow> {
        let mut steps =
            vec![(order.decided_ts, 0, "placed", "at the close of this bar".to_owned())];
        let journal = self.grounds.map_or(&[][..], |grounds| &grounds.steps);
        for step in journal.iter().filter(|step| step.order == order.id) {
            let class = if step.step.is_instruction() { 3 } else { 1 };
            steps.push((step.ts, class, step.step.name(), told(step)));
        }
        for fill in self.lists.fills.iter().filter(|fill| fill.order == order.id) {
            let side = if fill.quantity > 0.0 { "bought" } else { "sold" };
            let text = format!("{side} {} at {}", plain(fill.quantity.abs()), plain(fill.price));
            steps.push((fill.ts, 2, "fill", text));
        }
        steps.push((order.ended_ts, 4, order.state.name(), self.end(order)));
        steps.sort_by_key(|(ts, class, ..)| (*ts, *class));
        let row = |(ts, _, event, text)| LifeRow { time: self.naming.time(ts), event, text };
        steps.into_iter().map(row).collect()
    }

    fn end(&self, order: &OrderRecord) -> String {
        match (order.state, order.reason) {
            (OrderState::Filled, None) => format!("all {}", plain(order.filled.abs())),
            (_, Some(reason)) if order.filled != 0.0 => {
                format!("{reason}; {} filled", plain(order.filled.abs()))
            }
            (_, Some(reason)) => reason.to_string(),
            (_, None) => String::new(),
        }
    }

    fn fill(
        &self,
        order: &OrderRecord,
        (place, fill, held): &(usize, FillRecord, f64),
    ) -> FillChain {
        let whole = &self.lists.fills[*place];
        let basis = self.grounds.and_then(|grounds| grounds.bases.get(*place));
        let bar =
            self.seen(fill.instrument, fill.ts).map(|bar| BarRow { indicators: Map::new(), ..bar });
        let model = self.report.settings.commission.parse::<Commission>().unwrap_or_default();
        let month_units = basis.map_or(0.0, |basis| basis.month_units);
        let tariff = Tariff { model, month_units };
        FillChain {
            time: self.naming.time(fill.ts),
            quantity: fill.quantity,
            whole: whole.quantity,
            held_before: *held,
            cash_before: self.cash_before(*place, fill.ts),
            rule: rule::of(self, order, whole, basis, bar.as_ref()),
            bar,
            reference: fill.reference,
            price: fill.price,
            slippage: (fill.price - fill.reference) * fill.quantity,
            commission: fill.commission,
            charges: tariff.charges(whole.quantity, whole.price),
            rates: model.rates(),
            slippage_model: self.report.settings.slippage.clone(),
            size: self.size(order, (*place, whole), *held, basis, tariff),
            value: fill.quantity * fill.price,
        }
    }

    fn size(
        &self,
        order: &OrderRecord,
        (place, fill): (usize, &FillRecord),
        held: f64,
        basis: Option<&FillBasis>,
        tariff: Tariff,
    ) -> Option<String> {
        let is_first = !self.lists.fills[..place].iter().any(|other| other.order == order.id);
        let parent = self.lists.orders.iter().find(|other| other.id == order.terms.parent);
        let settings = &self.report.settings;
        let lot = settings.lots.get(fill.instrument as usize).copied().unwrap_or(1.0);
        size::of(&size::Question {
            size: self.terms_at(order, fill.ts).size,
            fill,
            equity: basis?.equity,
            held,
            parent_filled: parent.map_or(0.0, |parent| parent.filled),
            is_first,
            reason: order.reason,
            lot: (!settings.fractional).then_some(lot),
            tariff,
            cash: self.cash_before(place, fill.ts),
        })
    }

    /// Cash before the fill at a place; `None` when the account had entries that were not kept.
    fn cash_before(&self, place: usize, ts: i64) -> Option<f64> {
        let costs = &self.report.costs;
        let has_entries =
            costs.interest != 0.0 || costs.borrow_fees != 0.0 || costs.dividends != 0.0;
        if has_entries && self.grounds.is_none() {
            return None;
        }
        let entries = self.grounds.map_or(&[][..], |grounds| &grounds.entries);
        let booked = entries.iter().filter(|one| one.ts <= ts && one.kind != EntryKind::Split);
        let fills = &self.lists.fills[..place];
        let spent: f64 =
            fills.iter().map(|fill| fill.quantity * fill.price + fill.commission).sum();
        Some(self.report.settings.cash - spent + booked.map(|entry| entry.value).sum::<f64>())
    }

    /// What an order says when a bar that begins at `ts` is worked: its terms with the changes so far.
    pub(super) fn terms_at(&self, order: &OrderRecord, ts: i64) -> TermsAt {
        let mut terms = TermsAt {
            size: (order.size_kind, order.size),
            limit: order.terms.limit_price,
            stop: order.terms.stop_price,
            trail: order.terms.trail,
        };
        let steps = self.grounds.map_or(&[][..], |grounds| &grounds.steps);
        let changes = steps.iter().filter(|step| {
            step.order == order.id && step.step == Step::Modify && step.is_effective && step.ts < ts
        });
        for change in changes {
            terms.size = change.size.unwrap_or(terms.size);
            terms.limit = change.limit_price.or(terms.limit);
            terms.stop = change.stop_price.or(terms.stop);
            terms.trail = change.trail.or(terms.trail);
        }
        terms
    }

    /// The journal of an order.
    pub(super) fn steps(&self, order: u64) -> impl Iterator<Item = &'a OrderStep> {
        let steps = self.grounds.map_or(&[][..], |grounds| &grounds.steps[..]);
        steps.iter().filter(move |step| step.order == order)
    }
}

/// What an order says at some time.
#[derive(Clone, Copy, Debug)]
pub(super) struct TermsAt {
    pub(super) size: (u32, f64),
    pub(super) limit: Option<f64>,
    pub(super) stop: Option<f64>,
    pub(super) trail: Option<f64>,
}

/// A step in words.
fn told(step: &OrderStep) -> String {
    let mut text = match step.step {
        Step::Modify => {
            let told = changes(step).into_iter().map(|(name, value)| format!("{name} {value}"));
            let told: Vec<String> = told.collect();
            format!("changed at the close of this bar: {}", told.join(", "))
        }
        Step::Cancel | Step::CancelAll => "the strategy asks for its end".to_owned(),
        Step::Released => "its parent has filled: it is worked from here on".to_owned(),
        Step::Triggered => {
            "its stop is reached: the limit is worked from the next bar on".to_owned()
        }
    };
    if !step.is_effective {
        text.push_str(" (without effect)");
    }
    text
}
