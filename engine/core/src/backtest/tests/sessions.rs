//! Orders for the close of a session on hourly bars of New York; every expected number is a hand
//! calculation.

use strategy_api::abi::{define, layout::StrategyDef, raw::ProgressPage};

use super::*;
use crate::calendar::DAY_NS;

struct AtClose;

impl Strategy for AtClose {
    const NAME: &'static str = "at_close";
    const ABOUT: &'static str = "buys ten at the close of the session of its first bar";
    type Params = ();

    fn on_start((): (), _: &mut Setup<'_>) -> Result<Self> {
        Ok(Self)
    }

    fn on_bar(&mut self, _: &Bar, ctx: &mut Context<'_>) {
        if ctx.step() == 0 {
            ctx.buy(10.0).at_close();
        }
    }
}

/// Bars of 23 November 2012, a half day: 09:30, 10:00, 11:00 and 12:00 in New York; the closes are 11,
/// 12, 13 and 14.
fn half_day(bars: usize) -> Series {
    let half_hours = [29, 30, 32, 34].map(|halves| 15_667 * DAY_NS + halves * DAY_NS / 48);
    let rows: Vec<_> = half_hours.iter().zip([11.0, 12.0, 13.0, 14.0]).take(bars).collect();
    series(&rows.into_iter().map(|(ts, close)| (*ts, close - 1.0, close)).collect::<Vec<_>>())
}

fn buy_at_close(series: &Series) -> RunResult {
    const DEF: &StrategyDef = &define::<AtClose>("1", "test");
    let members = [Member { symbol: "A", columns: series.columns() }];
    let page = ProgressPage::default();
    run(DEF, &[], &members, Resolution::Hour1, &config(), &page).unwrap()
}

#[test]
fn an_order_for_the_close_fills_at_one_in_the_afternoon_of_a_half_day() {
    let result = buy_at_close(&half_day(4));
    assert_eq!(result.fills.len(), 1);
    assert_eq!((result.fills[0].price, result.cash), (14.0, 860.0));
}

#[test]
fn bars_that_end_within_a_session_do_not_tell_its_close() {
    let result = buy_at_close(&half_day(3));
    assert_eq!(result.fills, []);
    assert_eq!(result.orders[0].reason, Some(Reason::RunEnded));
}

params! {
    /// What to order at the first bar.
    pub struct Resting {
        /// what kind of order it is, and how long it is good
        kind: choice = "open", ["open", "close", "day", "until"];
        /// step at which it is placed
        at: usize = 0, 0 ..= 100;
    }
}

struct Rests(Resting);

/// End of the order that is good until then: 10:00 in New York of the second session.
const UNTIL: i64 = 15_670 * DAY_NS + 30 * DAY_NS / 48;

impl Strategy for Rests {
    const NAME: &'static str = "rests";
    const ABOUT: &'static str = "places one order that waits";
    type Params = Resting;

    fn on_start(resting: Resting, _: &mut Setup<'_>) -> Result<Self> {
        Ok(Self(resting))
    }

    fn on_bar(&mut self, _: &Bar, ctx: &mut Context<'_>) {
        if ctx.step() == self.0.at {
            let order = ctx.buy(10.0);
            match self.0.kind {
                "open" => order.at_open(),
                "close" => order.at_close(),
                "day" => order.limit(5.0).good_for_day(),
                _ => order.limit(5.0).good_until(UNTIL),
            };
        }
    }
}

/// The half day of Friday, 23 November 2012, and the hours of Monday: opens 10 to 13 and 20 to 26, each
/// close one above its open.
fn two_sessions() -> Series {
    let friday = [29, 30, 32, 34].map(|halves| 15_667 * DAY_NS + halves * DAY_NS / 48);
    let monday = [29, 30, 32, 34, 36, 38, 40].map(|halves| 15_670 * DAY_NS + halves * DAY_NS / 48);
    let opens = (10..).map(f64::from).take(4).chain((20..).map(f64::from).take(7));
    let rows = friday.into_iter().chain(monday).zip(opens);
    series(&rows.map(|(ts, open)| (ts, open, open + 1.0)).collect::<Vec<_>>())
}

/// The order and, when it has filled, its price and the start of its bar.
fn rest(kind: f64, at: f64) -> (OrderState, Option<Reason>, i64, Option<(f64, i64)>) {
    const DEF: &StrategyDef = &define::<Rests>("1", "test");
    let series = two_sessions();
    let members = [Member { symbol: "A", columns: series.columns() }];
    let page = ProgressPage::default();
    let result = run(DEF, &[kind, at], &members, Resolution::Hour1, &config(), &page).unwrap();
    let order = &result.orders[0];
    let fill = result.fills.first().map(|fill| (fill.price, fill.ts));
    (order.state, order.reason, order.ended_ts, fill)
}

#[test]
fn an_order_for_the_open_waits_for_the_first_bar_of_the_next_session() {
    let monday = 15_670 * DAY_NS + 29 * DAY_NS / 48;
    for at in 0..4 {
        let (state, _, _, fill) = rest(0.0, f64::from(at));
        assert_eq!((state, fill), (OrderState::Filled, Some((20.0, monday))), "placed at {at}");
    }
    // On Monday there is no further open.
    assert_eq!(rest(0.0, 4.0).0, OrderState::Expired);
}

#[test]
fn an_order_for_the_close_fills_at_that_of_its_session_unless_that_has_passed() {
    let (noon, last) = (15_667 * DAY_NS + 34 * DAY_NS / 48, 15_670 * DAY_NS + 40 * DAY_NS / 48);
    for (at, price, ts) in [(0.0, 14.0, noon), (2.0, 14.0, noon), (3.0, 27.0, last)] {
        let (state, _, _, fill) = rest(1.0, at);
        assert_eq!((state, fill), (OrderState::Filled, Some((price, ts))), "placed at {at}");
    }
}

#[test]
fn an_order_for_the_day_ends_with_the_session_in_which_it_could_first_be_worked() {
    let monday = 15_670 * DAY_NS + 29 * DAY_NS / 48;
    // Placed during Friday it is worked on Friday, and found over at the first bar of Monday.
    let (state, reason, ended, fill) = rest(2.0, 0.0);
    assert_eq!((state, reason, fill), (OrderState::Expired, Some(Reason::DayOver), None));
    assert_eq!(ended, monday);
    // Placed at the close of Friday it is good for Monday, and the run ends before Monday is over.
    assert_eq!(rest(2.0, 3.0).1, Some(Reason::RunEnded));
}

#[test]
fn an_order_good_until_an_instant_is_not_worked_in_bars_that_begin_after_it() {
    let eleven = 15_670 * DAY_NS + 32 * DAY_NS / 48;
    let (state, reason, ended, _) = rest(3.0, 0.0);
    assert_eq!((state, reason), (OrderState::Expired, Some(Reason::TimeOver)));
    assert_eq!(ended, eleven);
}
