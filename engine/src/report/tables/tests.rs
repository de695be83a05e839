//! What is written is what the format's own reader finds, type by type.

use engine_core::{ledger::Trade, metrics::SessionEquity, order::FillRecord};
use jiff::civil::date;
use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::Field,
};
use strategy_api::Columns;

use super::*;
use crate::report::{Lists, Report, listing::Kind};

/// Writes tables into one file and reads it back: names and values of each row.
fn through(tables: &[Table<'_>]) -> Vec<Vec<(String, Field)>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    let mut out = TableWriter::new(std::fs::File::create(&path).unwrap());
    tables.iter().for_each(|table| out.write(table).unwrap());
    out.finish().unwrap();
    let reader = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| row.unwrap().into_columns()).collect()
}

fn values(row: &[(String, Field)]) -> Vec<Field> {
    row.iter().map(|(_, field)| field.clone()).collect()
}

fn text(text: &str) -> Field {
    Field::Str(text.to_owned())
}

#[test]
fn every_type_comes_back_with_its_nulls() {
    let table = Table::default()
        .with("number", Column::Numbers(vec![Some(0.1 + 0.2), None]))
        .with("whole", Column::Integers(vec![Some(i64::MAX), None]))
        .with("truth", Column::Flags(vec![None, Some(true)]))
        .with("day", Column::Days(vec![Some(-1), None]))
        .with("text", Column::Texts(vec![Some("caf\u{e9} \"a\",\n".into()), None]));
    let rows = through(&[table]);
    let first = [
        Field::Double(0.1 + 0.2),
        Field::Long(i64::MAX),
        Field::Null,
        Field::Date(-1),
        text("caf\u{e9} \"a\",\n"),
    ];
    assert_eq!(values(&rows[0]), first);
    let second = [Field::Null, Field::Null, Field::Bool(true), Field::Null, Field::Null];
    assert_eq!(values(&rows[1]), second);
}

#[test]
fn tables_without_rows_have_columns_and_other_columns_are_refused() {
    let empty = Table::default().with("a", Column::Numbers(Vec::new()));
    assert!(through(std::slice::from_ref(&empty)).is_empty());
    let mut file = TableWriter::new(Vec::new());
    file.write(&empty).unwrap();
    let two = Table::default()
        .with("a", Column::Numbers(vec![None]))
        .with("b", Column::Numbers(vec![None]));
    assert!(file.write(&two).unwrap_err().to_string().contains("other columns"));
    assert!(TableWriter::new(Vec::new()).finish().is_err());
}

#[test]
fn bars_of_two_symbols_stand_one_after_the_other_to_the_nanosecond() {
    let (ts, one) = ([1_700_000_000_000_000_001], [1.5]);
    let of = |volume: &'static [f64]| Columns {
        ts: &ts,
        open: &one,
        high: &one,
        low: &one,
        close: &one,
        volume,
    };
    let rows = through(&[bars("A", &of(&[9.0])), bars("B", &of(&[f64::NAN]))]);
    assert_eq!((&rows[0][0].1, &rows[1][0].1), (&text("A"), &text("B")));
    assert_eq!((&rows[0][6].1, &rows[1][6].1), (&Field::Double(9.0), &Field::Null));
    assert_eq!(rows[0][1].0, "time");
    assert_eq!(rows[0][1].1, Field::Long(ts[0]));
}

#[test]
fn lists_have_the_keys_of_the_csv_files_and_returns_begin_at_the_initial_capital() {
    let report =
        Report { symbols: vec!["A".to_owned()], resolution: "1d".to_owned(), ..Report::default() };
    let curve = |equity: &[f64]| SessionEquity {
        initial: 100.0,
        days: vec![date(1970, 1, 1), date(1970, 1, 3)],
        equity: equity.to_vec(),
    };
    let lists = Lists {
        orders: Vec::new().into(),
        fills: vec![FillRecord {
            order: 1,
            instrument: 0,
            ts: 7,
            quantity: 2.0,
            price: 3.0,
            reference: 3.5,
            commission: 1.0,
        }]
        .into(),
        trades: Vec::<Trade>::new().into(),
        equity: Cow::Owned(curve(&[110.0, 99.0])),
        benchmark: Some(Cow::Owned(curve(&[100.0, 150.0]))),
        log: Vec::new().into(),
    };
    for kind in [Kind::Orders, Kind::Fills, Kind::Trades, Kind::Log] {
        let table = list(kind, &report, &lists);
        let names: Vec<&str> = table.columns().iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, kind.keys(), "{kind:?}");
    }
    let fill = &through(&[list(Kind::Fills, &report, &lists)])[0];
    assert_eq!(fill[2].1, Field::Long(7));
    let near = |field: &Field, wanted: f64| match field {
        Field::Double(found) => (found - wanted).abs() < 1e-12,
        _ => false,
    };
    let rows = through(&[returns(&lists)]);
    assert!(near(&rows[0][1].1, 0.1) && near(&rows[1][1].1, -0.1), "{rows:?}");
    assert!(near(&rows[0][2].1, 0.0) && near(&rows[1][2].1, 0.5), "{rows:?}");
    assert_eq!(rows[1][0].1, Field::Date(2));
    let rows = through(&[list(Kind::Equity, &report, &lists)]);
    assert!(near(&rows[0][2].1, 0.0) && near(&rows[1][2].1, -0.1), "{rows:?}");
}
