//! Which price of which bar fills a market order.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use strategy_api::Bar;

/// A fill model. An order is decided when its bar has closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FillModel {
    /// At the open of the instrument's next bar: what a trader can have.
    #[default]
    NextOpen,
    /// At the close of the very bar that was just seen: the convention of some other engines, and
    /// better than what a trader can have.
    SameClose,
    /// At the close of the instrument's next bar.
    NextClose,
}

impl FillModel {
    const NAMES: [(&'static str, Self); 3] = [
        ("next_open", Self::NextOpen),
        ("same_close", Self::SameClose),
        ("next_close", Self::NextClose),
    ];

    /// The reference price that it takes from a bar.
    #[must_use]
    pub fn reference(self, bar: &Bar) -> f64 {
        match self {
            Self::NextOpen => bar.open,
            Self::SameClose | Self::NextClose => bar.close,
        }
    }
}

impl fmt::Display for FillModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, model)| model == self).map(|(name, _)| *name);
        f.pad(name.expect("every model has a name"))
    }
}

/// A text that names no fill model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{}' is no fill model; valid: next_open, same_close, next_close", .0.escape_debug())]
pub struct UnknownFillModel(pub String);

impl FromStr for FillModel {
    type Err = UnknownFillModel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, model)| *model);
        found.ok_or_else(|| UnknownFillModel(text.chars().take(60).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written_back() {
        for (name, model) in FillModel::NAMES {
            assert_eq!(name.parse(), Ok(model));
            assert_eq!(model.to_string(), name);
        }
        assert!("open".parse::<FillModel>().is_err());
    }
}
