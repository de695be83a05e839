//! Parts of a unit.

use super::*;

/// Works a step at the price of 3 for the first instrument and 7 for the second.
fn work(broker: &mut Broker, portfolio: &mut Portfolio) {
    let bar = |instrument: usize| Some(flat([3.0, 7.0][instrument]));
    let quote =
        |instrument: usize| Quote { bar: bar(instrument), before: 0.0, lot: Lot::Fractional };
    let session = |_: usize| Session { day: 1, is_first: true, is_last: true };
    let ends = [0, 1].map(|one| ends_of(&quote(one)));
    let floor = Floor { quote: &quote, ends: &ends, session: &session, path: None };
    broker.work(portfolio, &floor, Part::Bar);
}

#[test]
fn what_rounding_leaves_of_the_cash_fills_no_order() {
    let (mut broker, mut portfolio) = (Broker::new(TERMS), Portfolio::new(0.0, 2));
    portfolio.position[0] = 1000.0;
    portfolio.cash = 1e-9;
    place(&mut broker, 0, Size::EquityFraction(0.5));
    place(&mut broker, 1, Size::Cash(5.0));
    work(&mut broker, &mut portfolio);
    assert_eq!(ends(&broker), [(OrderState::Rejected, Some(Reason::NoCash), 0.0); 2]);
}

/// In binary 0.3 less three times 0.1 is less than nothing, and 0.1 and 0.2 are more than 0.3.
#[test]
fn tenths_that_are_bought_can_be_sold_to_the_last() {
    for account in [Account::Cash, Account::Margin(MarginTerms::default())] {
        for sizes in [&[0.3, -0.1, -0.1, -0.1][..], &[0.1, 0.2, -0.3]] {
            let (mut broker, mut portfolio) =
                (Broker::new(Terms { account, ..TERMS }), Portfolio::new(100.0, 2));
            for at_once in [false, true] {
                for units in sizes {
                    place(&mut broker, 0, Size::Units(*units));
                    if !at_once || *units > 0.0 {
                        work(&mut broker, &mut portfolio);
                    }
                }
                work(&mut broker, &mut portfolio);
                assert_eq!(portfolio.position, [0.0, 0.0], "{sizes:?}");
            }
            assert!(broker.orders.iter().all(|order| order.state == OrderState::Filled));
            let trades = crate::ledger::trades(&broker.fills, 2);
            assert!(trades.len() == 2 && trades.iter().all(|trade| trade.closed_ts.is_some()));
        }
    }
}

#[test]
fn a_target_that_is_met_but_for_rounding_is_met() {
    let (mut broker, mut portfolio) = (Broker::new(TERMS), Portfolio::new(0.0, 2));
    // A last bit less than 0.3, and a last bit of cash.
    portfolio.position[0] = 0.3_f64.next_down();
    portfolio.cash = 1e-15;
    place(&mut broker, 0, Size::TargetUnits(0.3));
    place(&mut broker, 0, Size::TargetFraction(1.0));
    place(&mut broker, 0, Size::TargetUnits(0.0));
    work(&mut broker, &mut portfolio);
    let there = (OrderState::Cancelled, Some(Reason::AlreadyThere), 0.0);
    // To close is to close, however little there is.
    assert_eq!(ends(&broker), [there, there, (OrderState::Filled, None, -0.3_f64.next_down())]);
    assert_eq!(portfolio.position, [0.0, 0.0]);
}

/// An amount of 1,000 sold short at 7: what only sales are charged, 20.60 a million of the value and
/// 0.000195 a share, is part of it. Each share costs 0.0035 x 1.000735 + 0.003203 + 0.000195 + 0.0000206 x 7.
#[test]
fn a_short_sale_of_an_amount_leaves_room_for_what_only_sales_are_charged() {
    let account = Account::Margin(MarginTerms::default());
    let terms = Terms { commission: Commission::IbkrTiered, account, ..TERMS };
    let (mut broker, mut portfolio) = (Broker::new(terms), Portfolio::new(10_000.0, 2));
    place(&mut broker, 1, Size::Cash(-1000.0));
    work(&mut broker, &mut portfolio);
    let expected = 1000.0 / (7.0 + 0.003_502_572_5 + 0.003_398 + 0.000_144_2);
    assert!((portfolio.position[1] + expected).abs() < 1e-9, "{}", portfolio.position[1]);
}
