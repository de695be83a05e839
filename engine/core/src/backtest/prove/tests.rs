//! Every expected difference here follows from the numbers beside it.

use strategy_api::{
    Bar,
    abi::layout::{ACTION_CANCEL, ACTION_MODIFY, RawOrder, SIZE_UNITS},
    order::{OrderId, Size, market_order},
};

use super::{future::Future, *};
use crate::{
    backtest::tests::config,
    event::{Event, EventKind},
    journal::{OrderStep, Step},
    order::{OrderRecord, OrderState, OrderTerms},
    series::Series,
};

fn bars(count: i64) -> Series {
    let price = |step: i64| 100.0 + (step * step % 17) as f64;
    let bars: Vec<Bar> = (0..count)
        .map(|step| {
            let (open, close) = (price(step), price(step + 1));
            let (high, low) = (open.max(close) + 1.0, open.min(close) - 1.0);
            Bar { ts: step, open, high, low, close, volume: 0.0 }
        })
        .collect();
    Series::from_bars(&bars).unwrap()
}

fn order(id: u64, decided_ts: i64, size: f64) -> OrderRecord {
    OrderRecord {
        id,
        instrument: 0,
        decided_ts,
        size_kind: SIZE_UNITS,
        size,
        state: OrderState::Filled,
        reason: None,
        filled: size,
        terms: OrderTerms::default(),
        ended_ts: decided_ts,
    }
}

#[test]
fn every_later_bar_is_replaced_by_a_possible_one_and_no_earlier_one_is() {
    let series = bars(60);
    let member = Member { symbol: "A", columns: series.columns() };
    for future in FUTURES {
        let other = future.after(&member, 30, 7);
        let other = other.member(&member).columns;
        assert_eq!(other.ts[..31], member.columns.ts[..31], "{future:?}");
        for row in 0..other.len() {
            let is = other.bar(row);
            let was = member.columns.bar(is.ts as usize);
            crate::series::check_bar(&is).unwrap();
            assert_eq!(was == is, row <= 30, "{future:?} {row}");
        }
    }
}

#[test]
fn a_redrawn_future_has_other_times_ranges_and_bodies() {
    let series = bars(400);
    let member = Member { symbol: "A", columns: series.columns() };
    let shape = |bar: &Bar| (bar.high / bar.low, (bar.close / bar.open).ln().abs());
    let other = Future::Redrawn.after(&member, 30, 3);
    let other = other.member(&member).columns;
    assert_ne!(other.ts[31], 31, "what comes next comes later");
    assert!((300..390).contains(&other.len()), "{}", other.len());
    for row in 31..other.len() {
        let (is, was) = (other.bar(row), member.columns.bar(other.ts[row] as usize));
        assert_ne!(shape(&is).0.to_bits(), shape(&was).0.to_bits());
        assert_ne!(shape(&is).1.to_bits(), shape(&was).1.to_bits());
    }
    // The last bar is all the future that there is: it is another one, and not none.
    let last = Future::Redrawn.after(&member, 398, 3);
    assert_eq!(last.member(&member).columns.len(), 400);
}

fn made(orders: &[OrderRecord]) -> Decisions {
    Decisions::of(orders, Vec::new())
}

#[test]
fn an_order_that_moved_is_found_and_what_became_of_an_order_is_not_looked_at() {
    let placed = [order(1, 5, 1.0), order(2, 9, -1.0)];
    let difference =
        |changed: &[OrderRecord], known| first_difference(&made(&placed), &made(changed), known);
    let kept = |order: OrderRecord| {
        let asked = OrderRecord { state: OrderState::Expired, filled: 0.0, ..order };
        Some(Decision::Order(asked))
    };
    let unfilled = OrderRecord { state: OrderState::Expired, filled: 0.0, ..placed[0] };
    assert_eq!(difference(&[unfilled], 5), None);
    assert_eq!(difference(&[placed[0], order(2, 8, 3.0)], 7), None);
    let breach = difference(&[placed[0], order(2, 9, -2.0)], 9).unwrap();
    assert_eq!((breach.placed, breach.instead), (kept(placed[1]), kept(order(2, 9, -2.0))));
    let gone = difference(&placed[..1], 9).unwrap();
    assert_eq!((gone.placed, gone.instead), (kept(placed[1]), None));
    let nan = made(&[order(1, 5, f64::NAN)]);
    assert_eq!(first_difference(&nan, &made(&[order(1, 5, f64::NAN)]), 5), None);
}

#[test]
fn a_change_or_a_cancellation_that_moved_is_found_and_the_earlier_of_two_is_named() {
    let raw = |action, stop_price| RawOrder {
        action,
        stop_price,
        ..market_order(OrderId(1), 0, Size::Units(f64::NAN))
    };
    let instructed =
        |orders: &[OrderRecord], steps: &[OrderStep]| Decisions::of(orders, steps.to_vec());
    let modify = |ts, stop| OrderStep::instruction(&raw(ACTION_MODIFY, stop), ts, true);
    let cancel = |ts| OrderStep::instruction(&raw(ACTION_CANCEL, f64::NAN), ts, true);
    let orders = [order(1, 5, 1.0), order(2, 9, 1.0)];
    let run = instructed(&orders, &[modify(6, 95.0), cancel(7)]);
    let other = instructed(&[orders[0], order(2, 9, 3.0)], &[modify(6, 96.0), cancel(7)]);
    let breach = first_difference(&run, &other, 9).unwrap();
    assert_eq!(breach.placed, Some(Decision::Instruction(modify(6, 95.0))));
    assert_eq!(breach.instead, Some(Decision::Instruction(modify(6, 96.0))));
    let kept = instructed(&orders, &[modify(6, 95.0)]);
    let breach = first_difference(&run, &kept, 8).unwrap();
    assert_eq!((breach.placed, breach.instead), (Some(Decision::Instruction(cancel(7))), None));
    assert_eq!(first_difference(&run, &kept, 6), None);
    // What the market did to an order is no decision of the strategy.
    let triggered = OrderStep::happened(1, 0, 6, Step::Triggered);
    let marked = instructed(&orders, &[modify(6, 95.0), triggered, cancel(7)]);
    assert_eq!(first_difference(&run, &marked, 9), None);
}

#[test]
fn later_events_are_replaced_and_known_ones_are_not() {
    let day = 86_400_000_000_000;
    let event = |kind: EventKind, ts: i64, known_at: i64| Event {
        symbol: None,
        kind,
        ts: ts * day,
        known_at: known_at * day,
        value: 2.0,
        source: String::new(),
    };
    let signal = || EventKind::Signal("mood".to_owned());
    let events = vec![
        event(signal(), 1, 1),
        event(signal(), 9, 9),
        event(EventKind::Dividend, 9, 1),
        event(EventKind::Dividend, 9, 8),
        // Announced after it took effect: what it did to the account is known already.
        event(EventKind::Dividend, 2, 9),
    ];
    let mut config = config();
    config.rules.events = events.clone();
    for future in FUTURES {
        let other = future.rules(&config, Resolution::Day1, 4 * day, 3);
        let changed: Vec<bool> = other.rules.events.iter().map(|one| one.value != 2.0).collect();
        assert_eq!(changed, [false, true, false, true, false], "{future:?}");
    }
}

#[test]
fn a_proof_looks_at_every_bar_that_it_can_afford_decisions_first() {
    let timeline: Vec<i64> = (0..1000).collect();
    let orders: Vec<_> = (0..100).map(|id| order(id, id as i64 * 10, 1.0)).collect();
    let all = Places::of(&made(&orders), &timeline, 1, EFFORT);
    assert_eq!((all.decisions, all.proved, all.ts.len(), all.bars), (100, 100, 999, 999));
    // A place costs two runs of 1,000 bars: there are 100, of which a fifth for bars without a decision,
    // and the first decision has no bar before it.
    let some = Places::of(&made(&orders), &timeline, 1, 2000 * 100);
    assert_eq!((some.decisions, some.proved, some.ts.len()), (100, 50, 100));
    let none = Places::of(&made(&[]), &timeline, 1, 1);
    assert_eq!((none.decisions, none.proved, none.ts.len()), (0, 0, 20));
    // After the last bar there is no future to replace.
    let last = Places::of(&made(&[order(0, 999, 1.0)]), &timeline, 1, EFFORT);
    assert_eq!((last.decisions, last.ts.len()), (0, 999));
}
