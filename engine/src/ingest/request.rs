//! What an ingestion is asked for, checked before anything is opened.

use super::{
    IngestError,
    csv::{ColumnMap, Place, RowOptions, Source, Wanted},
    scan::{Plan, SORT_LIMIT},
    time::{DateOrder, TimeReader, zone},
};
use crate::store::{SeriesKey, Store};
use engine_core::{calendar::Calendar, instrument::Instrument};
use strategy_api::Resolution;

/// How prices are adjusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prices {
    /// As traded.
    Raw,
    /// For splits.
    Split,
    /// For splits and dividends.
    Adjusted,
}

impl Prices {
    /// The word that the database keeps.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Split => "split",
            Self::Adjusted => "adjusted",
        }
    }
}

/// A request to read a delimited text of bars into one series.
#[derive(Clone, Debug)]
pub struct CsvIngest {
    /// The text.
    pub source: Source,
    /// Symbol of the instrument, as the user writes it.
    pub symbol: String,
    /// Length of the bars.
    pub resolution: Resolution,
    /// Session calendar; by default that of the instrument, NYSE for a new one.
    pub calendar: Option<Calendar>,
    /// Currency of the prices; by default that of the instrument, USD for a new one.
    pub currency: Option<String>,
    /// Zone of local times, for example `America/New_York`.
    pub time_zone: Option<String>,
    /// Order of day and month in dates that end with the year.
    pub date_order: DateOrder,
    /// Where the columns are, as far as they are not found by their usual names.
    pub columns: Option<ColumnMap>,
    /// The byte between cells; found by itself when not given.
    pub delimiter: Option<u8>,
    /// Column of adjusted closes (name or position) by which prices and volume are scaled.
    pub adjusted_close_column: Option<String>,
    /// How the prices are adjusted; by default raw, or adjusted when there is a column to scale by.
    pub prices: Option<Prices>,
    /// Most rows that are sorted in memory when the text is not in rising order.
    pub sort_limit: usize,
    /// Whether one rejected row fails the whole.
    pub strict: bool,
    /// The clock, nanoseconds UTC: bars that end after it are not final.
    pub now: i64,
    /// Name of the source that the database keeps, for example `csv`.
    pub source_name: String,
}

impl CsvIngest {
    /// A request with the defaults; `now` is the clock, nanoseconds UTC.
    #[must_use]
    pub fn new(source: Source, symbol: &str, resolution: Resolution, now: i64) -> Self {
        Self {
            source,
            symbol: symbol.to_owned(),
            resolution,
            calendar: None,
            currency: None,
            time_zone: None,
            date_order: DateOrder::Unknown,
            columns: None,
            delimiter: None,
            adjusted_close_column: None,
            prices: None,
            sort_limit: SORT_LIMIT,
            strict: false,
            now,
            source_name: "csv".to_owned(),
        }
    }

    /// Checks the request against itself and against the instrument that is held.
    pub(super) async fn prepare(&self, store: &dyn Store) -> Result<Prepared, IngestError> {
        check_symbol(&self.symbol)?;
        let time_zone = self.time_zone.as_deref().map(zone).transpose()?;
        let held = store.instrument(&self.symbol).await?;
        let (instrument, calendar) = self.instrument(held)?;
        let wanted = Wanted {
            map: self.columns.clone().unwrap_or_default(),
            adj_close: self.adjusted_close_column.as_deref().map(Place::of),
        };
        let by_default = if wanted.is_adjusted() { Prices::Adjusted } else { Prices::Raw };
        Ok(Prepared {
            plan: Plan {
                source: self.source.clone(),
                delimiter: self.delimiter,
                rows: RowOptions {
                    wanted,
                    times: TimeReader::new(time_zone, self.date_order),
                    by_date: !self.resolution.is_intraday(),
                },
                calendar,
                resolution: self.resolution,
                now: self.now,
                sort_limit: self.sort_limit,
            },
            key: SeriesKey {
                instrument,
                resolution: self.resolution,
                source: self.source_name.clone(),
                adjustment: self.prices.unwrap_or(by_default).name().to_owned(),
            },
            strict: self.strict,
        })
    }

    fn instrument(&self, held: Option<Instrument>) -> Result<(Instrument, Calendar), IngestError> {
        let is_held = held.is_some();
        let mut instrument = held.unwrap_or_else(|| Instrument::us_equity(&self.symbol));
        let kept = Calendar::of(&instrument)?;
        let calendar = self.calendar.unwrap_or(kept);
        if is_held && calendar != kept {
            return Err(IngestError::CalendarConflict {
                symbol: self.symbol.clone(),
                held: kept.to_string(),
                given: calendar.to_string(),
            });
        }
        if let Some(given) = &self.currency {
            if is_held && *given != instrument.currency {
                return Err(IngestError::CurrencyConflict {
                    symbol: self.symbol.clone(),
                    held: instrument.currency,
                    given: given.clone(),
                });
            }
            instrument.currency.clone_from(given);
        }
        instrument.calendar = calendar.to_string();
        Ok((instrument, calendar))
    }
}

/// A checked request.
pub(super) struct Prepared {
    pub(super) plan: Plan,
    pub(super) key: SeriesKey,
    pub(super) strict: bool,
}

impl Prepared {
    /// What the ledger of coverage calls the input.
    pub(super) fn coverage_source(&self) -> String {
        format!("{}:{}", self.key.source, self.plan.source.short_name())
    }
}

/// Checks that a symbol can be kept: 1 to 512 printable characters, not all of them blank. Anything else
/// about it (quotes, slashes, other scripts) is the user's business.
///
/// # Errors
/// The rule that it breaks.
pub fn check_symbol(symbol: &str) -> Result<(), IngestError> {
    let reason = if symbol.trim().is_empty() {
        "it is blank"
    } else if symbol.chars().any(char::is_control) {
        "it has control characters"
    } else if symbol.chars().count() > 512 {
        "it is longer than 512 characters"
    } else {
        return Ok(());
    };
    let shown: String = symbol.chars().take(70).collect();
    Err(IngestError::Symbol { symbol: shown.escape_debug().to_string(), reason })
}
