//! Fetches, keeps, loads and shows: everything of algo-trader that touches the world.
#![deny(unsafe_code)]

pub mod error;
pub mod store;
