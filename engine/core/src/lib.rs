//! Decides: calendar, series, broker, ledger, backtest loop and metrics.
//!
//! No input or output, no clock, no randomness and no logging: the same arguments give the same
//! bits, always. What is fetched, kept, loaded and shown is the business of `engine`.
#![forbid(unsafe_code)]

pub mod backtest;
pub mod broker;
pub mod calendar;
pub mod event;
pub mod instrument;
pub mod journal;
pub mod ledger;
pub mod metrics;
pub mod order;
pub mod portfolio;
pub mod resample;
pub mod risk;
pub mod series;
pub mod sweep;
pub mod universe;
