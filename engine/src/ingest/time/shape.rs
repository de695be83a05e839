//! The shapes in which files write a date and a time of day, before any time zone is applied.

use super::{DateOrder, TimeFault};
use engine_core::calendar::{DAY_NS, SECOND_NS, date_of, day_number};
use jiff::civil::Date;

/// Years that are read; nanoseconds in 64 bits reach from 1677 to 2262.
const YEARS: std::ops::RangeInclusive<i16> = 1700..=2261;

/// What a text says before any time zone is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// An instant, nanoseconds UTC.
    Instant(i64),
    /// A date and time of day on some clock; the offset from UTC when the text says it.
    Local {
        /// Day number.
        day: i32,
        /// Nanoseconds since midnight.
        ns_of_day: i64,
        /// Seconds ahead of UTC.
        offset_s: Option<i32>,
    },
}

/// Reads a date, or a date and a time of day, or a number of seconds, by its shape alone.
pub(super) fn stamp(
    date: &[u8],
    time: Option<&[u8]>,
    order: DateOrder,
) -> Result<Stamp, TimeFault> {
    let text = date.trim_ascii();
    let Some(time) = time else {
        return match plain_number(text) {
            Some(stamp) => stamp,
            None => date_and_time(text, order),
        };
    };
    let (day, rest) = civil_date(text, order)?;
    if !(rest.is_empty() || is_midnight_suffix(rest)) {
        return Err(TimeFault::Unreadable);
    }
    let (ns_of_day, offset_s) = time_of_day(time.trim_ascii())?;
    Ok(Stamp::Local { day, ns_of_day, offset_s })
}

/// A date column beside a time column sometimes repeats an empty time of day.
fn is_midnight_suffix(rest: &[u8]) -> bool {
    matches!(rest, b" 00:00:00" | b"T00:00:00" | b" 00:00" | b"T00:00")
}

fn date_and_time(text: &[u8], order: DateOrder) -> Result<Stamp, TimeFault> {
    let (day, rest) = civil_date(text, order)?;
    match rest {
        [] => Ok(Stamp::Local { day, ns_of_day: 0, offset_s: None }),
        [b' ' | b'T' | b't', time @ ..] => {
            let (ns_of_day, offset_s) = time_of_day(time.trim_ascii_start())?;
            Ok(Stamp::Local { day, ns_of_day, offset_s })
        }
        _ => Err(TimeFault::Unreadable),
    }
}

/// Digits alone: a compact date (8), date and time (12, 14), or time since the epoch in seconds
/// (9 to 11, also with a fraction), milliseconds (12 to 14 do not clash before 2286: 13),
/// microseconds (16) or nanoseconds (18, 19). `None` when the text is not digits.
fn plain_number(text: &[u8]) -> Option<Result<Stamp, TimeFault>> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let whole = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let fraction = match &digits[whole..] {
        [] => &[][..],
        [b'.', fraction @ ..] if !fraction.is_empty() => fraction,
        _ => return None,
    };
    if whole == 0 || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if fraction.is_empty() && !negative && matches!(whole, 8 | 12 | 14) {
        return Some(compact(digits));
    }
    let unit_ns: i64 = match whole {
        9..=11 => SECOND_NS,
        13 => 1_000_000,
        16 => 1_000,
        18 | 19 => 1,
        _ => return Some(Err(TimeFault::Unreadable)),
    };
    let value = number(&digits[..whole]);
    let part = fraction.iter().take(9).rev().fold(0.0, |sum, d| (sum + f64::from(d - b'0')) / 10.0);
    let ns = value.and_then(|value| value.checked_mul(unit_ns));
    Some(ns.ok_or(TimeFault::OutOfRange).and_then(|ns| {
        let ns = ns.saturating_add((part * unit_ns as f64).round() as i64);
        in_years(if negative { -ns } else { ns })
    }))
}

fn in_years(ns: i64) -> Result<Stamp, TimeFault> {
    let year = date_of((ns.div_euclid(DAY_NS)) as i32).year();
    if YEARS.contains(&year) { Ok(Stamp::Instant(ns)) } else { Err(TimeFault::OutOfRange) }
}

fn compact(digits: &[u8]) -> Result<Stamp, TimeFault> {
    let day = civil(&digits[..4], &digits[4..6], &digits[6..8])?;
    let ns_of_day = match &digits[8..] {
        [] => 0,
        time => time_of_day(time)?.0,
    };
    Ok(Stamp::Local { day, ns_of_day, offset_s: None })
}

/// The date at the beginning of a text, as a day number, and what follows it.
fn civil_date(text: &[u8], order: DateOrder) -> Result<(i32, &[u8]), TimeFault> {
    let first = digit_run(text);
    if first.len() == 8 {
        let day = civil(&first[..4], &first[4..6], &first[6..])?;
        return Ok((day, &text[8..]));
    }
    let Some(separator @ (b'-' | b'/' | b'.')) = text.get(first.len()).copied() else {
        return Err(TimeFault::Unreadable);
    };
    let after_first = &text[first.len() + 1..];
    let second = digit_run(after_first);
    if after_first.get(second.len()) != Some(&separator) {
        return Err(TimeFault::Unreadable);
    }
    let after_second = &after_first[second.len() + 1..];
    let third = digit_run(after_second);
    let rest = &after_second[third.len()..];
    let day = match (first.len(), second.len(), third.len()) {
        (4, 1 | 2, 1 | 2) => civil(first, second, third)?,
        (1 | 2, 1 | 2, 4) => match order {
            DateOrder::MonthFirst => civil(third, first, second)?,
            DateOrder::DayFirst => civil(third, second, first)?,
            DateOrder::Unknown => return Err(TimeFault::DayOrMonth),
        },
        _ => return Err(TimeFault::Unreadable),
    };
    Ok((day, rest))
}

fn civil(year: &[u8], month: &[u8], day: &[u8]) -> Result<i32, TimeFault> {
    let year = i16::try_from(small(year)).map_err(|_| TimeFault::OutOfRange)?;
    if !YEARS.contains(&year) {
        return Err(TimeFault::OutOfRange);
    }
    let (month, day) = (small(month) as i8, small(day) as i8);
    Date::new(year, month, day).map(day_number).map_err(|_| TimeFault::NoSuchTime)
}

/// `HH:MM[:SS[.fraction]]` or `HHMM[SS]`, then an optional `Z`, `UTC` or `±hh[:mm]`.
fn time_of_day(text: &[u8]) -> Result<(i64, Option<i32>), TimeFault> {
    let hours = digit_run(text);
    let (clock, rest) = match (hours.len(), text.get(hours.len())) {
        (1 | 2, Some(b':')) => colon_clock(hours, &text[hours.len() + 1..])?,
        (4, _) => ([small(&hours[..2]), small(&hours[2..]), 0, 0], &text[4..]),
        (6, _) => {
            let parts = [small(&hours[..2]), small(&hours[2..4]), small(&hours[4..]), 0];
            (parts, &text[6..])
        }
        _ => return Err(TimeFault::Unreadable),
    };
    let [hour, minute, second, nanos] = clock;
    if hour > 23 || minute > 59 || second > 59 {
        return Err(TimeFault::NoSuchTime);
    }
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    Ok((seconds * SECOND_NS + i64::from(nanos), offset(rest.trim_ascii_start())?))
}

/// Hour, minute, second and nanoseconds, and what follows them; `after` is the text behind `HH:`.
fn colon_clock<'a>(hours: &[u8], after: &'a [u8]) -> Result<([u32; 4], &'a [u8]), TimeFault> {
    let minutes = digit_run(after);
    if minutes.len() != 2 {
        return Err(TimeFault::Unreadable);
    }
    let mut rest = &after[2..];
    let (mut seconds, mut nanos) = (0, 0);
    if let [b':', tail @ ..] = rest {
        let run = digit_run(tail);
        if run.len() != 2 {
            return Err(TimeFault::Unreadable);
        }
        seconds = small(run);
        rest = &tail[2..];
        if let [b'.', tail @ ..] = rest {
            let run = digit_run(tail);
            if run.is_empty() || run.len() > 9 {
                return Err(TimeFault::Unreadable);
            }
            nanos = small(run) * 10u32.pow(9 - run.len() as u32);
            rest = &tail[run.len()..];
        }
    }
    Ok(([small(hours), small(minutes), seconds, nanos], rest))
}

/// Seconds ahead of UTC that a text states.
fn offset(text: &[u8]) -> Result<Option<i32>, TimeFault> {
    let (sign, digits) = match text {
        [] => return Ok(None),
        b"Z" | b"z" | b"UTC" | b"GMT" => return Ok(Some(0)),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return Err(TimeFault::Unreadable),
    };
    let (hours, minutes) = match (digits.len(), digit_run(digits).len()) {
        (2, 2) => (small(digits), 0),
        (4, 4) => (small(&digits[..2]), small(&digits[2..])),
        (5, 2) if digits[2] == b':' && digit_run(&digits[3..]).len() == 2 => {
            (small(&digits[..2]), small(&digits[3..]))
        }
        _ => return Err(TimeFault::Unreadable),
    };
    if hours > 18 || minutes > 59 {
        return Err(TimeFault::NoSuchTime);
    }
    Ok(Some(sign * (hours * 3600 + minutes * 60) as i32))
}

fn digit_run(text: &[u8]) -> &[u8] {
    &text[..text.iter().take_while(|byte| byte.is_ascii_digit()).count()]
}

/// At most nine digits as a number.
fn small(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits
        .iter()
        .try_fold(0i64, |sum, digit| sum.checked_mul(10)?.checked_add(i64::from(digit - b'0')))
}
