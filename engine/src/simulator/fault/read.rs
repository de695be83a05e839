//! Reads a fault as it is written.

use std::str::FromStr;

use super::{Fault, FaultError, Kind, Stage, Tamper, Target};
use crate::simulator::request::Refusal;

const KEYS: [&str; 5] = ["at", "times", "symbol", "p", "for"];

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        read(text).map_err(|reason| FaultError { text: text.chars().take(80).collect(), reason })
    }
}

fn read(text: &str) -> Result<Fault, String> {
    let mut pieces = pieces(text).into_iter();
    let first = pieces.next().unwrap_or_default();
    let (name, value) = match first.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (first.trim(), None),
    };
    let kind = kind(name, value)?;
    let target = default_target(&kind);
    let mut fault = Fault { kind, target, at: 1, times: Some(1), symbol: None, probability: 1.0 };
    let mut times = None;
    for piece in pieces {
        let (key, value) = piece.split_once('=').unwrap_or((&piece, ""));
        let value = value.trim();
        match key.trim() {
            "at" => fault.at = number(value).filter(|at| *at > 0).ok_or("at= counts from 1")?,
            "times" if value == "always" => times = Some(None),
            "times" => times = Some(Some(number(value).ok_or("times= is a number or 'always'")?)),
            "symbol" => fault.symbol = Some(value.to_owned()),
            "p" => fault.probability = probability(value)?,
            "for" => fault.target = named_target(value)?,
            other => return Err(format!("'{other}' is no key; valid: {}", KEYS.join(" "))),
        }
    }
    fault.times = times.unwrap_or(if fault.probability < 1.0 { None } else { Some(1) });
    check(&fault)?;
    Ok(fault)
}

/// The text cut at the commas before keys: texts of errors may hold commas.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for piece in text.split(',') {
        let key = piece.split('=').next().unwrap_or("").trim();
        match pieces.last_mut() {
            Some(last) if last.contains(':') && !KEYS.contains(&key) => {
                last.push(',');
                last.push_str(piece);
            }
            _ => pieces.push(piece.to_owned()),
        }
    }
    pieces
}

fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

fn probability(text: &str) -> Result<f64, String> {
    let inside = |p: &f64| (0.0..=1.0).contains(p);
    number(text).filter(inside).ok_or_else(|| "p= is a number from 0 to 1".to_owned())
}

fn named_target(text: &str) -> Result<Target, String> {
    Ok(match text {
        "connect" => Target::Connect,
        "history" => Target::History,
        "head" => Target::Head,
        "contract" => Target::Contract,
        "time" => Target::Time,
        "any" => Target::Any,
        _ => return Err("for= is connect, history, head, contract, time or any".to_owned()),
    })
}

fn default_target(kind: &Kind) -> Target {
    match kind {
        Kind::Refuse(_)
        | Kind::Silent(_)
        | Kind::Drop(_)
        | Kind::Reset(_)
        | Kind::OldVersion(_)
        | Kind::Http
        | Kind::Tls
        | Kind::ClientIdInUse => Target::Connect,
        _ => Target::History,
    }
}

/// A fault must be able to happen to what it is for.
fn check(fault: &Fault) -> Result<(), String> {
    let frames =
        matches!(fault.kind, Kind::ZeroFrame | Kind::HugeFrame | Kind::Garbage | Kind::Down(_));
    let opening = default_target(&fault.kind) == Target::Connect;
    match fault.target {
        Target::Connect if !opening && !frames => {
            Err("it cannot happen to a connection".to_owned())
        }
        Target::Connect if fault.symbol.is_some() => {
            Err("a connection is not for a symbol".to_owned())
        }
        Target::Connect | Target::History | Target::Any if !opening => Ok(()),
        Target::Connect => Ok(()),
        _ if opening => Err("it happens to connections only".to_owned()),
        _ if fault.kind.shapes_answer() => Err("it happens to requests for bars only".to_owned()),
        _ => Ok(()),
    }
}

fn kind(name: &str, value: Option<&str>) -> Result<Kind, String> {
    if let Some(kind) = plain(name) {
        return match value {
            None => Ok(kind),
            Some(_) => Err(format!("'{name}' takes no value")),
        };
    }
    if let Some(tamper) = tamper(name, value)? {
        return Ok(Kind::Bars(tamper));
    }
    let given = value.ok_or_else(|| format!("'{name}' is not known, or lacks its value"))?;
    let seconds = || {
        let valid = |s: &f64| s.is_finite() && (0.0..=86_400.0).contains(s);
        number(given).filter(valid).ok_or_else(|| format!("'{name}' takes seconds, 0 to 86400"))
    };
    let count = || number(given).ok_or_else(|| format!("'{name}' takes a whole number"));
    Ok(match name {
        "refuse" => Kind::Refuse(seconds()?),
        "silent" => Kind::Silent(stage(given, "ids")?),
        "drop" => Kind::Drop(stage(given, "start")?),
        "reset" => Kind::Reset(stage(given, "start")?),
        "old-version" => {
            Kind::OldVersion(number(given).ok_or("'old-version' takes a whole number")?)
        }
        "error" => {
            let Refusal { code, text } = refusal(given)?;
            Kind::Error { code, text }
        }
        "notice" => {
            let Refusal { code, text } = refusal(given)?;
            Kind::Notice { code, text }
        }
        "lost" => Kind::Lost(seconds()?),
        "lost-data" => Kind::LostData(seconds()?),
        "farms-broken" => Kind::FarmsBroken(seconds()?),
        "down" => Kind::Down(seconds()?),
        "delay" => Kind::Delay(seconds()?),
        "drip" => Kind::Drip(count()? as u64),
        "drop-after" => Kind::DropAfter(count()?),
        "reset-after" => Kind::ResetAfter(count()?),
        "too-long" => Kind::TooLong(count()?),
        _ => return Err(format!("'{name}' is not known")),
    })
}

fn plain(name: &str) -> Option<Kind> {
    Some(match name {
        "http" => Kind::Http,
        "tls" => Kind::Tls,
        "zero-frame" => Kind::ZeroFrame,
        "huge-frame" => Kind::HugeFrame,
        "garbage" => Kind::Garbage,
        "client-id-in-use" => Kind::ClientIdInUse,
        "port-reset" => Kind::PortReset,
        "half-open" => Kind::HalfOpen,
        "no-answer" => Kind::NoAnswer,
        "no-end" => Kind::NoEnd,
        "truncated" => Kind::Truncated,
        "wrong-id" => Kind::WrongId,
        "interleaved" => Kind::Interleaved,
        "unknown-message" => Kind::UnknownMessage,
        "unordered" => Kind::Bars(Tamper::Unordered),
        "reversed" => Kind::Bars(Tamper::Reversed),
        "partial" => Kind::Bars(Tamper::Partial),
        _ => return None,
    })
}

fn tamper(name: &str, value: Option<&str>) -> Result<Option<Tamper>, String> {
    let bar = || match value {
        None => Ok(None),
        Some(text) => match number(text).filter(|row| *row > 0) {
            Some(row) => Ok(Some(row)),
            None => Err(format!("'{name}' takes the number of a bar, from 1")),
        },
    };
    let count = |default: Option<usize>| match value {
        None => default.ok_or_else(|| format!("'{name}' lacks its value")),
        Some(text) => number(text)
            .filter(|count| (1..=10_000_000).contains(count))
            .ok_or_else(|| format!("'{name}' takes a whole number from 1")),
    };
    Ok(Some(match name {
        "duplicate-same" => Tamper::DuplicateSame(bar()?),
        "duplicate-different" => Tamper::DuplicateDifferent(bar()?),
        "overlap" => Tamper::Overlap(count(Some(3))?),
        "stale" => Tamper::Stale(count(Some(30))?),
        "future" => Tamper::Future(count(Some(1))?),
        "nan" => Tamper::Nan(bar()?),
        "zero" => Tamper::Zero(bar()?),
        "negative" => Tamper::Negative(bar()?),
        "high-below-low" => Tamper::HighBelowLow(bar()?),
        "missing-bar" => Tamper::MissingBar(bar()?),
        "missing-field" => Tamper::MissingField(bar()?),
        "bad-date" => Tamper::BadDate(bar()?),
        "many" => Tamper::Many(count(None)?),
        "restated" => {
            let valid = |ratio: &f64| ratio.is_finite() && *ratio > 0.0;
            let ratio = value.and_then(number).filter(valid);
            Tamper::Restated(ratio.ok_or("'restated' takes a number above 0")?)
        }
        _ => return Ok(None),
    }))
}

fn stage(text: &str, last: &str) -> Result<Stage, String> {
    match text {
        "accept" => Ok(Stage::Accept),
        "version" => Ok(Stage::Version),
        _ if text == last => Ok(Stage::Start),
        _ => Err(format!("valid: accept, version or {last}")),
    }
}

/// A number with or without a text, or the name of one of the meanings of 162.
fn refusal(text: &str) -> Result<Refusal, String> {
    let history = |text: &str| Ok(Refusal::history(text));
    match text {
        "pacing" => return history("Historical data request pacing violation"),
        "no-data" => return history("HMDS query returned no data: requested@SMART Trades"),
        "cancelled" => return history("API historical data query cancelled: 0"),
        "no-permission" => return history("No market data permissions for NYSE STK"),
        "unknown-text" => return history("Der Dienst ist zur Zeit nicht bereit"),
        "localized" => {
            let text = "Mensaje de error del servicio de datos de mercado históricos:Infracción del ritmo de solicitudes de datos históricos";
            return Ok(Refusal::new(162, text));
        }
        _ => {}
    }
    let (code, text) = match text.split_once(':') {
        Some((code, text)) => (code, Some(text)),
        None => (text, None),
    };
    let code = number(code.trim()).ok_or("an error is a number, with ':' and a text, or a name")?;
    Ok(Refusal::new(code, text.unwrap_or_else(|| usual_text(code))))
}

/// The broker's own text of a number.
fn usual_text(code: i32) -> &'static str {
    match code {
        100 => "Max rate of messages per second has been exceeded:max=50 rec=51 (1)",
        162 => {
            "Historical Market Data Service error message:Historical data request pacing violation"
        }
        165 => {
            "Historical Market Data Service query message:HMDS server connection was successful."
        }
        200 => "No security definition has been found for the request",
        321 => "Error validating request.-'bT' : cause - Please enter a valid security type",
        322 => {
            "Error processing request.-'bT' : cause - Only 50 simultaneous API historical data requests allowed."
        }
        326 => {
            "Unable to connect as the client id is already in use. Retry with a unique client id."
        }
        354 => "Requested market data is not subscribed.",
        366 => "No historical data query found for ticker id",
        420 => "Invalid Real-time Query:No market data permissions for NYSE STK",
        502 => {
            "Couldn't connect to TWS. Confirm that API is enabled in TWS and that the port is right."
        }
        504 => "Not connected",
        1100 => "Connectivity between IBKR and Trader Workstation has been lost.",
        1101 => "Connectivity between IBKR and Trader Workstation has been restored - data lost.",
        1102 => {
            "Connectivity between IBKR and Trader Workstation has been restored - data maintained."
        }
        1300 => "TWS socket port has been reset and this connection is being dropped.",
        2103 => "Market data farm connection is broken:usfarm",
        2104 => "Market data farm connection is OK:usfarm",
        2105 => "HMDS data farm connection is broken:ushmds",
        2106 => "HMDS data farm connection is OK:ushmds",
        10_187 => "Failed to request historical ticks:No market data permissions for NYSE STK",
        10_197 => "No market data during competing live session",
        10_314 => "End Date/Time: The date, time, or time-zone entered is invalid.",
        _ => "An error that the simulator was told to report",
    }
}

/// The text that the broker has for a number.
pub(super) fn broker(code: i32) -> Refusal {
    Refusal::new(code, usual_text(code))
}
