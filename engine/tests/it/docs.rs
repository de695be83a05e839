//! The pages: what they print is run and compared, what they link to is there.
//!
//! Each page has a checkout of its own, in which its blocks are run from top to bottom: `sh` must
//! succeed; of `console`, the lines behind `$ ` are run and must say what stands below them, with `…`
//! for anything. A `rust` block becomes the strategy that it names, which the page then builds. A
//! simulated gateway and a real PostgreSQL stand in for the reader's.

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::{
    source::{project, relative, written_files},
    support::{
        markdown::{Block, Page, is_as_printed, page},
        plugins, postgres,
        simulated::{Gateway, settings},
    },
};

/// Blocks with commands that are not run: page, first word of the block, why.
const NOT_RUN: &[(&str, &str, &str)] = &[
    ("docs/install.md", "scripts/", "needs the release build; the README's are run"),
    ("docs/install.md", "cargo install", "builds everything once more, for minutes"),
    ("docs/install.md", "mkdir", "needs a manager of user services; the units are verified"),
    (
        "strategy-api/README.md",
        "algo-trader strategies new",
        "docs/first-strategy.md runs the same",
    ),
    ("strategy-api/include/README.md", "cc", "the tests of the C door build a plugin so"),
    ("CONTRIBUTING.md", "scripts/test", "is what runs this"),
];

/// What a reader has and a test has not.
const STAND_INS: [&str; 3] =
    ["127.0.0.1:7497", "127.0.0.1:4002", "postgres://me:secret@localhost/algo"];

/// The pages of the book and the README.
fn pages() -> Vec<Page> {
    let mut paths: Vec<String> = written_files().iter().map(|path| relative(path)).collect();
    paths.retain(|path| path.ends_with(".md") && !path.contains("/fixtures/"));
    paths.sort();
    paths.iter().map(|path| page(&project(), path)).collect()
}

/// A checkout of a page's own, with what a reader would have built.
struct Checkout {
    folder: TempDir,
    gateway: Gateway,
    database: String,
}

impl Checkout {
    fn new(page: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::set_permissions(root, Permissions::from_mode(0o755)).unwrap();
        for part in
            ["Cargo.toml", "Cargo.lock", "strategies.toml", "scripts", "plugins", "data/sample"]
        {
            copy(&project().join(part), &root.join(part));
        }
        for part in ["strategy-api", "engine", "migrations"] {
            symlink(project().join(part), root.join(part)).unwrap();
        }
        let built = built(page);
        symlink(&built, root.join("target")).unwrap();
        fs::create_dir(root.join("bin")).unwrap();
        symlink(built.join("release/algo-trader"), root.join("bin/algo-trader")).unwrap();
        // The program stands already; of `cargo build --workspace` the reader's strategy remains.
        let cargo = format!(
            "#!/bin/sh\n[ -d plugins/my_idea ] || exit 0\n\
             set -- $(printf '%s ' \"$@\" | sed 's/--workspace/-p my_idea/')\nexec {} \"$@\"\n",
            env!("CARGO")
        );
        fs::write(root.join("bin/cargo"), cargo).unwrap();
        fs::set_permissions(root.join("bin/cargo"), Permissions::from_mode(0o755)).unwrap();
        let gateway = Gateway::new(settings());
        Self { folder, gateway, database: postgres::shared().database() }
    }

    /// Runs a script and gives what it said on both streams, and whether it succeeded.
    fn run(&self, script: &str) -> (String, bool) {
        let root = self.folder.path();
        let address = self.gateway.running().address().to_string();
        let [live, paper, database] = STAND_INS;
        let script = script.replace(live, &address).replace(paper, &address);
        let script = script.replace(database, &self.database);
        let mut bash = Command::new("bash");
        bash.args(["-e", "-c", &format!("exec 2>&1\n{script}")]).current_dir(root).env_clear();
        let tools = Path::new(env!("CARGO")).parent().unwrap().display();
        bash.env("PATH", format!("{}/bin:{tools}:/usr/bin:/bin", root.display()));
        bash.env("ALGO_TRADER_GATEWAY", address).env("CARGO_NET_OFFLINE", "true");
        bash.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0").env("CARGO_PROFILE_RELEASE_LTO", "off");
        for kept in ["HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            if let Some(value) = std::env::var_os(kept) {
                bash.env(kept, value);
            }
        }
        let output = bash.stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
        (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.success())
    }

    /// What is wrong with a block, when it is run.
    fn fault(&self, block: &Block) -> Option<String> {
        match block.kind.as_str() {
            "sh" => {
                let (said, well) = self.run(&block.text);
                (!well).then(|| format!("fails:\n{said}"))
            }
            "console" => dialogue(&block.text).into_iter().find_map(|(command, printed)| {
                let (said, _) = self.run(&command);
                let is_right = is_as_printed(&printed, &said);
                (!is_right).then(|| format!("'{command}' does not print that, but\n{said}"))
            }),
            "rust" => {
                let name = block.text.split("const NAME: &'static str = \"").nth(1);
                let name = name.and_then(|rest| rest.split('"').next()).expect("a strategy");
                let file = self.folder.path().join("plugins").join(name).join("src/lib.rs");
                fs::write(&file, &block.text)
                    .map_err(|error| format!("{}: {error}", file.display()))
                    .err()
            }
            _ => None,
        }
    }
}

/// The target folder of a page: a release folder with the program under test and its plugins, and
/// without what an earlier run of the page has built.
fn built(page: &str) -> PathBuf {
    let target = plugins::program().parent().unwrap().parent().unwrap().to_owned();
    let folder = target.join("pages").join(Path::new(page).file_stem().unwrap());
    let release = folder.join("release");
    fs::create_dir_all(release.join("deps")).unwrap();
    let _ = fs::remove_file(release.join("libmy_idea.so"));
    let mut files = vec![plugins::program()];
    for entry in fs::read_dir(project().join("plugins")).unwrap() {
        let entry = entry.unwrap();
        if entry.path().join("Cargo.toml").is_file() {
            files.push(plugins::library(entry.file_name().to_str().unwrap()));
        }
    }
    for file in files {
        let beside = release.join(".new");
        let _ = fs::remove_file(&beside);
        fs::hard_link(&file, &beside).unwrap();
        fs::rename(&beside, release.join(file.file_name().unwrap())).unwrap();
        let _ = fs::remove_file(&beside);
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            if !name.to_string_lossy().ends_with(".so") {
                copy(&from.join(&name), &to.join(&name));
            }
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// The commands of a console with what is printed below each.
fn dialogue(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ "), found.last_mut()) {
            (Some(command), _) => found.push((command.to_owned(), String::new())),
            (None, Some((command, printed))) if printed.is_empty() && command.ends_with('\\') => {
                command.push_str(&format!("\n{line}"));
            }
            (None, Some((_, printed))) => printed.push_str(&format!("{line}\n")),
            (None, None) => panic!("a console begins with a command: {line}"),
        }
    }
    found
}

/// Runs the pages, and gives what is wrong with any block.
fn faults_of(pages: &[Page]) -> Vec<String> {
    let faults = |page: &Page| -> Vec<String> {
        let checkout = Checkout::new(&page.path);
        let wrong = |block: &Block| {
            let fault = checkout.fault(block)?;
            Some(format!("{}:{}: {fault}", page.path, block.line))
        };
        page.blocks.iter().filter_map(wrong).collect()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = pages.iter().map(|page| scope.spawn(move || faults(page))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n\n"));
}

fn is_run(page: &Page) -> bool {
    page.path == "README.md" || page.path.starts_with("docs/")
}

#[test]
fn every_command_of_the_book_does_what_the_page_says() {
    let pages: Vec<Page> =
        pages().into_iter().filter(|p| is_run(p) && p.path != "README.md").collect();
    none(&faults_of(&pages));
}

#[test]
fn the_readme_runs_as_it_is_printed() {
    let pages: Vec<Page> = pages().into_iter().filter(|page| page.path == "README.md").collect();
    none(&faults_of(&pages));
}

#[test]
fn every_block_says_what_it_is_and_no_command_is_left_out_without_a_reason() {
    let mut faults = Vec::new();
    for page in pages() {
        for block in &page.blocks {
            let begins = |word: &str| block.text.lines().any(|line| line.starts_with(word));
            let has_command =
                ["algo-trader ", "scripts/", "cargo ", "cc ", "$ "].into_iter().any(begins);
            let has_reason =
                NOT_RUN.iter().any(|(path, word, _)| page.path == *path && begins(word));
            let runs = is_run(&page) && ["sh", "console"].contains(&block.kind.as_str());
            let place = format!("{}:{}", page.path, block.line);
            if block.kind.is_empty() {
                faults.push(format!("{place}: a block of no kind"));
            } else if has_command && !runs && !has_reason {
                faults.push(format!("{place}: commands that nobody runs"));
            } else if block.kind == "toml"
                && let Err(error) =
                    algo_trader::config::parse(Path::new("strategies.toml"), &block.text)
            {
                faults.push(format!("{place}: {error}"));
            }
        }
        if page.blocks.iter().any(|block| block.kind == "rust") && is_run(&page) {
            let builds = page.blocks.iter().filter(|block| block.kind != "rust");
            let builds = builds.map(|block| block.text.as_str()).collect::<String>();
            if !["cargo build", "scripts/backtest"].iter().any(|word| builds.contains(word)) {
                faults.push(format!("{}: a strategy that nobody builds", page.path));
            }
        }
    }
    none(&faults);
}

#[test]
fn every_link_leads_somewhere() {
    let pages: BTreeMap<String, Page> =
        pages().into_iter().map(|page| (page.path.clone(), page)).collect();
    let mut faults = Vec::new();
    for page in pages.values() {
        for (line, link) in page.links.iter().filter(|(_, link)| !link.contains("://")) {
            let (path, anchor) =
                link.split_once('#').map_or((link.as_str(), None), |(p, a)| (p, Some(a)));
            let folder = Path::new(&page.path).parent().unwrap();
            let target = if path.is_empty() { page.path.clone() } else { joined(folder, path) };
            let in_book = page.path.starts_with("docs/");
            let leaves = in_book && !target.starts_with("docs/");
            let there = project().join(&target).exists();
            let has =
                |anchor| pages.get(&target).is_some_and(|p| p.anchors.iter().any(|a| a == anchor));
            if leaves || !there || !anchor.is_none_or(has) {
                faults.push(format!("{}:{line}: {link}", page.path));
            }
        }
    }
    none(&faults);
}

/// A relative path from a folder, without its dots.
fn joined(folder: &Path, path: &str) -> String {
    let mut parts: Vec<&str> =
        folder.to_str().unwrap().split('/').filter(|p| !p.is_empty()).collect();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn every_chapter_is_in_the_summary_and_what_is_included_is_there() {
    let summary = page(&project(), "docs/SUMMARY.md");
    let listed: Vec<String> =
        summary.links.iter().map(|(_, link)| format!("docs/{link}")).collect();
    let mut faults = Vec::new();
    for page in pages().iter().filter(|page| page.path.starts_with("docs/")) {
        if page.path != "docs/SUMMARY.md" && !listed.contains(&page.path) {
            faults.push(format!("{} is in no part of the book", page.path));
        }
        let text = fs::read_to_string(project().join(&page.path)).unwrap();
        for part in text.split("{{#include ").skip(1) {
            let file = part.split("}}").next().unwrap();
            if !project().join("docs").join(file).is_file() {
                faults.push(format!("{}: {file} is not there", page.path));
            }
        }
    }
    none(&faults);
}
