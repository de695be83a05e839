//! Finds the columns of a bar in the first line of a text.

use super::{
    super::{
        IngestError,
        time::{DateOrder, TimeFault, TimeReader},
    },
    column::{Column, ColumnMap, Place},
    number::number,
};
use csv::ByteRecord;

/// Names without case, spaces, punctuation and leading digits, as files call their columns.
const NAMES: [(Column, &[&str]); 8] = [
    (
        Column::Time,
        &[
            "timestamp",
            "datetime",
            "date",
            "time",
            "ts",
            "t",
            "opentime",
            "starttime",
            "begin",
            "unix",
            "unixtime",
            "unixtimestamp",
            "epoch",
            "gmttime",
            "dateandtime",
            "tradedate",
        ],
    ),
    (Column::Open, &["open", "o", "openprice"]),
    (Column::High, &["high", "h", "highprice"]),
    (Column::Low, &["low", "l", "lowprice"]),
    (Column::Close, &["close", "c", "closeprice", "closelast"]),
    (Column::Volume, &["volume", "v", "vol", "tickvol", "tickvolume"]),
    (Column::AdjClose, &["adjclose", "adjustedclose", "closeadj", "adjcloseprice"]),
    (Column::Symbol, &["symbol", "ticker"]),
];

/// Where the cells of a bar stand in a row, 0-based.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) time: usize,
    pub(crate) time_of_day: Option<usize>,
    /// Open, high, low and close.
    pub(crate) prices: [usize; 4],
    pub(crate) volume: Option<usize>,
    pub(crate) adj_close: Option<usize>,
    pub(crate) symbol: Option<usize>,
    /// Cells of the first line.
    pub(crate) width: usize,
    /// Names of the columns; empty when the text has no header.
    pub(crate) names: Vec<String>,
}

impl Layout {
    /// How messages call the column at a 0-based position.
    pub(crate) fn label(&self, index: usize) -> String {
        match self.names.get(index) {
            Some(name) if !name.is_empty() => format!("{} ({name})", index + 1),
            _ => (index + 1).to_string(),
        }
    }
}

/// What the user said about the columns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) map: ColumnMap,
    /// The column of adjusted closes, when prices are to be scaled by it.
    pub(crate) adj_close: Option<Place>,
}

/// The layout that the first line of a text gives.
///
/// # Errors
/// When the line is data and not a header, or when a column is missing or could be two.
pub(crate) fn layout(
    first: &ByteRecord,
    wanted: &Wanted,
    file: &str,
) -> Result<Layout, IngestError> {
    let is_header = if wanted.map.is_by_position() {
        !looks_like_data(first, wanted.map.place(Column::Time))
    } else {
        true
    };
    let names: Vec<String> = if is_header {
        first.iter().map(|name| clean(&String::from_utf8_lossy(name))).collect()
    } else {
        Vec::new()
    };
    let found = Finder { file, names: &names, width: first.len(), wanted };
    let any_known = NAMES.iter().any(|(column, _)| !found.by_usual_names(*column).is_empty());
    if wanted.map == ColumnMap::default() && !any_known && looks_like_data(first, None) {
        let columns = "ts=1,open=2,high=3,low=4,close=5".to_owned();
        let columns = if first.len() > 5 { columns + ",volume=6" } else { columns };
        return Err(IngestError::NoHeader { file: file.to_owned(), columns });
    }
    let (time, time_of_day) = found.time()?;
    Ok(Layout {
        time,
        time_of_day,
        prices: [
            found.needed(Column::Open)?,
            found.needed(Column::High)?,
            found.needed(Column::Low)?,
            found.needed(Column::Close)?,
        ],
        volume: found.optional(Column::Volume)?,
        adj_close: found.adj_close()?,
        symbol: found.optional(Column::Symbol)?,
        width: first.len(),
        names,
    })
}

/// Whether a first line holds data: a time in its place or, when that is not known, beside a number.
fn looks_like_data(first: &ByteRecord, time: Option<&Place>) -> bool {
    let mut reader = TimeReader::new(None, DateOrder::MonthFirst);
    let mut is_time = |cell: &[u8]| reader.instant(cell, None) != Err(TimeFault::Unreadable);
    match time {
        Some(Place::Position(position)) => first.get(position - 1).is_some_and(is_time),
        _ => first.iter().any(&mut is_time) && first.iter().any(|cell| number(cell).is_ok()),
    }
}

struct Finder<'a> {
    file: &'a str,
    names: &'a [String],
    width: usize,
    wanted: &'a Wanted,
}

impl Finder<'_> {
    /// Columns of the time, and of the time of day when it stands apart.
    fn time(&self) -> Result<(usize, Option<usize>), IngestError> {
        let time_of_day = match self.wanted.map.place(Column::TimeOfDay) {
            Some(place) => Some(self.at(place, Column::TimeOfDay)?),
            None => None,
        };
        if let Some(place) = self.wanted.map.place(Column::Time) {
            return Ok((self.at(place, Column::Time)?, time_of_day));
        }
        let found: Vec<usize> = self
            .by_usual_names(Column::Time)
            .into_iter()
            .filter(|index| Some(*index) != time_of_day)
            .collect();
        let named = |index: usize, name: &str| normal(&self.names[index]) == name;
        match found[..] {
            [date, time] | [time, date] if named(date, "date") && named(time, "time") => {
                Ok((date, Some(time)))
            }
            _ => self.one(Column::Time, &found).map(|time| (time, time_of_day)),
        }
    }

    fn adj_close(&self) -> Result<Option<usize>, IngestError> {
        let place =
            self.wanted.adj_close.as_ref().or_else(|| self.wanted.map.place(Column::AdjClose));
        place.map(|place| self.at(place, Column::AdjClose)).transpose()
    }

    fn needed(&self, column: Column) -> Result<usize, IngestError> {
        match self.wanted.map.place(column) {
            Some(place) => self.at(place, column),
            None => self.one(column, &self.by_usual_names(column)),
        }
    }

    fn optional(&self, column: Column) -> Result<Option<usize>, IngestError> {
        let is_named = self.wanted.map.place(column).is_some();
        if !is_named && self.by_usual_names(column).is_empty() {
            return Ok(None);
        }
        self.needed(column).map(Some)
    }

    fn at(&self, place: &Place, column: Column) -> Result<usize, IngestError> {
        match place {
            Place::Position(position) if *position <= self.width => Ok(position - 1),
            Place::Position(position) => Err(self.missing(format!("{column} (at {position})"))),
            Place::Name(name) => {
                let same = |other: &&String| other.trim().eq_ignore_ascii_case(name.trim());
                let exact: Vec<usize> = (0..self.names.len())
                    .filter(|index| Some(&self.names[*index]).filter(same).is_some())
                    .collect();
                if exact.is_empty() {
                    return Err(self.missing(format!("{column} (named '{}')", clean(name))));
                }
                self.one(column, &exact)
            }
        }
    }

    fn one(&self, column: Column, found: &[usize]) -> Result<usize, IngestError> {
        match *found {
            [index] => Ok(index),
            [] => Err(self.missing(column.to_string())),
            [first, second, ..] => Err(IngestError::RepeatedColumn {
                file: self.file.to_owned(),
                column,
                first: first + 1,
                second: second + 1,
            }),
        }
    }

    fn missing(&self, wanted: String) -> IngestError {
        let found = if self.names.is_empty() {
            format!("{} without names", self.width)
        } else {
            let shown: Vec<&str> = self.names.iter().take(20).map(String::as_str).collect();
            shown.join(", ")
        };
        let help = "say where the columns are, by name or position: --columns ts=1,open=2,high=3,low=4,close=5";
        IngestError::MissingColumn { file: self.file.to_owned(), wanted, found, help: Some(help) }
    }

    fn by_usual_names(&self, column: Column) -> Vec<usize> {
        let usual = NAMES.iter().find(|(named, _)| *named == column).map_or(&[][..], |(_, n)| n);
        let is_usual = |index: &usize| usual.contains(&normal(&self.names[*index]).as_str());
        (0..self.names.len()).filter(is_usual).collect()
    }
}

/// A name without case, spaces, punctuation and leading digits.
fn normal(name: &str) -> String {
    let letters: String =
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    letters.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned()
}

/// A name as it can be shown: short, without control characters.
fn clean(name: &str) -> String {
    name.trim().chars().filter(|c| !c.is_control()).take(60).collect()
}
