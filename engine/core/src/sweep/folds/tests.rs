//! Folds on the dates of the exchange, worked out by hand.

use jiff::civil::{Date, date};
use strategy_api::Resolution;

use super::*;
use crate::calendar::{Calendar, midnight_ns, utc_date};

/// Daily bars of the NYSE from one date to another, both included.
fn daily(from: Date, to: Date) -> Sessions {
    let ts: Vec<i64> = Calendar::Nyse.sessions(from, to).map(midnight_ns).collect();
    Sessions::of(Calendar::Nyse, Resolution::Day1, &ts, None)
}

/// First and last day of a span.
fn days(span: &Span) -> (Date, Date) {
    (utc_date(span.from), utc_date(span.to))
}

fn walk(inside: Length, outside: Length) -> WalkForward {
    let windows = Windows::Lengths { inside, outside };
    WalkForward { windows, is_anchored: false, history: None }
}

#[test]
fn rolling_years_begin_and_end_at_the_sessions_of_the_exchange() {
    let sessions = daily(date(2019, 1, 1), date(2022, 12, 31));
    let folds = walk(Length::Months(24), Length::Months(12)).folds(&sessions).unwrap();
    let found: Vec<_> = folds.iter().map(|f| (days(&f.inside[0]), days(&f.outside))).collect();
    // 1 January is a holiday; 2022 began on Monday the 3rd, 2022 ended on Friday the 30th.
    assert_eq!(
        found,
        [
            ((date(2019, 1, 2), date(2020, 12, 31)), (date(2021, 1, 4), date(2021, 12, 31))),
            ((date(2020, 1, 2), date(2021, 12, 31)), (date(2022, 1, 3), date(2022, 12, 30))),
        ]
    );
}

#[test]
fn anchored_windows_all_begin_at_the_first_session() {
    let sessions = daily(date(2019, 1, 1), date(2022, 12, 31));
    let rolling = walk(Length::Months(24), Length::Months(6));
    let folds = WalkForward { is_anchored: true, ..rolling }.folds(&sessions).unwrap();
    assert_eq!(folds.len(), 4);
    assert!(folds.iter().all(|fold| days(&fold.inside[0]).0 == date(2019, 1, 2)));
    assert_eq!(days(&folds[3].inside[0]).1, date(2022, 7, 1));
    // 4 July 2022 was a holiday, so half a year from there begins on the 5th.
    assert_eq!(days(&folds[3].outside), (date(2022, 7, 5), date(2022, 12, 30)));
}

#[test]
fn sessions_are_counted_and_the_last_window_may_be_shorter() {
    // January 2023: sessions on 3-6, 9-13, 17-20, 23-27, 30, 31; the 16th is Martin Luther King's day.
    let sessions = daily(date(2023, 1, 1), date(2023, 1, 31));
    assert_eq!(sessions.len(), 20);
    let folds = walk(Length::Sessions(8), Length::Sessions(5)).folds(&sessions).unwrap();
    let found: Vec<_> = folds.iter().map(|f| (days(&f.inside[0]), days(&f.outside))).collect();
    let day = |day| date(2023, 1, day);
    assert_eq!(
        found,
        [
            ((day(3), day(12)), (day(13), day(20))),
            ((day(10), day(20)), (day(23), day(27))),
            ((day(18), day(27)), (day(30), day(31))),
        ]
    );
}

#[test]
fn a_number_of_folds_gives_windows_of_four_to_one_that_end_with_the_last_session() {
    let sessions = daily(date(2023, 1, 1), date(2023, 1, 31));
    let folds = WalkForward { windows: Windows::Folds(3), is_anchored: false, history: None };
    let folds = folds.folds(&sessions).unwrap();
    // 20 / (3 + 4) = 2 sessions outside, 8 inside; 6 are left over for the first window.
    let found: Vec<_> =
        folds.iter().map(|f| (sessions.count(&f.inside[0]), days(&f.outside))).collect();
    let day = |day| date(2023, 1, day);
    assert_eq!(found, [(14, (day(24), day(25))), (8, (day(26), day(27))), (8, (day(30), day(31)))]);
}

#[test]
fn history_is_what_lies_before_a_window_and_can_be_limited_in_bars() {
    let sessions = daily(date(2023, 1, 1), date(2023, 1, 31));
    let free = walk(Length::Sessions(8), Length::Sessions(5));
    let folds = WalkForward { history: Some(3), ..free }.folds(&sessions).unwrap();
    assert_eq!(folds[0].inside[0].since, None, "nothing lies before the first bar");
    assert_eq!(folds[0].outside.since.map(utc_date), Some(date(2023, 1, 10)));
    assert_eq!(folds[1].inside[0].since.map(utc_date), Some(date(2023, 1, 5)));
    let cold = WalkForward { history: Some(0), ..free }.folds(&sessions).unwrap();
    assert_eq!(cold[0].outside.since, Some(cold[0].outside.from));
    assert_eq!(free.folds(&sessions).unwrap()[1].outside.since, None);
}

#[test]
fn bars_before_the_first_traded_one_are_history_of_the_first_window() {
    let ts: Vec<i64> =
        Calendar::Nyse.sessions(date(2022, 12, 1), date(2023, 1, 31)).map(midnight_ns).collect();
    let from = Some(midnight_ns(date(2023, 1, 1)));
    let sessions = Sessions::of(Calendar::Nyse, Resolution::Day1, &ts, from);
    assert_eq!(sessions.len(), 20);
    let free = walk(Length::Sessions(8), Length::Sessions(5));
    let fold = &WalkForward { history: Some(2), ..free }.folds(&sessions).unwrap()[0];
    assert_eq!(fold.inside[0].since.map(utc_date), Some(date(2022, 12, 29)));
    assert_eq!(sessions.bars(&fold.inside[0]).len(), 8);
}

#[test]
fn blocks_are_purged_and_an_embargo_follows_each() {
    // 20 sessions of January 2023 in four blocks of five.
    let sessions = daily(date(2023, 1, 1), date(2023, 1, 31));
    let scheme = KFold { folds: 4, purge: 1, embargo: 2, history: None };
    let folds = scheme.folds(&sessions).unwrap();
    let day = |day| date(2023, 1, day);
    let found: Vec<_> = folds
        .iter()
        .map(|fold| (fold.inside.iter().map(days).collect::<Vec<_>>(), days(&fold.outside)))
        .collect();
    assert_eq!(
        found,
        [
            (vec![(day(12), day(31))], (day(3), day(9))),
            (vec![(day(3), day(6)), (day(20), day(31))], (day(10), day(17))),
            (vec![(day(3), day(13)), (day(27), day(31))], (day(18), day(24))),
            (vec![(day(3), day(23))], (day(25), day(31))),
        ]
    );
}

#[test]
fn what_follows_a_judged_block_never_warms_up_on_it() {
    let sessions = daily(date(2023, 1, 1), date(2023, 1, 31));
    for history in [None, Some(0), Some(1), Some(100)] {
        for embargo in [0, 1, 3] {
            let scheme = KFold { folds: 4, purge: 0, embargo, history };
            for fold in scheme.folds(&sessions).unwrap() {
                for span in &fold.inside {
                    let is_before = span.to < fold.outside.from;
                    let is_after = span.since.is_some_and(|since| since > fold.outside.to);
                    assert!(is_before || is_after, "{history:?} {embargo} {fold:?}");
                }
            }
        }
    }
}

#[test]
fn windows_that_do_not_fit_are_refused_with_what_they_need() {
    let sessions = daily(date(2023, 1, 1), date(2023, 1, 31));
    let error = walk(Length::Sessions(30), Length::Sessions(5)).folds(&sessions).unwrap_err();
    assert_eq!(error, FoldError::TooFew { found: 20, needed: 22 });
    let many = WalkForward { windows: Windows::Folds(9), is_anchored: false, history: None };
    assert_eq!(many.folds(&sessions), Err(FoldError::TooFew { found: 20, needed: 26 }));
    let kfold = KFold { folds: 11, purge: 0, embargo: 0, history: None };
    assert_eq!(kfold.folds(&sessions), Err(FoldError::TooFew { found: 20, needed: 22 }));
    let gone = KFold { folds: 2, embargo: 19, ..kfold };
    assert!(matches!(gone.folds(&sessions), Err(FoldError::TooSmall(_))));
    assert!(matches!(KFold { folds: 1, ..kfold }.folds(&sessions), Err(FoldError::TooSmall(_))));
    assert!(matches!(
        walk(Length::Sessions(0), Length::Sessions(5)).folds(&sessions),
        Err(FoldError::TooSmall(_))
    ));
    assert!(matches!(
        walk(Length::Sessions(5), Length::Sessions(0)).folds(&sessions),
        Err(FoldError::TooSmall(_))
    ));
}
