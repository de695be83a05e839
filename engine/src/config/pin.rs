//! Writes the sha256 of a plugin into `strategies.toml` and leaves every other character alone.

use std::path::Path;

use super::{ConfigError, Home, PluginEntry, parse};

/// Pins the plugin file `file` (its plain name) to `sha256` (64 lower-case hex digits).
///
/// The file is written beside and renamed over, so it is either the old or the new one.
///
/// # Errors
/// When the file is not valid now, cannot be written, or says the pin in a way that cannot be edited
/// line by line (an inline table).
pub fn pin(home: &Home, file: &str, sha256: &str) -> Result<(), ConfigError> {
    let path = home.strategies_toml();
    let old = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(io(&path, &error)),
    };
    let new = edited(&path, &old, file, sha256)?;
    let beside = path.with_extension(format!("toml.{}", std::process::id()));
    let written = std::fs::write(&beside, new).and_then(|()| std::fs::rename(&beside, &path));
    written.map_err(|error| {
        // The half-written copy is of no use to anybody; the first error is the one to report.
        let _ = std::fs::remove_file(&beside);
        io(&path, &error)
    })
}

fn io(path: &Path, error: &std::io::Error) -> ConfigError {
    ConfigError::Io { path: path.display().to_string(), reason: error.to_string() }
}

/// The text with the pin in it; refused unless reading it back gives the old configuration plus the pin.
fn edited(path: &Path, old: &str, file: &str, sha256: &str) -> Result<String, ConfigError> {
    let mut expected = parse(path, old)?;
    let entry = expected
        .plugins
        .entry(file.to_owned())
        .or_insert(PluginEntry { sha256: None, enabled: true });
    entry.sha256 = Some(sha256.to_owned());

    let new = with_line(old, file, sha256);
    match parse(path, &new) {
        Ok(config) if config == expected => Ok(new),
        _ => Err(ConfigError::Pin {
            path: path.display().to_string(),
            file: file.to_owned(),
            text: format!("[plugins.\"{file}\"] sha256 = \"{sha256}\""),
        }),
    }
}

fn with_line(old: &str, file: &str, sha256: &str) -> String {
    let header = format!("[plugins.\"{file}\"]");
    let pin = format!("sha256 = \"{sha256}\"");
    let mut lines: Vec<String> = old.lines().map(str::to_owned).collect();
    let is_header = |line: &String| {
        let line = line.trim();
        line.strip_prefix(&header)
            .is_some_and(|rest| rest.is_empty() || rest.trim_start().starts_with('#'))
    };
    match lines.iter().position(is_header) {
        None => {
            if lines.last().is_some_and(|line| !line.trim().is_empty()) {
                lines.push(String::new());
            }
            lines.extend([header, pin]);
        }
        Some(at) => {
            let end = lines[at + 1..]
                .iter()
                .position(|line| line.trim_start().starts_with('['))
                .map_or(lines.len(), |offset| at + 1 + offset);
            let is_pin = |line: &String| {
                line.trim_start()
                    .strip_prefix("sha256")
                    .is_some_and(|rest| rest.trim_start().starts_with('='))
            };
            match lines[at + 1..end].iter().position(is_pin) {
                Some(offset) => lines[at + 1 + offset] = pin,
                None => lines.insert(at + 1, pin),
            }
        }
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(digit: char) -> String {
        std::iter::repeat_n(digit, 64).collect()
    }

    #[test]
    fn a_pin_is_added_then_replaced_and_comments_stay() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        pin(&home, "liba.so", &digest('1')).unwrap();
        let first = std::fs::read_to_string(home.strategies_toml()).unwrap();
        assert_eq!(first, format!("[plugins.\"liba.so\"]\nsha256 = \"{}\"\n", digest('1')));

        let by_hand = format!(
            "# mine\n[plugins.\"liba.so\"] # old\nenabled = true # keep\nsha256 = \"{}\"\n\n[strategies.x]\nstrategy = \"a\"\n",
            digest('1')
        );
        std::fs::write(home.strategies_toml(), &by_hand).unwrap();
        pin(&home, "liba.so", &digest('2')).unwrap();
        let second = std::fs::read_to_string(home.strategies_toml()).unwrap();
        assert_eq!(second, by_hand.replace(&digest('1'), &digest('2')));

        pin(&home, "libb.so", &digest('3')).unwrap();
        let third = std::fs::read_to_string(home.strategies_toml()).unwrap();
        assert!(third.starts_with(&second));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_pin_that_cannot_be_placed_changes_nothing_and_says_what_to_add() {
        let old = "[plugins]\n\"liba.so\" = { enabled = true }\n";
        let error = edited(Path::new("strategies.toml"), old, "liba.so", &digest('1')).unwrap_err();
        assert!(matches!(error, ConfigError::Pin { .. }), "{error}");
    }
}
