//! Where plugin files may be, in which order, and which of two files of one name counts.

use std::{
    collections::HashSet,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use crate::config::{Config, Home, is_plugin_file_name};

/// Where to look for plugins, and the program that looks into them.
#[derive(Clone, Debug)]
pub struct Locations {
    /// Folders that were asked for on the command line; they come first.
    pub asked: Vec<PathBuf>,
    /// Value of `ALGO_PLUGINS`: folders separated like those of `PATH`.
    pub environment: Option<OsString>,
    /// The home folder: its `plugins/`, its cache and its `strategies.toml`.
    pub home: Home,
    /// The program file that is running, when its folder may be one that a build writes into.
    pub executable: Option<PathBuf>,
    /// The program that is started as a worker.
    pub program: PathBuf,
}

impl Locations {
    /// Those of this process.
    #[must_use]
    pub fn of_process(home: &Home, asked: &[PathBuf]) -> Self {
        Self {
            asked: asked.to_vec(),
            environment: std::env::var_os("ALGO_PLUGINS").filter(|value| !value.is_empty()),
            home: home.clone(),
            executable: std::env::current_exe().ok(),
            program: PathBuf::from("/proc/self/exe"),
        }
    }

    /// The folders in order, each once, whether they are there or not.
    #[must_use]
    pub fn folders(&self, config: &Config) -> Vec<PathBuf> {
        let root = self.home.root();
        let mut folders = self.asked.clone();
        folders.extend(self.environment.iter().flat_map(std::env::split_paths));
        folders.push(self.home.plugins());
        folders.extend(config.dirs.iter().map(|folder| root.join(folder)));
        let built = self.executable.as_deref().and_then(Path::parent);
        match built.filter(|folder| is_built_into(folder)) {
            Some(folder) => folders.push(folder.to_owned()),
            None => folders.extend(["release", "debug"].map(|p| root.join("target").join(p))),
        }
        folders.extend(self.executable.as_deref().and_then(installed_plugins));
        let mut seen = HashSet::new();
        let identity = |folder: &PathBuf| folder.canonicalize().unwrap_or_else(|_| folder.clone());
        folders.retain(|folder| !folder.as_os_str().is_empty() && seen.insert(identity(folder)));
        folders
    }
}

/// Where the plugins of a package are: `bin/algo-trader` has them in `lib/algo-trader/plugins`.
fn installed_plugins(executable: &Path) -> Option<PathBuf> {
    let bin = executable.parent().filter(|folder| folder.ends_with("bin"))?;
    Some(bin.parent()?.join("lib/algo-trader/plugins"))
}

/// Whether a folder is where cargo puts what it builds.
fn is_built_into(folder: &Path) -> bool {
    folder.join(".fingerprint").is_dir() || folder.join("deps").is_dir()
}

/// A file that may be a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Its plain name.
    pub file: String,
    /// The file of the same name in an earlier folder, which counts instead.
    pub shadowed_by: Option<PathBuf>,
}

/// All files whose name ends in `.so`, by folder and then by name.
#[must_use]
pub(super) fn find(folders: &[PathBuf]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for folder in folders {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        let names = entries.flatten().map(|entry| entry.file_name());
        let mut names: Vec<_> = names.filter_map(|name| plugin_name(&name)).collect();
        names.sort();
        for (name, file) in names {
            let earlier = found.iter().find(|other| other.file == file);
            let shadowed_by = earlier.map(|other| other.path.clone());
            found.push(Found { path: folder.join(name), file, shadowed_by });
        }
    }
    found
}

/// The name of a file that may be a plugin, as it is and as it is shown.
fn plugin_name(name: &OsString) -> Option<(OsString, String)> {
    let shown = name.to_string_lossy();
    let is_library = shown.ends_with(".so") && !shown.starts_with('.');
    let plain = name.to_str().is_some_and(is_plugin_file_name);
    let shown = if plain { shown.into_owned() } else { shown.escape_debug().to_string() };
    is_library.then(|| (name.clone(), shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locations(home: &Path) -> Locations {
        Locations {
            asked: vec![home.join("first"), home.join("plugins/../first")],
            environment: Some(std::env::join_paths([home.join("e1"), home.join("e2")]).unwrap()),
            home: Home::new(home),
            executable: Some(home.join("bin/algo-trader")),
            program: "algo-trader".into(),
        }
    }

    #[test]
    fn folders_come_in_order_and_each_once() {
        let home = tempfile::tempdir().unwrap();
        for folder in ["first", "plugins", "bin"] {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        let config = Config { dirs: vec!["more".into()], ..Config::default() };
        let names = |locations: &Locations| -> Vec<String> {
            let folders = locations.folders(&config);
            let relative = folders.iter().map(|folder| folder.strip_prefix(home.path()).unwrap());
            relative.map(|folder| folder.display().to_string()).collect()
        };
        let mut locations = locations(home.path());
        let package = "lib/algo-trader/plugins";
        let own = ["first", "e1", "e2", "plugins", "more"];
        let installed = [own.as_slice(), &["target/release", "target/debug", package]].concat();
        assert_eq!(names(&locations), installed);
        fs::create_dir(home.path().join("bin/.fingerprint")).unwrap();
        assert_eq!(names(&locations), [own.as_slice(), &["bin", package]].concat());
        locations.environment = None;
        assert_eq!(names(&locations), ["first", "plugins", "more", "bin", package]);
    }

    #[test]
    fn the_same_file_name_in_a_later_folder_is_shadowed() {
        let home = tempfile::tempdir().unwrap();
        let folders = ["one", "two", "none"].map(|name| home.path().join(name)).to_vec();
        for path in ["one/b.so", "one/a.so", "one/readme.txt", "one/.hidden.so", "two/a.so"] {
            fs::create_dir_all(home.path().join(path).parent().unwrap()).unwrap();
            fs::write(home.path().join(path), "").unwrap();
        }
        let found = find(&folders);
        let seen: Vec<_> =
            found.iter().map(|found| (found.file.as_str(), found.shadowed_by.clone())).collect();
        let first = folders[0].join("a.so");
        assert_eq!(seen, [("a.so", None), ("b.so", None), ("a.so", Some(first))]);
    }
}
