//! Tells from the first bytes whether TWS or Gateway is at the other end, and which version.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long a silent listener has for an answer to a question of the web.
const WEB: Duration = Duration::from_millis(800);

/// The first version whose every message is protobuf (TWS and Gateway 10.43).
const OLDEST: i32 = 213;

/// What a first frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Greeting {
    /// A version that can be spoken with.
    Speaks(i32),
    /// A version that cannot.
    TooOld(String),
    /// Not a greeting.
    Strange(String),
}

/// Reads the text of a first frame: a version, a zero byte and the gateway's time.
pub(super) fn greeting(text: &str) -> Greeting {
    let version = text.split('\0').next().unwrap_or_default();
    match version.parse::<i32>() {
        Ok(version) if version >= OLDEST => Greeting::Speaks(version),
        Ok(version) => Greeting::TooOld(format!("server version {version}")),
        Err(_) => Greeting::Strange(format!("it begins with {}", shown(text.as_bytes()))),
    }
}

/// What else speaks at the other end, when its first bytes are known for it.
pub(super) fn what_else(first: &[u8]) -> Option<String> {
    let begins = |with: &[u8]| first.starts_with(with);
    if first.len() >= 3 && matches!(first[0], 0x15 | 0x16) && first[1] == 3 && first[2] <= 4 {
        Some("it speaks TLS".to_owned())
    } else if begins(b"HTTP/") {
        Some("it speaks HTTP".to_owned())
    } else if begins(b"SSH-") {
        Some("it speaks SSH".to_owned())
    } else {
        None
    }
}

/// What else speaks at an address where our own greeting met silence: a web server says nothing before
/// a request is whole, and is asked for one.
pub(super) async fn what_else_at(address: &str) -> Option<String> {
    let answer = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.ok()?;
        let mut first = [0; 16];
        let read = stream.read(&mut first).await.ok()?;
        what_else(&first[..read])
    };
    timeout(WEB, answer).await.ok().flatten()
}

/// The first bytes as a person can read them.
pub(super) fn shown(bytes: &[u8]) -> String {
    format!("\"{}\"", bytes[..bytes.len().min(16)].escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_says_the_version_and_the_time() {
        let speaks = greeting("225\x0020261120 18:00:00 US/Eastern\0");
        assert_eq!(speaks, Greeting::Speaks(225));
        assert_eq!(greeting("213\0x\0"), Greeting::Speaks(213));
        let old = Greeting::TooOld("server version 176".to_owned());
        assert_eq!(greeting("176\x0020261120 18:00:00 CET\0"), old);
        assert_eq!(greeting("hello"), Greeting::Strange("it begins with \"hello\"".to_owned()));
    }

    #[test]
    fn other_protocols_are_named() {
        assert_eq!(what_else(b"\0\0\0\x20225"), None);
        assert_eq!(what_else(b"\x15\x03\x01\0\x02").as_deref(), Some("it speaks TLS"));
        assert_eq!(what_else(b"HTTP/1.1 400").as_deref(), Some("it speaks HTTP"));
        assert_eq!(what_else(b"SSH-2.0-x").as_deref(), Some("it speaks SSH"));
        assert_eq!(what_else(b"HT"), None);
        assert_eq!(shown(b"220 mail\r\n\x01"), "\"220 mail\\r\\n\\x01\"");
    }
}
