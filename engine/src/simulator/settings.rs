//! How a simulated gateway is set up.

use std::net::{IpAddr, Ipv4Addr};

use super::{fault::Fault, market::Action};

/// Which limits on the rate of requests are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pacing {
    /// None.
    Off,
    /// Those that the broker publishes: for bars of 30 seconds and less the same request within 15 s,
    /// six of one contract within 2 s, 60 within 10 minutes; at most 50 open requests; 50 messages a
    /// second.
    #[default]
    Published,
    /// The same, for bars of every length.
    Strict,
}

/// A simulated gateway as it is to be. The default listens on a free port of 127.0.0.1.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port; 0 for any free one.
    pub port: u16,
    /// What the prices follow from.
    pub seed: u64,
    /// What the clock shows at the start, nanoseconds UTC; `None` for the machine's clock.
    pub now: Option<i64>,
    /// How fast the clock goes: 1 as usual, 0 not at all.
    pub speed: f64,
    /// Splits and dividends.
    pub actions: Vec<Action>,
    /// Limits on the rate of requests.
    pub pacing: Pacing,
    /// Whether requests for more bars than the broker gives at once are refused.
    pub limits: bool,
    /// What goes wrong.
    pub faults: Vec<Fault>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            seed: 1,
            now: None,
            speed: 1.0,
            actions: Vec::new(),
            pacing: Pacing::default(),
            limits: true,
            faults: Vec::new(),
        }
    }
}
