//! What must hold of every run, whatever was ordered.

use engine_core::{
    backtest::{Config, RunResult, run},
    broker::{Account, Commission, Slippage},
    event::EventKind,
    ledger::{EntryKind, Trade},
    universe::Member,
};
use strategy_api::{
    Bar,
    abi::{define, layout::StrategyDef, raw::ProgressPage},
    prelude::*,
};

use crate::{
    close,
    scenario::{Ask, Command, Kind, Scenario},
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
    let seen = scenario.market.bars[instrument][..=step].iter().flatten();
    seen.last().map_or(0.0, |bar| bar.close)
}

/// Cash and positions after the fills and entries up to a time, which come in their order.
fn account(scenario: &Scenario, result: &RunResult, ts: i64) -> (f64, Vec<f64>) {
    let (mut cash, mut held) = (scenario.config.cash, vec![0.0; scenario.market.bars.len()]);
    let mut entries = result.entries.iter().filter(|entry| entry.ts <= ts).peekable();
    let mut book = |until: i64, cash: &mut f64, held: &mut Vec<f64>| {
        while let Some(entry) = entries.next_if(|entry| entry.ts <= until) {
            match entry.kind {
                EntryKind::Split => held[entry.instrument.unwrap() as usize] *= entry.value,
                _ => *cash += entry.value,
            }
        }
    };
    for fill in result.fills.iter().filter(|fill| fill.ts <= ts) {
        book(fill.ts, &mut cash, &mut held);
        cash -= fill.quantity * fill.price + fill.commission;
        held[fill.instrument as usize] += fill.quantity;
    }
    book(ts, &mut cash, &mut held);
    (cash, held)
}

#[test]
fn equity_is_cash_and_positions_at_every_bar_and_the_trades_add_up_to_it() {
    each(|seed, scenario, result| {
        for (step, equity) in scenario.traded().zip(&result.equity) {
            let (cash, held) = account(scenario, result, scenario.market.steps[step].ts);
            let positions = held.iter().enumerate();
            let value: f64 =
                positions.map(|(one, units)| units * last_close(scenario, one, step)).sum();
            assert!(close(*equity, cash + value), "seed {seed}, step {step}");
        }
        let last = scenario.traded().end - 1;
        let open =
            |trade: &Trade| trade.profit_at(last_close(scenario, trade.instrument as usize, last));
        let profit: f64 = result.trades.iter().map(open).sum();
        // Interest belongs to the account and to no trade.
        let interest = result.entries.iter().filter(|entry| entry.kind == EntryKind::Interest);
        let paid: f64 = interest.map(|entry| entry.value).sum();
        let change = result.equity.last().unwrap() - scenario.config.cash;
        assert!(close(profit + paid, change), "seed {seed}: trades {profit}, equity {change}");
    });
}

#[test]
fn no_fill_is_outside_its_bar_or_before_its_decision() {
    each(|seed, scenario, result| {
        for fill in &result.fills {
            let bars = scenario.market.bars[fill.instrument as usize].iter().flatten();
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
        for step in scenario.traded() {
            let (cash, held) = account(scenario, result, scenario.market.steps[step].ts);
            assert!(cash >= -1e-9 && held.iter().all(|units| *units >= 0.0), "seed {seed}");
        }
    });
}

/// A scenario in a currency that is worth half as much.
fn doubled(scenario: &Scenario) -> Scenario {
    let mut twice = scenario.clone();
    twice.config.cash *= 2.0;
    let inside = twice.market.inside.iter_mut();
    let finer = inside.flat_map(|inside| inside.bars.iter_mut().flatten().flatten());
    for bar in twice.market.bars.iter_mut().flatten().flatten().chain(finer) {
        let Bar { open, high, low, close, .. } = *bar;
        *bar =
            Bar { open: 2.0 * open, high: 2.0 * high, low: 2.0 * low, close: 2.0 * close, ..*bar };
    }
    for event in &mut twice.config.rules.events {
        if event.kind == EventKind::Dividend {
            event.value *= 2.0;
        }
    }
    let asks: Vec<Ask> = scenario.script.iter().flatten().filter_map(Command::ask).collect();
    for command in twice.script.iter_mut().flatten() {
        match command {
            Command::Reprice(_, price) => *price *= 2.0,
            Command::Retrail(order, distance) => {
                if matches!(asks[*order].kind, Kind::TrailAmount(_)) {
                    *distance *= 2.0;
                }
            }
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
            Command::Cancel(_) | Command::CancelAll | Command::Resize(..) => {}
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
    let mut config = Config { lots: vec![1.0; which.len()], ..scenario.config.clone() };
    config.rules.limits.orders_per_bar = None;
    run(DEF, &[], &members, scenario.market.resolution, &config, &ProgressPage::default()).unwrap()
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
        if scenario.market.bars.len() < 3 {
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
        if scenario.market.bars.len() < 2 {
            continue;
        }
        let alone = [(0, "AAA")];
        let beside = [(1, "AA_OTHER"), (0, "AAA")];
        let (first, second) = (alike(&scenario, &alone), alike(&scenario, &beside));
        assert_eq!(content(&first, &alone), content(&second, &beside), "seed {seed}");
    }
}
