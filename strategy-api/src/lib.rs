#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

pub mod abi;
pub mod bar;
pub mod context;
pub mod indicators;
pub mod order;
pub mod params;
pub mod resolution;
pub mod setup;
pub mod strategy;
pub mod testing;

pub use bar::{Bar, Columns};
pub use context::Context;
pub use resolution::Resolution;
pub use strategy::Strategy;

/// Everything that a strategy author needs: `use strategy_api::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Bar, Columns, Context, Resolution, Strategy, export_strategies, indicators,
        order::{Fill, OrderId, Size},
        params,
        params::Params,
        setup::{BollingerCols, Col, MacdCols, Setup},
        strategy::{Result, StrategyError},
    };
}

/// What the macros of this crate expand to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use inventory::submit;
}
