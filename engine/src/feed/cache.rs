//! The folder of column files: find the current one of a series, or make it and remove older ones.
//!
//! Files are written beside their place and renamed into it, so that a reader sees a whole file or
//! none, however many processes write at once. Nothing here fails because of the folder: what cannot
//! be kept is held in memory.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Seek, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use engine_core::series::Series;
use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags, fcntl_add_seals, memfd_create, open};
use strategy_api::Resolution;

use super::{
    ColumnFile,
    digest::{Digest, digest_of_texts},
    layout::ColumnInfo,
};
use crate::store::SeriesInfo;

const SUFFIX: &str = ".col";
const UNFINISHED: &str = ".tmp";
/// A file that is still being written after this time was left behind by a killed process.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Where the column files of one database are kept.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: Option<PathBuf>,
    database: String,
}

impl Cache {
    /// The cache in `folder` for the database at an address. Of the address only a digest is kept.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>, database: &str) -> Self {
        // A database in memory is a new one in every process.
        let folder = (!database.contains(":memory:")).then(|| folder.into());
        Self { folder, database: digest_of_texts(&[database]).to_string() }
    }

    /// A cache that keeps nothing: columns live in memory.
    #[must_use]
    pub fn none() -> Self {
        Self { folder: None, database: String::new() }
    }

    /// What else than its key and its version tells one series from another.
    pub(super) fn origin(&self, series: &SeriesInfo) -> Digest {
        let number = |ts: Option<i64>| ts.map_or_else(String::new, |ts| ts.to_string());
        digest_of_texts(&[
            &self.database,
            &series.source,
            &series.adjustment,
            &series.bars.to_string(),
            &number(series.first_ts),
            &number(series.last_ts),
        ])
    }

    /// The current file of a series, if there is one.
    pub(super) fn find(
        &self,
        series: &SeriesInfo,
        resolution: Resolution,
        origin: &Digest,
    ) -> Option<ColumnFile> {
        let folder = self.folder.as_ref()?;
        let name = self.name(&series.symbol, resolution, series.version);
        let file = open_regular(&folder.join(name))?;
        let file = ColumnFile::open(file).ok()?;
        let found = file.info();
        let current = found.symbol == series.symbol
            && found.resolution == resolution
            && found.series == series.id
            && found.version == series.version
            && found.epoch == series.epoch
            && found.origin == *origin
            && found.bars > 0;
        current.then_some(file)
    }

    /// Keeps bars of a series, whoever read them, and opens them.
    ///
    /// # Errors
    /// When neither the folder nor memory takes them.
    pub fn make(
        &self,
        series: &SeriesInfo,
        resolution: Resolution,
        bars: &Series,
    ) -> io::Result<ColumnFile> {
        self.keep(&ColumnInfo::of(series, resolution, self.origin(series), bars), bars)
    }

    /// Keeps bars and opens them; in memory when the folder does not take them.
    ///
    /// # Errors
    /// When memory does not take them either.
    pub(super) fn keep(&self, info: &ColumnInfo, bars: &Series) -> io::Result<ColumnFile> {
        if let Some(folder) = &self.folder {
            match self.write(folder, info, bars) {
                Ok(file) => return Ok(file),
                Err(error) => tracing::debug!(
                    folder = %folder.display(),
                    %error,
                    "the column cache cannot be written"
                ),
            }
        }
        in_memory(info, bars)
    }

    fn write(&self, folder: &Path, info: &ColumnInfo, bars: &Series) -> io::Result<ColumnFile> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        fs::create_dir_all(folder)?;
        let name = self.name(&info.symbol, info.resolution, info.version);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let unfinished = folder.join(format!("{name}.{}.{count}{UNFINISHED}", std::process::id()));
        let written = write_beside(&unfinished, &folder.join(&name), info, bars);
        if written.is_err() {
            // What could not be finished must not fill the disk.
            let _ = fs::remove_file(&unfinished);
        }
        let file = written?;
        remove_others(folder, &self.prefix(&info.symbol, info.resolution), &name);
        ColumnFile::open(file).map_err(io::Error::other)
    }

    /// File name of one version of a series.
    fn name(&self, symbol: &str, resolution: Resolution, version: i64) -> String {
        format!("{}{version}{SUFFIX}", self.prefix(symbol, resolution))
    }

    /// What the names of all versions of a series begin with: readable, and unique by its digest.
    fn prefix(&self, symbol: &str, resolution: Resolution) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let readable: String = symbol.chars().take(24).map(plain).collect();
        let unique = digest_of_texts(&[&self.database, symbol, resolution.name()]).to_string();
        format!("{readable}_{resolution}_{}_", &unique[..16])
    }
}

/// Opens a file for reading without following a link and without waiting for a pipe's other end.
fn open_regular(path: &Path) -> Option<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    open(path, flags, Mode::empty()).ok().map(File::from)
}

fn write_beside(
    unfinished: &Path,
    place: &Path,
    info: &ColumnInfo,
    bars: &Series,
) -> io::Result<File> {
    let file = File::create_new(unfinished)?;
    write_all(&file, info, bars)?;
    // After a power cut the name must not stand for columns that never reached the disk.
    file.sync_data()?;
    // From now on nobody writes to it, by accident at least.
    file.set_permissions(fs::Permissions::from_mode(0o444))?;
    let file = File::open(unfinished)?;
    fs::rename(unfinished, place)?;
    Ok(file)
}

fn write_all(file: &File, info: &ColumnInfo, bars: &Series) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    info.write(bars, &mut out)?;
    out.flush()
}

/// Removes the other versions of a series and what killed writers left. Whoever has one of them open
/// keeps it.
fn remove_others(folder: &Path, prefix: &str, name: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let other = entry.file_name();
        let Some(other) = other.to_str().filter(|other| other.starts_with(prefix)) else {
            continue;
        };
        let abandoned = || {
            let modified = entry.metadata().and_then(|metadata| metadata.modified()).ok();
            modified.and_then(|time| time.elapsed().ok()).is_some_and(|age| age > ABANDONED)
        };
        let outdated = other.ends_with(SUFFIX) && other != name;
        if outdated || (other.ends_with(UNFINISHED) && abandoned()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The columns in a sealed file without a name.
fn in_memory(info: &ColumnInfo, bars: &Series) -> io::Result<ColumnFile> {
    let fd = memfd_create("columns", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
    let mut file = File::from(fd);
    write_all(&file, info, bars)?;
    file.rewind()?;
    fcntl_add_seals(
        &file,
        SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL,
    )?;
    // Older kernels map a sealed file only through a descriptor that cannot write.
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
    let file = File::open(path).unwrap_or(file);
    ColumnFile::open(file).map_err(io::Error::other)
}
