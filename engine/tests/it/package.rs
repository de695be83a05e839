//! The Debian package: made by `scripts/package`, unpacked into a root of its own, and run from there.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::{
    program::Said,
    source::project,
    support::plugins::{library, program},
};

/// The root into which the package is unpacked, and the package; made once for all tests.
fn unpacked() -> &'static (PathBuf, PathBuf) {
    static ROOT: OnceLock<(PathBuf, PathBuf)> = OnceLock::new();
    ROOT.get_or_init(|| {
        // Beside what is built, where the next run replaces it.
        let root = program().parent().unwrap().parent().unwrap().join("unpacked");
        let _ = fs::remove_dir_all(&root);
        fs::create_dir(&root).unwrap();
        for entry in fs::read_dir(project().join("plugins")).unwrap() {
            let path = entry.unwrap().path();
            if path.join("Cargo.toml").is_file() {
                library(path.file_name().unwrap().to_str().unwrap());
            }
        }
        let mut command = Command::new(project().join("scripts/package"));
        command.arg("--from").arg(program().parent().unwrap()).arg("--into").arg(&root);
        command.env("PACKAGE_COMPRESSION", "none");
        let said: Said = command.output().unwrap().into();
        assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
        let package = PathBuf::from(said.stdout.trim());
        let unpack = Command::new("dpkg-deb").arg("-x").arg(&package).arg(&root).status();
        assert!(unpack.unwrap().success());
        (root, package)
    })
}

/// The unpacked program in an empty home, with nothing of the user's.
fn installed(home: &Path, args: &[&str]) -> Said {
    let mut command = Command::new(unpacked().0.join("usr/bin/algo-trader"));
    command.args(args).current_dir(home).env_clear();
    command.output().unwrap().into()
}

#[test]
fn an_unpacked_package_runs_its_strategies_and_the_demo() {
    let home = tempfile::tempdir().unwrap();
    let list = installed(home.path(), &["strategies", "list"]);
    assert!(list.stdout.contains("ma_cross") && list.stdout.contains("pairs"), "{}", list.stdout);
    assert!(!list.stdout.contains("not to be run"), "{}", list.stdout);
    let run = installed(home.path(), &["backtest", "-s", "SPY", "--strategy", "ma_cross"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let demo = installed(home.path(), &["demo", "--dir", "demo"]);
    assert_eq!(demo.code, Some(0), "{}", demo.stderr);
}

#[test]
fn a_new_strategy_of_an_installed_program_depends_on_the_installed_api() {
    let home = tempfile::tempdir().unwrap();
    let new = installed(home.path(), &["strategies", "new", "my_idea"]);
    assert_eq!(new.code, Some(0), "{}", new.stderr);
    let manifest = fs::read_to_string(home.path().join("my_idea/Cargo.toml")).unwrap();
    let api = unpacked().0.join("usr/share/algo-trader/strategy-api");
    assert!(manifest.contains(api.to_str().unwrap()), "{manifest}");
    let mut cargo = Command::new(env!("CARGO"));
    let target = program().parent().unwrap().parent().unwrap().join("new-strategy");
    cargo.args(["check", "--quiet", "--offline", "--target-dir"]).arg(target);
    fs::copy(project().join("Cargo.lock"), home.path().join("my_idea/Cargo.lock")).unwrap();
    let said: Said = cargo.current_dir(home.path().join("my_idea")).output().unwrap().into();
    assert_eq!(said.code, Some(0), "{}", said.stderr);
}

#[test]
fn the_package_holds_what_belongs_to_a_program() {
    let (root, package) = unpacked();
    for file in [
        "bin/algo-trader",
        "lib/algo-trader/plugins/libma_cross.so",
        "lib/systemd/user/algo-trader-ingest.service",
        "lib/systemd/user/algo-trader-ingest.timer",
        "share/algo-trader/migrations/postgres/0001_initial.sql",
        "share/algo-trader/sample/SPY_1d.csv",
        "share/bash-completion/completions/algo-trader",
        "share/doc/algo-trader/copyright",
        "share/doc/algo-trader/docs/data.md",
        "share/doc/algo-trader/third-party.gz",
        "share/fish/vendor_completions.d/algo-trader.fish",
        "share/man/man1/algo-trader.1.gz",
        "share/man/man1/algo-trader-strategies-watch.1.gz",
        "share/zsh/vendor-completions/_algo-trader",
    ] {
        assert!(root.join("usr").join(file).is_file(), "{file}");
    }
    let info = Command::new("dpkg-deb").arg("--info").arg(package).output().unwrap();
    let info = String::from_utf8(info.stdout).unwrap();
    let version = format!("Version: {}\n", env!("CARGO_PKG_VERSION"));
    assert!(info.contains(&version) && info.contains("Depends: libc6 (>= 2."), "{info}");
    let sums = Command::new("dpkg-deb").arg("--contents").arg(package).output().unwrap();
    let contents = String::from_utf8(sums.stdout).unwrap();
    assert!(contents.lines().all(|line| line.contains("root/root")), "{contents}");
}

#[test]
fn the_installed_documentation_is_whole_and_its_links_lead_somewhere() {
    let doc = unpacked().0.join("usr/share/doc/algo-trader");
    let of = |folder: &Path| -> Vec<PathBuf> {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|end| end == "md")).collect()
    };
    let mut pages = of(&doc);
    pages.extend(of(&doc.join("docs")));
    assert!(pages.len() > 20, "{pages:?}");
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        assert!(!text.contains("{{#include"), "{}", page.display());
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            let is_ours = !file.is_empty() && !file.contains("://") && !file.contains(' ');
            assert!(!is_ours || page.with_file_name(file).exists(), "{}: {link}", page.display());
        }
    }
}

#[test]
fn an_option_without_its_folder_is_a_usage_error() {
    let said: Said =
        Command::new(project().join("scripts/package")).arg("--from").output().unwrap().into();
    let line = said.failed(2, "USAGE");
    assert!(line.contains("--from needs a folder"), "{line}");
}

#[test]
fn the_units_are_sound() {
    let (root, _) = unpacked();
    let units = root.join("usr/lib/systemd/user");
    let timer = fs::read_to_string(units.join("algo-trader-ingest.timer")).unwrap();
    let when = timer.lines().find_map(|line| line.strip_prefix("OnCalendar=")).unwrap();
    match Command::new("systemd-analyze").args(["calendar", when]).output() {
        Ok(output) => assert!(output.status.success(), "{when}"),
        Err(_) => return,
    }
    // What the service starts is there under the root into which the package was unpacked.
    let service = units.join("algo-trader-ingest.service");
    let text = fs::read_to_string(&service).unwrap();
    let here = format!("ExecStart={}/usr/bin", root.display());
    let own = root.join("algo-trader-ingest.service");
    fs::write(&own, text.replace("ExecStart=/usr/bin", &here)).unwrap();
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no"]).arg(&own);
    let said: Said = verify.output().unwrap().into();
    let about_ours = said.stderr.lines().filter(|line| line.contains("algo-trader-ingest"));
    assert_eq!(about_ours.collect::<Vec<_>>(), [""; 0], "{}", said.stderr);
}
