//! Shows what a run came to: the summary for people, JSON, CSV files and the columns of a stored run.
//!
//! Pure functions from results to text or bytes; where they go (a terminal, a pipe, a file) is the
//! caller's business. Nothing printed here can steer a terminal, whatever a symbol or a log line holds.

pub mod file;
pub mod number;
pub mod text;
