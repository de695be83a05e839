//! Every fault of a gateway as a script, from the wire to the rows of the database.
//!
//! The tables below are the claims: a name, what is fetched or typed, what the simulated gateway does
//! wrong, and how that ends. `support/script.rs` plays them and holds every one of them to the same
//! promise: nothing wrong is kept, and the next run with a good gateway ends with the series that one
//! has who never met a fault.

use algo_trader::error::Code::{Data, Gateway};
use strategy_api::Resolution;

use crate::support::{
    desk::FRIDAY,
    script::{
        End::{self, Counts, Fails, New, Partly, Restated, Whole},
        Fetch, Typed, Wish, fetched, play_all, typed,
    },
};

/// A month of days, in one request.
const DAYS: Wish =
    Wish { symbol: "AAPL", resolution: Resolution::Day1, span: "20 D", now: FRIDAY, before: None };
/// The same with all but the last week held.
const WEEK: Wish = Wish { before: Some("2024-06-07T21:00:00Z"), ..DAYS };
/// The same while the session is on.
const OPEN: Wish = Wish { now: "2024-06-14T18:00:00Z", ..DAYS };
/// A year of hours, in three requests.
const HOURS: Wish = Wish { resolution: Resolution::Hour1, span: "1 Y", ..DAYS };
/// Nine weeks of five minutes, in three requests.
const FIVES: Wish = Wish { resolution: Resolution::Min5, span: "45 D", ..DAYS };
/// Five weeks of minutes, in two requests.
const MINUTES: Wish = Wish { resolution: Resolution::Min1, span: "25 D", ..DAYS };

const fn hours(span: &'static str, now: &'static str) -> Wish {
    Wish { resolution: Resolution::Hour1, span, now, ..DAYS }
}

const fn fails(words: &'static str) -> End {
    Fails(Gateway, words)
}

/// Nobody there, somebody who says nothing, somebody else.
const OPENINGS: [Fetch; 22] = [
    ("nobody listens", DAYS, &["refuse=60"], fails("connection refused")),
    ("nobody listens at first", DAYS, &["refuse=0.02"], Whole),
    ("silent once accepted", DAYS, &["silent=accept,times=always"], fails("stays silent")),
    ("silent after the version", DAYS, &["silent=version,times=always"], fails("stays silent")),
    ("no next order id", DAYS, &["silent=ids,times=always"], fails("stays silent")),
    ("ends once accepted", DAYS, &["drop=accept,times=always"], fails("turns us away")),
    ("ends after the version", DAYS, &["drop=version,times=always"], fails("turns us away")),
    ("ends at the start", DAYS, &["drop=start,times=always"], fails("turns us away")),
    ("breaks off once accepted", DAYS, &["reset=accept,times=always"], fails("turns us away")),
    ("breaks off after the version", DAYS, &["reset=version,times=always"], fails("turns us away")),
    ("ends once accepted, once", FIVES, &["drop=accept"], Whole),
    ("breaks off at the start, once", MINUTES, &["reset=start"], Whole),
    ("a version of long ago", DAYS, &["old-version=176,times=always"], fails("too old")),
    ("a web server", DAYS, &["http,times=always"], fails("HTTP")),
    ("a TLS server", DAYS, &["tls,times=always"], fails("TLS")),
    ("an empty greeting", DAYS, &["zero-frame,for=connect,times=always"], fails("does not speak")),
    ("an endless greeting", DAYS, &["huge-frame,for=connect,times=always"], fails("not speak")),
    ("a greeting of nonsense", DAYS, &["garbage,for=connect,times=always"], fails("not speak")),
    ("a client id in use", HOURS, &["client-id-in-use,times=2"], Whole),
    ("all client ids in use", DAYS, &["client-id-in-use,times=always"], fails("all in use")),
    ("down as it is dialled", DAYS, &["down=60,for=connect"], fails("cannot reach")),
    ("unknown messages first", DAYS, &["unknown-message,for=any,times=always"], Whole),
];

/// Connections that end, stand still or say something else in the middle of the work.
const CONNECTIONS: [Fetch; 31] = [
    ("an empty frame for an answer", FIVES, &["zero-frame,at=2"], Whole),
    ("an endless frame for an answer", FIVES, &["huge-frame,at=3"], Whole),
    ("nonsense for an answer", MINUTES, &["garbage,at=2"], Whole),
    ("byte by byte", DAYS, &["drip=1"], Whole),
    ("late", FIVES, &["delay=0.3,times=always"], Whole),
    ("ends after 7 of 20 bars", DAYS, &["drop-after=7"], Whole),
    ("ends before the first bar", FIVES, &["drop-after=0,at=3"], Whole),
    ("ends in the second chunk", HOURS, &["drop-after=100,at=2,times=2"], Whole),
    ("breaks off among the minutes", MINUTES, &["reset-after=5000"], Whole),
    ("ends now and then", FIVES, &["drop-after=9,p=0.3"], Whole),
    ("always ends there", DAYS, &["drop-after=7,times=always"], fails("breaks off")),
    ("from then on always ends", FIVES, &["drop-after=9,at=2,times=always"], fails("breaks off")),
    ("half open", DAYS, &["half-open"], Whole),
    ("half open in the second chunk", FIVES, &["half-open,at=2"], Whole),
    ("half an answer", MINUTES, &["truncated"], Whole),
    ("no answer", FIVES, &["no-answer,at=2"], Whole),
    ("never an answer", DAYS, &["no-answer,times=always"], fails("no answer came")),
    ("no end of the answer", MINUTES, &["no-end"], Whole),
    ("1100, then 1102", FIVES, &["lost=1,at=2"], Whole),
    ("1100, then 1101", FIVES, &["lost-data=0.3,at=2"], Whole),
    ("1100, and that is all", DAYS, &["lost=60"], fails("1100")),
    ("farms away for a while", FIVES, &["farms-broken=0.3,at=2"], Whole),
    ("a nightly restart", FIVES, &["down=0.8,at=3"], Whole),
    ("a restart that does not end", HOURS, &["down=60,at=3"], fails("connection refused")),
    ("a restart among the minutes", MINUTES, &["down=0.5,at=2"], Whole),
    ("1300", DAYS, &["port-reset"], Whole),
    ("502", FIVES, &["error=502,at=2"], Whole),
    ("504", FIVES, &["error=504,at=2,times=2"], Whole),
    ("the answer to another request", FIVES, &["wrong-id,at=2"], Whole),
    ("another answer in between", FIVES, &["interleaved,times=always"], Whole),
    ("a broken line and a slow one", FIVES, &["drop-after=50,at=2", "delay=0.2,at=3"], Whole),
];

/// What the broker refuses.
const REFUSALS: [Fetch; 29] = [
    ("162 pacing", DAYS, &["error=pacing"], Whole),
    ("162 pacing, three times", HOURS, &["error=pacing,at=2,times=3"], Whole),
    ("162 pacing, now and then", MINUTES, &["error=pacing,p=0.5"], Whole),
    ("162 pacing, always", DAYS, &["error=pacing,times=always"], fails("slower pace")),
    ("162 pacing from the third", FIVES, &["error=pacing,at=3,times=always"], fails("slower pace")),
    ("162 pacing in Spanish", FIVES, &["error=localized,at=2"], Whole),
    ("162 no data, once", DAYS, &["error=no-data"], Whole),
    ("162 no data", DAYS, &["error=no-data,times=always"], Fails(Data, "has no bars")),
    ("162 cancelled", FIVES, &["error=cancelled,at=2"], Whole),
    ("162 cancelled, always", DAYS, &["error=cancelled,times=always"], fails("cancelled")),
    ("162 no permission", DAYS, &["error=no-permission"], fails("no permission")),
    ("162 unknown text, once", FIVES, &["error=unknown-text,at=2"], Whole),
    ("162 unknown text", DAYS, &["error=unknown-text,times=always"], fails("Der Dienst")),
    ("200", DAYS, &["error=200,times=always"], Fails(Data, "no such instrument")),
    ("200 for the contract", DAYS, &["error=200,for=contract"], Fails(Data, "no such instrument")),
    ("200 while farms are away", DAYS, &["farms-broken=0.3", "error=200"], Whole),
    (
        "200 while farms stay away",
        DAYS,
        &["farms-broken=60", "error=200,times=always"],
        fails("cannot be said while"),
    ),
    ("321", DAYS, &["error=321"], fails("321")),
    ("321 in the third chunk", FIVES, &["error=321,at=3,times=always"], fails("321")),
    ("322", FIVES, &["error=322,at=2,times=2"], Whole),
    ("100", FIVES, &["error=100,at=2"], Whole),
    ("354", DAYS, &["error=354"], fails("354")),
    ("366", DAYS, &["error=366"], Whole),
    ("420", DAYS, &["error=420"], fails("420")),
    ("10187", DAYS, &["error=10187"], fails("10187")),
    ("10197, once", FIVES, &["error=10197,at=2"], Whole),
    ("10197, always", DAYS, &["error=10197,times=always"], fails("another session")),
    ("10314", DAYS, &["error=10314"], fails("10314")),
    ("a notice that nobody knows", FIVES, &["notice=424242:hello,times=always"], Whole),
];

/// Bars that are not as they should be.
const BARS: [Fetch; 34] = [
    ("a bar twice", DAYS, &["duplicate-same"], Counts([1, 0, 0])),
    ("an hour twice", FIVES, &["duplicate-same=100,at=2"], Counts([1, 0, 0])),
    ("a bar twice, with other values", DAYS, &["duplicate-different"], Whole),
    ("a minute twice, with other values", MINUTES, &["duplicate-different=77,at=2"], Whole),
    ("a bar always in dispute", DAYS, &["duplicate-different,times=always"], Partly("")),
    ("not in order", DAYS, &["unordered"], Counts([0, 0, 1])),
    ("newest first", MINUTES, &["reversed"], Counts([0, 0, 1])),
    ("more than was asked for", DAYS, &["overlap=3"], New(20)),
    ("more than was asked for, with held bars", WEEK, &["overlap=2"], New(5)),
    ("too old", DAYS, &["stale=3000"], Whole),
    ("too old, always", DAYS, &["stale=3000,times=always"], Fails(Data, "outside")),
    ("of the future", DAYS, &["future=2"], Whole),
    ("minutes of the future", MINUTES, &["future=3"], Whole),
    ("half a bar of today", OPEN, &["partial"], Whole),
    ("half a bar of today, with others twice", OPEN, &["partial", "duplicate-same=3"], Whole),
    ("NaN", DAYS, &["nan=3"], Whole),
    ("NaN among minutes", MINUTES, &["nan=300"], Whole),
    ("NaN, always", DAYS, &["nan=3,times=always"], Partly("not a finite number")),
    ("NaN in every chunk", HOURS, &["nan=50,times=always"], Partly("not a finite number")),
    ("zero", FIVES, &["zero=5,at=2"], Whole),
    ("zero, always", DAYS, &["zero=5,times=always"], Partly("")),
    ("negative", FIVES, &["negative=5,at=3"], Whole),
    ("negative, always", DAYS, &["negative=5,times=always"], Partly("")),
    ("high below low", FIVES, &["high-below-low=5,at=2"], Whole),
    ("high below low, always", DAYS, &["high-below-low=5,times=always"], Partly("")),
    ("a bar left out", FIVES, &["missing-bar=9,at=2"], Whole),
    ("a bar without its open", DAYS, &["missing-field=9"], Whole),
    ("a bar without its date", FIVES, &["bad-date=9,at=2"], Whole),
    ("never a date", DAYS, &["bad-date=9,times=always"], fails("2026-13-45")),
    ("restated by a split", WEEK, &["restated=0.25,times=always"], Restated(0.25)),
    (
        "restated, and it breaks off",
        WEEK,
        &["restated=2,times=always", "drop-after=7,at=2"],
        Restated(2.0),
    ),
    ("200,000 bars for 20", DAYS, &["many=200000"], Whole),
    ("a million bars for 20", DAYS, &["many=1000000"], Whole),
    ("more than a frame carries", FIVES, &["too-long=500,times=always"], Whole),
];

/// Weeks that are not like others, fetched over a line that breaks; bars counted by hand.
const CALENDAR: [Fetch; 6] = [
    // 9:30, then every full hour to 15:00: seven a day, four on a day that ends at 13:00.
    ("summer time begins", hours("10 D", "2024-03-15T21:00:00Z"), &["drop-after=3"], New(70)),
    ("summer time ends", hours("10 D", "2024-11-08T22:00:00Z"), &["drop-after=3"], New(70)),
    ("Thanksgiving", hours("5 D", "2024-11-29T22:00:00Z"), &["drop-after=3"], New(32)),
    ("Independence Day", hours("5 D", "2024-07-05T21:00:00Z"), &["error=pacing"], New(32)),
    (
        "the minutes of Christmas Eve",
        Wish { span: "1 D", now: "2024-12-24T22:00:00Z", ..MINUTES },
        &["reversed"],
        New(210),
    ),
    ("Good Friday", Wish { span: "5 D", now: "2024-04-01T21:00:00Z", ..DAYS }, &["nan"], New(5)),
];

const DOCTOR: &[&str] = &["doctor", "connection"];
const DAILY: &[&str] = &["ingest", "-s", "AAPL", "-d", "10 D"];
const HOURLY: &[&str] = &["ingest", "-s", "AAPL", "-r", "1h", "-d", "1 Y"];
const LIST: &[&str] = &["ingest", "--symbols-from", "list.txt", "-d", "10 D"];
const BRIEF: &[&str] = &["ingest", "-s", "AAPL", "-r", "1h", "-d", "1 Y", "--max-wait", "1s"];
const AUTO: &[&str] = &[
    "backtest",
    "-s",
    "AAPL",
    "-r",
    "1d",
    "--strategy",
    "buy_and_hold",
    "--auto-fetch",
    "--fetch-duration",
    "1 Y",
];

/// What a user of the program sees; list.txt holds AAPL, MSFT and TSLA.
const PROGRAM: [Typed; 26] = [
    ("slower pace, with the real pause", DAILY, &["error=pacing"], 0, &["AAPL"]),
    ("slower pace for a list", LIST, &["error=pacing,symbol=MSFT"], 0, &["MSFT"]),
    ("no answer, with the real patience", DAILY, &["no-answer"], 0, &["AAPL"]),
    ("silent", DAILY, &["silent=accept,times=always"], 5, &["error[GATEWAY]", "help:"]),
    ("silent, for a backtest", AUTO, &["silent=version,times=always"], 5, &["stays silent"]),
    ("silence found", DOCTOR, &["silent=accept,times=always"], 5, &["stays silent", "Trusted"]),
    ("no next order id found", DOCTOR, &["silent=ids,times=always"], 5, &["stays silent"]),
    ("a refusal found", DOCTOR, &["refuse=60"], 5, &["connection refused", "Enable ActiveX"]),
    ("a web server found", DOCTOR, &["http,times=always"], 5, &["HTTP"]),
    ("TLS found", DOCTOR, &["tls,times=always"], 5, &["TLS"]),
    ("an old version found", DOCTOR, &["old-version=176,times=always"], 5, &["too old"]),
    ("a reset found", DOCTOR, &["reset=version,times=always"], 5, &["turns us away"]),
    ("taken ids found", DOCTOR, &["client-id-in-use,times=always"], 5, &["all in use"]),
    ("nobody listens", DAILY, &["refuse=60"], 5, &["cannot reach a gateway", "help:"]),
    ("nobody listens, for a backtest", AUTO, &["refuse=60"], 5, &["cannot reach a gateway"]),
    ("it ends among the hours", HOURLY, &["drop-after=99,at=2"], 0, &["AAPL"]),
    ("it ends while a backtest fetches", AUTO, &["drop-after=99"], 0, &["bars fetched"]),
    ("a restart", HOURLY, &["down=1,at=2"], 0, &["AAPL"]),
    ("a restart longer than the wait", BRIEF, &["down=60,at=2"], 5, &["did not come back"]),
    (
        "one unknown of three",
        LIST,
        &["error=200,for=contract,symbol=MSFT,times=always"],
        10,
        &["error[DATA]: MSFT", "failed"],
    ),
    ("no permission for one", LIST, &["error=354,symbol=TSLA"], 10, &["TSLA", "no permission"]),
    ("a wrong request", DAILY, &["error=321"], 5, &["error[GATEWAY]", "321", "help:"]),
    ("NaN in one of three", LIST, &["nan,symbol=MSFT,times=always"], 10, &["partly", "finite"]),
    ("NaN once", HOURLY, &["nan,at=2"], 0, &["AAPL"]),
    ("repeated and unordered", LIST, &["unordered,times=always", "duplicate-same"], 0, &["TSLA"]),
    ("the broker lost the request", HOURLY, &["lost-data=0.5,at=2"], 0, &["AAPL"]),
];

#[test]
fn whoever_answers_the_call_is_named_or_spoken_with() {
    play_all(&OPENINGS, |script| script.0, fetched);
}

#[test]
fn a_line_that_breaks_costs_no_bar() {
    play_all(&CONNECTIONS, |script| script.0, fetched);
}

#[test]
fn a_refusal_is_waited_out_or_shown_as_its_number_says() {
    play_all(&REFUSALS, |script| script.0, fetched);
}

#[test]
fn no_bar_is_kept_that_cannot_be() {
    play_all(&BARS, |script| script.0, fetched);
}

#[test]
fn weeks_that_are_not_like_others_have_the_right_bars() {
    play_all(&CALENDAR, |script| script.0, fetched);
}

#[test]
fn the_program_says_what_happened_and_the_next_run_finishes() {
    play_all(&PROGRAM, |script| script.0, typed);
}
