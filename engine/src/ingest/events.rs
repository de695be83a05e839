//! External signals and corporate actions from a delimited text.
//!
//! Columns: `kind` (`split`, `dividend`, `signal`), `symbol` (empty for the whole market), `name` (of a
//! signal), `ts` or `ex_date`, `known_at`, `value`. A signal must say when it became known: without it a
//! backtest would see the future. A split or dividend is known from its day on unless it says otherwise.
//! All or nothing: one bad row and no event is kept, because a strategy may hang on a single one.

use super::{
    IngestError, check_symbol,
    csv::{Source, csv_reader, number, open, shown},
    error::BadCell,
    time::{DateOrder, TimeReader, zone},
};
use crate::store::Store;
use csv::ByteRecord;
use engine_core::event::{Event, EventKind};
use serde::Serialize;
use std::collections::HashMap;

/// Most events in one text.
pub const MAX_EVENTS: usize = 2_000_000;

/// A request to read events.
#[derive(Clone, Debug)]
pub struct EventsIngest {
    /// The text.
    pub source: Source,
    /// Zone of local times, for example `America/New_York`.
    pub time_zone: Option<String>,
    /// Order of day and month in dates that end with the year.
    pub date_order: DateOrder,
    /// The byte between cells; found by itself when not given.
    pub delimiter: Option<u8>,
}

impl EventsIngest {
    /// A request with the defaults.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self { source, time_zone: None, date_order: DateOrder::Unknown, delimiter: None }
    }
}

/// What came of a text of events.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventsReport {
    /// The input.
    pub file: String,
    /// Events in it, each once.
    pub events: u64,
    /// Those that were not held before.
    pub new: u64,
    /// Rows that repeated another one.
    pub duplicates: u64,
    /// Splits among the events.
    pub splits: u64,
    /// Dividends among the events.
    pub dividends: u64,
    /// Signals among the events.
    pub signals: u64,
    /// First time at which one takes effect, nanoseconds UTC.
    pub first_ts: i64,
    /// Last time at which one takes effect, nanoseconds UTC.
    pub last_ts: i64,
}

/// Reads events into the database.
///
/// # Errors
/// When nothing was written: the text is unusable, a row is wrong, or the database failed.
pub async fn ingest_events(
    store: &dyn Store,
    request: &EventsIngest,
) -> Result<EventsReport, IngestError> {
    let request = request.clone();
    let reading = tokio::task::spawn_blocking(move || read(&request));
    let read = match reading.await {
        Ok(result) => result?,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    };
    let new = store.write_events(&read.events).await?;
    let count = |matches: fn(&EventKind) -> bool| {
        read.events.iter().filter(|event| matches(&event.kind)).count() as u64
    };
    let times = || read.events.iter().map(|event| event.ts);
    Ok(EventsReport {
        file: read.file,
        events: read.events.len() as u64,
        new,
        duplicates: read.duplicates,
        splits: count(|kind| matches!(kind, EventKind::Split)),
        dividends: count(|kind| matches!(kind, EventKind::Dividend)),
        signals: count(|kind| matches!(kind, EventKind::Signal(_))),
        first_ts: times().min().unwrap_or_default(),
        last_ts: times().max().unwrap_or_default(),
    })
}

/// The events of a text, in its order.
#[derive(Debug)]
pub(super) struct Read {
    file: String,
    pub(super) events: Vec<Event>,
    pub(super) duplicates: u64,
}

/// What makes two events the same one; a figure that is revised later has another `known_at`.
type Key = (Option<String>, String, i64, i64);

pub(super) fn read(request: &EventsIngest) -> Result<Read, IngestError> {
    let zone = request.time_zone.as_deref().map(zone).transpose()?;
    let text = open(&request.source, request.delimiter)?;
    let file = text.file.clone();
    let mut csv = csv_reader(text.reader, text.delimiter, text.quoted);
    let mut record = ByteRecord::new();
    let next = |csv: &mut csv::Reader<_>, record: &mut ByteRecord| {
        csv.read_byte_record(record).map_err(|error| IngestError::Unreadable {
            file: file.clone(),
            reason: error.to_string(),
        })
    };
    next(&mut csv, &mut record)?;
    let columns = Columns::of(&record, &file)?;
    let mut times = TimeReader::new(zone, request.date_order);
    let source = request.source.short_name();
    let mut read = Read { file: file.clone(), events: Vec::new(), duplicates: 0 };
    let mut seen: HashMap<Key, (u64, f64)> = HashMap::new();
    loop {
        text.meter.row();
        if !next(&mut csv, &mut record)? {
            break;
        }
        let row = Row { record: &record, columns: &columns, file: &file };
        let event = row.event(&mut times, &source)?;
        let kind = match &event.kind {
            EventKind::Split => "split".to_owned(),
            EventKind::Dividend => "dividend".to_owned(),
            EventKind::Signal(name) => format!("signal {name}"),
        };
        let key = (event.symbol.clone(), kind, event.ts, event.known_at);
        match seen.get(&key) {
            Some((_, value)) if *value == event.value => {
                read.duplicates += 1;
                continue;
            }
            Some((line, _)) => {
                let problem = format!("differs from line {line}, which is the same event");
                return Err(row.wrong(columns.value, problem, None));
            }
            None => seen.insert(key, (row.line(), event.value)),
        };
        if read.events.len() == MAX_EVENTS {
            let problem = format!("is beyond the {MAX_EVENTS} events that one file may have");
            return Err(row.wrong(columns.value, problem, None));
        }
        read.events.push(event);
    }
    if read.events.is_empty() {
        return Err(IngestError::HeaderOnly { file });
    }
    Ok(read)
}

/// Where the cells of an event stand, 0-based.
#[derive(Debug)]
struct Columns {
    symbol: usize,
    kind: usize,
    name: Option<usize>,
    ts: usize,
    known_at: Option<usize>,
    value: usize,
    names: Vec<String>,
}

impl Columns {
    fn of(header: &ByteRecord, file: &str) -> Result<Self, IngestError> {
        let names: Vec<String> = header
            .iter()
            .map(|name| {
                shown(String::from_utf8_lossy(name).trim()).to_lowercase().replace(' ', "_")
            })
            .collect();
        let find = |wanted: &[&str]| -> Result<Option<usize>, IngestError> {
            let found: Vec<usize> =
                (0..names.len()).filter(|index| wanted.contains(&names[*index].as_str())).collect();
            match found[..] {
                [] => Ok(None),
                [index] => Ok(Some(index)),
                [first, second, ..] => Err(BadCell {
                    file: file.to_owned(),
                    line: 1,
                    column: (second + 1).to_string(),
                    value: names[second].clone(),
                    problem: format!("means the same as column {}", first + 1),
                    help: None,
                }
                .into()),
            }
        };
        let needed = |wanted: &[&str]| {
            find(wanted)?.ok_or_else(|| IngestError::MissingColumn {
                file: file.to_owned(),
                wanted: wanted.join(" or "),
                found: names.join(", "),
                help: None,
            })
        };
        Ok(Self {
            symbol: needed(&["symbol", "ticker"])?,
            kind: needed(&["kind", "type"])?,
            name: find(&["name", "signal"])?,
            ts: needed(&["ts", "ex_date", "timestamp", "date"])?,
            known_at: find(&["known_at", "known"])?,
            value: needed(&["value"])?,
            names: names.clone(),
        })
    }
}

/// One row with what is needed to say where it is wrong.
struct Row<'a> {
    record: &'a ByteRecord,
    columns: &'a Columns,
    file: &'a str,
}

impl Row<'_> {
    fn line(&self) -> u64 {
        self.record.position().map_or(1, csv::Position::line)
    }

    fn cell(&self, index: usize) -> &[u8] {
        self.record.get(index).unwrap_or_default().trim_ascii()
    }

    fn text(&self, index: usize) -> Result<&str, IngestError> {
        std::str::from_utf8(self.cell(index))
            .map_err(|_| self.wrong(index, "is not UTF-8".to_owned(), None))
    }

    fn wrong(&self, index: usize, problem: String, help: Option<&str>) -> IngestError {
        let name = self.columns.names.get(index).map(String::as_str).unwrap_or_default();
        BadCell {
            file: self.file.to_owned(),
            line: self.line(),
            column: format!("{} ({name})", index + 1),
            value: shown(&String::from_utf8_lossy(self.cell(index))),
            problem,
            help: help.map(str::to_owned),
        }
        .into()
    }

    fn event(&self, times: &mut TimeReader, source: &str) -> Result<Event, IngestError> {
        let columns = self.columns;
        let symbol = match self.text(columns.symbol)? {
            "" => None,
            symbol => Some(symbol.to_owned()),
        };
        if let Some(Err(IngestError::Symbol { reason, .. })) = symbol.as_deref().map(check_symbol) {
            return Err(self.wrong(columns.symbol, format!("is not a symbol: {reason}"), None));
        }
        let kind = self.kind()?;
        let ts = self.time(columns.ts, times)?;
        let known_at = self.known_at(&kind, ts, times)?;
        let value = self.value(&kind)?;
        Ok(Event { symbol, kind, ts, known_at, value, source: source.to_owned() })
    }

    fn kind(&self) -> Result<EventKind, IngestError> {
        let index = self.columns.kind;
        match self.text(index)?.to_ascii_lowercase().as_str() {
            "split" => Ok(EventKind::Split),
            "dividend" => Ok(EventKind::Dividend),
            "signal" => {
                let index = self.columns.name.ok_or_else(|| {
                    self.wrong(index, "has no name: there is no column 'name'".to_owned(), None)
                })?;
                match self.text(index)? {
                    "" => {
                        Err(self.wrong(index, "is not a name: a signal has one".to_owned(), None))
                    }
                    name if name.chars().count() > 64 || name.chars().any(char::is_control) => {
                        let problem = "is not a name: 1 to 64 printable characters".to_owned();
                        Err(self.wrong(index, problem, None))
                    }
                    name => Ok(EventKind::Signal(name.to_owned())),
                }
            }
            _ => {
                let problem = "is not a kind; valid: split dividend signal".to_owned();
                Err(self.wrong(index, problem, None))
            }
        }
    }

    fn time(&self, index: usize, times: &mut TimeReader) -> Result<i64, IngestError> {
        times.date_or_instant(self.cell(index)).map_err(|fault| {
            let help = match fault {
                super::time::TimeFault::NoZone => Some("--time-zone America/New_York (or UTC)"),
                super::time::TimeFault::DayOrMonth => Some("--date-format mdy (or dmy)"),
                _ => None,
            };
            self.wrong(index, fault.to_string(), help)
        })
    }

    fn known_at(
        &self,
        kind: &EventKind,
        ts: i64,
        times: &mut TimeReader,
    ) -> Result<i64, IngestError> {
        let is_signal = matches!(kind, EventKind::Signal(_));
        match self.columns.known_at {
            Some(index) if !self.cell(index).is_empty() => self.time(index, times),
            Some(index) if is_signal => {
                let problem = "is no time: a signal needs the one at which it became known";
                Err(self.wrong(index, problem.to_owned(), None))
            }
            None if is_signal => Err(IngestError::MissingColumn {
                file: self.file.to_owned(),
                wanted: "known_at, which signals need".to_owned(),
                found: self.columns.names.join(", "),
                help: None,
            }),
            _ => Ok(ts),
        }
    }

    fn value(&self, kind: &EventKind) -> Result<f64, IngestError> {
        let index = self.columns.value;
        let value =
            number(self.cell(index)).map_err(|fault| self.wrong(index, fault.to_string(), None))?;
        let problem = match kind {
            _ if !value.is_finite() => "is not a finite number",
            EventKind::Split if value <= 0.0 => "is not a split ratio above zero, as 2 for 2:1",
            EventKind::Dividend if value <= 0.0 => "is not a dividend above zero",
            _ => return Ok(value),
        };
        Err(self.wrong(index, problem.to_owned(), None))
    }
}
