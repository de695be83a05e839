//! The planner, claimed for any window and any holdings.

use super::{
    limits::{Limit, limit, overlap},
    plan::{Ask, Chunk, plan},
    sessions::{Market, Sessions},
    window::{Wanted, Window, period_window, span_window},
};
use crate::gateway::{Hours, Span, SpanUnit, What};
use engine_core::calendar::{Calendar, DAY_NS, SECOND_NS};
use jiff::{
    Timestamp, ToSpan,
    civil::{Date, date},
};
use proptest::prelude::*;
use strategy_api::Resolution;

fn ns(text: &str) -> i64 {
    i64::try_from(text.parse::<Timestamp>().unwrap().as_nanosecond()).unwrap()
}

fn market(resolution: &str) -> Market {
    let resolution = resolution.parse().unwrap();
    Market { calendar: Calendar::Nyse, resolution, hours: Hours::Regular }
}

fn ask<'a>(market: Market, now: i64, window: Window, covered: &'a [(i64, i64)]) -> Ask<'a> {
    Ask {
        market,
        what: What::Trades,
        now,
        window,
        covered,
        again: &[],
        head: None,
        is_forward: false,
    }
}

/// The requests of a span, as `SPAN until END`.
fn requests(resolution: &str, span: &str, now: &str) -> Vec<String> {
    let (market, now) = (market(resolution), ns(now));
    let window = span_window(market, span.parse().unwrap(), now);
    let text = |chunk: &Chunk| {
        let end = chunk.end.map(|end| Timestamp::from_nanosecond(i128::from(end)).unwrap());
        format!("{} until {}", chunk.span, end.map_or("now".to_owned(), |end| end.to_string()))
    };
    plan(&ask(market, now, window, &[])).unwrap().iter().map(text).collect()
}

/// 2024-06-16, a Sunday.
const SUNDAY: &str = "2024-06-16T15:00:00Z";

#[test]
fn a_span_that_fits_is_asked_for_in_one_request() {
    for (resolution, span, asked) in [
        ("1d", "5 D", "5 D until now"),
        ("1h", "7 D", "7 D until now"),
        ("1d", "5 Y", "5 Y until now"),
        ("1d", "1 W", "5 D until now"),
        ("1m", "1 D", "1 D until now"),
        ("1m", "3600 S", "3600 S until 2024-06-14T20:00:00Z"),
        ("1h", "5400 S", "7200 S until 2024-06-14T20:00:00Z"),
        ("8h", "3600 S", "1 D until now"),
        ("1d", "3600 S", "1 D until now"),
        ("1w", "1 D", "2 W until now"),
        ("1mo", "1 W", "2 M until now"),
        ("1mo", "5 D", "2 M until now"),
        ("5s", "1800 S", "1800 S until 2024-06-14T20:00:00Z"),
        ("1s", "1800 S", "1800 S until 2024-06-14T20:00:00Z"),
    ] {
        assert_eq!(requests(resolution, span, SUNDAY), [asked], "{resolution} {span}");
    }
}

#[test]
fn a_long_span_is_cut_into_requests_that_overlap_newest_first() {
    assert_eq!(
        requests("1m", "36 D", SUNDAY),
        ["18 D until now", "19 D until 2024-05-22T04:00:00Z"],
        "18 sessions each, and one that both have"
    );
    let years = requests("1d", "20 Y", SUNDAY);
    assert_eq!(years.len(), 3, "{years:?}");
    // Half an hour of seconds a request, ten bars of which the next one has too.
    let seconds = requests("1s", "7200 S", SUNDAY);
    assert_eq!(seconds.len(), 5, "{seconds:?}");
    assert_eq!(seconds[1], "1800 S until 2024-06-14T19:30:10Z");
}

#[test]
fn a_span_of_seconds_is_that_of_trading_and_leaves_no_hole_behind_what_is_held() {
    // Ten minutes after the open: 600 seconds of Friday and the last 3,000 of Thursday.
    assert_eq!(
        requests("1m", "3600 S", "2024-06-14T13:40:00Z"),
        [
            "601 S until now",
            "3000 S until 2024-06-13T20:00:00Z",
            "600 S until 2024-06-14T13:40:00Z"
        ],
        "the last one sees whether anything was restated in between"
    );
    let (market, now) = (market("1m"), ns(SUNDAY));
    let window = span_window(market, "3600 S".parse().unwrap(), now);
    let planned = |held: (&str, &str)| {
        let covered = [(ns(held.0), ns(held.1))];
        let chunks = plan(&ask(market, now, window, &covered)).unwrap();
        chunks.iter().map(|chunk| chunk.span.to_string()).collect::<Vec<_>>()
    };
    let until_then = ("2024-06-14T18:00:00Z", "2024-06-14T18:59:59.999999999Z");
    assert_eq!(planned(until_then), ["3600 S"], "it goes on where what is held ends");
    let before = ("2024-06-14T14:00:00Z", "2024-06-14T14:59:59.999999999Z");
    assert_eq!(planned(before), ["1 D"], "hours are not held in between");
    let days_before = ("2024-06-11T14:00:00Z", "2024-06-11T14:59:59.999999999Z");
    assert_eq!(planned(days_before), ["4 D"], "days are not held in between");
}

#[test]
fn no_request_asks_for_more_bars_than_an_answer_carries() {
    let now = ns(SUNDAY);
    for resolution in Resolution::ALL {
        for calendar in [Calendar::Nyse, Calendar::AlwaysOpen] {
            for hours in [Hours::Regular, Hours::Extended] {
                let market = Market { calendar, resolution, hours };
                let seconds = resolution.seconds().unwrap_or(86_400);
                for span in ["100 Y", "1 Y", "1 D", "86400 S", "3600 S"] {
                    let is_long = seconds < 60 && span.ends_with('Y');
                    let span = if is_long { "30 D" } else { span };
                    let window = span_window(market, span.parse().unwrap(), now);
                    for chunk in plan(&ask(market, now, window, &[])).unwrap() {
                        let sessions = count_of(market, &chunk);
                        let day = match (calendar, hours) {
                            (Calendar::AlwaysOpen, _) => 86_400,
                            (_, Hours::Extended) => 57_600,
                            (_, Hours::Regular) => 23_400,
                        };
                        let bars = match chunk.span.unit {
                            SpanUnit::S => i64::from(chunk.span.count / seconds),
                            _ => sessions * day / i64::from(seconds.min(day as u32)),
                        };
                        // A bar takes some 90 bytes of the 16 MiB.
                        assert!(bars <= 20_000, "{resolution} {span}: {bars} bars, {chunk:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn before_the_open_the_broker_may_count_today_and_one_more_day_is_asked_for() {
    assert_eq!(requests("1d", "5 D", "2024-06-14T11:00:00Z"), ["6 D until now"]);
    assert_eq!(requests("1d", "5 D", "2024-06-14T15:00:00Z"), ["5 D until now"]);
}

#[test]
fn adjusted_prices_come_in_one_request_or_not_at_all() {
    let (market, now) = (market("1h"), ns(SUNDAY));
    let window = |span: &str| span_window(market, span.parse().unwrap(), now);
    let one = Ask { what: What::AdjustedLast, ..ask(market, now, window("3 M"), &[]) };
    let chunks = plan(&one).unwrap();
    assert_eq!((chunks.len(), chunks[0].end), (1, None));
    let long = Ask { what: What::AdjustedLast, ..ask(market, now, window("1 Y"), &[]) };
    assert!(plan(&long).is_err());
}

#[test]
fn nothing_is_asked_for_before_the_head() {
    let (market, now) = (market("1d"), ns(SUNDAY));
    let window = span_window(market, "10 Y".parse().unwrap(), now);
    let head = Some(ns("2024-06-10T13:30:00Z"));
    let chunks = plan(&Ask { head, ..ask(market, now, window, &[]) }).unwrap();
    assert_eq!(chunks.len(), 1);
    assert_eq!(chunks[0].sessions.0, date(2024, 6, 10));
}

#[test]
fn an_old_period_is_compared_with_what_is_held_by_a_probe() {
    let (market, now) = (market("1d"), ns(SUNDAY));
    let held = Sessions::between(market, date(2024, 5, 1), date(2024, 6, 14)).bounds(0, 30);
    let window = period_window(market, date(2020, 1, 2), Some(date(2020, 1, 31)), now).unwrap();
    let chunks = plan(&ask(market, now, window, &[held])).unwrap();
    let [probe, chunk] = &chunks[..] else { panic!("{chunks:?}") };
    assert_eq!((probe.core, probe.sessions.0), (None, date(2024, 5, 1)));
    assert_eq!(probe.span, Span { count: 7, unit: SpanUnit::D });
    assert_eq!(chunk.sessions, (date(2020, 1, 2), date(2020, 1, 31)));
}

fn any_market() -> impl Strategy<Value = Market> {
    let names = ["1m", "5m", "30m", "1h", "2h", "4h", "8h", "1d", "1w", "1mo", "1s", "30s"];
    (prop::sample::select(names.to_vec()), any::<bool>()).prop_map(|(name, extended)| Market {
        hours: if extended { Hours::Extended } else { Hours::Regular },
        ..market(name)
    })
}

/// A day of the years 2000 to 2026.
fn any_date() -> impl Strategy<Value = Date> {
    (0i64..9_600).prop_map(|days| date(2000, 1, 3).saturating_add(days.days()))
}

/// A period of at most so many days that suits a resolution.
fn period(market: Market, from: Date, days: i64) -> Wanted {
    let most = match market.resolution.seconds() {
        None => 9_000,
        Some(seconds) if seconds >= 60 => 300,
        Some(_) => 12,
    };
    Wanted::Period { from, to: Some(from.saturating_add((days % most).days())) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn a_plan_covers_what_is_wanted_once_within_the_limits_and_looks_back_at_what_is_held(
        market in any_market(),
        (from, days) in (any_date(), 0i64..9_000),
        pieces in prop::collection::vec((0i64..9_000, 0i64..200), 0..4),
        second in 0i64..86_400,
    ) {
        let now = ns("2026-11-20T00:00:00Z") + second * SECOND_NS;
        let Wanted::Period { from, to } = period(market, from, days) else { unreachable!() };
        let Some(window) = period_window(market, from, to, now) else { return Ok(()) };
        let covered: Vec<(i64, i64)> = pieces
            .iter()
            .filter_map(|(after, days)| {
                let first = market.calendar.session_from(from.saturating_add((after - 100).days()));
                let first = market.period_start(first);
                let last = market.calendar.session_before(
                    market.period_start(market.calendar.session_from(first.saturating_add((days + 32).days()))),
                );
                (last < market.latest(now)).then(|| (market.bounds(first).0, market.bounds(last).1))
            })
            .collect();
        let chunks = plan(&ask(market, now, window, &covered)).unwrap();
        let sessions = Sessions::between(market, window.first, window.last);
        let held = sessions.within(&covered);
        for (at, is_held) in held.iter().enumerate() {
            let (from, to) = sessions.bounds(at, at);
            let (open, close) = market.trading(sessions.date(at));
            let probe = if market.resolution.is_intraday() { open.max(from) } else { from };
            let cores = |ts: i64| {
                chunks.iter().filter_map(|chunk| chunk.core).filter(|core| (core.0..=core.1).contains(&ts)).count()
            };
            prop_assert_eq!(cores(probe), usize::from(!is_held), "{}", sessions.date(at));
            if !is_held && matches!(limit(market), Limit::Seconds(_)) && close <= now {
                prop_assert_eq!((cores(from), cores(to), cores(close - 1)), (1, 1, 1));
            }
        }
        within_limits(market, now, &chunks)?;
        looks_back(market, &chunks, &covered)?;
        prop_assert!(overlap(market) >= 1);
    }
}

/// Some sessions that are held, up to a year and a half before now, and the sessions that are held in part.
fn any_coverage(market: Market, now: i64, pieces: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let latest = market.latest(now);
    let held = |(back, days): &(i64, i64)| {
        let day = |back: i64| {
            let session = market.calendar.session_from(latest.saturating_sub(back.days()));
            market.period_start(session)
        };
        let (first, after) = (day(*back), day((back - days).max(0)));
        let last = market.calendar.session_before(after);
        (first <= last).then(|| (market.bounds(first).0, market.bounds(last).1))
    };
    pieces.iter().filter_map(held).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn wherever_a_plan_is_broken_off_it_leaves_no_hole_and_the_next_one_closes_every_hole(
        market in any_market(),
        pieces in prop::collection::vec((1i64..500, 1i64..120), 1..4),
        back in 1i64..600,
        stop in 0usize..40,
    ) {
        let now = ns("2026-11-20T21:30:00Z");
        let scale = if market.resolution.seconds().is_some_and(|seconds| seconds < 60) { 20 } else { 1 };
        let pieces: Vec<_> = pieces.iter().map(|(a, b)| (a / scale + 1, b / scale + 1)).collect();
        let covered = any_coverage(market, now, &pieces);
        if covered.is_empty() {
            return Ok(());
        }
        let from = market.latest(now).saturating_sub((back / scale).days());
        let window = period_window(market, from, None, now).unwrap();
        let holes = |covered: &[(i64, i64)]| {
            let begin = covered.iter().map(|(from, _)| *from).min().unwrap();
            let end = covered.iter().map(|(_, to)| *to).max().unwrap();
            let first = market.date_of(begin);
            let sessions = Sessions::between(market, first, market.latest(now));
            sessions.holes(covered, (begin, end)).iter().filter(|hole| **hole).count()
        };
        let chunks = plan(&ask(market, now, window, &covered)).unwrap();
        let reached = |done: &[Chunk]| {
            let cores = done.iter().filter_map(|chunk| chunk.core);
            covered.iter().copied().chain(cores).collect::<Vec<_>>()
        };
        let done = reached(&chunks[..stop.min(chunks.len())]);
        prop_assert!(holes(&done) <= holes(&covered), "{covered:?} {chunks:?}");
        let rest = plan(&ask(market, now, window, &done)).unwrap();
        let whole: Vec<_> = done.iter().copied().chain(rest.iter().filter_map(|chunk| chunk.core)).collect();
        prop_assert_eq!(holes(&whole), 0, "{:?} {:?}", covered, rest);
    }
}

fn count_of(market: Market, chunk: &Chunk) -> i64 {
    Sessions::between(market, chunk.sessions.0, chunk.sessions.1).len() as i64
}

#[test]
fn a_span_of_each_unit_begins_where_the_broker_begins_it() {
    let daily = |span: &str, now: &str| {
        let window = span_window(market("1d"), span.parse().unwrap(), ns(now));
        (window.first.to_string(), window.last.to_string())
    };
    let friday = "2024-06-14".to_owned();
    for (span, first) in [
        ("1 D", "2024-06-14"),
        ("5 D", "2024-06-10"),
        ("1 W", "2024-06-10"),
        ("1 M", "2024-05-17"),
        ("5 Y", "2019-06-17"),
    ] {
        assert_eq!(daily(span, SUNDAY), (first.to_owned(), friday.clone()), "{span}");
    }
    assert_eq!(Resolution::Day1, market("1d").resolution);
}

/// Spans are ones that the broker takes, no longer than its limits, and reach as far as they must.
fn within_limits(market: Market, now: i64, chunks: &[Chunk]) -> Result<(), TestCaseError> {
    for chunk in chunks {
        prop_assert!(Span::new(chunk.span.count, chunk.span.unit) == Some(chunk.span));
        prop_assert!(chunk.end.is_none_or(|end| end <= now && end % SECOND_NS == 0));
        if let Some(core) = chunk.core {
            prop_assert!(chunk.window.0 <= core.0 && core.1 <= chunk.window.1);
        }
        let count = Sessions::between(market, chunk.sessions.0, chunk.sessions.1).len();
        match limit(market) {
            Limit::Sessions(most) => prop_assert!(count <= most + 30, "{count} sessions"),
            Limit::Seconds(most) => {
                prop_assert!(chunk.span.unit == SpanUnit::S && chunk.span.count <= most);
            }
        }
        let reach = match chunk.span {
            Span { count, unit: SpanUnit::D } => i64::from(count) >= count_of(market, chunk),
            Span { count, unit: SpanUnit::Y } => {
                i64::from(count) * 365 * DAY_NS + 370 * DAY_NS
                    > chunk.end.unwrap_or(now) - chunk.window.0
            }
            _ => true,
        };
        prop_assert!(reach, "{chunk:?}");
    }
    Ok(())
}

/// Chunks that meet overlap, and where anything is held, something is compared with it.
fn looks_back(
    market: Market,
    chunks: &[Chunk],
    covered: &[(i64, i64)],
) -> Result<(), TestCaseError> {
    if let Limit::Sessions(_) = limit(market) {
        for pair in chunks.windows(2) {
            if let (Some(newer), Some(older)) = (pair[0].core, pair[1].core)
                && older.1 + 4 * DAY_NS > newer.0
                && older.1 < newer.0
                && Sessions::between(market, pair[1].sessions.1, pair[0].sessions.0).len() <= 1
            {
                prop_assert!(pair[1].window.1 > newer.0, "{pair:?}");
            }
        }
        let is_held = !covered.is_empty();
        let compared = chunks.iter().any(|chunk| {
            covered.iter().any(|held| held.0 <= chunk.window.1 && chunk.window.0 <= held.1)
        });
        prop_assert!(!is_held || chunks.is_empty() || compared, "{chunks:?} {covered:?}");
    }
    Ok(())
}
