//! What must hold of every run of every shipped strategy, loaded from its own file, on random bars under
//! random rules. The same claims on random orders of every kind stand in `engine/core/tests/oracle`.

use std::{fs, fs::File};

use algo_trader::registry::{describe_all, foreign::open_library};
use engine_core::{
    backtest::{Config, Rules, RunResult, run},
    broker::Account,
    calendar::Calendar,
    ledger::EntryKind,
    order::OrderRecord,
    series::Series,
    universe::Member,
};
use jiff::civil::date;
use strategy_api::{
    Bar, Resolution,
    abi::{layout::StrategyDef, raw::ProgressPage},
};

use crate::{source::project, support::plugins::library};

/// Random runs of each strategy.
const RUNS: u64 = 25;

/// A generator of random numbers that never changes (Knuth's constants).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    pub(crate) fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len() as u64) as usize]
    }
}

/// A shipped strategy with its default parameters.
pub(crate) struct Shipped {
    pub(crate) name: String,
    pub(crate) def: &'static StrategyDef,
    pub(crate) values: Vec<f64>,
}

/// Every plugin of the workspace.
pub(crate) fn shipped() -> Vec<Shipped> {
    let folders = fs::read_dir(project().join("plugins")).unwrap().map(|entry| entry.unwrap());
    let packages = folders.filter(|folder| folder.path().join("Cargo.toml").exists());
    let mut names: Vec<String> =
        packages.map(|folder| folder.file_name().into_string().unwrap()).collect();
    names.sort();
    assert!(names.len() >= 8, "{names:?}");
    let load = |name: String| {
        let def = open_library(File::open(library(&name)).unwrap()).unwrap()[0];
        let values = describe_all(&[def]).unwrap().remove(0).defaults();
        Shipped { name, def, values }
    };
    names.into_iter().map(load).collect()
}

/// Bars of symbols by step, and what else a run depends on.
#[derive(Clone)]
struct Case {
    resolution: Resolution,
    bars: Vec<(&'static str, Vec<Bar>)>,
    config: Config,
}

impl Case {
    fn random(seed: u64, steps: usize) -> Self {
        let mut dice = Dice(seed);
        for _ in 0..8 {
            dice.below(2);
        }
        // Every second market is one of hours.
        let resolution = [Resolution::Day1, Resolution::Hour1][(seed % 2) as usize];
        let starts = starts(resolution, steps);
        let bars = ["MID", "LOW"].map(|symbol| (symbol, walk(&mut dice, &starts))).into();
        let config = Config {
            cash: 100_000.0,
            fill: dice.pick(&["next_open", "same_close", "next_close"]).parse().unwrap(),
            commission: dice.pick(&["none", "percent:0.1"]).parse().unwrap(),
            slippage: dice.pick(&["none", "bps:3", "volume:0.1:0.1"]).parse().unwrap(),
            fractional: dice.below(4) == 0,
            lots: vec![1.0; 2],
            from_ts: None,
            to_ts: None,
            seed: 0,
            rules: Rules { account: Account::Margin(Default::default()), ..Rules::default() },
        };
        Self { resolution, bars, config }
    }

    fn run(&self, shipped: &Shipped) -> RunResult {
        let series: Vec<Series> =
            self.bars.iter().map(|(_, bars)| Series::from_bars(bars).unwrap()).collect();
        let members: Vec<Member<'_>> = (self.bars.iter().zip(&series))
            .map(|((symbol, _), series)| Member { symbol, columns: series.columns() })
            .collect();
        let page = ProgressPage::default();
        let Shipped { def, values, name } = shipped;
        run(def, values, &members, self.resolution, &self.config, &page)
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The bars up to a step.
    fn until(&self, step: usize) -> Self {
        let ts = self.bars[0].1[step].ts;
        let cut = |bars: &Vec<Bar>| bars.iter().filter(|bar| bar.ts <= ts).copied().collect();
        let bars = self.bars.iter().map(|(symbol, bars)| (*symbol, cut(bars))).collect();
        Self { resolution: self.resolution, bars, config: self.config.clone() }
    }

    fn last_close(&self, instrument: usize, ts: i64) -> f64 {
        let seen = self.bars[instrument].1.iter().take_while(|bar| bar.ts <= ts);
        seen.last().map_or(0.0, |bar| bar.close)
    }
}

/// Sessions of the NYSE from 2012 on, or their hours: with half days and changes of clocks.
fn starts(resolution: Resolution, steps: usize) -> Vec<i64> {
    let sessions = Calendar::Nyse.sessions(date(2012, 1, 3), date(2017, 12, 29));
    let bars = sessions.flat_map(|session| Calendar::Nyse.expected_bars(resolution, session));
    bars.take(steps).collect()
}

/// A walk with a drift that turns, so that strategies of every kind trade; the second symbol has gaps.
fn walk(dice: &mut Dice, starts: &[i64]) -> Vec<Bar> {
    let mut price = 100.0;
    let gaps = dice.below(2) == 0;
    let mut bars = Vec::new();
    for (step, ts) in starts.iter().enumerate() {
        let drift = if step / 60 % 2 == 0 { 0.002 } else { -0.002 };
        let mut change = |most: u64| (dice.below(2 * most + 1) as f64 - most as f64) / 10_000.0;
        let open = price * (1.0 + change(40));
        let close = open * (1.0 + drift + change(200));
        let high = open.max(close) * (1.0 + change(20).abs());
        let low = open.min(close) * (1.0 - change(20).abs());
        let volume = 1000.0 + dice.below(9000) as f64;
        price = close;
        if step == 0 || !gaps || dice.below(20) > 0 {
            bars.push(Bar { ts: *ts, open, high, low, close, volume });
        }
    }
    bars
}

/// Runs every strategy on random bars; each must trade.
fn each(check: impl Fn(&str, &Case, &Shipped, &RunResult)) {
    for shipped in shipped() {
        let mut fills = 0;
        for seed in 0..RUNS {
            let case = Case::random(seed, 420);
            let result = case.run(&shipped);
            fills += result.fills.len();
            check(&format!("{} on {seed}", shipped.name), &case, &shipped, &result);
        }
        assert!(fills > 50, "{} hardly trades: {fills} fills", shipped.name);
    }
}

fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

fn times(case: &Case) -> Vec<i64> {
    let mut all: Vec<i64> = case.bars.iter().flat_map(|(_, bars)| bars).map(|bar| bar.ts).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn equity_is_cash_and_positions_at_every_bar_and_the_trades_add_up_to_it() {
    each(|name, case, _, result| {
        let (mut cash, mut held) = (case.config.cash, [0.0; 2]);
        let mut fills = result.fills.iter().peekable();
        let times = times(case);
        for (ts, equity) in times.iter().zip(&result.equity) {
            while let Some(fill) = fills.next_if(|fill| fill.ts <= *ts) {
                cash -= fill.quantity * fill.price + fill.commission;
                held[fill.instrument as usize] += fill.quantity;
            }
            let value = held[0] * case.last_close(0, *ts) + held[1] * case.last_close(1, *ts);
            assert!((cash + value - equity).abs() <= 1e-9 * equity.abs(), "{name} at {ts}");
        }
        let last = *times.last().unwrap();
        let trades = result.trades.iter();
        let profit: f64 = trades
            .map(|trade| trade.profit_at(case.last_close(trade.instrument as usize, last)))
            .sum();
        let change = result.equity.last().unwrap() - case.config.cash;
        assert!((profit - change).abs() <= 1e-9 * case.config.cash, "{name}");
        let free = result.entries.iter().all(|entry| entry.kind == EntryKind::Interest);
        assert!(free, "{name}: there are no events, and borrowing costs nothing here");
    });
}

#[test]
fn no_fill_is_outside_its_bar_or_before_its_decision() {
    each(|name, case, _, result| {
        for fill in &result.fills {
            let bars = &case.bars[fill.instrument as usize].1;
            let bar = bars.iter().find(|bar| bar.ts == fill.ts).expect("a fill has a bar");
            let order = result.orders.iter().find(|order| order.id == fill.order).unwrap();
            assert!((bar.low..=bar.high).contains(&fill.reference), "{name}: {fill:?} in {bar:?}");
            let same_close = fill.ts == order.decided_ts && fill.reference == bar.close;
            assert!(fill.ts > order.decided_ts || same_close, "{name}: {fill:?}, {order:?}");
        }
    });
}

#[test]
fn twice_the_prices_and_the_cash_give_twice_the_equity_to_the_last_bit() {
    each(|name, case, shipped, once| {
        let mut twice = case.clone();
        twice.config.cash *= 2.0;
        for bar in twice.bars.iter_mut().flat_map(|(_, bars)| bars) {
            for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
                *price *= 2.0;
            }
        }
        let twice = twice.run(shipped);
        let doubled: Vec<f64> = once.equity.iter().map(|value| 2.0 * value).collect();
        assert_eq!(bits(&doubled), bits(&twice.equity), "{name}");
        let units = |result: &RunResult| -> Vec<u64> {
            result.fills.iter().map(|fill| fill.quantity.to_bits()).collect()
        };
        assert_eq!(units(once), units(&twice), "{name}");
    });
}

#[test]
fn the_order_of_the_symbols_does_not_show() {
    // Time, symbol, quantity and price of every fill.
    let fills = |case: &Case, result: &RunResult| -> Vec<(i64, &'static str, u64, u64)> {
        let fill = |fill: &engine_core::order::FillRecord| {
            let symbol = case.bars[fill.instrument as usize].0;
            (fill.ts, symbol, fill.quantity.to_bits(), fill.price.to_bits())
        };
        result.fills.iter().map(fill).collect()
    };
    each(|name, case, shipped, one| {
        let mut turned = case.clone();
        turned.bars.reverse();
        let two = turned.run(shipped);
        let (first, second) = (fills(case, one), fills(&turned, &two));
        let differs = first.iter().zip(&second).position(|(one, two)| one != two);
        let at = differs.map(|at| (&one.fills[at], &two.fills[at]));
        assert!(at.is_none() && first.len() == second.len(), "{name}: {at:?}");
        assert_eq!(bits(&one.equity), bits(&two.equity), "{name}");
    });
}

/// What was decided, without what became of it later.
fn decision(order: &OrderRecord) -> (u64, u32, i64, u32, u64) {
    (order.id, order.instrument, order.decided_ts, order.size_kind, order.size.to_bits())
}

/// A thousand cuts of each on markets of days and hours, under all fill models: what was ordered, filled
/// and worth up to a bar does not depend on whether more bars follow.
#[test]
fn a_run_on_the_first_bars_is_the_beginning_of_the_run_on_all() {
    const MARKETS: usize = 8;
    let markets: Vec<Case> = (0..MARKETS as u64).map(|seed| Case::random(seed, 1100)).collect();
    let mut fill_models: Vec<_> = markets.iter().map(|case| case.config.fill.to_string()).collect();
    fill_models.sort();
    fill_models.dedup();
    assert_eq!(fill_models.len(), 3, "{fill_models:?}");
    for shipped in shipped() {
        let whole: Vec<RunResult> = markets.iter().map(|case| case.run(&shipped)).collect();
        let fills = whole.iter().map(|run| run.fills.len());
        assert!(fills.clone().all(|fills| fills > 0), "{}", shipped.name);
        assert!(fills.sum::<usize>() > 10 * MARKETS, "{}", shipped.name);
        for step in 80..1080 {
            let (case, all) = (&markets[step % MARKETS], &whole[step % MARKETS]);
            let step = step.min(case.bars[0].1.len() - 1);
            let part = case.until(step).run(&shipped);
            let (name, last) = (format!("{} until {step}", shipped.name), case.bars[0].1[step].ts);
            let decided: Vec<_> =
                all.orders.iter().filter(|one| one.decided_ts <= last).map(decision).collect();
            assert_eq!(part.orders.iter().map(decision).collect::<Vec<_>>(), decided, "{name}");
            let filled = all.fills.partition_point(|fill| fill.ts <= last);
            assert_eq!(part.fills, all.fills[..filled], "{name}");
            assert_eq!(bits(&part.equity), bits(&all.equity[..part.equity.len()]), "{name}");
        }
    }
}

/// A symbol that never rises is never chosen by a rotation. Of the other strategies the claim does not hold,
/// and is not made: `pairs` refuses a third symbol, and all the rest give each symbol of the run its equal share
/// of the equity, traded or not, with bars or without, so that one more symbol makes every order smaller.
#[test]
fn a_symbol_that_is_not_traded_changes_nothing() {
    let rotation = shipped().into_iter().find(|one| one.name == "momentum_rotation").unwrap();
    for seed in 0..RUNS {
        let alone = Case::random(seed, 420);
        let mut beside = alone.clone();
        // The first choice is made when any symbol has been there long enough: this one is not earlier.
        let shorter = alone.bars.iter().map(|(_, bars)| bars).min_by_key(|bars| bars.len());
        let flat = |bar: &Bar| Bar { open: 7.0, high: 7.0, low: 7.0, close: 7.0, ..*bar };
        beside.bars.push(("FLAT", shorter.unwrap().iter().map(flat).collect()));
        beside.config.lots.push(1.0);
        let (one, two) = (alone.run(&rotation), beside.run(&rotation));
        assert_eq!((&one.fills, bits(&one.equity)), (&two.fills, bits(&two.equity)), "{seed}");
    }
}
