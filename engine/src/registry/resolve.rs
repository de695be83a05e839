//! From a name to a strategy that can be run, and from texts to the values of its parameters.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use super::{
    Entry, ParamSource, Registry, RegistryError, Status,
    cache::Verdict,
    facts::{ParamFacts, StrategyFacts},
    image::{Image, Sha256Sum},
    scan::judge,
    vet::vet,
};
use crate::config::{is_strategy_name, is_strategy_reference};

/// Where the code of a strategy comes from.
#[derive(Debug)]
pub enum Source {
    /// It is part of this program.
    BuiltIn,
    /// The sealed bytes of a file.
    File {
        /// The file that they were read from.
        path: PathBuf,
        /// The bytes.
        image: Image,
    },
}

/// A strategy that can be run.
#[derive(Debug)]
pub struct Resolved {
    asked: String,
    facts: StrategyFacts,
    source: Source,
    preset: Vec<(String, String)>,
}

impl Resolved {
    /// The same strategy as it was asked for by another name.
    #[must_use]
    pub fn called(self, asked: &str) -> Self {
        Self { asked: asked.to_owned(), ..self }
    }

    /// What was asked for: the name of the strategy, or of an alias.
    #[must_use]
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// What is known of the strategy.
    #[must_use]
    pub fn facts(&self) -> &StrategyFacts {
        &self.facts
    }

    /// Where its code comes from.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The file that it was read from, unless it is built in.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::BuiltIn => None,
            Source::File { path, .. } => Some(path),
        }
    }

    /// The plain name of that file.
    #[must_use]
    pub fn file(&self) -> Option<String> {
        Some(self.path()?.file_name()?.to_string_lossy().into_owned())
    }

    /// The bytes that will run, unless it is built in.
    #[must_use]
    pub fn image(&self) -> Option<&Image> {
        match &self.source {
            Source::BuiltIn => None,
            Source::File { image, .. } => Some(image),
        }
    }

    /// Their sha256.
    #[must_use]
    pub fn sha256(&self) -> Option<Sha256Sum> {
        self.image().map(Image::sha256)
    }

    /// Parameters that the alias sets, as it writes them.
    #[must_use]
    pub fn preset(&self) -> &[(String, String)] {
        &self.preset
    }

    /// The values of all parameters: defaults, replaced by those of the alias, replaced by `given`.
    ///
    /// # Errors
    /// When a parameter is unknown or given twice, or a value is not valid.
    pub fn values(&self, given: &[(String, String)]) -> Result<Vec<f64>, RegistryError> {
        for (at, (name, _)) in given.iter().enumerate() {
            if given[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(RegistryError::TwiceGiven(name.clone()));
            }
        }
        let mut values = self.facts.defaults();
        let sources = [(ParamSource::Alias, &*self.preset), (ParamSource::Given, given)];
        for (from, pairs) in sources {
            for (name, text) in pairs {
                let (index, value) = self.value(name, text, from)?;
                values[index] = value;
            }
        }
        Ok(values)
    }

    fn value(
        &self,
        name: &str,
        text: &str,
        from: ParamSource,
    ) -> Result<(usize, f64), RegistryError> {
        let params = &self.facts.params;
        let Some(index) = params.iter().position(|param| param.name == name) else {
            let valid: Vec<_> = params.iter().map(|param| param.name.clone()).collect();
            return Err(RegistryError::UnknownParam {
                strategy: self.facts.name.clone(),
                name: name.to_owned(),
                near: nearest(name, valid.iter().map(String::as_str)),
                valid,
                from,
            });
        };
        let bad = |valid| RegistryError::BadValue {
            strategy: self.facts.name.clone(),
            name: name.to_owned(),
            value: text.to_owned(),
            valid,
            from,
        };
        Ok((index, params[index].parse(text).map_err(bad)?))
    }

    /// Names and values of all parameters, as they would be written.
    ///
    /// # Panics
    /// When `values` are not as many as there are parameters.
    #[must_use]
    pub fn shown(&self, values: &[f64]) -> Vec<(String, String)> {
        assert_eq!(values.len(), self.facts.params.len(), "one value for each parameter");
        let show = |(param, value): (&ParamFacts, &f64)| (param.name.clone(), param.show(*value));
        self.facts.params.iter().zip(values).map(show).collect()
    }
}

/// A strategy by name, before its file is read again.
enum Hit<'a> {
    BuiltIn(&'a StrategyFacts),
    InFile(&'a Entry, Sha256Sum),
}

impl Registry {
    /// The strategy of a name, an alias, or `file.so:name`. The file is read again, vetted again, and
    /// what was read is what will run.
    ///
    /// # Errors
    /// When the name is unknown, in more than one file, or its file must not be loaded.
    pub fn resolve(&self, asked: &str) -> Result<Resolved, RegistryError> {
        if !is_strategy_reference(asked) {
            return Err(RegistryError::BadName(asked.to_owned()));
        }
        let alias = self.config.strategies.get(asked);
        if alias.is_some_and(|alias| !alias.enabled) {
            return Err(RegistryError::Disabled { name: asked.to_owned() });
        }
        let reference = alias.map_or(asked, |alias| &alias.strategy);
        let preset = alias.map_or_else(Vec::new, |alias| alias.params.clone());
        let (file, name) = match reference.split_once(':') {
            Some((file, name)) => (Some(file), name),
            None => (None, reference),
        };
        let asked = asked.to_owned();
        match self.find(file, name)? {
            Hit::BuiltIn(facts) => {
                Ok(Resolved { asked, facts: facts.clone(), source: Source::BuiltIn, preset })
            }
            Hit::InFile(entry, sha256) => {
                let (facts, image) = self.load(entry, sha256, name)?;
                let source = Source::File { path: entry.path.clone(), image };
                Ok(Resolved { asked, facts, source, preset })
            }
        }
    }

    /// A strategy that is compiled into this program, whatever the folders hold.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn built_in(&self, name: &str) -> Result<Resolved, RegistryError> {
        let facts = self.built_in.iter().find(|facts| facts.name == name);
        let facts = facts.ok_or_else(|| self.unknown(name))?.clone();
        Ok(Resolved { asked: name.to_owned(), facts, source: Source::BuiltIn, preset: Vec::new() })
    }

    /// A strategy from a file that was kept by its sha256, whatever the folders hold now.
    ///
    /// # Errors
    /// When the bytes are others, cannot be loaded, or hold no strategy of this name.
    pub fn kept(
        &self,
        asked: &str,
        name: &str,
        sha256: &str,
        (path, file): (&Path, &File),
    ) -> Result<Resolved, RegistryError> {
        let refuse = |reason: String| RegistryError::Refused { file: path.to_owned(), reason };
        let image =
            Image::read(file).map_err(|error| refuse(format!("cannot be read: {error}")))?;
        if image.sha256().to_string() != sha256 {
            return Err(RegistryError::Damaged(path.to_owned()));
        }
        let strategies = match judge(&self.locations, &image) {
            Verdict::Accepted(strategies) => strategies,
            Verdict::Refused(reason) | Verdict::Broke(reason) => return Err(refuse(reason)),
        };
        let facts = strategies.into_iter().find(|facts| facts.name == name);
        let facts = facts.ok_or_else(|| refuse(format!("it holds no strategy '{name}'")))?;
        let source = Source::File { path: path.to_owned(), image };
        Ok(Resolved { asked: asked.to_owned(), facts, source, preset: Vec::new() })
    }

    /// File name and sha256 to write into `strategies.toml` so that nothing else is ever loaded.
    ///
    /// # Errors
    /// As [`Registry::resolve`], and when the strategy is built in.
    pub fn pin(&self, asked: &str) -> Result<(String, Sha256Sum), RegistryError> {
        let resolved = self.resolve(asked)?;
        match (resolved.file(), resolved.sha256()) {
            (Some(file), Some(sha256)) => Ok((file, sha256)),
            _ => Err(RegistryError::BuiltIn(asked.to_owned())),
        }
    }

    fn find<'a>(&'a self, file: Option<&str>, name: &str) -> Result<Hit<'a>, RegistryError> {
        match file {
            Some(file) => self.find_in_file(file, name),
            None => self.find_anywhere(name),
        }
    }

    fn find_in_file<'a>(&'a self, file: &str, name: &str) -> Result<Hit<'a>, RegistryError> {
        let counts =
            |entry: &&Entry| entry.file == file && !matches!(entry.status, Status::ShadowedBy(_));
        let entry = self.files.iter().find(counts).ok_or_else(|| RegistryError::UnknownFile {
            file: file.to_owned(),
            folders: self.folders.clone(),
        })?;
        match &entry.status {
            Status::Holds { sha256, strategies } if holds(strategies, name) => {
                Ok(Hit::InFile(entry, *sha256))
            }
            Status::Holds { strategies, .. } => Err(RegistryError::NotInFile {
                file: file.to_owned(),
                name: name.to_owned(),
                holds: strategies.iter().map(|facts| facts.name.clone()).collect(),
            }),
            _ => Err(refusal(entry)),
        }
    }

    fn find_anywhere<'a>(&'a self, name: &str) -> Result<Hit<'a>, RegistryError> {
        let built_in = self.built_in.iter().find(|facts| facts.name == name);
        let hits = self.holders(name);
        match (built_in, hits.as_slice()) {
            (Some(facts), []) => Ok(Hit::BuiltIn(facts)),
            (None, []) => Err(self.missing(name)),
            (None, [(entry, sha256), others @ ..])
                if others.iter().all(|(_, other)| other == sha256) =>
            {
                Ok(Hit::InFile(entry, *sha256))
            }
            _ => {
                let mut places: Vec<_> =
                    hits.iter().map(|(entry, _)| entry.path.display().to_string()).collect();
                if built_in.is_some() {
                    places.insert(0, "this program itself".to_owned());
                }
                let choices = hits.iter().map(|(entry, _)| entry.file.clone()).collect();
                Err(RegistryError::Ambiguous { name: name.to_owned(), places, choices })
            }
        }
    }

    /// The files that hold a strategy of this name, in order.
    pub(super) fn holders(&self, name: &str) -> Vec<(&Entry, Sha256Sum)> {
        let mut holders = Vec::new();
        for entry in &self.files {
            if let Status::Holds { sha256, strategies } = &entry.status
                && holds(strategies, name)
            {
                holders.push((entry, *sha256));
            }
        }
        holders
    }

    /// Why no file holds a strategy: because the file that by its name would hold it was refused, or
    /// because there is none.
    fn missing(&self, name: &str) -> RegistryError {
        let named = |entry: &&Entry| {
            let stem = entry.file.trim_end_matches(".so");
            stem == name || stem.strip_prefix("lib") == Some(name)
        };
        let shut =
            |entry: &&Entry| matches!(entry.status, Status::Refused { .. } | Status::Disabled);
        match self.files.iter().filter(shut).find(named) {
            Some(entry) => refusal(entry),
            None => self.unknown(name),
        }
    }

    fn unknown(&self, name: &str) -> RegistryError {
        let asked_and_missing = self.locations.asked.iter().find(|folder| !folder.is_dir());
        if let Some(folder) = asked_and_missing {
            return RegistryError::NoFolder(folder.clone());
        }
        let held = self.files.iter().filter_map(|entry| match &entry.status {
            Status::Holds { strategies, .. } => Some(strategies),
            _ => None,
        });
        let names = held.flatten().chain(&self.built_in).map(|facts| facts.name.as_str());
        let aliases = self.config.strategies.keys().map(String::as_str);
        let refused = |entry: &&Entry| matches!(entry.status, Status::Refused { .. });
        RegistryError::Unknown {
            name: name.to_owned(),
            near: nearest(name, names.chain(aliases)),
            refused: self.files.iter().filter(refused).count(),
        }
    }

    /// Reads the bytes that will run. A file that has changed since it was looked into is looked into
    /// again, as the bytes that they are now.
    fn load(
        &self,
        entry: &Entry,
        expected: Sha256Sum,
        name: &str,
    ) -> Result<(StrategyFacts, Image), RegistryError> {
        let refuse = |reason| RegistryError::Refused { file: entry.path.clone(), reason };
        let vetted = vet(&entry.path).map_err(refuse)?;
        let image = Image::read(&vetted.file)
            .map_err(|error| refuse(format!("cannot be read: {error}")))?;
        let strategies = match &entry.status {
            Status::Holds { strategies, .. } if image.sha256() == expected => strategies.clone(),
            _ if self.is_pinned(&entry.file) => {
                return Err(refuse("it has changed since its pin was checked".to_owned()));
            }
            _ => match judge(&self.locations, &image) {
                Verdict::Accepted(strategies) => strategies,
                Verdict::Refused(reason) | Verdict::Broke(reason) => return Err(refuse(reason)),
            },
        };
        let facts = strategies.into_iter().find(|facts| facts.name == name);
        let gone = || refuse(format!("it has changed and holds no strategy '{name}' any more"));
        Ok((facts.ok_or_else(gone)?, image))
    }

    fn is_pinned(&self, file: &str) -> bool {
        self.config.plugins.get(file).is_some_and(|plugin| plugin.sha256.is_some())
    }
}

fn holds(strategies: &[StrategyFacts], name: &str) -> bool {
    strategies.iter().any(|facts| facts.name == name)
}

/// Why a file is not open to us.
fn refusal(entry: &Entry) -> RegistryError {
    let reason = match &entry.status {
        Status::Refused { reason } => reason.clone(),
        _ => "it is switched off in strategies.toml".to_owned(),
    };
    RegistryError::Refused { file: entry.path.clone(), reason }
}

/// The name that was probably meant.
fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let likeness = |other: &'a str| (strsim::jaro_winkler(name, other), other);
    let best = names.filter(|other| is_strategy_name(other)).map(likeness);
    let best = best.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= 0.8).then(|| best.1.to_owned())
}
