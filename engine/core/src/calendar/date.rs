//! Civil dates as day numbers: the integer arithmetic beneath every calendar.
//!
//! A day number counts days since 1970-01-01 in the proleptic Gregorian calendar. Algorithms: Howard
//! Hinnant, "chrono-Compatible Low-Level Date Algorithms".

use jiff::civil::Date;

/// Nanoseconds in a second.
pub const SECOND_NS: i64 = 1_000_000_000;
/// Nanoseconds in a day of 24 hours.
pub const DAY_NS: i64 = 86_400 * SECOND_NS;

const DAYS_PER_ERA: i32 = 146_097;
/// Days from 0000-03-01, where Hinnant's eras begin, to 1970-01-01.
const EPOCH_SHIFT: i32 = 719_468;

/// Days since 1970-01-01; negative before.
#[must_use]
pub fn day_number(date: Date) -> i32 {
    let month = i32::from(date.month());
    let year = i32::from(date.year()) - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i32::from(date.day()) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - EPOCH_SHIFT
}

/// The date of a day number; numbers beyond the years -9999 to 9999 give the nearest date.
#[must_use]
pub fn date_of(day: i32) -> Date {
    let shifted = i64::from(day) + i64::from(EPOCH_SHIFT);
    let era = shifted.div_euclid(i64::from(DAYS_PER_ERA));
    let day_of_era = shifted.rem_euclid(i64::from(DAYS_PER_ERA));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    match i16::try_from(year) {
        Ok(year) if (-9999..=9999).contains(&year) => {
            Date::constant(year, month as i8, day_of_month as i8)
        }
        _ if year < 0 => Date::MIN,
        _ => Date::MAX,
    }
}

/// Midnight UTC of a date, nanoseconds since the epoch: the key of a daily bar.
///
/// Dates beyond what 64 bits of nanoseconds reach (1677 to 2262) give the nearest instant.
#[must_use]
pub fn midnight_ns(date: Date) -> i64 {
    i64::from(day_number(date)).saturating_mul(DAY_NS)
}

/// The UTC date of an instant in nanoseconds since the epoch.
#[must_use]
pub fn utc_date(ts: i64) -> Date {
    date_of(utc_day(ts))
}

/// The UTC day number of an instant in nanoseconds since the epoch.
#[must_use]
pub fn utc_day(ts: i64) -> i32 {
    // 2^63 ns are 106,751 days, so the quotient always fits.
    ts.div_euclid(DAY_NS) as i32
}

/// Day number of the Monday on or before a day.
pub(super) fn monday_of(day: i32) -> i32 {
    day - weekday_index(day)
}

/// 0 for Monday to 6 for Sunday; 1970-01-01 was a Thursday.
pub(super) fn weekday_index(day: i32) -> i32 {
    (day + 3).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{ToSpan, civil::date};

    #[test]
    fn day_numbers_agree_with_jiff_from_1600_to_2300() {
        let epoch = date(1970, 1, 1);
        let mut day = date(1600, 1, 1);
        let first = epoch.until(day).unwrap().get_days();
        for number in first..first + 255_000 {
            assert_eq!(day_number(day), number);
            assert_eq!(date_of(number), day);
            assert_eq!(weekday_index(number), i32::from(day.weekday().to_monday_zero_offset()));
            day = day.checked_add(1.day()).unwrap();
        }
    }

    #[test]
    fn the_ends_of_the_range_saturate() {
        assert_eq!(date_of(i32::MAX), Date::MAX);
        assert_eq!(date_of(i32::MIN), Date::MIN);
        assert_eq!(date_of(day_number(Date::MAX)), Date::MAX);
        assert_eq!(date_of(day_number(Date::MIN)), Date::MIN);
        assert_eq!(midnight_ns(Date::MAX), i64::MAX);
        assert_eq!(midnight_ns(Date::MIN), i64::MIN);
        assert_eq!(utc_date(i64::MAX), date(2262, 4, 11));
        assert_eq!(utc_date(-1), date(1969, 12, 31));
        assert_eq!(midnight_ns(date(2000, 2, 1)), 949_363_200_000_000_000);
    }
}
