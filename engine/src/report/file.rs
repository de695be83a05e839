//! Writes a result file whole or not at all.
//!
//! The bytes go to a new file beside the target, which then takes the target's name; whatever fails,
//! the target is what it was and nothing is left behind. A target that is no ordinary file (a pipe,
//! `/dev/stdout`) cannot be replaced and is written straight.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::error::{Code, Failure, system_said};

/// A result file that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The target is a folder.
    #[error("cannot write {}: it is a directory", show(.path))]
    IsDirectory {
        /// The target.
        path: PathBuf,
    },
    /// The folder of the target cannot be made.
    #[error("cannot create the directory {}: {}", show(.path), system_said(.reason))]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
    /// What should be a folder is a file.
    #[error("cannot write into {}: it is a file, not a directory", show(.path))]
    IsFile {
        /// The file.
        path: PathBuf,
    },
    /// Making, writing or renaming failed: no permission, a full disk.
    #[error("cannot write {}: {}", show(.path), system_said(.reason))]
    Write {
        /// The target.
        path: PathBuf,
        /// What the system said.
        reason: io::Error,
    },
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let help = match &error {
            FileError::IsDirectory { .. } => "name a file inside it",
            FileError::IsFile { .. } => "name a directory, or one that is not there yet",
            FileError::Write { reason, .. } if reason.kind() == io::ErrorKind::FileTooLarge => {
                "ulimit -f unlimited"
            }
            FileError::Folder { .. } | FileError::Write { .. } => {
                "choose a place that you may write to and that has room"
            }
        };
        Failure::new(Code::Output, error.to_string()).help(help)
    }
}

fn show(path: &Path) -> String {
    super::text::printable(&path.display().to_string())
}

/// Writes `path` with whatever `write` puts into its writer; the folder is made when it is missing.
///
/// # Errors
/// When the folder or file cannot be made or written; the target is unchanged then.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> Result<(), FileError> {
    let failed = |reason| FileError::Write { path: path.to_owned(), reason };
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            return Err(FileError::IsDirectory { path: path.to_owned() });
        }
        Ok(found) if !found.is_file() => {
            return OpenOptions::new()
                .write(true)
                .open(path)
                .and_then(|file| write_and_flush(file, write))
                .map_err(failed);
        }
        _ => {}
    }
    // A link keeps pointing where it does: its end is replaced, not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|reason| {
            let file = folder.ancestors().find(|path| path.is_file());
            match file {
                Some(file) => FileError::IsFile { path: file.to_owned() },
                None => FileError::Folder { path: folder.to_owned(), reason },
            }
        })?;
    }
    let beside = Beside::new(&target).map_err(failed)?;
    beside.fill_and_rename(&target, write).map_err(failed)
}

fn write_and_flush(
    file: File,
    write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> io::Result<()> {
    let mut writer = BufWriter::with_capacity(1 << 16, file);
    write(&mut writer)?;
    writer.flush()
}

/// A new file beside the target, removed again unless it took the target's place.
struct Beside {
    path: PathBuf,
    file: Option<File>,
}

impl Beside {
    /// The name begins with a dot and holds the process number; a name in use is passed over.
    fn new(target: &Path) -> io::Result<Self> {
        let folder = target.parent().unwrap_or(Path::new(""));
        let process = std::process::id();
        let mut attempt = 0u32;
        loop {
            let path = folder.join(format!(".algo-trader-{process}-{attempt}.part"));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { path, file: Some(file) }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => {
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn fill_and_rename(
        mut self,
        target: &Path,
        write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
    ) -> io::Result<()> {
        if let Some(file) = self.file.take() {
            write_and_flush(file, write)?;
        }
        fs::rename(&self.path, target)?;
        self.path = PathBuf::new();
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // Nothing can be done about a file that cannot be removed; the first error is the one to tell.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_whole_and_makes_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/deep/out.csv");
        write_whole(&path, |writer| writer.write_all(b"a,b\n")).unwrap();
        write_whole(&path, |writer| writer.write_all(b"c\n")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"c\n");
        assert_eq!(names(path.parent().unwrap()), ["out.csv"]);
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        fs::write(&path, "old").unwrap();
        let error = write_whole(&path, |writer| {
            writer.write_all(b"half")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        })
        .unwrap_err();
        assert!(matches!(error, FileError::Write { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["out.csv"]);
    }

    #[test]
    fn a_directory_and_a_file_in_the_way_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = write_whole(folder.path(), |_| Ok(())).unwrap_err();
        assert!(matches!(error, FileError::IsDirectory { .. }), "{error}");
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = write_whole(&file.join("out.csv"), |_| Ok(())).unwrap_err();
        assert!(matches!(error, FileError::IsFile { .. }), "{error}");
        assert_eq!(Failure::from(error).code, Code::Output);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_is_written_straight_and_a_full_one_is_an_error() {
        write_whole(Path::new("/dev/null"), |writer| writer.write_all(b"x")).unwrap();
        let error = write_whole(Path::new("/dev/full"), |writer| writer.write_all(b"x"));
        assert!(matches!(error, Err(FileError::Write { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_keeps_pointing_where_it_did() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_whole(&link, |writer| writer.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");
    }
}
