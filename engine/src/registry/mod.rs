//! Finds the strategies, says what may be loaded and why not, and opens what was accepted.

#[allow(unsafe_code)]
pub mod foreign;
