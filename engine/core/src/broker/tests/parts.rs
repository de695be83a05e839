//! Orders that a bar's volume fills in parts, whole lots, splits on the way, and the order in which
//! orders come that compete; every expected number is a hand calculation.

use super::{
    orders::{attached, bar, limit, priced, prices, start, stop, work_through},
    *,
};
use strategy_api::abi::layout::{KIND_TRAIL_AMOUNT, TIF_IOC};

/// A tenth of a bar's volume, which is 1,000 in the bars here, without impact.
const TENTH: Terms = Terms { slippage: Slippage::VolumeShare { limit: 0.1, impact: 0.0 }, ..TERMS };

fn calm(ts: i64) -> Bar {
    bar(ts, 100.0, 101.0, 99.0, 100.0)
}

#[test]
fn a_stop_that_was_reached_and_filled_in_part_sells_the_rest_at_the_next_open() {
    let (mut broker, mut portfolio) = start(TENTH, 150.0);
    take(&mut broker, &stop(-150.0, 95.0));
    // The price recovers at once: the rest is sold all the same.
    let bars = [bar(5, 100.0, 101.0, 94.0, 100.0), bar(6, 102.0, 104.0, 101.0, 103.0)];
    work_through(&mut broker, &mut portfolio, &bars);
    assert_eq!(prices(&broker), [(1, 5, -100.0, 95.0), (1, 6, -50.0, 102.0)]);
}

#[test]
fn a_stop_reached_in_a_bar_without_volume_goes_to_the_market() {
    let (mut broker, mut portfolio) = start(TENTH, 10.0);
    take(&mut broker, &stop(-10.0, 95.0));
    let empty = Bar { volume: 0.0, ..bar(5, 100.0, 101.0, 94.0, 100.0) };
    work_through(&mut broker, &mut portfolio, &[empty, calm(6)]);
    assert_eq!(prices(&broker), [(1, 6, -10.0, 100.0)]);
}

#[test]
fn a_bar_gives_its_share_of_volume_once_its_close_included() {
    let terms = Terms { fill: FillModel::SameClose, ..TENTH };
    let (mut broker, mut portfolio) = start(terms, 0.0);
    take(&mut broker, &limit(70.0, 100.0));
    let quote = |_| Quote { bar: Some(calm(5)), before: 100.0, lot: Lot::Of(1.0) };
    let session = |_| Session { day: 5, is_first: true, is_last: true };
    let ends = [0, 1].map(|one| ends_of(&quote(one)));
    let floor = Floor { quote: &quote, ends: &ends, session: &session, path: None };
    broker.work(&mut portfolio, &floor, Part::Bar);
    place(&mut broker, 0, Size::Units(70.0));
    broker.work(&mut portfolio, &floor, Part::Decision);
    assert_eq!(prices(&broker), [(1, 5, 70.0, 100.0), (2, 5, 30.0, 100.0)]);
}

#[test]
fn an_order_that_was_cut_to_the_cash_says_so_when_its_last_part_has_filled() {
    let (mut broker, mut portfolio) = (Broker::new(TENTH), Portfolio::new(12_000.0, 2));
    place(&mut broker, 0, Size::Cash(15_000.0));
    work_through(&mut broker, &mut portfolio, &[calm(5), calm(6)]);
    assert_eq!(ends(&broker), [(OrderState::Filled, Some(Reason::Reduced), 120.0)]);
}

#[test]
fn an_order_that_found_no_volume_was_worked_all_the_same() {
    let (mut broker, mut portfolio) = start(TENTH, 0.0);
    place(&mut broker, 0, Size::Units(5.0));
    work_through(&mut broker, &mut portfolio, &[Bar { volume: 0.0, ..calm(5) }]);
    broker.expire(99);
    assert_eq!(ends(&broker), [(OrderState::Expired, Some(Reason::RunEnded), 0.0)]);
    let at_once = market_order(OrderId(0), 0, Size::Units(5.0));
    take(&mut broker, &RawOrder { time_in_force: TIF_IOC, ..at_once });
    work_through(&mut broker, &mut portfolio, &[Bar { volume: 0.0, ..calm(6) }]);
    assert_eq!(ends(&broker)[1], (OrderState::Cancelled, Some(Reason::NotAtOnce), 0.0));
}

/// The limit closes a part in the bar of its entry; the trailing stop beside it has seen no bar yet.
#[test]
fn an_order_that_only_became_smaller_was_not_worked() {
    let terms = Terms { ambiguity: Ambiguity::Optimistic, ..TENTH };
    let (mut broker, mut portfolio) = start(terms, 0.0);
    let entry = take(&mut broker, &limit(60.0, 99.5));
    let trailing = priced(KIND_TRAIL_AMOUNT, 0.0, f64::NAN, f64::NAN, 8.0);
    for exit in [trailing, limit(0.0, 100.5)] {
        take(&mut broker, &RawOrder { oca_group: 7, ..attached(exit, entry) });
    }
    work_through(&mut broker, &mut portfolio, &[calm(5)]);
    assert_eq!(prices(&broker), [(1, 5, 60.0, 99.5), (3, 5, -40.0, 100.5)]);
    broker.expire(5);
    let reasons: Vec<_> = ends(&broker).iter().map(|end| end.1).collect();
    assert_eq!(reasons, [None, Some(Reason::NoNextBar), Some(Reason::RunEnded)]);
}

#[test]
fn what_is_attached_closes_the_parts_of_its_parent_before_and_after_a_split() {
    let (mut broker, mut portfolio) = start(TENTH, 0.0);
    let entry = place(&mut broker, 0, Size::Units(160.0));
    take(&mut broker, &attached(stop(0.0, 60.0), entry));
    work_through(&mut broker, &mut portfolio, &[calm(5)]);
    // 100 shares become 200 at half the price, and 60 to come become 120.
    portfolio.split(0, 2.0);
    broker.split(0, 2.0, 100.0);
    let half = |ts| Bar { volume: 2000.0, ..bar(ts, 50.0, 50.5, 49.5, 50.0) };
    work_through(&mut broker, &mut portfolio, &[half(6)]);
    assert_eq!(portfolio.position[0], 320.0);
    work_through(&mut broker, &mut portfolio, &[Bar { volume: 9000.0, low: 29.0, ..half(7) }]);
    let sold = *broker.fills.last().unwrap();
    assert_eq!((sold.quantity, sold.price), (-320.0, 30.0));
    // One that comes later knows all of it too.
    take(&mut broker, &attached(stop(0.0, 10.0), entry));
    let last = broker.book.last().unwrap();
    assert_eq!(last.parent_filled, 320.0);
}

#[test]
fn a_take_profit_that_fills_in_part_leaves_the_stop_loss_for_the_rest() {
    let (mut broker, mut portfolio) = start(TENTH, 0.0);
    let entry = place(&mut broker, 0, Size::Units(100.0));
    for exit in [stop(0.0, 95.0), limit(0.0, 110.0)] {
        take(&mut broker, &RawOrder { oca_group: 7, ..attached(exit, entry) });
    }
    let thin = Bar { volume: 300.0, ..bar(6, 108.0, 111.0, 107.0, 110.0) };
    work_through(&mut broker, &mut portfolio, &[calm(5), thin]);
    assert_eq!(portfolio.position[0], 70.0, "a tenth of 300 has found a buyer");
    work_through(&mut broker, &mut portfolio, &[bar(7, 100.0, 100.0, 90.0, 91.0)]);
    let all = [(1, 5, 100.0, 100.0), (3, 6, -30.0, 110.0), (2, 7, -70.0, 95.0)];
    assert_eq!(prices(&broker), all);
    let cancelled = (OrderState::Cancelled, Some(Reason::GroupFilled), -30.0);
    assert_eq!(ends(&broker)[2], cancelled, "the stop-loss has closed the rest");
}

#[test]
fn a_trailing_stop_placed_before_a_split_begins_in_new_prices() {
    let (mut broker, mut portfolio) = start(TERMS, 10.0);
    take(&mut broker, &priced(KIND_TRAIL_AMOUNT, -10.0, f64::NAN, f64::NAN, 8.0));
    portfolio.split(0, 2.0);
    broker.split(0, 2.0, 100.0);
    // 4 under 50: the bar does not reach it; the next one is under 51 less 4.
    let bars = [bar(5, 50.0, 51.0, 48.0, 50.0), bar(6, 49.0, 49.0, 46.0, 48.0)];
    work_through(&mut broker, &mut portfolio, &bars);
    assert_eq!(prices(&broker), [(1, 6, -20.0, 47.0)]);
}

#[test]
fn a_position_is_sold_in_whole_lots_unless_that_leaves_whole_lots() {
    let (mut broker, mut portfolio) = start(TERMS, 15.0);
    place(&mut broker, 0, Size::Units(-7.5));
    work_through(&mut broker, &mut portfolio, &[calm(5)]);
    assert_eq!(ends(&broker)[0].1, Some(Reason::LessThanOneLot));
    portfolio.position[0] = 7.5;
    place(&mut broker, 0, Size::Units(-2.5));
    work_through(&mut broker, &mut portfolio, &[calm(6)]);
    assert_eq!(portfolio.position[0], 5.0);
    // Half of what five shares have bought are two.
    let entry = place(&mut broker, 0, Size::Units(5.0));
    let (size_kind, size) = Size::ParentFill(0.5).to_wire();
    take(&mut broker, &RawOrder { size_kind, size, ..attached(stop(0.0, 90.0), entry) });
    work_through(&mut broker, &mut portfolio, &[bar(7, 100.0, 100.0, 89.0, 95.0)]);
    assert_eq!(portfolio.position[0], 8.0);
}

#[test]
fn orders_of_one_step_compete_by_symbol_and_not_in_the_order_of_placing() {
    for placed in [[0, 1], [1, 0]] {
        // The second instrument comes first by its symbol.
        let mut portfolio = Portfolio::in_sequence(1000.0, vec![1, 0]);
        let mut broker = Broker::new(TERMS);
        for instrument in placed {
            place(&mut broker, instrument, Size::Units(6.0));
        }
        work_at(&mut broker, &mut portfolio, [100.0, 100.0]);
        assert_eq!(portfolio.position, [0.0, 6.0]);
    }
}
