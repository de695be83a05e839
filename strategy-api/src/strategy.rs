//! The trait that a strategy implements.

use std::fmt;

use crate::{
    Bar,
    context::Context,
    order::{Fill, OrderUpdate},
    params::Params,
    setup::Setup,
};

/// Why a strategy will not start: a text for the person who chose the parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategyError(String);

impl StrategyError {
    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl From<&str> for StrategyError {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for StrategyError {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for StrategyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StrategyError {}

/// Result of [`Strategy::on_start`].
pub type Result<T> = std::result::Result<T, StrategyError>;

/// A strategy. It sees a bar when the bar has closed, and what it orders is worked from the next bar on.
///
/// Within one step of time the engine calls `on_fill` for every fill, then `on_order` for every order
/// that has changed, then `on_bar` for every instrument that has a bar there (in the order of the
/// run's symbols), then `on_slice` once. The orders of one step are worked together.
///
/// ```
/// use strategy_api::prelude::*;
///
/// struct Hold;
///
/// impl Strategy for Hold {
///     const NAME: &'static str = "hold";
///     const ABOUT: &'static str = "buys at the first bar and holds";
///     type Params = ();
///
///     fn on_start(_: (), _: &mut Setup<'_>) -> Result<Self> {
///         Ok(Hold)
///     }
///
///     fn on_bar(&mut self, _: &Bar, ctx: &mut Context<'_>) {
///         if ctx.position() == 0.0 {
///             ctx.target(1.0);
///         }
///     }
/// }
/// ```
pub trait Strategy: Sized + Send + 'static {
    /// Name on the command line: `[a-z0-9_]{1,64}`.
    const NAME: &'static str;
    /// What it does, one line.
    const ABOUT: &'static str;
    /// Its parameters; `()` for none.
    type Params: Params;

    /// Builds the strategy and declares the indicator columns that it wants from the host.
    ///
    /// # Errors
    /// When the parameters make no sense together; the text is shown to the user.
    fn on_start(params: Self::Params, setup: &mut Setup<'_>) -> Result<Self>;

    /// One closed bar of one instrument.
    fn on_bar(&mut self, bar: &Bar, ctx: &mut Context<'_>) {
        let _ = (bar, ctx);
    }

    /// All instruments at one step, after their bars; for strategies that compare them.
    fn on_slice(&mut self, ctx: &mut Context<'_>) {
        let _ = ctx;
    }

    /// One of the strategy's orders has filled.
    fn on_fill(&mut self, fill: &Fill, ctx: &mut Context<'_>) {
        let _ = (fill, ctx);
    }

    /// One of the strategy's orders has changed: filled, triggered, cancelled, expired, rejected.
    /// What still waits when the run ends, ends after the last call.
    fn on_order(&mut self, update: &OrderUpdate<'_>, ctx: &mut Context<'_>) {
        let _ = (update, ctx);
    }

    /// The last bar has passed. Orders placed here are rejected.
    fn on_finish(&mut self, ctx: &mut Context<'_>) {
        let _ = ctx;
    }
}
