//! What an error number of the broker means for a request.
//!
//! Sources: the message codes of the TWS API, and texts seen in public logs. Number 162 has many
//! meanings that only its text tells apart, and texts are in the user's language; so an unknown text
//! is never taken for one of them.

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is nothing in the window: an empty answer.
    NoData,
    /// The broker knows no such instrument.
    UnknownSymbol,
    /// We asked too fast: wait out the window, then ask again.
    TooFast,
    /// The account may not have these data.
    NoPermission,
    /// Another session has the data: wait, then ask again.
    CompetingSession,
    /// The request as such is wrong.
    Refused,
    /// Not now: too much at once, cancelled, or the service was away. Ask again soon.
    Again,
    /// Not known. Ask once more after a pause, in case it was about pace, then show it.
    Unclear,
    /// The connection is no longer good.
    Reconnect,
}

/// What error `code` with `text` means for a request.
pub(super) fn verdict(code: i32, text: &str) -> Verdict {
    let text = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match code {
        162 => of_162(&says),
        200 => Verdict::UnknownSymbol,
        420 if says(&["pacing"]) => Verdict::TooFast,
        203 | 354 | 420 | 10187 => Verdict::NoPermission,
        166 | 320 | 321 | 10314 => Verdict::Refused,
        322 if says(&["duplicate"]) => Verdict::Again,
        100 | 322 => Verdict::TooFast,
        165 | 366 | 385 | 386 | 10225 => Verdict::Again,
        10197 => Verdict::CompetingSession,
        326 | 502 | 503 | 504 | 507 | 1300 => Verdict::Reconnect,
        _ => Verdict::Unclear,
    }
}

fn of_162(says: &dyn Fn(&[&str]) -> bool) -> Verdict {
    if says(&["pacing violation"]) {
        Verdict::TooFast
    } else if says(&["returned no data", "no head time stamp", "no data of type"]) {
        Verdict::NoData
    } else if says(&["permission"]) {
        Verdict::NoPermission
    } else if says(&["different ip address"]) {
        Verdict::CompetingSession
    } else if says(&["cancelled", "canceled"]) {
        Verdict::Again
    } else if says(&["invalid step", "time length exceed", "not supported", "starting time must"]) {
        Verdict::Refused
    } else {
        Verdict::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HMDS: &str = "Historical Market Data Service error message:";

    #[test]
    fn the_meanings_of_162_are_told_apart_by_its_text() {
        let cases = [
            ("Historical data request pacing violation", Verdict::TooFast),
            ("HMDS query returned no data: XYZ@SMART Trades", Verdict::NoData),
            ("No head time stamp", Verdict::NoData),
            ("No market data permissions for NYSE STK", Verdict::NoPermission),
            ("API historical data query cancelled: 3", Verdict::Again),
            (
                "Trading TWS session is connected from a different IP address",
                Verdict::CompetingSession,
            ),
            ("invalid step: 1", Verdict::Refused),
            ("Time length exceed max.", Verdict::Refused),
            ("violaci\u{f3}n del ritmo de solicitudes", Verdict::Unclear),
        ];
        for (text, wanted) in cases {
            assert_eq!(verdict(162, &format!("{HMDS}{text}")), wanted, "{text}");
        }
    }

    #[test]
    fn every_number_of_the_table_has_its_policy() {
        let cases = [
            (100, "Max rate of messages per second has been exceeded", Verdict::TooFast),
            (200, "No security definition has been found for the request", Verdict::UnknownSymbol),
            (321, "Error validating request", Verdict::Refused),
            (322, "Only 50 simultaneous API historical data requests allowed", Verdict::TooFast),
            (322, "Duplicate ticker id", Verdict::Again),
            (354, "Requested market data is not subscribed", Verdict::NoPermission),
            (366, "No historical data query found for ticker id", Verdict::Again),
            (420, "Invalid Real-time Query: No market data permissions", Verdict::NoPermission),
            (10187, "Failed to request historical ticks", Verdict::NoPermission),
            (10197, "No market data during competing live session", Verdict::CompetingSession),
            (10314, "End Date/Time: the date is invalid", Verdict::Refused),
            (504, "Not connected", Verdict::Reconnect),
            (502, "Couldn't connect to TWS", Verdict::Reconnect),
            (326, "Unable to connect as the client id is already in use", Verdict::Reconnect),
            (1300, "TWS socket port has been reset", Verdict::Reconnect),
            (424_242, "something new", Verdict::Unclear),
        ];
        for (code, text, wanted) in cases {
            assert_eq!(verdict(code, text), wanted, "{code} {text}");
        }
    }
}
