//! How to reach the gateway and how patient to be with it.

use std::{ops::RangeInclusive, time::Duration};

/// Whether the published limits of the broker are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pacing {
    /// Kept; see `pace`.
    #[default]
    Broker,
    /// Only the number of unanswered requests is limited: for a simulated gateway.
    Off,
}

/// How to reach the gateway and how patient to be with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// HOST:PORT, in the order in which they are tried.
    pub addresses: Vec<String>,
    /// Client ids that may be used; each connection takes one.
    pub client_ids: RangeInclusive<i32>,
    /// How long an outage in the middle of the work is waited out.
    pub max_wait: Duration,
    /// How many connections are held.
    pub connections: usize,
    /// How many requests may be unanswered at once, over all connections.
    pub in_flight: usize,
    /// Whether the broker's limits are kept.
    pub pacing: Pacing,
    /// Time limits; the defaults are meant for everybody but tests.
    pub limits: Limits,
}

/// Time limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For the first connection, over all addresses and attempts.
    pub connect: Duration,
    /// For the TCP connection to one address.
    pub dial: Duration,
    /// For the conversation before the first request, at one address.
    pub handshake: Duration,
    /// Without a byte of the answer to a request.
    pub progress: Duration,
    /// Between two looks at whether the gateway still answers.
    pub heartbeat: Duration,
    /// For the answer to such a look, unless other bytes come.
    pub heartbeat_answer: Duration,
    /// Until the first attempt to connect again; doubles up to `backoff_most`.
    pub backoff_first: Duration,
    /// The longest time between two attempts.
    pub backoff_most: Duration,
    /// The first wait after the broker asked for a slower pace; doubles. More than the 15 s in which
    /// the broker refuses an identical request.
    pub pacing_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(14),
            dial: Duration::from_secs(4),
            handshake: Duration::from_secs(10),
            progress: Duration::from_secs(15),
            heartbeat: Duration::from_secs(30),
            heartbeat_answer: Duration::from_secs(20),
            backoff_first: Duration::from_millis(500),
            backoff_most: Duration::from_secs(15),
            pacing_pause: Duration::from_secs(16),
        }
    }
}

impl Default for Settings {
    /// The paper-trading ports of IB Gateway and TWS on this machine.
    fn default() -> Self {
        Self {
            addresses: vec!["127.0.0.1:4002".to_owned(), "127.0.0.1:7497".to_owned()],
            client_ids: 100..=131,
            max_wait: Duration::from_secs(120),
            connections: 1,
            in_flight: 6,
            pacing: Pacing::Broker,
            limits: Limits::default(),
        }
    }
}
