//! What can go wrong between us and the broker, how far it reaches, and what the user can do about it.

use crate::error::{Code, Failure};

/// How far an error reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// This request alone: other symbols are worth a try.
    Request,
    /// Every request: the broker cannot be used now.
    Gateway,
}

/// Why the broker gave nothing. Retries and waiting lie behind every one of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// Nobody listens, or the connection breaks off at once.
    #[error("cannot reach a gateway at {address}: {reason}")]
    Unreachable {
        /// HOST:PORT, or several of them.
        address: String,
        /// What the system said.
        reason: String,
    },
    /// Somebody listens but ends the conversation before it has begun.
    #[error("the gateway at {address} turns us away {stage}: {reason}")]
    TurnedAway {
        /// HOST:PORT.
        address: String,
        /// Where in the conversation.
        stage: &'static str,
        /// What the system said.
        reason: String,
    },
    /// Somebody listens but says nothing.
    #[error("the gateway at {address} accepts the connection but stays silent {stage}")]
    Silent {
        /// HOST:PORT.
        address: String,
        /// Where in the conversation.
        stage: &'static str,
    },
    /// Somebody listens but is no TWS or Gateway.
    #[error("{address} does not speak the protocol of TWS or IB Gateway: {reason}")]
    NotAGateway {
        /// HOST:PORT.
        address: String,
        /// What it said instead.
        reason: String,
    },
    /// A version that cannot be spoken with.
    #[error(
        "the gateway at {address} is too old: {found}, and 213 (TWS or Gateway 10.43) is needed"
    )]
    TooOld {
        /// HOST:PORT.
        address: String,
        /// What it said of its version.
        found: String,
    },
    /// Every client id of the range is taken.
    #[error("client ids {first} to {last} are all in use at {address}")]
    ClientIds {
        /// HOST:PORT.
        address: String,
        /// First of the range.
        first: i32,
        /// Last of the range.
        last: i32,
    },
    /// The connection was lost, or the broker was down, for longer than the user wants to wait.
    #[error(
        "the gateway at {address} was lost and did not come back within {waited_s} s: {reason}"
    )]
    Lost {
        /// HOST:PORT.
        address: String,
        /// How long was waited, seconds.
        waited_s: u64,
        /// What was the matter.
        reason: String,
    },
    /// The connection breaks off at this request, again and again.
    #[error(
        "{what}: the connection to the gateway at {address} breaks off, tried {attempts} times"
    )]
    BreaksOff {
        /// What was asked.
        what: String,
        /// HOST:PORT.
        address: String,
        /// How often.
        attempts: u32,
    },
    /// No byte of the answer for too long, again and again.
    #[error("{what}: no answer came for {waited_s} s, {attempts} times")]
    NoProgress {
        /// What was asked.
        what: String,
        /// How long each attempt waited, seconds.
        waited_s: u64,
        /// How often.
        attempts: u32,
    },
    /// The broker does not know the instrument.
    #[error("{symbol}: the broker knows no such instrument ({text})")]
    UnknownSymbol {
        /// The symbol.
        symbol: String,
        /// What the broker said.
        text: String,
    },
    /// The broker knows several.
    #[error("{symbol}: the broker knows {} such instruments: {}", found.len(), found.join("; "))]
    AmbiguousSymbol {
        /// The symbol.
        symbol: String,
        /// Each with exchange and currency.
        found: Vec<String>,
    },
    /// The broker says that it does not know the instrument, while the service that knows is away.
    #[error(
        "{symbol}: whether the broker knows it cannot be said while {farms} is not connected ({text})"
    )]
    FarmAway {
        /// The symbol.
        symbol: String,
        /// The broker's services that are away.
        farms: String,
        /// What the broker said.
        text: String,
    },
    /// The account may not have these data.
    #[error("{what}: the account has no permission for these data (error {code}: {text})")]
    NoPermission {
        /// What was asked.
        what: String,
        /// The broker's number.
        code: i32,
        /// What the broker said.
        text: String,
    },
    /// Another session of the same user has the data.
    #[error("{what}: another session of the same user has the market data (error {code}: {text})")]
    CompetingSession {
        /// What was asked.
        what: String,
        /// The broker's number.
        code: i32,
        /// What the broker said.
        text: String,
    },
    /// The broker asks for a slower pace, and waiting did not help.
    #[error(
        "{what}: the broker asks for a slower pace, {attempts} times in a row (error {code}: {text})"
    )]
    Pacing {
        /// What was asked.
        what: String,
        /// The broker's number.
        code: i32,
        /// What the broker said.
        text: String,
        /// How often.
        attempts: u32,
    },
    /// The broker refused the request as such.
    #[error("{what}: the broker refuses the request (error {code}: {text})")]
    Refused {
        /// What was asked.
        what: String,
        /// The broker's number.
        code: i32,
        /// What the broker said.
        text: String,
    },
    /// More was asked for than one answer can carry.
    #[error("{what}: the answer is larger than the 16 MiB that the protocol carries")]
    TooLarge {
        /// What was asked.
        what: String,
    },
    /// An answer that makes no sense, after asking again.
    #[error("{what}: the answer cannot be read: {reason}")]
    Garbled {
        /// What was asked.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl GatewayError {
    /// How far the error reaches.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::Unreachable { .. }
            | Self::TurnedAway { .. }
            | Self::Silent { .. }
            | Self::NotAGateway { .. }
            | Self::TooOld { .. }
            | Self::ClientIds { .. }
            | Self::Lost { .. }
            | Self::BreaksOff { .. }
            | Self::FarmAway { .. }
            | Self::CompetingSession { .. } => Scope::Gateway,
            _ => Scope::Request,
        }
    }

    fn help(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => {
                "start TWS or IB Gateway and switch on 'Enable ActiveX and Socket Clients' in its API settings; ports: Gateway 4002 paper, 4001 live; TWS 7497 paper, 7496 live: --gateway 127.0.0.1:7497"
            }
            Self::TurnedAway { .. } => {
                "add this machine to 'Trusted IPs' in the API settings of TWS or IB Gateway; versions before 10.43 turn everybody away too"
            }
            Self::Silent { .. } => {
                "look for a dialogue that waits in TWS or IB Gateway, and add this machine to 'Trusted IPs' in its API settings; when another program listens there, name the API port: --gateway 127.0.0.1:4002"
            }
            Self::NotAGateway { .. } => {
                "name the API port of TWS or IB Gateway: --gateway 127.0.0.1:4002"
            }
            Self::TooOld { .. } => "update TWS or IB Gateway to 10.43 or newer",
            Self::ClientIds { .. } => {
                "close other API programs, or use other ids: --client-ids 200-231"
            }
            Self::Lost { .. } => "run the same command again: what has come is kept",
            Self::FarmAway { .. }
            | Self::BreaksOff { .. }
            | Self::NoProgress { .. }
            | Self::Pacing { .. }
            | Self::Garbled { .. } => "run the same command again later: what has come is kept",
            Self::UnknownSymbol { .. } => {
                "the broker writes a class of shares with a blank, as in 'BRK B'"
            }
            Self::AmbiguousSymbol { .. } => "say which one: --primary-exchange NYSE --currency USD",
            Self::NoPermission { .. } => {
                "subscribe to the market data of that exchange in Client Portal, under Settings"
            }
            Self::CompetingSession { .. } => {
                "log out of the other session, then run the same command again"
            }
            Self::TooLarge { .. } => {
                "ask for less at once: a shorter --duration, or --from and --to"
            }
            Self::Refused { .. } => {
                "number and text are the broker's: look at the symbol, --what and the duration, or run the same command again later"
            }
        }
    }
}

impl From<GatewayError> for Failure {
    fn from(error: GatewayError) -> Self {
        let code = match error.scope() {
            Scope::Gateway => Code::Gateway,
            Scope::Request => match error {
                GatewayError::UnknownSymbol { .. } | GatewayError::AmbiguousSymbol { .. } => {
                    Code::Data
                }
                _ => Code::Gateway,
            },
        };
        Failure::new(code, error.to_string()).help(error.help())
    }
}
