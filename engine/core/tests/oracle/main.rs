//! The engine against an oracle: a second, slow and differently built implementation of fills and
//! ledger, written from the rules in words. Both work the same random orders on the same random bars
//! and must agree in every fill, every end, every trade and every equity value to 1e-9. Invariants that
//! need no oracle stand beside it.

mod bits;
mod invariants;
mod scenario;
mod second;
mod stepped;
mod trials;

use std::collections::BTreeMap;

use engine_core::{
    backtest::RunResult,
    broker::Commission,
    ledger::EntryKind,
    order::{OrderState, Reason},
};
use scenario::Scenario;
use second::Outcome;

/// Random runs; half a minute of a slow machine would be too long.
const RUNS: u64 = 10_000;

fn close(one: f64, two: f64) -> bool {
    (one - two).abs() <= 1e-9 * one.abs().max(two.abs()).max(1.0)
}

fn same_fills(engine: &RunResult, oracle: &Outcome) -> Result<(), String> {
    for (place, (one, two)) in engine.fills.iter().zip(&oracle.fills).enumerate() {
        let same = (one.order, one.instrument as usize, one.ts)
            == (two.order, two.instrument, two.ts)
            && close(one.quantity, two.quantity)
            && close(one.price, two.price)
            && close(one.commission, two.commission);
        if !same {
            return Err(format!("fill {place}: {one:?}, oracle {two:?}"));
        }
    }
    let (one, two) = (engine.fills.len(), oracle.fills.len());
    if one == two { Ok(()) } else { Err(format!("{one} fills, the oracle has {two}")) }
}

fn same_ends(engine: &RunResult, oracle: &Outcome) -> Result<(), String> {
    for (order, end) in engine.orders.iter().zip(&oracle.ends) {
        let (state, reason) = (order.state, order.reason);
        // Every order that did not fill says why.
        let is_told = state == OrderState::Filled || reason.is_some();
        if (order.id, state, reason) != *end || !is_told {
            return Err(format!("order {}: {state:?} {reason:?}, oracle {end:?}", order.id));
        }
    }
    let (one, two) = (engine.orders.len(), oracle.ends.len());
    if one == two { Ok(()) } else { Err(format!("{one} orders, the oracle has {two}")) }
}

fn same_trades(engine: &RunResult, oracle: &Outcome) -> Result<(), String> {
    for (one, two) in engine.trades.iter().zip(&oracle.rounds) {
        let same = (one.instrument as usize, one.opened_ts, one.closed_ts)
            == (two.instrument, two.opened, two.closed)
            && close(one.held, two.held)
            && close(one.cash_flow, two.money);
        if !same {
            return Err(format!("{one:?}, oracle {two:?}"));
        }
    }
    let (one, two) = (engine.trades.len(), oracle.rounds.len());
    if one == two { Ok(()) } else { Err(format!("{one} trades, the oracle has {two}")) }
}

fn same_account(engine: &RunResult, oracle: &Outcome) -> Result<(), String> {
    for (step, (one, two)) in engine.equity.iter().zip(&oracle.equity).enumerate() {
        if !close(*one, *two) {
            return Err(format!("equity at step {step}: {one}, oracle {two}"));
        }
    }
    let held = engine.position.iter().zip(&oracle.held).all(|(one, two)| close(*one, *two));
    if !held || !close(engine.cash, oracle.cash) || engine.equity.len() != oracle.equity.len() {
        return Err("another account at the end".to_owned());
    }
    let counts = |invested: u64, ambiguous: u64, settled: u64, ignored: u64| {
        let bars = format!("{ambiguous} bars ambiguous, {settled} of them settled");
        format!("{invested} steps invested, {bars}, {ignored} passed over")
    };
    let [ambiguous, settled] = [engine.ambiguous_bars, engine.settled_bars];
    let one = counts(engine.invested_steps, ambiguous, settled, engine.ignored_instructions);
    let [ambiguous, settled] = [oracle.ambiguous_bars, oracle.settled_bars];
    let two = counts(oracle.invested_steps, ambiguous, settled, oracle.ignored);
    if one == two { Ok(()) } else { Err(format!("{one}; oracle {two}")) }
}

/// Units of a month at which a tier of a commission ends.
const TIERS: [f64; 4] = [300_000.0, 3_000_000.0, 20_000_000.0, 100_000_000.0];

/// What has happened in the runs, so that nothing is compared that never comes up.
fn count(
    scenario: &Scenario,
    engine: &RunResult,
    oracle: &Outcome,
    counts: &mut BTreeMap<String, u64>,
) {
    let mut add = |what: String| *counts.entry(what).or_default() += 1;
    engine.orders.iter().for_each(|order| add(format!("{:?} {:?}", order.state, order.reason)));
    engine.entries.iter().for_each(|entry| add(format!("{:?}", entry.kind)));
    for order in &engine.orders {
        if engine.fills.iter().filter(|fill| fill.order == order.id).count() > 1 {
            add("in parts".to_owned());
        }
    }
    (0..engine.ambiguous_bars).for_each(|_| add("ambiguous".to_owned()));
    (0..engine.settled_bars).for_each(|_| add("settled by finer bars".to_owned()));
    (0..oracle.open_bars).for_each(|_| add("left open by finer bars".to_owned()));
    (0..oracle.denied_bars).for_each(|_| add("denied by finer bars".to_owned()));
    for fill in &engine.fills {
        add(format!("filled in {:?}", scenario.market.resolution));
        if fill.quantity.fract() != 0.0 {
            add("a part of a unit".to_owned());
        }
    }
    if scenario.config.commission == Commission::IbkrTiered {
        let passed = TIERS.into_iter().filter(|tier| oracle.month_units > *tier);
        passed.for_each(|tier| add(format!("more than {tier} units in a month")));
    }
}

#[test]
fn ten_thousand_random_runs_agree_with_the_oracle() {
    let mut counts = BTreeMap::new();
    let mut wrong = Vec::new();
    for seed in 0..RUNS {
        let scenario = Scenario::random(seed);
        let (engine, oracle) = (scenario.run(), second::work(&scenario));
        let same = same_fills(&engine, &oracle)
            .and_then(|()| same_ends(&engine, &oracle))
            .and_then(|()| same_trades(&engine, &oracle))
            .and_then(|()| same_account(&engine, &oracle));
        count(&scenario, &engine, &oracle, &mut counts);
        wrong.extend(same.err().map(|text| format!("seed {seed}: {text}")));
    }
    let first = wrong[..wrong.len().min(5)].join("\n");
    assert!(wrong.is_empty(), "{} of {RUNS}; {first}", wrong.len());
    let filled = |reason| format!("{:?} {reason:?}", OrderState::Filled);
    let rejected = |reason| format!("{:?} {:?}", OrderState::Rejected, Some(reason));
    let cancelled = |reason| format!("{:?} {:?}", OrderState::Cancelled, Some(reason));
    let expired = |reason| format!("{:?} {:?}", OrderState::Expired, Some(reason));
    for what in [
        filled(None::<Reason>),
        filled(Some(Reason::Reduced)),
        filled(Some(Reason::MarginCall)),
        rejected(Reason::Short),
        rejected(Reason::NoCash),
        rejected(Reason::NoMargin),
        rejected(Reason::LessThanOneLot),
        rejected(Reason::OverLimit),
        rejected(Reason::TooManyOrders),
        rejected(Reason::UnknownParent),
        cancelled(Reason::AlreadyThere),
        cancelled(Reason::ByStrategy),
        cancelled(Reason::GroupFilled),
        cancelled(Reason::MarginCall),
        cancelled(Reason::NotAtOnce),
        cancelled(Reason::ParentEnded),
        expired(Reason::DayOver),
        expired(Reason::TimeOver),
        expired(Reason::RunEnded),
        expired(Reason::NoNextBar),
        "in parts".to_owned(),
        "ambiguous".to_owned(),
        "settled by finer bars".to_owned(),
        "left open by finer bars".to_owned(),
        "denied by finer bars".to_owned(),
        "a part of a unit".to_owned(),
    ]
    .into_iter()
    .chain(TIERS.map(|tier| format!("more than {tier} units in a month")))
    .chain(["Min1", "Min5", "Hour1", "Day1", "Week1"].map(|length| format!("filled in {length}")))
    .chain(
        [EntryKind::Dividend, EntryKind::BorrowFee, EntryKind::Interest, EntryKind::Split]
            .map(|kind| format!("{kind:?}")),
    ) {
        let found = counts.get(&what).copied().unwrap_or(0);
        assert!(found >= 20, "'{what}' happens {found} times");
    }
}
