//! The door of a library: which version of the ABI it was built with, and why it stays closed.

use strategy_api::abi::layout::{ABI_MAJOR, ABI_MINOR};

/// Why a library was loaded but its strategies cannot be used, or why it was not even loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DoorError {
    /// The dynamic loader refused.
    #[error("the dynamic loader refuses it: {0}")]
    Loader(String),
    /// No known symbol.
    #[error(
        "exports no strategies (neither export_strategies! of strategy-api nor strategy_plugin_v1)"
    )]
    NoDoor,
    /// Built with an ABI that this program does not speak.
    #[error(
        "built with strategy-api ABI {plugin}, this program has {ABI_MAJOR}.{ABI_MINOR}: {remedy}"
    )]
    Version {
        /// Version of the plugin.
        plugin: String,
        /// What would help.
        remedy: &'static str,
    },
    /// Built with an incompatible release of the layout checker.
    #[error(
        "built with an incompatible abi_stable {0}: rebuild it with this program's strategy-api"
    )]
    Header(String),
    /// The layout of its root differs though its version fits.
    #[error("its layout is not that of strategy-api ABI {ABI_MAJOR}.{ABI_MINOR}: {line}")]
    Layout {
        /// The reason in one line.
        line: String,
        /// All of it, for the log.
        full: String,
    },
    /// The entry of a plugin in another language makes no sense.
    #[error("its strategy_plugin_v1 is damaged: {0}")]
    Entry(String),
}

impl DoorError {
    /// A refusal by the layout check, whose text is hundreds of lines long.
    pub(super) fn layout(full: &str) -> Self {
        let mut lines = full.lines().map(str::trim).filter(|line| !line.is_empty());
        let telling =
            lines.clone().find(|line| line.contains("Expected") || line.contains("error"));
        let line = telling.or_else(|| lines.next()).unwrap_or("no reason given");
        Self::Layout { line: line.chars().take(160).collect(), full: full.to_owned() }
    }
}

/// Compares the version of a plugin, `major.minor.patch`, with ours: its major must be ours and its
/// minor not above ours.
pub(super) fn check_version(plugin: &str) -> Result<(), DoorError> {
    let mut numbers = plugin.split('.').map(|part| part.parse::<u32>().ok());
    let (major, minor) = (numbers.next().flatten(), numbers.next().flatten());
    let refuse = |remedy| {
        let plugin = match (major, minor) {
            (Some(major), Some(minor)) => format!("{major}.{minor}"),
            _ => plugin.escape_debug().take(20).collect(),
        };
        Err(DoorError::Version { plugin, remedy })
    };
    match (major, minor) {
        (Some(ABI_MAJOR), Some(minor)) if (0..=ABI_MINOR).contains(&minor) => Ok(()),
        (Some(ABI_MAJOR), Some(_)) => {
            refuse("update the program, or rebuild the plugin with an older strategy-api")
        }
        (Some(major), _) if major > ABI_MAJOR => {
            refuse("update the program, or rebuild the plugin with its strategy-api")
        }
        _ => refuse("rebuild the plugin with this program's strategy-api"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_minor_loads_and_everything_else_is_refused_with_both_versions() {
        assert_eq!(check_version(&format!("{ABI_MAJOR}.{ABI_MINOR}.7")), Ok(()));
        assert_eq!(check_version(&format!("{ABI_MAJOR}.0.0")), Ok(()));
        let newer = format!("{ABI_MAJOR}.{}.0", ABI_MINOR + 1);
        for (version, start) in [
            (newer.as_str(), format!("built with strategy-api ABI {ABI_MAJOR}.{}", ABI_MINOR + 1)),
            ("2.0.0", "built with strategy-api ABI 2.0".to_owned()),
            ("0.9.0", "built with strategy-api ABI 0.9".to_owned()),
            ("x\n", "built with strategy-api ABI x\\n".to_owned()),
        ] {
            let refusal = check_version(version).unwrap_err().to_string();
            let ours = format!("{start}, this program has {ABI_MAJOR}.{ABI_MINOR}: ");
            assert!(refusal.starts_with(&ours), "{refusal}");
        }
    }

    #[test]
    fn a_layout_refusal_is_one_line() {
        let full = "\n\nCompared <this>:\n  --- Type Layout ---\n\nError:too many fields\nExpected:\n    9\n";
        let refusal = DoorError::layout(full).to_string();
        assert!(!refusal.contains('\n'), "{refusal}");
    }
}
