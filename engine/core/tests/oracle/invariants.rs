//! What must hold of every run, whatever was ordered.

use engine_core::{
    backtest::{Config, RunResult, run},
    broker::{Account, Commission, Slippage},
    universe::Member,
};
use strategy_api::{
    Bar, Resolution,
    abi::{define, layout::StrategyDef, raw::ProgressPage},
    prelude::*,
};

use crate::{
    close,
    scenario::{Command, Kind, SYMBOLS, Scenario},
};

const RUNS: u64 = 2_000;

fn each(check: impl Fn(u64, &Scenario, &RunResult)) {
    for seed in 0..RUNS {
        let scenario = Scenario::random(seed);
        check(seed, &scenario, &scenario.run());
    }
}

/// Last close of an instrument at a step.
fn last_close(scenario: &Scenario, instrument: usize, step: usize) -> f64 {
    let seen = scenario.bars[instrument][..=step].iter().flatten();
    seen.last().map_or(0.0, |bar| bar.close)
}

#[test]
fn equity_is_cash_and_positions_at_every_bar_and_the_trades_add_up_to_it() {
    each(|seed, scenario, result| {
        let (mut cash, mut held) = (scenario.config.cash, vec![0.0; scenario.bars.len()]);
        let mut fills = result.fills.iter().peekable();
        for (step, equity) in result.equity.iter().enumerate() {
            let ts = scenario.bars[0][step].unwrap().ts;
            while let Some(fill) = fills.next_if(|fill| fill.ts <= ts) {
                cash -= fill.quantity * fill.price + fill.commission;
                held[fill.instrument as usize] += fill.quantity;
            }
            let positions = held.iter().enumerate();
            let value: f64 =
                positions.map(|(one, units)| units * last_close(scenario, one, step)).sum();
            assert!(close(*equity, cash + value), "seed {seed}, step {step}");
        }
        let last = scenario.script.len() - 1;
        let profit: f64 = result
            .trades
            .iter()
            .map(|trade| trade.profit_at(last_close(scenario, trade.instrument as usize, last)))
            .sum();
        let change = result.equity.last().unwrap() - scenario.config.cash;
        assert!(close(profit, change), "seed {seed}: trades {profit}, equity {change}");
    });
}

#[test]
fn no_fill_is_outside_its_bar_or_before_its_decision() {
    each(|seed, scenario, result| {
        for fill in &result.fills {
            let bars = scenario.bars[fill.instrument as usize].iter().flatten();
            let bar = *bars.clone().find(|bar| bar.ts == fill.ts).expect("a fill has a bar");
            let order = result.orders.iter().find(|order| order.id == fill.order).unwrap();
            let inside = (bar.low..=bar.high).contains(&fill.reference);
            let same_close = fill.ts == order.decided_ts && fill.reference == bar.close;
            assert!(inside, "seed {seed}: {fill:?} in {bar:?}");
            assert!(fill.ts > order.decided_ts || same_close, "seed {seed}: {fill:?}, {order:?}");
        }
    });
}

#[test]
fn a_cash_account_is_never_short_and_never_owes() {
    each(|seed, scenario, result| {
        if scenario.config.rules.account != Account::Cash {
            return;
        }
        let (mut cash, mut held) = (scenario.config.cash, [0.0; SYMBOLS.len()]);
        for fill in &result.fills {
            cash -= fill.quantity * fill.price + fill.commission;
            held[fill.instrument as usize] += fill.quantity;
            assert!(cash >= -1e-9 && held[fill.instrument as usize] >= 0.0, "seed {seed}");
        }
    });
}

/// A scenario in a currency that is worth half as much.
fn doubled(scenario: &Scenario) -> Scenario {
    let mut twice = scenario.clone();
    twice.config.cash *= 2.0;
    for bar in twice.bars.iter_mut().flatten().flatten() {
        let Bar { open, high, low, close, .. } = *bar;
        *bar =
            Bar { open: 2.0 * open, high: 2.0 * high, low: 2.0 * low, close: 2.0 * close, ..*bar };
    }
    for command in twice.script.iter_mut().flatten() {
        match command {
            Command::Reprice(_, price) => *price *= 2.0,
            Command::Place(ask) => {
                ask.kind = match ask.kind {
                    Kind::Limit(price) => Kind::Limit(2.0 * price),
                    Kind::Stop(price) => Kind::Stop(2.0 * price),
                    Kind::StopLimit(stop, limit) => Kind::StopLimit(2.0 * stop, 2.0 * limit),
                    Kind::TrailAmount(amount) => Kind::TrailAmount(2.0 * amount),
                    kind => kind,
                };
                if let Size::Cash(amount) = ask.size {
                    ask.size = Size::Cash(2.0 * amount);
                }
            }
            Command::Cancel(_) => {}
        }
    }
    twice
}

#[test]
fn twice_the_prices_and_the_cash_give_twice_the_equity_to_the_last_bit() {
    for seed in 0..RUNS {
        let mut scenario = Scenario::random(seed);
        // What is charged a share or in ticks is worth half in the other currency.
        if !matches!(scenario.config.commission, Commission::None | Commission::Percent(_)) {
            scenario.config.commission = Commission::Percent(0.002);
        }
        if matches!(scenario.config.slippage, Slippage::Ticks(_)) {
            scenario.config.slippage = Slippage::None;
        }
        let (once, twice) = (scenario.run(), doubled(&scenario).run());
        let expected: Vec<u64> = once.equity.iter().map(|value| (2.0 * value).to_bits()).collect();
        let got: Vec<u64> = twice.equity.iter().map(|value| value.to_bits()).collect();
        assert_eq!(expected, got, "seed {seed}");
        assert_eq!(once.fills.len(), twice.fills.len(), "seed {seed}");
    }
}

/// Buys dips and breakouts of every instrument with brackets, for all of them alike.
struct Alike;

impl Strategy for Alike {
    const NAME: &'static str = "alike";
    const ABOUT: &'static str = "treats all instruments alike";
    type Params = ();

    fn on_start((): (), _: &mut Setup<'_>) -> Result<Self> {
        Ok(Self)
    }

    fn on_bar(&mut self, bar: &Bar, ctx: &mut Context<'_>) {
        if !["AAA", "BBB", "CCC"].contains(&ctx.symbol()) {
            return;
        }
        let close = bar.close;
        if ctx.position() == 0.0 {
            let share = 0.4;
            ctx.order_fraction(share).limit(close * 0.99).good_for_day().stop_loss(close * 0.96);
            ctx.order_fraction(share).stop(close * 1.01).good_for_day().take_profit(close * 1.04);
        } else if ctx.step().is_multiple_of(5) {
            ctx.close();
        }
    }
}

/// Runs [`Alike`] on some instruments of a scenario; each may come under a name of its own.
fn alike(scenario: &Scenario, which: &[(usize, &str)]) -> RunResult {
    const DEF: &StrategyDef = &define::<Alike>("1", "test");
    let series = scenario.series();
    let members: Vec<_> = which
        .iter()
        .map(|(one, symbol)| Member { symbol, columns: series[*one].columns() })
        .collect();
    let config = Config { lots: vec![1.0; which.len()], ..scenario.config.clone() };
    run(DEF, &[], &members, Resolution::Day1, &config, &ProgressPage::default()).unwrap()
}

/// Fills by symbol, without the numbers of orders, and the bits of the equity.
fn content(result: &RunResult, which: &[(usize, &str)]) -> (Vec<String>, Vec<u64>) {
    let mut fills: Vec<String> = result
        .fills
        .iter()
        .map(|fill| {
            let symbol = which[fill.instrument as usize].1;
            format!("{} {symbol} {:?} at {:?}", fill.ts, fill.quantity, fill.price)
        })
        .collect();
    fills.sort();
    (fills, result.equity.iter().map(|value| value.to_bits()).collect())
}

#[test]
fn the_order_of_the_symbols_does_not_show() {
    let mut fills = 0;
    for seed in 0..RUNS {
        let scenario = Scenario::random(seed);
        if scenario.bars.len() < 3 {
            continue;
        }
        let one = [(0, "AAA"), (1, "BBB"), (2, "CCC")];
        let two = [(2, "CCC"), (0, "AAA"), (1, "BBB")];
        let (first, second) = (alike(&scenario, &one), alike(&scenario, &two));
        assert_eq!(content(&first, &one), content(&second, &two), "seed {seed}");
        fills += first.fills.len();
    }
    assert!(fills > 1000, "{fills} fills");
}

#[test]
fn a_symbol_that_is_not_traded_changes_nothing() {
    for seed in 0..RUNS {
        let scenario = Scenario::random(seed);
        if scenario.bars.len() < 2 {
            continue;
        }
        let alone = [(0, "AAA")];
        let beside = [(1, "AA_OTHER"), (0, "AAA")];
        let (first, second) = (alike(&scenario, &alone), alike(&scenario, &beside));
        assert_eq!(content(&first, &alone), content(&second, &beside), "seed {seed}");
    }
}
