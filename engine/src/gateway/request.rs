//! What is asked of the broker, and what it answers.

use std::{fmt, str::FromStr};

use serde::Serialize;
use strategy_api::Resolution;

use super::GatewayError;

/// Kind of security.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Shares and funds traded like shares.
    #[default]
    Stock,
    /// An index, which has no volume and cannot be traded.
    Index,
    /// A crypto currency.
    Crypto,
}

/// An instrument as the broker names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Contract {
    /// Symbol, for example `AAPL` or `BRK B`.
    pub symbol: String,
    /// Kind of security.
    pub security: Security,
    /// Where orders and requests go, for example `SMART`.
    pub exchange: String,
    /// Main exchange, for example `NASDAQ`; empty while it is not known.
    pub primary_exchange: String,
    /// Currency of its prices, for example `USD`.
    pub currency: String,
    /// The broker's number; 0 while it is not known.
    pub id: i32,
    /// Full name; empty while it is not known.
    pub name: String,
}

impl Contract {
    /// A share traded in US dollars, by whichever exchange serves best.
    #[must_use]
    pub fn us_stock(symbol: &str) -> Self {
        Self {
            symbol: symbol.to_owned(),
            security: Security::Stock,
            exchange: "SMART".to_owned(),
            primary_exchange: String::new(),
            currency: "USD".to_owned(),
            id: 0,
            name: String::new(),
        }
    }
}

/// Which prices a bar is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Trades, adjusted for splits.
    #[default]
    Trades,
    /// Trades, adjusted for splits and dividends. Its requests cannot have an end other than now.
    AdjustedLast,
    /// The middle between bid and ask.
    Midpoint,
    /// Bids.
    Bid,
    /// Asks.
    Ask,
}

/// Which hours of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// Regular trading hours.
    #[default]
    Regular,
    /// The hours before and after them too.
    Extended,
}

/// Unit of a [`Span`], as the broker writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum SpanUnit {
    /// Seconds.
    S,
    /// Trading days.
    D,
    /// Weeks.
    W,
    /// Months.
    M,
    /// Years.
    Y,
}

/// Length of a window in the broker's grammar: a whole number, a blank, a unit, as in `5 D`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Span {
    /// How many, at least 1.
    pub count: u32,
    /// Of what.
    pub unit: SpanUnit,
}

/// A text that is no span.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no duration: it is a whole number, a blank and a unit, within 30 to 86400 S (seconds), 1 to 365 D (trading days), 1 to 52 W, 1 to 12 M or 1 to 100 Y, such as \"5 D\""
)]
pub struct SpanError(pub String);

impl Span {
    /// The most seconds that the broker takes in a span.
    pub const MOST_SECONDS: u32 = 86_400;

    /// A span, when the broker takes one of that length.
    #[must_use]
    pub fn new(count: u32, unit: SpanUnit) -> Option<Self> {
        let valid = match unit {
            SpanUnit::S => 30..=Self::MOST_SECONDS,
            SpanUnit::D => 1..=365,
            SpanUnit::W => 1..=52,
            SpanUnit::M => 1..=12,
            SpanUnit::Y => 1..=100,
        };
        valid.contains(&count).then_some(Self { count, unit })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.count, self.unit)
    }
}

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let refused = || SpanError(text.chars().take(40).collect());
        let (count, unit) = text.trim().split_once(' ').ok_or_else(refused)?;
        let unit = match unit.trim_start() {
            "S" | "s" => SpanUnit::S,
            "D" | "d" => SpanUnit::D,
            "W" | "w" => SpanUnit::W,
            "M" | "m" => SpanUnit::M,
            "Y" | "y" => SpanUnit::Y,
            _ => return Err(refused()),
        };
        if !count.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused());
        }
        count.parse().ok().and_then(|count| Self::new(count, unit)).ok_or_else(refused)
    }
}

/// One request for bars: those of the window of length `span` that ends at `end`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BarsRequest {
    /// Of which instrument.
    pub contract: Contract,
    /// Length of a bar.
    pub resolution: Resolution,
    /// End of the window, nanoseconds UTC, whole seconds; `None` for now.
    pub end: Option<i64>,
    /// Length of the window.
    pub span: Span,
    /// Which prices.
    pub what: What,
    /// Which hours.
    pub hours: Hours,
}

/// A bar as the broker sent it, unchecked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SourceBar {
    /// Start, nanoseconds UTC; midnight UTC of the date for bars of a day and longer.
    pub ts: i64,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Shares traded; below zero when the broker gives none.
    pub volume: f64,
}

/// The answer to a [`BarsRequest`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The bars in the order in which they came.
    pub bars: Vec<SourceBar>,
    /// How often the request had to be sent, at least 1.
    pub attempts: u32,
}

/// A [`BarsRequest`] that was given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Unanswered {
    /// Why.
    pub error: GatewayError,
    /// How often the request was sent; 0 when it did not come to that.
    pub attempts: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_what_the_broker_takes_and_nothing_else() {
        for text in ["5 D", "7 D", "5 Y", "3 M", "1 W", "3600 S", "86400 S", "365 D", "12 M"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        for text in [
            "5 X",
            "-5 D",
            "0 D",
            "5D",
            "D 5",
            "5",
            "",
            " ",
            "5 D 3",
            "366 D",
            "13 M",
            "53 W",
            "29 S",
            "86401 S",
            "5.5 D",
            "+5 D",
            "99999999999 D",
            "5 Days",
            "\u{0665} D",
        ] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
