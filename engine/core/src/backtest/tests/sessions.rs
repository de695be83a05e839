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
