//! Rows of a delimited text as bars, one after the other.

use super::{
    super::{
        IngestError,
        error::BadCell,
        help::shell_word,
        time::{TimeFault, TimeReader},
    },
    column::Place,
    header::{Layout, Wanted, layout},
    number::{CellFault, number},
    open::{Meter, Text, csv_reader, reason},
};
use csv::ByteRecord;
use engine_core::series::{BarFault, check_bar};
use std::{fmt, io::Read};
use strategy_api::Bar;

/// How rows are read.
#[derive(Clone, Debug)]
pub(crate) struct RowOptions {
    /// What the user said about the columns.
    pub(crate) wanted: Wanted,
    /// How times are read.
    pub(crate) times: TimeReader,
    /// Whether a row is keyed by its date.
    pub(crate) by_date: bool,
}

/// Why a row is not a bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowFault {
    /// It has fewer cells than the first line, and one that is needed is missing; or more.
    Cells { found: usize, expected: usize },
    /// The cell is not a number.
    Number { column: String, fault: CellFault },
    /// The cell is not a time.
    Time { column: String, fault: TimeFault },
    /// The prices are impossible before any adjustment.
    Bar(BarFault),
    /// The adjusted close is not a price.
    AdjClose,
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cells { found, expected } => write!(f, "{found} cells instead of {expected}"),
            Self::Number { column, fault } => write!(f, "column {column} {fault}"),
            Self::Time { column, fault } => write!(f, "column {column} {fault}"),
            Self::Bar(fault) => write!(f, "{fault}"),
            Self::AdjClose => write!(f, "the adjusted close is not above zero"),
        }
    }
}

/// What came of one row.
pub(crate) enum Outcome {
    /// A bar.
    Bar(Bar),
    /// Not a bar.
    Reject(RowFault),
    /// No further row.
    End,
}

/// Reads the rows of one text.
pub(crate) struct RowReader {
    file: String,
    csv: csv::Reader<Box<dyn Read + Send>>,
    delimiter: u8,
    meter: Meter,
    options: RowOptions,
    layout: Layout,
    record: ByteRecord,
    /// The first line is a row and not yet given.
    first_is_row: bool,
    /// Symbol of the first row, when there is such a column.
    symbol: Option<Vec<u8>>,
}

impl RowReader {
    /// Reads the header.
    ///
    /// # Errors
    /// When the columns of a bar are not in it.
    pub(crate) fn new(text: Text, options: RowOptions) -> Result<Self, IngestError> {
        let mut csv = csv_reader(text.reader, text.delimiter, text.quoted);
        let mut record = ByteRecord::new();
        csv.read_byte_record(&mut record).map_err(|error| unreadable(&text.file, 1, &error))?;
        let layout = layout(&record, &options.wanted, &text.file)?;
        Ok(Self {
            file: text.file,
            csv,
            delimiter: text.delimiter,
            meter: text.meter,
            options,
            first_is_row: layout.names.is_empty(),
            layout,
            record,
            symbol: None,
        })
    }

    /// How far the file has been read, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.meter.bytes()
    }

    /// Line on which the current row begins, 1-based.
    pub(crate) fn line(&self) -> u64 {
        self.record.position().map_or(1, csv::Position::line)
    }

    /// The current row as text, shortened and without control characters.
    pub(crate) fn raw(&self) -> String {
        let mut raw = String::new();
        for (index, cell) in self.record.iter().enumerate() {
            if index > 0 {
                raw.push(char::from(self.delimiter));
            }
            raw.push_str(&String::from_utf8_lossy(&cell[..cell.len().min(160)]));
            if raw.len() > 160 {
                break;
            }
        }
        shown(&raw)
    }

    /// The next row.
    ///
    /// # Errors
    /// When the text cannot be read, or a cell shows that it must be read in another way.
    pub(crate) fn next(&mut self) -> Result<Outcome, IngestError> {
        if self.first_is_row {
            self.first_is_row = false;
        } else {
            self.meter.row();
            let line = self.csv.position().line();
            let more = self.csv.read_byte_record(&mut self.record);
            if !more.map_err(|error| unreadable(&self.file, line, &error))? {
                return Ok(Outcome::End);
            }
        }
        if let Some(found) = self.bad_width() {
            return Ok(Outcome::Reject(RowFault::Cells { found, expected: self.layout.width }));
        }
        self.check_symbol()?;
        match self.bar() {
            Ok(bar) => Ok(Outcome::Bar(bar)),
            Err(fault) => self.refuse(fault),
        }
    }

    /// The number of cells, when it does not do.
    fn bad_width(&self) -> Option<usize> {
        let (found, width) = (self.record.len(), self.layout.width);
        if found == width {
            return None;
        }
        let needed = self.layout.prices.into_iter().chain([self.layout.time]).max().unwrap_or(0);
        let is_good = if found > width {
            self.record.iter().skip(width).all(|cell| cell.trim_ascii().is_empty())
        } else {
            found > needed
        };
        (!is_good).then_some(found)
    }

    fn check_symbol(&mut self) -> Result<(), IngestError> {
        let Some(cell) = self.layout.symbol.and_then(|index| self.record.get(index)) else {
            return Ok(());
        };
        let first = match &self.symbol {
            Some(first) if first == cell => return Ok(()),
            Some(first) => first,
            None => {
                self.symbol = Some(cell.to_vec());
                return Ok(());
            }
        };
        Err(IngestError::SeveralSymbols {
            file: self.file.clone(),
            line: self.line(),
            first: shown(&String::from_utf8_lossy(first)),
            other: shown(&String::from_utf8_lossy(cell)),
        })
    }

    fn bar(&mut self) -> Result<Bar, Fault> {
        let layout = &self.layout;
        let cell = |index: usize| self.record.get(index).unwrap_or_default();
        let time_of_day = layout.time_of_day.map(cell);
        let ts = if self.options.by_date {
            self.options.times.date(cell(layout.time), time_of_day)
        } else {
            self.options.times.instant(cell(layout.time), time_of_day)
        };
        let ts = ts.map_err(|fault| Fault::Time(layout.time, fault))?;
        let value = |index: usize| number(cell(index)).map_err(|f| Fault::Number(index, f));
        let [open, high, low, close] = layout.prices;
        let (open, high, low, close) = (value(open)?, value(high)?, value(low)?, value(close)?);
        let volume = match layout.volume.map(value).transpose() {
            Err(Fault::Number(_, CellFault::Empty)) | Ok(None) => 0.0,
            Ok(Some(volume)) => volume,
            Err(fault) => return Err(fault),
        };
        let bar = Bar { ts, open, high, low, close, volume };
        match layout.adj_close {
            Some(index) => adjusted(&bar, value(index)?),
            None => Ok(bar),
        }
    }

    /// A fault of one row, or the error that it is for the whole text.
    fn refuse(&self, fault: Fault) -> Result<Outcome, IngestError> {
        let (index, problem, help) = match fault {
            Fault::Number(index, fault) if fault.concerns_file() => {
                (index, fault.to_string(), self.help_for_commas(fault))
            }
            Fault::Time(index, fault) if fault.concerns_file() => {
                let help = match fault {
                    TimeFault::NoZone => "--time-zone America/New_York (or UTC)",
                    TimeFault::NoTimeOfDay => "-r 1d (or 1w, 1mo) for rows that carry a date",
                    _ => "--date-format mdy (or dmy)",
                };
                (index, fault.to_string(), Some(help.to_owned()))
            }
            Fault::Number(index, fault) => {
                let column = self.layout.label(index);
                return Ok(Outcome::Reject(RowFault::Number { column, fault }));
            }
            Fault::Time(index, fault) => {
                let column = self.layout.label(index);
                return Ok(Outcome::Reject(RowFault::Time { column, fault }));
            }
            Fault::Row(fault) => return Ok(Outcome::Reject(fault)),
        };
        Err(BadCell {
            file: self.file.clone(),
            line: self.line(),
            column: self.layout.label(index),
            value: shown(&String::from_utf8_lossy(self.record.get(index).unwrap_or_default())),
            problem,
            help,
        }
        .into())
    }

    fn help_for_commas(&self, fault: CellFault) -> Option<String> {
        let repairable = fault == CellFault::DecimalComma && self.delimiter != b',';
        let command = format!("tr , . < {} > points.csv", shell_word(&self.file));
        repairable.then_some(command)
    }
}

/// A fault with the 0-based position of its cell.
enum Fault {
    Number(usize, CellFault),
    Time(usize, TimeFault),
    Row(RowFault),
}

/// A bar scaled so that its close is the adjusted one; its volume is scaled by the inverse.
fn adjusted(bar: &Bar, adj_close: f64) -> Result<Bar, Fault> {
    check_bar(bar).map_err(|fault| Fault::Row(RowFault::Bar(fault)))?;
    if !(adj_close.is_finite() && adj_close > 0.0) {
        return Err(Fault::Row(RowFault::AdjClose));
    }
    let factor = adj_close / bar.close;
    // What equals the close must do so afterwards too, whatever the rounding.
    let scaled = |price: f64| if price == bar.close { adj_close } else { price * factor };
    let open = scaled(bar.open);
    Ok(Bar {
        ts: bar.ts,
        open,
        high: scaled(bar.high).max(open).max(adj_close),
        low: scaled(bar.low).min(open).min(adj_close),
        close: adj_close,
        volume: bar.volume / factor,
    })
}

fn unreadable(file: &str, line: u64, error: &csv::Error) -> IngestError {
    let reason = match error.kind() {
        csv::ErrorKind::Io(error) => format!("line {line}: {}", reason(error)),
        _ => format!("line {line}: {error}"),
    };
    IngestError::Unreadable { file: file.to_owned(), reason }
}

/// A text as it can be shown: short, without control characters.
pub(crate) fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(160).collect()
}

impl Wanted {
    /// Whether prices are scaled by an adjusted close.
    pub(crate) fn is_adjusted(&self) -> bool {
        self.adj_close.is_some() || self.map.place(super::Column::AdjClose).is_some()
    }
}

impl From<&str> for Place {
    fn from(text: &str) -> Self {
        Self::of(text)
    }
}
