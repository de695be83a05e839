//! What every database promises about events, runs and itself.

use algo_trader::store::{
    BarRow, OpenMode, RunRecord, Store, StoreError, SweepRecord, TrialBatch, TrialRow, TrialState,
    open,
};
use engine_core::{
    event::{Event, EventKind},
    sweep::TrialFigures,
};
use sqlx::{ConnectOptions, Connection, PgConnection, sqlite::SqliteConnectOptions};

use crate::support::{
    block_on,
    postgres::shared,
    store::{MIGRATIONS, claims, key, make_file, rows, write},
};

claims!(
    events_are_replaced_by_their_key_and_ordered_by_when_they_became_known,
    runs_are_found_by_prefix_and_listed_newest_first,
    strange_symbols_are_kept_as_given,
    the_probe_leaves_nothing_behind,
    the_status_counts_rows_and_names_migrations,
    trials_are_kept_in_order_and_only_where_their_sweep_stands,
    many_trials_are_read_page_by_page,
);

fn event(symbol: Option<&str>, kind: EventKind, ts: i64, known_at: i64, value: f64) -> Event {
    Event {
        symbol: symbol.map(str::to_owned),
        kind,
        ts,
        known_at,
        value,
        source: "events.csv".to_owned(),
    }
}

async fn events_are_replaced_by_their_key_and_ordered_by_when_they_became_known(store: &dyn Store) {
    let signal = EventKind::Signal("mood".to_owned());
    let split = event(Some("SPY"), EventKind::Split, 50, 40, 2.0);
    let late = event(Some("SPY"), signal.clone(), 10, 90, -0.25);
    let market = event(None, signal.clone(), 10, 20, 0.5);
    let other = event(Some("AAPL"), EventKind::Dividend, 1, 1, 0.1);
    let all = [late.clone(), split.clone(), market.clone(), other];
    assert_eq!(store.write_events(&all).await.unwrap(), 4);
    assert_eq!(store.write_events(&all).await.unwrap(), 0);
    assert_eq!(store.events("SPY").await.unwrap(), [market.clone(), split.clone(), late.clone()]);
    let corrected = Event { value: 0.75, source: "better.csv".to_owned(), ..market };
    assert_eq!(store.write_events(std::slice::from_ref(&corrected)).await.unwrap(), 0);
    assert_eq!(store.events("SPY").await.unwrap(), [corrected, split, late]);
    let nan = event(Some("SPY"), EventKind::Dividend, 1, 1, f64::NAN);
    let good = event(Some("SPY"), EventKind::Dividend, 2, 2, 1.0);
    assert!(store.write_events(&[good, nan]).await.is_err());
    assert_eq!(store.events("SPY").await.unwrap().len(), 3);
}

fn sweep_record(positions: i64) -> SweepRecord {
    SweepRecord {
        id: "5eed".to_owned(),
        created_at: 1,
        strategy: "ma_cross".to_owned(),
        symbols: "SPY".to_owned(),
        resolution: "1d".to_owned(),
        data_digest: "d".to_owned(),
        plugin_sha256: String::new(),
        engine_version: "0.1.0".to_owned(),
        config: "{}".to_owned(),
        positions,
    }
}

fn trial(position: i64) -> TrialRow {
    let figures = TrialFigures {
        sharpe: (position % 3 != 0).then_some(position as f64 / 7.0),
        max_drawdown: Some(-0.0),
        trades: position as u64 % 11,
        ..TrialFigures::default()
    };
    match position % 5 {
        4 => TrialRow {
            position,
            state: TrialState::Refused,
            reason: Some(format!("größer als {position}")),
            figures: TrialFigures::default(),
        },
        _ => TrialRow { position, state: TrialState::Done, reason: None, figures },
    }
}

async fn trials_are_kept_in_order_and_only_where_their_sweep_stands(store: &dyn Store) {
    let sweep = store.begin_sweep(&sweep_record(1_000)).await.unwrap();
    assert_eq!((sweep.reached, sweep.trials), (0, 0));
    let every: Vec<_> = (0..100).map(trial).collect();
    let last = [trial(300)];
    let batch = |first, end, rows| TrialBatch { sweep: sweep.number, first, end, rows };
    store.save_trials(&batch(0, 100, &every)).await.unwrap();
    // A constraint leaves positions out; some blocks hold no trial at all.
    let some: Vec<_> = [130, 131, 160].into_iter().map(trial).collect();
    store.save_trials(&batch(100, 200, &some)).await.unwrap();
    store.save_trials(&batch(200, 300, &[])).await.unwrap();
    store.save_trials(&batch(300, 301, &last)).await.unwrap();
    let twice = store.save_trials(&batch(200, 300, &some)).await;
    assert!(matches!(twice, Err(StoreError::Busy { .. })), "{twice:?}");
    let now = store.begin_sweep(&sweep_record(1_000)).await.unwrap();
    assert_eq!((now.reached, now.trials), (301, 104));
    // Every fifth was refused: the strategy never saw a bar.
    let refused =
        every.iter().chain(&some).chain(&last).filter(|row| row.position % 5 == 4).count();
    assert_eq!(refused, 20);
    assert_eq!(store.trials_on("d").await.unwrap(), 84);
    let all = [&every[..], &some, &last].concat();
    assert_eq!(store.trials(sweep.number, 0, 1_000).await.unwrap(), all);
    assert_eq!(store.trials(sweep.number, 98, 4).await.unwrap(), all[98..102]);
    assert_eq!(store.trials(sweep.number, 132, 9).await.unwrap(), all[102..]);
    assert_eq!(store.trials(sweep.number, 301, 9).await.unwrap(), []);
}

async fn many_trials_are_read_page_by_page(store: &dyn Store) {
    let sweep = store.begin_sweep(&sweep_record(50_000)).await.unwrap();
    for first in (0..50_000).step_by(12_500) {
        let rows: Vec<_> = (first..first + 12_500).map(trial).collect();
        let batch = TrialBatch { sweep: sweep.number, first, end: first + 12_500, rows: &rows };
        store.save_trials(&batch).await.unwrap();
    }
    let mut next = 0;
    while next < 50_000 {
        let page = store.trials(sweep.number, next, 9_999).await.unwrap();
        assert!(page.iter().zip(next..).all(|(row, at)| *row == trial(at)));
        next += page.len() as i64;
    }
}

fn run_record(id: &str, created_at: i64) -> RunRecord {
    RunRecord {
        id: id.to_owned(),
        created_at,
        strategy: "ma_cross".to_owned(),
        symbols: "SPY".to_owned(),
        resolution: "1d".to_owned(),
        data_digest: "d".to_owned(),
        plugin_sha256: String::new(),
        engine_version: "0.1.0".to_owned(),
        config: "{}".to_owned(),
        result: "{\"total_return\":0.1}".to_owned(),
        columns: vec![("equity".to_owned(), vec![0, 1, 255]), ("fills".to_owned(), Vec::new())],
    }
}

async fn runs_are_found_by_prefix_and_listed_newest_first(store: &dyn Store) {
    let one = run_record("ab12", 1);
    let two = run_record("ab34", 2);
    store.save_run(&one).await.unwrap();
    store.save_run(&two).await.unwrap();
    store.save_run(&run_record("ab", 0)).await.unwrap();
    assert_eq!(store.run("ab1").await.unwrap(), std::slice::from_ref(&one));
    assert_eq!(store.run("ab").await.unwrap().len(), 2);
    assert_eq!(store.run("b").await.unwrap(), []);
    assert_eq!(store.run("a%").await.unwrap(), []);
    let again = RunRecord { created_at: 3, columns: vec![("x".to_owned(), vec![9])], ..one };
    store.save_run(&again).await.unwrap();
    assert_eq!(store.run("ab12").await.unwrap(), std::slice::from_ref(&again));
    // Without columns those that are there stay.
    let touched = RunRecord { created_at: 4, columns: Vec::new(), ..again.clone() };
    store.save_run(&touched).await.unwrap();
    let expected = RunRecord { created_at: 4, ..again };
    assert_eq!(store.run("ab12").await.unwrap(), [expected]);
    let kept = store.kept_run("ab12").await.unwrap().unwrap();
    assert_eq!(
        (kept.result.as_str(), &kept.kinds[..]),
        ("{\"total_return\":0.1}", &["x".to_owned()][..])
    );
    assert_eq!(store.kept_run("ab1").await.unwrap(), None, "a prefix is no id");
    let ids: Vec<_> = store.runs(2).await.unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(ids, ["ab12", "ab34"]);
}

async fn strange_symbols_are_kept_as_given(store: &dyn Store) {
    let long = "X".repeat(300);
    let symbols = [
        "'; DROP TABLE bars; --",
        "../../etc/passwd",
        "<script>",
        "BRK B",
        "RDS/A",
        &long,
        "a%_",
        "Ünï",
        "🚀",
    ];
    for symbol in symbols {
        write(store, symbol, &rows(0..2)).await;
    }
    let list: Vec<_> =
        store.series_list().await.unwrap().into_iter().map(|series| series.symbol).collect();
    let mut sorted = symbols.to_vec();
    sorted.sort_unstable();
    assert_eq!(list, sorted);
    for bad in ["", "a\0b"] {
        assert!(store.write_bars(&key(bad)).await.is_err(), "{bad:?}");
    }
}

async fn the_probe_leaves_nothing_behind(store: &dyn Store) {
    store.probe().await.unwrap();
    let status = store.status().await.unwrap();
    assert!(status.rows.iter().all(|(_, rows)| *rows == 0), "{status:?}");
}

async fn the_status_counts_rows_and_names_migrations(store: &dyn Store) {
    write(store, "SPY", &rows(0..10)).await;
    let status = store.status().await.unwrap();
    let bars = status.rows.iter().find(|(table, _)| table == "bars").unwrap();
    assert_eq!(bars.1, 10);
    assert_eq!(status.applied, MIGRATIONS);
    assert_eq!(status.pending, [] as [&str; 0]);
    assert!(status.size_bytes > 0);
}

/// What a person sees who asks by hand for a symbol.
const BY_HAND: &str = "SELECT p.symbol, p.resolution, p.close, i.ath FROM market_prices p \
     JOIN indicators i ON i.symbol = p.symbol AND i.resolution = p.resolution AND i.ts = p.ts \
     WHERE p.symbol = 'SPY' ORDER BY p.ts";

type ByHand = Vec<(String, String, f64, Option<f64>)>;

fn by_hand(rows: &[BarRow]) -> ByHand {
    rows.iter().map(|row| ("SPY".to_owned(), "1m".to_owned(), row.bar.close, row.ath)).collect()
}

#[test]
fn people_find_prices_and_indicators_by_symbol_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.db");
    make_file(&file, 5);
    let found: ByHand = block_on(async {
        let options = SqliteConnectOptions::new().filename(&file);
        sqlx::query_as(BY_HAND).fetch_all(&mut options.connect().await.unwrap()).await.unwrap()
    });
    assert_eq!(found, by_hand(&rows(0..5)));
}

#[test]
fn people_find_prices_and_indicators_by_symbol_in_postgres() {
    let url = shared().database();
    let found: ByHand = block_on(async {
        let store = open(&url, OpenMode::ReadWrite).await.unwrap();
        write(store.as_ref(), "SPY", &rows(0..5)).await;
        store.close().await;
        let mut db = PgConnection::connect(&url).await.unwrap();
        sqlx::query_as(BY_HAND).fetch_all(&mut db).await.unwrap()
    });
    assert_eq!(found, by_hand(&rows(0..5)));
}
