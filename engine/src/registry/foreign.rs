//! The only unsafe code of this package: files are mapped, and the door of a library is opened.
//!
//! Everything here is called on material that was checked before: a file that belongs to us and does
//! not shrink, a library whose bytes are sealed. What comes out is safe to use.
#![allow(unsafe_code)]

use std::{fs::File, io, ops::Deref, os::fd::IntoRawFd, path::Path};

use abi_stable::library::{LibHeader, LibraryError, lib_header_from_path};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use memmap2::{Mmap, MmapOptions, MmapRaw};
use strategy_api::abi::{
    PluginRef,
    layout::{PLUGIN_MAGIC, PluginEntry, StrategyDef, StrategyFn},
    raw::ProgressPage,
};

use super::door::{DoorError, check_version};

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
    map(file, &MmapOptions::new())
}

/// [`map_readonly`] of a file that lies in memory and is read as a whole: all of its pages at once instead
/// of one after the other when they are touched.
///
/// # Errors
/// When the system refuses.
pub fn map_whole(file: &File) -> io::Result<Mapped> {
    map(file, MmapOptions::new().populate())
}

fn map(file: &File, how: &MmapOptions) -> io::Result<Mapped> {
    if file.metadata()?.len() == 0 {
        return Ok(Mapped(None));
    }
    // SAFETY: both callers ask for a file that nobody changes or shortens.
    let map = unsafe { how.map(file) }?;
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

/// Name of the data symbol that a plugin in Rust exports, as abi_stable looks for it.
const RUST_DOOR: &[u8] = b"_1as_0lib_1header_0root_bmodule_bloader\0";
/// Name of the data symbol that a plugin in another language exports.
const C_DOOR: &[u8] = b"strategy_plugin_v1\0";
/// Most strategies that one file may hold.
pub const MAX_STRATEGIES: u32 = 256;

/// Loads the library in a sealed file and asks it for its strategies. It stays loaded for ever, and
/// the file stays open: a file number that is used again would give the old library.
///
/// This runs the library's own code, so it belongs into a worker.
///
/// # Errors
/// When it cannot be loaded, has no door, or was built with an ABI that does not fit.
pub fn open_library(file: File) -> Result<Vec<&'static StrategyDef>, DoorError> {
    // An absolute path, so that no search path and no environment variable matters.
    let path = format!("/proc/self/fd/{}", file.into_raw_fd());
    let path = Path::new(&path);
    // SAFETY: the library's constructors run here: whatever they do, they do in a process that was
    // made for it. RTLD_NOW makes a missing symbol an error now instead of a crash later.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) };
    let library = library.map_err(|error| DoorError::Loader(loader_text(&error, path)))?;
    let door = if has_symbol(&library, RUST_DOOR) {
        rust_door(path)
    } else if has_symbol(&library, C_DOOR) {
        c_door(&library)
    } else {
        Err(DoorError::NoDoor)
    };
    std::mem::forget(library);
    strategies(door?)
}

/// What the dynamic loader says, without the path, which means nothing to a reader.
fn loader_text(error: &libloading::Error, path: &Path) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    let text = source.unwrap_or_else(|| error.to_string());
    text.replace(&format!("{}: ", path.display()), "")
}

fn has_symbol(library: &Library, name: &[u8]) -> bool {
    // SAFETY: the symbol is only looked up; its address is not used.
    unsafe { library.get::<*const u8>(name) }.is_ok()
}

fn rust_door(path: &Path) -> Result<StrategyFn, DoorError> {
    let header: &'static LibHeader = lib_header_from_path(path).map_err(|error| match error {
        LibraryError::InvalidAbiHeader(found) => {
            DoorError::Header(format!("{}.{}", found.abi_major, found.abi_minor))
        }
        other => DoorError::layout(&other.to_string()),
    })?;
    check_version(header.version_strings().version.as_str())?;
    // Never `RootModule::load_from_file`, which gives the first library for every later one.
    let root: PluginRef =
        header.init_root_module().map_err(|error| DoorError::layout(&error.to_string()))?;
    Ok(root.strategy())
}

fn c_door(library: &Library) -> Result<StrategyFn, DoorError> {
    // SAFETY: a symbol of this name is a `PluginEntry` by the contract that the header for C states;
    // the magic number, which is its first word, is checked before anything else is read.
    let entry = unsafe { library.get::<*const PluginEntry>(C_DOOR) };
    let entry = *entry.map_err(|error| DoorError::Loader(error.to_string()))?;
    // SAFETY: as above; the library is never unloaded.
    let magic = unsafe { (&raw const (*entry).magic).read_unaligned() };
    if magic != PLUGIN_MAGIC || !entry.is_aligned() {
        return Err(DoorError::Entry(format!("its magic number is {magic:#x}")));
    }
    // SAFETY: the first fields are the same in every version.
    let (major, minor, size) = unsafe { ((*entry).major, (*entry).minor, (*entry).size) };
    check_version(&format!("{major}.{minor}.0"))?;
    if size < size_of::<PluginEntry>() {
        return Err(DoorError::Entry(format!("its size is {size} bytes")));
    }
    // SAFETY: the entry is as large as we know it.
    Ok(unsafe { (*entry).strategy })
}

/// The strategies behind a door, up to the first null.
fn strategies(at: StrategyFn) -> Result<Vec<&'static StrategyDef>, DoorError> {
    let mut defs = Vec::new();
    for index in 0..MAX_STRATEGIES {
        // SAFETY: the function returns null or a definition that lives as long as the library, which
        // is never unloaded; that is its contract, and for a plugin in Rust its checked layout.
        match unsafe { at(index).as_ref() } {
            Some(def) => defs.push(def),
            None if defs.is_empty() => return Err(DoorError::NoDoor),
            None => return Ok(defs),
        }
    }
    Err(DoorError::Entry(format!("more than {MAX_STRATEGIES} strategies")))
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
