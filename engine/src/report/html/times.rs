//! How a page says when something was: bars inside a session in the zone of the exchange, which it names,
//! longer ones by their session.

use jiff::{Timestamp, tz::TimeZone};

use super::{Page, markup::escaped};

/// First and last bar, with the zone where there is one: `2024-03-13 09:30 to 2024-03-13 15:55, times in
/// America/New_York`.
pub(super) fn period(page: &Page<'_>) -> String {
    let ends = [page.basis.ts.first(), page.basis.ts.last()];
    let [first, last] = ends.map(|ts| ts.and_then(|ts| stamp(*ts, page)).unwrap_or_default());
    let zone = said(page).map_or(String::new(), |zone| format!(", times in {zone}"));
    format!("{first} to {last}{zone}")
}

/// The zone of the times of the page; `None` when they are days.
pub(super) fn said<'a>(page: &Page<'a>) -> Option<&'a str> {
    page.basis.resolution.is_intraday().then_some(page.time_zone)
}

/// The zone for a heading, as markup; nothing when times are days.
pub(super) fn zone(page: &Page<'_>) -> String {
    said(page).map_or(String::new(), |zone| format!(" <small>times in {}</small>", escaped(zone)))
}

/// A time as the script of the page writes it.
fn stamp(ts: i64, page: &Page<'_>) -> Option<String> {
    let resolution = page.basis.resolution;
    let (name, format) = match (resolution.is_intraday(), resolution.to_string().ends_with('s')) {
        (false, _) => ("UTC", "%Y-%m-%d"),
        (true, false) => (page.time_zone, "%Y-%m-%d %H:%M"),
        (true, true) => (page.time_zone, "%Y-%m-%d %H:%M:%S"),
    };
    let zone = TimeZone::get(name).unwrap_or(TimeZone::UTC);
    let moment = Timestamp::from_nanosecond(i128::from(ts)).ok()?;
    Some(moment.to_zoned(zone).strftime(format).to_string())
}
