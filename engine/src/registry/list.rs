//! Everything that there is, for people: strategies, aliases, and files with the reason why they are
//! refused.

use std::path::PathBuf;

use serde::Serialize;

use super::{Entry, Registry, Status, facts::StrategyFacts, image::Sha256Sum};

/// Whether something of a list can be run, and why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// It can be run.
    Ready,
    /// It is switched off in `strategies.toml`.
    Disabled,
    /// A file of the same name in an earlier folder counts instead.
    Shadowed {
        /// That file.
        by: PathBuf,
    },
    /// More than one file holds it, so its name alone does not choose.
    Ambiguous {
        /// The files, and `this program itself` for a built-in strategy.
        places: Vec<String>,
    },
    /// It must not be loaded, or cannot be.
    Refused {
        /// Why, in one line.
        reason: String,
    },
}

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    /// Name to run it with; `None` for a file of which no strategy is known.
    pub name: Option<String>,
    /// The strategy that an alias stands for.
    pub alias_of: Option<String>,
    /// Parameters that the alias sets.
    pub preset: Vec<(String, String)>,
    /// The file; `None` for what is built in.
    pub file: Option<PathBuf>,
    /// The sha256 of the file, when it was accepted.
    pub sha256: Option<String>,
    /// What is known of the strategy.
    pub facts: Option<StrategyFacts>,
    /// Whether it can be run.
    #[serde(flatten)]
    pub state: State,
}

impl Registry {
    /// Everything that there is: what is built in, files in the order of the folders, aliases.
    #[must_use]
    pub fn list(&self) -> Vec<Listed> {
        let built_in = self.built_in.iter().map(|facts| self.listed(facts, None));
        let files = self.files.iter().flat_map(|entry| self.of_file(entry));
        let mut list: Vec<Listed> = built_in.chain(files).collect();
        let aliases = self
            .config
            .strategies
            .keys()
            .filter(|name| list.iter().all(|listed| listed.name.as_ref() != Some(name)));
        let aliases: Vec<Listed> = aliases.map(|name| self.of_alias(name, &list)).collect();
        list.extend(aliases);
        list
    }

    fn of_file(&self, entry: &Entry) -> Vec<Listed> {
        let whole = |state| Listed {
            name: None,
            alias_of: None,
            preset: Vec::new(),
            file: Some(entry.path.clone()),
            sha256: None,
            facts: None,
            state,
        };
        match &entry.status {
            Status::Holds { sha256, strategies } => {
                let place = Some((entry, *sha256));
                strategies.iter().map(|facts| self.listed(facts, place)).collect()
            }
            Status::Refused { reason } => vec![whole(State::Refused { reason: reason.clone() })],
            Status::Disabled => vec![whole(State::Disabled)],
            Status::ShadowedBy(by) => vec![whole(State::Shadowed { by: by.clone() })],
        }
    }

    fn listed(&self, facts: &StrategyFacts, place: Option<(&Entry, Sha256Sum)>) -> Listed {
        let entry = self.config.strategies.get(&facts.name);
        Listed {
            name: Some(facts.name.clone()),
            alias_of: None,
            preset: entry.map_or_else(Vec::new, |entry| entry.params.clone()),
            file: place.map(|(entry, _)| entry.path.clone()),
            sha256: place.map(|(_, sha256)| sha256.to_string()),
            facts: Some(facts.clone()),
            state: self.state(&facts.name),
        }
    }

    fn state(&self, name: &str) -> State {
        if self.config.strategies.get(name).is_some_and(|entry| !entry.enabled) {
            return State::Disabled;
        }
        let holders = self.holders(name);
        let mut places: Vec<_> =
            holders.iter().map(|(entry, _)| entry.path.display().to_string()).collect();
        let built_in = self.built_in.iter().any(|facts| facts.name == name);
        let same = holders.windows(2).all(|pair| pair[0].1 == pair[1].1);
        if holders.is_empty() || (!built_in && same) {
            return State::Ready;
        }
        if built_in {
            places.insert(0, "this program itself".to_owned());
        }
        State::Ambiguous { places }
    }

    fn of_alias(&self, name: &str, list: &[Listed]) -> Listed {
        let entry = &self.config.strategies[name];
        let target = match entry.strategy.split_once(':') {
            Some((file, strategy)) => list.iter().find(|listed| {
                listed.name.as_deref() == Some(strategy)
                    && listed.file.as_ref().is_some_and(|path| path.ends_with(file))
            }),
            None => list.iter().find(|listed| listed.name.as_deref() == Some(&entry.strategy)),
        };
        let state = match target {
            _ if !entry.enabled => State::Disabled,
            Some(target) => target.state.clone(),
            None => State::Refused { reason: format!("there is no strategy '{}'", entry.strategy) },
        };
        Listed {
            name: Some(name.to_owned()),
            alias_of: Some(entry.strategy.clone()),
            preset: entry.params.clone(),
            file: target.and_then(|target| target.file.clone()),
            sha256: target.and_then(|target| target.sha256.clone()),
            facts: target.and_then(|target| target.facts.clone()),
            state,
        }
    }
}
