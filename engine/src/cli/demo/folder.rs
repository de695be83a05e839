//! The folder of a demo: the one that was asked for, or a new one for temporary files.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use crate::error::{Code, Failure};

/// The folder, absolute and there.
///
/// # Errors
/// When it cannot be made.
pub(super) fn of(asked: Option<&Path>) -> Result<PathBuf, Failure> {
    let made = match asked {
        Some(folder) => std::path::absolute(folder)
            .and_then(|folder| fs::create_dir_all(&folder).map(|()| folder)),
        None => temporary(&std::env::temp_dir(), std::process::id()),
    };
    made.map_err(|error| {
        let folder = asked.map_or_else(std::env::temp_dir, Path::to_path_buf);
        Failure::new(
            Code::Output,
            format!("the folder of the demo cannot be made: {}: {error}", folder.display()),
        )
        .help("algo-trader demo --dir DIR")
    })
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
}
