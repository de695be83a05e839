//! Faults: what a simulated gateway does wrong, and when.
//!
//! A fault is written `KIND[=VALUE][,KEY=VALUE …]`, on the command line, in a script and in tests:
//!
//! ```text
//! drop-after=3,symbol=AAPL,at=2     the second answer for AAPL breaks off after three bars
//! error=pacing,times=2              the first two requests for bars are refused for pacing
//! delay=1.5,p=0.1                   one answer in ten waits 1.5 seconds
//! nan,for=history,times=always      every answer holds a bar of NaN
//! ```
//!
//! Keys: `at=N` begins with the Nth time that it could happen (1); `times=N` or `times=always` says how
//! often it happens then (once; always when `p` is given); `symbol=S` asks for that symbol;
//! `p=P` makes it happen with that probability, by the seed; `for=` is what it happens to: `connect`,
//! `history`, `head`, `contract`, `time` or `any` request.
//!
//! | kind | what happens |
//! |---|---|
//! | `refuse=S` | nobody listens for the first S seconds |
//! | `silent=accept`, `=version`, `=ids` | nothing more is said from there on; `ids`: all but the next order id |
//! | `drop=accept`, `=version`, `=start` | the connection ends there |
//! | `reset=accept`, `=version`, `=start` | the connection breaks off there |
//! | `old-version=N` | the server is of version N |
//! | `http`, `tls` | something else than a gateway answers |
//! | `zero-frame`, `huge-frame`, `garbage` | a frame of that kind instead of an answer (of the version with `for=connect`) |
//! | `client-id-in-use` | error 326, then the end |
//! | `error=CODE[:TEXT]` or `error=NAME` | the request is refused; names: `pacing` `no-data` `cancelled` `no-permission` `localized` (pacing in Spanish) `unknown-text`, all of 162 |
//! | `notice=CODE[:TEXT]` | a notice before the answer |
//! | `port-reset` | 1300, then the end |
//! | `lost=S` | 1100; after S seconds 1102, and what is pending is answered |
//! | `lost-data=S` | 1100; after S seconds 1101, and what is pending is never answered |
//! | `farms-broken=S` | 2103 and 2105; after S seconds 2104 and 2106 |
//! | `down=S` | a restart: every connection ends, nobody listens for S seconds |
//! | `half-open` | from now on nothing is sent on this connection |
//! | `no-answer`, `no-end` | no answer; an answer that is never said to be complete |
//! | `delay=S`, `drip=MS` | the answer comes after S seconds; byte by byte, MS milliseconds apart |
//! | `drop-after=K`, `reset-after=K` | the connection ends, or breaks off, after K bars |
//! | `truncated` | half of the answer, then nothing more |
//! | `wrong-id` | the answer is for another request |
//! | `interleaved` | the answer to a request that nobody made lies between the parts of the answer |
//! | `unknown-message` | messages that nobody knows come before the answer |
//! | `duplicate-same[=N]`, `duplicate-different[=N]` | bar N comes twice, with the same or other prices |
//! | `unordered`, `reversed` | bars in another order |
//! | `overlap[=N]` | N sessions before the window are answered too (3) |
//! | `stale[=N]` | what was asked for, N days earlier (30) |
//! | `future[=N]` | N bars after the clock (1) |
//! | `partial` | the last bar stops half-way, as if the clock had |
//! | `nan[=N]`, `zero[=N]`, `negative[=N]`, `high-below-low[=N]` | impossible prices in bar N |
//! | `missing-bar[=N]`, `missing-field[=N]`, `bad-date[=N]` | bar N is left out, has no open, has no date |
//! | `restated=R` | prices are R times as high |
//! | `too-long=N` | an answer of more than N bars is announced as a frame of 17 MiB |
//! | `many=N` | the answer is repeated until it has N bars |
//!
//! Bars are counted from 1; without a number it is the one in the middle.

mod act;
mod plan;
mod read;
mod tamper;
#[cfg(test)]
mod tests;

pub(super) use act::{Flow, HUGE_FRAME, ZERO_FRAME, before, garbage, too_long};
pub(super) use plan::Plan;
pub(super) use tamper::{many, tamper, widened};

/// Where in the opening of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// As soon as it is accepted.
    Accept,
    /// After the version.
    Version,
    /// After the client has begun its session; before the next order id when silent.
    Start,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Nobody listens at first; seconds.
    Refuse(f64),
    /// Nothing more is said.
    Silent(Stage),
    /// The connection ends.
    Drop(Stage),
    /// The connection breaks off.
    Reset(Stage),
    /// A version.
    OldVersion(i32),
    /// A web server.
    Http,
    /// A TLS server.
    Tls,
    /// A frame of no bytes.
    ZeroFrame,
    /// A frame longer than any.
    HugeFrame,
    /// A frame of nonsense.
    Garbage,
    /// Error 326.
    ClientIdInUse,
    /// A refusal.
    Error {
        /// The broker's number.
        code: i32,
        /// The broker's text.
        text: String,
    },
    /// A notice.
    Notice {
        /// The broker's number.
        code: i32,
        /// The broker's text.
        text: String,
    },
    /// 1300 and the end.
    PortReset,
    /// 1100, then 1102; seconds.
    Lost(f64),
    /// 1100, then 1101 without the pending answers; seconds.
    LostData(f64),
    /// 2103 and 2105, then 2104 and 2106; seconds.
    FarmsBroken(f64),
    /// A restart; seconds.
    Down(f64),
    /// Nothing is sent on this connection any more.
    HalfOpen,
    /// No answer.
    NoAnswer,
    /// No end of the answer.
    NoEnd,
    /// A late answer; seconds.
    Delay(f64),
    /// A slow answer; milliseconds a byte.
    Drip(u64),
    /// The connection ends after that many bars.
    DropAfter(usize),
    /// The connection breaks off after that many bars.
    ResetAfter(usize),
    /// An answer of more than that many bars is a frame longer than clients take.
    TooLong(usize),
    /// Half of the answer.
    Truncated,
    /// The answer of another request.
    WrongId,
    /// An answer between the parts of the answer.
    Interleaved,
    /// Messages that nobody knows.
    UnknownMessage,
    /// Bars that are not as they should be.
    Bars(Tamper),
}

impl Kind {
    /// Whether it changes an answer of bars, rather than coming before it or instead of it.
    pub(super) fn shapes_answer(&self) -> bool {
        matches!(
            self,
            Self::Bars(_)
                | Self::DropAfter(_)
                | Self::ResetAfter(_)
                | Self::TooLong(_)
                | Self::Truncated
                | Self::WrongId
                | Self::Interleaved
                | Self::NoEnd
                | Self::Drip(_)
        )
    }
}

/// What is wrong with the bars; numbers of bars count from 1, `None` is the one in the middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tamper {
    /// A bar comes twice.
    DuplicateSame(Option<usize>),
    /// A bar comes twice with different prices.
    DuplicateDifferent(Option<usize>),
    /// Shuffled.
    Unordered,
    /// Newest first.
    Reversed,
    /// That many sessions more than asked for.
    Overlap(usize),
    /// That many days too old.
    Stale(usize),
    /// That many bars that cannot be known yet.
    Future(usize),
    /// The last bar is half a bar.
    Partial,
    /// NaN.
    Nan(Option<usize>),
    /// Zero.
    Zero(Option<usize>),
    /// Below zero.
    Negative(Option<usize>),
    /// High and low exchanged.
    HighBelowLow(Option<usize>),
    /// A bar is left out.
    MissingBar(Option<usize>),
    /// A bar without its open.
    MissingField(Option<usize>),
    /// A bar without a readable date.
    BadDate(Option<usize>),
    /// Prices are multiplied.
    Restated(f64),
    /// Repeated until there are that many.
    Many(usize),
}

/// What a fault happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A connection that is opened.
    Connect,
    /// A request for bars.
    History,
    /// A request for the first bar there is.
    Head,
    /// A request for a contract.
    Contract,
    /// A request for the clock.
    Time,
    /// Any request.
    Any,
}

/// One fault. `"drop-after=3,symbol=AAPL".parse()` makes one.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// What it happens to.
    pub target: Target,
    /// The first time that it happens, counted from 1 among the times that it could.
    pub at: u64,
    /// How often it happens; `None` for always.
    pub times: Option<u64>,
    /// Only for this symbol.
    pub symbol: Option<String>,
    /// With this probability, 0 to 1.
    pub probability: f64,
}

/// A text that is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no fault: {reason}")]
pub struct FaultError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}
