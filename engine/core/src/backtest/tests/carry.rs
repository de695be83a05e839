//! Events, corporate actions, interest, borrow fees and the margin call.

use strategy_api::abi::{define, layout::StrategyDef, raw::ProgressPage};

use super::*;
use crate::{
    broker::{Account, MarginTerms},
    calendar::DAY_NS,
    event::{Event, EventKind},
    ledger::EntryKind,
};

params! {
    /// What to hold.
    pub struct Held {
        /// units to hold from the first bar on
        units: f64 = 10.0, -1000.0 ..= 1000.0;
        /// step at which to close
        until: usize = 1000, 0 ..= 1000;
    }
}

struct Holder(Held);

impl Strategy for Holder {
    const NAME: &'static str = "holder";
    const ABOUT: &'static str = "holds units and writes down what it knows";
    type Params = Held;

    fn on_start(held: Held, _: &mut Setup<'_>) -> Result<Self> {
        Ok(Self(held))
    }

    fn on_bar(&mut self, _: &Bar, ctx: &mut Context<'_>) {
        if ctx.step() == 0 {
            ctx.order(self.0.units);
        } else if ctx.step() == self.0.until {
            ctx.close();
        }
        if let Some(mood) = ctx.signal("mood") {
            ctx.log(&format!("mood {mood}"));
        }
    }

    fn on_order(&mut self, update: &OrderUpdate<'_>, ctx: &mut Context<'_>) {
        ctx.log(&format!("{} {:?} {}", update.order.0, update.status, update.reason));
    }
}

fn days(prices: &[f64]) -> Series {
    let rows: Vec<_> =
        (1..).zip(prices).map(|(day, price)| (day * DAY_NS, *price, *price)).collect();
    series(&rows)
}

fn hold(series: &Series, params: [f64; 2], rules: Rules) -> RunResult {
    const DEF: &StrategyDef = &define::<Holder>("1", "test");
    let members = [Member { symbol: "A", columns: series.columns() }];
    let config = Config { cash: 10_000.0, rules, ..config() };
    run(DEF, &params, &members, Resolution::Day1, &config, &ProgressPage::default()).unwrap()
}

fn event(kind: EventKind, day: i64, value: f64) -> Event {
    let ts = day * DAY_NS;
    Event { symbol: Some("A".into()), kind, ts, known_at: ts, value, source: String::new() }
}

fn actions(events: Vec<Event>) -> Rules {
    Rules { events, apply_actions: true, ..Rules::default() }
}

#[test]
fn raw_bars_with_a_split_give_the_equity_of_adjusted_bars() {
    let raw = days(&[90.0, 96.0, 99.0, 33.5, 34.0, 30.0]);
    let adjusted = days(&[30.0, 32.0, 33.0, 33.5, 34.0, 30.0]);
    let one = hold(&raw, [10.0, 4.0], actions(vec![event(EventKind::Split, 4, 3.0)]));
    let two = hold(&adjusted, [30.0, 4.0], Rules::default());
    for (one, two) in one.equity.iter().zip(&two.equity) {
        assert!((one - two).abs() < 1e-9 * two, "{one} {two}");
    }
    assert_eq!((one.trades[0].quantity, one.trades[0].entry_price), (30.0, 32.0));
    assert_eq!(one.trades[0].profit(), two.trades[0].profit());
}

#[test]
fn raw_bars_with_a_dividend_give_the_equity_of_bars_without_its_drop() {
    // 2 a share are paid on day 4; prices before it are lowered by it.
    let raw = days(&[50.0, 52.0, 53.0, 52.0, 54.0]);
    let adjusted = days(&[48.0, 50.0, 51.0, 52.0, 54.0]);
    let one = hold(&raw, [10.0, 1000.0], actions(vec![event(EventKind::Dividend, 4, 2.0)]));
    let two = hold(&adjusted, [10.0, 1000.0], Rules::default());
    for (one, two) in one.equity.iter().zip(&two.equity) {
        assert!((one - two).abs() < 1e-9 * two, "{one} {two}");
    }
    assert_eq!(one.trades[0].profit_at(54.0), two.trades[0].profit_at(54.0));
    assert_eq!(one.entries.len(), 1);
}

#[test]
fn an_event_is_known_from_its_time_on_and_not_before() {
    let mut late = event(EventKind::Signal("mood".into()), 2, 7.0);
    late.known_at = 3 * DAY_NS + 1;
    let calendar = Calendar::AlwaysOpen;
    let rules = Rules { events: vec![late], calendar, ..Rules::default() };
    let result = hold(&days(&[10.0; 5]), [1.0, 1000.0], rules);
    let days: Vec<_> = result
        .log
        .iter()
        .filter(|entry| entry.text == "mood 7")
        .map(|entry| entry.ts / DAY_NS)
        .collect();
    // It becomes known during the third day and is there at its close.
    assert_eq!(days, [3, 4, 5]);
}

fn margin(interest: f64, borrow_fee: f64) -> Rules {
    let terms = MarginTerms { interest, borrow_fee, ..MarginTerms::default() };
    Rules { account: Account::Margin(terms), ..Rules::default() }
}

#[test]
fn borrowed_cash_costs_interest_by_the_day() {
    // 150 at 100 with 10,000: 5,000 borrowed at 7.2 % cost 1 a day, from the day after the fill on.
    let result = hold(&days(&[100.0; 4]), [150.0, 1000.0], margin(0.072, 0.0));
    let equity: Vec<f64> = result.equity.iter().map(|value| (value * 1e3).round() / 1e3).collect();
    assert_eq!(equity, [10_000.0, 10_000.0, 9_999.0, 9_998.0]);
    assert!(result.entries.iter().all(|entry| entry.kind == EntryKind::Interest));
}

#[test]
fn borrowed_shares_cost_their_fee_and_the_trade_bears_it() {
    // 50 short at 100 with a fee of 7.2 %: 1 a day.
    let result = hold(&days(&[100.0; 5]), [-50.0, 3.0], margin(0.0, 0.072));
    assert_eq!(result.equity.last(), Some(&9_997.0));
    assert_eq!(result.trades[0].profit(), Some(-3.0));
}

#[test]
fn a_margin_call_closes_everything_at_the_next_open() {
    // 180 at 100: 8,000 borrowed. At 50 the stock is worth 9,000: equity 1,000 is below a quarter.
    let result = hold(&days(&[100.0, 100.0, 50.0, 48.0, 49.0]), [180.0, 1000.0], margin(0.0, 0.0));
    assert_eq!(result.position, [0.0]);
    assert_eq!(result.cash, -8_000.0 + 180.0 * 48.0);
    let forced = &result.orders[1];
    assert_eq!(forced.reason, Some(Reason::MarginCall));
    assert_eq!((forced.state, forced.filled), (OrderState::Filled, -180.0));
    let said: Vec<_> = result.log.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(said, ["1 Filled ", "2 Filled closed by the broker: below the maintenance margin"]);
}
