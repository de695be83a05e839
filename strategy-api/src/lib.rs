#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

pub mod abi;
pub mod bar;
pub mod coarse;
pub mod context;
pub mod event;
pub mod indicators;
mod lanes;
pub mod order;
pub mod params;
pub mod resolution;
pub mod setup;
pub mod sizing;
pub mod strategy;
pub mod testing;
pub mod ticket;
pub mod trigger;

pub use bar::{Bar, Columns};
pub use context::Context;
pub use resolution::Resolution;
pub use strategy::Strategy;

/// Everything that a strategy author needs: `use strategy_api::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Bar, Columns, Context, Resolution, Strategy,
        coarse::{Coarse, CoarseCol},
        event::{Event, EventKind},
        export_strategies, indicators,
        order::{Fill, OrderId, OrderStatus, OrderUpdate, Size},
        params,
        params::Params,
        setup::{BollingerCols, Col, MacdCols, Setup},
        sizing,
        strategy::{Result, StrategyError},
        ticket::Ticket,
        trigger::Trigger,
    };
}

/// What the macros of this crate expand to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use inventory::submit;
}
