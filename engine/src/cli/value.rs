//! Reads the values of options; what leaves here is valid.

use crate::config::is_strategy_reference;

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

/// Why a value is not valid, and what would be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct Invalid {
    pub(crate) reason: String,
    pub(crate) help: String,
}

impl Invalid {
    fn new(reason: impl Into<String>, help: impl Into<String>) -> Self {
        Self { reason: reason.into(), help: help.into() }
    }
}

/// Longest symbol that is taken, in bytes.
const LONGEST_SYMBOL: usize = 1024;

/// A symbol as the user writes it.
pub(crate) fn symbol(text: &str) -> Result<String, Invalid> {
    if text.trim().is_empty() {
        return Err(Invalid::new("a symbol cannot be empty", "-s SPY"));
    }
    if text.len() > LONGEST_SYMBOL {
        let reason =
            format!("a symbol has at most {LONGEST_SYMBOL} bytes, this one {}", text.len());
        return Err(Invalid::new(reason, "-s SPY"));
    }
    Ok(text.to_owned())
}

/// The name of a strategy, alone or as `file.so:name`.
pub(crate) fn strategy(text: &str) -> Result<String, Invalid> {
    if is_strategy_reference(text) {
        return Ok(text.to_owned());
    }
    Err(Invalid::new(
        "a strategy is named by 1 to 64 of a-z 0-9 _ -, or as file.so:name",
        "algo-trader strategies list",
    ))
}

/// `name=value` of a parameter.
pub(crate) fn parameter(text: &str) -> Result<(String, String), Invalid> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(Invalid::new("a parameter is written name=value", "-p fast=20")),
    }
}
