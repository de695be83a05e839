//! The folder of a demo: the one that was asked for, or a new one for temporary files.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use crate::error::{Code, Failure, system_said};

/// The folder of a demo.
#[derive(Debug)]
pub(super) struct Folder {
    /// Where it is, absolute.
    pub(super) path: PathBuf,
    /// Whether the demo made it, so that nothing in it is anybody else's.
    pub(super) is_ours: bool,
}

/// The folder, there and empty: a folder with anything in it is the user's, and stays as it is.
///
/// # Errors
/// When it cannot be made, or holds something.
pub(super) fn of(asked: Option<&Path>) -> Result<Folder, Failure> {
    let made = match asked {
        Some(folder) => made(folder),
        None => temporary(&std::env::temp_dir(), std::process::id())
            .map(|path| Folder { path, is_ours: true }),
    };
    made.map_err(|error| {
        let folder = asked.map_or_else(std::env::temp_dir, Path::to_path_buf);
        let folder = folder.display();
        let message = match error.kind() {
            io::ErrorKind::DirectoryNotEmpty => {
                format!("the folder of the demo is not empty: {folder}")
            }
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                format!("the folder of the demo cannot be made: {folder}: it is a file, or in one")
            }
            _ => {
                format!("the folder of the demo cannot be made: {folder}: {}", system_said(&error))
            }
        };
        // Without a folder the demo takes a new temporary one, and the other way round.
        let help = asked.map_or("algo-trader demo --dir algo-trader-demo", |_| "algo-trader demo");
        Failure::new(Code::Output, message).help(help)
    })
}

fn made(folder: &Path) -> io::Result<Folder> {
    let path = std::path::absolute(folder)?;
    let is_ours = !path.try_exists()?;
    fs::create_dir_all(&path)?;
    match fs::read_dir(&path)?.next() {
        Some(_) => Err(io::ErrorKind::DirectoryNotEmpty.into()),
        None => Ok(Folder { path, is_ours }),
    }
}

/// A new folder that only we may enter. What is there already, whoever made it, is never used.
fn temporary(parent: &Path, process: u32) -> io::Result<PathBuf> {
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for number in 0..100 {
        let folder = parent.join(format!("algo-trader-demo-{process}-{number}"));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_folder_is_new_and_ours_alone() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let one = temporary(parent.path(), 5).unwrap();
        let two = temporary(parent.path(), 5).unwrap();
        assert_ne!(one, two);
        assert_eq!(fs::metadata(two).unwrap().permissions().mode() & 0o777, 0o700);
    }
    #[test]
    fn only_an_empty_folder_is_taken_and_only_a_new_one_is_ours() {
        let parent = tempfile::tempdir().unwrap();
        let of = |name: &str| of(Some(&parent.path().join(name)));
        fs::create_dir(parent.path().join("empty")).unwrap();
        assert!(!of("empty").unwrap().is_ours);
        assert!(of("deep/new").unwrap().is_ours);
        let failure = of("deep").unwrap_err();
        assert!(failure.message.contains("is not empty"), "{failure}");
        fs::write(parent.path().join("file"), "").unwrap();
        for name in ["file", "file/inside"] {
            let failure = of(name).unwrap_err();
            assert!(failure.message.contains("it is a file"), "{failure}");
        }
    }
}
