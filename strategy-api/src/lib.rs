//! What a strategy plugin may know.
#![deny(unsafe_code)]

pub mod bar;
pub mod resolution;

pub use bar::{Bar, Columns};
pub use resolution::Resolution;
