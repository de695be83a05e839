//! A simulated gateway: a TCP server that speaks the protocol of TWS and IB Gateway, version 225, so
//! that the whole way to the broker can be tried and tested without an account.
//!
//! It answers requests for historical bars, the first bar there is, contracts, schedules, the clock
//! and accounts, from made-up prices that follow from a seed (see [`Settings`]) or from the bars of a
//! database, with a clock of its own. Refusals carry the broker's numbers and texts. It can be told
//! to misbehave in every way that a gateway does (see [`fault`]). It places no orders and
//! sends no live prices; what it does not know it ignores and logs.
//!
//! ```no_run
//! # async fn example() -> Result<(), algo_trader::simulator::SimulatorError> {
//! use algo_trader::simulator::{Settings, Simulator};
//!
//! let gateway = Simulator::start(Settings { seed: 7, ..Settings::default() }).await?;
//! println!("connect to {}", gateway.address());
//! gateway.stop().await;
//! # Ok(())
//! # }
//! ```

mod answer;
mod contracts;
mod deliver;
pub mod fault;
mod history;
mod log;
mod market;
mod opening;
mod outbox;
mod pacing;
mod request;
mod server;
mod session;
mod settings;
mod source;
mod time;
mod window;
mod wire;

pub use fault::{Fault, FaultError};
pub use log::{Logged, Request};
pub use market::{Action, ActionError, ActionKind};
pub use server::{Running, Simulator, SimulatorError};
pub use settings::{Pacing, Settings};
