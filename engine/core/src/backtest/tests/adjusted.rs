//! What a strategy sees of raw bars with splits.

use strategy_api::{
    abi::{define, layout::StrategyDef, raw::ProgressPage},
    indicators::{ColumnSpec, Input},
};

use super::*;
use crate::{
    backtest::prove::{self, Case},
    calendar::DAY_NS,
    event::{Event, EventKind},
    sweep::mixed,
};

params! {
    /// What to read.
    pub struct Reads {
        /// window of the average, bars
        window: usize = 2, 1 ..= 100;
        /// whether to read weeks: 1, or 0 for no
        weeks: usize = 0, 0 ..= 1;
    }
}

/// Writes down all that it sees, and holds above the average.
struct Reader {
    average: Col,
    weeks: Option<(Coarse, CoarseCol)>,
}

impl Strategy for Reader {
    const NAME: &'static str = "reader";
    const ABOUT: &'static str = "writes down what it sees, holds above the average";
    type Params = Reads;

    fn on_start(reads: Reads, setup: &mut Setup<'_>) -> Result<Self> {
        let average = setup.sma(reads.window)?;
        let mut weeks = None;
        if reads.weeks == 1 {
            let bars = setup.coarser(Resolution::Week1)?;
            weeks = Some((bars, setup.on(bars).sma(1)?));
        }
        Ok(Self { average, weeks })
    }

    fn on_bar(&mut self, bar: &Bar, ctx: &mut Context<'_>) {
        let (average, before) = (ctx.get(self.average), ctx.ago(self.average, 1));
        let Columns { high, close, volume, .. } = ctx.history();
        let mut line = format!("{close:?} {high:?} {volume:?} {average} {before}");
        if let Some((weeks, column)) = self.weeks {
            let closes = ctx.coarse(weeks).close;
            line += &format!(" weeks {closes:?} {}", ctx.get_coarse(column));
        }
        ctx.log(&line);
        if bar.close > average && ctx.position() == 0.0 {
            ctx.target(1.0);
        } else if bar.close < average && ctx.position() > 0.0 {
            ctx.close();
        }
    }
}

const READER: &StrategyDef = &define::<Reader>("1", "test");

/// Days from Thursday, 1970-01-08 on, each with one price.
fn days(closes: &[f64]) -> Series {
    let rows: Vec<_> =
        (7..).zip(closes).map(|(day, close)| (day * DAY_NS, *close, *close)).collect();
    series(&rows)
}

fn event(kind: EventKind, row: i64, value: f64) -> Event {
    let ts = (7 + row) * DAY_NS;
    Event { symbol: Some("A".into()), kind, ts, known_at: ts, value, source: String::new() }
}

fn with(events: Vec<Event>) -> Config {
    let calendar = Calendar::AlwaysOpen;
    let rules = Rules { events, apply_actions: true, calendar, ..Rules::default() };
    Config { cash: 10_000.0, fractional: true, rules, ..config() }
}

fn split(row: i64, ratio: f64) -> Event {
    event(EventKind::Split, row, ratio)
}

fn fresh(series: &Series, config: &Config) -> Stage<'static> {
    // A test that leaks a few bars: the stage then lives as long as its trials want.
    let columns = Box::leak(Box::new(series.clone())).columns();
    Stage::new(&[Member { symbol: "A", columns }], Resolution::Day1, config.to_ts)
}

fn read(stage: &Stage<'_>, params: [f64; 2], config: &Config) -> RunResult {
    stage.run(READER, &params, config, &ProgressPage::default()).unwrap()
}

fn lines(result: &RunResult) -> Vec<&str> {
    result.log.iter().map(|entry| entry.text.as_str()).collect()
}

/// A walk whose raw prices jump at the splits.
fn walk(seed: u64, rows: usize, splits: &[Event]) -> Series {
    let mut price = 100.0;
    let step = |row: usize| {
        let draw = mixed(seed << 32 ^ row as u64) as f64 / u64::MAX as f64;
        price *= 1.0 + 0.06 * (draw - 0.49);
        let today = splits.iter().filter(|one| one.ts == (7 + row as i64) * DAY_NS);
        today.for_each(|one| price /= one.value);
        price
    };
    days(&(0..rows).map(step).collect::<Vec<_>>())
}

#[test]
fn from_a_split_on_the_bars_before_it_are_seen_in_new_units() {
    let config = with(vec![split(2, 3.0), split(3, 0.5)]);
    let result = read(&fresh(&days(&[90.0, 96.0, 33.0, 68.0]), &config), [2.0, 0.0], &config);
    assert_eq!(
        lines(&result),
        [
            "[90.0] [90.0] [1.0] NaN NaN",
            "[90.0, 96.0] [90.0, 96.0] [1.0, 1.0] 93 NaN",
            "[30.0, 32.0, 33.0] [30.0, 32.0, 33.0] [3.0, 3.0, 1.0] 32.5 31",
            "[60.0, 64.0, 66.0, 68.0] [60.0, 64.0, 66.0, 68.0] [1.5, 1.5, 0.5, 1.0] 67 65",
        ]
    );
    // The account and the record go by the raw bars.
    assert_eq!(result.fills[0].price, 33.0);
}

#[test]
fn splits_before_the_first_traded_bar_are_in_force_from_it_on() {
    let config = with(vec![split(1, 3.0), split(2, 2.0), split(3, 4.0)]);
    let config = Config { from_ts: Some(9 * DAY_NS), ..config };
    let result = read(&fresh(&days(&[120.0, 42.0, 22.0, 6.0]), &config), [2.0, 0.0], &config);
    assert_eq!(
        lines(&result),
        [
            "[20.0, 21.0, 22.0] [20.0, 21.0, 22.0] [6.0, 2.0, 1.0] 21.5 20.5",
            "[5.0, 5.25, 5.5, 6.0] [5.0, 5.25, 5.5, 6.0] [24.0, 8.0, 4.0, 1.0] 5.75 5.375",
        ]
    );
}

#[test]
fn no_step_sees_a_split_that_has_not_taken_effect() {
    for seed in 0..20 {
        let splits = vec![split(12, 2.0), split(25, 1.5), split(40, 0.1)];
        let series = walk(seed, 60, &splits);
        let whole = with(splits.clone());
        let all = read(&fresh(&series, &whole), [5.0, 1.0], &whole);
        for last in [3, 11, 12, 24, 25, 39, 40, 58] {
            let until = (7 + last) * DAY_NS;
            let events = splits.iter().filter(|one| one.ts <= until).cloned().collect();
            let known = Config { to_ts: Some(until), ..with(events) };
            let part = read(&fresh(&series, &known), [5.0, 1.0], &known);
            assert_eq!(part.log.len(), last as usize + 1);
            assert_eq!(part.log[..], all.log[..part.log.len()], "seed {seed}, until {last}");
            assert_eq!(part.equity[..], all.equity[..part.equity.len()]);
        }
        let members = [Member { symbol: "A", columns: series.columns() }];
        let case = Case {
            def: READER,
            params: &[5.0, 1.0],
            members: &members,
            resolution: Resolution::Day1,
            config: &whole,
            finer: None,
        };
        let proof = prove::prove(&case, 1_000_000, &ProgressPage::default()).unwrap();
        assert!(proof.breach.is_none() && proof.decisions > 0, "{proof:?}");
    }
}

#[test]
fn coarser_bars_are_those_of_the_bars_that_are_seen() {
    // The end of a week, which is not whole and left out, and two weeks that close on Sundays: rows 10
    // (110) and 17 (117). The split is in the middle of the second one.
    let mut prices: Vec<f64> = (0..19).map(|row| 100.0 + f64::from(row)).collect();
    prices[14..].iter_mut().for_each(|price| *price /= 2.0);
    let config = with(vec![split(14, 2.0)]);
    let result = read(&fresh(&days(&prices), &config), [1.0, 1.0], &config);
    let weeks: Vec<&str> =
        lines(&result).iter().map(|line| line.split_once("weeks ").unwrap().1).collect();
    assert_eq!(weeks[9..11], ["[] NaN", "[110.0] 110"]);
    assert_eq!(weeks[13..15], ["[110.0] 110", "[55.0] 55"]);
    assert_eq!(weeks[16..], ["[55.0] 55", "[55.0, 58.5] 58.5", "[55.0, 58.5] 58.5"]);
}

#[test]
fn trials_and_single_steps_give_what_runs_give() {
    for seed in 0..20 {
        let splits = vec![split(12, 2.0), split(30, 1.5), split(70, 0.1)];
        let series = walk(seed, 120, &splits);
        let config = Config { from_ts: Some((7 + 20) * DAY_NS), ..with(splits) };
        let (stage, page) = (fresh(&series, &config), ProgressPage::default());
        let market = stage.market(&config);
        let mut trials = Trials::new(&stage, &market, READER, &config, &page).unwrap();
        for params in [[5.0, 0.0], [9.0, 1.0], [5.0, 1.0], [5.0, 0.0]] {
            let alone = read(&fresh(&series, &config), params, &config);
            assert!(alone.fills.len() > 4, "{}", alone.fills.len());
            assert_eq!(trials.run(&params).unwrap().equity, alone.equity, "seed {seed}");
            let stepped = fresh(&series, &config).stepped();
            assert_eq!(read(&stepped, params, &config), alone, "seed {seed}");
        }
    }
}

#[test]
fn what_is_shown_of_a_column_is_what_the_strategy_saw_at_each_bar() {
    let (series, config) =
        (days(&[90.0, 96.0, 33.0, 68.0]), with(vec![split(2, 3.0), split(3, 0.5)]));
    let member = Member { symbol: "A", columns: series.columns() };
    let spec = ColumnSpec::sma(Input::Close, 2).unwrap();
    assert_eq!(as_seen(&spec, &member, &config.rules)[1..], [93.0, 32.5, 67.0]);
    let left_out = Rules { apply_actions: false, ..config.rules.clone() };
    assert_eq!(as_seen(&spec, &member, &left_out)[1..], [93.0, 64.5, 50.5]);
    let stage = fresh(&series, &config);
    let result = read(&stage, [2.0, 0.0], &config);
    let seen = stage.seen(&result, &config, &ProgressPage::default()).unwrap();
    let at = |row: i64| seen.at(0, (7 + row) * DAY_NS, 1).unwrap();
    assert_eq!((at(2).0.close, at(2).1), (33.0, &[32.5][..]));
    assert_eq!((at(1).0.close, at(1).1), (96.0, &[93.0][..]));
}

#[test]
fn without_a_split_nothing_is_adjusted() {
    let series = walk(1, 60, &[]);
    let dividend = with(vec![event(EventKind::Dividend, 20, 1.0)]);
    let mut left_out = with(vec![split(20, 2.0)]);
    left_out.rules.apply_actions = false;
    for config in [dividend, left_out] {
        let stage = fresh(&series, &config);
        let result = read(&stage, [5.0, 1.0], &config);
        stage.seen(&result, &config, &ProgressPage::default()).unwrap();
        assert!(stage.adjusted.borrow().is_empty());
    }
    let splits = with(vec![split(20, 2.0), split(40, 2.0)]);
    let stage = fresh(&series, &splits);
    read(&stage, [5.0, 1.0], &splits);
    read(&stage, [9.0, 0.0], &splits);
    assert_eq!(stage.adjusted.borrow().len(), 2);
}
