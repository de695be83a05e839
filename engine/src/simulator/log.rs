//! What was asked of the simulator, for tests that must know.

/// One request, as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// Number of the connection, counted from 1 in the order in which they were accepted.
    pub connection: u64,
    /// The client's id.
    pub client_id: i32,
    /// Number of the request; `None` for those without.
    pub request_id: Option<i32>,
    /// The simulator's clock, nanoseconds UTC.
    pub at: i64,
    /// What it asked.
    pub asked: Request,
}

/// What a request asked, in the words of the client.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Bars or sessions.
    History {
        /// Symbol.
        symbol: String,
        /// Length of a bar, for example `1 day`.
        bar_size: String,
        /// Length of the window, for example `5 D`.
        duration: String,
        /// End of the window; empty for now.
        end: String,
        /// Which prices, for example `TRADES`.
        what: String,
        /// Regular trading hours only.
        regular_hours: bool,
    },
    /// A request for bars was taken back.
    CancelHistory,
    /// The first bar there is.
    Head {
        /// Symbol.
        symbol: String,
    },
    /// What stands behind a contract.
    Contract {
        /// Symbol.
        symbol: String,
    },
    /// Symbols that begin with a pattern.
    Matching {
        /// The pattern.
        pattern: String,
    },
    /// The clock.
    Time,
    /// Accounts or their figures.
    Account,
    /// A number that the simulator does not know, or no protobuf message; it was ignored.
    Unknown {
        /// Number on the wire.
        number: u32,
    },
}
