//! The bundled sample: SPY, AAPL and MSFT, daily, 2000-02-01 to 2012-09-12, inside the program.
//!
//! It is loaded through the same door as any file. Where the data is from, under which licence, and how
//! AAPL and MSFT are adjusted, stands beside it in `data/sample/README.md`.

use super::{CsvIngest, IngestError, IngestReport, Prices, Unwatched, csv::Source, ingest_csv};
use crate::store::Store;
use engine_core::calendar::Calendar;
use strategy_api::Resolution;

/// Name of the source that the database keeps for bars of the sample.
pub const SOURCE: &str = "sample";

/// One series of the sample.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Symbol.
    pub symbol: &'static str,
    /// Length of its bars.
    pub resolution: Resolution,
    /// How its prices are adjusted.
    pub prices: Prices,
    /// First and last session.
    pub sessions: (&'static str, &'static str),
    csv: &'static [u8],
}

const SESSIONS: (&str, &str) = ("2000-02-01", "2012-09-12");

/// Every series of the sample.
pub const SAMPLES: [Sample; 3] = [
    Sample {
        symbol: "SPY",
        resolution: Resolution::Day1,
        prices: Prices::Raw,
        sessions: SESSIONS,
        csv: include_bytes!("../../../data/sample/SPY_1d.csv"),
    },
    Sample {
        symbol: "AAPL",
        resolution: Resolution::Day1,
        prices: Prices::Split,
        sessions: SESSIONS,
        csv: include_bytes!("../../../data/sample/AAPL_1d.csv"),
    },
    Sample {
        symbol: "MSFT",
        resolution: Resolution::Day1,
        prices: Prices::Split,
        sessions: SESSIONS,
        csv: include_bytes!("../../../data/sample/MSFT_1d.csv"),
    },
];

/// The sample of a symbol at a resolution, when there is one.
#[must_use]
pub fn find(symbol: &str, resolution: Resolution) -> Option<&'static Sample> {
    SAMPLES.iter().find(|sample| sample.symbol == symbol && sample.resolution == resolution)
}

/// Loads the sample of a symbol into the database; `None` when there is none. `now` is the clock,
/// nanoseconds UTC.
///
/// # Errors
/// When the database fails, or holds bars of the symbol that do not fit the sample.
pub async fn load_if_held(
    store: &dyn Store,
    symbol: &str,
    resolution: Resolution,
    now: i64,
) -> Result<Option<IngestReport>, IngestError> {
    match find(symbol, resolution) {
        Some(sample) => sample.load(store, now).await.map(Some),
        None => Ok(None),
    }
}

impl Sample {
    /// The sample as text: `timestamp,open,high,low,close,volume`, dates in ISO form.
    #[must_use]
    pub fn csv(&self) -> &'static [u8] {
        self.csv
    }

    /// Loads it into the database; `now` is the clock, nanoseconds UTC.
    ///
    /// # Errors
    /// When the database fails, or holds bars of the symbol that do not fit the sample.
    pub async fn load(&self, store: &dyn Store, now: i64) -> Result<IngestReport, IngestError> {
        let source = Source::Bytes { name: "the bundled sample", bytes: self.csv };
        let request = CsvIngest {
            prices: Some(self.prices),
            source_name: SOURCE.to_owned(),
            calendar: Some(Calendar::Nyse),
            strict: true,
            ..CsvIngest::new(source, self.symbol, self.resolution, now)
        };
        ingest_csv(store, &request, &mut Unwatched).await
    }
}
