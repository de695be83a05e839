//! Finds the strategies, says what may be loaded and why not, and hands out what was asked for by
//! name: built in, or as the sealed bytes of a file.
//!
//! A file goes through these doors in this order, and the first that stays shut gives the reason:
//! what it is and who may change it ([`vet`]), its bytes read once and sealed ([`image`]), a whole
//! library for this machine ([`elf`]), its pin, and last a worker that opens those bytes and asks for
//! their strategies. No code of a plugin ever runs in this process. What a worker found out is
//! remembered by sha256 ([`cache`]), so that a folder that has not changed costs a few system calls.
//!
//! Running a strategy is the worker's business, writing a pin into `strategies.toml` the
//! configuration's.

mod built_in;
pub mod cache;
mod door;
pub mod elf;
mod error;
pub mod facts;
pub mod foreign;
pub mod image;
mod learn;
mod list;
mod locate;
mod resolve;
mod scan;
pub mod template;
pub mod vet;

use std::path::PathBuf;

use strategy_api::abi::{layout::StrategyDef, raw::ProgressPage, submitted};

use crate::config::Config;
use facts::StrategyFacts;
use image::Sha256Sum;

pub use door::DoorError;
pub use error::{ParamSource, RegistryError};
pub use learn::{describe_all, try_start};
pub use list::{Listed, State};
pub use locate::Locations;
pub use resolve::{Resolved, Source};

/// Whether looking into a file that failed before is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Believe the cache: for a run that wants another strategy.
    No,
    /// Try again: for a list, and when the file itself is asked for.
    Yes,
}

/// The strategies that there are, and the files that were refused.
#[derive(Debug)]
pub struct Registry {
    config: Config,
    locations: Locations,
    folders: Vec<PathBuf>,
    built_in: Vec<StrategyFacts>,
    files: Vec<Entry>,
}

/// A file that may be a plugin, and what became of it.
#[derive(Debug)]
struct Entry {
    path: PathBuf,
    file: String,
    status: Status,
}

#[derive(Clone, Debug)]
enum Status {
    Holds { sha256: Sha256Sum, strategies: Vec<StrategyFacts> },
    Refused { reason: String },
    Disabled,
    ShadowedBy(PathBuf),
}

impl Registry {
    /// Looks for strategies everywhere; files that are not known yet are looked into by workers.
    #[must_use]
    pub fn scan(locations: &Locations, config: &Config, retry: Retry) -> Self {
        let folders = locations.folders(config);
        let files = scan::scan(locations, &folders, config, retry);
        Self {
            config: config.clone(),
            locations: locations.clone(),
            folders,
            built_in: built_in(),
            files,
        }
    }

    /// The folders that were searched, in order.
    #[must_use]
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }
}

/// The strategies that are compiled into this program.
fn built_in() -> Vec<StrategyFacts> {
    let progress = ProgressPage::default();
    let facts = |def: &&'static StrategyDef| {
        let mut facts = describe_all(&[def]).ok()?.pop()?;
        try_start(def, &mut facts, &progress);
        Some(facts)
    };
    submitted().iter().filter_map(facts).collect()
}
