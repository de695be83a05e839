//! What every database promises about bars, claimed once and run against SQLite and a real PostgreSQL.

use algo_trader::store::{BarRow, Reject, Revision, Store, StoreError, Written};
use engine_core::instrument::Instrument;
use strategy_api::{Bar, Resolution};

use crate::support::both;
use crate::support::store::{MINUTE, claims, covered, held, key, row, rows, write};

claims!(
    a_commit_shows_all_and_a_drop_leaves_nothing,
    values_come_back_bit_for_bit,
    the_same_bars_again_change_nothing_and_keep_the_version,
    new_same_and_changed_bars_are_counted_exactly,
    a_partial_bar_is_held_but_not_loaded_and_the_final_one_replaces_it,
    rows_before_and_from_are_read_oldest_first,
    impossible_and_unordered_rows_are_refused,
    coverage_and_rejects_are_kept_once,
    two_series_do_not_mix,
    a_second_writer_waits_and_sees_what_the_first_one_wrote,
    a_cleared_series_holds_what_was_written_after_and_its_past_is_on_record,
    a_higher_mark_is_carried_to_every_later_row,
    bars_put_aside_are_seen_by_nobody_until_they_take_the_place_of_the_others,
    a_stage_is_over_once_another_one_has_begun_or_the_series_has_changed,
);

async fn a_commit_shows_all_and_a_drop_leaves_nothing(store: &dyn Store) {
    let all = rows(0..1_234);
    let mut writer = store.write_bars(&key("SPY")).await.unwrap();
    assert_eq!(writer.held(), None);
    writer.append(&all[..700]).await.unwrap();
    drop(writer);
    assert_eq!(store.series("SPY", Resolution::Min1).await.unwrap(), None);
    assert_eq!(store.instrument("SPY").await.unwrap(), None);

    let mut writer = store.write_bars(&key("SPY")).await.unwrap();
    assert_eq!(writer.append(&all[..700]).await.unwrap().new, 700);
    assert_eq!(writer.append(&all[700..]).await.unwrap().new, 534);
    let info = writer.commit(&covered(&all), &[]).await.unwrap();
    assert_eq!((info.epoch, info.bars), (0, 1_234));
    assert_eq!((info.first_ts, info.last_ts), (Some(0), Some(1_233 * MINUTE)));
    assert_eq!(store.series("SPY", Resolution::Min1).await.unwrap(), Some(info.clone()));
    assert_eq!(store.series_list().await.unwrap(), std::slice::from_ref(&info));
    assert_eq!(held(store, "SPY").await, all);
    let series = store.load_bars(info.id).await.unwrap();
    assert_eq!(series.len(), 1_234);
    assert!((0..1_234).all(|i| series.columns().bar(i) == all[i].bar));
    assert_eq!(store.instrument("SPY").await.unwrap(), Some(Instrument::us_equity("SPY")));
}

async fn values_come_back_bit_for_bit(store: &dyn Store) {
    let prices = [
        f64::MIN_POSITIVE,
        5e-324,
        0.1 + 0.2,
        1.0 / 3.0,
        123_456_789.012_345_67,
        9_007_199_254_740_993.0,
        f64::MAX,
        1e300,
        2.0f64.powi(62),
        7.0,
    ];
    let all: Vec<BarRow> = prices
        .iter()
        .enumerate()
        .map(|(i, price)| BarRow {
            bar: Bar {
                ts: i64::MIN + 1 + i as i64,
                open: *price,
                high: *price,
                low: *price,
                close: *price,
                volume: *price,
            },
            is_final: true,
            ma20: Some(*price),
            ma50: (i % 2 == 0).then_some(-*price),
            ath: Some(*price),
        })
        .collect();
    write(store, "SPY", &all).await;
    let back = held(store, "SPY").await;
    let bits = |rows: &[BarRow]| -> Vec<[u64; 6]> {
        let of = |row: &BarRow| [row.bar.open, row.bar.low, row.bar.volume, row.ath.unwrap()];
        rows.iter()
            .map(|row| {
                let [a, b, c, d] = of(row).map(f64::to_bits);
                [a, b, c, d, row.ma20.unwrap().to_bits(), row.ma50.map_or(0, f64::to_bits)]
            })
            .collect()
    };
    assert_eq!(bits(&back), bits(&all));
    assert_eq!(back, all);
    let info = store.series("SPY", Resolution::Min1).await.unwrap().unwrap();
    let loaded = store.load_bars(info.id).await.unwrap();
    assert!((0..all.len()).all(|i| {
        loaded.columns().close[i].to_bits() == all[i].bar.close.to_bits()
            && loaded.columns().ts[i] == all[i].bar.ts
    }));
}

async fn the_same_bars_again_change_nothing_and_keep_the_version(store: &dyn Store) {
    let all = rows(0..500);
    let (_, first) = write(store, "SPY", &all).await;
    let (written, second) = write(store, "SPY", &all).await;
    assert_eq!(written, Written { same: 500, ..Written::default() });
    assert_eq!(first, second);
    assert_eq!(store.coverage(first.id).await.unwrap().len(), 1);
}

async fn new_same_and_changed_bars_are_counted_exactly(store: &dyn Store) {
    let (_, first) = write(store, "SPY", &rows(10..20)).await;
    let mut again = rows(5..25);
    again[7].bar.volume += 1.0;
    again[8].ma20 = Some(10.0);
    let (written, info) = write(store, "SPY", &again).await;
    assert_eq!(written, Written { new: 10, same: 9, changed: 1 });
    assert_eq!(info.bars, 20);
    assert!(info.version > first.version);
    assert_eq!((info.first_ts, info.last_ts), (Some(5 * MINUTE), Some(24 * MINUTE)));
    assert_eq!(held(store, "SPY").await, again);

    let mut writer = store.write_bars(&key("SPY")).await.unwrap();
    assert_eq!(writer.held(), Some(&info));
    let mut derived = again[3];
    derived.ath = Some(99.0);
    assert_eq!(writer.append(&[derived]).await.unwrap().same, 1);
    let after = writer.commit(&covered(&[derived]), &[]).await.unwrap();
    assert_eq!(after.bars, 20);
    assert!(after.version > info.version);
}

async fn a_partial_bar_is_held_but_not_loaded_and_the_final_one_replaces_it(store: &dyn Store) {
    let mut all = rows(0..3);
    all[2].is_final = false;
    let (_, info) = write(store, "SPY", &all).await;
    assert_eq!(info.bars, 3);
    assert_eq!(store.load_bars(info.id).await.unwrap().len(), 2);
    all[2].is_final = true;
    let (written, _) = write(store, "SPY", &all).await;
    assert_eq!(written, Written { new: 0, same: 2, changed: 1 });
    assert_eq!(store.load_bars(info.id).await.unwrap().len(), 3);
}

async fn rows_before_and_from_are_read_oldest_first(store: &dyn Store) {
    let all = rows(0..100);
    let (_, info) = write(store, "SPY", &all).await;
    let at = 50 * MINUTE;
    assert_eq!(store.rows_before(info.id, at, 7).await.unwrap(), all[43..50]);
    assert_eq!(store.rows_before(info.id, 2 * MINUTE, 7).await.unwrap(), all[..2]);
    assert_eq!(store.load_rows(info.id, at).await.unwrap(), all[50..]);
    let mut writer = store.write_bars(&key("SPY")).await.unwrap();
    let next = rows(100..102);
    writer.append(&next).await.unwrap();
    assert_eq!(writer.rows_before(i64::MAX, 3).await.unwrap(), rows(99..102));
    assert_eq!(writer.rows_from(98 * MINUTE, 3).await.unwrap(), rows(98..101));
    assert_eq!(store.load_rows(info.id, 98 * MINUTE).await.unwrap(), all[98..]);
}

async fn impossible_and_unordered_rows_are_refused(store: &dyn Store) {
    let mut nan = row(1, 10.0);
    nan.bar.close = f64::NAN;
    let mut upside_down = row(1, 10.0);
    upside_down.bar.high = 1.0;
    let mut infinite = row(1, 10.0);
    infinite.ma20 = Some(f64::INFINITY);
    let twice = [row(1, 10.0), row(1, 10.0)];
    for bad in [&[nan][..], &[upside_down], &[infinite], &twice] {
        let mut writer = store.write_bars(&key("SPY")).await.unwrap();
        assert!(writer.append(bad).await.is_err());
    }
    assert_eq!(store.series_list().await.unwrap(), []);
}

async fn coverage_and_rejects_are_kept_once(store: &dyn Store) {
    let all = rows(0..3);
    let rejects = [
        Reject { line: 7, reason: "high < low".to_owned(), raw: "x,1,0".to_owned() },
        Reject { line: 3, reason: "NaN".to_owned(), raw: "a\0b".repeat(500) },
    ];
    let mut asked = covered(&all);
    let mut id = 0;
    for rejected in [1, 2, 2] {
        asked.rejected = rejected;
        let mut writer = store.write_bars(&key("SPY")).await.unwrap();
        writer.append(&all).await.unwrap();
        id = writer.commit(&asked, &rejects).await.unwrap().id;
    }
    asked.asked = 3;
    assert_eq!(store.coverage(id).await.unwrap(), [asked], "how often it was asked for adds up");
    let kept = store.rejects(id).await.unwrap();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[1], rejects[0]);
    assert_eq!((kept[0].line, kept[0].raw.chars().count()), (3, 200));
}

async fn two_series_do_not_mix(store: &dyn Store) {
    write(store, "SPY", &rows(0..10)).await;
    write(store, "AAPL", &rows(5..8)).await;
    let mut daily = key("SPY");
    daily.resolution = Resolution::Day1;
    let mut writer = store.write_bars(&daily).await.unwrap();
    writer.append(&rows(0..1)).await.unwrap();
    writer.commit(&covered(&rows(0..1)), &[]).await.unwrap();
    let list = store.series_list().await.unwrap();
    let names: Vec<_> = list.iter().map(|s| (s.symbol.as_str(), s.resolution.as_str())).collect();
    assert_eq!(names, [("AAPL", "1m"), ("SPY", "1d"), ("SPY", "1m")]);
    assert_eq!(held(store, "SPY").await, rows(0..10));
    assert_eq!(held(store, "AAPL").await, rows(5..8));
}

async fn a_second_writer_waits_and_sees_what_the_first_one_wrote(store: &dyn Store) {
    let first = async {
        let mut writer = store.write_bars(&key("SPY")).await.unwrap();
        writer.append(&rows(0..300)).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        writer.commit(&covered(&rows(0..300)), &[]).await.unwrap();
    };
    let second = async {
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        let mut writer = store.write_bars(&key("SPY")).await.unwrap();
        let bars = writer.held().map(|series| series.bars);
        let written = writer.append(&rows(0..301)).await.unwrap();
        writer.commit(&covered(&rows(0..301)), &[]).await.unwrap();
        (bars, written)
    };
    let ((), seen) = both(first, second).await;
    assert_eq!(seen, (Some(300), Written { new: 1, same: 300, changed: 0 }));
    assert_eq!(held(store, "SPY").await, rows(0..301));
}

async fn a_cleared_series_holds_what_was_written_after_and_its_past_is_on_record(
    store: &dyn Store,
) {
    let (_, before) = write(store, "SPY", &rows(0..50)).await;
    let revision = Revision {
        epoch: 0,
        at: 5,
        kind: "restated".to_owned(),
        factor: Some(0.5),
        detail: "as after a split".to_owned(),
    };
    let mut writer = store.write_bars(&key("SPY")).await.unwrap();
    writer.clear().await.unwrap();
    assert_eq!(writer.held(), None);
    writer.revise(&revision).await.unwrap();
    writer.append(&rows(10..20)).await.unwrap();
    // Until then everybody sees the old rows.
    assert_eq!(held(store, "SPY").await.len(), 50);
    let info = writer.commit(&covered(&rows(10..20)), &[]).await.unwrap();
    assert_eq!(held(store, "SPY").await, rows(10..20));
    assert_eq!((info.bars, info.epoch, info.id), (10, 1, before.id));
    assert!(info.version > before.version);
    assert_eq!(store.coverage(info.id).await.unwrap().len(), 1);
    assert_eq!(store.revisions(info.id).await.unwrap(), [Revision { epoch: 1, ..revision }]);
    // Given up, a clearing has never been.
    let mut writer = store.write_bars(&key("SPY")).await.unwrap();
    writer.clear().await.unwrap();
    drop(writer);
    assert_eq!(held(store, "SPY").await, rows(10..20));
}

async fn a_higher_mark_is_carried_to_every_later_row(store: &dyn Store) {
    let mut partial = row(5, 10.0);
    (partial.is_final, partial.ath) = (false, None);
    let mut all = rows(0..5);
    all[4].ath = Some(99.0);
    all.push(partial);
    write(store, "SPY", &all).await;
    let mut writer = store.write_bars(&key("SPY")).await.unwrap();
    assert_eq!(writer.raise_ath(all[1].bar.ts, 50.0).await.unwrap(), 2);
    writer.end().await.unwrap();
    let aths: Vec<_> = held(store, "SPY").await.iter().map(|row| row.ath).collect();
    let first = [all[0].ath, all[1].ath];
    assert_eq!(aths, [first[0], first[1], Some(50.0), Some(50.0), Some(99.0), None]);
}

fn bare(rows: &[BarRow]) -> Vec<BarRow> {
    rows.iter().map(|row| BarRow { ma20: None, ma50: None, ath: None, ..*row }).collect()
}

async fn bars_put_aside_are_seen_by_nobody_until_they_take_the_place_of_the_others(
    store: &dyn Store,
) {
    let (old, new) = (rows(0..10), bare(&rows(5..9_005)));
    let (_, info) = write(store, "SPY", &old).await;
    let stage = store.begin_stage(info.id).await.unwrap();
    // The newest first, and some of them twice.
    store.stage(stage, &new[4_000..]).await.unwrap();
    store.stage(stage, &new[..4_007]).await.unwrap();
    store.stage(stage, &[]).await.unwrap();
    assert_eq!(store.series("SPY", Resolution::Min1).await.unwrap(), Some(info.clone()));
    assert_eq!(held(store, "SPY").await, old);
    assert_eq!(store.staged(stage, i64::MIN, usize::MAX).await.unwrap(), new);
    assert_eq!(store.staged(stage, new[7].bar.ts, 2).await.unwrap(), new[7..9]);

    let mut writer = store.write_bars(&key("SPY")).await.unwrap();
    writer.hold_stage(stage).await.unwrap();
    writer.clear().await.unwrap();
    writer.append(&store.staged(stage, i64::MIN, 5_000).await.unwrap()).await.unwrap();
    writer.append(&store.staged(stage, new[5_000].bar.ts, 5_000).await.unwrap()).await.unwrap();
    assert_eq!(held(store, "SPY").await, old, "before the commit");
    writer.commit(&covered(&new), &[]).await.unwrap();
    assert_eq!(held(store, "SPY").await, new);
    assert_eq!(store.staged(stage, i64::MIN, 1).await.unwrap(), [], "it is done with");
}

async fn a_stage_is_over_once_another_one_has_begun_or_the_series_has_changed(store: &dyn Store) {
    let all = rows(0..30);
    let (_, info) = write(store, "SPY", &all[..10]).await;
    let (_, other) = write(store, "QQQ", &all[..10]).await;
    let first = store.begin_stage(info.id).await.unwrap();
    let beside = store.begin_stage(other.id).await.unwrap();
    store.stage(first, &all[..20]).await.unwrap();
    store.stage(beside, &all[..20]).await.unwrap();
    // The same bars again are no change.
    write(store, "SPY", &all[..10]).await;
    assert_eq!(store.staged(first, 0, 99).await.unwrap().len(), 20);
    let second = store.begin_stage(info.id).await.unwrap();
    assert_eq!(store.staged(second, 0, 99).await.unwrap(), []);
    let refused = store.stage(first, &all).await.unwrap_err();
    assert!(matches!(refused, StoreError::Busy { .. }), "{refused}");
    let mut writer = store.write_bars(&key("SPY")).await.unwrap();
    assert!(matches!(writer.hold_stage(first).await, Err(StoreError::Busy { .. })));
    drop(writer);
    store.stage(second, &all).await.unwrap();
    write(store, "SPY", &all[10..12]).await;
    assert_eq!(store.staged(second, 0, 99).await.unwrap(), []);
    assert_eq!(store.staged(beside, 0, 99).await.unwrap(), all[..20]);
}
