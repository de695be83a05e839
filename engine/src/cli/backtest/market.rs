//! The bars of a run and the facts of its instruments.

use std::borrow::Cow;

use engine_core::{
    backtest::{Config, Rules, Stage},
    calendar::Calendar,
    event::Event,
    instrument::Instrument,
    universe::Member,
};
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use strategy_api::{Columns, Resolution};

use super::{
    super::{bars, value::Moment},
    RulesArgs,
};
use crate::{
    cli::app::App,
    error::{Code, Failure},
    feed::{self, ColumnFile},
    report::{self, SeriesFacts, stamp},
    store::Store,
};

/// Bars and facts, in the order of the run's symbols.
pub(in crate::cli) struct Bars {
    pub(in crate::cli) files: Vec<ColumnFile>,
    /// Finer bars that settle what those leave open, where they are held; empty for none.
    pub(super) finer: Vec<Option<ColumnFile>>,
    pub(in crate::cli) calendar: Calendar,
    pub(in crate::cli) resolution: Resolution,
    symbols: Vec<String>,
    instruments: Vec<Instrument>,
    adjustments: Vec<String>,
    made_of: Vec<Option<Resolution>>,
    events: Vec<Event>,
}

impl Bars {
    pub(in crate::cli) async fn obtain(
        app: &App,
        store: &dyn Store,
        symbols: &[String],
        resolution: Resolution,
    ) -> Result<Self, Failure> {
        let mut found = Self {
            files: Vec::new(),
            finer: Vec::new(),
            calendar: Calendar::Nyse,
            resolution,
            symbols: symbols.to_vec(),
            instruments: Vec::new(),
            adjustments: Vec::new(),
            made_of: Vec::new(),
            events: Vec::new(),
        };
        for symbol in symbols {
            let bars = bars::obtain(app, store, symbol, resolution).await?;
            let held = bars.made_of.unwrap_or(resolution);
            found.files.push(bars.file);
            found.made_of.push(bars.made_of);
            let instrument = store.instrument(symbol).await?;
            found.instruments.push(instrument.unwrap_or_else(|| Instrument::us_equity(symbol)));
            found.events.extend(store.events(symbol).await?);
            let series = store.series(symbol, held).await?;
            found.adjustments.push(series.map(|series| series.adjustment).unwrap_or_default());
        }
        found.agree()?;
        Ok(found)
    }

    /// The same with the finer bars that are held.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn with_finer(
        mut self,
        app: &App,
        store: &dyn Store,
        finer: Option<Resolution>,
    ) -> Result<Self, Failure> {
        let Some(finer) = finer else { return Ok(self) };
        for symbol in &self.symbols {
            let found = bars::held(app, store, symbol, finer).await?;
            if found.is_none() {
                app.out
                    .note(&format!("{symbol} {finer} is not held: its bars are read by the rule"));
            }
            self.finer.push(found.map(|found| found.file));
        }
        Ok(self)
    }

    /// The bars of a kept run, which had one currency.
    pub(super) fn kept(
        (files, finer): (Vec<ColumnFile>, Vec<Option<ColumnFile>>),
        calendar: Calendar,
        resolution: Resolution,
        before: &report::Report,
    ) -> Self {
        let symbols = before.symbols.clone();
        let series = &before.data.series;
        let adjustments = series.iter().map(|series| series.adjustment.clone()).collect();
        let made_of = |series: &SeriesFacts| series.resampled_from.as_ref()?.parse().ok();
        let made_of = series.iter().map(made_of).collect();
        let instruments = symbols.iter().map(|symbol| Instrument::us_equity(symbol)).collect();
        // The kept rules hold the events that the run saw.
        let events = Vec::new();
        Self {
            files,
            finer,
            calendar,
            resolution,
            symbols,
            instruments,
            adjustments,
            made_of,
            events,
        }
    }

    /// One account has one currency and its figures one calendar.
    fn agree(&mut self) -> Result<(), Failure> {
        let first = &self.instruments[0];
        for other in &self.instruments[1..] {
            let clash = |what: &str, one: &str, two: &str| {
                let symbols = format!("{} and {}", first.symbol, other.symbol);
                let message = format!("{symbols} differ in {what} ({one}, {two}): one run has one");
                Failure::new(Code::Data, message).help("run them one by one")
            };
            if other.currency != first.currency {
                return Err(clash("currency", &first.currency, &other.currency));
            }
            if other.calendar != first.calendar {
                return Err(clash("calendar", &first.calendar, &other.calendar));
            }
        }
        self.calendar = Calendar::of(first)
            .map_err(|error| Failure::new(Code::Data, format!("{}: {error}", first.symbol)))?;
        Ok(())
    }

    /// The rules of the run.
    pub(in crate::cli) fn config(&self, args: &RulesArgs) -> Config {
        Config {
            cash: args.cash(),
            fill: args.fill(),
            commission: args.commission(),
            slippage: args.slippage(),
            fractional: args.is_fractional(),
            lots: self.instruments.iter().map(|instrument| instrument.lot).collect(),
            from_ts: args.from.map(Moment::first_ns),
            to_ts: args.to.map(Moment::last_ns),
            seed: args.seed,
            rules: Rules { events: self.events.clone(), ..args.finer(self.calendar) },
        }
    }

    pub(in crate::cli) fn basis<'a>(
        &self,
        config: &Config,
        args: &RulesArgs,
        ts: &'a [i64],
    ) -> report::Basis<'a> {
        report::Basis {
            calendar: self.calendar,
            resolution: self.resolution,
            ts,
            cash: config.cash,
            risk_free_rate: args.rf(),
        }
    }

    /// Starts of the steps from `first_step` on, nanoseconds UTC.
    pub(in crate::cli) fn timeline(&self, config: &Config, first_step: usize) -> Cow<'_, [i64]> {
        if self.files.len() == 1 {
            return Cow::Borrowed(&self.visible(0, config).ts[first_step..]);
        }
        let members: Vec<_> = self
            .symbols
            .iter()
            .zip(&self.files)
            .map(|(symbol, file)| Member { symbol, columns: file.columns() })
            .collect();
        let stage = Stage::new(&members, self.resolution, config.to_ts);
        Cow::Owned(stage.timeline()[first_step..].to_vec())
    }

    /// The bars of an instrument that the run could see.
    pub(in crate::cli) fn visible(&self, instrument: usize, config: &Config) -> Columns<'_> {
        let columns = self.files[instrument].columns();
        let end =
            config.to_ts.map_or(columns.len(), |to| columns.ts.partition_point(|ts| *ts <= to));
        columns.slice(0..end)
    }

    /// The same, and the first row of them that was traded; `ts` are the traded steps.
    pub(super) fn traded(
        &self,
        instrument: usize,
        config: &Config,
        ts: &[i64],
    ) -> (Columns<'_>, usize) {
        let visible = self.visible(instrument, config);
        let first = ts.first().copied().unwrap_or(i64::MIN);
        (visible, visible.ts.partition_point(|ts| *ts < first))
    }

    /// Symbols, and how the prices of each are adjusted.
    pub(super) fn adjusted(&self) -> impl Iterator<Item = (&str, &str)> {
        self.symbols.iter().zip(&self.adjustments).map(|(symbol, kind)| (&**symbol, &**kind))
    }

    /// Start of the first and of the last bar of a symbol that a run trades; an empty span without one.
    pub(super) fn span(&self, symbol: &str, config: &Config) -> (i64, i64) {
        let Some(instrument) = self.symbols.iter().position(|one| one == symbol) else {
            return (1, 0);
        };
        let visible = self.visible(instrument, config).ts;
        let from = config.from_ts.unwrap_or(i64::MIN);
        let traded = &visible[visible.partition_point(|ts| *ts < from)..];
        traded.first().zip(traded.last()).map_or((1, 0), |(first, last)| (*first, *last))
    }

    pub(in crate::cli) fn last_prices(&self, config: &Config) -> Vec<f64> {
        let close = |index| self.visible(index, config).close.last().copied().unwrap_or(0.0);
        (0..self.files.len()).map(close).collect()
    }

    /// Digest of all bars, in hex: that of a single series itself, or that of all their digests.
    pub(in crate::cli) fn digest(&self) -> String {
        if let [only] = &self.files[..] {
            return only.info().digest.to_string();
        }
        let mut hasher = Sha256::new();
        self.files.iter().for_each(|file| hasher.update(file.info().digest.0));
        feed::Digest(hasher.finalize().into()).to_string()
    }

    pub(in crate::cli) fn facts(&self, config: &Config) -> Vec<SeriesFacts> {
        let facts = |index: usize| {
            let ts = self.visible(index, config).ts;
            let stamp = |ts: &i64| stamp(*ts, self.resolution);
            SeriesFacts {
                symbol: self.symbols[index].clone(),
                adjustment: self.adjustments[index].clone(),
                resampled_from: self.made_of[index].map(|from| from.to_string()),
                bars: ts.len(),
                first: ts.first().map(stamp),
                last: ts.last().map(stamp),
            }
        };
        (0..self.files.len()).map(facts).collect()
    }

    /// Zone in which bars inside a session are dated.
    pub(in crate::cli) fn time_zone(&self) -> TimeZone {
        match self.calendar {
            Calendar::Nyse => TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC),
            Calendar::AlwaysOpen => TimeZone::UTC,
        }
    }
}
