//! Reads the project's own files for the architecture tests: Rust sources without their comments and
//! texts, the functions in them, and the paths that they name.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A Rust file.
pub(crate) struct Source {
    /// Path from the project's folder, with `/`.
    pub(crate) path: String,
    /// As it is written.
    pub(crate) text: String,
    /// The same length in lines, with comments and literal texts blanked.
    pub(crate) code: String,
}

/// The project's folder.
pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every Rust file of the packages.
pub(crate) fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in ["strategy-api", "engine", "plugins"] {
        walk(&project().join(folder), &mut paths);
    }
    // What tests feed to the program (broken plugins, say) follows no rule.
    let of_product = |path: &PathBuf| !relative(path).contains("/fixtures/");
    paths.retain(|path| path.extension().is_some_and(|e| e == "rs") && of_product(path));
    paths.sort();
    let read = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let code = without_words(&text);
        Source { path: relative(path), text, code }
    };
    paths.iter().map(read).collect()
}

/// Every file of the project that a person wrote: no build products, data or version control.
pub(crate) fn written_files() -> Vec<PathBuf> {
    let mut paths = Vec::new();
    walk(&project(), &mut paths);
    paths
}

/// The path from the project's folder.
pub(crate) fn relative(path: &Path) -> String {
    path.strip_prefix(project()).unwrap().to_str().unwrap().replace('\\', "/")
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let skipped = ["target", ".git", "data", "logs", ".venv", "__pycache__"];
        if path.is_symlink() || skipped.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The code with comments, texts and characters replaced by blanks; line breaks stay.
pub(crate) fn without_words(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_words(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// Where the comment, text or character that begins at `at` ends; `at` when none begins there.
fn end_of_words(chars: &[char], at: usize) -> usize {
    let starts = |text: &str| text.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    let find = |from: usize, text: &str| {
        let wanted: Vec<char> = text.chars().collect();
        (from..chars.len())
            .find(|i| chars[*i..].starts_with(&wanted))
            .map_or(chars.len(), |i| i + wanted.len())
    };
    if starts("//") {
        return (at..chars.len()).find(|i| chars[*i] == '\n').unwrap_or(chars.len());
    }
    if starts("/*") {
        return find(at + 2, "*/");
    }
    let inside_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    if !inside_word && (starts("r\"") || starts("r#") || starts("br\"") || starts("br#")) {
        let open = (at..chars.len()).find(|i| chars[*i] != 'b' && chars[*i] != 'r').unwrap_or(at);
        let hashes = chars[open..].iter().take_while(|c| **c == '#').count();
        if chars.get(open + hashes) == Some(&'"') {
            return find(open + hashes + 1, &format!("\"{}", "#".repeat(hashes)));
        }
    }
    match chars[at] {
        '"' => end_of_quoted(chars, at, '"'),
        // A lifetime is no character: 'a' closes after one (escaped) character, 'a does not.
        '\'' if chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'') => {
            end_of_quoted(chars, at, '\'')
        }
        _ => at,
    }
}

fn end_of_quoted(chars: &[char], at: usize, quote: char) -> usize {
    let mut i = at + 1;
    while i < chars.len() && chars[i] != quote {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(chars.len())
}

impl Source {
    /// The code without the tests at its end.
    pub(crate) fn shipped(&self) -> &str {
        self.code.split("#[cfg(test)]").next().unwrap_or_default()
    }

    /// Name, first line and length in lines of every function with a body.
    pub(crate) fn functions(&self) -> Vec<(String, usize, usize)> {
        let mut found = Vec::new();
        for (at, _) in self.code.match_indices("fn ") {
            let before = self.code[..at].chars().next_back();
            let name: String = self.code[at + 3..].chars().take_while(|c| is_word(*c)).collect();
            if before.is_some_and(is_word) || name.is_empty() {
                continue;
            }
            if let Some(length) = body_lines(&self.code[at..]) {
                found.push((name, self.code[..at].matches('\n').count() + 1, length));
            }
        }
        found
    }

    /// Whether the code names `word::`, imports `word`, or uses it as an attribute.
    pub(crate) fn names_crate(&self, word: &str) -> bool {
        let code = self.shipped();
        code.match_indices(word).any(|(at, _)| {
            let before = &code[..at];
            let after = &code[at + word.len()..];
            let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
            let rooted = !before.ends_with("::") || before.ends_with(" ::");
            let import = before.ends_with("use ") && after.starts_with([';', ' ']);
            let attribute = before.ends_with("#[") && after.starts_with([']', '(']);
            whole && rooted && (after.starts_with("::") || import || attribute)
        })
    }

    /// The first segment of every path that begins with `crate::`.
    pub(crate) fn rooms_named(&self) -> Vec<String> {
        let mut rooms = Vec::new();
        let code = self.shipped();
        for (at, start) in code.match_indices("crate::") {
            if code[..at].ends_with(|c: char| is_word(c) || c == '$') {
                continue;
            }
            let rest = &code[at + start.len()..];
            match rest.strip_prefix('{') {
                Some(list) => rooms.extend(heads(list)),
                None => rooms.push(rest.chars().take_while(|c| is_word(*c)).collect()),
            }
        }
        rooms.retain(|room| !room.is_empty());
        rooms
    }
}

/// The first words of the entries of a braced import, nested braces left out.
fn heads(list: &str) -> Vec<String> {
    let (mut depth, mut entry, mut entries) = (1, String::new(), Vec::new());
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => entries.push(std::mem::take(&mut entry)),
            _ if depth == 1 => entry.push(c),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    entries.push(entry);
    entries.iter().map(|e| e.trim().chars().take_while(|c| is_word(*c)).collect()).collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Lines from `fn` to the closing brace; `None` without a body.
fn body_lines(code: &str) -> Option<usize> {
    let (mut round, mut curly) = (0i32, 0i32);
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => round += 1,
            ')' | ']' => round -= 1,
            ';' if round == 0 && curly == 0 => return None,
            '{' => curly += 1,
            '}' => {
                curly -= 1;
                if curly <= 0 {
                    return Some(code[..at].matches('\n').count() + 1);
                }
            }
            _ => {}
        }
    }
    None
}
