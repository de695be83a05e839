//! The only unsafe code of this package: files are mapped, and the door of a library is opened.
//!
//! Everything here is called on material that was checked before: a file that belongs to us and does
//! not shrink, a library whose bytes are sealed. What comes out is safe to use.
#![allow(unsafe_code)]

use std::{fs::File, io, ops::Deref};

use memmap2::{Mmap, MmapRaw};
use strategy_api::abi::raw::ProgressPage;

/// The bytes of a file, mapped read-only and page-aligned.
#[derive(Debug)]
pub struct Mapped(Option<Mmap>);

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Maps a whole file read-only. An empty file gives an empty slice.
///
/// The file must never be changed or shortened while it is mapped: it is either sealed, or one of the
/// cache's files, which are written beside and renamed in.
///
/// # Errors
/// When the system refuses.
pub fn map_readonly(file: &File) -> io::Result<Mapped> {
    if file.metadata()?.len() == 0 {
        return Ok(Mapped(None));
    }
    // SAFETY: the caller promises a file that nobody changes or shortens.
    let map = unsafe { Mmap::map(file) }?;
    Ok(Mapped(Some(map)))
}

/// A progress page that two processes share through one file.
#[derive(Debug)]
pub struct SharedProgress(MmapRaw);

impl Deref for SharedProgress {
    type Target = ProgressPage;

    fn deref(&self) -> &ProgressPage {
        // SAFETY: the mapping is writable, page-aligned, at least as large as the page (checked when
        // it was made) and lives as long as `self`; the page is plain integers, for which every
        // content is valid, and all access to it is volatile.
        unsafe { &*self.0.as_ptr().cast::<ProgressPage>() }
    }
}

/// Maps the progress page at the beginning of a file, shared and writable.
///
/// # Errors
/// When the file is too small for the page or the system refuses.
pub fn map_progress(file: &File) -> io::Result<SharedProgress> {
    if file.metadata()?.len() < size_of::<ProgressPage>() as u64 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "too small for a progress page"));
    }
    MmapRaw::map_raw(file).map(SharedProgress)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_mapped_file_has_the_bytes_of_the_file_and_an_empty_one_none() {
        let mut file = tempfile::tempfile().unwrap();
        assert!(map_readonly(&file).unwrap().is_empty());
        file.write_all(b"columns").unwrap();
        assert_eq!(&*map_readonly(&file).unwrap(), b"columns");
    }

    #[test]
    fn two_mappings_of_a_progress_page_see_each_other() {
        let file = tempfile::tempfile().unwrap();
        assert!(map_progress(&file).is_err());
        file.set_len(4096).unwrap();
        let (writer, reader) = (map_progress(&file).unwrap(), map_progress(&file).unwrap());
        writer.beat();
        assert_eq!(reader.read().beat, 1);
    }
}
