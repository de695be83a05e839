//! The options of `ingest`, read into the types of the rooms.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, ValueEnum};
use engine_core::calendar::Calendar;
use jiff::civil::Date;
use strategy_api::Resolution;

use super::{
    super::{
        gateway_args::GatewayArgs,
        symbols,
        value::{self, Invalid, Moment},
    },
    now,
};
use crate::ingest::csv::{ColumnMap, Source};
use crate::{
    error::{Code, Failure},
    gateway::{Hours, Security, Span, What},
    ingest::{
        CsvIngest, Prices,
        fetch::{FetchRequest, Named, Wanted},
        time::DateOrder,
    },
};

const EXAMPLES: &str = "\
Examples:
  algo-trader ingest -s AAPL -r 1d -d \"5 Y\"
  algo-trader ingest -s AAPL -s MSFT -r 1h -d \"7 D\"
  algo-trader ingest --symbols-from list.txt -r 1m --from 2026-01-02
  algo-trader ingest --status
  algo-trader ingest --repair -s AAPL
  algo-trader ingest -s SPY --from-csv spy.csv
  algo-trader ingest -s AAPL -r 1m --from-csv a.csv --time-zone America/New_York
  algo-trader ingest -s X --from-csv x.csv --columns ts=Date,close=Last
  algo-trader ingest --events-from-csv signals.csv";

/// Bring bars from the broker or from files into the database
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
#[command(group(ArgGroup::new("files").args(["from_csv", "events_from_csv"])))]
#[command(group(ArgGroup::new("names").multiple(true).args(["symbol", "symbols_from"])))]
pub(crate) struct IngestArgs {
    /// Symbol of the bars; may be given more than once
    #[arg(short, long, value_parser = symbol)]
    #[arg(required_unless_present_any = ["events_from_csv", "symbols_from", "status", "repair"])]
    symbol: Vec<String>,
    /// File of symbols, one a line; # begins a comment
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    symbols_from: Option<PathBuf>,
    /// Length of a bar [default: 1d]
    #[arg(short, long, value_name = "LENGTH")]
    resolution: Option<Resolution>,
    /// How far back from now: "5 D", "3 M", "5 Y" [default: since the last bar held; 5 Y of
    /// days, 1 Y of hours, 1 M of minutes or 1 D of seconds for a new series]
    #[arg(short, long, value_name = "SPAN", allow_hyphen_values = true)]
    #[arg(conflicts_with_all = ["files", "from", "to"])]
    duration: Option<Span>,
    /// First day, instead of --duration
    #[arg(long, value_name = "DATE", value_parser = value::moment, conflicts_with = "files")]
    from: Option<Moment>,
    /// Last day
    #[arg(long, value_name = "DATE", value_parser = value::moment, requires = "from")]
    to: Option<Moment>,
    /// Prices: trades, adjusted-last, midpoint, bid or ask [default: trades]
    #[arg(long, value_name = "PRICES", hide_possible_values = true, conflicts_with = "files")]
    what: Option<WhatArg>,
    /// The hours before and after the regular ones too
    #[arg(long, conflicts_with = "files")]
    extended_hours: bool,
    /// Kind of security: stock, index or crypto [default: that of the symbol, stock for a new one]
    #[arg(long, value_name = "KIND", hide_possible_values = true, conflicts_with = "files")]
    security: Option<SecurityArg>,
    /// Where requests go [default: that of the symbol; for a new one SMART, PAXOS for crypto or CBOE
    /// for an index]
    #[arg(long, value_name = "NAME", conflicts_with = "files")]
    exchange: Option<String>,
    /// Main exchange, to tell symbols of one name apart
    #[arg(long, value_name = "NAME", conflicts_with = "files")]
    primary_exchange: Option<String>,
    /// Currency of the prices [default: that of the symbol, USD for a new one]
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Fetch anew and put it in the place of what is held
    #[arg(long, conflicts_with_all = ["files", "repair"])]
    replace: bool,
    /// Ask again for bars that are missing, of the symbols named or of all
    #[arg(long, conflicts_with_all = ["files", "duration", "from", "status"])]
    repair: bool,
    /// Show what is held, what is missing and what was revised
    #[arg(long, conflicts_with_all = ["files", "duration", "from", "replace"])]
    status: bool,
    /// Take nothing when a bar is rejected
    #[arg(long)]
    strict: bool,
    /// Session calendar: NYSE or 24/7 [default: that of the symbol, NYSE for a new one]
    #[arg(long, value_name = "NAME")]
    calendar: Option<Calendar>,
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    pub(super) gateway: GatewayArgs,
}

/// What only files need.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of files")]
struct FileArgs {
    /// Delimited text of bars: a header, then one bar a line
    #[arg(long, value_name = "FILE", requires = "symbol")]
    from_csv: Option<PathBuf>,
    /// Delimited text of events: kind, symbol, name, ts, known_at, value
    #[arg(long, value_name = "FILE", conflicts_with = "symbol")]
    events_from_csv: Option<PathBuf>,
    /// Where columns are, by name or position: ts=Date,close=5
    #[arg(long, value_name = "MAP", requires = "from_csv")]
    columns: Option<ColumnMap>,
    /// Character between cells [default: found by itself]
    #[arg(long, value_name = "CHARACTER", value_parser = value::delimiter, requires = "files")]
    delimiter: Option<u8>,
    /// Zone of local times, such as America/New_York
    #[arg(long, value_name = "ZONE", requires = "files")]
    time_zone: Option<String>,
    /// Order of day and month in dates that end with the year
    #[arg(long, value_name = "ORDER", requires = "files")]
    date_format: Option<DateFormat>,
    /// Column of adjusted closes, by which prices and volume are scaled
    #[arg(long, value_name = "COLUMN", alias = "adjusted-close", requires = "from_csv")]
    adjusted_close_column: Option<String>,
    /// How the prices are adjusted [default: raw, or adjusted with an adjusted close]
    #[arg(long, value_name = "KIND", requires = "from_csv")]
    prices: Option<PricesArg>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DateFormat {
    Mdy,
    Dmy,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PricesArg {
    Raw,
    Split,
    Adjusted,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum WhatArg {
    Trades,
    #[value(alias = "adjusted_last")]
    AdjustedLast,
    Midpoint,
    Bid,
    Ask,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SecurityArg {
    Stock,
    Index,
    Crypto,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task<'a> {
    Bars(&'a Path),
    Events(&'a Path),
    Status,
    Repair,
    Fetch,
}

impl IngestArgs {
    pub(super) fn task(&self) -> Task<'_> {
        match (&self.files.from_csv, &self.files.events_from_csv) {
            (Some(file), _) => Task::Bars(file),
            (_, Some(file)) => Task::Events(file),
            _ if self.status => Task::Status,
            _ if self.repair => Task::Repair,
            _ => Task::Fetch,
        }
    }

    /// The one symbol of a file.
    ///
    /// # Errors
    /// When several are given.
    pub(super) fn one_symbol(&self) -> Result<&str, Failure> {
        match &self.symbol[..] {
            [one] => Ok(one),
            _ => Err(Failure::new(Code::Usage, "a file holds the bars of one symbol: give one -s")
                .help("algo-trader ingest -s SPY --from-csv spy.csv")),
        }
    }

    /// The symbols that are named, each once.
    ///
    /// # Errors
    /// When a file of symbols cannot be used.
    pub(super) fn symbols(&self) -> Result<Vec<String>, Failure> {
        symbols::with_file(&self.symbol, self.symbols_from.as_deref())
    }

    /// The resolution, when one is named.
    pub(super) fn resolution(&self) -> Option<Resolution> {
        self.resolution
    }

    pub(super) fn time_zone(&self) -> Option<String> {
        self.files.time_zone.clone()
    }

    pub(super) fn delimiter(&self) -> Option<u8> {
        self.files.delimiter
    }

    pub(super) fn date_order(&self) -> DateOrder {
        match self.files.date_format {
            None => DateOrder::Unknown,
            Some(DateFormat::Mdy) => DateOrder::MonthFirst,
            Some(DateFormat::Dmy) => DateOrder::DayFirst,
        }
    }

    /// Bars of one symbol from a file.
    pub(super) fn csv(&self, file: &Path, symbol: &str) -> CsvIngest {
        let resolution = self.resolution.unwrap_or(Resolution::Day1);
        CsvIngest {
            calendar: self.calendar,
            currency: self.currency.clone().filter(|code| !code.is_empty()),
            time_zone: self.time_zone(),
            date_order: self.date_order(),
            columns: self.files.columns.clone(),
            delimiter: self.files.delimiter,
            adjusted_close_column: self.files.adjusted_close_column.clone(),
            prices: self.files.prices.map(|prices| match prices {
                PricesArg::Raw => Prices::Raw,
                PricesArg::Split => Prices::Split,
                PricesArg::Adjusted => Prices::Adjusted,
            }),
            strict: self.strict,
            ..CsvIngest::new(Source::File(file.to_owned()), symbol, resolution, now())
        }
    }

    /// Bars of one symbol from the broker.
    ///
    /// # Errors
    /// When the period ends before it begins.
    pub(super) fn fetch(&self, symbol: &str) -> Result<FetchRequest, Failure> {
        let resolution = self.resolution.unwrap_or(Resolution::Day1);
        let request = FetchRequest::new(symbol, resolution, self.wanted()?);
        Ok(FetchRequest {
            named: self.named(),
            what: self.what.map_or(What::Trades, WhatArg::what),
            hours: if self.extended_hours { Hours::Extended } else { Hours::Regular },
            calendar: self.calendar,
            strict: self.strict,
            replace: self.replace,
            ..request
        })
    }

    fn wanted(&self) -> Result<Wanted, Failure> {
        if let Some(span) = self.duration {
            return Ok(Wanted::Span(span));
        }
        let Some(from) = self.from else { return Ok(Wanted::New) };
        match self.to {
            Some(to) if date_of(to) < date_of(from) => Err(value::backwards(from, to)),
            to => Ok(Wanted::Period { from: date_of(from), to: to.map(date_of) }),
        }
    }

    /// What the options say of the instrument.
    pub(super) fn named(&self) -> Named {
        Named {
            security: self.security.map(|security| match security {
                SecurityArg::Stock => Security::Stock,
                SecurityArg::Index => Security::Index,
                SecurityArg::Crypto => Security::Crypto,
            }),
            exchange: self.exchange.clone(),
            primary_exchange: self.primary_exchange.clone(),
            currency: self.currency.clone(),
        }
    }

    /// Whether a bar that is rejected fails the symbol.
    pub(super) fn is_strict(&self) -> bool {
        self.strict
    }
}

impl WhatArg {
    fn what(self) -> What {
        match self {
            Self::Trades => What::Trades,
            Self::AdjustedLast => What::AdjustedLast,
            Self::Midpoint => What::Midpoint,
            Self::Bid => What::Bid,
            Self::Ask => What::Ask,
        }
    }
}

/// A symbol, without the blanks that a list or a shell left around it.
fn symbol(text: &str) -> Result<String, Invalid> {
    value::symbol(text.trim())
}

/// The day of a moment: history is fetched by whole sessions.
fn date_of(moment: Moment) -> Date {
    engine_core::calendar::utc_date(moment.first_ns())
}
