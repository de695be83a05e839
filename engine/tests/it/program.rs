//! Runs the real program in a home of its own, with nothing of the user's surroundings.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

use crate::support::plugins::library;

/// A home folder that goes away with the test.
pub(crate) struct Program {
    home: TempDir,
}

/// What the program said, and how it ended.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Puts a copy of a plugin into the home, as nobody else could change it.
    pub(crate) fn put_plugin(&self, name: &str, file: &Path) {
        let folder = self.home().join("plugins");
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.join(name), fs::read(file).unwrap()).unwrap();
        fs::set_permissions(folder.join(name), Permissions::from_mode(0o644)).unwrap();
    }

    /// The program with arguments, ready for more.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_algo-trader"));
        command.args(args).current_dir(self.home()).stdin(Stdio::null()).env_clear();
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        self.command(args).output().unwrap().into()
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Said {
    /// The JSON that it printed.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// Asserts a failure in the documented form and gives its `error` line.
    #[track_caller]
    pub(crate) fn failed(&self, code: i32, name: &str) -> &str {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "");
        let lines: Vec<&str> =
            self.stderr.lines().filter(|line| line.starts_with("error[")).collect();
        assert_eq!(lines.len(), 1, "{}", self.stderr);
        assert!(lines[0].starts_with(&format!("error[{name}]: ")), "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        lines[0]
    }
}

/// A home whose `plugins/` holds ma_cross.
pub(crate) fn with_ma_cross() -> Program {
    let program = Program::new();
    program.put_plugin("libma_cross.so", &library("ma_cross"));
    program
}

/// Asserts that the program ended well and gives what it said.
#[track_caller]
pub(crate) fn well(said: Said) -> Said {
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    said
}
