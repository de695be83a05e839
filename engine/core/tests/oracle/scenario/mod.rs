//! Random bars, rules and orders.

mod inside;
mod market;
mod script;
mod steps;

use engine_core::{
    backtest::{Config, Rules, RunResult, Stage},
    broker::{Account, Ambiguity, Commission, FillModel, LimitTouch, MarginTerms, Slippage},
    risk::Limits,
    series::Series,
    universe::Member,
};
use strategy_api::{
    abi::{define, layout::StrategyDef, raw::ProgressPage},
    order::Size,
};

pub(crate) use inside::Inside;
pub(crate) use market::Market;
pub(crate) use script::hand_over;
use script::{Scripted, Units, commands};

pub(crate) const SYMBOLS: [&str; 3] = ["BBB", "AAA", "CCC"];
pub(crate) const DAY: i64 = 86_400_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Market,
    Limit(f64),
    Stop(f64),
    StopLimit(f64, f64),
    TrailAmount(f64),
    TrailFraction(f64),
    OnOpen,
    OnClose,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Tif {
    Gtc,
    Day,
    Until(i64),
    Once,
    All,
}

/// An order of the script; parents are named by their place in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) instrument: usize,
    pub(crate) kind: Kind,
    pub(crate) size: Size,
    pub(crate) tif: Tif,
    pub(crate) parent: Option<usize>,
    pub(crate) group: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    Place(Ask),
    Cancel(usize),
    /// Every order of the first instrument.
    CancelAll,
    Reprice(usize, f64),
    Resize(usize, f64),
    Retrail(usize, f64),
}

impl Command {
    /// The order that it places.
    pub(crate) fn ask(&self) -> Option<Ask> {
        if let Self::Place(ask) = self { Some(*ask) } else { None }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) config: Config,
    pub(crate) market: Market,
    /// Commands by step; the place of an order is its number among all orders, from 0.
    pub(crate) script: Vec<Vec<Command>>,
}

/// A generator of random numbers that never changes (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

impl Scenario {
    pub(crate) fn random(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let market = Market::random(&mut dice);
        Self::on(market, dice, 1)
    }

    /// One with long stretches in which orders wait and nothing is decided.
    pub(crate) fn quiet(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let market = Market::of(&mut dice, 120);
        Self::on(market, dice, 12)
    }

    /// Orders at one of `every` steps of a market.
    fn on(market: Market, mut dice: Dice, every: u64) -> Self {
        let config = config(&mut dice, &market);
        let first = market.steps.partition_point(|step| Some(step.ts) < config.from_ts);
        let mut placed = 0;
        let units = Units { scale: market.scale, has_parts: config.fractional };
        let mut at = |step| {
            let is_idle = step < first || every > 1 && dice.below(every) != 0;
            if is_idle {
                Vec::new()
            } else {
                commands(&mut dice, &market, (units, step), &mut placed)
            }
        };
        let script = (0..market.steps.len()).map(&mut at).collect();
        Self { config, market, script }
    }

    pub(crate) fn series(&self) -> Vec<Series> {
        let series = |bars: &Vec<_>| Series::from_bars(bars.iter().flatten()).unwrap();
        self.market.bars.iter().map(series).collect()
    }

    /// The steps that are traded.
    pub(crate) fn traded(&self) -> std::ops::Range<usize> {
        let steps = &self.market.steps;
        let first = steps.partition_point(|step| Some(step.ts) < self.config.from_ts);
        let end = self.config.to_ts.map(|to| steps.partition_point(|step| step.ts <= to));
        first..end.unwrap_or(steps.len())
    }

    /// Lets the engine work it.
    pub(crate) fn run(&self) -> RunResult {
        self.work(false)
    }

    /// The same one bar at a time.
    pub(crate) fn run_stepped(&self) -> RunResult {
        self.work(true)
    }

    fn work(&self, is_stepped: bool) -> RunResult {
        hand_over(&self.script);
        let series = self.series();
        let members = members(&series);
        let inside = self.market.inside.as_ref();
        let finer = inside.map(Inside::series).unwrap_or_default();
        let stage = Stage::new(&members, self.market.resolution, self.config.to_ts)
            .settled_by(inside.map(|inside| inside.finer(&finer)));
        let stage = if is_stepped { stage.stepped() } else { stage };
        stage.run(SCRIPTED, &[], &self.config, &ProgressPage::default()).unwrap()
    }
}

/// Places the orders of the script that was handed over last.
pub(crate) const SCRIPTED: &StrategyDef = &define::<Scripted>("1", "test");

/// Series under the names of the instruments.
pub(crate) fn members(series: &[Series]) -> Vec<Member<'_>> {
    let named = SYMBOLS.into_iter().zip(series);
    named.map(|(symbol, series)| Member { symbol, columns: series.columns() }).collect()
}

fn config(dice: &mut Dice, market: &Market) -> Config {
    let (instruments, steps) = (market.bars.len(), &market.steps);
    let at = |step: usize| Some(steps[step].ts);
    Config {
        cash: 10_000.0 * market.scale,
        fill: dice.pick(&[
            FillModel::NextOpen,
            FillModel::NextOpen,
            FillModel::SameClose,
            FillModel::NextClose,
        ]),
        commission: dice.pick(&[
            Commission::None,
            Commission::PerShare(0.01),
            Commission::Percent(0.001),
            Commission::IbkrFixed,
            Commission::IbkrTiered,
        ]),
        slippage: dice.pick(&[
            Slippage::None,
            Slippage::BasisPoints(7.0),
            Slippage::Ticks(3.0),
            Slippage::VolumeShare { limit: 0.1, impact: 0.5 },
        ]),
        fractional: dice.below(4) == 0,
        lots: (0..instruments).map(|_| market.scale * dice.pick(&[1.0, 1.0, 1.0, 5.0])).collect(),
        from_ts: dice.pick(&[None, None, None, at(2)]),
        to_ts: dice.pick(&[None, None, None, at(steps.len() - 2)]),
        seed: 0,
        rules: rules(dice, market),
    }
}

fn rules(dice: &mut Dice, market: &Market) -> Rules {
    let margin = Account::Margin(MarginTerms {
        interest: dice.pick(&[0.0, 0.09]),
        borrow_fee: dice.pick(&[0.0, 0.045]),
        ..MarginTerms::default()
    });
    let limits = Limits {
        gross: dice.pick(&[None, Some(0.75), Some(1.5)]),
        net: dice.pick(&[None, Some(0.5)]),
        per_symbol: dice.pick(&[None, Some(0.25), Some(0.5)]),
        orders_per_bar: dice.pick(&[None, Some(1), Some(2)]),
    };
    let limits = if dice.below(4) == 0 { limits } else { Limits::default() };
    Rules {
        limit_touch: dice.pick(&[LimitTouch::Touch, LimitTouch::Strict]),
        ambiguity: dice.pick(&[
            Ambiguity::Pessimistic,
            Ambiguity::Pessimistic,
            Ambiguity::Optimistic,
        ]),
        account: dice.pick(&[Account::Cash, margin]),
        limits,
        events: market.events.clone(),
        apply_actions: dice.pick(&[true, true, false]),
        ..Rules::default()
    }
}
