//! The loop on small made-up bars; every expected number is a hand calculation.

use strategy_api::{
    abi::{define, layout::StrategyDef, raw::ProgressPage},
    prelude::*,
    submit_strategies,
};

use super::*;
use crate::{
    order::{OrderState, Reason},
    series::Series,
    universe::Member,
};

submit_strategies!(Scripted);

mod adjusted;
mod carry;
mod sessions;

params! {
    /// What to do, and when.
    pub struct Script {
        /// step at which to buy everything
        buy: usize = 1, 0 ..= 1000;
        /// step at which to sell everything
        sell: usize = 3, 0 ..= 1000;
    }
}

struct Scripted(Script);

impl Strategy for Scripted {
    const NAME: &'static str = "scripted";
    const ABOUT: &'static str = "buys and sells at given steps";
    type Params = Script;

    fn on_start(script: Script, _: &mut Setup<'_>) -> Result<Self> {
        Ok(Self(script))
    }

    fn on_bar(&mut self, bar: &Bar, ctx: &mut Context<'_>) {
        if ctx.step() == self.0.buy {
            ctx.log(&format!("buy at {} with {}", bar.close, ctx.equity()));
            ctx.target(1.0);
        } else if ctx.step() == self.0.sell {
            ctx.close();
        }
    }

    fn on_fill(&mut self, fill: &Fill, ctx: &mut Context<'_>) {
        ctx.log(&format!("filled {} at {}, now {}", fill.quantity, fill.price, ctx.position()));
    }
}

fn series(bars: &[(i64, f64, f64)]) -> Series {
    let bars: Vec<_> = bars
        .iter()
        .map(|&(ts, open, close)| Bar {
            ts,
            open,
            high: open.max(close),
            low: open.min(close),
            close,
            volume: 1.0,
        })
        .collect();
    Series::from_bars(&bars).unwrap()
}

pub(super) fn config() -> Config {
    Config {
        cash: 1000.0,
        fill: FillModel::NextOpen,
        commission: Commission::None,
        slippage: Slippage::None,
        fractional: false,
        lots: vec![1.0, 1.0],
        from_ts: None,
        to_ts: None,
        seed: 0,
        rules: Rules::default(),
    }
}

fn run_on(series: &[&Series], params: [f64; 2], config: &Config) -> RunResult {
    const DEF: &StrategyDef = &define::<Scripted>("1", "test");
    let members: Vec<_> = ["A", "B"]
        .into_iter()
        .zip(series)
        .map(|(symbol, series)| Member { symbol, columns: series.columns() })
        .collect();
    run(DEF, &params, &members, Resolution::Day1, config, &ProgressPage::default()).unwrap()
}

fn five() -> Series {
    series(&[(1, 10.0, 11.0), (2, 11.0, 12.0), (3, 13.0, 14.0), (4, 15.0, 16.0), (5, 17.0, 18.0)])
}

#[test]
fn an_order_fills_at_the_next_open_and_the_account_is_marked_at_every_close() {
    let result = run_on(&[&five()], [1.0, 3.0], &config());
    // Decided at bar 1, 76 shares at the open of bar 2 (13), 12 left; sold at the open of bar 4 (17).
    assert_eq!(result.equity, [1000.0, 1000.0, 12.0 + 76.0 * 14.0, 12.0 + 76.0 * 16.0, 1304.0]);
    assert_eq!(result.trades.len(), 1);
    assert_eq!(result.trades[0].profit(), Some(304.0));
    assert_eq!((result.invested_steps, result.cash), (2, 1304.0));
    let log: Vec<_> = result.log.iter().map(|entry| (entry.ts, entry.text.as_str())).collect();
    assert_eq!(
        log,
        [
            (2, "buy at 12 with 1000"),
            (3, "filled 76 at 13, now 76"),
            (5, "filled -76 at 17, now 0"),
        ]
    );
}

#[test]
fn same_close_and_next_close_take_their_own_prices() {
    let same = run_on(&[&five()], [1.0, 3.0], &Config { fill: FillModel::SameClose, ..config() });
    // 83 shares at 12 (4 left), sold at 16.
    assert_eq!(same.equity, [1000.0, 1000.0, 4.0 + 83.0 * 14.0, 1332.0, 1332.0]);
    let next = run_on(&[&five()], [1.0, 3.0], &Config { fill: FillModel::NextClose, ..config() });
    // 71 shares at 14 (6 left), sold at 18.
    assert_eq!(next.equity, [1000.0, 1000.0, 1000.0, 6.0 + 71.0 * 16.0, 1284.0]);
}

#[test]
fn an_order_at_the_last_bar_expires() {
    let result = run_on(&[&five()], [4.0, 9.0], &config());
    let [order] = result.orders[..] else { panic!("one order") };
    assert_eq!((order.state, order.reason), (OrderState::Expired, Some(Reason::NoNextBar)));
    assert_eq!(result.equity, [1000.0; 5]);
}

#[test]
fn history_is_seen_but_not_traded_and_later_bars_do_not_exist() {
    let period = Config { from_ts: Some(2), to_ts: Some(4), ..config() };
    let result = run_on(&[&five()], [0.0, 1.0], &period);
    assert_eq!(result.orders.len(), 1, "step 0 is history: only the sale at step 1 is decided");
    let result = run_on(&[&five()], [1.0, 9.0], &period);
    assert_eq!((result.first_step, result.equity.len()), (1, 3));
    assert_eq!(result.position, [76.0]);
    assert_eq!(result.trades[0].closed_ts, None);
    assert_eq!(result.trades[0].profit_at(16.0), 76.0 * 3.0);
}

#[test]
fn an_instrument_without_a_bar_waits_and_keeps_its_last_close() {
    let short = series(&[(2, 50.0, 50.0), (5, 60.0, 60.0)]);
    let result = run_on(&[&five(), &short], [1.0, 9.0], &config());
    // At step 1 both are ordered with all the equity; A has a bar at step 2 and takes the cash,
    // B finds none left when its bar comes at step 4.
    assert_eq!(result.position, [76.0, 0.0]);
    assert_eq!(result.orders[1].reason, Some(Reason::NoCash));
    assert_eq!(result.equity[4], 12.0 + 76.0 * 18.0);
}

#[test]
fn no_bar_in_the_period_is_an_error() {
    const DEF: &StrategyDef = &define::<Scripted>("1", "test");
    let five = five();
    let members = [Member { symbol: "A", columns: five.columns() }];
    let config = Config { from_ts: Some(9), ..config() };
    let page = ProgressPage::default();
    let outcome = run(DEF, &[1.0, 3.0], &members, Resolution::Day1, &config, &page);
    assert_eq!(outcome, Err(RunError::NoBars));
}
