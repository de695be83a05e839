//! The port to the broker: bars, the first bar there is, what an instrument is, and the broker's clock.
//!
//! Whoever stands behind it connects, paces, retries and reconnects; whoever asks only plans what to
//! ask for. Promises: an answer is whole or it is an error, it never mixes requests, and every error
//! says whether the next symbol is worth a try. Bars are given on as the broker sent them: unordered,
//! repeated, impossible ones too. Checking them is the business of `ingest`.

mod backoff;
mod broker;
mod clock;
mod connection;
mod convert;
mod dial;
mod error;
mod frames;
mod greeting;
mod health;
mod inspect;
mod pace;
mod patience;
mod policy;
mod question;
mod request;
mod session;
mod settings;
mod turn;
mod wire;

use async_trait::async_trait;

pub use error::{GatewayError, Scope};
pub use health::Farm;
pub use inspect::{Inspection, Trading, inspect};
pub use request::{
    Answer, BarsRequest, Contract, Hours, Security, SourceBar, Span, SpanError, SpanUnit,
    Unanswered, What,
};
pub use settings::{Limits, Pacing, Settings};

/// The broker behind a gateway. It connects when it is first asked, inside a tokio runtime.
#[must_use]
pub fn open(settings: Settings) -> Box<dyn Gateway> {
    Box::new(broker::Broker::new(settings))
}

/// The broker, as `ingest` sees it.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// What the broker knows under a symbol: the contract with its identifier and primary exchange.
    ///
    /// # Errors
    /// [`GatewayError::UnknownSymbol`] when there is none, [`GatewayError::AmbiguousSymbol`] when there
    /// are several.
    async fn contract(&self, asked: &Contract) -> Result<Contract, GatewayError>;

    /// Start of the first bar that the broker has, nanoseconds UTC.
    ///
    /// # Errors
    /// As [`Gateway::bars`].
    async fn head(
        &self,
        contract: &Contract,
        what: What,
        hours: Hours,
    ) -> Result<Option<i64>, GatewayError>;

    /// The bars of one request. No bars is an answer: the broker has none in that window.
    ///
    /// # Errors
    /// When the broker refused, or did not answer within the limits of patience.
    async fn bars(&self, request: &BarsRequest) -> Result<Answer, Unanswered>;

    /// The broker's clock, nanoseconds UTC: what decides whether a bar has ended.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    async fn now(&self) -> Result<i64, GatewayError>;

    /// Ends the connection.
    async fn close(&self);
}
