//! What the database keeps of a sweep: its trials in batches, each in one transaction with how far the
//! sweep has come, so that a killed program loses only what was not yet written.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{SweepArgs, args::Method, search::Search, tally};
use crate::{
    cli::ingest::now,
    error::Failure,
    report::number::count,
    store::{Store, SweepRecord, SweepState, TrialBatch, TrialRow},
    worker::{Block, SweepJob, Trial},
};

/// Hexadecimal digits of an id.
const DIGITS: usize = 32;
/// Most trials of one transaction.
const MOST_ROWS: usize = 20_000;
/// Longest time between two transactions while trials come in.
const OFTEN: Duration = Duration::from_millis(500);
/// Trials that are read at once.
const PAGE: usize = 20_000;

/// A sweep in the database.
pub(super) struct Kept<'a> {
    store: &'a dyn Store,
    state: SweepState,
    rows: Vec<TrialRow>,
    /// The position after the last one that is in `rows`.
    end: i64,
    written: Instant,
}

impl<'a> Kept<'a> {
    /// Finds the sweep, or begins it; `None` when nothing is to be kept.
    pub(super) async fn wanted(
        store: &'a dyn Store,
        search: &Search,
        args: &SweepArgs,
    ) -> Result<Option<Self>, Failure> {
        if args.no_save {
            return Ok(None);
        }
        let state = store.begin_sweep(&search.record).await?;
        let (rows, written) = (Vec::new(), Instant::now());
        Ok(Some(Self { store, state, rows, end: state.reached, written }))
    }

    /// The first position that is not done.
    pub(super) fn reached(&self) -> u64 {
        u64::try_from(self.end).unwrap_or_default()
    }

    pub(super) fn greeting(&self, trials: u64, positions: u64) -> String {
        match self.reached() >= positions {
            true if trials == 1 => "this sweep is complete: its trial is read again".to_owned(),
            true => format!("this sweep is complete: its {} trials are read again", count(trials)),
            false if trials == 1 => "going on after 1 trial of an earlier run".to_owned(),
            false => format!("going on after {} trials of an earlier run", count(trials)),
        }
    }

    /// Hands every kept trial to `each`, by position.
    pub(super) async fn replay(&self, mut each: impl FnMut(Trial)) -> Result<(), Failure> {
        let mut from = 0;
        while from < self.state.reached {
            let rows = self.store.trials(self.state.number, from, PAGE).await?;
            let Some(last) = rows.last() else { break };
            from = last.position + 1;
            rows.into_iter().for_each(|row| each(tally::kept(row)));
        }
        Ok(())
    }

    /// Takes the trials of the next block.
    pub(super) async fn take(&mut self, block: Block) -> Result<(), Failure> {
        self.rows.extend(block.trials.iter().map(tally::row));
        self.end = i64::try_from(block.end).unwrap_or(i64::MAX);
        if self.rows.len() >= MOST_ROWS || self.written.elapsed() >= OFTEN {
            self.flush().await?;
        }
        Ok(())
    }

    /// Writes what is not written yet.
    pub(super) async fn flush(&mut self) -> Result<(), Failure> {
        if self.end > self.state.reached {
            let (sweep, first) = (self.state.number, self.state.reached);
            let batch = TrialBatch { sweep, first, end: self.end, rows: &self.rows };
            self.store.save_trials(&batch).await?;
            self.state.reached = self.end;
            self.rows.clear();
        }
        self.written = Instant::now();
        Ok(())
    }
}

/// The row of a sweep.
pub(super) fn record(
    job: &SweepJob,
    symbols: &[String],
    digest: &str,
    args: &SweepArgs,
) -> SweepRecord {
    let (strategy, plan) = (&job.strategy, &job.plan);
    let mut config = json!({
        "symbols": symbols,
        "resolution": args.rules.resolution.to_string(),
        "strategy": {
            "id": strategy.facts().name,
            "version": strategy.facts().version,
            "plugin_sha256": strategy.sha256().map(|sum| sum.to_string()),
        },
        "plan": serde_json::to_value(plan).expect("a plan has a JSON form"),
        "rules": serde_json::to_value(&job.config).expect("rules have a JSON form"),
        "risk_free_rate": args.rules.rf(),
    });
    let mut positions = plan.positions();
    if let Method::Model(budget) = args.method() {
        positions = positions.min(budget);
        config["model"] =
            json!({ "trials": budget, "seed": args.rules.seed, "rank": args.rank.name() });
    }
    if !job.spans.is_empty() {
        config["spans"] = serde_json::to_value(&job.spans).expect("spans have a JSON form");
    }
    SweepRecord {
        id: id(digest, &config),
        created_at: now(),
        strategy: strategy.asked().to_owned(),
        symbols: symbols.join(","),
        resolution: args.rules.resolution.to_string(),
        data_digest: digest.to_owned(),
        plugin_sha256: strategy.sha256().map(|sum| sum.to_string()).unwrap_or_default(),
        engine_version: env!("CARGO_PKG_VERSION").to_owned(),
        config: config.to_string(),
        positions: i64::try_from(positions).unwrap_or(i64::MAX),
    }
}

/// A digest of everything that the trials depend on, and of nothing else.
pub(super) fn id(data: &str, config: &Value) -> String {
    let engine = env!("CARGO_PKG_VERSION");
    let everything = json!({ "engine": engine, "data": data, "sweep": config });
    let mut id = String::with_capacity(64);
    for byte in Sha256::digest(everything.to_string().as_bytes()) {
        write!(id, "{byte:02x}").expect("a string takes everything");
    }
    id.truncate(DIGITS);
    id
}
