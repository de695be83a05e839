//! A strategy that says when it has something to do, and a host that looks along the bars for the next
//! order that fills: every shipped strategy does, bit for bit, what it does when it is called at every
//! bar and stopped at every bar, on one symbol and on several with gaps.

use engine_core::{
    backtest::{Config, Stage},
    series::Series,
    universe::Member,
};
use strategy_api::{Bar, Resolution, abi::raw::ProgressPage};

use crate::{
    golden::config,
    invariants::{Dice, Shipped, shipped},
};

const DAY: i64 = 86_400_000_000_000;
const RUNS: u64 = 12;

/// A walk whose drift turns; with gaps, and beginning later, when `gaps` says so.
fn walk(dice: &mut Dice, steps: i64, gaps: bool) -> Series {
    let (mut price, mut bars) = (100.0, Vec::new());
    let first = if gaps { dice.below(40) as i64 } else { 0 };
    for step in 0..steps {
        let drift = if step / 50 % 2 == 0 { 0.003 } else { -0.003 };
        let mut change = |most: u64| (dice.below(2 * most + 1) as f64 - most as f64) / 10_000.0;
        let open = price * (1.0 + change(40));
        let close = open * (1.0 + drift + change(200));
        let (high, low) = (open.max(close) * 1.002, open.min(close) * 0.998);
        price = close;
        if step >= first && (!gaps || dice.below(12) > 0) {
            bars.push(Bar { ts: step * DAY, open, high, low, close, volume: 1e6 });
        }
    }
    Series::from_bars(&bars).unwrap()
}

fn compare(shipped: &Shipped, series: &[Series], config: &Config, name: &str) -> usize {
    let members: Vec<Member<'_>> = ["AAA", "BBB", "CCC"]
        .into_iter()
        .zip(series)
        .map(|(symbol, series)| Member { symbol, columns: series.columns() })
        .collect();
    let run = |stage: Stage<'_>| {
        let page = ProgressPage::default();
        stage.run(shipped.def, &shipped.values, config, &page).unwrap()
    };
    let stage = || Stage::new(&members, Resolution::Day1, None);
    let (fast, plain) = (run(stage()), run(stage().stepped()));
    assert_eq!(fast.fills, plain.fills, "{name}");
    assert_eq!(format!("{:?}", fast.orders), format!("{:?}", plain.orders), "{name}");
    let bits = |equity: &[f64]| equity.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&fast.equity), bits(&plain.equity), "{name}");
    fast.fills.len()
}

#[test]
fn every_shipped_strategy_does_what_it_does_when_it_is_called_at_every_bar() {
    for shipped in shipped() {
        let mut fills = 0;
        for seed in 0..RUNS {
            let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let symbols = if shipped.name == "pairs" { 2 } else { 1 + seed as usize % 3 };
            let series: Vec<Series> =
                (0..symbols).map(|one| walk(&mut dice, 700, one > 0 || seed % 4 == 3)).collect();
            let config = config(symbols);
            fills += compare(&shipped, &series, &config, &format!("{} on {seed}", shipped.name));
        }
        assert!(fills > 40, "{} hardly trades: {fills} fills", shipped.name);
    }
}
