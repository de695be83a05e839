//! The columns that a bar is made of, and the mapping that a user may give for them.

use std::{fmt, str::FromStr};

/// What a column of the input means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// Start of the bar, or its date when the time of day stands apart.
    Time,
    /// Time of day, beside a date.
    TimeOfDay,
    /// First price.
    Open,
    /// Highest price.
    High,
    /// Lowest price.
    Low,
    /// Last price.
    Close,
    /// Units traded.
    Volume,
    /// Close after adjustment for splits and dividends.
    AdjClose,
    /// Symbol, only looked at to refuse files of several.
    Symbol,
}

impl Column {
    /// Those that a mapping may name.
    pub const MAPPED: [Self; 8] = [
        Self::Time,
        Self::TimeOfDay,
        Self::Open,
        Self::High,
        Self::Low,
        Self::Close,
        Self::Volume,
        Self::AdjClose,
    ];

    /// The key in `--columns`.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Time => "ts",
            Self::TimeOfDay => "time",
            Self::Open => "open",
            Self::High => "high",
            Self::Low => "low",
            Self::Close => "close",
            Self::Volume => "volume",
            Self::AdjClose => "adj_close",
            Self::Symbol => "symbol",
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// Where a column is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Under this name in the header; case does not matter.
    Name(String),
    /// At this position, 1-based.
    Position(usize),
}

impl Place {
    /// Digits are a position, anything else is a name.
    #[must_use]
    pub fn of(text: &str) -> Self {
        match text.parse() {
            Ok(position) if position > 0 => Self::Position(position),
            _ => Self::Name(text.to_owned()),
        }
    }
}

/// A mapping such as `ts=Date,open=Open` or `ts=1,open=2,high=3,low=4,close=5`. What it does not name
/// is found by the usual names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnMap(Vec<(Column, Place)>);

impl ColumnMap {
    /// Where a column is said to be.
    #[must_use]
    pub fn place(&self, column: Column) -> Option<&Place> {
        self.0.iter().find(|(mapped, _)| *mapped == column).map(|(_, place)| place)
    }

    /// Whether every place is a position, so that the input needs no header.
    #[must_use]
    pub fn is_by_position(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|(_, place)| matches!(place, Place::Position(_)))
    }
}

impl FromStr for ColumnMap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut map = Vec::new();
        for pair in text.split(',') {
            let (key, place) = pair
                .split_once('=')
                .ok_or_else(|| format!("'{}' is not KEY=COLUMN", pair.escape_debug()))?;
            let (key, place) = (key.trim(), place.trim());
            let column =
                Column::MAPPED.into_iter().find(|column| column.key() == key).ok_or_else(|| {
                    let keys = Column::MAPPED.map(Column::key).join(" ");
                    format!("'{}' is not a column; valid: {keys}", key.escape_debug())
                })?;
            if place.is_empty() || place == "0" {
                return Err(format!("{key} has no column: positions count from 1"));
            }
            if map.iter().any(|(mapped, _)| *mapped == column) {
                return Err(format!("{key} is given twice"));
            }
            map.push((column, Place::of(place)));
        }
        Ok(Self(map))
    }
}
