//! The engine against an oracle: a second, slow and differently built implementation of fills and
//! ledger, written from the rules in words. Both work the same random orders on the same random bars
//! and must agree in every fill, every end and every equity value to 1e-9. Invariants that need no
//! oracle stand beside it.

mod invariants;
mod scenario;
mod second;

use engine_core::order::OrderState;
use scenario::Scenario;

/// Random runs; half a minute of a slow machine would be too long.
const RUNS: u64 = 10_000;

fn close(one: f64, two: f64) -> bool {
    (one - two).abs() <= 1e-9 * one.abs().max(two.abs()).max(1.0)
}

fn compare(seed: u64) -> Result<usize, String> {
    let scenario = Scenario::random(seed);
    let engine = scenario.run();
    let oracle = second::work(&scenario);
    let fail = |what: String| Err(format!("seed {seed}: {what}"));
    let ours: Vec<_> = engine
        .fills
        .iter()
        .map(|fill| (fill.order, fill.instrument as usize, fill.ts, fill.quantity, fill.price))
        .collect();
    for (place, (one, two)) in ours.iter().zip(&oracle.fills).enumerate() {
        let same = one.0 == two.order
            && one.1 == two.instrument
            && one.2 == two.ts
            && close(one.3, two.quantity)
            && close(one.4, two.price)
            && close(engine.fills[place].commission, two.commission);
        if !same {
            return fail(format!("fill {place}: engine {one:?}, oracle {two:?}"));
        }
    }
    if ours.len() != oracle.fills.len() {
        return fail(format!("{} fills, the oracle has {}", ours.len(), oracle.fills.len()));
    }
    for (order, end) in engine.orders.iter().zip(&oracle.ends) {
        let (state, reason) = (order.state, order.reason);
        if (order.id, state, reason) != *end || !is_told(state, reason.is_some()) {
            return fail(format!("order {}: {state:?} {reason:?}, oracle {end:?}", order.id));
        }
    }
    if engine.orders.len() != oracle.ends.len() || engine.equity.len() != oracle.equity.len() {
        return fail("another number of orders or equity values".to_owned());
    }
    for (step, (one, two)) in engine.equity.iter().zip(&oracle.equity).enumerate() {
        if !close(*one, *two) {
            return fail(format!("equity at step {step}: {one}, oracle {two}"));
        }
    }
    if engine.ambiguous_bars != oracle.ambiguous_bars {
        let (one, two) = (engine.ambiguous_bars, oracle.ambiguous_bars);
        return fail(format!("{one} ambiguous bars, oracle {two}"));
    }
    Ok(ours.len())
}

/// Every order that did not fill says why.
fn is_told(state: OrderState, has_reason: bool) -> bool {
    state == OrderState::Filled || has_reason
}

#[test]
fn ten_thousand_random_runs_agree_with_the_oracle() {
    let mut fills = 0;
    let mut wrong = Vec::new();
    for seed in 0..RUNS {
        match compare(seed) {
            Ok(count) => fills += count,
            Err(text) => wrong.push(text),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {RUNS}; {}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
    assert!(fills > 20_000, "the runs hardly trade: {fills} fills");
}
