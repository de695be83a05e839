//! Random bars, rules and orders, and the strategy that places them through the public interface.

use std::cell::RefCell;

use engine_core::{
    backtest::{Config, Rules, RunResult, run},
    broker::{Account, Commission, FillModel, LimitTouch, MarginTerms, Slippage},
    series::Series,
    universe::Member,
};
use strategy_api::{
    abi::{define, layout::StrategyDef, raw::ProgressPage},
    prelude::*,
};

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
    Reprice(usize, f64),
}

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) config: Config,
    /// Bars of each instrument by step; a step may be without.
    pub(crate) bars: Vec<Vec<Option<Bar>>>,
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

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

impl Scenario {
    pub(crate) fn random(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let instruments = 1 + dice.below(3) as usize;
        let steps = 8 + dice.below(25) as usize;
        let bars: Vec<_> = (0..instruments).map(|one| walk(&mut dice, steps, one == 0)).collect();
        let margin = Account::Margin(MarginTerms { ..MarginTerms::default() });
        let rules = Rules {
            limit_touch: dice.pick(&[LimitTouch::Touch, LimitTouch::Strict]),
            account: dice.pick(&[Account::Cash, margin]),
            ..Rules::default()
        };
        let config = Config {
            cash: 10_000.0,
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
            ]),
            slippage: dice.pick(&[
                Slippage::None,
                Slippage::BasisPoints(7.0),
                Slippage::Ticks(3.0),
            ]),
            fractional: false,
            lots: vec![1.0; instruments],
            from_ts: None,
            to_ts: None,
            seed: 0,
            rules,
        };
        let mut placed = 0;
        let script = (0..steps).map(|step| commands(&mut dice, &bars, step, &mut placed)).collect();
        Self { config, bars, script }
    }

    pub(crate) fn series(&self) -> Vec<Series> {
        let series = |bars: &Vec<Option<Bar>>| Series::from_bars(bars.iter().flatten()).unwrap();
        self.bars.iter().map(series).collect()
    }

    /// Lets the engine work it.
    pub(crate) fn run(&self) -> RunResult {
        const DEF: &StrategyDef = &define::<Scripted>("1", "test");
        SCRIPT.set(self.script.clone());
        let series = self.series();
        let members: Vec<_> = SYMBOLS
            .into_iter()
            .zip(&series)
            .map(|(symbol, series)| Member { symbol, columns: series.columns() })
            .collect();
        let page = ProgressPage::default();
        run(DEF, &[], &members, Resolution::Day1, &self.config, &page).unwrap()
    }
}

/// Bars on a grid of quarters, so that prices meet limits exactly; some steps have none, but never
/// for the first instrument, whose bars make the timeline.
fn walk(dice: &mut Dice, steps: usize, always: bool) -> Vec<Option<Bar>> {
    let quarter = |number: u64| number as f64 / 4.0;
    let mut last = 80.0 + quarter(dice.below(160));
    let always = always || dice.below(2) == 0;
    (0..steps)
        .map(|step| {
            let around = |dice: &mut Dice| (last - 4.0 + quarter(dice.below(33))).max(5.0);
            let (open, close) = (around(dice), around(dice));
            let high = open.max(close) + quarter(dice.below(9));
            let low = (open.min(close) - quarter(dice.below(9))).max(1.0);
            if !always && step > 0 && dice.below(5) == 0 {
                return None;
            }
            last = close;
            let ts = step as i64 * DAY;
            Some(Bar { ts, open, high, low, close, volume: 1000.0 })
        })
        .collect()
}

fn commands(
    dice: &mut Dice,
    bars: &[Vec<Option<Bar>>],
    step: usize,
    placed: &mut usize,
) -> Vec<Command> {
    let mut commands = Vec::new();
    for _ in 0..dice.pick(&[0, 0, 1, 1, 2]) {
        let instrument = dice.below(bars.len() as u64) as usize;
        let Some(last) = bars[instrument][..=step].iter().flatten().next_back() else { continue };
        let near = |dice: &mut Dice| (last.close - 5.0 + dice.below(41) as f64 / 4.0).max(0.25);
        if *placed > 0 && dice.below(6) == 0 {
            let order = dice.below(*placed as u64) as usize;
            let price = near(dice);
            commands.push(dice.pick(&[Command::Cancel(order), Command::Reprice(order, price)]));
            continue;
        }
        let kind = match dice.below(10) {
            0..3 => Kind::Market,
            3 | 4 => Kind::Limit(near(dice)),
            5 => Kind::Stop(near(dice)),
            6 => Kind::StopLimit(near(dice), near(dice)),
            7 => Kind::TrailAmount(0.5 + dice.below(12) as f64 / 4.0),
            8 => Kind::TrailFraction(0.03125),
            _ => dice.pick(&[Kind::OnOpen, Kind::OnClose]),
        };
        let sign = dice.pick(&[1.0, 1.0, -1.0]);
        let size = match dice.below(8) {
            0..3 => Size::Units(sign * (1.0 + dice.below(40) as f64)),
            3 => Size::EquityFraction(sign * 0.25),
            4 => Size::Cash(sign * 2500.0),
            5 => Size::TargetUnits(dice.pick(&[0.0, 0.0, 20.0, -15.0])),
            6 => Size::TargetFraction(dice.pick(&[0.0, 0.5, 1.0, 1.5, -0.5])),
            _ => Size::TargetFraction(dice.pick(&[0.0, 1.0])),
        };
        let tif = match dice.below(8) {
            0 => Tif::Day,
            1 => Tif::Until((step as i64 + 2) * DAY),
            2 => Tif::Once,
            3 => Tif::All,
            _ => Tif::Gtc,
        };
        let group = (dice.below(5) == 0).then(|| 1 + dice.below(2));
        commands.push(Command::Place(Ask { instrument, kind, size, tif, parent: None, group }));
        let parent = *placed;
        *placed += 1;
        if dice.below(3) == 0 {
            let group = Some(100 + parent as u64);
            let attached = [Kind::Stop(near(dice)), Kind::Limit(near(dice))];
            for kind in attached.into_iter().take(1 + dice.below(2) as usize) {
                let size = Size::ParentFill(1.0);
                let ask =
                    Ask { instrument, kind, size, tif: Tif::Gtc, parent: Some(parent), group };
                commands.push(Command::Place(ask));
                *placed += 1;
            }
        }
    }
    commands
}

thread_local! {
    static SCRIPT: RefCell<Vec<Vec<Command>>> = const { RefCell::new(Vec::new()) };
}

/// Places the orders of the script of this thread.
struct Scripted {
    ids: Vec<OrderId>,
    script: Vec<Vec<Command>>,
}

impl Strategy for Scripted {
    const NAME: &'static str = "scripted";
    const ABOUT: &'static str = "places the orders of a script";
    type Params = ();

    fn on_start((): (), _: &mut Setup<'_>) -> Result<Self> {
        Ok(Self { ids: Vec::new(), script: SCRIPT.take() })
    }

    fn on_slice(&mut self, ctx: &mut Context<'_>) {
        for command in std::mem::take(&mut self.script[ctx.step()]) {
            match command {
                Command::Cancel(order) => ctx.cancel(self.ids[order]),
                Command::Reprice(order, price) => {
                    ctx.modify(self.ids[order]).limit(price).stop(price);
                }
                Command::Place(ask) => {
                    let id = self.place(ask, ctx);
                    self.ids.push(id);
                }
            }
        }
    }
}

impl Scripted {
    fn place(&self, ask: Ask, ctx: &mut Context<'_>) -> OrderId {
        let mut ticket = ctx.order_of(ask.instrument, ask.size);
        ticket = match ask.kind {
            Kind::Market => ticket,
            Kind::Limit(price) => ticket.limit(price),
            Kind::Stop(price) => ticket.stop(price),
            Kind::StopLimit(stop, limit) => ticket.stop(stop).limit(limit),
            Kind::TrailAmount(amount) => ticket.trail(amount),
            Kind::TrailFraction(fraction) => ticket.trail_fraction(fraction),
            Kind::OnOpen => ticket.at_open(),
            Kind::OnClose => ticket.at_close(),
        };
        ticket = match ask.tif {
            Tif::Gtc => ticket,
            Tif::Day => ticket.good_for_day(),
            Tif::Until(ts) => ticket.good_until(ts),
            Tif::Once => ticket.immediate_or_cancel(),
            Tif::All => ticket.fill_or_kill(),
        };
        if let Some(parent) = ask.parent {
            ticket = ticket.after(self.ids[parent]);
        }
        if let Some(group) = ask.group {
            ticket = ticket.one_cancels_other(group);
        }
        ticket.id()
    }
}
