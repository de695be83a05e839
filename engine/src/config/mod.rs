//! Where things are and what the user named: the home folder and its `strategies.toml`.
//!
//! Everything is checked here, with line and column, so that whoever holds a [`Config`] need not
//! check names, digests or unknown keys again. Whether a strategy of that name exists, and whether
//! it knows the parameters, is the registry's business.

mod file;
pub mod gateway;
mod near;
mod pin;
mod rules;
mod script;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

pub use file::parse;
pub use gateway::GatewayEntry;
pub use pin::pin;
pub use rules::{RuleDefault, RuleDefaults};
pub use script::{Script, ScriptLine, script};

use crate::error::{Code, Failure};

/// The folder that holds everything of one user or one project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// The home at `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        // Without the leading "./" its paths read as a person would write them.
        Self { root: if root == Path::new(".") { PathBuf::new() } else { root } }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        if self.root.as_os_str().is_empty() { Path::new(".") } else { &self.root }
    }

    /// Where plugins are dropped.
    #[must_use]
    pub fn plugins(&self) -> PathBuf {
        self.root.join("plugins")
    }

    /// The file of names, parameters and pins.
    #[must_use]
    pub fn strategies_toml(&self) -> PathBuf {
        self.root.join("strategies.toml")
    }

    /// The database file, its caches and plots.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// The bundled sample.
    #[must_use]
    pub fn sample(&self) -> PathBuf {
        self.data().join("sample")
    }

    /// Pictures.
    #[must_use]
    pub fn plots(&self) -> PathBuf {
        self.data().join("plots")
    }

    /// Pages.
    #[must_use]
    pub fn reports(&self) -> PathBuf {
        self.data().join("reports")
    }

    /// What kept runs stand on.
    #[must_use]
    pub fn kept(&self) -> PathBuf {
        self.data().join("kept")
    }

    /// Column files that can be deleted at any time.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.data().join("cache")
    }

    /// Structured logs.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The database used when none is named.
    #[must_use]
    pub fn default_database(&self) -> String {
        format!("sqlite://{}", self.data().join("algo-trader.db").display())
    }
}

/// What `strategies.toml` says. An absent file is an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Names for strategies with parameters of their own, and switches.
    pub strategies: BTreeMap<String, StrategyEntry>,
    /// Pins and switches by the file name of the plugin.
    pub plugins: BTreeMap<String, PluginEntry>,
    /// Further folders that hold plugins; relative ones are taken from the home folder.
    pub dirs: Vec<PathBuf>,
    /// Where the broker's gateway is.
    pub gateway: GatewayEntry,
    /// Defaults for the rules of every backtest.
    pub backtest: RuleDefaults,
}

/// One `[strategies.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrategyEntry {
    /// What it stands for: `name` or `file.so:name`; the entry's own name when the file says nothing.
    pub strategy: String,
    /// Parameters as text, by name, checked like `--param` against the strategy's own list.
    pub params: Vec<(String, String)>,
    /// Defaults for the rules of its backtests, before those of every backtest.
    pub backtest: RuleDefaults,
    /// `false` hides it.
    pub enabled: bool,
}

/// One `[plugins."FILE"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginEntry {
    /// The only sha256 that may be loaded, 64 lower-case hex digits.
    pub sha256: Option<String>,
    /// `false` never loads it.
    pub enabled: bool,
}

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is there but cannot be read or written.
    #[error("{path}: {reason}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        reason: String,
    },
    /// The file says something that we do not know.
    #[error("{path}:{line}:{column}: {reason}")]
    Invalid {
        /// The file.
        path: String,
        /// 1-based line.
        line: usize,
        /// 1-based column, in characters.
        column: usize,
        /// What is wrong, with the value.
        reason: String,
    },
    /// A pin could not be written without changing more than the pin.
    #[error("{path}: cannot place the pin of {file} in this file")]
    Pin {
        /// The file.
        path: String,
        /// The plugin's file name.
        file: String,
        /// The text that would do it by hand.
        text: String,
    },
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let failure = Failure::new(Code::Config, error.to_string());
        match error {
            ConfigError::Io { .. } => failure,
            ConfigError::Invalid { .. } => {
                failure.help("docs/files.md of the project shows every key")
            }
            ConfigError::Pin { text, .. } => failure.help(format!("add by hand: {text}")),
        }
    }
}

/// Reads `strategies.toml` of a home; an absent file is an empty configuration.
///
/// # Errors
/// When the file cannot be read, is not TOML, has an unknown key or a value that cannot be.
pub fn load(home: &Home) -> Result<Config, ConfigError> {
    let path = home.strategies_toml();
    match std::fs::read_to_string(&path) {
        Ok(text) => parse(&path, &text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Config::default()),
        Err(error) => {
            Err(ConfigError::Io { path: path.display().to_string(), reason: error.to_string() })
        }
    }
}

/// Whether `name` may name a strategy: 1 to 64 of `a-z 0-9 _ -`.
#[must_use]
pub fn is_strategy_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
}

/// Whether `text` names a strategy: a name, or `file.so:name` with a plain file name.
#[must_use]
pub fn is_strategy_reference(text: &str) -> bool {
    match text.split_once(':') {
        None => is_strategy_name(text),
        Some((file, name)) => is_plugin_file_name(file) && is_strategy_name(name),
    }
}

/// Whether `file` is the plain name of a plugin file: no folder, no control character, ends in `.so`.
#[must_use]
pub fn is_plugin_file_name(file: &str) -> bool {
    file.len() > 3
        && file.len() <= 128
        && file.ends_with(".so")
        && !file.starts_with('.')
        && !file.chars().any(|c| c.is_control() || c == '/' || c == '\\')
}
