//! Delimited text as bars: encoding, delimiter, header and cells.
//!
//! Promises that a row either becomes the bar that its cells say or is given back with its line, the
//! column and the reason; what concerns the file as a whole (a missing column, a decimal comma, a local
//! time without a zone) is an error at once. Reads forward in bounded memory and never makes a text of a
//! row that is good. Leaves what a valid bar is to `validate`.

mod column;
mod header;
mod number;
mod open;
mod rows;
#[cfg(test)]
mod tests;

pub use column::{Column, ColumnMap, Place};
pub(super) use header::Wanted;
pub(super) use number::number;
pub use open::Source;
pub(super) use open::{Text, csv_reader, open};
pub(super) use rows::{Outcome, RowFault, RowOptions, RowReader, shown};
