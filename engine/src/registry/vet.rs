//! Looks at a file and its folder before a byte of it is used: what it is, who may change it, and
//! whether it is where it seems to be.

use std::{
    fs::{File, Metadata},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Mode, OFlags, open},
    process::{getegid, geteuid},
};
use serde::{Deserialize, Serialize};

use super::image::MAX_BYTES;

const WORLD_MAY_WRITE: u32 = 0o002;
const GROUP_MAY_WRITE: u32 = 0o020;

/// What tells one state of a file from another without reading it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    changed_ns: i128,
    modified_ns: i128,
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        let ns = |seconds: i64, ns: i64| i128::from(seconds) * 1_000_000_000 + i128::from(ns);
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            changed_ns: ns(metadata.ctime(), metadata.ctime_nsec()),
            modified_ns: ns(metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// A file that may be read: open, regular, ours, in its folder.
#[derive(Debug)]
pub struct Vetted {
    /// The open file, at its beginning.
    pub file: File,
    /// Its state when it was opened.
    pub stamp: Stamp,
}

/// Opens a file of a plugin folder.
///
/// # Errors
/// Why it must not be loaded, in one line.
pub fn vet(path: &Path) -> Result<Vetted, String> {
    let place = resolve(path)?;
    let folder = place.parent().ok_or("it is in no folder")?;
    let at = folder.metadata().map_err(|error| plain(&error))?;
    check_access(&at).map_err(|reason| format!("its folder {reason}"))?;
    // Without waiting for the other end of a pipe, and without following what was put there since.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let before = place.symlink_metadata().map_err(|error| plain(&error))?;
    check_type(&before)?;
    let file = open(&place, flags | OFlags::NOCTTY, Mode::empty());
    let file = File::from(file.map_err(|error| plain(&error.into()))?);
    let metadata = file.metadata().map_err(|error| plain(&error))?;
    check_type(&metadata)?;
    check_access(&metadata)?;
    match metadata.len() {
        0 => Err("empty file".to_owned()),
        size if size > MAX_BYTES => {
            Err(format!("too large: {size} bytes, at most {MAX_BYTES} are loaded"))
        }
        _ => Ok(Vetted { file, stamp: Stamp::of(&metadata) }),
    }
}

/// The file behind a path, which must be in the same folder even if the path is a link.
fn resolve(path: &Path) -> Result<PathBuf, String> {
    let seen = path.symlink_metadata().map_err(|error| plain(&error))?;
    let folder = path.parent().ok_or("it is in no folder")?;
    let folder = folder.canonicalize().map_err(|error| plain(&error))?;
    let name = path.file_name().ok_or("it has no name")?;
    if !seen.is_symlink() {
        return Ok(folder.join(name));
    }
    let target = path.canonicalize().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "a link to nothing".to_owned(),
        _ => format!("a link that leads nowhere: {}", plain(&error)),
    })?;
    if target.starts_with(&folder) {
        Ok(target)
    } else {
        Err(format!("a link out of its folder, to {}", target.display()))
    }
}

fn check_type(metadata: &Metadata) -> Result<(), String> {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    let what = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_symlink() {
        "a link that was put there just now"
    } else {
        "a device"
    };
    Err(format!("{what}, not a regular file"))
}

/// Whether nobody but us and root can change what the metadata belongs to.
fn check_access(metadata: &Metadata) -> Result<(), String> {
    let (owner, group, mode) = (metadata.uid(), metadata.gid(), metadata.permissions().mode());
    if owner != 0 && owner != geteuid().as_raw() {
        return Err(format!("belongs to another user (uid {owner})"));
    }
    if mode & WORLD_MAY_WRITE != 0 {
        return Err(format!("may be changed by everybody (mode {:04o})", mode & 0o7777));
    }
    // A group of one's own is the default of many systems; any other group is somebody else.
    if mode & GROUP_MAY_WRITE != 0 && group != getegid().as_raw() {
        return Err(format!("may be changed by group {group} (mode {:04o})", mode & 0o7777));
    }
    Ok(())
}

/// What the system said, without the error number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions},
        os::unix::fs::symlink,
    };

    use rustix::fs::{CWD, FileType, mknodat};

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
            Self(folder)
        }

        fn file(&self, name: &str, mode: u32) -> PathBuf {
            let path = self.0.path().join(name);
            fs::write(&path, "x").unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            path
        }
    }

    #[track_caller]
    fn refused(path: &Path, reason: &str) {
        let refusal = vet(path).unwrap_err();
        assert!(refusal.contains(reason) && !refusal.contains('\n'), "{refusal}");
    }

    #[test]
    fn only_a_regular_file_is_opened_and_a_pipe_does_not_hang() {
        let folder = Folder::new();
        assert!(vet(&folder.file("a.so", 0o755)).is_ok());
        let at = |name: &str| folder.0.path().join(name);
        fs::create_dir(at("dir.so")).unwrap();
        refused(&at("dir.so"), "a directory");
        mknodat(CWD, at("pipe.so"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        refused(&at("pipe.so"), "a named pipe");
        fs::write(at("empty.so"), "").unwrap();
        refused(&at("empty.so"), "empty file");
        refused(&at("none.so"), "no such file");
    }

    #[test]
    fn a_link_may_stay_in_its_folder_but_not_leave_it() {
        let (folder, other) = (Folder::new(), Folder::new());
        folder.file("a-1.0.so", 0o644);
        let at = |name: &str| folder.0.path().join(name);
        symlink("a-1.0.so", at("a.so")).unwrap();
        assert!(vet(&at("a.so")).is_ok());
        symlink(other.file("b.so", 0o644), at("b.so")).unwrap();
        refused(&at("b.so"), "a link out of its folder");
        symlink("nothing", at("c.so")).unwrap();
        refused(&at("c.so"), "a link to nothing");
        symlink("d.so", at("d.so")).unwrap();
        refused(&at("d.so"), "a link that leads nowhere");
    }

    #[test]
    fn what_others_can_change_is_refused() {
        let folder = Folder::new();
        refused(&folder.file("world.so", 0o666), "may be changed by everybody (mode 0666)");
        assert!(vet(&folder.file("group.so", 0o664)).is_ok());
        let good = folder.file("good.so", 0o644);
        fs::set_permissions(folder.0.path(), Permissions::from_mode(0o1777)).unwrap();
        refused(&good, "its folder may be changed by everybody (mode 1777)");
    }

    #[test]
    fn another_owner_and_another_group_are_refused() {
        if !geteuid().is_root() {
            return;
        }
        let folder = Folder::new();
        let owned = folder.file("owned.so", 0o644);
        std::os::unix::fs::chown(&owned, Some(12_345), None).unwrap();
        refused(&owned, "belongs to another user (uid 12345)");
        let grouped = folder.file("grouped.so", 0o664);
        std::os::unix::fs::chown(&grouped, None, Some(12_345)).unwrap();
        refused(&grouped, "may be changed by group 12345 (mode");
    }

    #[test]
    fn a_replaced_file_has_another_stamp() {
        let folder = Folder::new();
        let path = folder.file("a.so", 0o644);
        let first = vet(&path).unwrap().stamp;
        assert_eq!(vet(&path).unwrap().stamp, first);
        let beside = folder.file("b.so", 0o644);
        fs::rename(beside, &path).unwrap();
        assert_ne!(vet(&path).unwrap().stamp, first);
    }
}
