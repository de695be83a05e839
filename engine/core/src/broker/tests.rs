//! Every expected number here is a hand calculation.

use strategy_api::{
    abi::layout::RawOrder,
    order::{OrderId, Size, market_order},
};

use super::*;
use crate::{
    calendar::{DAY_NS, midnight_ns},
    risk::{self, Gate},
};

mod fractions;
mod orders;
mod parts;
mod settle;

const TERMS: Terms = Terms {
    fill: FillModel::NextOpen,
    commission: Commission::None,
    slippage: Slippage::None,
    limit_touch: LimitTouch::Touch,
    ambiguity: Ambiguity::Pessimistic,
    account: Account::Cash,
    limits: Limits { gross: None, net: None, per_symbol: None, orders_per_bar: None },
};

fn take(broker: &mut Broker, raw: &RawOrder) -> u64 {
    let raw = RawOrder { id: broker.orders.len() as u64 + 1, ..*raw };
    let gate = Gate { instruments: 2, may_short: broker.terms.account.may_short() };
    broker.accept(OrderRecord::new(&raw, 0), risk::check(&raw, gate, 0));
    raw.id
}

fn place(broker: &mut Broker, instrument: usize, size: Size) -> u64 {
    take(broker, &market_order(OrderId(0), instrument, size))
}

fn flat(price: f64) -> Bar {
    Bar { ts: 1, open: price, high: price, low: price, close: price, volume: 1e6 }
}

fn ends_of(quote: &Quote) -> (f64, f64) {
    quote.bar.map_or((quote.before, quote.before), |bar| (bar.open, bar.close))
}

/// Works a step in which the two instruments have these bars.
fn work_bars(broker: &mut Broker, portfolio: &mut Portfolio, bars: [Option<Bar>; 2], before: f64) {
    let quote = |instrument: usize| Quote { bar: bars[instrument], before, lot: Lot::Of(1.0) };
    let session = |instrument: usize| {
        let day = bars[instrument].map_or(0, |bar| i32::try_from(bar.ts).unwrap());
        Session { day, is_first: true, is_last: true }
    };
    let ends = [0, 1].map(|one| ends_of(&quote(one)));
    let floor = Floor { quote: &quote, ends: &ends, session: &session, path: None };
    broker.work(portfolio, &floor, Part::Bar);
}

fn work_at(broker: &mut Broker, portfolio: &mut Portfolio, prices: [f64; 2]) {
    work_bars(broker, portfolio, prices.map(|price| Some(flat(price))), 0.0);
}

fn ends(broker: &Broker) -> Vec<(OrderState, Option<Reason>, f64)> {
    broker.orders.iter().map(|order| (order.state, order.reason, order.filled)).collect()
}

#[test]
fn an_entry_of_all_equity_is_whole_shares_at_the_price_it_gets() {
    let (mut broker, mut portfolio) = (Broker::new(TERMS), Portfolio::new(10_000.0, 2));
    place(&mut broker, 0, Size::TargetFraction(1.0));
    work_at(&mut broker, &mut portfolio, [103.0, 1.0]);
    assert_eq!(ends(&broker), [(OrderState::Filled, None, 97.0)]);
    assert_eq!(portfolio.cash, 10_000.0 - 97.0 * 103.0);
    assert_eq!(portfolio.entry_price, [103.0, 0.0]);
}

#[test]
fn an_entry_leaves_room_for_its_commission_and_slippage() {
    let terms = Terms {
        commission: Commission::Percent(0.01),
        slippage: Slippage::BasisPoints(100.0),
        ..TERMS
    };
    let (mut broker, mut portfolio) = (Broker::new(terms), Portfolio::new(10_000.0, 2));
    place(&mut broker, 0, Size::EquityFraction(1.0));
    work_at(&mut broker, &mut portfolio, [100.0, 1.0]);
    // 101 a share with slippage, 102.01 with commission: 98 shares for 9,996.98.
    assert_eq!(ends(&broker), [(OrderState::Filled, None, 98.0)]);
    assert!((portfolio.cash - 3.02).abs() < 1e-9, "{}", portfolio.cash);
}

#[test]
fn more_units_than_the_cash_pays_for_or_than_are_held_are_rejected() {
    let (mut broker, mut portfolio) = (Broker::new(TERMS), Portfolio::new(1000.0, 2));
    place(&mut broker, 0, Size::Units(11.0));
    place(&mut broker, 1, Size::Units(-1.0));
    place(&mut broker, 1, Size::EquityFraction(0.001));
    place(&mut broker, 1, Size::TargetUnits(0.0));
    place(&mut broker, 1, Size::Units(0.5));
    work_at(&mut broker, &mut portfolio, [100.0, 10.0]);
    assert_eq!(
        ends(&broker),
        [
            (OrderState::Rejected, Some(Reason::NoCash), 0.0),
            (OrderState::Rejected, Some(Reason::Short), 0.0),
            (OrderState::Rejected, Some(Reason::LessThanOneLot), 0.0),
            (OrderState::Cancelled, Some(Reason::AlreadyThere), 0.0),
            (OrderState::Rejected, Some(Reason::LessThanOneLot), 0.0),
        ]
    );
    assert_eq!(portfolio, Portfolio::new(1000.0, 2));
}

#[test]
fn sales_of_a_step_pay_for_its_buys() {
    let (mut broker, mut portfolio) = (Broker::new(TERMS), Portfolio::new(0.0, 2));
    portfolio.position[1] = 50.0;
    place(&mut broker, 0, Size::TargetFraction(1.0));
    place(&mut broker, 1, Size::TargetFraction(0.0));
    work_at(&mut broker, &mut portfolio, [100.0, 20.0]);
    assert_eq!(portfolio.position, [10.0, 0.0]);
    assert_eq!(portfolio.cash, 0.0);
}

#[test]
fn buys_that_the_cash_does_not_cover_are_reduced_in_proportion() {
    let (mut broker, mut portfolio) = (Broker::new(TERMS), Portfolio::new(1000.0, 2));
    place(&mut broker, 0, Size::TargetFraction(1.0));
    place(&mut broker, 1, Size::TargetFraction(1.0));
    work_at(&mut broker, &mut portfolio, [100.0, 10.0]);
    assert_eq!(
        ends(&broker),
        [
            (OrderState::Filled, Some(Reason::Reduced), 5.0),
            (OrderState::Filled, Some(Reason::Reduced), 50.0),
        ]
    );
}

#[test]
fn an_order_waits_for_the_next_bar_of_its_instrument() {
    let (mut broker, mut portfolio) = (Broker::new(TERMS), Portfolio::new(1000.0, 2));
    place(&mut broker, 1, Size::Units(1.0));
    work_bars(&mut broker, &mut portfolio, [None, None], 10.0);
    assert!(broker.is_waiting());
    work_at(&mut broker, &mut portfolio, [100.0, 10.0]);
    assert_eq!(portfolio.position, [0.0, 1.0]);
    place(&mut broker, 1, Size::Units(1.0));
    broker.expire(99);
    assert_eq!(ends(&broker)[1], (OrderState::Expired, Some(Reason::NoNextBar), 0.0));
}

/// By hand: 300,000 x 0.0035 + 100,000 x 0.0020 = 1,250, then 100,000 x 0.0020 = 200, and in February
/// 100,000 x 0.0035 = 350; each with 0.0032 a share for exchange and clearing, 0.0735 % of the commission
/// and 0.000003 a share. Two fills of one moment are both priced by what came before it.
#[test]
fn a_tiered_commission_counts_the_shares_of_the_calendar_month() {
    let terms = Terms { commission: Commission::IbkrTiered, ..TERMS };
    let (mut broker, mut portfolio) = (Broker::new(terms), Portfolio::new(1e9, 2));
    let day = |month| midnight_ns(jiff::civil::date(2024, month, 5));
    let next_day = day(1) + DAY_NS;
    for (ts, orders) in [(day(1), [4e5, 0.0]), (next_day, [1e5, 1e5]), (day(2), [1e5, 0.0])] {
        for (instrument, units) in orders.into_iter().enumerate().filter(|(_, units)| *units > 0.0)
        {
            place(&mut broker, instrument, Size::Units(units));
        }
        let bar = Some(Bar { ts, ..flat(10.0) });
        work_bars(&mut broker, &mut portfolio, [bar, bar], 0.0);
    }
    let paid: Vec<f64> = broker.fills.iter().map(|fill| fill.commission).collect();
    let whole = |own: f64, shares: f64| own * 1.000_735 + 0.003_203 * shares;
    let by_hand = [whole(1250.0, 4e5), whole(200.0, 1e5), whole(200.0, 1e5), whole(350.0, 1e5)];
    for (paid, by_hand) in paid.iter().zip(by_hand) {
        assert!((paid - by_hand).abs() < 1e-9, "{paid} {by_hand}");
    }
    let months: Vec<f64> = broker.bases.iter().map(|basis| basis.month_units).collect();
    assert_eq!(months, [0.0, 4e5, 4e5, 0.0]);
}
