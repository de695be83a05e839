//! What can go wrong with an ingestion, and what the user is told to do about it.

use super::{csv::Column, fetch::PlanError, help::help};
use crate::{
    error::{Code, Failure},
    gateway::GatewayError,
    store::{Reject, StoreError},
};
use engine_core::calendar::UnknownCalendar;
use jiff::civil::Date;

/// Why an ingestion brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The file cannot be read.
    #[error("cannot read {file}: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system said.
        reason: String,
    },
    /// It is not delimited text.
    #[error("{file} is {what}, not text")]
    NotText {
        /// The file.
        file: String,
        /// What it seems to be.
        what: &'static str,
        /// A command that makes text of it.
        unpack: Option<String>,
    },
    /// There is nothing in it.
    #[error("{file} is empty")]
    Empty {
        /// The file.
        file: String,
    },
    /// There is nothing below the header.
    #[error("{file} has a header but no rows")]
    HeaderOnly {
        /// The file.
        file: String,
    },
    /// The first line holds data.
    #[error("{file}: line 1 is not a header but data")]
    NoHeader {
        /// The file.
        file: String,
        /// A value for `--columns` that may fit.
        columns: String,
    },
    /// A column that is needed is not there.
    #[error("{file}: line 1: no column for {wanted}; the columns are: {found}")]
    MissingColumn {
        /// The file.
        file: String,
        /// What is missing.
        wanted: String,
        /// The columns that are there.
        found: String,
        /// What would help.
        help: Option<&'static str>,
    },
    /// Two columns could be the same one.
    #[error("{file}: line 1: columns {first} and {second} could both be {column}")]
    RepeatedColumn {
        /// The file.
        file: String,
        /// What both could be.
        column: Column,
        /// Position of the one, 1-based.
        first: usize,
        /// Position of the other, 1-based.
        second: usize,
    },
    /// A cell shows that the whole file cannot be read as it is.
    #[error(transparent)]
    Cell(Box<BadCell>),
    /// No time zone has that name.
    #[error("'{0}' is not a time zone")]
    TimeZone(String),
    /// The instrument is kept on a calendar that this program does not know.
    #[error("{0}")]
    Calendar(#[from] UnknownCalendar),
    /// Rows of more than one symbol.
    #[error("{file}: line {line}: the file holds several symbols: '{first}' and '{other}'")]
    SeveralSymbols {
        /// The file.
        file: String,
        /// Line, 1-based.
        line: u64,
        /// The one.
        first: String,
        /// The other.
        other: String,
    },
    /// Rows are out of order and too many to sort.
    #[error("{file}: line {line} is out of order and more than {limit} rows are not sorted here")]
    TooManyUnsorted {
        /// The file.
        file: String,
        /// First line that is out of order, 1-based.
        line: u64,
        /// Most rows that are sorted.
        limit: usize,
    },
    /// Not one row is valid.
    #[error("{file}: none of {rows} rows is valid; {}", first_reasons(rejects))]
    NoValidRows {
        /// The file.
        file: String,
        /// Rows read.
        rows: u64,
        /// The first rejected rows.
        rejects: Vec<Reject>,
        /// What would help, when the reason has a remedy.
        help: Option<String>,
    },
    /// So many rows lie on days without a session that the calendar must be the wrong one.
    #[error("{file}: {off_session} of {rows} rows lie on days without a {calendar} session")]
    WrongCalendar {
        /// The file.
        file: String,
        /// Rows read.
        rows: u64,
        /// Rows on days without a session.
        off_session: u64,
        /// The calendar.
        calendar: String,
    },
    /// A row was rejected and every row was wanted.
    #[error("{file}: {rejected} of {rows} rows rejected; {}", first_reasons(rejects))]
    Strict {
        /// The file.
        file: String,
        /// Rows read.
        rows: u64,
        /// Rows rejected.
        rejected: u64,
        /// The first of them.
        rejects: Vec<Reject>,
    },
    /// The series would hold raw and adjusted prices.
    #[error("{symbol} {resolution} is kept with {held} prices and these are {given}")]
    MixedAdjustment {
        /// The symbol.
        symbol: String,
        /// The resolution.
        resolution: String,
        /// Adjustment of the held prices.
        held: String,
        /// Adjustment of the given prices.
        given: String,
    },
    /// The series would hold prices from before and after a split.
    #[error(
        "{symbol} {resolution}: {bars} bars differ from the held ones by the ratio {ratio:.6}, as after a split, and the input does not cover every held bar"
    )]
    Restated {
        /// The symbol.
        symbol: String,
        /// The resolution.
        resolution: String,
        /// Bars that differ.
        bars: u64,
        /// New price over held price.
        ratio: f64,
    },
    /// The symbol is not one that can be kept.
    #[error("'{symbol}' is not a symbol: {reason}")]
    Symbol {
        /// The symbol, control characters escaped.
        symbol: String,
        /// The rule that it breaks.
        reason: &'static str,
    },
    /// The instrument is kept on another calendar.
    #[error("{symbol} is kept on the calendar {held}, not {given}")]
    CalendarConflict {
        /// The symbol.
        symbol: String,
        /// Calendar in the database.
        held: String,
        /// Calendar asked for.
        given: String,
    },
    /// The instrument is kept in another currency.
    #[error("{symbol} is kept in {held}, not {given}")]
    CurrencyConflict {
        /// The symbol.
        symbol: String,
        /// Currency in the database.
        held: String,
        /// Currency asked for.
        given: String,
    },
    /// The user asked to stop.
    #[error("stopped; nothing was written")]
    Cancelled,
    /// The broker gave nothing.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// It cannot be asked for.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// What is held comes from elsewhere.
    #[error(
        "{symbol} {resolution} is held from another source: it is '{held}', and '{wanted}' was asked for"
    )]
    OtherSource {
        /// The symbol.
        symbol: String,
        /// The resolution.
        resolution: String,
        /// Source of what is held.
        held: String,
        /// Source that was asked for.
        wanted: String,
    },
    /// Nothing of the period has begun.
    #[error("{symbol}: the period that was asked for has no session that has begun")]
    NotBegun {
        /// The symbol.
        symbol: String,
    },
    /// The market is closed for all of the period.
    #[error("{symbol}: from {from} to {to} the calendar {calendar} has no session")]
    NoSession {
        /// The symbol.
        symbol: String,
        /// The calendar.
        calendar: String,
        /// First day of the period.
        from: Date,
        /// Last day of it.
        to: Date,
        /// The last session before it.
        before: Date,
    },
    /// What the broker answers with is not the instrument that is held.
    #[error("{symbol} is held as {held}, and the broker now means {given}: they are not mixed")]
    OtherInstrument {
        /// The symbol.
        symbol: String,
        /// The instrument that is held.
        held: String,
        /// The one that was asked for.
        given: String,
        /// Whether what is to be fetched is all that is held of the symbol.
        is_alone: bool,
    },
    /// Not one valid bar came, and none is held.
    #[error("{symbol} {resolution}: the broker has no bars of the period that was asked for{}", no_bars(*rejected, *outside, first.as_ref()))]
    NothingThere {
        /// The symbol.
        symbol: String,
        /// The resolution.
        resolution: String,
        /// Bars that cannot be.
        rejected: u64,
        /// Bars from outside of what was asked for.
        outside: u64,
        /// The first rejected bar.
        first: Option<Reject>,
    },
    /// A bar was rejected and every bar was wanted.
    #[error("{symbol} {resolution}: {rejected} bars rejected{}", first.as_ref().map(|first| format!(": {}: {}", first.reason, first.raw)).unwrap_or_default())]
    StrictFetch {
        /// The symbol.
        symbol: String,
        /// The resolution.
        resolution: String,
        /// Bars rejected.
        rejected: u64,
        /// The first of them.
        first: Option<Reject>,
    },
    /// The broker has restated the series, but no longer gives all of it.
    #[error(
        "{symbol} {resolution}: the broker has restated the series, but {lost} of the {held} bars held did not come again; nothing was changed"
    )]
    Shrunk {
        /// The symbol.
        symbol: String,
        /// The resolution.
        resolution: String,
        /// Bars held.
        held: u64,
        /// Bars that did not come.
        lost: u64,
    },
    /// The prices changed again and again while they were fetched.
    #[error(
        "{symbol} {resolution}: the history changed while it was fetched, {attempts} times in a row; nothing was changed"
    )]
    Restless {
        /// The symbol.
        symbol: String,
        /// The resolution.
        resolution: String,
        /// How often.
        attempts: u32,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A cell that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{file}: line {line}, column {column}: '{value}' {problem}")]
pub struct BadCell {
    /// The file.
    pub file: String,
    /// Line, 1-based.
    pub line: u64,
    /// Position and name of the column.
    pub column: String,
    /// The cell, shortened.
    pub value: String,
    /// What is wrong.
    pub problem: String,
    /// What would help.
    pub help: Option<String>,
}

impl From<BadCell> for IngestError {
    fn from(cell: BadCell) -> Self {
        Self::Cell(Box::new(cell))
    }
}

fn no_bars(rejected: u64, outside: u64, first: Option<&Reject>) -> String {
    match (rejected, outside, first) {
        (0, 0, _) => String::new(),
        (0, outside, _) => format!("; {outside} bars came from outside of it"),
        (rejected, _, Some(first)) => {
            format!("; {rejected} bars were rejected: {}: {}", first.reason, first.raw)
        }
        (rejected, ..) => format!("; {rejected} bars were rejected"),
    }
}

fn first_reasons(rejects: &[Reject]) -> String {
    let shown: Vec<String> = rejects
        .iter()
        .take(3)
        .map(|reject| format!("line {}: {}", reject.line, reject.reason))
        .collect();
    shown.join("; ")
}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Self {
        let code = match error {
            IngestError::Store(error) => return error.into(),
            IngestError::Gateway(error) => return error.into(),
            IngestError::Symbol { .. } | IngestError::TimeZone(_) | IngestError::Plan(_) => {
                Code::Usage
            }
            _ => Code::Data,
        };
        Failure { code, message: error.to_string(), help: help(&error) }
    }
}
