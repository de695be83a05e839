//! The lists of a run as tables of typed columns, for data frames: `runs export --parquet`.
//!
//! A time is an instant in UTC to the nanosecond (for daily and longer bars the midnight that stands for
//! the session), a day is a date, a number is a double with the bits that the run computed, and what is
//! undefined is null. Names of columns are those of `docs/json.md`. Where the bytes go is left to others.

mod file;
mod of_run;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use file::TableWriter;
pub use of_run::{bars, list, returns};

/// The values of a column; `None` is null.
#[derive(Clone, Debug, PartialEq)]
pub enum Column<'a> {
    /// Instants, nanoseconds UTC.
    Times(Vec<Option<i64>>),
    /// Days since 1970-01-01.
    Days(Vec<Option<i32>>),
    /// Numbers.
    Numbers(Vec<Option<f64>>),
    /// Whole numbers.
    Integers(Vec<Option<i64>>),
    /// Truths.
    Flags(Vec<Option<bool>>),
    /// Texts.
    Texts(Vec<Option<Cow<'a, str>>>),
}

impl Column<'_> {
    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Times(values) | Self::Integers(values) => values.len(),
            Self::Days(values) => values.len(),
            Self::Numbers(values) => values.len(),
            Self::Flags(values) => values.len(),
            Self::Texts(values) => values.len(),
        }
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Columns of one length, each with its name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table<'a> {
    columns: Vec<(String, Column<'a>)>,
}

impl<'a> Table<'a> {
    /// The table with one more column.
    ///
    /// # Panics
    /// When the column is not as long as those before it.
    #[must_use]
    pub fn with(mut self, name: &str, column: Column<'a>) -> Self {
        if !self.columns.is_empty() {
            assert_eq!(column.len(), self.rows(), "column {name} is as long as the others");
        }
        self.columns.push((name.to_owned(), column));
        self
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// Names and values, in their order.
    #[must_use]
    pub fn columns(&self) -> &[(String, Column<'a>)] {
        &self.columns
    }
}
