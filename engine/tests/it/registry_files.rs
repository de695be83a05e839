//! Real plugin files, good and bad: what is listed of them, and why they are refused.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
};

use algo_trader::{
    config::Config,
    registry::{Registry, Retry, State, image::Image},
    worker::probe,
};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::support::plugins::{Folder, c_library, library, misbehaving, names, program, reason};

#[test]
fn a_good_plugin_is_listed_with_all_that_it_says_of_itself() {
    let folder = Folder::new();
    let path = folder.put("libma_cross.so", &library("ma_cross"));
    let list = folder.scan().list();
    let listed = list.iter().find(|listed| listed.name.as_deref() == Some("ma_cross")).unwrap();
    assert_eq!((listed.file.as_ref(), &listed.state), (Some(&path), &State::Ready));
    let facts = listed.facts.as_ref().unwrap();
    assert_eq!(
        (facts.version.as_str(), facts.author.as_str()),
        ("1.0.0", "algo-trader developers")
    );
    let fast = &facts.params[0];
    assert_eq!(
        (fast.name.as_str(), fast.about.as_str(), fast.default),
        ("fast", "fast window, bars", 20.0)
    );
    // An average of 50 bars has no value at the first 49.
    assert_eq!(facts.warm_up, Some(49));
    assert_eq!(facts.columns, ["SMA(20)", "SMA(50)"]);
}

#[test]
fn a_plugin_in_c_stands_beside_one_in_rust() {
    let folder = Folder::new();
    folder.put("libma_cross.so", &library("ma_cross"));
    folder.put("libc_ma_cross.so", &c_library("c_ma_cross.c", &["-lm"]));
    assert_eq!(names(&folder.scan().list()), ["c_ma_cross", "ma_cross"]);
}

#[test]
fn every_kind_of_bad_file_is_listed_with_its_reason_and_the_good_one_still_runs() {
    let folder = Folder::new();
    let good = fs::read(library("ma_cross")).unwrap();
    folder.put("libma_cross.so", &library("ma_cross"));
    folder.put_bytes("a_text.so", b"not a library\n");
    folder.put_bytes("b_empty.so", b"");
    folder.put_bytes("c_short.so", &good[..good.len() / 2]);
    let mut other = good.clone();
    other[18..20].copy_from_slice(&183u16.to_le_bytes());
    folder.put_bytes("d_machine.so", &other);
    fs::create_dir(folder.path("e_folder.so")).unwrap();
    symlink("nowhere", folder.path("f_link.so")).unwrap();
    symlink("/usr/lib/os-release", folder.path("g_out.so")).unwrap();
    mknodat(CWD, folder.path("h_pipe.so"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    folder.put("i_writable.so", &library("ma_cross"));
    fs::set_permissions(folder.path("i_writable.so"), Permissions::from_mode(0o777)).unwrap();
    folder.put("j_closed.so", &misbehaving("closed", &["-DCLOSED"]));
    let registry = folder.scan();
    let list = registry.list();
    for (name, expected) in [
        ("a_text.so", "not a shared library (no ELF header)"),
        ("b_empty.so", "empty file"),
        ("c_short.so", "truncated: "),
        ("d_machine.so", "built for another machine (AArch64, 64 bits, little-endian)"),
        ("e_folder.so", "a directory, not a regular file"),
        ("f_link.so", "a link to nothing"),
        ("g_out.so", "a link out of its folder, to /"),
        ("h_pipe.so", "a named pipe, not a regular file"),
        ("i_writable.so", "may be changed by everybody (mode 0777)"),
        ("j_closed.so", "exports no strategies"),
    ] {
        let reason = reason(&list, name);
        assert!(reason.starts_with(expected), "{name}: {reason}");
    }
    assert_eq!(names(&list), ["ma_cross"]);
    assert!(registry.resolve("ma_cross").is_ok());
}

#[test]
fn a_file_cut_short_anywhere_is_refused_before_it_is_loaded() {
    let folder = Folder::new();
    let good = fs::read(library("ma_cross")).unwrap();
    for i in 0..150 {
        folder.put_bytes(&format!("cut{i:03}.so"), &good[..good.len() * i / 150]);
    }
    let list = folder.scan().list();
    for i in 0..150 {
        let reason = reason(&list, &format!("cut{i:03}.so"));
        let known = ["empty file", "truncated: ", "not a shared library"];
        assert!(known.iter().any(|start| reason.starts_with(start)), "{i}: {reason}");
    }
}

#[test]
fn flipped_bytes_are_refused_or_harmless_and_never_reach_this_process() {
    let folder = Folder::new();
    let good = fs::read(library("ma_cross")).unwrap();
    for i in 0..24 {
        let mut bad = good.clone();
        let (start, length) = (good.len() * i / 24, 64.min(good.len() - good.len() * i / 24));
        bad[start..start + length].iter_mut().for_each(|byte| *byte ^= 0xff);
        folder.put_bytes(&format!("flip{i:02}.so"), &bad);
    }
    let list = folder.scan().list();
    let known = list.iter().filter(|listed| listed.file.is_some());
    assert!(known.count() >= 24);
}

#[test]
fn constructors_that_hang_or_die_are_named_though_there_are_many() {
    // One after the other they would use up the time in which new files are looked into.
    let folder = Folder::new();
    folder.put("libma_cross.so", &library("ma_cross"));
    for i in 0..12 {
        folder.put(&format!("hang{i}.so"), &misbehaving(&format!("hang{i}"), &["-DAT_LOAD=hang"]));
    }
    folder.put("die.so", &misbehaving("die", &["-DAT_LOAD=die"]));
    let list = folder.scan().list();
    for i in 0..12 {
        let expected = "it made no progress for 2 s while it was loaded";
        assert_eq!(reason(&list, &format!("hang{i}.so")), expected);
    }
    assert_eq!(reason(&list, "die.so"), "it died by signal 6 (SIGABRT) while it was loaded");
    assert_eq!(names(&list), ["ma_cross"]);
}

#[test]
fn a_strategy_that_breaks_when_it_is_started_is_still_listed_without_its_warm_up() {
    let folder = Folder::new();
    folder.put("libdies.so", &misbehaving("dies", &["-DAT_START=die"]));
    folder.put("libhangs.so", &misbehaving("hangs", &["-DAT_START=hang"]));
    let list = folder.scan().list();
    assert_eq!(names(&list), ["dies", "hangs"]);
    let warm_ups = list.iter().filter(|listed| listed.file.is_some());
    let warm_ups: Vec<_> = warm_ups.map(|listed| listed.facts.as_ref().unwrap().warm_up).collect();
    assert_eq!(warm_ups, [None, None]);
}

#[test]
fn an_abi_that_does_not_fit_is_refused_with_both_versions() {
    let folder = Folder::new();
    folder.put("minor.so", &misbehaving("minor", &["-DMINOR=4"]));
    folder.put("major.so", &misbehaving("major", &["-DMAJOR=2"]));
    let newer = "built with strategy-api ABI 1.4, this program has 1.3: ";
    assert!(folder.refusal("minor.so").starts_with(newer));
    let next = "built with strategy-api ABI 2.3, this program has 1.3: ";
    assert!(folder.refusal("major.so").starts_with(next));
}

#[test]
fn a_rust_plugin_of_another_abi_is_refused_before_its_layout_is_compared() {
    let folder = Folder::new();
    let mut bytes = fs::read(library("ma_cross")).unwrap();
    let places: Vec<usize> = bytes
        .windows(5)
        .enumerate()
        .filter(|(_, five)| five == b"1.3.0")
        .map(|(at, _)| at)
        .collect();
    for at in places {
        bytes[at..at + 5].copy_from_slice(b"1.4.0");
    }
    folder.put_bytes("libma_cross.so", &bytes);
    let newer = "built with strategy-api ABI 1.4, this program has 1.3: ";
    let reason = folder.refusal("libma_cross.so");
    assert!(reason.starts_with(newer), "{reason}");
}

#[test]
fn a_folder_that_has_not_changed_is_not_looked_into_again() {
    let folder = Folder::new();
    folder.put("libma_cross.so", &library("ma_cross"));
    folder.put("die.so", &misbehaving("die", &["-DAT_LOAD=die"]));
    let first = folder.scan().list();
    let cache = folder.home().join("data/cache/plugins.json");
    assert!(cache.is_file());
    // A program that does not exist cannot look into anything.
    let mut locations = folder.locations();
    locations.program = "/nonexistent".into();
    let again = Registry::scan(&locations, &Config::default(), Retry::No);
    assert_eq!(again.list(), first);
    assert!(again.resolve("ma_cross").is_ok());
    // A cache that cannot be read or written is only slower.
    fs::remove_file(&cache).unwrap();
    fs::create_dir(&cache).unwrap();
    assert_eq!(folder.scan().list(), first);
}

#[test]
fn the_system_loader_is_never_asked_by_this_process() {
    // The bytes of a library that dies when it is loaded were read, hashed and probed above; here
    // they are, mapped by this process, which is still alive.
    let folder = Folder::new();
    folder.put("die.so", &misbehaving("die", &["-DAT_LOAD=die"]));
    let file = fs::File::open(folder.path("die.so")).unwrap();
    let image = Image::read(&file).unwrap();
    assert!(probe(&program(), &image).is_err());
}
