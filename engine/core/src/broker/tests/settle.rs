//! Bars that can be read in two ways, and the finer bars that settle them; by hand, and against a scan
//! of random paths for the level that is reached first.

use proptest::prelude::*;
use strategy_api::abi::layout::{KIND_LIMIT, KIND_STOP};

use super::{
    orders::{attached, bar, limit, priced, prices, start, stop},
    *,
};

/// Works one bar of the first instrument whose inside is `finer`.
fn work_settled(broker: &mut Broker, portfolio: &mut Portfolio, whole: Bar, finer: &[Bar]) {
    let quote = |instrument: usize| Quote {
        bar: (instrument == 0).then_some(whole),
        before: 100.0,
        lot: Lot::Of(1.0),
    };
    let session = |_: usize| Session { day: 1, is_first: true, is_last: true };
    let path = |_: usize| finer.to_vec();
    let ends = [0, 1].map(|one| ends_of(&quote(one)));
    let floor = Floor { quote: &quote, ends: &ends, session: &session, path: Some(&path) };
    broker.work(portfolio, &floor, Part::Bar);
}

/// A position of 10 with a stop at 95 and a target at 110.
fn guarded(terms: Terms) -> (Broker, Portfolio) {
    let (mut broker, portfolio) = start(terms, 10.0);
    take(&mut broker, &RawOrder { oca_group: 7, ..stop(-10.0, 95.0) });
    take(&mut broker, &RawOrder { oca_group: 7, ..limit(-10.0, 110.0) });
    (broker, portfolio)
}

/// The bar that holds finer ones.
fn whole(finer: &[Bar]) -> Bar {
    let (first, last) = (finer[0], finer[finer.len() - 1]);
    let high = finer.iter().map(|bar| bar.high).fold(0.0, f64::max);
    let low = finer.iter().map(|bar| bar.low).fold(f64::MAX, f64::min);
    bar(5, first.open, high, low, last.close)
}

#[test]
fn finer_bars_say_which_end_of_a_bracket_came_first() {
    let up_then_down = [bar(50, 100.0, 111.0, 99.0, 108.0), bar(51, 108.0, 108.0, 94.0, 96.0)];
    let down_then_up = [bar(50, 100.0, 101.0, 94.0, 96.0), bar(51, 96.0, 111.0, 96.0, 108.0)];
    for (finer, expected) in
        [(up_then_down, (2, 5, -10.0, 110.0)), (down_then_up, (1, 5, -10.0, 95.0))]
    {
        for ambiguity in [Ambiguity::Pessimistic, Ambiguity::Optimistic] {
            let (mut broker, mut portfolio) = guarded(Terms { ambiguity, ..TERMS });
            work_settled(&mut broker, &mut portfolio, whole(&finer), &finer);
            assert_eq!(prices(&broker), [expected]);
            assert_eq!((broker.ambiguous_bars, broker.settled_bars), (1, 1));
            assert_eq!(portfolio.position[0], 0.0);
            assert!(!broker.is_waiting());
        }
    }
}

#[test]
fn a_gap_between_finer_bars_fills_at_the_gap_and_leaves_nothing_open() {
    // The second finer bar opens below the stop, and reaches the target later.
    let finer = [bar(50, 100.0, 101.0, 99.0, 100.0), bar(51, 93.0, 111.0, 93.0, 108.0)];
    let (mut broker, mut portfolio) = guarded(TERMS);
    work_settled(&mut broker, &mut portfolio, whole(&finer), &finer);
    assert_eq!(prices(&broker), [(1, 5, -10.0, 93.0)]);
    assert_eq!((broker.ambiguous_bars, broker.settled_bars), (1, 1));
}

#[test]
fn what_a_finer_bar_leaves_open_is_read_by_the_rule_and_stays_counted() {
    let finer = [bar(50, 100.0, 101.0, 99.0, 100.0), bar(51, 100.0, 111.0, 94.0, 108.0)];
    for (ambiguity, expected) in [
        (Ambiguity::Pessimistic, (1, 5, -10.0, 95.0)),
        (Ambiguity::Optimistic, (2, 5, -10.0, 110.0)),
    ] {
        let (mut broker, mut portfolio) = guarded(Terms { ambiguity, ..TERMS });
        work_settled(&mut broker, &mut portfolio, whole(&finer), &finer);
        assert_eq!(prices(&broker), [expected]);
        assert_eq!((broker.ambiguous_bars, broker.settled_bars), (1, 0));
    }
}

#[test]
fn finer_bars_that_tell_another_story_settle_nothing() {
    let told = [bar(50, 100.0, 111.0, 99.0, 108.0), bar(51, 108.0, 108.0, 94.0, 96.0)];
    for finer in [&told[..1], &told[1..], &[]] {
        let (mut broker, mut portfolio) = guarded(TERMS);
        work_settled(&mut broker, &mut portfolio, whole(&told), finer);
        assert_eq!(prices(&broker), [(1, 5, -10.0, 95.0)]);
        assert_eq!((broker.ambiguous_bars, broker.settled_bars), (1, 0));
    }
}

#[test]
fn an_entry_inside_the_bar_is_followed_by_what_is_attached_to_it() {
    // Bought at 98 in the second finer bar; 103 is reached in the third, 96 before the purchase only.
    let finer = [
        bar(50, 100.0, 100.5, 99.0, 99.5),
        bar(51, 99.5, 99.5, 97.5, 98.5),
        bar(52, 98.5, 104.0, 98.0, 103.5),
    ];
    let bracket = |path: Option<&[Bar]>| {
        let (mut broker, mut portfolio) = start(TERMS, 0.0);
        let entry = take(&mut broker, &limit(10.0, 98.0));
        take(&mut broker, &attached(stop(0.0, 96.0), entry));
        take(&mut broker, &attached(limit(0.0, 103.0), entry));
        match path {
            Some(finer) => work_settled(&mut broker, &mut portfolio, whole(finer), finer),
            None => work_bars(&mut broker, &mut portfolio, [Some(whole(&finer)), None], 100.0),
        }
        (prices(&broker), broker.ambiguous_bars, broker.settled_bars)
    };
    // By itself the bar does not say whether its high came after the purchase.
    assert_eq!(bracket(None), (vec![(1, 5, 10.0, 98.0)], 1, 0));
    let settled = vec![(1, 5, 10.0, 98.0), (3, 5, -10.0, 103.0)];
    assert_eq!(bracket(Some(&finer)), (settled, 1, 1));
}

#[test]
fn other_orders_of_a_settled_bar_fill_once_and_at_their_price() {
    let finer = [bar(50, 100.0, 111.0, 99.0, 108.0), bar(51, 108.0, 108.0, 94.0, 96.0)];
    let (mut broker, mut portfolio) = guarded(TERMS);
    take(&mut broker, &limit(3.0, 97.0));
    take(&mut broker, &priced(KIND_STOP, 2.0, f64::NAN, 105.0, f64::NAN));
    place(&mut broker, 0, Size::Units(1.0));
    work_settled(&mut broker, &mut portfolio, whole(&finer), &finer);
    let expected =
        [(5, 5, 1.0, 100.0), (4, 5, 2.0, 105.0), (2, 5, -10.0, 110.0), (3, 5, 3.0, 97.0)];
    assert_eq!(prices(&broker), expected);
    assert_eq!(portfolio.position[0], 6.0);
    assert_eq!(portfolio.cash, 100_000.0 - 100.0 - 210.0 + 1100.0 - 291.0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// The first finer bar that reaches a level of the bracket decides, whatever the path.
    #[test]
    fn the_level_that_is_reached_first_fills(
        steps in prop::collection::vec((-4.0_f64..4.0, 0.0_f64..2.0, 0.0_f64..2.0), 1..40),
        kinds in prop::sample::select(vec![(KIND_STOP, KIND_LIMIT), (KIND_LIMIT, KIND_STOP)]),
    ) {
        let mut price: f64 = 100.0;
        let finer: Vec<Bar> = steps.iter().map(|(move_by, above, below)| {
            let open = price;
            price = (price + move_by).clamp(50.0, 150.0);
            bar(50, open, open.max(price) + above, open.min(price) - below, price)
        }).collect();
        let (low, high) = (95.0, 105.0);
        // Long with a stop below and a target above, or short with them the other way round.
        let units = if kinds.0 == KIND_STOP { -10.0 } else { 10.0 };
        let terms = Terms { account: Account::Margin(MarginTerms::default()), ..TERMS };
        let (mut broker, mut portfolio) = start(terms, -units);
        for (kind, level) in [(kinds.0, low), (kinds.1, high)] {
            let raw = priced(kind, units, level, level, f64::NAN);
            let nan = if kind == KIND_STOP { RawOrder { limit_price: f64::NAN, ..raw } }
                else { RawOrder { stop_price: f64::NAN, ..raw } };
            take(&mut broker, &RawOrder { oca_group: 7, ..nan });
        }
        work_settled(&mut broker, &mut portfolio, whole(&finer), &finer);
        let reached = finer.iter().find_map(|bar| {
            match (bar.low <= low, bar.high >= high) {
                (false, false) => None,
                (true, false) => Some(Some(low)),
                (false, true) => Some(Some(high)),
                (true, true) => Some(None),
            }
        });
        let filled = broker.fills.first().map(|fill| fill.price);
        match reached {
            None => prop_assert_eq!(filled, None),
            Some(Some(level)) => prop_assert_eq!(filled, Some(level)),
            // One finer bar reaches both: the stop.
            Some(None) => prop_assert_eq!(filled, Some(if units < 0.0 { low } else { high })),
        }
        let both = finer.iter().any(|bar| bar.low <= low) && finer.iter().any(|bar| bar.high >= high);
        prop_assert_eq!(broker.ambiguous_bars, u64::from(both));
        prop_assert_eq!(broker.settled_bars, u64::from(both && reached != Some(None)));
        prop_assert_eq!(broker.fills.len(), usize::from(reached.is_some()));
    }
}
