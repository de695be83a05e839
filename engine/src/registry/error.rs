//! Why a strategy cannot be had, and what would help.

use std::path::PathBuf;

use super::image::FILE_LIMIT;
use crate::error::{Code, Failure};

/// Why a strategy cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The text cannot name a strategy.
    #[error("'{}' cannot name a strategy: a name is 1 to 64 of a-z 0-9 _ -", short(.0))]
    BadName(String),
    /// No file holds a strategy of this name.
    #[error("there is no strategy '{name}'")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The nearest name that there is.
        near: Option<String>,
        /// How many files were refused.
        refused: usize,
    },
    /// More than one file holds a strategy of this name.
    #[error("the strategy '{name}' is in more than one file: {}", .places.join(" and "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// The files, as they are shown.
        places: Vec<String>,
        /// File names with which one can be chosen.
        choices: Vec<String>,
    },
    /// No file of this name is in any of the folders.
    #[error("there is no plugin file '{file}'")]
    UnknownFile {
        /// What was asked for.
        file: String,
        /// The folders that were searched.
        folders: Vec<PathBuf>,
    },
    /// The file holds no strategy of this name.
    #[error("{file} holds no strategy '{name}'; it holds {}", .holds.join(", "))]
    NotInFile {
        /// The file.
        file: String,
        /// What was asked for.
        name: String,
        /// What it holds.
        holds: Vec<String>,
    },
    /// The file must not be loaded, or cannot be.
    #[error("{} is refused: {reason}", .file.display())]
    Refused {
        /// The file.
        file: PathBuf,
        /// Why, in one line.
        reason: String,
    },
    /// The bytes of a kept file are not those that its name stands for.
    #[error("the plugin of the run is damaged: {}: its bytes are not those of its name", .0.display())]
    Damaged(PathBuf),
    /// It is switched off.
    #[error("the strategy '{name}' is switched off in strategies.toml")]
    Disabled {
        /// What was asked for.
        name: String,
    },
    /// The strategy has no such parameter.
    #[error("{strategy} has no parameter '{}'", short(.name))]
    UnknownParam {
        /// The strategy.
        strategy: String,
        /// What was given.
        name: String,
        /// The nearest parameter that there is.
        near: Option<String>,
        /// The parameters that there are.
        valid: Vec<String>,
        /// Where the parameter came from.
        from: ParamSource,
    },
    /// The value of a parameter is not valid.
    #[error("'{}' is no value for {strategy}'s {name}: {valid} is valid", short(.value))]
    BadValue {
        /// The strategy.
        strategy: String,
        /// The parameter.
        name: String,
        /// What was given.
        value: String,
        /// What would be valid.
        valid: String,
        /// Where the value came from.
        from: ParamSource,
    },
    /// A parameter was given more than once.
    #[error("the parameter '{}' is given twice", short(.0))]
    TwiceGiven(String),
    /// A built-in strategy has no file.
    #[error("the strategy '{0}' is built in and has no file to pin")]
    BuiltIn(String),
    /// A folder that was asked for is not there.
    #[error("{}: no such folder", .0.display())]
    NoFolder(PathBuf),
    /// A new plugin would overwrite something.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// A new plugin cannot have this name.
    #[error("'{}' cannot be the name of a new strategy: {reason}", short(.name))]
    BadNewName {
        /// What was asked for.
        name: String,
        /// Why not.
        reason: String,
    },
    /// The package that every plugin depends on is not there.
    #[error(
        "strategy-api, on which a new strategy depends, is not at {}; inside a checkout of the project it \
         is found by itself",
        .0.display()
    )]
    NoApi(PathBuf),
    /// A new plugin cannot be written.
    #[error("{}: {reason}", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
}

/// Where a parameter came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamSource {
    /// The command line, or whoever called.
    Given,
    /// An alias of `strategies.toml`.
    Alias,
}

/// At most 40 characters of a text that a user gave, without control characters.
fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    if text.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}

const LIST: &str = "algo-trader strategies list";

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        let failure = Self::new(code(&error), error.to_string());
        match help(&error) {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

fn code(error: &RegistryError) -> Code {
    use RegistryError as E;
    match error {
        E::Refused { reason, .. } if reason.ends_with(FILE_LIMIT) => Code::Output,
        E::Refused { .. } | E::Disabled { .. } => Code::PluginRefused,
        E::Damaged(_) => Code::Data,
        E::NoApi(_)
        | E::UnknownParam { from: ParamSource::Alias, .. }
        | E::BadValue { from: ParamSource::Alias, .. } => Code::Config,
        E::Exists(_) | E::Write { .. } => Code::Output,
        _ => Code::Usage,
    }
}

fn help(error: &RegistryError) -> Option<String> {
    use RegistryError as E;
    let near_or = |near: &Option<String>, other: String| match near {
        Some(near) => format!("did you mean '{near}'? {other}"),
        None => other,
    };
    Some(match error {
        E::Refused { reason, .. } if reason.ends_with(FILE_LIMIT) => {
            "ulimit -f unlimited".to_owned()
        }
        E::BadName(_) | E::UnknownFile { .. } | E::BuiltIn(_) | E::Refused { .. } => {
            LIST.to_owned()
        }
        E::Unknown { near, refused, .. } => {
            let refused = match (near, refused) {
                (Some(_), _) | (_, 0) => String::new(),
                (None, 1) => "1 file was refused, with its reason in the list: ".to_owned(),
                (None, count) => {
                    format!("{count} files were refused, with their reasons in the list: ")
                }
            };
            near_or(near, format!("{refused}{LIST}"))
        }
        E::Ambiguous { name, choices, .. } => {
            choices.first().map(|file| format!("--strategy {file}:{name}"))?
        }
        E::NotInFile { file, holds, .. } => {
            holds.first().map(|name| format!("--strategy {file}:{name}"))?
        }
        E::UnknownParam { near, valid, from, .. } => {
            let valid = match valid.as_slice() {
                [] => "it has none".to_owned(),
                valid => format!("valid are {}", valid.join(", ")),
            };
            near_or(near, format!("{valid}{}", place(*from)))
        }
        E::BadValue { strategy, from, .. } => {
            let place = place(*from).trim_start();
            let place = if place.is_empty() { String::new() } else { format!("{place} ") };
            format!("{place}algo-trader strategies show {strategy}")
        }
        E::Disabled { name } => format!("set enabled = true under [strategies.{name}]"),
        E::NoFolder(_) => "--plugins names a folder that holds .so files".to_owned(),
        E::NoApi(_) => {
            "in a checkout: algo-trader strategies new my_strategy --into plugins".to_owned()
        }
        E::BadNewName { .. } => "algo-trader strategies new my_strategy".to_owned(),
        E::TwiceGiven(_) | E::Damaged(_) | E::Exists(_) | E::Write { .. } => return None,
    })
}

fn place(from: ParamSource) -> &'static str {
    match from {
        ParamSource::Given => "",
        ParamSource::Alias => " (it stands in strategies.toml)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_is_shown_short_and_without_control_characters() {
        let error = RegistryError::BadName(format!("\u{1b}[31m{}", "x".repeat(10_000)));
        let text = Failure::from(error).to_string();
        assert!(text.len() < 250 && !text.contains('\u{1b}'), "{text}");
    }

    #[test]
    fn what_may_not_be_loaded_is_exit_7_and_what_is_not_there_exit_2() {
        let refused = RegistryError::Refused { file: "a.so".into(), reason: "empty file".into() };
        assert_eq!(Failure::from(refused).code, Code::PluginRefused);
        let unknown = RegistryError::Unknown {
            name: "ma_cros".into(),
            near: Some("ma_cross".into()),
            refused: 0,
        };
        let failure = Failure::from(unknown);
        assert_eq!(failure.code, Code::Usage);
        assert!(failure.help.unwrap().starts_with("did you mean 'ma_cross'?"));
    }
}
