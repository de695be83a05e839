//! Settles what a bar leaves open: when it can be read in two ways and the finer bars inside it are
//! held, its orders are worked again, from one of these to the next.
//!
//! Within a finer bar everything is as within a bar: a gap fills at its open, stops come before limits
//! (or after them, when the optimistic reading is asked for), and what one finer bar leaves open stays
//! open. A bar that leaves nothing open is never worked twice, so its fills are those of a run without
//! finer bars. Finer bars that do not reach the bar's high and low tell another story than the bar;
//! they settle nothing.

use strategy_api::Bar;

use super::{
    Broker, Floor, Month, Quote, Report,
    book::{Entered, Working},
    fill::Moment,
    inside::Reading,
};
use crate::{
    order::{Kind, OrderRecord},
    portfolio::Portfolio,
};

/// How far the extremes of finer bars may be from those of their bar, as a fraction: rounding.
const TOLERANCE: f64 = 1e-9;

/// What working the inside of a bar may change.
struct Before {
    book: Vec<Working>,
    records: Vec<OrderRecord>,
    fills: usize,
    steps: usize,
    month: Month,
    reports: Vec<Report>,
    ambiguous_bars: u64,
    portfolio: Portfolio,
}

impl Broker {
    /// Works what fills inside the bars of a step; what they leave open is settled by finer bars.
    pub(super) fn work_inside(&mut self, portfolio: &mut Portfolio, floor: &Floor<'_>) {
        // A single order leaves nothing open: no sibling to choose from and no child that may be born.
        let Some(path) = floor.path.filter(|_| self.book.len() > 1) else {
            return self.work_queue(portfolio, floor, Reading::Bar, |_| true);
        };
        let before = self.before(portfolio);
        self.work_queue(portfolio, floor, Reading::Bar, |_| true);
        let finer = |instrument: &usize| {
            let bar = (floor.quote)(*instrument).bar?;
            Some((*instrument, told_by(path(*instrument), &bar)?))
        };
        let paths: Vec<(usize, Vec<Bar>)> = self.ambiguous.iter().filter_map(finer).collect();
        if paths.is_empty() {
            return;
        }
        self.restore(before, portfolio);
        let is_settled = |instrument| paths.iter().any(|(one, _)| *one == instrument);
        self.work_queue(portfolio, floor, Reading::Bar, |instrument| !is_settled(instrument));
        for (instrument, bars) in &paths {
            self.follow(*instrument, bars, portfolio, floor);
        }
    }

    fn before(&self, portfolio: &Portfolio) -> Before {
        Before {
            book: self.book.clone(),
            records: self.book.iter().map(|working| self.orders[working.record]).collect(),
            fills: self.fills.len(),
            steps: self.steps.len(),
            month: self.month,
            reports: self.reports.clone(),
            ambiguous_bars: self.ambiguous_bars,
            portfolio: portfolio.clone(),
        }
    }

    fn restore(&mut self, before: Before, portfolio: &mut Portfolio) {
        for (working, record) in before.book.iter().zip(before.records) {
            self.orders[working.record] = record;
        }
        self.book = before.book;
        self.fills.truncate(before.fills);
        self.bases.truncate(before.fills);
        self.steps.truncate(before.steps);
        self.month = before.month;
        self.reports = before.reports;
        self.ambiguous_bars = before.ambiguous_bars;
        self.ambiguous.clear();
        *portfolio = before.portfolio;
    }

    /// Works the orders of an instrument from one finer bar to the next.
    fn follow(
        &mut self,
        instrument: usize,
        bars: &[Bar],
        portfolio: &mut Portfolio,
        floor: &Floor<'_>,
    ) {
        self.ambiguous_bars += 1;
        let counted = self.ambiguous_bars;
        let whole = (floor.quote)(instrument);
        let mut born: Vec<(u64, Entered)> = Vec::new();
        let mut ends = floor.ends.to_vec();
        for bar in bars {
            let quote = |one: usize| {
                if one == instrument {
                    Quote { bar: Some(*bar), ..whole }
                } else {
                    (floor.quote)(one)
                }
            };
            ends[instrument] = (bar.open, bar.close);
            let inside = Floor { quote: &quote, ends: &ends, ..*floor };
            self.work_queue(portfolio, &inside, Reading::Path, |one| one == instrument);
            self.book.iter_mut().for_each(|working| grow_up(working, &mut born));
        }
        for (order, entered) in born {
            let of = |working: &&mut Working| working.order.id == order;
            self.book.iter_mut().filter(of).for_each(|working| working.entered = Some(entered));
        }
        let is_open = self.ambiguous_bars > counted;
        self.ambiguous_bars = counted;
        self.settled_bars += u64::from(!is_open);
    }
}

/// An order that was born within a finer bar is worked in all of the next one.
fn grow_up(working: &mut Working, born: &mut Vec<(u64, Entered)>) {
    let is_priced = matches!(working.order.kind, Kind::Limit(_) | Kind::Stop(_));
    if let Some(entered) = &mut working.entered
        && entered.moment == Moment::Inside
        && is_priced
    {
        born.push((working.order.id, *entered));
        entered.moment = Moment::Open;
    }
}

/// The finer bars with the time and the volume of their bar, and its open; `None` when they do not
/// tell its story.
fn told_by(mut finer: Vec<Bar>, bar: &Bar) -> Option<Vec<Bar>> {
    let near = |one: f64, other: f64| (one - other).abs() <= TOLERANCE * other;
    let high = finer.iter().map(|bar| bar.high).fold(f64::NEG_INFINITY, f64::max);
    let low = finer.iter().map(|bar| bar.low).fold(f64::INFINITY, f64::min);
    if !near(high, bar.high) || !near(low, bar.low) {
        return None;
    }
    finer.first_mut()?.open = bar.open;
    for one in &mut finer {
        let within = |price: f64| price.clamp(bar.low, bar.high);
        *one = Bar {
            ts: bar.ts,
            open: within(one.open),
            high: within(one.high.max(one.open)),
            low: within(one.low.min(one.open)),
            close: within(one.close),
            volume: bar.volume,
        };
    }
    // Rounding must not take the extremes away.
    let reach = |one: f64, other: f64| if near(one, other) { other } else { one };
    for one in &mut finer {
        one.high = reach(one.high, bar.high);
        one.low = reach(one.low, bar.low);
    }
    Some(finer)
}
