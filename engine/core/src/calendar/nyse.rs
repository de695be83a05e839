//! The New York Stock Exchange: which days it trades and when it closes early.
//!
//! Holidays follow their rules and are taken on the day of observance; closures that no rule gives
//! are listed. Sources: NYSE "Special Closings since 1885" and the exchange's yearly holiday
//! notices; `scripts/fixtures/nyse_calendar.py` checks every day from 1885 to 2100 against
//! `exchange_calendars`. Not modelled: the Saturday half sessions that ended in 1952, the closure of
//! 31 July to 11 December 1914, other hours than 09:30 to 16:00 before 1985, and unscheduled late
//! openings and early closes.

use super::date::{date_of, day_number, weekday_index};
use jiff::civil::{Date, Weekday};
use std::ops::RangeInclusive;

const NEVER: i16 = 9999;
const BEFORE_1954: RangeInclusive<i16> = -9999..=1953;

/// On which day of its year a holiday falls.
enum On {
    /// Fixed date; a Sunday is taken on Monday, a Saturday is lost.
    SundayToMonday(i8),
    /// Fixed date; a Sunday is taken on Monday, a Saturday on Friday.
    NearestWeekday(i8),
    /// The n-th such weekday of the month; negative counts from its end.
    Nth(i8, Weekday),
    /// The Tuesday from the 2nd to the 8th, in every year or in leap years only.
    Election { every_year: bool },
}

struct Rule {
    name: &'static str,
    years: RangeInclusive<i16>,
    month: i8,
    on: On,
}

const fn rule(name: &'static str, years: RangeInclusive<i16>, month: i8, on: On) -> Rule {
    Rule { name, years, month, on }
}

/// Every holiday by rule but Good Friday, by month. No observance leaves its month, which keeps the look-up short.
const RULES: &[Rule] = &[
    rule("New Year's Day", -9999..=NEVER, 1, On::SundayToMonday(1)),
    rule("Martin Luther King Jr. Day", 1998..=NEVER, 1, On::Nth(3, Weekday::Monday)),
    rule("Lincoln's Birthday", BEFORE_1954, 2, On::SundayToMonday(12)),
    rule("Washington's Birthday", -9999..=1963, 2, On::SundayToMonday(22)),
    rule("Washington's Birthday", 1964..=1970, 2, On::NearestWeekday(22)),
    rule("Washington's Birthday", 1971..=NEVER, 2, On::Nth(3, Weekday::Monday)),
    rule("Memorial Day", -9999..=1963, 5, On::SundayToMonday(30)),
    rule("Memorial Day", 1964..=1969, 5, On::NearestWeekday(30)),
    rule("Memorial Day", 1971..=NEVER, 5, On::Nth(-1, Weekday::Monday)),
    rule("Juneteenth", 2022..=NEVER, 6, On::NearestWeekday(19)),
    rule("Independence Day", BEFORE_1954, 7, On::SundayToMonday(4)),
    rule("Independence Day", 1954..=NEVER, 7, On::NearestWeekday(4)),
    rule("Labor Day", -9999..=NEVER, 9, On::Nth(1, Weekday::Monday)),
    rule("Columbus Day", BEFORE_1954, 10, On::SundayToMonday(12)),
    rule("Election Day", -9999..=1967, 11, On::Election { every_year: true }),
    rule("Election Day", 1968..=1980, 11, On::Election { every_year: false }),
    rule("Veterans Day", 1934..=1953, 11, On::SundayToMonday(11)),
    rule("Thanksgiving Day", -9999..=1938, 11, On::Nth(-1, Weekday::Thursday)),
    rule("Thanksgiving Day", 1939..=1941, 11, On::Nth(-2, Weekday::Thursday)),
    rule("Thanksgiving Day", 1942..=NEVER, 11, On::Nth(4, Weekday::Thursday)),
    rule("Christmas Day", BEFORE_1954, 12, On::SundayToMonday(25)),
    rule("Christmas Day", 1954..=NEVER, 12, On::NearestWeekday(25)),
];

/// Where the rules of each month begin, and where the last ones end.
static MONTHS: [usize; 13] = {
    let (mut begins, mut month) = ([RULES.len(); 13], 12);
    while month > 0 {
        month -= 1;
        begins[month] = begins[month + 1];
        while begins[month] > 0 && RULES[begins[month] - 1].month as usize == month + 1 {
            begins[month] -= 1;
        }
    }
    begins
};

/// Whole days on which the exchange stayed closed by decision, as (year, month, day), oldest first.
const CLOSURES: &[(i16, i8, i8, &str)] = &[
    (1929, 11, 1, "backlog of paperwork"),
    (1929, 11, 29, "backlog of paperwork"),
    (1933, 3, 6, "bank holiday"),
    (1933, 3, 7, "bank holiday"),
    (1933, 3, 8, "bank holiday"),
    (1933, 3, 9, "bank holiday"),
    (1933, 3, 10, "bank holiday"),
    (1933, 3, 13, "bank holiday"),
    (1933, 3, 14, "bank holiday"),
    (1945, 8, 15, "victory over Japan"),
    (1945, 8, 16, "victory over Japan"),
    (1945, 12, 24, "Christmas Eve"),
    (1956, 12, 24, "Christmas Eve"),
    (1958, 12, 26, "day after Christmas"),
    (1961, 5, 29, "day before Memorial Day"),
    (1963, 11, 25, "mourning of John F. Kennedy"),
    (1968, 2, 12, "Lincoln's Birthday"),
    (1968, 4, 9, "mourning of Martin Luther King Jr."),
    (1968, 6, 12, "paperwork crisis"),
    (1968, 6, 19, "paperwork crisis"),
    (1968, 6, 26, "paperwork crisis"),
    (1968, 7, 5, "day after Independence Day"),
    (1968, 7, 10, "paperwork crisis"),
    (1968, 7, 17, "paperwork crisis"),
    (1968, 7, 24, "paperwork crisis"),
    (1968, 7, 31, "paperwork crisis"),
    (1968, 8, 7, "paperwork crisis"),
    (1968, 8, 14, "paperwork crisis"),
    (1968, 8, 21, "paperwork crisis"),
    (1968, 8, 28, "paperwork crisis"),
    (1968, 9, 11, "paperwork crisis"),
    (1968, 9, 18, "paperwork crisis"),
    (1968, 9, 25, "paperwork crisis"),
    (1968, 10, 2, "paperwork crisis"),
    (1968, 10, 9, "paperwork crisis"),
    (1968, 10, 16, "paperwork crisis"),
    (1968, 10, 23, "paperwork crisis"),
    (1968, 10, 30, "paperwork crisis"),
    (1968, 11, 11, "paperwork crisis"),
    (1968, 11, 20, "paperwork crisis"),
    (1968, 12, 4, "paperwork crisis"),
    (1968, 12, 11, "paperwork crisis"),
    (1968, 12, 18, "paperwork crisis"),
    (1969, 2, 10, "snow"),
    (1969, 3, 31, "mourning of Dwight D. Eisenhower"),
    (1969, 7, 21, "first landing on the moon"),
    (1972, 12, 28, "mourning of Harry S. Truman"),
    (1973, 1, 25, "mourning of Lyndon B. Johnson"),
    (1977, 7, 14, "blackout of New York City"),
    (1985, 9, 27, "hurricane Gloria"),
    (1994, 4, 27, "mourning of Richard Nixon"),
    (2001, 9, 11, "attacks of September 11"),
    (2001, 9, 12, "attacks of September 11"),
    (2001, 9, 13, "attacks of September 11"),
    (2001, 9, 14, "attacks of September 11"),
    (2004, 6, 11, "mourning of Ronald Reagan"),
    (2007, 1, 2, "mourning of Gerald Ford"),
    (2012, 10, 29, "hurricane Sandy"),
    (2012, 10, 30, "hurricane Sandy"),
    (2018, 12, 5, "mourning of George H. W. Bush"),
    (2025, 1, 9, "mourning of Jimmy Carter"),
];

/// Which years have a closure, as bits from the first of them on.
const CLOSURE_YEARS: u128 = {
    let (mut years, mut at) = (0, 0);
    while at < CLOSURES.len() {
        years |= 1 << (CLOSURES[at].0 - CLOSURES[0].0);
        at += 1;
    }
    years
};

/// Seconds after midnight in New York at which a session opens.
pub(super) const OPEN_S: i64 = 9 * 3600 + 30 * 60;
const CLOSE_S: i64 = 16 * 3600;

/// Why the exchange is closed on a weekday; `None` when it trades, and for weekends.
pub(super) fn holiday(date: Date) -> Option<&'static str> {
    let (year, month) = (date.year(), date.month().unsigned_abs() as usize);
    RULES[MONTHS[month - 1]..MONTHS[month]]
        .iter()
        .find(|rule| rule.years.contains(&year) && rule.on.falls_on(date))
        .map(|rule| rule.name)
        .or_else(|| is_good_friday(date).then_some("Good Friday"))
        .or_else(|| closure(date))
}

/// Whether the exchange trades on a day.
pub(super) fn is_session(day: i32) -> bool {
    weekday_index(day) < 5 && holiday(date_of(day)).is_none()
}

/// Seconds after midnight in New York at which a session of this date closes.
pub(super) fn close_s(date: Date) -> i64 {
    let (year, month, day, weekday) = (date.year(), date.month(), date.day(), date.weekday());
    let half = match (month, day) {
        (7, 3) => match weekday {
            Weekday::Monday | Weekday::Tuesday | Weekday::Thursday => year >= 1995,
            Weekday::Wednesday => year >= 2013,
            _ => false,
        },
        // The Friday after a Thursday holiday, until the half day moved to the Wednesday before it.
        (7, 5) => weekday == Weekday::Friday && (1995..2013).contains(&year),
        (11, 23..=29) => weekday == Weekday::Friday && year >= 1992,
        (12, 24) => weekday != Weekday::Friday,
        (12, 26) => matches!(year, 1997 | 2003),
        (12, 31) => year == 1999,
        _ => false,
    };
    match half {
        true if year < 1993 => 14 * 3600,
        true => 13 * 3600,
        false => CLOSE_S,
    }
}

/// Whether a session of this date closes early.
pub(super) fn is_half_day(date: Date) -> bool {
    close_s(date) != CLOSE_S
}

impl On {
    /// Whether it is this date; only for dates in the month of the rule.
    fn falls_on(&self, date: Date) -> bool {
        // Most days are told by their number alone; their weekday costs more.
        let (day, weekday) = (date.day(), || date.weekday());
        match *self {
            On::SundayToMonday(fixed) => {
                day == fixed || day == fixed + 1 && weekday() == Weekday::Monday
            }
            On::NearestWeekday(fixed) => {
                day == fixed
                    || day == fixed + 1 && weekday() == Weekday::Monday
                    || day == fixed - 1 && weekday() == Weekday::Friday
            }
            On::Nth(nth, wanted) => {
                (nth < 0 || (day - 1) / 7 + 1 == nth)
                    && weekday() == wanted
                    && date.nth_weekday_of_month(nth, wanted).is_ok_and(|nth| nth == date)
            }
            On::Election { every_year } => {
                (2..=8).contains(&day)
                    && weekday() == Weekday::Tuesday
                    && (every_year || date.year() % 4 == 0)
            }
        }
    }
}

fn closure(date: Date) -> Option<&'static str> {
    let years_after = u32::try_from(date.year() - CLOSURES[0].0).ok()?;
    if CLOSURE_YEARS.checked_shr(years_after)? & 1 == 0 {
        return None;
    }
    let key = (date.year(), date.month(), date.day());
    let index = CLOSURES.binary_search_by_key(&key, |&(y, m, d, _)| (y, m, d)).ok()?;
    Some(CLOSURES[index].3)
}

fn is_good_friday(date: Date) -> bool {
    matches!(date.month(), 3 | 4)
        && date.weekday() == Weekday::Friday
        && day_number(date) + 2 == easter(date.year())
}

/// Day number of Easter Sunday; the "anonymous Gregorian algorithm" (Nature, 20 April 1876).
fn easter(year: i16) -> i32 {
    let year = i32::from(year);
    let golden = year.rem_euclid(19);
    let (century, rest) = (year.div_euclid(100), year.rem_euclid(100));
    let skipped = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let epact = (19 * golden + century - century.div_euclid(4) - skipped + 15).rem_euclid(30);
    let weekday =
        (32 + 2 * century.rem_euclid(4) + 2 * (rest / 4) - epact - rest % 4).rem_euclid(7);
    let correction = (golden + 11 * epact + 22 * weekday).div_euclid(451);
    let sum = epact + weekday - 7 * correction + 114;
    let (month, day) = (sum / 31, sum % 31 + 1);
    day_number(Date::constant(year as i16, month as i8, day as i8))
}
