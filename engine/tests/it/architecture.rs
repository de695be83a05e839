//! The architecture, held by tests: who may import whom, where each dependency lives, where unsafe
//! code may stand, and how long files and functions may grow.

use std::{collections::BTreeMap, fs};

use crate::source::{Source, project, relative, sources, without_words, written_files};

/// Each dependency and the only places that may name it: prefixes of paths, `*` for anywhere.
const ROOMS_OF_DEPENDENCIES: &[(&str, &[&str])] = &[
    ("strategy_api", &["*"]),
    ("engine_core", &["engine/src/"]),
    ("ab_glyph", &["engine/src/plot/"]),
    ("abi_stable", &["strategy-api/src/abi/", "engine/src/registry/"]),
    ("async_trait", &["engine/src/store/", "engine/src/ingest/", "engine/src/gateway/"]),
    ("base64", &["engine/src/report/"]),
    (
        "bytemuck",
        &["engine/src/store/", "engine/src/feed", "engine/src/worker/", "engine/src/report/"],
    ),
    ("clap", &["engine/src/cli/"]),
    ("clap_complete", &["engine/src/cli/"]),
    ("clap_mangen", &["engine/src/cli/"]),
    ("csv", &["engine/src/ingest/"]),
    ("encoding_rs_io", &["engine/src/ingest/"]),
    ("epaint_default_fonts", &["engine/src/plot/"]),
    ("futures_core", &["engine/src/store/"]),
    ("ibapi", &["engine/src/gateway/"]),
    ("indicatif", &["engine/src/cli/"]),
    ("inventory", &["strategy-api/src/", "engine/src/registry/"]),
    (
        "jiff",
        &[
            "engine/core/src/",
            "engine/src/gateway/",
            "engine/src/ingest/",
            "engine/src/simulator/",
            "engine/src/cli/",
            "engine/src/report/",
            "engine/src/plot/",
        ],
    ),
    ("libm", &["engine/core/src/metrics/"]),
    ("wide", &["engine/core/src/metrics/"]),
    ("libloading", &["engine/src/registry/"]),
    ("memmap2", &["engine/src/registry/foreign.rs", "engine/src/feed"]),
    ("parquet", &["engine/src/report/tables/"]),
    ("plotters_backend", &["engine/src/plot/"]),
    ("plotters", &["engine/src/plot/"]),
    ("png", &["engine/src/plot/"]),
    ("postcard", &["engine/src/worker/"]),
    ("prost", &["engine/src/simulator/"]),
    ("rand", &["engine/src/search.rs"]),
    ("rusqlite", &["engine/src/store/sqlite/"]),
    (
        "rustix",
        &[
            "engine/src/archive.rs",
            "engine/src/registry/",
            "engine/src/worker/",
            "engine/src/feed/cache.rs",
            "engine/src/cli/doctor",
            "engine/src/cli/output.rs",
        ],
    ),
    ("serde", &["*"]),
    ("serde_json", &["engine/src/report/", "engine/src/cli/", "engine/src/registry/cache.rs"]),
    (
        "sha2",
        &[
            "engine/src/store/",
            "engine/src/registry/",
            "engine/src/feed",
            "engine/src/report/",
            "engine/src/plot/",
            "engine/src/cli/backtest/",
            "engine/src/cli/sweep/",
        ],
    ),
    ("sqlx", &["engine/src/store/"]),
    ("strsim", &["engine/src/cli/", "engine/src/config/", "engine/src/registry/"]),
    ("thiserror", &["*"]),
    ("ibapi_time", &["engine/src/gateway/"]),
    (
        "tokio",
        &[
            "engine/src/store/",
            "engine/src/ingest/",
            "engine/src/gateway/",
            "engine/src/simulator/",
            "engine/src/cli/",
        ],
    ),
    ("toml", &["engine/src/config/"]),
    ("tpe", &["engine/src/search.rs"]),
    ("tracing", &["engine/src/"]),
    ("tracing_appender", &["engine/src/telemetry.rs"]),
    ("tracing_log", &["engine/src/telemetry.rs"]),
    ("tracing_subscriber", &["engine/src/telemetry.rs"]),
    ("unicode_width", &["engine/src/report/"]),
    ("cbindgen", &["*"]),
    ("proptest", &["*"]),
    ("tempfile", &["*"]),
    ("divan", &["*"]),
];

/// Which other rooms of `engine` a room may name. The command line may name all.
const ROOMS_OF_ENGINE: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("redact", &[]),
    ("archive", &[]),
    ("config", &["error"]),
    ("telemetry", &["redact"]),
    ("store", &["error", "redact"]),
    ("gateway", &["error"]),
    ("simulator", &["error", "store"]),
    ("ingest", &["error", "gateway", "store"]),
    ("feed", &["error", "registry", "store"]),
    ("search", &[]),
    ("registry", &["config", "error", "worker"]),
    ("worker", &["error", "feed", "registry", "report"]),
    ("report", &["error", "store"]),
    ("plot", &["error", "report"]),
];

/// What each package may depend on.
const PACKAGES: &[(&str, &[&str])] = &[
    ("strategy-api", &["abi_stable", "inventory"]),
    ("engine/core", &["jiff", "libm", "serde", "strategy-api", "thiserror", "wide"]),
];

/// The only files with unsafe code.
const UNSAFE_FILES: [&str; 3] =
    ["strategy-api/src/abi/raw.rs", "strategy-api/src/lanes.rs", "engine/src/registry/foreign.rs"];

/// Files that may be longer than [`FILE_LINES`], each with its reason.
const LONGER_FILES: &[(&str, usize, &str)] = &[
    ("strategy-api/src/abi/raw.rs", 900, "all unsafe code of the ABI is read together"),
    ("strategy-api/src/abi/host.rs", 480, "one instance and its block"),
];

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 70;

fn code_of(part: &str) -> impl Iterator<Item = Source> {
    sources().into_iter().filter(move |source| source.path.starts_with(part))
}

/// Asserts that a list of broken rules is empty, and shows all of it.
#[track_caller]
fn none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

fn dependencies(manifest: &str, table: &str) -> Vec<String> {
    let text = fs::read_to_string(project().join(manifest)).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let table = table.split('.').try_fold(&manifest, |table, key| table.get(key)?.as_table());
    table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

#[test]
fn packages_depend_only_towards_the_strategy_api() {
    let mut broken = Vec::new();
    let mut check = |package: &str, allowed: &[&str]| {
        for name in dependencies(&format!("{package}/Cargo.toml"), "dependencies") {
            if !allowed.contains(&name.as_str()) {
                broken.push(format!("{package} depends on {name}"));
            }
        }
    };
    PACKAGES.iter().for_each(|(package, allowed)| check(package, allowed));
    for entry in fs::read_dir(project().join("plugins")).unwrap() {
        let path = entry.unwrap().path();
        if path.join("Cargo.toml").exists() {
            check(&relative(&path), &["strategy-api"]);
        }
    }
    none(&broken);
}

#[test]
fn each_dependency_is_named_only_in_its_rooms_and_somewhere() {
    let rooms: BTreeMap<&str, &[&str]> = ROOMS_OF_DEPENDENCIES.iter().copied().collect();
    let sources: Vec<Source> = sources();
    let mut broken = Vec::new();
    for name in dependencies("Cargo.toml", "workspace.dependencies") {
        let word = name.replace('-', "_");
        let Some(allowed) = rooms.get(word.as_str()) else {
            broken.push(format!("{name} has no room in this test"));
            continue;
        };
        for source in sources.iter().filter(|source| is_shipped(&source.path)) {
            let at_home = allowed.iter().any(|room| *room == "*" || source.path.starts_with(room));
            if !at_home && source.names_crate(&word) {
                broken.push(format!("{} names {name}, which lives in {allowed:?}", source.path));
            }
        }
    }
    none(&broken);
}

/// Whether a file is part of the product rather than of its tests.
fn is_shipped(path: &str) -> bool {
    !path.contains("/tests/") && !path.ends_with("tests.rs") && !path.contains("/benches/")
}

#[test]
fn rooms_of_the_engine_name_only_the_rooms_they_may() {
    let mut broken = Vec::new();
    for source in code_of("engine/src/") {
        let inside = source.path.trim_start_matches("engine/src/");
        let room = inside.split(['/', '.']).next().unwrap_or_default();
        if matches!(room, "cli" | "lib" | "main") {
            continue;
        }
        match ROOMS_OF_ENGINE.iter().find(|(name, _)| *name == room) {
            None => broken.push(format!("{}: room {room} has no place in this test", source.path)),
            Some((_, allowed)) => {
                for other in source.rooms_named() {
                    if other != room && !allowed.contains(&other.as_str()) {
                        broken.push(format!("{} names crate::{other}", source.path));
                    }
                }
            }
        }
    }
    none(&broken);
}

#[test]
fn the_core_touches_nothing_outside_itself() {
    let outside = [
        "std::fs",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "std::io",
        "SystemTime",
        "Instant::",
        "println!",
        "print!",
        "eprintln!",
        "Zoned::now",
        "Timestamp::now",
        "HashMap",
    ];
    let mut broken = Vec::new();
    for source in code_of("engine/core/src/").filter(|source| is_shipped(&source.path)) {
        for word in outside {
            if source.shipped().contains(word) {
                broken.push(format!("{} names {word}", source.path));
            }
        }
    }
    none(&broken);
}

#[test]
fn only_the_command_line_prints() {
    let mut broken = Vec::new();
    for source in
        code_of("engine/src/").filter(|source| !source.path.starts_with("engine/src/cli/"))
    {
        for word in ["println!", "print!", "eprint!", "process::exit", "io::stdout"] {
            if source.code.contains(word) {
                broken.push(format!("{} has {word}", source.path));
            }
        }
    }
    none(&broken);
}

#[test]
fn unsafe_code_stands_in_three_files() {
    let mut broken = Vec::new();
    for source in sources() {
        let unsafe_code = source.code.match_indices("unsafe").any(|(at, word)| {
            let after = source.code[at + word.len()..].trim_start();
            let whole = !source.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_')
                && !source.code[at + word.len()..].starts_with('_');
            // The type of a function pointer is only a type.
            whole && !after.trim_start_matches("extern").trim_start().starts_with("fn(")
        });
        if unsafe_code && !UNSAFE_FILES.contains(&source.path.as_str()) {
            broken.push(format!("{} has unsafe code", source.path));
        }
        let is_root = source.path.ends_with("src/lib.rs") || source.path.ends_with("src/main.rs");
        let guarded = ["#![forbid(unsafe_code)]", "#![deny(unsafe_code)]"];
        if is_root && !guarded.iter().any(|guard| source.code.contains(guard)) {
            broken.push(format!("{} does not forbid unsafe code", source.path));
        }
    }
    none(&broken);
}

#[test]
fn files_and_functions_stay_readable() {
    let mut broken = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        let longer = LONGER_FILES.iter().find(|(path, ..)| *path == source.path);
        if lines > longer.map_or(FILE_LINES, |(_, lines, _)| *lines) {
            broken.push(format!("{} has {lines} lines", source.path));
        }
        for (name, line, lines) in source.functions() {
            if lines > FUNCTION_LINES {
                broken.push(format!("{}:{line}: fn {name} has {lines} lines", source.path));
            }
        }
    }
    none(&broken);
}

#[test]
fn every_file_says_first_what_it_is_for() {
    let missing = |source: &Source| {
        !source.text.starts_with("//! ") && !source.text.starts_with("#![doc = include_str!")
    };
    let broken: Vec<String> =
        sources().iter().filter(|s| missing(s)).map(|s| s.path.clone()).collect();
    none(&broken);
}

#[test]
fn nothing_is_left_unfinished_and_no_machine_is_named() {
    // Split, so that this list does not find itself.
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X:"),
        concat!("db", "g!("),
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
    ];
    let kinds = ["rs", "toml", "md", "sql", "sh", "py", "h", "c", "json", ""];
    let mut broken = Vec::new();
    for path in written_files() {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if !kinds.contains(&extension) {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(**word)) {
                broken.push(format!("{}:{}: {word}", relative(&path), number + 1));
            }
        }
    }
    none(&broken);
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let text = fs::read_to_string(project().join("Cargo.toml")).unwrap();
    let table = text.split("[workspace.dependencies]").nth(1).unwrap();
    let table = table.split("\n[").next().unwrap();
    let ours = |line: &str| line.contains("path = ");
    let test_only =
        |line: &str| ["proptest", "tempfile", "divan"].iter().any(|name| line.starts_with(name));
    let broken: Vec<String> = table
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter(|line| !ours(line) && !test_only(line) && !line.contains(" # "))
        .map(str::to_owned)
        .collect();
    none(&broken);
}

#[test]
fn comments_texts_and_lifetimes_are_told_apart() {
    let code = "let a = \"un{safe\"; // x {\nlet b = 'y'; fn f<'a>(c: &'a str) { r#\"}\"#; '\\''; /* { */ }";
    let blank = without_words(code);
    assert!(!blank.contains("un{") && !blank.contains("x {") && !blank.contains("'y'"), "{blank}");
    assert!(blank.contains("fn f<'a>(c: &'a str) {"), "{blank}");
    assert_eq!(blank.matches(['{', '}']).count(), 2, "{blank}");
    assert_eq!(blank.lines().count(), 2);
}
