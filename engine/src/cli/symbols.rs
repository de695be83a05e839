//! Reads a file of symbols, for every command that takes many. What is wrong is said with file and line.

use std::{collections::HashSet, path::Path};

use crate::{
    error::{Code, Failure},
    ingest::check_symbol,
};

/// The symbols of a file: one a line, blank lines and what follows a `#` left out.
///
/// # Errors
/// When it cannot be read, names none, or a line is no symbol.
fn of_file(file: &Path) -> Result<Vec<String>, Failure> {
    let name = file.display();
    let unusable =
        |what: String| Failure::new(Code::Data, what).help("one symbol a line; # begins a comment");
    let bytes = std::fs::read(file)
        .map_err(|error| unusable(format!("cannot read the symbols of {name}: {error}")))?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        unusable(format!("{name}:{line}: not text in UTF-8"))
    })?;
    let mut symbols = Vec::new();
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        // A symbol may hold a #, so only one that begins a word begins a comment.
        let end = line
            .match_indices('#')
            .find(|(at, _)| line[..*at].chars().next_back().is_none_or(char::is_whitespace));
        let symbol = line[..end.map_or(line.len(), |(at, _)| at)].trim();
        if symbol.is_empty() {
            continue;
        }
        check_symbol(symbol).map_err(|error| unusable(format!("{name}:{}: {error}", at + 1)))?;
        symbols.push(symbol.to_owned());
    }
    if symbols.is_empty() {
        return Err(unusable(format!("{name} names no symbol")));
    }
    Ok(symbols)
}

/// Symbols of the command line and then those of a file, each once, in the order in which they come.
///
/// # Errors
/// As [`of_file`].
pub(super) fn with_file(named: &[String], file: Option<&Path>) -> Result<Vec<String>, Failure> {
    let mut all = named.to_vec();
    if let Some(file) = file {
        all.extend(of_file(file)?);
    }
    let mut seen = HashSet::new();
    all.retain(|symbol| seen.insert(symbol.clone()));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<String>, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list.txt");
        std::fs::write(&file, bytes).unwrap();
        of_file(&file)
    }

    #[test]
    fn symbols_stand_one_a_line_and_comments_do_not_count() {
        let text = "\u{feff}# mine\r\nAAPL\r\n\n  BRK B  # class B\nRDS/A\nX#1\n";
        assert_eq!(read(text.as_bytes()).unwrap(), ["AAPL", "BRK B", "RDS/A", "X#1"]);
    }

    #[test]
    fn a_symbol_that_is_named_again_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list.txt");
        std::fs::write(&file, "B\nA\nC\nB\n").unwrap();
        let named = ["A".to_owned()];
        assert_eq!(with_file(&named, Some(&file)).unwrap(), ["A", "B", "C"]);
        assert_eq!(with_file(&named, None).unwrap(), ["A"]);
    }

    #[test]
    fn a_line_that_is_no_symbol_is_named() {
        let failure = read(b"AAPL\nA\tB\n").unwrap_err();
        assert!(failure.message.contains("list.txt:2: 'A\\tB' is not a symbol"), "{failure}");
        assert!(read(b"A\n\xff\n").unwrap_err().message.contains("list.txt:2: not text"));
        assert!(read(b"# nothing\n").unwrap_err().message.contains("names no symbol"));
        let failure = of_file(Path::new("none.txt")).unwrap_err();
        assert_eq!(failure.code, Code::Data);
    }
}
