//! Kinds of order, brackets, times in force, margin and limits; every expected number is a hand
//! calculation.

use strategy_api::abi::layout::{
    ACTION_CANCEL, ACTION_MODIFY, KIND_LIMIT, KIND_STOP, KIND_STOP_LIMIT, KIND_TRAIL_AMOUNT,
    KIND_TRAIL_FRACTION, STATE_PARTLY_FILLED, STATE_TRIGGERED, TIF_DAY, TIF_FOK, TIF_GTD, TIF_IOC,
};

use super::*;

/// An order with a limit, a stop or a trail.
pub(super) fn priced(kind: u32, units: f64, limit: f64, stop: f64, trail: f64) -> RawOrder {
    let raw = market_order(OrderId(0), 0, Size::Units(units));
    RawOrder { kind, limit_price: limit, stop_price: stop, trail, ..raw }
}

pub(super) fn limit(units: f64, price: f64) -> RawOrder {
    priced(KIND_LIMIT, units, price, f64::NAN, f64::NAN)
}

pub(super) fn stop(units: f64, price: f64) -> RawOrder {
    priced(KIND_STOP, units, f64::NAN, price, f64::NAN)
}

/// An order that closes what `parent` fills, in the group of whatever else does.
pub(super) fn attached(order: RawOrder, parent: u64) -> RawOrder {
    let (size_kind, size) = Size::ParentFill(1.0).to_wire();
    RawOrder { size_kind, size, parent, oca_group: 1 << 63 | parent, ..order }
}

pub(super) fn bar(ts: i64, open: f64, high: f64, low: f64, close: f64) -> Bar {
    Bar { ts, open, high, low, close, volume: 1000.0 }
}

/// Works one instrument through bars; the first close before them is 100.
pub(super) fn work_through(broker: &mut Broker, portfolio: &mut Portfolio, bars: &[Bar]) {
    let mut before = 100.0;
    for bar in bars {
        work_bars(broker, portfolio, [Some(*bar), None], before);
        before = bar.close;
    }
}

pub(super) fn start(terms: Terms, held: f64) -> (Broker, Portfolio) {
    let mut portfolio = Portfolio::new(100_000.0, 2);
    portfolio.position[0] = held;
    (Broker::new(terms), portfolio)
}

pub(super) fn prices(broker: &Broker) -> Vec<(u64, i64, f64, f64)> {
    broker.fills.iter().map(|fill| (fill.order, fill.ts, fill.quantity, fill.price)).collect()
}

#[test]
fn limits_and_stops_fill_by_the_table() {
    let (mut broker, mut portfolio) = start(TERMS, 0.0);
    take(&mut broker, &limit(1.0, 99.0));
    take(&mut broker, &limit(1.0, 101.0));
    take(&mut broker, &stop(1.0, 103.0));
    take(&mut broker, &stop(1.0, 100.0));
    take(&mut broker, &limit(1.0, 90.0));
    work_through(&mut broker, &mut portfolio, &[bar(5, 100.5, 104.0, 98.0, 102.0)]);
    // At the open: the limit above it, and the stop that it has gapped over. Inside: the stop first.
    let expected = [(2, 5, 1.0, 100.5), (4, 5, 1.0, 100.5), (3, 5, 1.0, 103.0), (1, 5, 1.0, 99.0)];
    assert_eq!(prices(&broker), expected);
    broker.expire(99);
    assert_eq!(broker.orders[4].reason, Some(Reason::RunEnded));
}

#[test]
fn the_bar_that_triggers_a_stop_limit_does_not_fill_it() {
    let (mut broker, mut portfolio) = start(TERMS, 0.0);
    take(&mut broker, &priced(KIND_STOP_LIMIT, 1.0, 102.5, 102.0, f64::NAN));
    let first = bar(5, 100.0, 103.0, 99.0, 102.8);
    work_through(&mut broker, &mut portfolio, &[first]);
    assert_eq!(prices(&broker), []);
    assert_eq!(broker.reports.last().unwrap().state, STATE_TRIGGERED);
    work_through(&mut broker, &mut portfolio, &[bar(6, 103.0, 104.0, 102.0, 103.0)]);
    assert_eq!(prices(&broker), [(1, 6, 1.0, 102.5)]);
}

#[test]
fn a_trailing_stop_follows_the_highs_of_closed_bars() {
    let (mut broker, mut portfolio) = start(TERMS, 10.0);
    take(&mut broker, &priced(KIND_TRAIL_AMOUNT, -10.0, f64::NAN, f64::NAN, 5.0));
    // 95 under the close of the decision; 103 under the high of bar 5; bar 6 raises nothing before it
    // has closed, and falls through 103.
    let bars = [bar(5, 100.0, 108.0, 99.0, 106.0), bar(6, 106.0, 115.0, 102.0, 103.0)];
    work_through(&mut broker, &mut portfolio, &bars);
    assert_eq!(prices(&broker), [(1, 6, -10.0, 103.0)]);
}

#[test]
fn a_trailing_stop_by_a_fraction_gaps_to_the_open() {
    let (mut broker, mut portfolio) = start(TERMS, 10.0);
    take(&mut broker, &priced(KIND_TRAIL_FRACTION, -10.0, f64::NAN, f64::NAN, 0.1));
    let bars = [bar(5, 100.0, 110.0, 95.0, 105.0), bar(6, 98.0, 99.0, 90.0, 95.0)];
    work_through(&mut broker, &mut portfolio, &bars);
    assert_eq!(prices(&broker), [(1, 6, -10.0, 98.0)]);
}

#[test]
fn a_bracket_is_stopped_first_when_one_bar_reaches_both_ends() {
    for (ambiguity, expected) in
        [(Ambiguity::Pessimistic, (2, 6, -5.0, 95.0)), (Ambiguity::Optimistic, (3, 6, -5.0, 110.0))]
    {
        let (mut broker, mut portfolio) = start(Terms { ambiguity, ..TERMS }, 0.0);
        let entry = place(&mut broker, 0, Size::Units(5.0));
        take(&mut broker, &attached(stop(0.0, 95.0), entry));
        take(&mut broker, &attached(limit(0.0, 110.0), entry));
        let bars = [bar(5, 100.0, 105.0, 99.0, 104.0), bar(6, 104.0, 111.0, 94.0, 100.0)];
        work_through(&mut broker, &mut portfolio, &bars);
        assert_eq!(prices(&broker), [(1, 5, 5.0, 100.0), expected]);
        assert_eq!(broker.ambiguous_bars, 1);
        let other = if expected.0 == 2 { 2 } else { 1 };
        let ended = &broker.orders[other];
        assert_eq!((ended.state, ended.reason), (OrderState::Cancelled, Some(Reason::GroupFilled)));
        assert!(!broker.is_waiting());
    }
}

#[test]
fn a_stop_loss_works_in_the_bar_whose_open_filled_its_parent() {
    let (mut broker, mut portfolio) = start(TERMS, 0.0);
    let entry = place(&mut broker, 0, Size::Units(5.0));
    take(&mut broker, &attached(stop(0.0, 95.0), entry));
    work_through(&mut broker, &mut portfolio, &[bar(5, 100.0, 105.0, 94.0, 104.0)]);
    assert_eq!(prices(&broker), [(1, 5, 5.0, 100.0), (2, 5, -5.0, 95.0)]);
    assert_eq!(broker.ambiguous_bars, 0, "the open comes before everything");
}

#[test]
fn after_an_entry_inside_the_bar_a_stop_loss_works_and_a_take_profit_waits() {
    let (mut broker, mut portfolio) = start(TERMS, 0.0);
    let entry = take(&mut broker, &limit(5.0, 98.0));
    take(&mut broker, &attached(limit(0.0, 101.0), entry));
    let first = bar(5, 100.0, 102.0, 97.0, 101.5);
    work_through(&mut broker, &mut portfolio, &[first]);
    assert_eq!(prices(&broker), [(1, 5, 5.0, 98.0)]);
    assert_eq!(broker.ambiguous_bars, 1, "the high of 102 may have come before or after 98");
    work_through(&mut broker, &mut portfolio, &[bar(6, 101.2, 103.0, 101.0, 102.0)]);
    assert_eq!(prices(&broker)[1], (2, 6, -5.0, 101.2));

    let (mut broker, mut portfolio) = start(TERMS, 0.0);
    let entry = take(&mut broker, &limit(5.0, 98.0));
    take(&mut broker, &attached(stop(0.0, 97.0), entry));
    work_through(&mut broker, &mut portfolio, &[first]);
    assert_eq!(prices(&broker), [(1, 5, 5.0, 98.0), (2, 5, -5.0, 97.0)]);
    assert_eq!(broker.ambiguous_bars, 0, "on the way down 98 comes before 97");
}

#[test]
fn what_waits_for_an_order_ends_with_it() {
    let (mut broker, mut portfolio) = start(TERMS, 0.0);
    let entry = take(&mut broker, &limit(5.0, 90.0));
    take(&mut broker, &attached(stop(0.0, 80.0), entry));
    let cancel = RawOrder { action: ACTION_CANCEL, id: entry, ..limit(f64::NAN, f64::NAN) };
    broker.instruct(&cancel, 4);
    let ends = ends(&broker);
    assert_eq!(ends[0].1, Some(Reason::ByStrategy));
    assert_eq!(ends[1].1, Some(Reason::ParentEnded));
    broker.instruct(&cancel, 4);
    assert_eq!(broker.ignored_instructions, 1);
    take(&mut broker, &attached(stop(0.0, 80.0), entry));
    assert_eq!(broker.orders[2].reason, Some(Reason::UnknownParent));
    work_through(&mut broker, &mut portfolio, &[bar(5, 85.0, 86.0, 79.0, 80.0)]);
    assert_eq!(prices(&broker), []);
}

#[test]
fn a_change_moves_the_price_from_the_next_bar_on() {
    let (mut broker, mut portfolio) = start(TERMS, 0.0);
    let order = take(&mut broker, &limit(5.0, 90.0));
    work_through(&mut broker, &mut portfolio, &[bar(5, 100.0, 101.0, 97.0, 100.0)]);
    let change = RawOrder { action: ACTION_MODIFY, id: order, ..limit(f64::NAN, 98.0) };
    broker.instruct(&change, 5);
    work_through(&mut broker, &mut portfolio, &[bar(6, 100.0, 101.0, 97.0, 100.0)]);
    assert_eq!(prices(&broker), [(1, 6, 5.0, 98.0)]);
    assert_eq!(broker.orders[0].terms.limit_price, Some(90.0), "as it was asked for");
}

#[test]
fn orders_end_when_their_time_is_over() {
    let (mut broker, mut portfolio) = start(TERMS, 0.0);
    let far = limit(1.0, 50.0);
    take(&mut broker, &RawOrder { time_in_force: TIF_DAY, ..far });
    take(&mut broker, &RawOrder { time_in_force: TIF_GTD, expires_at: 6, ..far });
    take(&mut broker, &RawOrder { time_in_force: TIF_IOC, ..far });
    take(&mut broker, &RawOrder { time_in_force: TIF_FOK, ..far });
    let calm = |ts| bar(ts, 100.0, 101.0, 99.0, 100.0);
    work_through(&mut broker, &mut portfolio, &[calm(5), calm(6), calm(7)]);
    let ended: Vec<_> =
        broker.orders.iter().map(|order| (order.state, order.reason, order.ended_ts)).collect();
    assert_eq!(
        ended,
        [
            (OrderState::Expired, Some(Reason::DayOver), 6),
            (OrderState::Expired, Some(Reason::TimeOver), 7),
            (OrderState::Cancelled, Some(Reason::NotAtOnce), 5),
            (OrderState::Cancelled, Some(Reason::NotAtOnce), 5),
        ]
    );
}

#[test]
fn volume_limits_a_fill_and_the_rest_goes_on() {
    let slippage = Slippage::VolumeShare { limit: 0.125, impact: 0.5 };
    let (mut broker, mut portfolio) = start(Terms { slippage, ..TERMS }, 0.0);
    place(&mut broker, 0, Size::Units(250.0));
    let calm = |ts| bar(ts, 100.0, 101.0, 99.0, 100.0);
    work_through(&mut broker, &mut portfolio, &[calm(5)]);
    assert_eq!(broker.reports.last().unwrap().state, STATE_PARTLY_FILLED);
    work_through(&mut broker, &mut portfolio, &[calm(6)]);
    // An eighth of 1,000, twice: 100 x (1 + 0.5 / 64).
    assert_eq!(prices(&broker), [(1, 5, 125.0, 100.78125), (1, 6, 125.0, 100.78125)]);
    assert_eq!(ends(&broker), [(OrderState::Filled, None, 250.0)]);

    let (mut broker, mut portfolio) = start(Terms { slippage, ..TERMS }, 0.0);
    let all = market_order(OrderId(0), 0, Size::Units(250.0));
    take(&mut broker, &RawOrder { time_in_force: TIF_FOK, ..all });
    take(&mut broker, &RawOrder { time_in_force: TIF_IOC, ..all });
    work_through(&mut broker, &mut portfolio, &[calm(5)]);
    assert_eq!(prices(&broker), [(2, 5, 125.0, 100.78125)]);
    assert_eq!(ends(&broker)[1], (OrderState::Cancelled, Some(Reason::NotAtOnce), 125.0));
}

const MARGIN: Account = Account::Margin(MarginTerms {
    initial: 0.5,
    maintenance_long: 0.25,
    maintenance_short: 0.30,
    interest: 0.0,
    borrow_fee: 0.0,
});

#[test]
fn a_margin_account_carries_twice_its_equity_and_no_more() {
    let (mut broker, mut portfolio) = start(Terms { account: MARGIN, ..TERMS }, 0.0);
    place(&mut broker, 0, Size::Units(2001.0));
    place(&mut broker, 0, Size::Units(-2000.0));
    work_at(&mut broker, &mut portfolio, [100.0, 10.0]);
    assert_eq!(broker.orders[0].reason, Some(Reason::NoMargin));
    assert_eq!((portfolio.position[0], portfolio.cash), (-2000.0, 300_000.0));
    // Covering frees what the purchase of the other needs.
    place(&mut broker, 1, Size::TargetFraction(2.5));
    place(&mut broker, 0, Size::TargetUnits(0.0));
    work_at(&mut broker, &mut portfolio, [100.0, 10.0]);
    assert_eq!(portfolio.position, [0.0, 20_000.0]);
    assert_eq!(broker.orders[2].reason, Some(Reason::ReducedToMargin));
}

#[test]
fn a_short_target_is_rounded_towards_flat() {
    let (mut broker, mut portfolio) = start(Terms { account: MARGIN, ..TERMS }, 0.0);
    place(&mut broker, 0, Size::TargetFraction(-0.5));
    work_at(&mut broker, &mut portfolio, [300.0, 10.0]);
    // 50,000 at 300 are 166.67.
    assert_eq!(portfolio.position[0], -166.0);
    place(&mut broker, 0, Size::TargetFraction(0.25));
    work_at(&mut broker, &mut portfolio, [300.0, 10.0]);
    // 25,000 less -49,800 is 74,800: 249 bought.
    assert_eq!(portfolio.position[0], 83.0);
}

#[test]
fn exposure_stays_within_its_limits() {
    let limits = Limits { per_symbol: Some(0.3), gross: Some(0.5), ..Limits::default() };
    let (mut broker, mut portfolio) = start(Terms { limits, ..TERMS }, 0.0);
    place(&mut broker, 0, Size::TargetFraction(1.0));
    place(&mut broker, 1, Size::Units(3000.0));
    work_at(&mut broker, &mut portfolio, [100.0, 10.0]);
    // Fixed sizes come first: 30,000 of the second; then 200 of the first make 50,000 in all.
    assert_eq!(portfolio.position, [200.0, 3000.0]);
    place(&mut broker, 1, Size::Units(1.0));
    work_at(&mut broker, &mut portfolio, [100.0, 10.0]);
    assert_eq!(broker.orders[2].reason, Some(Reason::OverLimit));
}
