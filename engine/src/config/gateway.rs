//! `[gateway]`: where the broker's gateway is and how patient to be with it; the same grammar serves
//! the command line.

use std::{ops::RangeInclusive, time::Duration};

/// What `[gateway]` says; what it leaves out is empty or `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayEntry {
    /// HOST:PORT of TWS or IB Gateway, in the order in which they are tried.
    pub addresses: Vec<String>,
    /// Client ids that may be used.
    pub client_ids: Option<RangeInclusive<i32>>,
    /// How long an outage is waited out.
    pub max_wait: Option<Duration>,
    /// How many connections are held.
    pub connections: Option<usize>,
    /// How many requests may be unanswered at once.
    pub in_flight: Option<usize>,
    /// Whether the broker's limits of pace are kept.
    pub pacing: Option<bool>,
}

/// The most connections that TWS takes.
pub const MAX_CONNECTIONS: i64 = 8;
/// The most historical requests that the broker takes at once.
pub const MAX_IN_FLIGHT: i64 = 50;
const MAX_CLIENT_ID: i32 = 999_999;
const MAX_WAIT_S: u64 = 24 * 3600;

/// HOST:PORT.
///
/// # Errors
/// What is valid, when the text is not.
pub fn address(text: &str) -> Result<String, String> {
    let refused = || "not HOST:PORT, such as 127.0.0.1:4002 or [::1]:4002".to_owned();
    let (host, port) = text.rsplit_once(':').ok_or_else(refused)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let named = match bare {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            (1..=253).contains(&host.len())
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
        }
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port_is_valid = digits && port.parse::<u16>().is_ok_and(|port| port > 0);
    if named && port_is_valid { Ok(text.to_owned()) } else { Err(refused()) }
}

/// `100-131`, or a single id.
///
/// # Errors
/// What is valid, when the text is not.
pub fn client_ids(text: &str) -> Result<RangeInclusive<i32>, String> {
    let id = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().filter(|id| (1..=MAX_CLIENT_ID).contains(id))
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (id(first), id(last)) {
        (Some(first), Some(last)) if first <= last => Ok(first..=last),
        _ => Err(format!("not client ids within 1 to {MAX_CLIENT_ID}, such as 100-131")),
    }
}

/// A length of time: `90s`, `2m`, `1h`.
///
/// # Errors
/// What is valid, when the text is not.
pub fn wait(text: &str) -> Result<Duration, String> {
    let refused = || "not a length of time up to 24h, such as 90s, 2m or 1h".to_owned();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(refused)?;
    let (number, unit) = text.split_at(unit_at);
    let scale = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(refused()),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(scale));
    match seconds {
        Some(seconds) if seconds <= MAX_WAIT_S => Ok(Duration::from_secs(seconds)),
        _ => Err(refused()),
    }
}

/// `broker` keeps the broker's limits of pace, `off` does not.
///
/// # Errors
/// What is valid, when the text is not.
pub fn pacing(text: &str) -> Result<bool, String> {
    match text {
        "broker" => Ok(true),
        "off" => Ok(false),
        _ => Err("not 'broker' or 'off'".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for good in ["127.0.0.1:4002", "localhost:7497", "[::1]:4002", "a-b.example:1"] {
            assert_eq!(address(good), Ok(good.to_owned()));
        }
        for bad in
            ["", "4002", ":4002", "host:", "host:0", "host:65536", "host:+1", "a b:1", "[x]:1"]
        {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn client_ids_are_a_range_above_zero() {
        assert_eq!(client_ids("100-131"), Ok(100..=131));
        assert_eq!(client_ids("7"), Ok(7..=7));
        for bad in ["", "0", "0-5", "9-3", "-1", "1-", "a", "1-2-3", "1000000"] {
            assert!(client_ids(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_wait_has_a_unit() {
        let seconds = [("90s", 90), ("2m", 120), ("1h", 3600), ("0s", 0), ("24h", 86_400)];
        for (text, wanted) in seconds {
            assert_eq!(wait(text), Ok(Duration::from_secs(wanted)));
        }
        for bad in ["", "2", "m", "-1s", "1.5m", "2 m", "25h", "99999999999999999999h", "1d"] {
            assert!(wait(bad).is_err(), "{bad}");
        }
    }
}
