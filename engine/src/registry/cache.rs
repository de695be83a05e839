//! Remembers what workers found out about files, so that a folder that has not changed is not looked
//! into again. Only a convenience: what cannot be read or written is forgotten without a word, and
//! the bytes that are loaded are always hashed again.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use strategy_api::abi::layout::{ABI_MAJOR, ABI_MINOR};

use super::{facts::StrategyFacts, image::Sha256Sum, vet::Stamp};

/// Grows when what is remembered changes its meaning.
const LAYOUT: u32 = 1;

/// What became of looking into a file of certain bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It holds these strategies.
    Accepted(Vec<StrategyFacts>),
    /// It can never be loaded by this program.
    Refused(String),
    /// Looking into it failed; another attempt may not.
    Broke(String),
}

/// What is remembered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cache {
    layout: u32,
    abi: String,
    files: BTreeMap<PathBuf, (Stamp, Sha256Sum)>,
    verdicts: BTreeMap<Sha256Sum, Verdict>,
}

impl Default for Cache {
    fn default() -> Self {
        let abi = format!("{ABI_MAJOR}.{ABI_MINOR}");
        Self { layout: LAYOUT, abi, files: BTreeMap::new(), verdicts: BTreeMap::new() }
    }
}

impl Cache {
    /// Reads the cache; an empty one when there is none that this program can read.
    #[must_use]
    pub fn load(path: &Path) -> Self {
        let fresh = Self::default();
        let read = fs::read(path).ok().and_then(|text| serde_json::from_slice::<Self>(&text).ok());
        read.filter(|cache| cache.layout == fresh.layout && cache.abi == fresh.abi).unwrap_or(fresh)
    }

    /// Writes the cache beside its place and renames it into it.
    pub fn save(&mut self, path: &Path) {
        self.files.retain(|file, _| file.exists());
        let alive: Vec<_> = self.files.values().map(|(_, sum)| *sum).collect();
        self.verdicts.retain(|sum, _| alive.contains(sum));
        let beside = path.with_extension(format!("json.{}.tmp", std::process::id()));
        let text = serde_json::to_vec(self).unwrap_or_default();
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        let written =
            folder.and_then(|()| fs::write(&beside, text)).and_then(|()| fs::rename(&beside, path));
        if let Err(error) = written {
            let _ = fs::remove_file(&beside);
            tracing::debug!(path = %path.display(), %error, "the plugin cache is not written");
        }
    }

    /// The sha256 that a file had when it last was in this state.
    #[must_use]
    pub fn sum(&self, path: &Path, stamp: &Stamp) -> Option<Sha256Sum> {
        let (seen, sum) = self.files.get(path)?;
        (seen == stamp).then_some(*sum)
    }

    /// What became of looking into certain bytes.
    #[must_use]
    pub fn verdict(&self, sum: &Sha256Sum) -> Option<&Verdict> {
        self.verdicts.get(sum)
    }

    /// Remembers the sha256 of a file.
    pub fn remember_sum(&mut self, path: &Path, stamp: Stamp, sum: Sha256Sum) {
        self.files.insert(path.to_owned(), (stamp, sum));
    }

    /// Remembers what became of looking into certain bytes.
    pub fn remember_verdict(&mut self, sum: Sha256Sum, verdict: Verdict) {
        self.verdicts.insert(sum, verdict);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::vet::vet;

    #[test]
    fn a_cache_comes_back_as_it_was_and_forgets_files_that_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let plugin = folder.path().join("a.so");
        fs::write(&plugin, "x").unwrap();
        let stamp = vet(&plugin).unwrap().stamp;
        let sum = Sha256Sum::of(b"x");
        let mut cache = Cache::default();
        cache.remember_sum(&plugin, stamp.clone(), sum);
        cache.remember_verdict(sum, Verdict::Refused("no".into()));
        let path = folder.path().join("deep/plugins.json");
        cache.save(&path);
        let read = Cache::load(&path);
        assert_eq!(read, cache);
        assert_eq!(read.sum(&plugin, &stamp), Some(sum));
        fs::remove_file(&plugin).unwrap();
        cache.save(&path);
        assert_eq!(Cache::load(&path), Cache::default());
    }

    #[test]
    fn what_cannot_be_read_is_an_empty_cache() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plugins.json");
        for text in ["", "{", "[]", r#"{"layout":9,"abi":"1.0","files":{},"verdicts":{}}"#] {
            fs::write(&path, text).unwrap();
            assert_eq!(Cache::load(&path), Cache::default());
        }
        Cache::default().save(Path::new("/proc/none/plugins.json"));
    }
}
