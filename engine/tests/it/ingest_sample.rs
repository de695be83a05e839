//! The bundled sample, and its indicators against pandas and against exact arithmetic.

use algo_trader::{
    ingest::{CsvIngest, Unwatched, csv::Source, ingest_csv, sample},
    store::{BarRow, Store},
};
use strategy_api::Resolution;

use crate::support::{
    block_on,
    ingest::{NOW, Place, at, day},
    store::claims,
};

/// Made by scripts/fixtures/derive.py.
const DERIVED: &str = include_str!("../fixtures/ingest/spy_derived.csv");

fn load(place: &Place, symbol: &str) -> Vec<BarRow> {
    block_on(async {
        let store = place.store().await;
        let loaded = sample::load_if_held(&*store, symbol, Resolution::Day1, at(NOW)).await;
        let report = loaded.unwrap().unwrap();
        assert_eq!((report.new, report.rejected, report.duplicates), (3175, 0, 0));
        assert_eq!(report.gaps.missing, 0, "no NYSE session is missing");
        assert_eq!((report.first_ts, report.last_ts), (day("2000-02-01"), day("2012-09-12")));
        store.close().await;
    });
    place.rows(symbol, Resolution::Day1)
}

#[test]
fn every_symbol_of_the_sample_loads_whole_and_without_a_gap() {
    let place = Place::new();
    for sample in &sample::SAMPLES {
        assert_eq!(load(&place, sample.symbol).len(), 3175);
    }
    let missing = block_on(async {
        let store = place.store().await;
        sample::load_if_held(&*store, "IBM", Resolution::Day1, at(NOW)).await.unwrap()
    });
    assert_eq!(missing, None);
    assert!(sample::find("SPY", Resolution::Min1).is_none());
}

claims!(the_rows_are_exact_in_every_database_also_after_a_back_fill);

async fn the_rows_are_exact_in_every_database_also_after_a_back_fill(store: &dyn Store) {
    let spy = sample::find("SPY", Resolution::Day1).unwrap();
    let text = std::str::from_utf8(spy.csv()).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let later: Vec<&str> = rows.lines().skip(1000).collect();
    let place = Place::new();
    let path = place.file("later.csv", format!("{header}\n{}\n", later.join("\n")));
    let request = CsvIngest::new(Source::File(path), "SPY", Resolution::Day1, at(NOW));
    let report = ingest_csv(store, &request, &mut Unwatched).await.unwrap();
    assert_eq!(report.new, 2175);
    let report = spy.load(store, at(NOW)).await.unwrap();
    assert_eq!((report.new, report.same, report.changed), (1000, 2175, 0));
    assert!(report.recomputed >= 49, "the first averages of the later rows were missing");
    let info = store.series("SPY", Resolution::Day1).await.unwrap().unwrap();
    are_exact(&store.load_rows(info.id, i64::MIN).await.unwrap());
}

#[test]
fn ma20_ma50_and_ath_agree_with_pandas_and_are_exact() {
    are_exact(&load(&Place::new(), "SPY"));
}

fn are_exact(rows: &[BarRow]) {
    let mut checked = 0;
    for line in DERIVED.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let value = |cell: &str| cell.parse::<f64>().ok();
        let row = &rows[cells[0].parse::<usize>().unwrap()];
        assert_eq!(row.bar.ts, day(cells[1]));
        assert_eq!(
            (row.ma20, row.ma50, row.ath),
            (value(cells[4]), value(cells[5]), value(cells[6]))
        );
        for (ours, pandas) in [(row.ma20, value(cells[2])), (row.ma50, value(cells[3]))] {
            let (Some(ours), Some(pandas)) = (ours, pandas) else { continue };
            assert!((ours - pandas).abs() <= 1e-9, "{line}: {ours}");
            checked += 1;
        }
    }
    assert!(checked > 200);
}

#[test]
fn a_file_in_two_halves_gives_the_rows_of_the_whole_to_the_last_bit() {
    let whole = load(&Place::new(), "SPY");
    let text = std::str::from_utf8(sample::find("SPY", Resolution::Day1).unwrap().csv()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let (header, rows) = lines.split_first().unwrap();
    for (cut, last_first) in [(1, false), (33, true), (2000, false), (2000, true)] {
        let place = Place::new();
        let mut halves = [&rows[..cut], &rows[cut..]];
        if last_first {
            halves.reverse();
        }
        for half in halves {
            let path = place.file("half.csv", format!("{header}\n{}\n", half.join("\n")));
            let source = Source::File(path);
            let request = CsvIngest::new(source, "SPY", Resolution::Day1, at(NOW));
            place.ingest(&request).unwrap();
        }
        assert_eq!(place.rows("SPY", Resolution::Day1), whole);
    }
}

#[test]
fn the_splits_of_the_sample_leave_no_jump() {
    // Largest move from close to close around each split, from the source: below 15 %.
    let place = Place::new();
    for (symbol, split) in [("AAPL", "2000-06-21"), ("AAPL", "2005-02-28"), ("MSFT", "2003-02-18")]
    {
        let rows = if place.rows(symbol, Resolution::Day1).is_empty() {
            load(&place, symbol)
        } else {
            place.rows(symbol, Resolution::Day1)
        };
        let at = rows.iter().position(|row| row.bar.ts == day(split)).unwrap();
        let ratio = rows[at].bar.close / rows[at - 1].bar.close;
        assert!((ratio - 1.0).abs() < 0.15, "{symbol} {split}: {ratio}");
    }
}
