//! Every shipped strategy, loaded from its own file, on raw bars with their splits against the same bars
//! adjusted for them: the same fills, and the same equity at every bar.

use engine_core::{
    backtest::{Config, Rules, RunResult, run},
    broker::Account,
    event::{Event, EventKind},
    series::Series,
    universe::Member,
};
use strategy_api::{Bar, Resolution, abi::raw::ProgressPage};

use crate::invariants::{Dice, Shipped, shipped};

const DAY: i64 = 86_400_000_000_000;

/// Random runs of each strategy.
const RUNS: u64 = 12;
const BARS: i64 = 900;

/// Bars of two symbols adjusted for all splits, the same as they were, and the splits.
struct Pair {
    adjusted: Vec<Vec<Bar>>,
    raw: Vec<Vec<Bar>>,
    splits: Vec<Event>,
}

const SYMBOLS: [&str; 2] = ["MID", "LOW"];

impl Pair {
    fn random(dice: &mut Dice) -> Self {
        let mut pair = Self { adjusted: Vec::new(), raw: Vec::new(), splits: Vec::new() };
        for symbol in SYMBOLS {
            let has_gaps = dice.below(2) == 0;
            let bars = walk(dice, has_gaps);
            let mut splits: Vec<Event> =
                [2.0, 1.5, 0.1, 3.0].map(|ratio| split(dice, symbol, ratio)).to_vec();
            splits.sort_by_key(|split| split.ts);
            let before = |bar: &Bar| {
                let later = splits.iter().filter(|split| bar.ts < split.ts);
                let factor: f64 = later.map(|split| split.value).product();
                let [open, high, low, close] =
                    [bar.open, bar.high, bar.low, bar.close].map(|price| price * factor);
                Bar { ts: bar.ts, open, high, low, close, volume: bar.volume / factor }
            };
            pair.raw.push(bars.iter().map(before).collect());
            pair.adjusted.push(bars);
            pair.splits.extend(splits);
        }
        pair
    }
}

fn split(dice: &mut Dice, symbol: &str, value: f64) -> Event {
    let ts = (1 + dice.below(BARS as u64) as i64) * DAY;
    let symbol = Some(symbol.to_owned());
    Event { symbol, kind: EventKind::Split, ts, known_at: ts, value, source: String::new() }
}

/// A walk with a drift that turns, in steps so fine that nothing is equal by chance.
fn walk(dice: &mut Dice, has_gaps: bool) -> Vec<Bar> {
    let mut price = 100.0;
    let mut bars = Vec::new();
    for step in 0..BARS {
        let drift = if step / 60 % 2 == 0 { 0.003 } else { -0.003 };
        let mut change = |most: f64| (dice.below(2_000_001) as f64 / 1e6 - 1.0) * most;
        let open: f64 = price * (1.0 + change(0.004));
        let close = open * (1.0 + drift + change(0.02));
        let high = open.max(close) * (1.0 + change(0.004).abs());
        let low = open.min(close) * (1.0 - change(0.004).abs());
        price = close;
        if has_gaps && dice.below(10) == 0 {
            continue;
        }
        let volume = 1e6 + dice.below(1_000_000) as f64;
        bars.push(Bar { ts: (step + 1) * DAY, open, high, low, close, volume });
    }
    bars
}

fn on(shipped: &Shipped, bars: &[Vec<Bar>], config: &Config) -> RunResult {
    let series: Vec<Series> = bars.iter().map(|bars| Series::from_bars(bars).unwrap()).collect();
    let members: Vec<Member<'_>> = (SYMBOLS.iter().zip(&series))
        .map(|(symbol, series)| Member { symbol, columns: series.columns() })
        .collect();
    let page = ProgressPage::default();
    run(shipped.def, &shipped.values, &members, Resolution::Day1, config, &page).unwrap()
}

#[test]
fn raw_bars_with_their_splits_give_the_equity_of_adjusted_bars_for_every_strategy() {
    for shipped in shipped() {
        let mut fills = 0;
        for seed in 0..RUNS {
            let mut dice = Dice(seed * 7 + 1);
            let pair = Pair::random(&mut dice);
            let account = Account::Margin(Default::default());
            let adjusted = Config {
                cash: 100_000.0,
                fill: dice.pick(&["next_open", "same_close", "next_close"]).parse().unwrap(),
                commission: dice.pick(&["none", "percent:0.1"]).parse().unwrap(),
                slippage: dice.pick(&["none", "bps:3"]).parse().unwrap(),
                fractional: true,
                lots: vec![1.0; 2],
                from_ts: (dice.below(3) == 0).then_some(300 * DAY),
                to_ts: None,
                seed: 0,
                rules: Rules { account, ..Rules::default() },
            };
            let events = pair.splits.clone();
            let rules = Rules { events, apply_actions: true, ..adjusted.rules.clone() };
            let raw = on(&shipped, &pair.raw, &Config { rules, ..adjusted.clone() });
            let adjusted = on(&shipped, &pair.adjusted, &adjusted);
            let run = format!("{} {seed}", shipped.name);
            assert_eq!(raw.fills.len(), adjusted.fills.len(), "{run}");
            assert_eq!(raw.equity.len(), adjusted.equity.len(), "{run}");
            for (at, (raw, adjusted)) in raw.equity.iter().zip(&adjusted.equity).enumerate() {
                let distance = (raw - adjusted).abs();
                assert!(distance <= 1e-9 * adjusted.abs(), "{run}: {raw} {adjusted} at {at}");
            }
            fills += raw.fills.len();
        }
        // Nothing is compared that never comes up.
        assert!(fills > 20, "{}: {fills} fills", shipped.name);
    }
}
