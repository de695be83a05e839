//! Ignored tests of this program, run in processes of their own: some die, some meet limits.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The variable that tells a child where to work.
const PLACE: &str = "CHILD_PLACE";

/// Where this child is to work.
pub(crate) fn place() -> PathBuf {
    std::env::var_os(PLACE).expect("run by another test").into()
}

/// The command that runs an ignored test at a place, after a line of shell that may set limits.
pub(crate) fn child(test: &str, place: &Path, before: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    shell(&mut command, test, place, before);
    command
}

/// As [`child`], with mounts of its own, which end with it.
pub(crate) fn child_with_mounts(test: &str, place: &Path, before: &str) -> Command {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    command.args(["--mount", "/bin/sh"]);
    shell(&mut command, test, place, before);
    command
}

fn shell(command: &mut Command, test: &str, place: &Path, before: &str) {
    let script = format!("set -e; cd /; place=\"${PLACE}\"; {before}; exec \"$@\"");
    let program = std::env::current_exe().unwrap();
    command.args(["-c", &script, "child"]).arg(program);
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(PLACE, place).stdin(Stdio::null());
}

/// Runs a child to its end; its test must pass.
#[track_caller]
pub(crate) fn passes(mut command: Command) {
    let out = command.output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    let whole = format!("{said}{}", String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && said.contains("1 passed"), "{whole}");
}
