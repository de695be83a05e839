//! Texts as users have them.

use super::{header::Wanted, *};
use crate::{
    error::Failure,
    ingest::{
        IngestError,
        time::{DateOrder, TimeReader, zone},
    },
};
use strategy_api::Bar;

const DAY: i64 = 86_400_000_000_000;
/// 2024-01-02.
const FIRST: i64 = 19_724 * DAY;

fn by_date() -> RowOptions {
    let times = TimeReader::new(None, DateOrder::Unknown);
    RowOptions { wanted: Wanted::default(), times, by_date: true }
}

/// Bars, and the rejected rows as `line: reason`.
type Read = (Vec<Bar>, Vec<String>);

fn read_with(bytes: &[u8], options: RowOptions) -> Result<Read, IngestError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prices.csv");
    std::fs::write(&path, bytes).unwrap();
    let mut reader = RowReader::new(open(&Source::File(path), None)?, options)?;
    let (mut bars, mut rejects) = (Vec::new(), Vec::new());
    loop {
        match reader.next()? {
            Outcome::Bar(bar) => bars.push(bar),
            Outcome::Reject(fault) => rejects.push(format!("{}: {fault}", reader.line())),
            Outcome::End => return Ok((bars, rejects)),
        }
    }
}

fn read(text: &str) -> Result<Read, IngestError> {
    read_with(text.as_bytes(), by_date())
}

fn mapped(columns: &str) -> RowOptions {
    let mut options = by_date();
    options.wanted.map = columns.parse().unwrap();
    options
}

/// The two bars that most texts here say.
fn two_bars() -> Vec<Bar> {
    let bar = |ts, open| Bar {
        ts,
        open,
        high: open + 2.0,
        low: open - 1.0,
        close: open + 0.5,
        volume: 1000.0,
    };
    vec![bar(FIRST, 10.0), bar(FIRST + DAY, 11.0)]
}

const TEXT: &str = "Date,Open,High,Low,Close,Volume\n2024-01-02,10,12,9,10.5,1000\n2024-01-03,11,13,10,11.5,1000\n";

/// The failure as a user sees it, without the folder of the test.
fn failure(result: Result<Read, IngestError>) -> String {
    let text = Failure::from(result.unwrap_err()).to_string();
    let words: Vec<&str> = text
        .split(' ')
        .map(
            |word| {
                if word.contains("prices.csv") { word.rsplit('/').next().unwrap() } else { word }
            },
        )
        .collect();
    words.join(" ")
}

#[test]
fn the_same_bars_read_from_every_dialect() {
    let utf16 = |bytes_of: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(TEXT.encode_utf16());
        units.flat_map(bytes_of).collect()
    };
    let dialects: Vec<Vec<u8>> = vec![
        TEXT.into(),
        format!("\u{feff}{TEXT}").into(),
        TEXT.replace('\n', "\r\n").into(),
        TEXT.replace('\n', "\r").into(),
        TEXT.trim_end().into(),
        format!("\n\n{TEXT}\n\n").into(),
        TEXT.replace(',', ";").into(),
        TEXT.replace(',', "\t").into(),
        TEXT.replace(',', "|").into(),
        TEXT.replace(',', ", ").into(),
        TEXT.replace("2024-01-02,10", "\"2024-01-02\",\"10\"").into(),
        TEXT.replace("1000\n", "1000,\n").into(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        TEXT.to_uppercase().into(),
        TEXT.replace("Date,Open", "<DATE>,<OPEN>").into(),
        TEXT.replace("Close", "Close/Last").into(),
        TEXT.replace("Open,High,Low,Close", "1. open,2. high,3. low,4. close").into(),
    ];
    for dialect in dialects {
        let (bars, rejects) = read_with(&dialect, by_date()).unwrap();
        assert_eq!((bars, rejects), (two_bars(), vec![]), "{}", String::from_utf8_lossy(&dialect));
    }
}

#[test]
fn columns_come_in_any_order_beside_others() {
    let text = "Ticker,Volume,Close,Adj Close,Low,High,Open,Date\n\
        A,1000,10.5,9,9,12,10,2024-01-02\nA,1000,11.5,9,10,13,11,2024-01-03\n";
    assert_eq!(read(text).unwrap().0, two_bars());
    let volume_unknown = "date,open,high,low,close\n2024-01-02,10,12,9,10.5\n";
    assert_eq!(read(volume_unknown).unwrap().0[0].volume, 0.0);
}

#[test]
fn columns_may_be_named_or_given_by_position() {
    let renamed = TEXT.replace("Open", "Eröffnung").replace("Date", "Tag");
    let (bars, _) = read_with(renamed.as_bytes(), mapped("ts=tag,open=Eröffnung")).unwrap();
    assert_eq!(bars, two_bars());
    let positions = "ts=1,open=2,high=3,low=4,close=5,volume=6";
    let (bars, _) = read_with(TEXT.as_bytes(), mapped(positions)).unwrap();
    assert_eq!(bars, two_bars());
    let rows = TEXT.split_once('\n').unwrap().1;
    assert_eq!(read_with(rows.as_bytes(), mapped(positions)).unwrap().0, two_bars());
    assert!("ts".parse::<ColumnMap>().is_err());
    assert!("ts=1,ts=2".parse::<ColumnMap>().is_err());
    assert!("when=1".parse::<ColumnMap>().unwrap_err().contains("valid: ts time open"));
}

#[test]
fn date_and_time_may_stand_apart() {
    let text = "Date,Time,Open,High,Low,Close\n2024-01-31,09:30,1,1,1,1\n20240131,093100,1,1,1,1\n";
    let mut options = by_date();
    options.by_date = false;
    options.times = TimeReader::new(Some(zone("America/New_York").unwrap()), DateOrder::Unknown);
    let (bars, _) = read_with(text.as_bytes(), options).unwrap();
    let minute = 60_000_000_000;
    let open = 1_706_711_400_000_000_000;
    assert_eq!(bars.iter().map(|bar| bar.ts).collect::<Vec<_>>(), [open, open + minute]);
}

#[test]
fn columns_missing_or_repeated_are_named() {
    assert_eq!(
        failure(read("Date,Open,High,Close\n2024-01-02,1,1,1\n")),
        "error[DATA]: prices.csv: line 1: no column for low; the columns are: Date, Open, High, Close\n\
         help: say where the columns are, by name or position: --columns ts=1,open=2,high=3,low=4,close=5"
    );
    assert_eq!(
        failure(read("Date,Open,High,Low,Close,Close\n2024-01-02,1,1,1,1,1\n")),
        "error[DATA]: prices.csv: line 1: columns 5 and 6 could both be close\n\
         help: say which one: --columns close=5"
    );
    assert_eq!(
        failure(read("unix,date,open,high,low,close\n1,2024-01-02,1,1,1,1\n")),
        "error[DATA]: prices.csv: line 1: columns 1 and 2 could both be ts\n\
         help: say which one: --columns ts=1"
    );
    assert_eq!(
        failure(read("2024-01-02,10,12,9,10.5,1000\n")),
        "error[DATA]: prices.csv: line 1 is not a header but data\n\
         help: --columns ts=1,open=2,high=3,low=4,close=5,volume=6"
    );
    let text = failure(read_with(TEXT.as_bytes(), mapped("open=9")));
    assert!(text.contains("no column for open (at 9)"), "{text}");
    let text = failure(read_with(TEXT.as_bytes(), mapped("open=first")));
    assert!(text.contains("no column for open (named 'first')"), "{text}");
}

#[test]
fn what_is_not_text_is_refused_with_a_way_out() {
    let mut utf16 = Vec::new();
    TEXT.encode_utf16().for_each(|unit| utf16.extend(unit.to_le_bytes()));
    let cases: [(&[u8], &str); 7] = [
        (b"\x1f\x8b\x08\0\0\0", "is compressed (gzip), not text\nhelp: gunzip -c"),
        (b"PK\x03\x04\x14", "is an archive (zip or a spreadsheet), not text\nhelp: unzip"),
        (b"PAR1\x15\x04", "is a Parquet file, not text"),
        (b"\x7fELF\x02\x01\x01\0", "is binary, not text"),
        (&utf16, "is UTF-16 without a byte order mark, not text\nhelp: iconv -f UTF-16LE"),
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\n", "is empty"),
    ];
    for (bytes, expected) in cases {
        let text = failure(read_with(bytes, by_date()));
        assert!(text.contains(expected), "{text}");
    }
    let missing = open(&Source::File("no/such/file.csv".into()), None).err().unwrap();
    assert_eq!(missing.to_string(), "cannot read no/such/file.csv: no such file or directory");
    let folder = open(&Source::File("/".into()), None).err().unwrap();
    assert_eq!(folder.to_string(), "cannot read /: it is a folder");
}

#[test]
fn a_bad_row_is_given_back_with_its_line_column_and_reason() {
    let text = "Date,Open,High,Low,Close,Volume\n\
        2024-01-02,10,12,9,10.5,1000\n\
        2024-02-30,10,12,9,10.5,1000\n\
        2024-01-04,ten,12,9,10.5,1000\n\
        2024-01-05,10,,9,10.5,1000\n\
        2024-01-06,10,12\n\
        2024-01-07,10,12,9,10.5,1000,extra\n\
        2024-01-08T16:00:00,10,12,9,10.5,1000\n\
        2024-01-03,11,13,10,11.5,1000\n";
    let (bars, rejects) = read(text).unwrap();
    assert_eq!(bars, two_bars());
    assert_eq!(
        rejects,
        [
            "3: column 1 (Date) is not a day and time that exist",
            "4: column 2 (Open) is not a number",
            "5: column 3 (High) is empty",
            "6: 3 cells instead of 6",
            "7: 7 cells instead of 6",
            "8: column 1 (Date) carries a time of day; such a row is keyed by its date",
        ]
    );
}

#[test]
fn what_concerns_the_whole_file_is_an_error_with_line_and_column() {
    let comma = "Date;Open;High;Low;Close\n2024-01-02;10,5;12;9;10\n";
    assert_eq!(
        failure(read(comma)).replace("tr , . < /", "").split_once("help: ").unwrap().0,
        "error[DATA]: prices.csv: line 2, column 2 (Open): '10,5' has a decimal comma; numbers are read with a decimal point\n"
    );
    let thousands = "Date,Open,High,Low,Close\n2024-01-02,\"1,234.5\",12,9,10\n";
    assert!(failure(read(thousands)).contains("'1,234.5' has commas between its digits"));
    let swapped = "Date,Open,High,Low,Close\n01/02/2024,10,12,9,10\n";
    assert_eq!(
        failure(read(swapped)),
        "error[DATA]: prices.csv: line 2, column 1 (Date): '01/02/2024' could mean day/month or month/day\n\
         help: --date-format mdy (or dmy)"
    );
    let mut options = by_date();
    options.by_date = false;
    let local = "Date,Open,High,Low,Close\n2024-01-02 09:30,10,12,9,10\n";
    assert_eq!(
        failure(read_with(local.as_bytes(), options)),
        "error[DATA]: prices.csv: line 2, column 1 (Date): '2024-01-02 09:30' is a local time without a time zone\n\
         help: --time-zone America/New_York (or UTC)"
    );
    let several = "Date,Symbol,Open,High,Low,Close\n2024-01-02,A,1,1,1,1\n2024-01-02,B,1,1,1,1\n";
    assert!(failure(read(several)).contains("line 3: the file holds several symbols: 'A' and 'B'"));
}

#[test]
fn prices_are_scaled_by_the_adjusted_close_and_volume_by_its_inverse() {
    let text = "Date,Open,High,Low,Close,Adj Close,Volume\n\
        2024-01-02,10,12,9,10,5,1000\n\
        2024-01-03,3,3,3,3,0.7,100\n\
        2024-01-04,3,3,3,3,0,100\n\
        2024-01-05,3,2,3,3,1,100\n";
    let mut options = by_date();
    options.wanted.adj_close = Some(Place::of("adj close"));
    let (bars, rejects) = read_with(text.as_bytes(), options).unwrap();
    let first = Bar { ts: FIRST, open: 5.0, high: 6.0, low: 4.5, close: 5.0, volume: 2000.0 };
    assert_eq!(bars[0], first);
    // All four prices were equal, so they stay equal, however the factor rounds.
    assert_eq!([bars[1].open, bars[1].high, bars[1].low, bars[1].close], [0.7; 4]);
    assert_eq!(
        rejects,
        ["4: the adjusted close is not above zero", "5: low is above open, close or high"]
    );
}

#[test]
fn a_quote_that_is_never_closed_ends_in_an_error_not_in_memory() {
    let mut text = b"Date,Open,High,Low,Close\n2024-01-02,\"10,12,9,10\n".to_vec();
    while text.len() < 20 << 20 {
        text.extend(b"2024-01-03,10,12,9,10\n");
    }
    let text = failure(read_with(&text, by_date()));
    assert!(text.contains("line 2: a row is longer than 8388608 bytes"), "{text}");
}
