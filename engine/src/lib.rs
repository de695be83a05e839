//! Fetches, keeps, loads and shows: everything of algo-trader that touches the world.
#![deny(unsafe_code)]

pub mod archive;
pub mod cli;
pub mod config;
pub mod error;
pub mod feed;
pub mod gateway;
pub mod ingest;
pub mod plot;
pub mod redact;
pub mod registry;
pub mod report;
pub mod search;
pub mod simulator;
pub mod store;
pub mod telemetry;
pub mod worker;
