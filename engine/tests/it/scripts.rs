//! The scripts that build what is missing and run it: they pass everything on and add nothing.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command};

use crate::{program::Said, source::project};

/// A target folder in which the program stands, built after all of its sources.
fn built() -> tempfile::TempDir {
    let target = tempfile::tempdir().unwrap();
    let release = target.path().join("release");
    fs::create_dir(&release).unwrap();
    let program = env!("CARGO_BIN_EXE_algo-trader");
    std::os::unix::fs::symlink(program, release.join("algo-trader")).unwrap();
    fs::write(release.join(".algo-trader-built"), "").unwrap();
    target
}

fn script(name: &str, target: &Path) -> Command {
    let mut command = Command::new(project().join("scripts").join(name));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("CARGO_TARGET_DIR", target);
    command
}

#[test]
fn a_built_program_is_run_without_a_word_and_its_exit_code_is_kept() {
    let (target, home) = (built(), tempfile::tempdir().unwrap());
    let mut command = script("test_db_connection", target.path());
    let said: Said = command.env("ALGO_TRADER_HOME", home.path()).output().unwrap().into();
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{}", said.stdout);
    assert!(said.stdout.contains("ok  latency"), "{}", said.stdout);

    for (name, argument) in [("backtest", "--strateg"), ("ingest", "--nothing")] {
        let said: Said = script(name, target.path()).arg(argument).output().unwrap().into();
        let line = said.failed(2, "USAGE");
        assert!(line.contains(argument), "{line}");
    }
}

#[test]
fn what_is_missing_is_built_with_the_words_of_the_build_on_standard_error() {
    let (target, tools) = (built(), tempfile::tempdir().unwrap());
    let cargo = tools.path().join("cargo");
    fs::write(&cargo, "#!/bin/sh\necho \"cargo $*\"\nexit ${CARGO_FAILS:-0}\n").unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", tools.path().display());
    fs::remove_file(target.path().join("release/.algo-trader-built")).unwrap();

    let run = |fails: &str| -> Said {
        let mut command = script("algo-trader", target.path());
        command.arg("--version").env("PATH", &path).env("CARGO_FAILS", fails);
        command.output().unwrap().into()
    };
    let failed = run("101");
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
    assert!(failed.stderr.contains("error[BUG]: algo-trader does not build"), "{}", failed.stderr);
    let built = run("0");
    assert!(built.stderr.contains("cargo build --release --workspace"), "{}", built.stderr);
    assert!(built.stdout.starts_with("algo-trader "), "{}", built.stdout);
    assert_eq!(run("0").stderr, "", "nothing is built twice");
}

#[test]
fn without_a_program_and_without_cargo_the_way_to_get_it_is_said() {
    let (target, tools) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for tool in ["sh", "dirname", "readlink"] {
        let found = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(tool));
        let found = found.iter().find(|path| path.exists()).expect(tool);
        std::os::unix::fs::symlink(found, tools.path().join(tool)).unwrap();
    }
    let mut command = script("backtest", target.path());
    let said: Said = command.arg("--version").env("PATH", tools.path()).output().unwrap().into();
    assert!(said.failed(3, "CONFIG").contains("cargo is not found"), "{}", said.stderr);
    assert!(said.stderr.contains("help: "), "{}", said.stderr);
}
