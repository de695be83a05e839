//! Defaults of `strategies.toml` for what no option says: those of the strategy, then those of every
//! backtest.

use std::{collections::BTreeMap, str::FromStr};

use crate::config::{Config, RuleDefaults};

/// The file, as it is named where a default comes from.
const FILE: &str = "strategies.toml";

/// The defaults for one strategy, and where each that was used comes from.
pub(super) struct Defaults<'c> {
    layers: Vec<(String, &'c RuleDefaults)>,
    origins: BTreeMap<String, String>,
}

impl<'c> Defaults<'c> {
    /// The defaults for a strategy by the name under which it was asked for.
    pub(super) fn of(config: &'c Config, strategy: &str) -> Self {
        let own = config.strategies.get(strategy);
        let own = own.map(|entry| (format!("[strategies.{strategy}.backtest]"), &entry.backtest));
        let all = ("[backtest]".to_owned(), &config.backtest);
        Self { layers: own.into_iter().chain([all]).collect(), origins: BTreeMap::new() }
    }

    /// Fills what no option has filled.
    pub(super) fn fill<T: FromStr>(&mut self, key: &str, slot: &mut Option<T>) {
        if slot.is_some() {
            return;
        }
        let found = self.layers.iter().find_map(|(table, rules)| Some((table, rules.get(key)?)));
        let Some((table, rule)) = found else { return };
        // Values are checked when the file is read.
        *slot = rule.value.parse().ok();
        self.origins.insert(key.to_owned(), format!("{table} of {FILE}, line {}", rule.line));
    }

    /// Where each default that was used comes from, by its key.
    pub(super) fn origins(self) -> BTreeMap<String, String> {
        self.origins
    }
}
