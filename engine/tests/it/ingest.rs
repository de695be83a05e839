//! Files into an SQLite database: what is kept, what is refused, and that nothing is half-done.

use algo_trader::{
    error::Failure,
    ingest::{CsvIngest, IngestError, Prices, Progress, csv::Source, ingest_csv, sample},
    store::Reject,
};
use engine_core::calendar::{Calendar, Gap};
use strategy_api::Resolution;

use crate::support::{
    block_on,
    ingest::{Place, at, day, new_york, table},
};

const GOOD: [&str; 3] =
    ["2024-05-28,10,12,9,11,100", "2024-05-29,11,13,10,12,100", "2024-05-30,12,14,11,13,100"];

#[test]
fn the_same_file_again_changes_nothing() {
    let place = Place::new();
    let request = place.daily(&table(&GOOD));
    let first = place.ingest(&request).unwrap();
    assert_eq!((first.rows, first.new, first.same, first.changed), (3, 3, 0, 0));
    assert_eq!((first.rejected, first.duplicates, first.partial, first.gaps.missing), (0, 0, 0, 0));
    assert_eq!((first.first_ts, first.last_ts), (day("2024-05-28"), day("2024-05-30")));
    assert_eq!(first.indicators.unwrap().ath, Some(14.0));
    let rows = place.rows("SPY", Resolution::Day1);
    let again = place.ingest(&request).unwrap();
    assert_eq!((again.new, again.same, again.changed, again.recomputed), (0, 3, 0, 0));
    assert_eq!(again.version, first.version);
    assert_eq!(place.rows("SPY", Resolution::Day1), rows);
}

#[test]
fn a_corrected_bar_and_those_after_it_are_updated() {
    let place = Place::new();
    place.ingest(&place.daily(&table(&GOOD))).unwrap();
    let report = place.ingest(&place.daily(&table(&["2024-05-29,11,99,10,12,100"]))).unwrap();
    assert_eq!((report.new, report.changed, report.recomputed), (0, 1, 1));
    let aths: Vec<_> = place.rows("SPY", Resolution::Day1).iter().map(|row| row.ath).collect();
    assert_eq!(aths, [Some(12.0), Some(99.0), Some(99.0)]);
}

#[test]
fn rows_backwards_or_shuffled_give_the_same_bars() {
    let rows = |order: [usize; 3]| {
        let place = Place::new();
        let report = place.ingest(&place.daily(&table(&order.map(|row| GOOD[row])))).unwrap();
        assert_eq!(report.new, 3);
        place.rows("SPY", Resolution::Day1)
    };
    let sorted = rows([0, 1, 2]);
    for order in [[2, 1, 0], [1, 2, 0], [0, 2, 1]] {
        assert_eq!(rows(order), sorted);
    }
}

#[test]
fn more_rows_out_of_order_than_fit_in_memory_are_refused_with_a_way_out() {
    let place = Place::new();
    let shuffled = table(&[GOOD[0], GOOD[2], GOOD[1]]);
    let request = CsvIngest { sort_limit: 2, ..place.daily(&shuffled) };
    let failure = Failure::from(place.ingest(&request).unwrap_err());
    assert!(
        failure.message.ends_with(
            "prices.csv: line 4 is out of order and more than 2 rows are not sorted here"
        )
    );
    assert!(failure.help.unwrap().starts_with("sort it first: (head -n 1 "));
    // In rising order there is no limit.
    let request = CsvIngest { sort_limit: 2, ..place.daily(&table(&GOOD)) };
    assert_eq!(place.ingest(&request).unwrap().new, 3);
}

#[test]
fn a_repeated_row_counts_once_and_a_disputed_time_not_at_all() {
    let place = Place::new();
    let text = table(&[
        GOOD[0],
        GOOD[0],
        "2024-05-29,11,13,10,12,100",
        "2024-05-29,11,13,10,12.5,100",
        GOOD[2],
    ]);
    let report = place.ingest(&place.daily(&text)).unwrap();
    assert_eq!((report.rows, report.new, report.duplicates, report.rejected), (5, 2, 1, 2));
    let lines: Vec<_> = report.rejects.iter().map(|r| (r.line, r.reason.as_str())).collect();
    assert_eq!(
        lines,
        [
            (4, "line 5 has the same time with other values"),
            (5, "line 4 has the same time with other values")
        ]
    );
    assert_eq!((report.gaps.missing, report.gaps.runs), (1, 1));
}

#[test]
fn bad_rows_are_listed_with_line_and_reason_and_kept_in_the_database() {
    let place = Place::new();
    let text = table(&[
        GOOD[0],
        "2024-05-29,11,10,12,12,100",
        "2024-05-30,0,14,0,13,100",
        "2024-05-31,12,14,11,13,-1",
        "2024-06-01,12,14,11,13,100",
        "2024-05-27,12,14,11,13,100",
        "2024-06-04,12,14,11,13,100",
        "2024-05-31,12,14,11,n/a,100",
        "garbage",
    ]);
    let report = place.ingest(&place.daily(&text)).unwrap();
    let expected = [
        (3, "low is above open, close or high"),
        (4, "a price is not above zero"),
        (5, "volume is negative or not finite"),
        (6, "no NYSE session on 2024-06-01 (Saturday)"),
        (7, "no NYSE session on 2024-05-27 (Memorial Day)"),
        (8, "lies in the future (it is 2024-06-03T16:00:00Z)"),
        (9, "column 5 (close) is empty"),
        (10, "1 cells instead of 6"),
    ];
    let lines: Vec<_> = report.rejects.iter().map(|r| (r.line, r.reason.as_str())).collect();
    assert_eq!(lines, expected);
    assert_eq!((report.new, report.rejected), (1, 8));
    let kept: Vec<Reject> = block_on(async {
        let store = place.store().await;
        let series = store.series("SPY", Resolution::Day1).await.unwrap().unwrap();
        let coverage = store.coverage(series.id).await.unwrap();
        assert_eq!((coverage.len(), coverage[0].bars, coverage[0].rejected), (1, 1, 8));
        assert_eq!(coverage[0].source, "csv:prices.csv");
        store.rejects(series.id).await.unwrap()
    });
    assert_eq!(kept, report.rejects);
    assert_eq!(kept[0].raw, "2024-05-29,11,10,12,12,100");
}

#[test]
fn strict_takes_nothing_when_a_row_is_bad() {
    let place = Place::new();
    let text = table(&[GOOD[0], "2024-06-01,12,14,11,13,100", GOOD[2]]);
    let request = CsvIngest { strict: true, ..place.daily(&text) };
    let failure = Failure::from(place.ingest(&request).unwrap_err());
    assert_eq!(failure.code as u8, 4);
    assert!(failure.message.ends_with(
        "prices.csv: 1 of 3 rows rejected; line 3: no NYSE session on 2024-06-01 (Saturday)"
    ));
    assert_eq!(place.rows("SPY", Resolution::Day1), []);
}

#[test]
fn a_file_without_one_valid_row_leaves_the_database_as_it_was() {
    let place = Place::new();
    let weekend = table(&["2024-06-01,12,14,11,13,100", "2024-06-02,12,14,11,13,100"]);
    let failure = Failure::from(place.ingest(&place.daily(&weekend)).unwrap_err());
    assert!(failure.message.contains("none of 2 rows is valid; line 2: no NYSE session"));
    assert_eq!(failure.help.as_deref(), Some("--calendar 24/7 for what trades every day"));
    let only_header = place.ingest(&place.daily(&table(&[])));
    assert!(matches!(only_header, Err(IngestError::HeaderOnly { .. })));
    let empty = place.ingest(&place.daily(""));
    assert!(matches!(empty, Err(IngestError::Empty { .. })));
    // An error far into the file undoes what was written before it.
    let mut late = String::from("timestamp;open;high;low;close;volume\n");
    for minute in 0..20_000 {
        late += &format!("{};1;1;1;1;1\n", 1_700_000_000 / 60 * 60 + minute * 60);
    }
    late += "1710000000;1,5;1;1;1;1\n";
    let request = CsvIngest {
        resolution: Resolution::Min1,
        calendar: Some(Calendar::AlwaysOpen),
        ..place.daily(&late)
    };
    let failure = Failure::from(place.ingest(&request).unwrap_err());
    assert!(failure.message.contains("line 20002, column 2 (open): '1,5' has a decimal comma"));
    block_on(async {
        assert_eq!(place.store().await.series_list().await.unwrap(), []);
    });
}

#[test]
fn the_bar_of_the_running_session_is_kept_but_not_final() {
    let place = Place::new();
    let text = table(&["2024-05-31,12,14,11,13,100", "2024-06-03,13,15,12,14,50"]);
    let report = place.ingest(&place.daily(&text)).unwrap();
    assert_eq!((report.new, report.partial, report.rejected), (2, 1, 0));
    let rows = place.rows("SPY", Resolution::Day1);
    assert_eq!((rows[1].is_final, rows[1].ath), (false, None));
    assert_eq!(report.indicators.unwrap().ts, day("2024-05-31"));
    // After the close of 16:00 in New York it is final.
    let request = CsvIngest { now: at("2024-06-03T20:00:00Z"), ..place.daily(&text) };
    let report = place.ingest(&request).unwrap();
    assert_eq!((report.same, report.changed, report.partial), (1, 1, 0));
    assert_eq!(place.rows("SPY", Resolution::Day1)[1].ath, Some(15.0));
}

#[test]
fn intraday_bars_lie_on_the_clock_of_the_exchange() {
    let place = Place::new();
    let text = table(&[
        "2024-05-31 09:30,1,1,1,1,1",
        "2024-05-31 10:00,1,1,1,1,1",
        "2024-05-31 11:30,1,1,1,1,1",
        "2024-05-31 12:00,1,1,1,1,1",
        "2024-05-31 18:00,1,1,1,1,1",
        "2024-06-01 10:00,1,1,1,1,1",
        "2024-06-03 12:00,1,1,1,1,1",
        "2024-06-03 13:00,1,1,1,1,1",
    ]);
    let request = CsvIngest {
        resolution: Resolution::Hour1,
        time_zone: Some("America/New_York".to_owned()),
        ..place.daily(&text)
    };
    let report = place.ingest(&request).unwrap();
    let lines: Vec<_> = report.rejects.iter().map(|r| r.line).collect();
    assert_eq!(lines, [4, 7, 9]);
    assert!(report.rejects[0].reason.contains("does not start a 1h bar"));
    assert_eq!(report.rejects[1].reason, "no NYSE session on 2024-06-01 (Saturday)");
    assert!(report.rejects[2].reason.starts_with("lies in the future"));
    assert_eq!((report.new, report.partial), (5, 1));
    let expected = ["2024-05-31T09:30", "2024-05-31T10:00", "2024-05-31T12:00"].map(new_york);
    let times: Vec<_> = place.rows("SPY", Resolution::Hour1).iter().map(|row| row.bar.ts).collect();
    assert_eq!(times[..3], expected);
    // Missing: 11:00 and 13:00 to 15:00 on Friday, 09:30 to 11:00 on Monday.
    assert_eq!((report.gaps.missing, report.gaps.runs), (7, 2));
    let gap = report.gaps.first[0];
    let eleven = new_york("2024-05-31T11:00");
    assert_eq!(gap, Gap { from_ts: eleven, to_ts: eleven, missing: 1 });
}

#[test]
fn weekly_bars_are_keyed_by_the_first_session_of_their_week() {
    let place = Place::new();
    // Monday 2024-05-27 was a holiday; sources date the bar by it, by a Friday or by a Sunday.
    for date in ["2024-05-27", "2024-05-31", "2024-06-02"] {
        let text = table(&[&format!("{date},12,14,11,13,100")]);
        let request = CsvIngest { resolution: Resolution::Week1, ..place.daily(&text) };
        place.ingest(&request).unwrap();
    }
    let rows = place.rows("SPY", Resolution::Week1);
    assert_eq!(rows.iter().map(|row| row.bar.ts).collect::<Vec<_>>(), [day("2024-05-28")]);
    assert!(rows[0].is_final);
}

#[test]
fn any_printable_symbol_is_kept_as_it_is_given() {
    let place = Place::new();
    let symbols = [
        "BRK B",
        "RDS/A",
        "../../etc/passwd",
        "🚀",
        "'; DROP TABLE bars; --",
        "<script>",
        "a\"b",
        "%s",
        "Ünïcode",
    ];
    let text = table(&GOOD);
    for symbol in symbols {
        let request = CsvIngest { symbol: symbol.to_owned(), ..place.daily(&text) };
        assert_eq!(place.ingest(&request).unwrap().symbol, symbol);
        assert_eq!(place.rows(symbol, Resolution::Day1).len(), 3);
    }
    for symbol in ["", "  ", "A\0B", "A\nB", "\u{1b}[31m", &"A".repeat(513)] {
        let request = CsvIngest { symbol: symbol.to_owned(), ..place.daily(&text) };
        let failure = Failure::from(place.ingest(&request).unwrap_err());
        assert!(!failure.to_string().contains(|c: char| c.is_control() && c != '\n'));
    }
    let held = block_on(async { place.store().await.series_list().await.unwrap() });
    assert_eq!(held.len(), symbols.len());
}

#[test]
fn a_calendar_belongs_to_the_instrument() {
    let place = Place::new();
    let weekend = table(&["2024-06-01,12,14,11,13,100", "2024-06-02,12,14,11,13,100"]);
    let request = CsvIngest { symbol: "BTCUSD".to_owned(), ..place.daily(&weekend) };
    let always = CsvIngest { calendar: Some(Calendar::AlwaysOpen), ..request.clone() };
    assert_eq!(place.ingest(&always).unwrap().new, 2);
    assert_eq!(place.ingest(&request).unwrap().same, 2);
    let nyse = CsvIngest { calendar: Some(Calendar::Nyse), ..request };
    let refused = place.ingest(&nyse).unwrap_err();
    assert_eq!(refused.to_string(), "BTCUSD is kept on the calendar 24/7, not NYSE");
}

#[test]
fn a_file_that_trades_on_every_weekend_is_not_cut_down_to_the_nyse() {
    let place = Place::new();
    let rows: Vec<String> = (1..=31)
        .flat_map(|day| [1, 3, 5].map(|month| format!("2024-{month:02}-{day:02},1,1,1,1,1")))
        .collect();
    let text = table(&rows.iter().map(String::as_str).collect::<Vec<_>>());
    let failure = Failure::from(place.ingest(&place.daily(&text)).unwrap_err());
    // 26 weekend days, New Year's, Martin Luther King's, Good Friday and Memorial Day.
    assert!(
        failure.message.ends_with("30 of 93 rows lie on days without a NYSE session"),
        "{failure}"
    );
    assert_eq!(failure.help.as_deref(), Some("--calendar 24/7 for what trades every day"));
    let request = CsvIngest { calendar: Some(Calendar::AlwaysOpen), ..place.daily(&text) };
    assert_eq!(place.ingest(&request).unwrap().new, 93);
}

#[test]
fn adjusted_prices_do_not_join_raw_ones() {
    let place = Place::new();
    place.ingest(&place.daily(&table(&GOOD))).unwrap();
    let split = CsvIngest { prices: Some(Prices::Split), ..place.daily(&table(&GOOD[1..])) };
    let refused = place.ingest(&split).unwrap_err();
    assert_eq!(refused.to_string(), "SPY 1d is kept with raw prices and these are split");
    let whole = CsvIngest { prices: Some(Prices::Split), ..place.daily(&table(&GOOD)) };
    assert_eq!(place.ingest(&whole).unwrap().adjustment, "split");
    let info = block_on(async {
        place.store().await.series("SPY", Resolution::Day1).await.unwrap().unwrap()
    });
    assert_eq!(info.adjustment, "split");
}

#[test]
fn a_pipe_is_read_once_and_sorted() {
    let place = Place::new();
    let pipe = place.file("x", "").with_file_name("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let writer = std::thread::spawn({
        let (pipe, text) = (pipe.clone(), table(&[GOOD[2], GOOD[0], GOOD[1]]));
        move || std::fs::write(pipe, text).unwrap()
    });
    let mut request = place.daily("");
    request.source = Source::File(pipe);
    assert_eq!(place.ingest(&request).unwrap().new, 3);
    writer.join().unwrap();
}

/// Stops after some calls.
struct StopAfter(u32);

impl Progress for StopAfter {
    fn advance(&mut self, done: u64, total: Option<u64>) {
        assert!(total.is_some_and(|total| done <= total));
        self.0 = self.0.saturating_sub(1);
    }

    fn is_cancelled(&self) -> bool {
        self.0 == 0
    }
}

#[test]
fn stopping_half_way_leaves_nothing_and_a_new_start_ends_the_work() {
    let place = Place::new();
    let mut text = table(&[]);
    for minute in 0..20_000 {
        text += &format!("{},1,1,1,1,1\n", 1_700_000_040 + minute * 60);
    }
    let request = CsvIngest {
        resolution: Resolution::Min1,
        calendar: Some(Calendar::AlwaysOpen),
        ..place.daily(&text)
    };
    block_on(async {
        let store = place.store().await;
        let stopped = ingest_csv(&*store, &request, &mut StopAfter(3)).await;
        assert!(matches!(stopped, Err(IngestError::Cancelled)));
        assert_eq!(store.series_list().await.unwrap(), []);
        let report = ingest_csv(&*store, &request, &mut StopAfter(u32::MAX)).await.unwrap();
        assert_eq!((report.new, report.bars_held), (20_000, 20_000));
    });
}

#[test]
fn the_sample_and_a_file_of_the_same_prices_are_one_series() {
    let place = Place::new();
    block_on(async {
        let store = place.store().await;
        let spy = sample::find("SPY", Resolution::Day1).unwrap();
        spy.load(&*store, at("2024-06-03T16:00:00Z")).await.unwrap();
    });
    // The session after the last one of the sample.
    let report = place.ingest(&place.daily(&table(&["2012-09-13,144,146,143,145,100"]))).unwrap();
    assert_eq!((report.new, report.bars_held), (1, 3176));
}
