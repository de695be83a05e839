//! What a client may ask: requests for bars read and refused as the broker does, with its numbers and
//! texts.

use engine_core::calendar::{Calendar, SECOND_NS};
use strategy_api::Resolution;

use super::{
    market::{Hours, What},
    time::{self, End},
    wire::HistoricalDataRequest,
};

/// A refusal: the broker's number and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Number.
    pub(super) code: i32,
    /// Text.
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn new(code: i32, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// The request makes no sense.
    fn invalid(cause: &str) -> Self {
        Self::new(321, format!("Error validating request.-'bT' : cause - {cause}"))
    }

    /// The service of historical data says no.
    pub(super) fn history(text: &str) -> Self {
        Self::new(162, format!("Historical Market Data Service error message:{text}"))
    }

    /// There is nothing in the window.
    pub(super) fn no_data(symbol: &str, what: &str) -> Self {
        Self::history(&format!("HMDS query returned no data: {symbol}@SMART {what}"))
    }

    /// Nobody knows the contract.
    pub(super) fn unknown_contract() -> Self {
        Self::new(200, "No security definition has been found for the request")
    }

    /// Several contracts fit.
    pub(super) fn ambiguous(symbol: &str) -> Self {
        Self::new(200, format!("The contract description specified for {symbol} is ambiguous."))
    }
}

/// Unit of a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Seconds of trading.
    S,
    /// Sessions.
    D,
    /// Weeks of the calendar.
    W,
    /// Months of the calendar.
    M,
    /// Years of the calendar.
    Y,
}

/// Length of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Duration {
    /// How many, above zero.
    pub(super) count: u32,
    /// Of what.
    pub(super) unit: Unit,
}

/// What a request for bars asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Bars of a length.
    Bars(Resolution),
    /// The sessions themselves.
    Schedule,
}

/// A request for bars that makes sense.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HistoryRequest {
    /// What is asked.
    pub(super) asked: Asked,
    /// Length of the window.
    pub(super) duration: Duration,
    /// End of the window, nanoseconds UTC; `None` for now.
    pub(super) end: Option<i64>,
    /// Whether the end came without a time zone, which the broker warns of.
    pub(super) end_without_zone: bool,
    /// Which prices.
    pub(super) what: What,
    /// Which hours.
    pub(super) hours: Hours,
    /// Whether times are to be seconds since the epoch.
    pub(super) epoch: bool,
}

const BAR_SIZES: [(&str, Resolution); 23] = [
    ("1 secs", Resolution::Sec1),
    ("5 secs", Resolution::Sec5),
    ("10 secs", Resolution::Sec10),
    ("15 secs", Resolution::Sec15),
    ("30 secs", Resolution::Sec30),
    ("1 min", Resolution::Min1),
    ("2 mins", Resolution::Min2),
    ("3 mins", Resolution::Min3),
    ("5 mins", Resolution::Min5),
    ("10 mins", Resolution::Min10),
    ("15 mins", Resolution::Min15),
    ("20 mins", Resolution::Min20),
    ("30 mins", Resolution::Min30),
    ("1 hour", Resolution::Hour1),
    ("2 hours", Resolution::Hour2),
    ("3 hours", Resolution::Hour3),
    ("4 hours", Resolution::Hour4),
    ("8 hours", Resolution::Hour8),
    ("1 day", Resolution::Day1),
    ("1W", Resolution::Week1),
    ("1M", Resolution::Month1),
    ("1 week", Resolution::Week1),
    ("1 month", Resolution::Month1),
];

/// How many of the bar sizes the refusal of another one lists.
const LEGAL: usize = 21;

const BAD_END: &str = "End Date/Time: The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss xx/xxxx where yyyymmdd and xx/xxxx are optional; yyyymmdd-hh:mm:ss is UTC.";

/// Reads a request for bars.
///
/// # Errors
/// What the broker would say of it.
pub(super) fn read(request: &HistoricalDataRequest) -> Result<HistoryRequest, Refusal> {
    let text = |field: &Option<String>| field.as_deref().unwrap_or("").trim().to_owned();
    let (what, schedule) = what_to_show(&text(&request.what_to_show))?;
    let end = time::end(&text(&request.end_date_time)).ok_or(Refusal::new(10_314, BAD_END))?;
    let (end, end_without_zone) = match end {
        End::Now => (None, false),
        End::At { ns, zoned } => (Some(ns), !zoned),
    };
    let resolution = bar_size(&text(&request.bar_size))?;
    let duration = duration(&text(&request.duration))?;
    let keep = request.keep_up_to_date.unwrap_or(false);
    if what == What::AdjustedLast {
        if end.is_some() {
            return Err(Refusal::invalid("End date not supported with adjusted last"));
        }
        if matches!(resolution, Resolution::Week1 | Resolution::Month1) || keep {
            return Err(Refusal::invalid("Adjusted last is not supported for this request"));
        }
    }
    if keep {
        return Err(Refusal::invalid("Bars that are kept up to date are not simulated"));
    }
    let epoch = match request.format_date.unwrap_or(1) {
        1 => false,
        2 => true,
        other => {
            let cause = format!("Date formatting selection of {other} rejected");
            return Err(Refusal::invalid(&cause));
        }
    };
    let hours = if request.use_rth.unwrap_or(false) { Hours::Regular } else { Hours::Extended };
    let asked = if schedule { Asked::Schedule } else { Asked::Bars(resolution) };
    Ok(HistoryRequest { asked, duration, end, end_without_zone, what, hours, epoch })
}

/// Which prices, and whether it is the schedule that is asked for.
pub(super) fn what_to_show(text: &str) -> Result<(What, bool), Refusal> {
    Ok(match text {
        "TRADES" => (What::Trades, false),
        "ADJUSTED_LAST" => (What::AdjustedLast, false),
        "MIDPOINT" => (What::Midpoint, false),
        "BID" => (What::Bid, false),
        "ASK" => (What::Ask, false),
        "BID_ASK" => (What::BidAsk, false),
        "SCHEDULE" => (What::Trades, true),
        _ => return Err(Refusal::invalid("What to show field is missing or incorrect.")),
    })
}

fn bar_size(text: &str) -> Result<Resolution, Refusal> {
    let found = BAR_SIZES.iter().find(|(name, _)| *name == text);
    found.map(|(_, resolution)| *resolution).ok_or_else(|| {
        let legal: Vec<&str> = BAR_SIZES[..LEGAL].iter().map(|(name, _)| *name).collect();
        let legal = legal.join(", ");
        Refusal::invalid(&format!(
            "Historical data bar size setting is invalid. Legal ones are: {legal}"
        ))
    })
}

fn duration(text: &str) -> Result<Duration, Refusal> {
    let invalid = || Refusal::invalid("Historical data requested duration is invalid.");
    let (count, unit) = text.split_once(' ').ok_or_else(invalid)?;
    let count: u32 = count.parse().ok().filter(|count| *count > 0).ok_or_else(invalid)?;
    let (unit, max, cause) = match unit {
        "S" | "s" => (
            Unit::S,
            86_400,
            "Historical data request for greater than 86400 seconds rejected.".to_owned(),
        ),
        "D" | "d" => (Unit::D, 365, in_years(365, "days")),
        "W" | "w" => (Unit::W, 52, in_years(52, "weeks")),
        "M" | "m" => (Unit::M, 12, in_years(12, "months")),
        "Y" | "y" => (Unit::Y, 200, "Historical data requested duration is invalid.".to_owned()),
        _ => return Err(invalid()),
    };
    if count > max || (unit == Unit::S && count < 30) {
        return Err(Refusal::invalid(if count > max {
            &cause
        } else {
            "Historical data requested duration is invalid."
        }));
    }
    Ok(Duration { count, unit })
}

fn in_years(count: u32, unit: &str) -> String {
    format!(
        "Historical data requests for durations longer than {count} {unit} must be made in years."
    )
}

impl Duration {
    /// About how many seconds of the calendar it covers.
    fn calendar_s(self) -> i64 {
        let days = i64::from(self.count)
            * match self.unit {
                Unit::S => return i64::from(self.count),
                Unit::D => 1,
                Unit::W => 7,
                Unit::M => 31,
                Unit::Y => 366,
            };
        days * 86_400
    }
}

const DAY_S: i64 = 86_400;

/// Refuses what is longer than the broker gives at once, and short bars of long ago.
///
/// Longest windows: 2000 S of 1 s, 3 hours of 5 s, 4 hours of 10 s and 15 s, 1 D of 30 s, 31 days of 1
/// to 3 minutes, a year of 5 to 30 minutes, 5 years of hours. Bars of 30 s and less reach 6 months
/// back. These are the limits that users report; the broker publishes guidance only.
///
/// # Errors
/// 162 with its text.
pub(super) fn check_limits(request: &HistoryRequest, now: i64) -> Result<(), Refusal> {
    let Asked::Bars(resolution) = request.asked else { return Ok(()) };
    let max_s = match resolution {
        Resolution::Sec1 => 2000,
        Resolution::Sec5 => 3 * 3600,
        Resolution::Sec10 | Resolution::Sec15 => 4 * 3600,
        Resolution::Sec30 => DAY_S,
        Resolution::Min1 | Resolution::Min2 | Resolution::Min3 => 31 * DAY_S,
        Resolution::Min5
        | Resolution::Min10
        | Resolution::Min15
        | Resolution::Min20
        | Resolution::Min30 => 366 * DAY_S,
        _ if resolution.is_intraday() => 5 * 366 * DAY_S,
        _ => i64::MAX,
    };
    if request.duration.calendar_s() > max_s {
        return Err(Refusal::history("Time length exceed max."));
    }
    if resolution <= Resolution::Sec30 {
        let end = request.end.unwrap_or(now);
        if end < now - 183 * DAY_S * SECOND_NS {
            return Err(Refusal::history(
                "invalid step: bars of 30 secs and less reach back 6 months",
            ));
        }
    }
    Ok(())
}

/// Whether the calendar has been written for an instant at all.
pub(super) fn is_in_reach(ns: i64) -> bool {
    let date = time::new_york_date(ns);
    (1885..2200).contains(&date.year()) && Calendar::Nyse.session_before(date) < date
}
