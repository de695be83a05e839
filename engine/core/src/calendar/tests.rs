//! The calendars against an independent library, against hand-counted days, and against themselves.

use super::*;
use jiff::civil::date;
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

#[derive(Deserialize)]
struct Fixture {
    first: String,
    last: String,
    sessions: usize,
    closed: HashSet<String>,
    hours: Vec<(String, i64, i64)>,
}

fn fixture() -> Fixture {
    serde_json::from_str(include_str!("../../tests/fixtures/nyse.json")).unwrap()
}

fn at(text: &str) -> i64 {
    i64::try_from(text.parse::<jiff::Timestamp>().unwrap().as_nanosecond()).unwrap()
}

fn clock(ts: &[i64]) -> Vec<String> {
    let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
    ts.iter()
        .map(|ts| jiff::Timestamp::from_nanosecond(i128::from(*ts)).unwrap())
        .map(|instant| instant.to_zoned(zone.clone()).strftime("%H:%M").to_string())
        .collect()
}

#[test]
fn every_day_and_hour_of_the_nyse_from_1885_to_2100_is_that_of_exchange_calendars() {
    let fixture = fixture();
    let changes: HashMap<_, _> =
        fixture.hours.into_iter().map(|(day, o, c)| (day, (o, c))).collect();
    let (first, last): (Date, Date) =
        (fixture.first.parse().unwrap(), fixture.last.parse().unwrap());
    let minute_ns = 60 * SECOND_NS;
    let (mut hours, mut sessions) = ((0, 0), 0);
    for day in day_number(first)..=day_number(last) {
        let day = date_of(day);
        let weekend = day.weekday().to_monday_zero_offset() >= 5;
        let open = !weekend && !fixture.closed.contains(&day.to_string());
        assert_eq!(Calendar::Nyse.is_session(day), open, "{day}");
        assert_eq!(Calendar::Nyse.holiday(day).is_some() && !weekend, !weekend && !open, "{day}");
        if !open {
            assert_eq!(Calendar::Nyse.session_hours(day), None, "{day}");
            continue;
        }
        sessions += 1;
        hours = changes.get(&day.to_string()).copied().unwrap_or(hours);
        let midnight = midnight_ns(day);
        let expected = (midnight + hours.0 * minute_ns, midnight + hours.1 * minute_ns);
        assert_eq!(Calendar::Nyse.session_hours(day), Some(expected), "{day}");
        assert_eq!(Calendar::Nyse.is_half_day(day), expected.1 - expected.0 < 390 * minute_ns);
    }
    assert_eq!(sessions, fixture.sessions);
    assert_eq!(Calendar::Nyse.sessions(first, last).count(), fixture.sessions);
}

#[test]
fn closures_are_listed_once_and_in_order() {
    let mut day = date(1980, 1, 1);
    let closed: Vec<Date> = Calendar::Nyse.sessions(date(2001, 9, 10), date(2001, 9, 17)).collect();
    assert_eq!(closed, [date(2001, 9, 10), date(2001, 9, 17)]);
    assert_eq!(Calendar::Nyse.holiday(date(2012, 10, 29)), Some("hurricane Sandy"));
    // Searching from any day finds the neighbours that counting finds.
    for session in Calendar::Nyse.sessions(date(1980, 1, 2), date(1990, 1, 1)) {
        assert_eq!(Calendar::Nyse.session_from(day), session);
        assert!(Calendar::Nyse.session_before(session) < day);
        day = date_of(day_number(session) + 1);
    }
}

#[test]
fn hourly_bars_start_at_half_past_nine_and_then_at_the_hour() {
    let full = Calendar::Nyse.expected_bars(Resolution::Hour1, date(2024, 3, 8));
    assert_eq!(clock(&full), ["09:30", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00"]);
    assert_eq!(full[0], at("2024-03-08T14:30:00Z"));
    let after_the_clocks_changed =
        Calendar::Nyse.expected_bars(Resolution::Hour1, date(2024, 3, 11));
    assert_eq!(after_the_clocks_changed[0], at("2024-03-11T13:30:00Z"));
    let half = Calendar::Nyse.expected_bars(Resolution::Hour1, date(2024, 7, 3));
    assert_eq!(clock(&half), ["09:30", "10:00", "11:00", "12:00"]);
    assert!(Calendar::Nyse.expected_bars(Resolution::Hour1, date(2024, 7, 4)).is_empty());
}

#[test]
fn other_intraday_bars_lie_on_the_same_clock() {
    let bars = |resolution| Calendar::Nyse.expected_bars(resolution, date(2024, 3, 8));
    assert_eq!(clock(&bars(Resolution::Hour2)), ["09:30", "10:00", "12:00", "14:00"]);
    assert_eq!(clock(&bars(Resolution::Hour3)), ["09:30", "12:00", "15:00"]);
    assert_eq!(clock(&bars(Resolution::Hour4)), ["09:30", "12:00"]);
    assert_eq!(clock(&bars(Resolution::Hour8)), ["09:30"]);
    assert_eq!(clock(&bars(Resolution::Min20))[..3], ["09:30", "09:40", "10:00"]);
    let counts = [
        (Resolution::Sec1, 23_400),
        (Resolution::Sec30, 780),
        (Resolution::Min1, 390),
        (Resolution::Min3, 130),
        (Resolution::Min5, 78),
        (Resolution::Min30, 13),
    ];
    for (resolution, count) in counts {
        assert_eq!(bars(resolution).len(), count, "{resolution}");
        assert_eq!(clock(&bars(resolution)[..1]), ["09:30"]);
    }
    let always = Calendar::AlwaysOpen.expected_bars(Resolution::Hour8, date(2024, 3, 10));
    assert_eq!(always, [0, 8, 16].map(|hour| at(&format!("2024-03-10T{hour:02}:00:00Z"))));
}

#[test]
fn a_week_and_a_month_are_keyed_by_their_first_session() {
    let keyed = |resolution, day| Calendar::Nyse.expected_bars(resolution, day);
    // Monday 2 September 2024 was Labor Day.
    let first = date(2024, 9, 3);
    assert_eq!(keyed(Resolution::Week1, first), [midnight_ns(first)]);
    assert_eq!(keyed(Resolution::Month1, first), [midnight_ns(first)]);
    assert!(keyed(Resolution::Week1, date(2024, 9, 4)).is_empty());
    assert!(keyed(Resolution::Month1, date(2024, 9, 9)).is_empty());
    assert_eq!(keyed(Resolution::Week1, date(2024, 9, 9)).len(), 1);
}

#[test]
fn a_bar_ends_at_the_next_mark_of_the_clock_or_at_the_close() {
    let end = |resolution, ts: &str| Calendar::Nyse.bar_end(resolution, at(ts));
    assert_eq!(end(Resolution::Hour1, "2024-03-08T14:30:00Z"), at("2024-03-08T15:00:00Z"));
    assert_eq!(end(Resolution::Hour4, "2024-07-03T16:00:00Z"), at("2024-07-03T17:00:00Z"));
    assert_eq!(end(Resolution::Hour1, "2024-03-08T21:00:00Z"), at("2024-03-08T22:00:00Z"));
    assert_eq!(end(Resolution::Min1, "2024-03-09T15:00:00Z"), at("2024-03-09T15:01:00Z"));
    assert_eq!(end(Resolution::Day1, "2024-07-03T00:00:00Z"), at("2024-07-03T17:00:00Z"));
    // Good Friday, 29 March 2024: week and month both end on the Thursday.
    assert_eq!(end(Resolution::Week1, "2024-03-25T00:00:00Z"), at("2024-03-28T20:00:00Z"));
    assert_eq!(end(Resolution::Month1, "2024-03-01T00:00:00Z"), at("2024-03-28T20:00:00Z"));
    let always = Calendar::AlwaysOpen.bar_end(Resolution::Day1, at("2024-03-09T00:00:00Z"));
    assert_eq!(always, at("2024-03-10T00:00:00Z"));
}

#[test]
fn a_bar_belongs_to_the_session_of_its_exchange_date() {
    let of = |ts: &str, resolution| Calendar::Nyse.session_of(at(ts), resolution);
    let friday = Some(date(2024, 3, 8));
    assert_eq!(of("2024-03-08T14:30:00Z", Resolution::Min1), friday);
    assert_eq!(of("2024-03-08T09:00:00Z", Resolution::Min1), friday);
    // 19:59 in New York is already Saturday in UTC.
    assert_eq!(of("2024-03-09T00:59:00Z", Resolution::Min1), friday);
    assert_eq!(of("2024-03-09T15:00:00Z", Resolution::Min1), None);
    assert_eq!(of("2024-03-08T00:00:00Z", Resolution::Day1), friday);
    assert_eq!(of("2024-03-09T00:00:00Z", Resolution::Day1), None);
    assert_eq!(of("2024-03-04T00:00:00Z", Resolution::Week1), friday);
    assert_eq!(of("2024-03-01T00:00:00Z", Resolution::Month1), Some(date(2024, 3, 28)));
    let sunday = Calendar::AlwaysOpen.session_of(at("2024-03-10T23:59:00Z"), Resolution::Min1);
    assert_eq!(sunday, Some(date(2024, 3, 10)));
}

#[test]
fn a_gap_spans_sessions_and_counts_only_expected_bars() {
    let mut ts: Vec<i64> = Calendar::Nyse
        .sessions(date(2024, 7, 1), date(2024, 7, 8))
        .flat_map(|day| Calendar::Nyse.expected_bars(Resolution::Hour1, day))
        .collect();
    assert_eq!(ts.len(), 7 + 7 + 4 + 7 + 7);
    assert_eq!(Calendar::Nyse.gaps(Resolution::Hour1, &ts), []);
    // The last bar of the half day, and the first two after the holiday.
    let gap =
        Gap { from_ts: at("2024-07-03T16:00:00Z"), to_ts: at("2024-07-05T14:00:00Z"), missing: 3 };
    ts.retain(|ts| !(gap.from_ts..=gap.to_ts).contains(ts));
    ts.push(at("2024-07-08T23:00:00Z"));
    assert_eq!(Calendar::Nyse.gaps(Resolution::Hour1, &ts), [gap]);
    assert_eq!(Calendar::Nyse.gaps(Resolution::Hour1, &[]), []);
    assert_eq!(Calendar::Nyse.gaps(Resolution::Hour1, &ts[..1]), []);
}

#[test]
fn daily_weekly_and_monthly_gaps_follow_the_sessions() {
    let days: Vec<i64> =
        [date(2001, 9, 10), date(2001, 9, 17), date(2001, 9, 19)].map(midnight_ns).into();
    let missing = midnight_ns(date(2001, 9, 18));
    let gap = Gap { from_ts: missing, to_ts: missing, missing: 1 };
    assert_eq!(Calendar::Nyse.gaps(Resolution::Day1, &days), [gap]);
    // Dated by the Friday, the Monday, and any day; the week of 16 September is missing.
    let weeks: Vec<i64> =
        [date(2024, 9, 6), date(2024, 9, 9), date(2024, 9, 25)].map(midnight_ns).into();
    let missing = midnight_ns(date(2024, 9, 16));
    let gap = Gap { from_ts: missing, to_ts: missing, missing: 1 };
    assert_eq!(Calendar::Nyse.gaps(Resolution::Week1, &weeks), [gap]);
    let months: Vec<i64> = [date(2024, 5, 31), date(2024, 8, 1)].map(midnight_ns).into();
    let (june, july) = (midnight_ns(date(2024, 6, 3)), midnight_ns(date(2024, 7, 1)));
    let gap = Gap { from_ts: june, to_ts: july, missing: 2 };
    assert_eq!(Calendar::Nyse.gaps(Resolution::Month1, &months), [gap]);
}

#[test]
fn a_bar_that_starts_earlier_on_the_same_mark_of_the_clock_fills_it() {
    // A source that dates the first hour 09:00.
    let ts: Vec<i64> = (9..16)
        .chain(33..40)
        .map(|hour| at("2024-07-01T04:00:00Z") + hour * 3600 * SECOND_NS)
        .collect();
    assert_eq!(Calendar::Nyse.gaps(Resolution::Hour1, &ts), []);
}

#[test]
fn calendars_are_named_as_instruments_name_them() {
    let mut instrument = Instrument::us_equity("SPY");
    assert_eq!(Calendar::of(&instrument), Ok(Calendar::Nyse));
    instrument.calendar = "24/7".to_owned();
    assert_eq!(Calendar::of(&instrument), Ok(Calendar::AlwaysOpen));
    assert_eq!(Calendar::AlwaysOpen.to_string(), "24/7");
    instrument.calendar = "LSE\u{1b}".to_owned();
    let error = Calendar::of(&instrument).unwrap_err();
    assert_eq!(error.to_string(), r"'LSE\u{1b}' is not a session calendar; valid: NYSE 24/7");
}

#[test]
fn a_week_without_a_session_belongs_to_the_session_before_it() {
    // The bank holiday of 1933: closed from Saturday 4 March to Tuesday 14 March.
    let starts = ["1933-02-27T00:00:00Z", "1933-03-04T05:28:08Z", "1933-03-06T00:00:00Z"];
    let runs: Vec<_> = Calendar::Nyse.session_runs(Resolution::Week1, &starts.map(at)).collect();
    assert_eq!(runs, [(date(1933, 3, 3), 0..3)]);
}

#[test]
fn searches_end_at_the_edge_of_time() {
    for calendar in [Calendar::Nyse, Calendar::AlwaysOpen] {
        for edge in [Date::MIN, Date::MAX] {
            let _ = (calendar.session_from(edge), calendar.session_before(edge));
            let _ = (calendar.is_session(edge), calendar.session_hours(edge));
        }
        for ts in [i64::MIN, i64::MAX] {
            for resolution in Resolution::ALL {
                let _ = calendar.session_of(ts, resolution);
                let _ = calendar.bar_end(resolution, ts);
                assert_eq!(calendar.session_runs(resolution, &[ts]).count(), 1);
                assert_eq!(calendar.gaps(resolution, &[ts]), []);
            }
        }
    }
}

fn resolution() -> impl Strategy<Value = Resolution> {
    prop::sample::select(Resolution::ALL.to_vec())
}

proptest! {
    #[test]
    fn runs_cover_every_row_and_agree_with_the_look_up_of_each_bar(
        resolution in resolution(),
        always in any::<bool>(),
        start in -2_000_000_000_i64..4_000_000_000,
        steps in prop::collection::vec(1_i64..200_000, 1..400),
    ) {
        let calendar = if always { Calendar::AlwaysOpen } else { Calendar::Nyse };
        let ts: Vec<i64> = steps
            .iter()
            .scan(start, |second, step| { *second += step; Some(*second * SECOND_NS) })
            .collect();
        let (mut row, mut before) = (0, Date::MIN);
        for (session, rows) in calendar.session_runs(resolution, &ts) {
            prop_assert_eq!(rows.start, row);
            prop_assert!(session > before && calendar.is_session(session));
            for ts in &ts[rows.clone()] {
                if let Some(found) = calendar.session_of(*ts, resolution) {
                    prop_assert_eq!(found, session);
                }
            }
            (row, before) = (rows.end, session);
        }
        prop_assert_eq!(row, ts.len());
    }

    #[test]
    fn what_is_removed_is_what_the_gaps_report(
        resolution in prop::sample::select(Resolution::ALL[5..].to_vec()),
        start in 0_i32..20_000,
        keep in prop::collection::vec(any::<bool>(), 40),
    ) {
        let (from, to) = (date_of(start), date_of(start + 40));
        let all: Vec<i64> = Calendar::Nyse
            .sessions(from, to)
            .flat_map(|day| Calendar::Nyse.expected_bars(resolution, day))
            .collect();
        let kept: Vec<i64> = all
            .iter()
            .enumerate()
            .filter(|(index, _)| keep[index % keep.len()])
            .map(|(_, ts)| *ts)
            .collect();
        let gaps = Calendar::Nyse.gaps(resolution, &kept);
        let expected = match (kept.first(), kept.last()) {
            (Some(first), Some(last)) => all.iter().filter(|ts| (first..=last).contains(ts)).count(),
            _ => 0,
        };
        let missing: u64 = gaps.iter().map(|gap| gap.missing).sum();
        prop_assert_eq!(missing as usize + kept.len(), expected);
        for gap in &gaps {
            prop_assert!(!kept.contains(&gap.from_ts) && !kept.contains(&gap.to_ts));
            let inside = all.iter().filter(|ts| (gap.from_ts..=gap.to_ts).contains(ts)).count();
            prop_assert_eq!(inside as u64, gap.missing);
        }
    }

    #[test]
    fn a_bar_ends_where_the_next_expected_one_begins_or_at_the_close(
        resolution in prop::sample::select(Resolution::ALL[..18].to_vec()),
        start in 0_i32..20_000,
    ) {
        let day = Calendar::Nyse.session_from(date_of(start));
        let bars = Calendar::Nyse.expected_bars(resolution, day);
        let (open, close) = Calendar::Nyse.session_hours(day).unwrap();
        prop_assert_eq!(bars[0], open);
        for (row, ts) in bars.iter().enumerate() {
            let next = bars.get(row + 1).copied().unwrap_or(close);
            prop_assert_eq!(Calendar::Nyse.bar_end(resolution, *ts), next);
        }
    }
}

#[test]
fn a_gap_of_centuries_is_counted_by_session() {
    let ts = [at("1885-01-02T15:00:00Z"), at("2100-12-31T15:00:00Z")];
    let gaps = Calendar::Nyse.gaps(Resolution::Sec1, &ts);
    let seconds: i64 = Calendar::Nyse
        .sessions(date(1885, 1, 2), date(2100, 12, 31))
        .filter_map(|day| Calendar::Nyse.session_hours(day))
        .map(|(open, close)| (close - open) / SECOND_NS)
        .sum();
    // 10:00 to 15:59:59 of the first day and 09:30 to 10:00 of the last are between the two bars.
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].missing as i64, seconds - 30 * 60 - 1 - 6 * 3600);
    assert_eq!((gaps[0].from_ts, gaps[0].to_ts), (ts[0] + SECOND_NS, ts[1] - SECOND_NS));
}
