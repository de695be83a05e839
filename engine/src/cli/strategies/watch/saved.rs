//! What the files of a package look like: enough to notice that one of them was saved.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Every source file with its time and size, in order.
pub(super) type State = Vec<(PathBuf, Option<SystemTime>, u64)>;

/// The state of a package now. What cannot be read is as if it were not there.
pub(super) fn state(package: &Path) -> State {
    let mut files = Vec::new();
    walk(package, &mut files);
    files.sort();
    files
}

fn walk(folder: &Path, files: &mut State) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Ok(metadata) = entry.metadata() else { continue };
        if is_not_ours(&name.to_string_lossy()) {
            continue;
        }
        if metadata.is_dir() {
            walk(&entry.path(), files);
        } else {
            files.push((entry.path(), metadata.modified().ok(), metadata.len()));
        }
    }
}

/// What cargo and editors write beside the sources.
fn is_not_ours(name: &str) -> bool {
    name.starts_with('.')
        || name.ends_with('~')
        || name.ends_with(".so")
        || ["target", "Cargo.lock"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_save_is_seen_and_what_cargo_and_editors_write_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for inner in ["src", "target"] {
            fs::create_dir(path(inner)).unwrap();
        }
        fs::write(path("src/lib.rs"), "a").unwrap();
        let before = state(folder.path());
        assert_eq!(before.len(), 1);
        for other in ["target/x.rs", "Cargo.lock", "src/.lib.rs.swp", "src/lib.rs~", "x.so"] {
            fs::write(path(other), "x").unwrap();
        }
        assert_eq!(state(folder.path()), before);
        fs::write(path("src/lib.rs"), "ab").unwrap();
        assert_ne!(state(folder.path()), before);
    }
}
