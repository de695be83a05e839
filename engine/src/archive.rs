//! What kept runs stand on, by content: their bars and their plugins, so that a run can be repeated
//! after the plugin was deleted and the bars were restated.
//!
//! A column file of the cache is kept as a second name of the same file, which costs no space until the
//! cache lets go of it; where the file system cannot do that, and for bytes in memory, as a copy. A file
//! appears whole or not at all. Each kind has room for so many bytes: beyond that the files that no run
//! used for the longest time go first, and repeating a run that needs one of them says so.

use std::{
    fs::{self, File, Permissions},
    io,
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    time::SystemTime,
};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, open};

/// What is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Column files.
    Bars,
    /// Shared libraries.
    Plugin,
}

impl Kind {
    fn folder(self) -> &'static str {
        match self {
            Self::Bars => "bars",
            Self::Plugin => "plugins",
        }
    }

    /// Bytes that all files of this kind may take.
    #[must_use]
    pub fn room(self) -> u64 {
        match self {
            Self::Bars => 4 << 30,
            Self::Plugin => 1 << 30,
        }
    }
}

/// The folder of kept files.
#[derive(Clone, Debug)]
pub struct Archive {
    folder: PathBuf,
}

impl Archive {
    /// The archive in a folder, which is made when the first file is kept.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where a file is, or would be.
    #[must_use]
    pub fn path(&self, kind: Kind, name: &str) -> PathBuf {
        self.folder.join(kind.folder()).join(name)
    }

    /// Keeps the bytes of an open file under a name that stands for its content; what is there already
    /// counts as used now.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn keep(&self, kind: Kind, name: &str, source: &File) -> io::Result<()> {
        let path = self.path(kind, name);
        if self.find(kind, name).is_some() {
            return Ok(());
        }
        let folder = self.folder.join(kind.folder());
        fs::create_dir_all(&folder)?;
        let open_file = format!("/proc/self/fd/{}", source.as_raw_fd());
        let linked = linkat(CWD, &open_file, CWD, &path, AtFlags::SYMLINK_FOLLOW);
        if linked.is_err() && !path.exists() {
            copy(Path::new(&open_file), &path)?;
        }
        mark(&path);
        trim(&folder, kind.room(), name);
        Ok(())
    }

    /// A kept file; it counts as used now.
    #[must_use]
    pub fn find(&self, kind: Kind, name: &str) -> Option<File> {
        let path = self.path(kind, name);
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = File::from(open(&path, flags, Mode::empty()).ok()?);
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        mark(&path);
        Some(file)
    }
}

/// Writes a copy beside its place and renames it there.
fn copy(source: &Path, path: &Path) -> io::Result<()> {
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    let copied = (|| {
        io::copy(&mut File::open(source)?, &mut File::create(&beside)?)?;
        fs::set_permissions(&beside, Permissions::from_mode(0o444))?;
        fs::rename(&beside, path)
    })();
    if copied.is_err() {
        // What could not be finished must not fill the disk.
        let _ = fs::remove_file(&beside);
    }
    copied
}

/// Notes that a file was used; its age only decides what goes first, so that failing does no harm.
fn mark(path: &Path) {
    if let Ok(file) = File::open(path) {
        let _ = file.set_modified(SystemTime::now());
    }
}

/// Removes the files that were not used for the longest time until the others fit.
fn trim(folder: &Path, room: u64, newest: &str) {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<(SystemTime, u64, PathBuf)> = files
        .filter(|entry| entry.file_name() != newest)
        .filter_map(|entry| {
            let facts = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some((facts.modified().ok()?, facts.size(), entry.path()))
        })
        .collect();
    let own = fs::metadata(folder.join(newest)).map_or(0, |facts| facts.size());
    let mut taken = own + files.iter().map(|(_, size, _)| size).sum::<u64>();
    files.sort_unstable();
    for (_, size, path) in files {
        if taken <= room {
            break;
        }
        if fs::remove_file(path).is_ok() {
            taken -= size;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        time::Duration,
    };

    use super::*;

    fn text(mut file: File) -> String {
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_kept_file_outlives_its_first_name() {
        let folder = tempfile::tempdir().unwrap();
        let first = folder.path().join("first");
        fs::write(&first, "bars").unwrap();
        let archive = Archive::new(folder.path().join("kept"));
        archive.keep(Kind::Bars, "digest", &File::open(&first).unwrap()).unwrap();
        archive.keep(Kind::Bars, "digest", &File::open(&first).unwrap()).unwrap();
        fs::remove_file(&first).unwrap();
        assert_eq!(text(archive.find(Kind::Bars, "digest").unwrap()), "bars");
        assert!(archive.find(Kind::Plugin, "digest").is_none());
    }

    #[test]
    fn bytes_that_have_no_name_are_copied() {
        let folder = tempfile::tempdir().unwrap();
        let mut nameless = tempfile::tempfile().unwrap();
        nameless.write_all(b"code").unwrap();
        let archive = Archive::new(folder.path());
        archive.keep(Kind::Plugin, "sum", &nameless).unwrap();
        assert_eq!(text(archive.find(Kind::Plugin, "sum").unwrap()), "code");
    }

    #[test]
    fn what_was_not_used_for_the_longest_time_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        for (name, age) in [("a", 30), ("b", 10), ("c", 20)] {
            let path = folder.path().join(name);
            fs::write(&path, [0; 100]).unwrap();
            let time = SystemTime::now() - Duration::from_secs(age);
            File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        }
        trim(folder.path(), 250, "c");
        let left: Vec<bool> = ["a", "b", "c"].map(|name| folder.path().join(name).exists()).into();
        assert_eq!(left, [false, true, true]);
        trim(folder.path(), 50, "c");
        assert!(!folder.path().join("b").exists() && folder.path().join("c").exists());
    }
}
