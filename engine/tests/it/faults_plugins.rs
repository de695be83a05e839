//! The faults of plugins as a user meets them: the real program, real libraries, exit codes, and what
//! is left of the database and of earlier output.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::fs::{CWD, FileType, Gid, Mode, Uid, chown, mknodat};

use crate::{
    program::{Program, Said, with_ma_cross},
    support::plugins::{c_library, faulty, library, misbehaving},
};

/// A home with a good plugin and a bad one, and a run that has been kept.
struct Home {
    program: Program,
    before: Vec<(PathBuf, Vec<u8>)>,
}

impl Home {
    fn new() -> Self {
        let program = with_ma_cross();
        program.put_plugin("libfaulty.so", &faulty("faulty"));
        let mut home = Self { program, before: Vec::new() };
        let said = home.backtest("ma_cross", &["--plot", "p.png", "--trades", "t.csv"]);
        assert_eq!(said.code, Some(0), "{}", said.stderr);
        home.before = home.kept();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.program.home().join("plugins").join(name)
    }

    fn backtest(&self, strategy: &str, more: &[&str]) -> Said {
        let mut args = vec!["backtest", "-s", "SPY", "--strategy", strategy];
        args.extend(more);
        self.program.run(&args)
    }

    /// The database and what was written, byte for byte.
    fn kept(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let names = ["data/algo-trader.db", "p.png", "t.csv"];
        names.map(|name| (name.into(), fs::read(self.program.home().join(name)).unwrap())).to_vec()
    }

    /// Asserts a failure that left everything as it was; gives the line of the error.
    #[track_caller]
    fn harmless<'a>(&self, said: &'a Said, code: i32, name: &str) -> &'a str {
        assert_eq!((said.code, said.stdout.as_str()), (Some(code), ""), "{}", said.stderr);
        let errors = said.stderr.lines().filter(|line| line.starts_with("error["));
        let [line] = errors.collect::<Vec<_>>()[..] else { panic!("{}", said.stderr) };
        assert!(line.starts_with(&format!("error[{name}]: ")), "{line}");
        assert!(said.stderr.lines().count() <= 2, "{}", said.stderr);
        assert!(self.kept() == self.before, "something has changed");
        line
    }
}

#[test]
fn a_fault_is_exit_8_names_strategy_callback_and_bar_and_leaves_everything_as_it_was() {
    let home = Home::new();
    // Line 502 of data/sample/SPY_1d.csv, whose first line is a header and whose first bar is bar 0.
    let bar = "at bar 500 (2002-01-31)";
    let said_of = |what: &str, place: &str| {
        let (what, place) = (format!("what={what}"), format!("place={place}"));
        let files = ["--plot", "p.png", "--trades", "t.csv"];
        home.backtest("faulty", &[&["-p", &what, "-p", &place][..], &files].concat())
    };
    for (what, place, expected) in [
        ("panic_text", "on_start", "failed in on_start: "),
        ("panic_text", "on_bar", &format!("failed in on_bar {bar}: ")),
        ("panic_value", "on_slice", &format!("failed in on_slice {bar}: ")),
        ("index", "on_fill", &format!("failed in on_fill {bar}: ")),
        ("panic_owned", "on_finish", "failed in on_finish at bar 3174 (2012-09-12): "),
        ("abort", "on_bar", &format!("died by signal 6 (SIGABRT) in on_bar {bar}")),
        ("segfault", "on_fill", &format!("died by signal 11 (SIGSEGV) in on_fill {bar}")),
        ("overflow", "on_bar", &format!("died by signal 6 (SIGABRT) in on_bar {bar}")),
        ("exit_0", "on_start", "ended its process with code 0 before it was done, in on_start"),
        (
            "exit_0",
            "on_bar",
            &format!("ended its process with code 0 before it was done, in on_bar {bar}"),
        ),
        ("exit_0", "on_finish", "ended its process with code 0 before it was done, in on_finish"),
        ("allocate", "on_bar", "asked for more memory than its limit of 2048 MiB, in on_bar"),
    ] {
        let said = said_of(what, place);
        let line = home.harmless(&said, 8, "PLUGIN_FAULTED");
        let start = format!("error[PLUGIN_FAULTED]: strategy 'faulty' (libfaulty.so) {expected}");
        assert!(line.starts_with(&start), "{what} in {place}: {line}");
    }
    assert_eq!(home.backtest("ma_cross", &[]).code, Some(0));
}

#[test]
fn a_strategy_that_loops_for_ever_is_ended_after_ten_seconds_without_progress() {
    let home = Home::new();
    let said = home.backtest("faulty", &["-p", "what=spin"]);
    let line = home.harmless(&said, 8, "PLUGIN_FAULTED");
    assert!(line.contains("made no progress for 10 s in on_bar at bar 500"), "{line}");
}

#[test]
fn with_json_a_fault_is_one_object() {
    let home = Home::new();
    for what in ["panic_long", "exit_0", "panic_hooked", "abort"] {
        let said = home.backtest("faulty", &["--json", "-p", &format!("what={what}")]);
        assert_eq!(said.code, Some(8), "{}", said.stderr);
        let error = &said.json()["error"];
        assert_eq!(error["code"], "PLUGIN_FAULTED");
        assert!(error["message"].as_str().unwrap().contains("'faulty'"), "{error}");
    }
}

#[test]
fn noise_never_reaches_standard_output() {
    let home = Home::new();
    let quiet = home.backtest("chatty", &["--json", "--no-save"]).json();
    for what in ["print", "hook", "thread", "thread_panic", "thread_print", "process"] {
        let said = home.backtest("chatty", &["--json", "--no-save", "-p", &format!("what={what}")]);
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{what}");
        assert_eq!(said.json()["metrics"], quiet["metrics"], "{what}");
    }
}

#[test]
fn impossible_orders_are_counted_and_fail_a_strict_run_and_a_flood_fails_any() {
    let home = Home::new();
    for what in ["nan", "infinite", "minus_infinite", "short", "unknown_instrument", "at_the_end"] {
        let param = format!("what={what}");
        let run =
            |more: &[&str]| home.backtest("orders", &[&["-p", &param, "--no-save"], more].concat());
        let report = run(&["--json"]).json();
        assert!(
            report["counts"]["rejected"].as_u64().unwrap() >= 1,
            "{what}: {}",
            report["counts"]
        );
        assert!(run(&[]).stdout.contains("rejected"), "{what}");
        let strict = run(&["--strict"]);
        assert_eq!(strict.code, Some(8), "{what}: {}", strict.stderr);
        assert!(strict.stderr.contains("--strict"), "{}", strict.stderr);
    }
    let said = home.backtest("orders", &["-p", "what=flood"]);
    let line = home.harmless(&said, 8, "PLUGIN_FAULTED");
    assert!(line.contains("placed 1000000 orders within one step; at most 10000"), "{line}");
}

#[test]
fn a_folder_full_of_bad_files_is_listed_with_reasons_and_the_good_one_runs() {
    let home = Home::new();
    let good = fs::read(library("ma_cross")).unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(home.path(name), bytes).unwrap();
    put("text.so", b"not a library\n");
    put("empty.so", b"");
    put("short.so", &good[..good.len() / 3]);
    let mut bytes = good.clone();
    bytes[18] = 183;
    put("machine.so", &bytes);
    bytes.clone_from(&good);
    // Everywhere but in the header, so that it breaks whatever the loader does with it.
    bytes[4096..].iter_mut().step_by(64).for_each(|byte| *byte ^= 0x55);
    put("flipped.so", &bytes);
    fs::create_dir(home.path("folder.so")).unwrap();
    symlink("nowhere", home.path("link.so")).unwrap();
    mknodat(CWD, home.path("pipe.so"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    home.program.put_plugin("closed.so", &misbehaving("closed", &["-DCLOSED"]));
    home.program.put_plugin("newer.so", &misbehaving("newer", &["-DMINOR=4"]));
    home.program.put_plugin("other.so", &misbehaving("other", &["-DMAJOR=2"]));
    home.program.put_plugin("hangs.so", &misbehaving("hangs", &["-DAT_LOAD=hang"]));
    home.program.put_plugin("dies.so", &misbehaving("dies", &["-DAT_LOAD=die"]));
    home.program.put_plugin("exits.so", &c_library("c_constructor.c", &["-DWHAT=exit(0)"]));
    let said = home.program.run(&["strategies", "list"]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    for (name, reason) in [
        ("text.so", "no ELF header"),
        ("empty.so", "empty file"),
        ("short.so", "truncated"),
        ("machine.so", "another machine"),
        ("flipped.so", ""),
        ("folder.so", "a directory"),
        ("link.so", "a link to nothing"),
        ("pipe.so", "a named pipe"),
        ("closed.so", "exports no strategies"),
        ("newer.so", "ABI 1.4, this program has 1.3"),
        ("other.so", "ABI 2.3, this program has 1.3"),
        ("hangs.so", "no progress for 2 s"),
        ("dies.so", "signal 6 (SIGABRT)"),
        ("exits.so", "code 0"),
    ] {
        let list = home.program.run(&["strategies", "list", "--json"]).json();
        let of_file = |entry: &&serde_json::Value| {
            entry["file"].as_str().is_some_and(|file| Path::new(file).ends_with(name))
        };
        let entry = list.as_array().unwrap().iter().find(of_file).expect(name);
        assert_eq!(entry["state"], "refused", "{name}");
        assert!(entry["reason"].as_str().unwrap().contains(reason), "{name}: {entry}");
        assert!(said.stdout.contains(name), "{name}: {}", said.stdout);
    }
    assert_eq!(home.backtest("ma_cross", &["--no-save"]).code, Some(0));
    for (strategy, both) in [("newer", "ABI 1.4, this program has 1.3"), ("other", "ABI 2.3")] {
        let said = home.backtest(strategy, &[]);
        let line = home.harmless(&said, 7, "PLUGIN_REFUSED");
        assert!(line.contains(both), "{line}");
    }
}

#[test]
fn what_anybody_could_have_changed_is_refused() {
    let home = Home::new();
    let good = library("ma_cross");
    fs::remove_file(home.path("libma_cross.so")).unwrap();
    let refused = |reason: &str| {
        let said = home.backtest("ma_cross", &[]);
        let line = home.harmless(&said, 7, "PLUGIN_REFUSED");
        assert!(line.contains(reason), "{line}");
    };
    let place = home.path("libma_cross.so");
    home.program.put_plugin("libma_cross.so", &good);
    fs::set_permissions(&place, Permissions::from_mode(0o666)).unwrap();
    refused("may be changed by everybody");
    fs::set_permissions(&place, Permissions::from_mode(0o644)).unwrap();
    if rustix::process::geteuid().is_root() {
        chown(&place, Some(Uid::from_raw(1)), Some(Gid::from_raw(1))).unwrap();
        refused("belongs to another user");
    }
    fs::remove_file(&place).unwrap();
    symlink(&good, &place).unwrap();
    refused("a link out of its folder");
    fs::remove_file(&place).unwrap();
    home.program.put_plugin("libma_cross.so", &good);
    let folder = place.parent().unwrap();
    fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
    refused("its folder may be changed by everybody");
    fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    let pin = format!("[plugins.\"libma_cross.so\"]\nsha256 = \"{}\"\n", "0".repeat(64));
    fs::write(home.program.home().join("strategies.toml"), pin).unwrap();
    refused("strategies.toml pins 000");
    fs::remove_file(home.program.home().join("strategies.toml")).unwrap();
    assert_eq!(home.backtest("ma_cross", &[]).code, Some(0));
}

#[test]
fn a_name_in_two_files_is_an_error_with_both_until_one_is_chosen() {
    let home = Home::new();
    home.program.put_plugin("libtwin.so", &c_library("c_door.c", &["-DNAME=\"ma_cross\"", "-lm"]));
    let said = home.backtest("ma_cross", &[]);
    let line = home.harmless(&said, 2, "USAGE");
    assert!(line.contains("libma_cross.so") && line.contains("libtwin.so"), "{line}");
    assert_eq!(home.backtest("libma_cross.so:ma_cross", &["--no-save"]).code, Some(0));
    assert_eq!(home.backtest("libtwin.so:ma_cross", &["--no-save"]).code, Some(0));
}

#[test]
fn what_is_no_name_is_a_matter_of_usage() {
    let home = Home::new();
    let long = "x".repeat(10_000);
    let names =
        ["../../x", "/tmp/x.so", "./libma_cross.so", "", " ", "MA_CROSS", "ma\ncross", &long];
    for name in names {
        let said = home.backtest(name, &[]);
        let line = home.harmless(&said, 2, "USAGE");
        assert!(line.len() < 400, "{line}");
    }
}

#[test]
fn a_library_replaced_while_it_runs_keeps_the_bytes_it_began_with() {
    let home = Home::new();
    let args =
        ["backtest", "-s", "SPY", "--strategy", "chatty", "-p", "what=nap", "--json", "--no-save"];
    let undisturbed = home.program.run(&args);
    assert_eq!(undisturbed.code, Some(0), "{}", undisturbed.stderr);
    let replace: [fn(&Path); 3] = [
        |place| fs::write(place, "overwritten in place").unwrap(),
        |place| fs::remove_file(place).unwrap(),
        |place| {
            let beside = place.with_extension("new");
            fs::copy(library("ma_cross"), &beside).unwrap();
            fs::rename(&beside, place).unwrap();
        },
    ];
    for replace in replace {
        home.program.put_plugin("libfaulty.so", &faulty("faulty"));
        let mut command = home.program.command(&args);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(500));
        replace(&home.path("libfaulty.so"));
        let said: Said = child.wait_with_output().unwrap().into();
        assert_eq!(
            (said.code, said.stdout),
            (Some(0), undisturbed.stdout.clone()),
            "{}",
            said.stderr
        );
    }
}
