//! Real plugin files: those of the workspace, and small ones in C that are built as a test needs them.

use std::{
    collections::HashMap,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    time::SystemTime,
};

use algo_trader::{
    config::{Config, Home, parse},
    feed::{Cache, ColumnFile, load},
    registry::{Listed, Locations, Registry, Resolved, Retry, State},
    store::{BarRow, OpenMode, open},
    worker::{Detail, Mode, Wants},
};
use engine_core::{
    backtest::{self, Rules},
    broker::{Commission, FillModel, Slippage},
};
use strategy_api::Resolution;
use tempfile::TempDir;

use super::{block_on, store};
use crate::source::project;

/// The real program.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_algo-trader"))
}

/// The library of a plugin of this workspace, built now unless it is newer than what it is made of.
pub(crate) fn library(package: &str) -> PathBuf {
    let source = format!("plugins/{package}");
    built(&format!("lib{package}.so"), &["--package", package], &source)
}

/// A library with faults, an example of this package.
pub(crate) fn faulty(example: &str) -> PathBuf {
    fixture(example, "faulty")
}

/// A library that is an example of this package, from a folder of the fixtures.
pub(crate) fn fixture(example: &str, folder: &str) -> PathBuf {
    let target = ["--package", "algo-trader", "--example", example];
    let source = format!("engine/tests/fixtures/{folder}");
    built(&format!("examples/lib{example}.so"), &target, &source)
}

/// A file that cargo makes of a target, made now unless it is newer than its sources.
fn built(file: &str, target: &[&str], source: &str) -> PathBuf {
    static FRESH: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
    let folder = program().parent().unwrap().to_owned();
    let path = folder.join(file);
    let mut fresh = FRESH.lock().unwrap();
    if !fresh.contains(&path) {
        if !is_newer(&path, &[source, "strategy-api/src"]) {
            let profile = folder.file_name().unwrap().to_str().unwrap();
            let profile = if profile == "debug" { "dev" } else { profile };
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["build", "--quiet", "--profile", profile]).args(target);
            cargo.arg("--target-dir").arg(folder.parent().unwrap());
            assert!(cargo.current_dir(project()).status().unwrap().success(), "{target:?}");
        }
        fresh.push(path.clone());
    }
    path
}

fn is_newer(path: &Path, sources: &[&str]) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    fn newest(path: &Path) -> Option<SystemTime> {
        let own = fs::metadata(path).ok()?.modified().ok()?;
        let inside = fs::read_dir(path).into_iter().flatten().flatten();
        inside.filter_map(|entry| newest(&entry.path())).chain([own]).max()
    }
    let made_of = sources.iter().filter_map(|source| newest(&project().join(source))).max();
    time(path).is_some_and(|built| made_of.is_some_and(|changed| built > changed))
}

/// A library in C, built from a file of the fixtures with the given options.
pub(crate) fn c_library(source: &str, options: &[&str]) -> PathBuf {
    static BUILT: Mutex<Option<(TempDir, HashMap<String, PathBuf>)>> = Mutex::new(None);
    let mut built = BUILT.lock().unwrap();
    let (folder, files) =
        built.get_or_insert_with(|| (tempfile::tempdir().unwrap(), HashMap::new()));
    let path = folder.path().join(format!("{}.so", files.len()));
    let key = format!("{source} {options:?}");
    let path = files.entry(key).or_insert_with(|| {
        let mut compiler = Command::new("cc");
        compiler.args(["-std=c11", "-O1", "-fPIC", "-shared", "-fvisibility=hidden", "-pthread"]);
        compiler.arg("-I").arg(project().join("strategy-api/include"));
        compiler.args(options).arg("-o").arg(&path);
        compiler.arg(project().join("engine/tests/fixtures").join(source));
        assert!(compiler.status().unwrap().success(), "{source} {options:?}");
        path
    });
    path.clone()
}

/// The strategy in C that misbehaves, under a name of its own and with further options.
pub(crate) fn misbehaving(name: &str, options: &[&str]) -> PathBuf {
    let name = format!("-DNAME=\"{name}\"");
    let mut all = vec![name.as_str()];
    all.extend(options);
    c_library("c_misbehaves.c", &all)
}

/// A home folder with plugins of its own.
pub(crate) struct Folder {
    home: TempDir,
    config: Config,
}

impl Folder {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let plugins = home.path().join("plugins");
        fs::create_dir(&plugins).unwrap();
        for folder in [home.path(), &plugins] {
            fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
        }
        Self { home, config: Config::default() }
    }

    /// With this `strategies.toml`.
    pub(crate) fn configure(&mut self, text: &str) {
        self.config = parse(Path::new("strategies.toml"), text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join("plugins").join(name)
    }

    /// Puts a copy of a file there, as a new file.
    pub(crate) fn put(&self, name: &str, file: &Path) -> PathBuf {
        self.put_bytes(name, &fs::read(file).unwrap())
    }

    pub(crate) fn put_bytes(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        let beside = self.path(&format!(".{name}.new"));
        fs::write(&beside, bytes).unwrap();
        fs::set_permissions(&beside, Permissions::from_mode(0o755)).unwrap();
        fs::rename(&beside, &path).unwrap();
        path
    }

    pub(crate) fn locations(&self) -> Locations {
        Locations {
            asked: Vec::new(),
            environment: None,
            home: Home::new(self.home.path()),
            executable: None,
            program: program(),
        }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn scan(&self) -> Registry {
        Registry::scan(&self.locations(), &self.config, Retry::Yes)
    }

    pub(crate) fn resolve(&self, name: &str) -> Resolved {
        self.scan().resolve(name).unwrap()
    }

    /// Why a file is refused.
    #[track_caller]
    pub(crate) fn refusal(&self, name: &str) -> String {
        reason(&self.scan().list(), name)
    }
}

/// Why a file of a list is refused.
#[track_caller]
pub(crate) fn reason(list: &[Listed], name: &str) -> String {
    let of_file = |listed: &&Listed| listed.file.as_ref().is_some_and(|path| path.ends_with(name));
    match list.iter().find(of_file).map(|listed| &listed.state) {
        Some(State::Refused { reason }) => {
            assert!(!reason.contains('\n'), "{reason}");
            reason.clone()
        }
        other => panic!("{name} is {other:?}"),
    }
}

/// The names of a list that can be run and are in files.
pub(crate) fn names(list: &[Listed]) -> Vec<&str> {
    let ready = list.iter().filter(|listed| listed.state == State::Ready && listed.file.is_some());
    ready.filter_map(|listed| listed.name.as_deref()).collect()
}

/// Where the tests run strategies.
pub(crate) fn mode() -> Mode {
    Mode::Worker(program())
}

/// A run of 10,000 in cash without costs.
/// Everything that a run can be asked for.
pub(crate) const ALL: Wants = Wants { risk_free_rate: 0.0, equity: true, detail: Detail::Grounds };

pub(crate) fn config() -> backtest::Config {
    backtest::Config {
        cash: 10_000.0,
        fill: FillModel::NextOpen,
        commission: Commission::None,
        slippage: Slippage::None,
        fractional: false,
        lots: vec![1.0],
        from_ts: None,
        to_ts: None,
        seed: 0,
        rules: Rules::default(),
    }
}

/// Minute bars of one symbol, from the beginning of 1970.
pub(crate) fn columns(bars: i64) -> ColumnFile {
    columns_of("SPY", &store::rows(0..bars))
}

/// The bars of some rows.
pub(crate) fn columns_of(symbol: &str, rows: &[BarRow]) -> ColumnFile {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("x.db").display());
        let database = open(&url, OpenMode::ReadWrite).await.unwrap();
        store::write(database.as_ref(), symbol, rows).await;
        let file = load(database.as_ref(), &Cache::none(), symbol, Resolution::Min1).await.unwrap();
        database.close().await;
        file
    })
}
