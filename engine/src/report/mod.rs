//! Shows what a run came to: the summary for people, JSON, CSV files and the columns of a stored run.
//!
//! Pure functions from results to text or bytes; where they go (a terminal, a pipe, a file) is the
//! caller's business. [`Report`] holds everything but the lists, [`Lists`] the lists, and both say the
//! same whether they come from a run or from the database. Nothing printed here can steer a terminal,
//! whatever a symbol or a log line holds.

mod build;
mod dialect;
pub mod difference;
pub mod export;
pub mod file;
pub mod html;
mod json;
pub mod listing;
mod lists;
pub mod number;
mod problems;
mod proof;
pub mod record;
pub mod runs;
mod schema;
pub mod spark;
mod summary;
pub mod tables;
mod tally;
#[cfg(test)]
mod tests;
pub mod text;
mod time;
pub mod why;

pub use build::{Basis, Measured, Outcome, Subject, measure, read_three_ways, report};
pub use dialect::DialectFacts;
pub use json::{full, stored};
pub use lists::Lists;
pub(crate) use problems::plural;
pub use proof::{BreachFacts, FieldDifference, ProofFacts};
pub use schema::{
    AmbiguityFacts, Benchmark, Costs, Counts, DataFacts, Period, Position, ReasonCount, Report,
    SCHEMA, SeriesFacts, Settings, StrategyFacts, Warning,
};
pub use summary::{headline, summary, summary_with_curve};
pub use tally::Tally;
pub use time::{minute, stamp};
