//! The bytes of a plugin file, once read, as nobody can change them any more: a sealed file in memory.
//! What is checked, hashed and loaded is this, never the path again.

use std::{
    fmt,
    fs::File,
    io::{self, Read, Seek},
    os::fd::{AsFd, BorrowedFd},
};

use rustix::{
    fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create},
    io::Errno,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::foreign::{Mapped, map_whole};

/// Why a file cannot be copied where the system allows no file, not even one in memory, of its size.
pub(super) const FILE_LIMIT: &str = "it is larger than the files that ulimit -f allows";

/// Largest plugin file, bytes.
pub const MAX_BYTES: u64 = 256 << 20;

/// The sha256 of a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256Sum([u8; 32]);

impl Sha256Sum {
    /// The sha256 of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Sha256Sum> for String {
    fn from(sum: Sha256Sum) -> Self {
        sum.to_string()
    }
}

impl TryFrom<String> for Sha256Sum {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut sum = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err("a sha256 is 64 hexadecimal digits");
        }
        for (byte, digits) in sum.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let digits = str::from_utf8(digits).map_err(|_| "a sha256 is hexadecimal")?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| "a sha256 is hexadecimal")?;
        }
        Ok(Self(sum))
    }
}

/// A plugin file in sealed memory.
#[derive(Debug)]
pub struct Image {
    file: File,
    bytes: Mapped,
    sha256: Sha256Sum,
}

impl Image {
    /// Reads a file to its end, once, and seals what was read.
    ///
    /// # Errors
    /// When reading fails, the file is larger than [`MAX_BYTES`], or there is no memory for it.
    pub fn read(source: &File) -> io::Result<Self> {
        let mut sealed = sealable()?;
        let copied =
            io::copy(&mut source.take(MAX_BYTES + 1), &mut sealed).map_err(|error| match error
                .kind()
            {
                io::ErrorKind::FileTooLarge => io::Error::other(FILE_LIMIT),
                _ => error,
            })?;
        if copied > MAX_BYTES {
            return Err(io::Error::other("it grew while it was read"));
        }
        sealed.rewind()?;
        let all = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        fcntl_add_seals(&sealed, all)?;
        let bytes = map_whole(&sealed)?;
        let sha256 = Sha256Sum::of(&bytes);
        Ok(Self { file: sealed, bytes, sha256 })
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The sha256 of the bytes.
    #[must_use]
    pub fn sha256(&self) -> Sha256Sum {
        self.sha256
    }

    /// The sealed file, to be passed on.
    #[must_use]
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Another handle of the sealed file.
    ///
    /// # Errors
    /// When there are too many open files.
    pub fn share(&self) -> io::Result<File> {
        self.file.try_clone()
    }
}

/// A file in memory that can be sealed. Where the system allows it, it is not an executable file:
/// being mapped as a library does not ask for that.
fn sealable() -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let created = match memfd_create("plugin", flags | MemfdFlags::NOEXEC_SEAL) {
        // Before Linux 6.3.
        Err(Errno::INVAL) => memfd_create("plugin", flags),
        other => other,
    };
    Ok(File::from(created?))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn an_image_has_the_bytes_and_the_sha256_of_the_file_and_cannot_be_changed() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"abc").unwrap();
        file.rewind().unwrap();
        let image = Image::read(&file).unwrap();
        assert_eq!(image.bytes(), b"abc");
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(image.sha256().to_string(), expected);
        assert_eq!(Sha256Sum::try_from(expected.to_owned()), Ok(image.sha256()));
        assert!(image.share().unwrap().write_all(b"x").is_err());
        assert!(image.share().unwrap().set_len(0).is_err());
    }
}
