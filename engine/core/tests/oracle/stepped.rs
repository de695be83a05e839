//! A strategy runs by itself up to the first bar at which a waiting order has something to do. Handing it
//! one bar at a time is the plain way, and must give the same result to the last bit.

use engine_core::{backtest::RunResult, order::OrderState};

use crate::scenario::Scenario;

const RUNS: u64 = 3_000;

fn bits(result: &RunResult) -> Vec<u64> {
    let money = result.fills.iter().flat_map(|fill| [fill.quantity, fill.price, fill.commission]);
    result.equity.iter().copied().chain(money).map(f64::to_bits).collect()
}

#[test]
fn running_up_to_the_next_trigger_gives_the_bits_of_one_bar_at_a_time() {
    let (mut waited, mut late) = (0_u64, 0_u64);
    for seed in 0..RUNS {
        for scenario in [Scenario::quiet(seed), Scenario::random(seed)] {
            let (free, stepped) = (scenario.run(), scenario.run_stepped());
            assert_eq!(free, stepped, "seed {seed}");
            assert_eq!(bits(&free), bits(&stepped), "seed {seed}");
            let day = |order: &&engine_core::order::OrderRecord| {
                order.ended_ts - order.decided_ts > 10 * crate::scenario::DAY
            };
            let ended = free.orders.iter().filter(day);
            waited += ended.clone().count() as u64;
            late += ended.filter(|order| order.state == OrderState::Filled).count() as u64;
        }
    }
    // Nothing is compared that never comes up: orders that waited for long, and filled in the end.
    assert!(waited > RUNS / 10 && late > RUNS / 20, "{waited} orders waited, {late} filled");
}
