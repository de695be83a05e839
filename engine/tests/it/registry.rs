//! From a name to a strategy in a real plugin file, and what stands in the way.

use std::fs;

use algo_trader::{
    config::Config,
    error::{Code, Failure},
    registry::{Registry, RegistryError, Retry, Source, State},
};

use crate::support::plugins::{Folder, library, misbehaving, names, reason};

#[test]
fn a_pin_that_does_not_match_is_refused_with_both_hashes_and_never_looked_into() {
    let mut folder = Folder::new();
    let touched = folder.path("touched");
    folder.put("libma_cross.so", &library("ma_cross"));
    let pin = "ab".repeat(32);
    folder.configure(&format!("[plugins.\"libma_cross.so\"]\nsha256 = \"{pin}\"\n"));
    let registry = folder.scan();
    let reason = reason(&registry.list(), "libma_cross.so");
    assert!(reason.starts_with("its sha256 is ") && reason.ends_with(&pin), "{reason}");
    assert!(!touched.exists());
    let failure = Failure::from(registry.resolve("ma_cross").unwrap_err());
    assert_eq!(failure.code, Code::PluginRefused);

    folder.configure("");
    let (file, sha256) = folder.scan().pin("ma_cross").unwrap();
    assert_eq!(file, "libma_cross.so");
    folder.configure(&format!("[plugins.\"{file}\"]\nsha256 = \"{sha256}\"\n"));
    assert!(folder.scan().resolve("ma_cross").is_ok());
}

#[test]
fn a_file_swapped_after_the_scan_is_never_run_as_what_it_was() {
    let mut folder = Folder::new();
    folder.put("libx.so", &misbehaving("one", &[]));
    let registry = folder.scan();
    folder.put("libx.so", &misbehaving("two", &[]));
    let error = registry.resolve("one").unwrap_err();
    assert!(error.to_string().contains("has changed and holds no strategy 'one'"), "{error}");

    // The new bytes of a strategy that is still there are looked into, and those are what runs.
    let registry = folder.scan();
    folder.put("libx.so", &misbehaving("two", &["-DMINOR=0"]));
    let expected = registry.resolve("two").unwrap();
    let Source::File { image, .. } = expected.source() else { panic!("it is in a file") };
    assert_eq!(image.bytes(), fs::read(folder.path("libx.so")).unwrap());

    // Pinned bytes may not change at all.
    let (file, sha256) = folder.scan().pin("two").unwrap();
    folder.configure(&format!("[plugins.\"{file}\"]\nsha256 = \"{sha256}\"\n"));
    let registry = folder.scan();
    folder.put("libx.so", &misbehaving("two", &["-DMINOR=0", "-DMORE"]));
    let mut changed = fs::read(folder.path("libx.so")).unwrap();
    changed.push(0);
    folder.put_bytes("libx.so", &changed);
    let error = registry.resolve("two").unwrap_err();
    assert!(error.to_string().contains("has changed since its pin was checked"), "{error}");
}

#[test]
fn one_name_in_two_files_is_an_error_that_names_both_until_one_is_chosen() {
    let mut folder = Folder::new();
    let first = folder.put("liba.so", &misbehaving("same", &[]));
    let second = folder.put("libb.so", &misbehaving("same", &["-DMINOR=0", "-O2"]));
    let registry = folder.scan();
    let failure = Failure::from(registry.resolve("same").unwrap_err());
    assert_eq!(failure.code, Code::Usage);
    for path in [&first, &second] {
        assert!(failure.message.contains(path.to_str().unwrap()), "{failure}");
    }
    let chosen = registry.resolve("libb.so:same").unwrap();
    assert_eq!(chosen.path(), Some(second.as_path()));
    // The same bytes twice are no choice to make.
    folder.put("libb.so", &first);
    assert_eq!(folder.scan().resolve("same").unwrap().path(), Some(first.as_path()));
    // A chosen file may be an alias's.
    folder.configure("[strategies.mine]\nstrategy = \"libb.so:same\"\n");
    assert_eq!(folder.resolve("mine").path(), Some(second.as_path()));
}

#[test]
fn a_file_of_the_same_name_in_a_later_folder_is_listed_as_shadowed() {
    let (first, second) = (Folder::new(), Folder::new());
    first.put("libx.so", &misbehaving("one", &[]));
    second.put("libx.so", &misbehaving("two", &[]));
    let mut locations = first.locations();
    locations.asked = vec![second.home().join("plugins")];
    let registry = Registry::scan(&locations, &Config::default(), Retry::Yes);
    let list = registry.list();
    assert_eq!(names(&list), ["two"]);
    let by = second.path("libx.so");
    assert!(list.iter().any(|listed| listed.state == State::Shadowed { by: by.clone() }));
    assert!(matches!(registry.resolve("one"), Err(RegistryError::Unknown { .. })));
}

#[test]
fn an_alias_sets_parameters_and_the_command_line_has_the_last_word() {
    let mut folder = Folder::new();
    folder.put("libma_cross.so", &library("ma_cross"));
    folder.configure(
        "[strategies.golden_cross]\nstrategy = \"ma_cross\"\nparams = { fast = 50, slow = 200 }\n\
         [strategies.wrong]\nstrategy = \"ma_cross\"\nparams = { fats = 50 }\n\
         [strategies.off]\nstrategy = \"ma_cross\"\nenabled = false\n",
    );
    let registry = folder.scan();
    let golden = registry.resolve("golden_cross").unwrap();
    assert_eq!((golden.asked(), golden.facts().name.as_str()), ("golden_cross", "ma_cross"));
    assert_eq!(golden.values(&[]).unwrap(), [50.0, 200.0, 0.0]);
    let given = [("slow".to_owned(), "100".to_owned())];
    assert_eq!(golden.values(&given).unwrap(), [50.0, 100.0, 0.0]);
    assert_eq!(golden.shown(&[50.0, 100.0, 0.0])[1], ("slow".to_owned(), "100".to_owned()));
    let wrong = Failure::from(registry.resolve("wrong").unwrap().values(&[]).unwrap_err());
    assert_eq!(wrong.code, Code::Config);
    assert!(
        wrong.help.unwrap().starts_with("did you mean 'fast'? valid are fast, slow, threshold")
    );
    let off = Failure::from(registry.resolve("off").unwrap_err());
    assert_eq!(off.code, Code::PluginRefused);
    let state = |name: &str| {
        let list = registry.list();
        list.into_iter().find(|listed| listed.name.as_deref() == Some(name)).unwrap().state
    };
    assert_eq!((state("golden_cross"), state("off")), (State::Ready, State::Disabled));
}

#[test]
fn parameters_are_checked_against_what_the_strategy_says() {
    let folder = Folder::new();
    folder.put("libma_cross.so", &library("ma_cross"));
    let strategy = folder.resolve("ma_cross");
    let values = |pairs: &[(&str, &str)]| {
        let pairs: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        strategy.values(&pairs).map_err(|error| Failure::from(error).to_string())
    };
    assert_eq!(values(&[]), Ok(vec![20.0, 50.0, 0.0]));
    assert_eq!(values(&[("slow", "60")]), Ok(vec![20.0, 60.0, 0.0]));
    let error = values(&[("fast", "x")]).unwrap_err();
    let expected = "error[USAGE]: 'x' is no value for ma_cross's fast: a whole number from 1 to 1000 is valid\n\
                    help: algo-trader strategies show ma_cross";
    assert_eq!(error, expected);
    assert!(values(&[("speed", "1")]).unwrap_err().contains("has no parameter 'speed'"));
    assert!(values(&[("fast", "1"), ("fast", "2")]).unwrap_err().contains("given twice"));
}

#[test]
fn an_unknown_name_gets_a_hint_and_a_bad_one_is_refused() {
    let folder = Folder::new();
    folder.put("libma_cross.so", &library("ma_cross"));
    folder.put_bytes("libbroken.so", b"text");
    let registry = folder.scan();
    let failure = Failure::from(registry.resolve("ma_corss").unwrap_err());
    assert_eq!(
        (failure.code, failure.message.as_str()),
        (Code::Usage, "there is no strategy 'ma_corss'")
    );
    assert!(failure.help.unwrap().starts_with("did you mean 'ma_cross'?"));
    // The file that by its name should hold it is there, but refused.
    let failure = Failure::from(registry.resolve("broken").unwrap_err());
    assert_eq!(failure.code, Code::PluginRefused);
    assert!(
        failure.message.ends_with("libbroken.so is refused: not a shared library (no ELF header)")
    );
    let long = "x".repeat(10_240);
    for bad in ["../../x", "/etc/passwd", "a\0b", "", "A", &long, "x.so:../y", "../x.so:y"] {
        let failure = Failure::from(registry.resolve(bad).unwrap_err());
        assert_eq!(failure.code, Code::Usage, "{bad}");
        assert!(failure.to_string().len() < 300);
    }
    let failure = Failure::from(registry.resolve("libma_cross.so:other").unwrap_err());
    assert_eq!(failure.help.as_deref(), Some("--strategy libma_cross.so:ma_cross"));
}
