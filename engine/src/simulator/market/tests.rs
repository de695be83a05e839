//! The market against hand calculation.

use jiff::civil::date;

use super::*;
use crate::simulator::time::end;

const SEED: u64 = 7;

/// An instant as a request writes it.
fn at(text: &str) -> i64 {
    match end(text) {
        Some(crate::simulator::time::End::At { ns, .. }) => ns,
        other => panic!("{text}: {other:?}"),
    }
}

fn query(resolution: Resolution, hours: Hours, sessions: (Date, Date)) -> Query {
    Query {
        symbol: "AAPL".to_owned(),
        has_volume: true,
        resolution,
        hours,
        what: What::Trades,
        sessions,
        from: i64::MIN,
        to: i64::MAX,
        now: at("20270101-00:00:00"),
    }
}

fn bars_of(market: &Synthetic, query: &Query) -> Vec<Quote> {
    market.bars(query).flatten().collect()
}

fn bars(query: &Query) -> Vec<Quote> {
    bars_of(&Synthetic::new(SEED, Vec::new()), query)
}

/// Open, high, low, close and volume of all bars together.
fn together(bars: &[Quote]) -> (f64, f64, f64, f64, f64) {
    let high = bars.iter().map(|bar| bar.high).fold(0.0, f64::max);
    let low = bars.iter().map(|bar| bar.low).fold(f64::MAX, f64::min);
    let volume = bars.iter().filter_map(|bar| bar.volume).sum();
    (bars[0].open, high, low, bars[bars.len() - 1].close, volume)
}

/// Two weeks around Thanksgiving 2026, with its half day.
const WEEKS: (Date, Date) = (date(2026, 11, 16), date(2026, 11, 27));

#[test]
fn shorter_bars_make_up_the_day_exactly() {
    for hours in [Hours::Regular, Hours::Extended] {
        for resolution in Resolution::ALL.into_iter().filter(|it| it.is_intraday()) {
            for day in Calendar::Nyse.sessions(date(2026, 11, 25), WEEKS.1) {
                let day_bar = bars(&query(Resolution::Day1, hours, (day, day)));
                let short = bars(&query(resolution, hours, (day, day)));
                assert_eq!(together(&short), together(&day_bar), "{day} {resolution} {hours:?}");
            }
        }
    }
}

#[test]
fn minutes_make_up_every_longer_bar() {
    let minutes = bars(&query(Resolution::Min1, Hours::Regular, WEEKS));
    for resolution in [Resolution::Min5, Resolution::Hour1, Resolution::Hour4] {
        let long = bars(&query(resolution, Hours::Regular, WEEKS));
        for (row, bar) in long.iter().enumerate() {
            let next = long.get(row + 1).map_or(i64::MAX, |next| next.ts);
            let within: Vec<Quote> =
                minutes.iter().filter(|it| (bar.ts..next).contains(&it.ts)).copied().collect();
            assert_eq!(together(&within), together(std::slice::from_ref(bar)), "{resolution}");
        }
    }
}

#[test]
fn minutes_resampled_are_the_longer_bars() {
    let of = |bar: &Quote| strategy_api::Bar {
        ts: bar.ts,
        open: bar.open,
        high: bar.high,
        low: bar.low,
        close: bar.close,
        volume: bar.volume.unwrap(),
    };
    let minutes: Vec<_> =
        bars(&query(Resolution::Min1, Hours::Regular, WEEKS)).iter().map(of).collect();
    let minutes = engine_core::series::Series::from_bars(&minutes).unwrap();
    for to in [Resolution::Min15, Resolution::Hour1, Resolution::Hour4, Resolution::Day1] {
        let made = engine_core::resample::resample(
            &minutes.columns(),
            Resolution::Min1,
            to,
            Calendar::Nyse,
        );
        let made = made.unwrap().closed_by(i64::MAX);
        let made = (0..made.len()).map(|row| made.columns().bar(row));
        let long = bars(&query(to, Hours::Regular, WEEKS));
        assert_eq!(made.collect::<Vec<_>>(), long.iter().map(of).collect::<Vec<_>>(), "{to}");
    }
}

#[test]
fn weeks_and_months_are_the_sums_of_their_days_dated_by_the_last() {
    let days = bars(&query(Resolution::Day1, Hours::Regular, (date(2026, 10, 1), WEEKS.1)));
    let weeks = bars(&query(Resolution::Week1, Hours::Regular, WEEKS));
    // 16 to 20 November has five sessions, 23 to 27 four: Thanksgiving is the 26th.
    assert_eq!(weeks.len(), 2);
    assert_eq!(weeks[0].ts, midnight_ns(date(2026, 11, 20)));
    assert_eq!(together(&days[days.len() - 9..days.len() - 4]), together(&weeks[..1]));
    assert_eq!(together(&days[days.len() - 4..]), together(&weeks[1..]));
    let months = bars(&query(Resolution::Month1, Hours::Regular, (date(2026, 10, 1), WEEKS.1)));
    // October 2026 has 22 sessions.
    assert_eq!((months.len(), months[0].ts), (2, midnight_ns(date(2026, 10, 30))));
    assert_eq!(together(&days[..22]), together(&months[..1]));
}

#[test]
fn bars_start_on_the_clock_of_new_york_and_half_days_are_short() {
    let on = |resolution, hours, day| bars(&query(resolution, hours, (day, day)));
    let (full, half) = (date(2026, 11, 25), WEEKS.1);
    assert_eq!(on(Resolution::Hour1, Hours::Regular, full).len(), 7);
    assert_eq!(on(Resolution::Hour1, Hours::Regular, half).len(), 4);
    assert_eq!(on(Resolution::Min1, Hours::Regular, full).len(), 390);
    assert_eq!(on(Resolution::Min1, Hours::Regular, half).len(), 210);
    // 04:00 to 20:00, and to 17:00.
    assert_eq!(on(Resolution::Hour1, Hours::Extended, full).len(), 16);
    assert_eq!(on(Resolution::Hour1, Hours::Extended, half).len(), 13);
    let starts = |day| {
        let bars = on(Resolution::Hour1, Hours::Regular, day);
        [bars[0].ts, bars[1].ts]
    };
    // Daylight saving begins on 8 March 2026.
    assert_eq!(starts(date(2026, 3, 6)), [at("20260306-14:30:00"), at("20260306-15:00:00")]);
    assert_eq!(starts(date(2026, 3, 9)), [at("20260309-13:30:00"), at("20260309-14:00:00")]);
    for day in [full, half] {
        for resolution in [Resolution::Min5, Resolution::Hour2] {
            let ours: Vec<i64> =
                on(resolution, Hours::Regular, day).iter().map(|bar| bar.ts).collect();
            assert_eq!(ours, Calendar::Nyse.expected_bars(resolution, day));
        }
    }
}

#[test]
fn a_year_has_its_sessions_and_every_bar_is_possible() {
    // 2025 had 250 sessions: 9 January was a day of mourning.
    let year = (date(2025, 1, 1), date(2025, 12, 31));
    assert_eq!(bars(&query(Resolution::Day1, Hours::Regular, year)).len(), 250);
    for symbol in ["SPY", "A", "BRK B", "X9"] {
        let asked = query(Resolution::Day1, Hours::Extended, (date(1980, 1, 1), WEEKS.1));
        let bars = bars(&Query { symbol: symbol.to_owned(), ..asked });
        assert!(bars.len() > 2000);
        for bar in &bars {
            assert!(bar.low >= 0.01 && bar.low <= bar.open.min(bar.close), "{bar:?}");
            assert!(bar.high >= bar.open.max(bar.close), "{bar:?}");
            assert_eq!(bar.close, format!("{:.2}", bar.close).parse::<f64>().unwrap());
        }
        assert!(bars.windows(2).all(|pair| pair[0].ts < pair[1].ts));
    }
}

#[test]
fn prices_depend_on_seed_and_symbol_and_on_nothing_else() {
    let long = bars(&query(Resolution::Day1, Hours::Regular, (date(2020, 1, 1), WEEKS.1)));
    let short = bars(&query(Resolution::Day1, Hours::Regular, WEEKS));
    assert_eq!(long[long.len() - short.len()..], short);
    // Kept as it was when it was written: seeds are a promise to whoever noted one down.
    assert_eq!((short[4].close, short[4].volume), (106.75, Some(4_312_447.0)));
    let other =
        Query { symbol: "MSFT".to_owned(), ..query(Resolution::Day1, Hours::Regular, WEEKS) };
    assert_ne!(bars(&other), short);
    let seeded =
        bars_of(&Synthetic::new(8, Vec::new()), &query(Resolution::Day1, Hours::Regular, WEEKS));
    assert_ne!(seeded, short);
}

#[test]
fn a_split_restates_everything_once_its_day_has_come() {
    let ex = date(2026, 11, 23);
    let action = Action { symbol: "AAPL".to_owned(), date: ex, kind: ActionKind::Split(4.0) };
    let market = Synthetic::new(SEED, vec![action]);
    let all = (date(2026, 11, 16), date(2026, 11, 24));
    let day_before =
        Query { now: at("20261122-20:00:00"), ..query(Resolution::Day1, Hours::Regular, all) };
    assert_eq!(bars_of(&market, &day_before), bars(&day_before));
    for resolution in [Resolution::Day1, Resolution::Min1] {
        let asked = query(resolution, Hours::Regular, all);
        let (old, new) = (bars(&asked), bars_of(&market, &asked));
        assert_eq!(old.len(), new.len());
        for (old, new) in old.iter().zip(&new) {
            assert!((old.close / 4.0 - new.close).abs() <= 0.005_000_1, "{old:?} {new:?}");
            assert_eq!(old.volume.map(|volume| volume * 4.0), new.volume);
        }
    }
}

#[test]
fn an_odd_split_keeps_days_the_sum_of_their_minutes() {
    let action = Action {
        symbol: "AAPL".to_owned(),
        date: date(2026, 11, 23),
        kind: ActionKind::Split(1.5),
    };
    let market = Synthetic::new(SEED, vec![action]);
    let day = (date(2026, 11, 18), date(2026, 11, 18));
    let whole = bars_of(&market, &query(Resolution::Day1, Hours::Regular, day));
    let minutes = bars_of(&market, &query(Resolution::Min1, Hours::Regular, day));
    assert_eq!(together(&minutes), together(&whole));
}

#[test]
fn a_dividend_lowers_earlier_adjusted_prices_only() {
    let ex = date(2026, 11, 23);
    let action = Action { symbol: "AAPL".to_owned(), date: ex, kind: ActionKind::Dividend(5.0) };
    let market = Synthetic::new(SEED, vec![action]);
    let trades = query(Resolution::Day1, Hours::Regular, (date(2026, 11, 19), ex));
    assert_eq!(bars_of(&market, &trades), bars(&trades));
    let adjusted = Query { what: What::AdjustedLast, ..trades.clone() };
    let (plain, adjusted) = (bars(&trades), bars_of(&market, &adjusted));
    // The close before the ex-date is 106.75.
    let factor = 1.0 - 5.0 / 106.75;
    for row in 0..2 {
        assert!((plain[row].close * factor - adjusted[row].close).abs() <= 0.005_000_1);
        assert_eq!(plain[row].volume, adjusted[row].volume);
    }
    assert_eq!(plain[2], adjusted[2]);
}

#[test]
fn the_bar_in_progress_holds_what_has_happened_so_far() {
    let day = date(2026, 11, 20);
    let now = at("20261120-15:20:30");
    let asked = |resolution| Query { now, ..query(resolution, Hours::Regular, (day, day)) };
    let (minutes, hours) = (bars(&asked(Resolution::Min1)), bars(&asked(Resolution::Hour1)));
    // 09:30 to 10:20:30: fifty minutes and one that is half over.
    assert_eq!((minutes.len(), hours.len()), (51, 2));
    let days = bars(&asked(Resolution::Day1));
    assert_eq!(together(&minutes), together(&days));
    let over = bars(&query(Resolution::Min1, Hours::Regular, (day, day)));
    assert_eq!(minutes[..50], over[..50]);
    assert!(minutes[50].volume < over[50].volume && minutes[50].open == over[50].open);
    let seconds = bars(&asked(Resolution::Sec1));
    assert_eq!(together(&seconds), together(&days));
    // Before the open there is nothing.
    let early = Query { now: at("20261120-14:30:00"), ..asked(Resolution::Day1) };
    assert_eq!(bars(&early), []);
}

#[test]
fn bids_lie_below_asks_and_have_no_volume() {
    let asked = |what| Query { what, ..query(Resolution::Day1, Hours::Regular, WEEKS) };
    let (bid, ask) = (bars(&asked(What::Bid)), bars(&asked(What::Ask)));
    for (bid, ask) in bid.iter().zip(&ask) {
        assert!(bid.open < ask.open && bid.high < ask.high && bid.low < ask.low);
        assert_eq!((bid.volume, ask.volume), (None, None));
    }
}

#[test]
fn noise_is_nearly_normal_and_the_exponential_is_exact() {
    let sample: Vec<f64> = (0..20_000).map(|at| noise::normal(noise::key(3, at))).collect();
    let mean = sample.iter().sum::<f64>() / 20_000.0;
    let variance = sample.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 20_000.0;
    assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    for step in -40..=40 {
        let x = f64::from(step) / 4.0;
        assert!((noise::exp(x) / x.exp() - 1.0).abs() < 1e-14, "{x}");
    }
}
