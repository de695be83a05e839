//! Expected instants are from GNU date (`date -u -d ... +%s`) and the published rules of the zones.

use super::*;

const S: i64 = SECOND_NS;
/// 2024-01-31T14:30:00Z.
const NOON_ISH: i64 = 1_706_711_400 * S;

fn utc() -> TimeReader {
    TimeReader::new(Some(zone("UTC").unwrap()), DateOrder::Unknown)
}

fn new_york() -> TimeReader {
    TimeReader::new(Some(zone("America/New_York").unwrap()), DateOrder::Unknown)
}

fn instant(reader: &mut TimeReader, text: &str) -> Result<i64, TimeFault> {
    reader.instant(text.as_bytes(), None)
}

#[test]
fn one_instant_reads_the_same_in_every_shape() {
    let shapes = [
        "2024-01-31T14:30:00Z",
        "2024-01-31t14:30:00z",
        "2024-01-31T14:30:00.000Z",
        "2024-01-31T14:30:00+00:00",
        "2024-01-31 09:30:00-05:00",
        "2024-01-31 09:30:00 -0500",
        "2024-01-31 14:30:00 UTC",
        "2024-01-31T15:30+01",
        "2024-01-31 14:30",
        " 2024-01-31 14:30:00 ",
        "2024/1/31 14:30",
        "2024.01.31 14:30:00",
        "20240131 143000",
        "20240131T1430",
        "20240131143000",
        "202401311430",
        "1706711400",
        "1706711400.000",
        "1706711400000",
        "1706711400000000",
        "1706711400000000000",
    ];
    for shape in shapes {
        assert_eq!(instant(&mut utc(), shape), Ok(NOON_ISH), "{shape}");
    }
    assert_eq!(instant(&mut utc(), "2024-01-31T14:30:00.25Z"), Ok(NOON_ISH + S / 4));
    assert_eq!(instant(&mut utc(), "1706711400.25"), Ok(NOON_ISH + S / 4));
    assert_eq!(instant(&mut utc(), "-315619200"), Ok(-315_619_200 * S));
    assert_eq!(utc().instant(b"2024-01-31", Some(b"14:30:00")), Ok(NOON_ISH));
    assert_eq!(utc().instant(b"20240131", Some(b"143000")), Ok(NOON_ISH));
}

#[test]
fn what_is_not_a_time_says_why() {
    use TimeFault::*;
    let cases = [
        ("", Unreadable),
        ("yesterday", Unreadable),
        ("2024-01", Unreadable),
        ("2024-01/31", Unreadable),
        ("2024-01-31T14:30:00Q", Unreadable),
        ("2024-01-31 9:30 PM", Unreadable),
        ("2024-01-31 14:30:00.1234567891Z", Unreadable),
        ("24-01-31", Unreadable),
        ("1234", Unreadable),
        ("99999999999999999999", Unreadable),
        ("2023-02-29", NoSuchTime),
        ("2024-13-01", NoSuchTime),
        ("20240100", NoSuchTime),
        ("2024-01-31 24:00", NoSuchTime),
        ("2024-01-31 23:59:60", NoSuchTime),
        ("0001-01-01", OutOfRange),
        ("2262-01-01", OutOfRange),
        ("9223372036854775807", OutOfRange),
        ("01/02/2024", DayOrMonth),
        ("31.01.2024 09:30", DayOrMonth),
    ];
    for (text, fault) in cases {
        assert_eq!(instant(&mut utc(), text), Err(fault), "{text}");
    }
    for date in ["2024-01-31", "20240131", "2024/1/31"] {
        assert_eq!(instant(&mut utc(), date), Err(NoTimeOfDay), "{date}");
    }
    let mut no_zone = TimeReader::new(None, DateOrder::Unknown);
    assert_eq!(instant(&mut no_zone, "2024-01-31 14:30"), Err(NoZone));
    assert_eq!(instant(&mut no_zone, "2024-01-31T14:30:00Z"), Ok(NOON_ISH));
}

#[test]
fn the_year_may_come_last_when_the_order_is_said() {
    let read = |order, text: &str| TimeReader::new(None, order).date(text.as_bytes(), None);
    let feb_first = read(DateOrder::Unknown, "2024-02-01");
    assert_eq!(read(DateOrder::MonthFirst, "02/01/2024"), feb_first);
    assert_eq!(read(DateOrder::MonthFirst, "2/1/2024"), feb_first);
    assert_eq!(read(DateOrder::DayFirst, "01.02.2024"), feb_first);
    assert_eq!(read(DateOrder::MonthFirst, "13/01/2024"), Err(TimeFault::NoSuchTime));
}

#[test]
fn new_york_time_follows_daylight_saving() {
    let mut reader = new_york();
    // Winter UTC-5, summer UTC-4; clocks change on 2024-03-10 and 2024-11-03 at 02:00.
    assert_eq!(instant(&mut reader, "2024-01-31 09:30"), Ok(NOON_ISH));
    assert_eq!(instant(&mut reader, "2024-07-01 09:30"), Ok(1_719_840_600 * S));
    assert_eq!(instant(&mut reader, "2024-03-10 01:59"), Ok(1_710_053_940 * S));
    assert_eq!(instant(&mut reader, "2024-03-10 02:30"), Err(TimeFault::Skipped));
    assert_eq!(instant(&mut reader, "2024-03-10 03:00"), Ok(1_710_054_000 * S));
    assert_eq!(instant(&mut reader, "2024-11-03 00:59"), Ok(1_730_609_940 * S));
    assert_eq!(instant(&mut reader, "2024-11-03 01:30"), Err(TimeFault::Twice));
    assert_eq!(instant(&mut reader, "2024-11-03 01:30:00-05:00"), Ok(1_730_615_400 * S));
    assert_eq!(instant(&mut reader, "2024-11-03 02:00"), Ok(1_730_617_200 * S));
    assert!(zone("Mars/Olympus").is_err());
}

#[test]
fn a_date_is_midnight_utc_whatever_the_zone() {
    let day = Ok(1_704_153_600 * S); // 2024-01-02
    let mut plain = TimeReader::new(None, DateOrder::Unknown);
    for shape in [
        "2024-01-02",
        "20240102",
        "2024-01-02 00:00:00",
        "2024-01-02 00:00:00-05:00",
        "2024-01-02T00:00:00Z",
        "1704153600",
    ] {
        assert_eq!(plain.date(shape.as_bytes(), None), day, "{shape}");
        assert_eq!(new_york().date(b"2024-01-02", Some(b"00:00")), day);
    }
    // Midnight in New York, written in UTC.
    assert_eq!(new_york().date(b"2024-01-02T05:00:00Z", None), day);
    assert_eq!(plain.date(b"2024-01-02T05:00:00Z", None), Err(TimeFault::NotMidnight));
    assert_eq!(plain.date(b"2024-01-02 16:00", None), Err(TimeFault::NotMidnight));
}

#[test]
fn events_take_dates_and_instants() {
    let mut reader = TimeReader::new(None, DateOrder::Unknown);
    assert_eq!(reader.date_or_instant(b"2024-01-02"), Ok(1_704_153_600 * S));
    assert_eq!(reader.date_or_instant(b"2024-01-31T14:30:00Z"), Ok(NOON_ISH));
    assert_eq!(reader.date_or_instant(b"2024-01-31 00:00"), Err(TimeFault::NoZone));
}
