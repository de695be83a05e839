//! Builds the package of a strategy with cargo, and puts the library where the program looks for it.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{ChildStdout, Command, Stdio},
};

use serde_json::Value;

use crate::{
    cli::{app::App, child::Started},
    error::{Code, Failure},
    registry::Retry,
    report::file::write_whole,
};

/// The library of a package, built; `None` when it does not build, for reasons that cargo has shown.
///
/// # Errors
/// When cargo cannot be started, or makes no library to be loaded.
pub(super) async fn library(app: &App, package: &Path) -> Result<Option<PathBuf>, Failure> {
    let mut command = Command::new("cargo");
    command.args(["build", "--release", "--message-format", "json-render-diagnostics"]);
    command.arg("--manifest-path").arg(package.join("Cargo.toml"));
    if app.out.quiet() {
        command.arg("--quiet");
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut cargo = Started::of(&mut command).map_err(|error| {
        Failure::new(Code::Config, format!("cargo cannot be started: {error}"))
            .help("curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh")
    })?;
    let folder = package.canonicalize().unwrap_or_else(|_| package.to_owned());
    let stdout = cargo.stdout();
    let reader = std::thread::spawn(move || stdout.and_then(|stdout| made(stdout, &folder)));
    let lost = |error| Failure::new(Code::Bug, format!("cargo is lost: {error}"));
    let status = cargo.ended().await.map_err(lost)?;
    let library = reader.join().unwrap_or_default();
    match (status.success(), library) {
        (false, _) => Ok(None),
        (true, Some(library)) => Ok(Some(library)),
        (true, None) => {
            let manifest = package.join("Cargo.toml");
            let message = format!("{} makes no library to be loaded", manifest.display());
            Err(Failure::new(Code::Usage, message)
                .help("it needs [lib] with crate-type = [\"cdylib\"]"))
        }
    }
}

/// The library that a package made, from what cargo says of each artifact.
fn made(stdout: ChildStdout, package: &Path) -> Option<PathBuf> {
    let lines = BufReader::new(stdout).lines().map_while(Result::ok);
    lines.filter_map(|line| artifact(&line, package)).last()
}

fn artifact(line: &str, package: &Path) -> Option<PathBuf> {
    let said: Value = serde_json::from_str(line).ok()?;
    let is_library = said["target"]["kind"].as_array()?.iter().any(|kind| kind == "cdylib");
    let manifest = Path::new(said["manifest_path"].as_str()?);
    let files = said["filenames"].as_array()?.iter().filter_map(Value::as_str);
    let library = files.map(PathBuf::from).find(|file| file.extension().is_some_and(|e| e == "so"));
    library.filter(|_| is_library && manifest.parent() == Some(package))
}

/// Makes the library the one that counts: nothing when it is found where it was built, otherwise it
/// takes the place of the copy that is found, or goes into `plugins/`.
///
/// # Errors
/// When it cannot be read or written.
pub(super) fn place(app: &App, library: &Path) -> Result<(), Failure> {
    let name = library.file_name().expect("a library has a file name");
    let registry = app.registry(Retry::No)?;
    let found =
        registry.folders().iter().map(|folder| folder.join(name)).find(|file| file.exists());
    let place = found.unwrap_or_else(|| app.home.plugins().join(name));
    if place.canonicalize().ok() == library.canonicalize().ok() {
        return Ok(());
    }
    let bytes = std::fs::read(library).map_err(|error| {
        Failure::new(Code::Output, format!("cannot read {}: {error}", library.display()))
    })?;
    write_whole(&place, |writer| writer.write_all(&bytes))?;
    app.out.note(&format!("put into {}", place.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_of_the_package_is_told_from_those_of_others() {
        let line = |kind: &str, folder: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"/{folder}/Cargo.toml",
                "target":{{"kind":["{kind}"]}},"filenames":["/t/libx.rlib","/t/libx.so"]}}"#
            )
        };
        let found = |line: &str| artifact(line, Path::new("/a"));
        assert_eq!(found(&line("cdylib", "a")), Some(PathBuf::from("/t/libx.so")));
        assert_eq!(found(&line("cdylib", "b")), None);
        assert_eq!(found(&line("proc-macro", "a")), None);
        assert_eq!(found("not JSON"), None);
    }
}
