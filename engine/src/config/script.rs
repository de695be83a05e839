//! Reads the script of a simulated gateway: lists of texts, each with its place in the file. What the
//! texts mean is known to the simulator.

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::{ConfigError, file::place};

/// What a script says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// What goes wrong.
    pub faults: Vec<ScriptLine>,
    /// Splits of shares.
    pub splits: Vec<ScriptLine>,
    /// Dividends on shares.
    pub dividends: Vec<ScriptLine>,
}

/// One text and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptLine {
    /// The text.
    pub text: String,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    faults: Vec<Spanned<String>>,
    #[serde(default)]
    splits: Vec<Spanned<String>>,
    #[serde(default)]
    dividends: Vec<Spanned<String>>,
}

/// Reads a script.
///
/// # Errors
/// When the file cannot be read, is not TOML, or has an unknown key.
pub fn script(path: &Path) -> Result<Script, ConfigError> {
    let shown = || path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Io { path: shown(), reason: error.to_string() })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let raw: Raw = toml::from_str(text).map_err(|error| {
        let (line, column) = place(text, error.span().map_or(0, |span| span.start));
        let reason = error.message().replace('\n', ", ");
        ConfigError::Invalid { path: shown(), line, column, reason }
    })?;
    let lines = |texts: Vec<Spanned<String>>| {
        let lines = texts.into_iter().map(|found| {
            let (line, column) = place(text, found.span().start);
            ScriptLine { text: found.into_inner(), line, column }
        });
        lines.collect()
    };
    Ok(Script {
        faults: lines(raw.faults),
        splits: lines(raw.splits),
        dividends: lines(raw.dividends),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_of_a_script_has_its_place() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            &file,
            "faults = [\n  \"nan\",\n  \"zero\"]\nsplits = [\"A=2026-01-02:2\"]\n",
        )
        .unwrap();
        let script = script(file.path()).unwrap();
        let places: Vec<_> = script.faults.iter().map(|it| (it.line, it.column)).collect();
        assert_eq!(places, [(2, 3), (3, 3)]);
        assert_eq!(script.faults[1].text, "zero");
        assert_eq!((script.splits[0].line, script.splits[0].column), (4, 11));
        assert!(script.dividends.is_empty());
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_place() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "\nfault = []\n").unwrap();
        let message = script(file.path()).unwrap_err().to_string();
        assert!(message.contains(":2:1: unknown field `fault`"), "{message}");
    }
}
