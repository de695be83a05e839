//! Against pandas on the minutes of weeks with changes of clocks, half days and holidays; what pandas
//! does not know by hand.

use jiff::civil::{Date, date};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::calendar::{date_of, midnight_ns};
use Resolution::{Day1, Hour1, Min1, Min5, Min15, Month1, Week1};

const NYSE: Calendar = Calendar::Nyse;
const MINUTE_NS: i64 = 60 * SECOND_NS;

/// The bar that `scripts/fixtures/resample.py` makes of a minute.
fn minute(ts: i64) -> Bar {
    let number = ts / MINUTE_NS;
    let first = 10_000 + number * 7919 % 1009;
    let last = 10_000 + (number + 1) * 7919 % 1009;
    let cents = |cents: i64| cents as f64 / 100.0;
    Bar {
        ts,
        open: cents(first),
        high: cents(first.max(last) + number % 7),
        low: cents(first.min(last) - number % 5),
        close: cents(last),
        volume: (number % 1000 + 1) as f64,
    }
}

fn minutes(sessions: impl IntoIterator<Item = Date>) -> Series {
    let starts = sessions.into_iter().flat_map(|day| NYSE.expected_bars(Min1, day));
    Series::from_bars(&starts.map(minute).collect::<Vec<_>>()).unwrap()
}

fn rows(series: &Series) -> Vec<Bar> {
    let columns = series.columns();
    (0..columns.len()).map(|row| columns.bar(row)).collect()
}

/// Everything that has closed when the last finer bar has.
fn whole(bars: &Series, from: Resolution, to: Resolution) -> Vec<Bar> {
    let columns = bars.columns();
    let end = columns.ts.last().map_or(0, |ts| NYSE.bar_end(from, *ts));
    rows(&resample(&columns, from, to, NYSE).unwrap().closed_by(end))
}

fn fixture() -> Value {
    serde_json::from_str(include_str!("../../tests/fixtures/resample.json")).unwrap()
}

#[test]
fn every_coarser_bar_is_that_of_pandas() {
    let fixture = fixture();
    let day = |text: &Value| text.as_str().unwrap().parse::<Date>().unwrap();
    let weeks = fixture["weeks"].as_array().unwrap();
    let sessions = weeks.iter().flat_map(|week| NYSE.sessions(day(&week[0]), day(&week[1])));
    let bars = minutes(sessions);
    for (name, expected) in fixture["bars"].as_object().unwrap() {
        let to: Resolution = name.parse().unwrap();
        let number = |row: &Value, place: usize| row[place].as_i64().unwrap();
        let price = |row: &Value, place: usize| number(row, place) as f64 / 100.0;
        let mut expected: Vec<Bar> = expected
            .as_array()
            .unwrap()
            .iter()
            .map(|row| Bar {
                ts: number(row, 0) * SECOND_NS,
                open: price(row, 1),
                high: price(row, 2),
                low: price(row, 3),
                close: price(row, 4),
                volume: number(row, 5) as f64,
            })
            .collect();
        if to == Month1 {
            // The minutes begin on the second session of March and end in December.
            expected.pop();
            expected.remove(0);
        }
        assert_eq!(whole(&bars, Min1, to), expected, "{name}");
    }
}

#[test]
fn hourly_bars_begin_at_the_open_and_then_on_the_hour() {
    let bars = minutes([date(2024, 7, 2), date(2024, 7, 3)]);
    let hours = whole(&bars, Min1, Hour1);
    let starts: Vec<i64> = hours.iter().map(|bar| bar.ts).collect();
    let expected: Vec<i64> = [date(2024, 7, 2), date(2024, 7, 3)]
        .iter()
        .flat_map(|day| NYSE.expected_bars(Hour1, *day))
        .collect();
    assert_eq!((starts.len(), starts), (7 + 4, expected));
}

#[test]
fn a_bar_that_is_not_whole_is_never_shown() {
    let all = minutes([date(2024, 7, 1), date(2024, 7, 2), date(2024, 7, 3)]);
    let cut = |from: usize, to: usize| Series::from_bars(&rows(&all)[from..to]).unwrap();
    // Without the first minute of the first day and the last of the last one, one day is left.
    let days = whole(&cut(1, 390 * 2 + 209), Min1, Day1);
    assert_eq!(days.iter().map(|bar| bar.ts).collect::<Vec<_>>(), [midnight_ns(date(2024, 7, 2))]);
    assert_eq!(whole(&cut(0, 390 * 2 + 210), Min1, Day1).len(), 3);
    // A minute without a trade inside, or at the end of an earlier day, is no reason.
    let gaps = rows(&all).into_iter().enumerate().filter(|(row, _)| ![200, 389].contains(row));
    let gaps = Series::from_bars(&gaps.map(|(_, bar)| bar).collect::<Vec<_>>()).unwrap();
    assert_eq!(whole(&gaps, Min1, Day1).len(), 3);
}

#[test]
fn bars_outside_of_trading_hours_belong_to_no_coarser_bar() {
    let day = date(2024, 7, 2);
    let (open, close) = NYSE.session_hours(day).unwrap();
    let early = Bar { high: 999.0, ..minute(open - MINUTE_NS) };
    let late = Bar { low: 1.0, ..minute(close) };
    let session = rows(&minutes([day]));
    let extended = [vec![early], session.clone(), vec![late]].concat();
    let extended = Series::from_bars(&extended).unwrap();
    for to in [Min5, Hour1, Day1] {
        assert_eq!(whole(&extended, Min1, to), whole(&minutes([day]), Min1, to), "{to}");
    }
    // An hourly bar that its source starts at 09:00 holds the open.
    let hours: Vec<Bar> = (0..7).map(|hour| minute(open + (60 * hour - 30) * MINUTE_NS)).collect();
    let days = whole(&Series::from_bars(&hours).unwrap(), Hour1, Day1);
    assert_eq!((days.len(), days[0].open), (1, hours[0].open));
}

#[test]
fn what_does_not_add_up_is_refused() {
    let bars = minutes([date(2024, 7, 2)]);
    for (from, to) in [(Resolution::Min2, Min5), (Week1, Month1), (Min1, Min1), (Day1, Hour1)] {
        let refused = resample(&bars.columns(), from, to, NYSE);
        assert_eq!(refused, Err(DoesNotFit { from, to }));
    }
}

#[test]
fn a_market_that_never_closes_has_days_of_utc() {
    let bars: Vec<Bar> = (0..3 * 1440).map(|number| minute(number * MINUTE_NS)).collect();
    let bars = Series::from_bars(&bars).unwrap();
    let made = resample(&bars.columns(), Min1, Day1, Calendar::AlwaysOpen).unwrap();
    let ts: Vec<i64> = (0..3).map(|day| midnight_ns(date_of(day))).collect();
    assert_eq!(made.columns().ts, ts);
    assert_eq!(made.closed_by(i64::MAX).len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Minutes to hours to days is minutes to days: every way up gives the same bars.
    #[test]
    fn every_way_up_leads_to_the_same_bars(start in 8_000_i32..19_000, length in 1_usize..30) {
        let first = NYSE.session_from(date_of(start));
        let bars = minutes(NYSE.sessions(first, date_of(start + 60)).take(length));
        for (by, to) in [(Min5, Hour1), (Min15, Day1), (Hour1, Day1), (Day1, Week1), (Day1, Month1)] {
            let steps = Series::from_bars(&whole(&bars, Min1, by)).unwrap();
            prop_assert_eq!(whole(&steps, by, to), whole(&bars, Min1, to), "{} by {}", to, by);
        }
    }

    /// What a step has seen of coarser bars is what it would have seen had time ended there.
    #[test]
    fn no_step_sees_more_than_what_had_closed(
        start in 8_000_i32..19_000,
        keep in prop::collection::vec(any::<bool>(), 40..400),
        to in prop::sample::select(vec![Min5, Hour1, Day1, Week1]),
    ) {
        let first = NYSE.session_from(date_of(start));
        let all = rows(&minutes(NYSE.sessions(first, date_of(start + 12))));
        let kept = all.into_iter().enumerate().filter(|(row, _)| keep[row % keep.len()]);
        let bars: Vec<Bar> = kept.map(|(_, bar)| bar).collect();
        let series = Series::from_bars(&bars).unwrap();
        let made = resample(&series.columns(), Min1, to, NYSE).unwrap();
        let seen = made.seen(series.columns().ts, Min1, NYSE);
        for cut in (0..bars.len()).step_by(61) {
            let prefix = Series::from_bars(&bars[..=cut]).unwrap();
            let then = resample(&prefix.columns(), Min1, to, NYSE).unwrap();
            let closed = then.closed_by(NYSE.bar_end(Min1, bars[cut].ts));
            prop_assert_eq!(closed.len(), seen[cut] as usize);
            prop_assert_eq!(rows(&closed), rows(&made.series)[..closed.len()].to_vec());
        }
    }
}
