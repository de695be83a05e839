//! A column file that is open and mapped.

use std::{fmt, fs::File, io};

use strategy_api::Columns;

use super::layout::ColumnInfo;
use crate::registry::foreign::{Mapped, map_readonly};

/// The bars of one series, mapped read-only. The file behind it is never written to again.
pub struct ColumnFile {
    file: File,
    info: ColumnInfo,
    bytes: Mapped,
}

/// Why a file cannot be used as a column file.
#[derive(Debug, thiserror::Error)]
pub enum DamagedFile {
    /// It cannot be read.
    #[error("the column file cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// It is not what we wrote.
    #[error("the column file is of no use: {0}")]
    Refused(&'static str),
}

impl ColumnFile {
    /// Maps a file and checks its header and its length. The bars themselves were checked when the
    /// file was written; damage to them shows as wrong numbers, never as undefined behaviour.
    ///
    /// # Errors
    /// When the file is not a whole column file of this layout.
    pub fn open(file: File) -> Result<Self, DamagedFile> {
        let metadata = file.metadata().map_err(DamagedFile::Unreadable)?;
        if !metadata.is_file() {
            return Err(DamagedFile::Refused("it is not a regular file"));
        }
        let bytes = map_readonly(&file).map_err(DamagedFile::Unreadable)?;
        let info = ColumnInfo::read(&bytes).map_err(DamagedFile::Refused)?;
        Ok(Self { file, info, bytes })
    }

    /// What the file says about itself.
    #[must_use]
    pub fn info(&self) -> &ColumnInfo {
        &self.info
    }

    /// The file, to be handed to a worker.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The bars, oldest first.
    #[must_use]
    pub fn columns(&self) -> Columns<'_> {
        let column = |index| &self.bytes[self.info.column(index)];
        let prices = |index| bytemuck::cast_slice::<u8, f64>(column(index));
        Columns {
            ts: bytemuck::cast_slice(column(0)),
            open: prices(1),
            high: prices(2),
            low: prices(3),
            close: prices(4),
            volume: prices(5),
        }
    }
}

impl fmt::Debug for ColumnFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ColumnFile").field("info", &self.info).finish_non_exhaustive()
    }
}
