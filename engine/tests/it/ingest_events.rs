//! Events from files: all or nothing, never known before their time.

use algo_trader::{
    error::Failure,
    ingest::{
        IngestError,
        csv::Source,
        events::{EventsIngest, EventsReport, ingest_events},
    },
};
use engine_core::event::{Event, EventKind};

use crate::support::{
    block_on,
    ingest::{Place, at, day},
};

const HEADER: &str = "symbol,kind,name,ts,known_at,value\n";

fn ingest(place: &Place, text: &str) -> Result<EventsReport, IngestError> {
    let source = Source::File(place.file("events.csv", text));
    block_on(async {
        let store = place.store().await;
        let result = ingest_events(&*store, &EventsIngest::new(source)).await;
        store.close().await;
        result
    })
}

fn held(place: &Place, symbol: &str) -> Vec<Event> {
    block_on(async { place.store().await.events(symbol).await.unwrap() })
}

#[test]
fn splits_dividends_and_signals_are_kept_with_the_time_they_became_known() {
    let place = Place::new();
    let text = format!(
        "{HEADER}AAPL,split,,2014-06-09,,7\n\
         AAPL,dividend,,2014-05-08,2014-04-23,0.47\n\
         AAPL,signal,earnings surprise,2014-04-23,2014-04-23T20:30:00Z,0.13\n\
         AAPL,signal,earnings surprise,2014-04-23,2014-05-01T12:00:00Z,0.12\n\
         ,signal,vix,2014-06-09,2014-06-09T20:15:00Z,-11.15\n\
         AAPL,split,,2014-06-09,,7\n"
    );
    let report = ingest(&place, &text).unwrap();
    assert_eq!((report.events, report.new, report.duplicates), (5, 5, 1));
    assert_eq!((report.splits, report.dividends, report.signals), (1, 1, 3));
    assert_eq!((report.first_ts, report.last_ts), (day("2014-04-23"), day("2014-06-09")));
    let events = held(&place, "AAPL");
    let split = events.iter().find(|event| event.kind == EventKind::Split).unwrap();
    assert_eq!((split.ts, split.known_at), (day("2014-06-09"), day("2014-06-09")));
    let surprise = EventKind::Signal("earnings surprise".to_owned());
    let known: Vec<_> =
        events.iter().filter(|e| e.kind == surprise).map(|e| (e.known_at, e.value)).collect();
    assert_eq!(known, [(at("2014-04-23T20:30:00Z"), 0.13), (at("2014-05-01T12:00:00Z"), 0.12)]);
    assert!(events.iter().any(|event| event.symbol.is_none()), "the whole market's are among them");
    let again = ingest(&place, &text).unwrap();
    assert_eq!((again.events, again.new), (5, 0));
    assert_eq!(held(&place, "AAPL"), events);
}

#[test]
fn one_wrong_row_is_named_by_line_and_column_and_nothing_is_kept() {
    let cases = [
        ("AAPL,merger,,2014-06-09,,7", "column 2 (kind): 'merger' is not a kind"),
        ("AAPL,split,,2014-06-31,,7", "column 4 (ts): '2014-06-31' is not a day and time"),
        ("AAPL,split,,2014-06-09,,0", "column 6 (value): '0' is not a split ratio"),
        ("AAPL,split,,2014-06-09,,inf", "column 6 (value): 'inf' is not a finite number"),
        ("AAPL,dividend,,2014-06-09,,-1", "column 6 (value): '-1' is not a dividend"),
        ("AAPL,dividend,,2014-06-09,,x", "column 6 (value): 'x' is not a number"),
        ("AAPL,signal,,2014-06-09,2014-06-09,1", "column 3 (name): '' is not a name"),
        ("AAPL,signal,s,2014-06-09,,1", "column 5 (known_at): '' is no time: a signal needs"),
        ("AAPL,signal,s,2014-06-09 10:00,2014-06-09,1", "is a local time without a time zone"),
        ("A\u{85}A,split,,2014-06-09,,7", "column 1 (symbol): 'A\u{fffd}A' is not a symbol"),
        ("AAPL,dividend,,2014-01-01,,2", "differs from line 2, which is the same event"),
    ];
    for (row, expected) in cases {
        let place = Place::new();
        let text = format!("{HEADER}AAPL,dividend,,2014-01-01,,1\n{row}\n");
        let failure = Failure::from(ingest(&place, &text).unwrap_err());
        assert!(failure.message.contains("events.csv: line 3, "), "{failure}");
        assert!(failure.message.contains(expected), "{failure}");
        assert_eq!(failure.code as u8, 4);
        assert_eq!(held(&place, "AAPL"), []);
    }
}

#[test]
fn a_signal_needs_the_column_of_known_at_and_a_split_does_not() {
    let place = Place::new();
    let failure = ingest(&place, "symbol,kind,name,ts,value\nA,signal,s,2014-01-01,1\n");
    let text = failure.unwrap_err().to_string();
    assert!(text.contains("no column for known_at, which signals need"), "{text}");
    let report = ingest(&place, "Symbol;Kind;Ex Date;Value\nA;split;2014-01-01;2\n").unwrap();
    assert_eq!(report.new, 1);
    let failure = ingest(&place, "symbol,ts,value\nA,2014-01-01,2\n").unwrap_err();
    assert!(failure.to_string().contains("no column for kind or type"));
    assert!(matches!(ingest(&place, HEADER), Err(IngestError::HeaderOnly { .. })));
}
