//! Random orders, and the strategy that places them through the public interface.

use std::cell::RefCell;

use strategy_api::prelude::*;

use super::{Ask, Command, Dice, Kind, Tif, market::Market};

/// How many units orders are for.
#[derive(Clone, Copy)]
pub(super) struct Units {
    /// Times as many as in a small account.
    pub(super) scale: f64,
    /// Whether parts of a unit are among them.
    pub(super) has_parts: bool,
}

impl Units {
    fn of(self, dice: &mut Dice, most: u64) -> f64 {
        let parts = if self.has_parts { dice.pick(&[0.0, 0.25, 0.3]) } else { 0.0 };
        self.scale * ((1 + dice.below(most)) as f64 - parts)
    }
}

/// The commands of a step; `placed` orders came before it.
pub(super) fn commands(
    dice: &mut Dice,
    market: &Market,
    (units, step): (Units, usize),
    placed: &mut usize,
) -> Vec<Command> {
    let mut commands = Vec::new();
    for _ in 0..dice.pick(&[0, 0, 1, 1, 2]) {
        let instrument = dice.below(market.bars.len() as u64) as usize;
        let bars = &market.bars[instrument][..=step];
        let Some(last) = bars.iter().flatten().next_back() else { continue };
        let mut near = |dice: &mut Dice| (last.close - 5.0 + dice.below(41) as f64 / 4.0).max(0.25);
        if *placed > 0 && dice.below(6) == 0 {
            let order = dice.below(*placed as u64) as usize;
            commands.push(change(dice, (order, units), &mut near));
            continue;
        }
        let (kind, size) = (kind(dice, &mut near), size(dice, units));
        let tif = match dice.below(8) {
            0 => Tif::Day,
            1 => Tif::Until(market.steps[step].ts + dice.pick(&[1, 2]) * span(market)),
            2 => Tif::Once,
            3 => Tif::All,
            _ => Tif::Gtc,
        };
        let group = (dice.below(5) == 0).then(|| 1 + dice.below(2));
        commands.push(Command::Place(Ask { instrument, kind, size, tif, parent: None, group }));
        let parent = *placed;
        *placed += 1;
        if dice.below(3) == 0 {
            for child in bracket(dice, instrument, parent, &mut near) {
                commands.push(Command::Place(child));
                *placed += 1;
            }
        }
    }
    commands
}

/// The time from the first step to the second.
fn span(market: &Market) -> i64 {
    market.steps[1].ts - market.steps[0].ts
}

fn change(
    dice: &mut Dice,
    (order, units): (usize, Units),
    near: &mut impl FnMut(&mut Dice) -> f64,
) -> Command {
    match dice.below(8) {
        0..3 => Command::Cancel(order),
        3 => Command::CancelAll,
        4 => Command::Resize(order, dice.pick(&[1.0, -1.0]) * units.of(dice, 40)),
        5 => Command::Retrail(order, dice.pick(&[0.0625, 0.75, 2.0])),
        _ => Command::Reprice(order, near(dice)),
    }
}

fn kind(dice: &mut Dice, near: &mut impl FnMut(&mut Dice) -> f64) -> Kind {
    match dice.below(11) {
        0..3 => Kind::Market,
        3 | 4 => Kind::Limit(near(dice)),
        5 => Kind::Stop(near(dice)),
        6 => Kind::StopLimit(near(dice), near(dice)),
        7 => Kind::TrailAmount(0.5 + dice.below(12) as f64 / 4.0),
        8 => Kind::TrailFraction(dice.pick(&[0.015625, 0.03125, 0.0625])),
        _ => dice.pick(&[Kind::OnOpen, Kind::OnClose]),
    }
}

fn size(dice: &mut Dice, units: Units) -> Size {
    let sign = dice.pick(&[1.0, 1.0, -1.0]);
    match dice.below(8) {
        0..3 => Size::Units(sign * units.of(dice, 40)),
        3 => Size::EquityFraction(sign * 0.25),
        4 => Size::Cash(sign * 2500.0 * units.scale),
        5 => Size::TargetUnits(units.scale * dice.pick(&[0.0, 0.0, 20.0, -15.0])),
        6 => Size::TargetFraction(dice.pick(&[0.0, 0.5, 1.0, 1.5, -0.5])),
        _ => Size::TargetFraction(dice.pick(&[0.0, 1.0])),
    }
}

/// A stop and perhaps a limit that close what `parent` fills; the stop may trail.
fn bracket(
    dice: &mut Dice,
    instrument: usize,
    parent: usize,
    near: &mut impl FnMut(&mut Dice) -> f64,
) -> Vec<Ask> {
    let stop = match dice.below(4) {
        0 => Kind::TrailAmount(1.0 + dice.below(8) as f64 / 4.0),
        1 => Kind::TrailFraction(0.03125),
        _ => Kind::Stop(near(dice)),
    };
    let (kinds, count) = ([stop, Kind::Limit(near(dice))], 1 + dice.below(2) as usize);
    let group = Some(100 + parent as u64);
    let ask = |kind| {
        let size = Size::ParentFill(dice.pick(&[1.0, 1.0, 0.5]));
        Ask { instrument, kind, size, tif: Tif::Gtc, parent: Some(parent), group }
    };
    kinds.into_iter().take(count).map(ask).collect()
}

thread_local! {
    static SCRIPT: RefCell<Vec<Vec<Command>>> = const { RefCell::new(Vec::new()) };
}

/// Hands a script to the next [`Scripted`] of this thread.
pub(crate) fn hand_over(script: &[Vec<Command>]) {
    SCRIPT.set(script.to_vec());
}

/// Places the orders of the script of this thread.
pub(super) struct Scripted {
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
                Command::CancelAll => ctx.cancel_all(),
                Command::Reprice(order, price) => {
                    ctx.modify(self.ids[order]).limit(price).stop(price);
                }
                Command::Resize(order, units) => {
                    ctx.modify(self.ids[order]).size(Size::Units(units));
                }
                Command::Retrail(order, distance) => {
                    ctx.modify(self.ids[order]).trail(distance);
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
