//! Reads the values of options; what leaves here is valid.

use std::{fmt, path::PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser};
use engine_core::calendar::DAY_NS;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use strategy_api::Resolution;

use super::bars::shell_word;
use crate::{
    config::is_strategy_reference,
    error::{Code, Failure},
    ingest::{IngestError, check_symbol},
    report,
};

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// Stands in a help for the name of the option that was read.
pub(crate) const OPTION: &str = "OPTION";

/// Why a value is not valid, and what would be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct Invalid {
    pub(crate) reason: String,
    pub(crate) help: String,
}

impl Invalid {
    fn new(reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self { reason: reason.into(), help: help.into() }
    }
}

/// A symbol as the user writes it.
pub(crate) fn symbol(text: &str) -> Result<String, Invalid> {
    match check_symbol(text) {
        Ok(()) => Ok(text.to_owned()),
        Err(error) => {
            let reason = match error {
                IngestError::Symbol { reason, .. } => reason.to_owned(),
                other => other.to_string(),
            };
            Err(Invalid::new(reason, "-s SPY"))
        }
    }
}

/// One character between cells.
pub(crate) fn delimiter(text: &str) -> Result<u8, Invalid> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii_punctuation() || matches!(byte, b' ' | b'\t') => Ok(*byte),
        _ => Err(Invalid::new("neither one character nor tab", "--delimiter ';'")),
    }
}

/// The name of a strategy, alone or as `file.so:name`.
pub(crate) fn strategy(text: &str) -> Result<String, Invalid> {
    if is_strategy_reference(text) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        "a strategy is named by 1 to 64 of a-z 0-9 _ -, or as file.so:name",
        "algo-trader strategies list",
    ))
}

/// `name=value` of a parameter.
pub(crate) fn parameter(text: &str) -> Result<(String, String), Invalid> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(Invalid::new("a parameter is written name=value", "-p fast=20")),
    }
}

/// A day, or an instant within one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// A day, by its UTC midnight in nanoseconds.
    Day(i64),
    /// An instant, nanoseconds UTC.
    Instant(i64),
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(ns) => f.write_str(&report::stamp(*ns, Resolution::Day1)),
            Self::Instant(ns) => f.write_str(&report::stamp(*ns, Resolution::Sec1)),
        }
    }
}

impl Moment {
    /// Where a period that begins with it begins, nanoseconds UTC.
    pub(crate) fn first_ns(self) -> i64 {
        match self {
            Self::Day(ns) | Self::Instant(ns) => ns,
        }
    }

    /// Where a period that ends with it ends, inclusive, nanoseconds UTC.
    pub(crate) fn last_ns(self) -> i64 {
        match self {
            Self::Day(ns) => ns.saturating_add(DAY_NS - 1),
            Self::Instant(ns) => ns,
        }
    }
}

/// `2012-01-31`, or an instant of RFC 3339.
pub(crate) fn moment(text: &str) -> Result<Moment, Invalid> {
    let unreadable = || {
        Invalid::new(
            "neither a date nor an RFC 3339 instant, such as 2012-01-31T14:30:00Z",
            format!("{OPTION} 2012-01-31"),
        )
    };
    let in_reach = |instant: Timestamp| {
        i64::try_from(instant.as_nanosecond()).map_err(|_| {
            Invalid::new("outside of the years 1678 to 2261", format!("{OPTION} 2012-01-31"))
        })
    };
    if is_date(text) {
        let date: Date = text.parse().map_err(|_| unreadable())?;
        let midnight = date.to_zoned(TimeZone::UTC).map_err(|_| unreadable())?.timestamp();
        return in_reach(midnight).map(Moment::Day);
    }
    let instant: Timestamp = text.parse().map_err(|_| unreadable())?;
    in_reach(instant).map(Moment::Instant)
}

/// The refusal of a period that ends before it begins; its help is the period the other way round.
pub(crate) fn backwards(from: Moment, to: Moment) -> Failure {
    let message = format!("--from is after --to: {from} is after {to}");
    Failure::new(Code::Usage, message).help(format!("--from {to} --to {from}"))
}

/// Whether the text has the shape 0000-00-00.
fn is_date(text: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    text.len() == 10 && text.bytes().enumerate().all(shape)
}

fn number(
    text: &str,
    valid: impl Fn(f64) -> bool,
    what: &str,
    example: &str,
) -> Result<f64, Invalid> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && valid(value) => Ok(value),
        _ => Err(Invalid::new(format!("not {what}"), format!("{OPTION} {example}"))),
    }
}

/// An amount above zero.
pub(crate) fn positive(text: &str) -> Result<f64, Invalid> {
    number(text, |value| value > 0.0 && value <= 1e15, "an amount above 0 and up to 1e15", "100000")
}

/// A multiple of the equity above zero.
pub(crate) fn multiple(text: &str) -> Result<f64, Invalid> {
    let valid = |value| value > 0.0 && value <= 1e6;
    number(text, valid, "a multiple of the equity above 0 and up to 1000000", "1.5")
}

/// Basis points, 0 to 10,000 excluded.
pub(crate) fn basis_points(text: &str) -> Result<f64, Invalid> {
    let valid = |value| (0.0..10_000.0).contains(&value);
    number(text, valid, "a number of basis points from 0 to below 10000", "2.5")
}

/// A yearly rate as a fraction.
pub(crate) fn rate(text: &str) -> Result<f64, Invalid> {
    let valid = |value: f64| value > -1.0 && value <= 1.0;
    number(text, valid, "a fraction above -1 and up to 1", "0.02")
}

/// A yearly cost as a fraction.
pub(crate) fn cost_rate(text: &str) -> Result<f64, Invalid> {
    number(text, |value| (0.0..=1.0).contains(&value), "a fraction from 0 to 1", "0.06")
}

/// How many times as fast as usual a clock goes.
pub(crate) fn speed(text: &str) -> Result<f64, Invalid> {
    let valid = |value| (0.0..=1e6).contains(&value);
    number(text, valid, "a factor from 0 to 1e6", "60")
}

/// A seed: any whole number of 64 bits.
pub(crate) fn seed(text: &str) -> Result<u64, Invalid> {
    text.parse()
        .map_err(|_| Invalid::new("not a whole number from 0 to 2^64 - 1", format!("{OPTION} 42")))
}

/// A number of trials.
pub(crate) fn trials(text: &str) -> Result<u64, Invalid> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| Invalid::new("not a whole number above zero", format!("{OPTION} 1000")))
}

/// The file of a page, which is HTML whatever it is called; a name that says otherwise is a mistake.
pub(crate) fn page() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| {
        let end = path.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase);
        match end.as_deref() {
            None | Some("html" | "htm") => Ok(path),
            Some(_) => {
                let help = path.with_extension("html").display().to_string();
                let help = format!("{OPTION} {}", shell_word(&help));
                Err(Invalid::new("a page is HTML, in a file that ends in .html", help))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_reaches_from_midnight_to_midnight_and_an_instant_is_itself() {
        let day = moment("1970-01-02").unwrap();
        assert_eq!((day.first_ns(), day.last_ns()), (DAY_NS, 2 * DAY_NS - 1));
        let instant = moment("1970-01-01T01:00:00+01:00").unwrap();
        assert_eq!((instant.first_ns(), instant.last_ns()), (0, 0));
        assert_eq!(
            (day.to_string(), moment("1970-01-01T00:00:01Z").unwrap().to_string()),
            ("1970-01-02".to_owned(), "1970-01-01T00:00:01Z".to_owned())
        );
        for bad in
            ["", "2012-02-30", "31.01.2012", "2012-1-31", "1600-01-01", "2012-01-31T10:00", "now"]
        {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_that_cannot_be_are_refused() {
        assert_eq!(positive("1e5"), Ok(100_000.0));
        for bad in ["0", "-1", "NaN", "inf", "1e16", "", "1,000"] {
            assert!(positive(bad).is_err(), "{bad}");
        }
        assert_eq!(multiple("1.5"), Ok(1.5));
        assert!(multiple("0").is_err() && multiple("1e7").is_err());
        assert_eq!(basis_points("2.5"), Ok(2.5));
        assert!(basis_points("-1").is_err() && basis_points("10000").is_err());
        assert_eq!(rate("-0.005"), Ok(-0.005));
        assert!(rate("2").is_err() && rate("NaN").is_err());
    }

    #[test]
    fn names_and_parameters_are_checked_at_the_door() {
        for good in ["ma_cross", "a", "golden-cross", "libx.so:ma_cross"] {
            assert!(strategy(good).is_ok(), "{good}");
        }
        let long = "x".repeat(65);
        for bad in
            ["", "Ma", "../../x", "/abs", "a b", long.as_str(), "libx.so:", "a/b.so:c", "x:y"]
        {
            assert!(strategy(bad).is_err(), "{bad}");
        }
        assert_eq!(parameter("fast = 20"), Ok(("fast".to_owned(), "20".to_owned())));
        for bad in ["fast", "=20", "fast=", ""] {
            assert!(parameter(bad).is_err(), "{bad}");
        }
        for good in ["SPY", "BRK B", "RDS/A", "../../etc/passwd", "\u{1f600}", "<script>"] {
            assert_eq!(symbol(good), Ok(good.to_owned()));
        }
        assert!(symbol(" ").is_err() && symbol(&"x".repeat(2000)).is_err());
        assert_eq!((delimiter(";"), delimiter("tab")), (Ok(b';'), Ok(b'\t')));
        assert!(delimiter(";;").is_err() && delimiter("").is_err() && delimiter("x").is_err());
    }
}
