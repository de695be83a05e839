//! Writes the package of a new strategy: small, documented, working, with its own test.
//!
//! In the workspace of this program it becomes a member under `plugins/`; elsewhere it is a workspace
//! of its own that depends on the strategy-api this program was built with.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{Registry, RegistryError};
use crate::config::Home;

const CODE: &str = include_str!("template/lib.rs.txt");
const INSIDE: &str = include_str!("template/inside.toml.txt");
const OUTSIDE: &str = include_str!("template/outside.toml.txt");

/// Names that cargo, rustc or this workspace use themselves.
const TAKEN: [&str; 62] = [
    "abstract",
    "algo_trader",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "engine",
    "engine_core",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc_macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "strategy",
    "strategy_api",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "use",
    "where",
    "while",
];

/// The package of a new strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// Its folder.
    pub folder: PathBuf,
    /// Whether it is a member of this program's workspace, so that what is built is found by itself.
    pub in_workspace: bool,
}

impl Registry {
    /// Writes the package of a new strategy of this name: into `parent`, or where it belongs (under
    /// `plugins/` of this program's workspace when the home folder is one, else the current folder).
    ///
    /// # Errors
    /// When the name is not `[a-z][a-z0-9_]{0,63}`, is taken, or the folder exists or cannot be written.
    pub fn create(&self, name: &str, parent: Option<&Path>) -> Result<Created, RegistryError> {
        check_name(name)
            .and_then(|()| self.check_free(name))
            .map_err(|reason| RegistryError::BadNewName { name: name.to_owned(), reason })?;
        let parent = parent.map_or_else(|| default_parent(&self.locations.home), Path::to_owned);
        write(name, &parent, &strategy_api_folder(self.locations.executable.as_deref()))
    }

    fn check_free(&self, name: &str) -> Result<(), String> {
        let built_in = self.built_in.iter().any(|facts| facts.name == name);
        match self.holders(name).first() {
            Some((entry, _)) => Err(format!("{} holds one already", entry.path.display())),
            None if built_in => Err("there is a built-in one already".to_owned()),
            None if self.config.strategies.contains_key(name) => {
                Err("strategies.toml has an alias of that name".to_owned())
            }
            None => Ok(()),
        }
    }
}

/// Where strategy-api is: beside an installed program, in the checkout in whose `target/` the program lies,
/// wherever that was moved to, or else where it lay when this program was built.
fn strategy_api_folder(executable: Option<&Path>) -> PathBuf {
    let prefix = executable.and_then(|file| file.parent()?.parent());
    let installed = prefix.map(|prefix| prefix.join("share/algo-trader/strategy-api"));
    let above = executable.into_iter().flat_map(Path::ancestors).skip(1);
    let checkouts = above.filter(|folder| folder.join("engine/Cargo.toml").is_file());
    let mut known = installed.into_iter().chain(checkouts.map(|root| root.join("strategy-api")));
    known.find(|folder| folder.join("Cargo.toml").is_file()).unwrap_or_else(|| {
        let engine = Path::new(env!("CARGO_MANIFEST_DIR"));
        engine.parent().unwrap_or(engine).join("strategy-api")
    })
}

fn default_parent(home: &Home) -> PathBuf {
    let plugins = home.plugins();
    if is_in_workspace(&plugins) { plugins } else { PathBuf::from(".") }
}

/// Whether a package in this folder is a member of this program's workspace.
fn is_in_workspace(parent: &Path) -> bool {
    let Ok(parent) = parent.canonicalize() else { return false };
    let Some(root) = parent.parent().filter(|_| parent.ends_with("plugins")) else { return false };
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
    manifest.contains("[workspace]")
        && manifest.contains("\"plugins/*\"")
        && root.join("strategy-api/Cargo.toml").is_file()
}

fn check_name(name: &str) -> Result<(), String> {
    let rest_is_plain =
        name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let begins_well = name.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
    if !rest_is_plain || !begins_well || name.len() > 64 {
        Err("it is 1 to 64 of a-z 0-9 _ and begins with a letter".to_owned())
    } else if TAKEN.contains(&name) {
        Err("Rust, cargo or this program use that name themselves".to_owned())
    } else {
        Ok(())
    }
}

fn write(name: &str, parent: &Path, api: &Path) -> Result<Created, RegistryError> {
    let folder = parent.join(name);
    let failed = |path: &Path, error: &io::Error| RegistryError::Write {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let in_workspace = is_in_workspace(parent);
    if !in_workspace && !api.join("Cargo.toml").is_file() {
        return Err(RegistryError::NoApi(api.to_owned()));
    }
    let filled = |text: &str| {
        text.replace("__NAME__", name)
            .replace("__TYPE__", &type_name(name))
            .replace("__API__", &toml_text(&api.to_string_lossy()))
    };

    fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
    fs::create_dir(&folder).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => RegistryError::Exists(folder.clone()),
        _ => failed(&folder, &error),
    })?;
    let sources = folder.join("src");
    fs::create_dir(&sources).map_err(|error| failed(&sources, &error))?;
    let files = [
        (folder.join("Cargo.toml"), filled(if in_workspace { INSIDE } else { OUTSIDE })),
        (sources.join("lib.rs"), filled(CODE)),
        (folder.join(".gitignore"), "/target\n".to_owned()),
    ];
    for (path, text) in &files {
        fs::write(path, text).map_err(|error| failed(path, &error))?;
    }
    Ok(Created { folder, in_workspace })
}

/// A text as TOML writes it.
fn toml_text(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// `my_idea` as `MyIdea`.
fn type_name(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    let name: String = name.split('_').map(word).collect();
    // The prelude's own names must not be hidden.
    let taken = ["Bar", "Col", "Columns", "Context", "Fill", "Params", "Result", "Setup", "Size"];
    let more = ["Strategy", "Resolution", "Self", "OrderId", "Some", "None", "Ok", "Err", "Option"];
    if taken.iter().chain(&more).any(|other| *other == name) { name + "Strategy" } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_cargo_or_rust_would_refuse_is_refused() {
        for good in ["my_idea", "a", "rsi2", "x_1_"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        let long = "a".repeat(65);
        for bad in
            ["", "../x", "/x", "2rsi", "_x", "My", "my-idea", "é", "a\0", "test", "fn", &long]
        {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_type_is_named_after_the_strategy_and_hides_nothing() {
        assert_eq!(type_name("my_idea"), "MyIdea");
        assert_eq!(type_name("rsi2__x_"), "Rsi2X");
        assert_eq!(type_name("bar"), "BarStrategy");
    }

    #[test]
    fn the_api_is_found_beside_the_program_and_said_to_be_missing_where_it_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for package in ["engine", "strategy-api"] {
            fs::create_dir(root.join(package)).unwrap();
            fs::write(root.join(package).join("Cargo.toml"), "").unwrap();
        }
        let found = strategy_api_folder(Some(&root.join("target/release/algo-trader")));
        assert_eq!(found, root.join("strategy-api"));
        let gone = write("my_idea", root, &root.join("gone")).unwrap_err();
        assert_eq!(gone, RegistryError::NoApi(root.join("gone")));
        assert!(!root.join("my_idea").exists());
    }

    #[test]
    fn nothing_is_overwritten_and_no_placeholder_stays() {
        let folder = tempfile::tempdir().unwrap();
        let api = folder.path().join("strategy \"api\"");
        fs::create_dir(&api).unwrap();
        fs::write(api.join("Cargo.toml"), "").unwrap();
        let created = write("my_idea", folder.path(), &api).unwrap();
        assert!(!created.in_workspace);
        let read = |name| fs::read_to_string(created.folder.join(name)).unwrap();
        for text in [read("Cargo.toml"), read("src/lib.rs")] {
            assert!(!text.contains("__") && text.contains("my_idea"), "{text}");
        }
        assert!(read("Cargo.toml").contains("strategy \\\"api\\\"\" }"));
        let again = write("my_idea", folder.path(), &api).unwrap_err();
        assert_eq!(again, RegistryError::Exists(created.folder));
    }
}
